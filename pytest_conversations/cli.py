"""The command line ``pytest-conversations``."""

import argparse
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from pytest_conversations._version import __version__


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        argv: its words; by default those of the process.

    Returns:
        The exit code: 0 for success, 1 for a problem that was printed; argparse ends with 2 for
        words that make no command.
    """
    parser = argparse.ArgumentParser(
        prog="pytest-conversations",
        description="Record and replay Mistral's Conversations API in pytest.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    sandbox = commands.add_parser(
        "sandbox",
        help="run the embedded Conversations API on loopback",
        description="Run a local stand-in of the Conversations API until Ctrl-C. It is not "
        "Mistral's: it has no language model, and its answers are made by rule.",
    )
    sandbox.add_argument(
        "--port", type=int, default=0, help="port on 127.0.0.1 (default: any free one)"
    )
    check = commands.add_parser(
        "check",
        help="look for damage and secrets in cassettes",
        description="Check cassettes, also those of vcrpy and pytest-recording: whether they are "
        "whole, and whether they hold secrets. Prints `file:line: reason` for each finding, and "
        "ends with 1 where there is one. The lines of conversations_scrub count, that pytest's "
        "configuration in this folder has, and the value of MISTRAL_API_KEY.",
    )
    check.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a file or a folder")
    check.add_argument("--fix", action="store_true", help="write the files again without secrets")
    check.add_argument(
        "--scrub",
        action="append",
        default=[],
        metavar="LINE",
        help="one more line of conversations_scrub: the name of a variable, re:PATTERN or "
        "keep:PATTERN; may be given more than once",
    )
    show = commands.add_parser(
        "show",
        help="print cassettes as conversations",
        description="Print cassettes, also those of vcrpy and pytest-recording: who said what, "
        "what was called, how streams came. Ends with 1 where one cannot be read.",
    )
    show.add_argument("paths", nargs="+", type=Path, metavar="CASSETTE", help="a file")
    show.add_argument("--events", action="store_true", help="list the events of streams")
    show.add_argument(
        "--raw", action="store_true", help="print the bodies as they came; | stands between chunks"
    )
    diff = commands.add_parser(
        "diff",
        help="print what differs between two recordings",
        description="Compare two recordings of one test: what was asked, answered and called; "
        "ids, times, token counts and how streams were cut are set aside. Ends with 1 where they "
        "differ, with 2 where one cannot be read.",
    )
    for name in ("old", "new"):
        diff.add_argument(
            name,
            metavar=name.upper(),
            help="a file, or git's, as in HEAD~1:cassettes/x.yaml",
        )
    arguments = parser.parse_args(argv)
    if arguments.command == "show":
        return _show(arguments.paths, events=arguments.events, raw=arguments.raw)
    if arguments.command == "diff":
        return _diff(arguments.old, arguments.new)
    if arguments.command == "check":
        return _check(arguments.paths, arguments.scrub, fix=arguments.fix)
    return _sandbox(arguments.port)


def _check(paths: Sequence[Path], lines: Sequence[str], *, fix: bool) -> int:
    from pytest_conversations import _check
    from pytest_conversations._rules import Rules
    from pytest_conversations.errors import CassetteError

    try:
        rules = Rules.of([*_check.project_lines(Path.cwd()), *lines])
        files = list(_check.files(paths))
    except FileNotFoundError as error:
        print(f"there is no {error}", file=sys.stderr)
        return 2
    except ValueError as error:
        print(f"conversations_scrub: {error}", file=sys.stderr)
        return 2
    bad = 0
    for path in files:
        problems = _check.check(path, rules, os.environ)
        if fix and problems and all(problem.is_secret for problem in problems):
            try:
                _check.fix(path, rules, os.environ)
            except CassetteError as error:
                _print(f"{path}: {error}")
            else:
                _print(f"{path}: took out {len(problems)} secrets")
                problems = _check.check(path, rules, os.environ)
        for problem in problems:
            _print(str(problem))
        bad += bool(problems)
    print(f"{bad} of {len(files)} files have problems", file=sys.stderr)
    return 1 if bad else 0


def _show(paths: Sequence[Path], *, events: bool, raw: bool) -> int:
    from pytest_conversations.errors import CassetteError

    try:
        from rich.console import Console

        from pytest_conversations._show import show
    except ImportError as error:
        return _missing("show", error, "cli")
    failed = 0
    for path in paths:
        try:
            name = str(path) if len(paths) > 1 else ""  # git shows a temporary file
            show(path, Console(), name=name, events=events, raw=raw)
        except CassetteError as error:
            _print(str(error), sys.stderr)
            failed = 1
    return failed


def _diff(old: str, new: str) -> int:
    from pytest_conversations.errors import CassetteError

    try:
        from rich.console import Console

        from pytest_conversations._diff import differences, print_to
    except ImportError as error:
        return _missing("diff", error, "cli")
    try:
        lines = differences(old, new)
    except CassetteError as error:
        _print(str(error), sys.stderr)
        return 2
    print_to(Console(), lines)
    return 1 if lines else 0


def _missing(command: str, error: ImportError, extra: str) -> int:
    print(
        f"{command} needs {error.name}: pip install 'pytest-conversations[{extra}]'",
        file=sys.stderr,
    )
    return 1


def _print(text: str, file: TextIO | None = None) -> None:
    """Print a text that may have what the terminal has not, such as the name of a file."""
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding), file=file)


def _sandbox(port: int) -> int:
    try:
        from pytest_conversations.sandbox import Sandbox
    except ImportError as error:
        return _missing("the sandbox", error, "sandbox")
    try:
        with Sandbox(port=port) as server:
            print(f"Conversations API sandbox at {server.url} (any API key; Ctrl-C stops it)")
            sys.stdout.flush()
            threading.Event().wait()
    except KeyboardInterrupt:
        return 0
    except OSError as error:
        print(error.args[-1], file=sys.stderr)
        return 1
    return 0
