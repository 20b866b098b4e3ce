"""Cassettes behind a server, or a server behind a cassette; and the page of what was served."""

import collections
import contextlib
import dataclasses
import datetime as dt
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from pytest_conversations._check import scrubbed, scrubber_of
from pytest_conversations._options import SERVER_URL
from pytest_conversations._plural import counted
from pytest_conversations._rules import Rules
from pytest_conversations._server import Server
from pytest_conversations._version import __version__
from pytest_conversations.capture import Capture, Ends, Shape
from pytest_conversations.cassette import (
    ConversationCassette,
    GrowingCassette,
    Hints,
    Scrubber,
    Shelf,
)
from pytest_conversations.errors import CassetteError
from pytest_conversations.relay import Asked, create_app, is_loopback


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options:
    """What is served, and how.

    Attributes:
        paths: the cassettes; one, where it is recorded.
        host: the address to listen on.
        port: the port; 0 takes a free one.
        shape: how recorded responses are given.
        repeats: whether the last of equal interactions answers again when all were played.
        record: URL of the server that is recorded; None to replay.
        mode: the record mode.
        rules: what the project says of secrets.
    """

    paths: Sequence[str]
    host: str
    port: int
    shape: Shape
    repeats: bool
    record: str | None
    mode: str
    rules: Rules

    @property
    def recorded_from(self) -> str:
        """The URL of the server that is recorded, for messages: without user and password."""
        parts = urlsplit(self.record or "URL")
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


@contextlib.contextmanager
def serving(
    options: Options, note: Callable[[Asked], None], complain: Callable[[str], None]
) -> Iterator[tuple[Server, ConversationCassette, Scrubber]]:
    """Serve until the end of the ``with`` block. What was recorded is for the caller to write.

    Args:
        options: what is served, and how.
        note: is told of each request when it is over.
        complain: is told what a cassette warns of, and which cannot be served, and why.

    Raises:
        CassetteError: no cassette can be read, or one not be written that is to be recorded.
        OSError: it cannot listen.
    """
    scrubber = scrubber_of(options.rules, os.environ)
    cassette = _cassette(options, scrubber, complain)
    cassette.allow_playback_repeats = options.repeats
    url = options.record or SERVER_URL
    # The port of a server on this machine is another each time, and would be in each recording.
    is_stand_in = is_loopback(urlsplit(url).hostname or "")
    capture = Capture(
        cassette,
        [SERVER_URL, url],
        send_to=url if is_stand_in else None,
        shape=options.shape,
        ends=_ENDS,
        keyed=[SERVER_URL],
    )

    heard: collections.deque[Asked] = collections.deque(maxlen=_MOST)

    def listen(asked: Asked) -> None:
        shown = scrubber.finder.shown
        told = dataclasses.replace(
            asked,
            method=shown(asked.method),
            target=shown(asked.target),
            fault=shown(asked.fault),
        )
        heard.appendleft(told)
        note(told)

    app = create_app(
        SERVER_URL if is_stand_in else url,
        is_local=is_loopback(options.host),
        note=listen,
        page=lambda: _page(cassette, options, list(heard)),
        unreached=_UNREACHED.format(options.recorded_from),
    )
    with (
        capture.installed(),
        Server(app, name="serve", host=options.host, port=options.port, date=False) as server,
    ):
        yield server, cassette, scrubber


_ENDS = Ends(
    closed="The recording ends here: when it was made, the client left before the end, and this "
    "one reads on.",
    cancelled="The recording ends here: when it was made, the client left while it waited for "
    "more, or the server was stopped, and this one waits on.",
)
_RENAMED = "{old} has this request: serve that as well, or in its place."
_UNREACHED = "No response from {}: is it running, and is that its URL? It stands behind --record."
_MOST = 1000  # requests that the page tells of


def _page(cassette: ConversationCassette, options: Options, heard: Sequence[Asked]) -> str:
    """The cassettes as an HTML page, with what was asked and what was played."""
    try:
        from pytest_conversations import report
    except ImportError as error:
        return f"<p>This page needs {error.name}: pip install 'pytest-conversations[report]'</p>"
    sources = []
    first = 0
    paths, counts = [cassette.path], [len(cassette.data)]
    unserved: Mapping[str, str] = {}
    if isinstance(cassette, Shelf):
        paths, counts, unserved = cassette.paths, cassette.counts, cassette.unread
    for path, count in zip(paths, counts, strict=True):
        places = range(first, first + count)
        unused = frozenset(each - first for each in places if not cassette.play_counts[each])
        sources.append(report.Source(Path(path), path, unused=unused))
        first += count
    sources += [
        report.Source(Path(path), path, problem=reason) for path, reason in unserved.items()
    ]
    asked = tuple(
        report.Asked(
            f"{each.method} {each.target}",
            str(each.status or "no response"),
            (counted(each.sent, "byte"), f"{each.ms} ms"),
            each.fault,
        )
        for each in heard
    )
    about = report.About(
        dt.datetime.now().astimezone(), is_run=False, version=__version__, asked=asked
    )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page.html"
        report.write(
            file, sources, about, scrub=lambda each: scrubbed(each, options.rules, os.environ)
        )
        return file.read_text(encoding="utf-8")


def _cassette(
    options: Options, scrubber: Scrubber, complain: Callable[[str], None]
) -> ConversationCassette:
    first = options.paths[0]

    def record_hint(exists: bool, from_sandbox: bool) -> str:  # noqa: ARG001, FBT001 - a hook
        mode = " --mode new_episodes" if exists else ""
        file = first if len(options.paths) == 1 else "CASSETTE"
        return f"pytest-conversations serve {file} --record {options.recorded_from}{mode}"

    hints = Hints(record_hint, warn=complain, renamed=_RENAMED)
    if options.record is None:
        shelf = Shelf(options.paths, scrubber=scrubber, hints=hints)
        told = [f"not served: {reason}" for reason in shelf.unread.values()]
        if not shelf.paths:
            raise CassetteError("\n".join(told))
        for each in told:
            complain(each)
        return shelf
    return GrowingCassette(first, mode=options.mode, scrubber=scrubber, hints=hints)
