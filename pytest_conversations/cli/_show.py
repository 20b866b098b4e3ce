"""``pytest-conversations show``."""

import argparse
import sys
from pathlib import Path

from pytest_conversations.cli._commands import Commands
from pytest_conversations.cli._output import expanded, missing


def add_to(commands: Commands) -> None:
    """Add the command to a parser's."""
    parser = commands.add_parser(
        "show",
        help="print cassettes as conversations",
        description="Print cassettes, also those of vcrpy and pytest-recording: who said what, "
        "what was called, how streams came. In a folder each .yaml, .yml and .json file counts, as "
        "for `check`. Ends with 1 where one cannot be read, or there is none; the others are "
        "shown.",
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a file or a folder")
    parser.add_argument("--events", action="store_true", help="list the events of streams")
    parser.add_argument(
        "--raw", action="store_true", help="print the bodies as they came; | stands between chunks"
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from pytest_conversations.errors import CassetteError

    try:
        from rich.console import Console

        from pytest_conversations._show import show
    except ImportError as error:
        return missing("show", error, "cli")
    files, has_empty = expanded(arguments.paths)
    failed = int(has_empty)
    is_one = files == arguments.paths and len(files) == 1  # git shows a temporary file
    for path in files:
        try:
            name = "" if is_one else str(path)
            show(path, Console(), name=name, events=arguments.events, raw=arguments.raw)
        except CassetteError as error:
            print(str(error), file=sys.stderr)
            failed = 1
    return failed
