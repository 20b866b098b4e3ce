"""``pytest-conversations serve``."""

import argparse
import contextlib
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_conversations._plural import counted
from pytest_conversations.cli._commands import Commands
from pytest_conversations.cli._output import expanded, missing, port_problem
from pytest_conversations.cli._stopping import Stop

if TYPE_CHECKING:
    from pytest_conversations._serve import Options
    from pytest_conversations.relay import Asked

_MODES = ("once", "new_episodes", "all", "rewrite")
_API = "https://api.mistral.ai"  # as in _options, which takes all of pytest to import


def add_to(commands: Commands) -> None:
    """Add the command to a parser's."""
    parser = commands.add_parser(
        "serve",
        help="replay cassettes over HTTP, or record one",
        description="Answer over HTTP as the cassettes say, also those of vcrpy and "
        "pytest-recording: with the recorded chunks, pace, errors and cut connections. What is not "
        "recorded is a 404, with the reason as JSON. With --record, be a proxy that records, and "
        "write the cassette, without secrets, while it runs and when it ends. Runs until Ctrl-C or "
        "SIGTERM. Ends with 0 when it is stopped; with 1 where a cassette cannot be read or "
        "written, or the port is in use; with 2 where an argument cannot be.",
    )
    parser.add_argument(
        "paths", nargs="+", type=Path, metavar="CASSETTE", help="a file, or a folder to replay"
    )
    parser.add_argument("--port", type=int, default=0, help="port (default: any free one)")
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="address to listen on (default: 127.0.0.1, which only this machine reaches)",
    )
    parser.add_argument(
        "--pace",
        default="recorded",
        help="recorded (default), instant, or a number that recorded times are multiplied by",
    )
    parser.add_argument(
        "--chunking",
        default="recorded",
        help="recorded (default), events, whole, bytes, or a number of bytes",
    )
    parser.add_argument(
        "--cut-after", type=int, metavar="N", help="let streams die after so many events"
    )
    parser.add_argument(
        "--repeat",
        action="store_true",
        help="play the last of equal recordings again when all were played (default: a 404)",
    )
    parser.add_argument(
        "--record",
        nargs="?",
        const=_API,
        metavar="URL",
        help=f"behind the cassette: record what the server at URL answers (default: {_API})",
    )
    parser.add_argument(
        "--mode",
        choices=_MODES,
        help="with --record: once (default) records where there is no cassette, and replays one "
        "that is there; new_episodes records what is not in it; all and rewrite record all again",
    )
    parser.add_argument(
        "--scrub",
        action="append",
        default=[],
        metavar="LINE",
        help="one more line of conversations_scrub, as for check",
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    try:
        from pytest_conversations import _serve, _shapes
        from pytest_conversations._project import project_lines
        from pytest_conversations._rules import Rules
        from pytest_conversations.capture import Shape
        from pytest_conversations.errors import CassetteError
    except ImportError as error:
        return missing("serve", error, "sandbox")
    try:
        rules = Rules.of([*project_lines(Path.cwd()), *arguments.scrub])
        shape = Shape(
            _shapes.chunking(_number(arguments.chunking, int)),
            _shapes.pace(_number(arguments.pace, float)),
            _shapes.cut_after(arguments.cut_after),
        )
        _refuse_odd(arguments)
        if arguments.record is not None:
            _refuse_record(arguments.record, arguments.paths)
    except ValueError as error:
        print(str(error), file=sys.stderr)
        return 2
    paths = arguments.paths if arguments.record else expanded(arguments.paths)[0]
    if not paths:
        return 1
    options = _serve.Options(
        paths=list(map(str, paths)),
        host=arguments.host,
        port=arguments.port,
        shape=shape,
        repeats=arguments.repeat,
        record=arguments.record,
        mode=arguments.mode or "once",
        rules=rules,
    )
    try:
        return _run_until_stopped(options)
    except CassetteError as error:
        _complain(str(error))
    except OSError as error:
        _complain(str(error.args[-1]))
    return 1


def _run_until_stopped(options: "Options") -> int:
    from pytest_conversations._keeping import Keeper
    from pytest_conversations._serve import serving
    from pytest_conversations.cassette import Shelf

    is_told = threading.Event()  # where the server is, before what a quick client asked of it

    def tell(asked: "Asked") -> None:
        is_told.wait()
        _print(asked)

    with Stop() as stop:
        with serving(options, tell, _complain) as (server, cassette, scrubber):
            try:
                keeper = Keeper(cassette, scrubber, _complain)
                what = "replaying"
                if cassette.records:
                    what = f"recording {options.recorded_from} into"
                print(f"{what} {cassette.title} at {server.url} (Ctrl-C stops it)")
                if options.record and not cassette.records:
                    print(_IS_THERE)
                sys.stdout.flush()
            finally:
                is_told.set()
            while not stop.wait(keeper.save() if cassette.records else None):
                pass
        told = keeper.finish()
        if told:
            print(told)
    return int(isinstance(cassette, Shelf) and bool(cassette.unread))


_IS_THERE = "It is there already: --mode new_episodes adds to it, rewrite makes it anew."


def _number(text: str, kind: type[int] | type[float]) -> object:
    """A number where a text is one; else the text."""
    with contextlib.suppress(ValueError):
        return kind(text)
    return text


def _refuse_odd(arguments: argparse.Namespace) -> None:
    is_odd = arguments.mode is not None and arguments.record is None
    msg = "--mode is for --record" if is_odd else port_problem(arguments.port)
    if msg:
        raise ValueError(msg)


def _refuse_record(url: str, paths: Sequence[Path]) -> None:
    from pytest_conversations._settings import checked_url

    try:
        checked_url("--record", url)
    except ValueError as error:  # such as a file
        msg = f"{error}; the cassette stands before --record"
        raise ValueError(msg) from error
    if set("?#") & set(url):
        msg = "--record takes the URL of a server, without a query"
        raise ValueError(msg)
    if len(paths) > 1:
        msg = "--record takes one cassette, which it records into"
        raise ValueError(msg)


def _print(asked: "Asked") -> None:
    head, *rest = asked.fault.splitlines() or [""]
    words = f"{asked.method} {asked.target}  {asked.status or 'no response'}"
    line = f"{words}  {counted(asked.sent, 'byte')} in {asked.ms} ms  {head}".rstrip()
    with contextlib.suppress(BrokenPipeError):  # nobody reads it any more, and requests go on
        print("\n    ".join([line, *rest]))
        sys.stdout.flush()


def _complain(words: str) -> None:
    print(words, file=sys.stderr)
    sys.stderr.flush()
