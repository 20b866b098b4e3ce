"""``pytest-conversations migrate``."""

import argparse
import os
import shlex
import sys
from pathlib import Path

from pytest_conversations.cli._commands import Commands
from pytest_conversations.cli._output import progress


def add_to(commands: Commands) -> None:
    """Add the command to a parser's."""
    parser = commands.add_parser(
        "migrate",
        help="move from vcrpy, pytest-recording, pytest-vcr or cassetter",
        description="Move tests of the API from vcrpy, pytest-recording, pytest-vcr or cassetter. "
        "Says which cassettes would be written anew, without secrets, where the same tests look "
        "for them; which markers would be changed; and what is left to do by hand. With --write it "
        "does it. Old cassettes stay as they are, and a file that is there already is never "
        "written over. The tests are collected by pytest, with its configuration in this folder, "
        "and not run. Ends with 1 where a cassette cannot be read or written, or tests cannot be "
        "collected (the others move), with 2 where an argument cannot be.",
    )
    parser.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help="a file or a folder, of tests or of cassettes; by default the whole project",
    )
    parser.add_argument("--write", action="store_true", help="do it; without, nothing is changed")
    parser.add_argument(
        "--origin",
        action="append",
        default=[],
        metavar="URL",
        help="one more origin whose requests move, as in `origins` of conversations_config; may "
        "be given more than once",
    )
    parser.add_argument(
        "--scrub",
        action="append",
        default=[],
        metavar="LINE",
        help="one more line of conversations_scrub; may be given more than once",
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from pytest_conversations._settings import checked_url
    from pytest_conversations.migrate import Asked, migrate

    missing = [path for path in arguments.paths if not path.exists()]
    if missing:
        print(f"there is no {missing[0]}", file=sys.stderr)
        return 2
    asked = Asked(
        paths=arguments.paths,
        origins=arguments.origin,
        scrub=arguments.scrub,
        writes=arguments.write,
        command=shlex.join(
            [
                *("pytest-conversations", "migrate", "--write"),
                *(word for url in arguments.origin for word in ("--origin", url)),
                *(word for line in arguments.scrub for word in ("--scrub", line)),
                *map(str, arguments.paths),
            ]
        ),
    )
    try:
        for url in arguments.origin:
            checked_url("origin", url)
        report = migrate(asked, os.environ, progress)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    verb = "" if arguments.write else " to be"
    for head, lines in (
        (f"Cassettes{verb} written", report.cassettes),
        (f"Markers{verb} changed", report.markers),
        ("To see to by hand", report.by_hand),
    ):
        if lines:
            print(f"{head}:", *(f"  {line}" for line in lines), "", sep="\n")
    for line in report.failed:
        print(line, file=sys.stderr)
    print(f"{report.summary}.")
    for command, purpose in report.commands:
        print(f"  {command}    # {purpose}")
    return 1 if report.failed else 0
