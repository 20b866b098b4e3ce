"""``pytest-conversations sandbox``."""

import argparse
import sys

from pytest_conversations.cli._commands import Commands
from pytest_conversations.cli._output import missing, port_problem
from pytest_conversations.cli._stopping import Stop


def add_to(commands: Commands) -> None:
    """Add the command to a parser's."""
    parser = commands.add_parser(
        "sandbox",
        help="run the embedded Conversations API on loopback",
        description="Run a local stand-in of the Conversations API until Ctrl-C or SIGTERM. It is "
        "not Mistral's: it has no language model, and its answers are made by rule. Ends with 0 "
        "when it is stopped, with 1 where its port is in use, with 2 where that is none.",
    )
    parser.add_argument(
        "--port", type=int, default=0, help="port on 127.0.0.1 (default: any free one)"
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    try:
        from pytest_conversations.sandbox import Sandbox
    except ImportError as error:
        return missing("the sandbox", error, "sandbox")
    if problem := port_problem(arguments.port):
        print(problem, file=sys.stderr)
        return 2
    try:
        with Stop() as stop, Sandbox(port=arguments.port) as server:
            print(f"Conversations API sandbox at {server.url} (any API key; Ctrl-C stops it)")
            sys.stdout.flush()
            stop.wait()
    except OSError as error:
        print(error.args[-1], file=sys.stderr)
        return 1
    return 0
