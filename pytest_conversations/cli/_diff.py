"""``pytest-conversations diff``."""

import argparse
import sys

from pytest_conversations.cli._commands import Commands
from pytest_conversations.cli._output import missing


def add_to(commands: Commands) -> None:
    """Add the command to a parser's."""
    parser = commands.add_parser(
        "diff",
        help="print what differs between two recordings",
        description="Compare two recordings of one test: what was asked, answered and called; "
        "ids, times, token counts and how streams were cut are set aside. Ends with 1 where they "
        "differ, with 2 where one cannot be read.",
    )
    for name in ("old", "new"):
        parser.add_argument(
            name,
            metavar=name.upper(),
            help="a file, or git's, as in HEAD~1:cassettes/x.yaml",
        )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from pytest_conversations.errors import CassetteError

    try:
        from rich.console import Console

        from pytest_conversations._diff import differences, print_to
    except ImportError as error:
        return missing("diff", error, "cli")
    try:
        lines = differences(arguments.old, arguments.new)
    except CassetteError as error:
        print(str(error), file=sys.stderr)
        return 2
    print_to(Console(), lines)
    return 1 if lines else 0
