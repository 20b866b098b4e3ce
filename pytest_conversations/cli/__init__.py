"""The command line ``pytest-conversations``."""

import argparse
import io
import os
import sys
from collections.abc import Callable, Sequence
from typing import cast

from pytest_conversations.cli import (
    _check,
    _diff,
    _migrate,
    _report,
    _sandbox,
    _serve,
    _show,
    _versions,
)

__all__ = ["main"]

_COMMANDS = (_show, _diff, _report, _check, _migrate, _serve, _sandbox)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        argv: its words; by default those of the process.

    Returns:
        The exit code: 0 for success, 1 for a problem that was printed, or another that the command
        describes; argparse ends with 2 for words that make no command.
    """
    try:
        code = _run(argv)
        sys.stdout.flush()
    except BrokenPipeError:  # as by `| head`: what is left is for nobody
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def _run(argv: Sequence[str] | None) -> int:
    parser = argparse.ArgumentParser(
        prog="pytest-conversations",
        description="Record and replay Mistral's Conversations API in pytest.",
    )
    _versions.add_to(parser)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in _COMMANDS:
        command.add_to(commands)
    try:
        arguments = parser.parse_args(argv)
    except SystemExit:  # of `--help` and `--version`, which have printed something
        sys.stdout.flush()
        raise
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal may lack what a recording has
            stream.reconfigure(errors="backslashreplace")
    return cast("Callable[[argparse.Namespace], int]", arguments.run)(arguments)
