"""The command line ``pytest-conversations``."""

import argparse
import sys
import threading
from collections.abc import Sequence

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
    arguments = parser.parse_args(argv)
    return _sandbox(arguments.port)


def _sandbox(port: int) -> int:
    try:
        from pytest_conversations.sandbox import Sandbox
    except ImportError as error:
        print(
            f"the sandbox needs {error.name}: pip install 'pytest-conversations[sandbox]'",
            file=sys.stderr,
        )
        return 1
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
