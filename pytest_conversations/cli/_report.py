"""``pytest-conversations report``."""

import argparse
import datetime as dt
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

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
        "-o",
        "--output",
        required=True,
        type=Path,
        metavar="FILE",
        help="where to write it; - for standard output",
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
    problem = _refusal(arguments.output, arguments.paths, files)
    if problem:
        print(problem, file=sys.stderr)
        return 2
    is_piped = str(arguments.output) == "-"
    target = _standard_output() if is_piped else arguments.output
    about = report.About(dt.datetime.now().astimezone(), is_run=False, version=__version__)
    sources = [report.Source(path, str(path)) for path in files]
    with progress(len(files)) as step:
        try:
            problems = report.write(
                target,
                sources,
                about,
                scrub=lambda each: _check.scrubbed(each, rules, os.environ),
                step=step,
            )
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                raise
            print(f"cannot write {arguments.output}: {error.strerror or error}", file=sys.stderr)
            return 2
    for problem in problems:
        print(problem, file=sys.stderr)
    shown = len(files) - len(problems)
    told = f"{arguments.output}: {shown} of {counted(len(files), 'cassette')}"
    print(told, file=sys.stderr if is_piped else sys.stdout)
    return int(bool(problems))


def _refusal(output: Path, paths: Sequence[Path], files: Sequence[Path]) -> str:
    """Why there can be no page; empty where there can."""
    if not files:
        return f"no cassettes in {', '.join(map(str, paths))}"
    if output.resolve() in {path.resolve() for path in files}:
        return f"cannot write {output}: it is one of the cassettes"
    return ""


def _standard_output() -> TextIO:
    """Standard output, for a page: it is UTF-8, with the ends of lines that it has."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", newline="")
    return sys.stdout
