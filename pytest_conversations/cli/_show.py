"""``pytest-conversations show``."""

import argparse
import sys
from pathlib import Path

from pytest_conversations.cli._commands import Commands
from pytest_conversations.cli._output import missing


def add_to(commands: Commands) -> None:
    """Add the command to a parser's."""
    parser = commands.add_parser(
        "show",
        help="print cassettes as conversations",
        description="Print cassettes, also those of vcrpy and pytest-recording: who said what, "
        "what was called, how streams came. Ends with 1 where one cannot be read.",
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="CASSETTE", help="a file")
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
    failed = 0
    for path in arguments.paths:
        try:
            name = str(path) if len(arguments.paths) > 1 else ""  # git shows a temporary file
            show(path, Console(), name=name, events=arguments.events, raw=arguments.raw)
        except CassetteError as error:
            print(str(error), file=sys.stderr)
            failed = 1
    return failed
