"""``pytest-conversations report``."""

import argparse
import datetime as dt
import os
import sys
from pathlib import Path

from pytest_conversations._plural import counted
from pytest_conversations._version import __version__
from pytest_conversations.cli._commands import Commands
from pytest_conversations.cli._output import missing, progress


def add_to(commands: Commands) -> None:
    """Add the command to a parser's."""
    parser = commands.add_parser(
        "report",
        help="write cassettes as an HTML page",
        description="Write cassettes, also those of vcrpy and pytest-recording, as one HTML file "
        "that needs no other: what was said, and a timeline of each stream. In a folder each "
        ".yaml, .yml and .json file counts, as for `check`. Ends with 1 where one cannot be read; "
        "the others are in the page. Ends with 2 where there is none, or FILE cannot be written.",
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a file or a folder")
    parser.add_argument(
        "-o", "--output", required=True, type=Path, metavar="FILE", help="where to write it"
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from pytest_conversations import _check
    from pytest_conversations._project import project_lines
    from pytest_conversations._rules import Rules

    try:
        from pytest_conversations import report
    except ImportError as error:
        return missing("report", error, "report")
    try:
        rules = Rules.of(project_lines(Path.cwd()))
        files = list({path.resolve(): path for path in _check.files(arguments.paths)}.values())
    except FileNotFoundError as error:
        print(f"there is no {error}", file=sys.stderr)
        return 2
    except ValueError as error:
        print(f"conversations_scrub: {error}", file=sys.stderr)
        return 2
    problem = ""
    if not files:
        problem = f"no cassettes in {', '.join(map(str, arguments.paths))}"
    elif arguments.output.resolve() in {path.resolve() for path in files}:
        problem = f"cannot write {arguments.output}: it is one of the cassettes"
    if problem:
        print(problem, file=sys.stderr)
        return 2
    about = report.About(dt.datetime.now().astimezone(), is_run=False, version=__version__)
    sources = [report.Source(path, str(path)) for path in files]
    try:
        with progress(len(files)) as step:
            problems = report.write(
                arguments.output,
                sources,
                about,
                scrub=lambda each: _check.scrubbed(each, rules, os.environ),
                step=step,
            )
    except OSError as error:
        print(f"cannot write {arguments.output}: {error.strerror or error}", file=sys.stderr)
        return 2
    for problem in problems:
        print(problem, file=sys.stderr)
    shown = len(files) - len(problems)
    print(f"{arguments.output}: {shown} of {counted(len(files), 'cassette')}")
    return 1 if problems else 0
