"""``pytest-conversations check``."""

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from pytest_conversations._plural import counted
from pytest_conversations.cli._commands import Commands
from pytest_conversations.cli._output import progress


def add_to(commands: Commands) -> None:
    """Add the command to a parser's."""
    parser = commands.add_parser(
        "check",
        help="look for damage and secrets in cassettes",
        description="Check cassettes, also those of vcrpy and pytest-recording: whether they are "
        "whole, and whether they hold secrets. Prints `file:line: reason` for each finding, and "
        "ends with 1 where there is one; that a file was edited, or a table of chunks no longer "
        "fits its body, is a note, and no finding. The lines of conversations_scrub count, that "
        "pytest's configuration in this folder has, and the value of MISTRAL_API_KEY. Ends with 2 "
        "where a path is not there.",
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a file or a folder")
    parser.add_argument("--fix", action="store_true", help="write the files again without secrets")
    parser.add_argument(
        "--scrub",
        action="append",
        default=[],
        metavar="LINE",
        help="one more line of conversations_scrub: the name of a variable, re:PATTERN or "
        "keep:PATTERN; may be given more than once",
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from pytest_conversations import _check
    from pytest_conversations._project import project_lines
    from pytest_conversations._rules import Rules
    from pytest_conversations.errors import CassetteError

    try:
        rules = Rules.of([*project_lines(Path.cwd()), *arguments.scrub])
        files = list(_check.files(arguments.paths))
    except FileNotFoundError as error:
        print(f"there is no {error}", file=sys.stderr)
        return 2
    except ValueError as error:
        print(f"conversations_scrub: {error}", file=sys.stderr)
        return 2
    found = []
    with progress(len(files)) as step:
        for path in files:
            found.append(_check.check(path, rules, os.environ))
            step()
    bad = 0
    for path, before in zip(files, found, strict=True):
        problems = before
        wrong = [problem for problem in problems if not problem.is_note]
        if arguments.fix and wrong and all(problem.is_secret for problem in wrong):
            try:
                _check.fix(path, rules, os.environ)
            except CassetteError as error:
                print(f"{path}: {error}")
            else:
                print(f"{path}: took out {counted(len(wrong), 'secret')}")
                problems = _check.check(path, rules, os.environ)
        for problem in problems:
            print(str(problem))
        bad += not all(problem.is_note for problem in problems)
    if not files:
        print(f"no cassettes in {', '.join(map(str, arguments.paths))}", file=sys.stderr)
        return 0
    _tell_unsearched(_check.unsearched(rules, os.environ))
    of_all = counted(len(files), "file")
    some = f"{bad} of {of_all} {'has' if bad == 1 else 'have'} problems"
    print(some if bad else f"no problems in {of_all}", file=sys.stderr)
    return 1 if bad else 0


def _tell_unsearched(reasons: Mapping[str, str]) -> None:
    for name, reason in reasons.items():
        print(f"note: the value of {name} was not searched for, since {reason}", file=sys.stderr)
