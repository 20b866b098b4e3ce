"""Cassettes behind a server, or a server behind a cassette."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import urlsplit

from pytest_conversations._server import LOOPBACK, Server
from pytest_conversations._settings import SERVER_URL
from pytest_conversations.capture import Capture, Shape
from pytest_conversations.cassette import ConversationCassette, Hints, Scrubber, Shelf
from pytest_conversations.relay import Asked, create_app

_LOCAL = {LOOPBACK, "localhost"}


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
    """

    paths: Sequence[str]
    host: str
    port: int
    shape: Shape
    repeats: bool
    record: str | None
    mode: str


@contextlib.contextmanager
def serving(
    options: Options, scrubber: Scrubber, note: Callable[[Asked], None]
) -> Iterator[tuple[Server, ConversationCassette]]:
    """Serve until the end of the ``with`` block. What was recorded is for the caller to write.

    Args:
        options: what is served, and how.
        scrubber: what takes the secrets out.
        note: is told of each request when it is over.

    Raises:
        CassetteError: a cassette cannot be read.
        OSError: it cannot listen.
    """
    cassette = _cassette(options, scrubber)
    cassette.allow_playback_repeats = options.repeats
    url = options.record or SERVER_URL
    # The port of a server on this machine is another each time, and would be in each recording.
    is_stand_in = urlsplit(url).hostname in _LOCAL
    capture = Capture(
        cassette, [SERVER_URL, url], send_to=url if is_stand_in else None, shape=options.shape
    )

    def note_scrubbed(asked: Asked) -> None:
        note(dataclasses.replace(asked, target=scrubber.finder.shown(asked.target)))

    base = SERVER_URL if is_stand_in else url
    app = create_app(base, is_local=options.host in _LOCAL, note=note_scrubbed)
    with (
        capture.installed(),
        Server(app, name="serve", host=options.host, port=options.port, date=False) as server,
    ):
        yield server, cassette


def _cassette(options: Options, scrubber: Scrubber) -> ConversationCassette:
    first = options.paths[0]

    def record_hint(exists: bool, from_sandbox: bool) -> str:  # noqa: ARG001, FBT001 - a hook
        mode = " --mode rewrite" if exists else ""
        return f"pytest-conversations serve {first} --record URL{mode}"

    if options.record is None:
        return Shelf(options.paths, scrubber=scrubber, hints=Hints(record_hint))
    return ConversationCassette(
        first, mode=options.mode, scrubber=scrubber, hints=Hints(record_hint)
    )
