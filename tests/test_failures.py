"""Failures are recordings: what broke, when, and with which error."""

import asyncio
import functools
import gzip
import signal
import threading
import time
import types
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
import yaml
from libraries import HEADERS, Capturing, Client
from support import CHUNKED, SSE, Connection, Script, Serve, full_queue

from pytest_conversations.errors import UnrecordedRequestError

FIRST, SECOND = b"data: 1\n\n", b"data: 2\n\n"


def _noting(asked: list[Connection], script: Script) -> Script:
    """The same, which tells that somebody asked."""

    def noting(connection: Connection) -> None:
        asked.append(connection)
        script(connection)

    return noting


def _then(end: Callable[[Connection], None]) -> Script:
    """Two chunks, cut inside of a character, and then an end."""

    def script(connection: Connection) -> None:
        connection.head(SSE, CHUNKED)
        connection.chunk(b"data: caf\xc3")
        time.sleep(0.02)
        connection.chunk(b"\xa9\n\n")
        time.sleep(0.02)
        end(connection)

    return script


def _hang(connection: Connection) -> None:
    connection.socket.recv(1)  # until the client goes away


def _recorded(path: Path) -> Any:  # noqa: ANN401 - YAML
    (interaction,) = yaml.safe_load(path.read_text(encoding="utf-8"))["interactions"]
    return interaction["response"]


@pytest.mark.parametrize(
    ("end", "error"),
    [
        pytest.param(lambda _: None, "RemoteProtocolError", id="no last chunk"),
        pytest.param(lambda connection: connection.reset(), "ReadError", id="reset"),
        pytest.param(_hang, "ReadTimeout", id="timeout"),
        pytest.param(
            lambda connection: connection.socket.sendall(b"no chunk\r\n"),
            "RemoteProtocolError",
            id="no HTTP",
        ),
    ],
)
def test_a_stream_that_dies(
    client: Client,
    serve: Serve,
    capturing: Capturing,
    tmp_path: Path,
    end: Callable[[Connection], None],
    error: str,
) -> None:
    """It gives the same chunks, and then the error of the same class of the caller's library."""
    url = serve(_then(end))
    kind = getattr(client.library, error)
    seen: dict[str, list[object]] = {"untouched": [], "live": [], "replayed": []}

    with pytest.raises(kind):
        client.collect(url, seen["untouched"], timeout=1)
    with capturing(url), pytest.raises(kind) as live:
        client.collect(url, seen["live"], timeout=1)
    with capturing(url, mode="none"), pytest.raises(kind) as replayed:
        client.collect(url, seen["replayed"], timeout=1)

    assert seen["replayed"] == seen["live"] == seen["untouched"] == [b"data: caf\xc3", b"\xa9\n\n"]
    assert str(replayed.value) == str(live.value)
    response = _recorded(tmp_path / "cassette.yaml")
    assert response["stream"]["error"]["type"] == error
    assert "closed" not in response["stream"]
    if error == "ReadTimeout":  # how long it took is told as well
        assert int(response["stream"]["chunks"].split()[-1].removesuffix("+0")) >= 900


@pytest.mark.parametrize(
    ("end", "error"),
    [
        pytest.param(lambda connection: connection.reset(), "ReadError", id="reset"),
        pytest.param(lambda _: None, "RemoteProtocolError", id="hangs up"),
        pytest.param(_hang, "ReadTimeout", id="timeout"),
    ],
)
def test_no_response(
    client: Client,
    serve: Serve,
    capturing: Capturing,
    tmp_path: Path,
    end: Callable[[Connection], None],
    error: str,
) -> None:
    """A request that got no response at all is an interaction, too."""
    url = serve(end)
    kind = getattr(client.library, error)

    with capturing(url), pytest.raises(kind):
        client.collect(url, [], timeout=1)
    with capturing(url, mode="none"), pytest.raises(kind):
        client.collect(url, [], timeout=1)

    response = _recorded(tmp_path / "cassette.yaml")
    assert (response["status"]["code"], response["error"]["type"]) == (0, error)


def test_no_connection(client: Client, capturing: Capturing, tmp_path: Path) -> None:
    """So is one that could not be sent: refused, or not connected in time."""
    with capturing("http://127.0.0.1:1"), pytest.raises(client.library.ConnectError):
        client.post("http://127.0.0.1:1")
    with capturing("http://127.0.0.1:1", mode="none"), pytest.raises(client.library.ConnectError):
        client.post("http://127.0.0.1:1")
    assert _recorded(tmp_path / "cassette.yaml")["error"]["type"] == "ConnectError"


def test_no_connection_in_time(client: Client, capturing: Capturing, tmp_path: Path) -> None:
    """A server whose queue is full does not accept, and does not refuse."""
    with full_queue() as url, capturing(url), pytest.raises(client.library.ConnectTimeout):
        client.collect(url, [], timeout=0.2)
    with capturing(url, mode="none"), pytest.raises(client.library.ConnectTimeout):
        client.collect(url, [], timeout=0.2)
    assert _recorded(tmp_path / "cassette.yaml")["error"]["type"] == "ConnectTimeout"


@pytest.mark.parametrize("stop_after", [1, 2])
def test_closed_early(
    client: Client, serve: Serve, capturing: Capturing, tmp_path: Path, stop_after: int
) -> None:
    """What the app closed replays to there, and not as if it had ended."""
    url = serve(_then(_hang))
    with capturing(url):
        client.collect(url, [], stop_after=stop_after)
    assert _recorded(tmp_path / "cassette.yaml")["stream"]["closed"] is True

    seen: list[object] = []
    with capturing(url, mode="none"):
        client.collect(url, seen, stop_after=stop_after)
    assert seen == [b"data: caf\xc3", b"\xa9\n\n"][:stop_after]
    with (
        capturing(url, mode="none") as cassette,
        pytest.raises(UnrecordedRequestError, match="closed this response before its end"),
    ):
        client.collect(url, [])
    assert len(cassette.refusals) == 1


@pytest.mark.parametrize("library", ["httpx", "httpx2"])
class TestCancelled:
    """A task that is cancelled while it waits: it waits again, until it is cancelled again."""

    async def _ask(
        self, library: types.ModuleType, url: str, seen: list[bytes], limit: float = 60
    ) -> bool:
        """Ask; gives whether that was cancelled, after a time in s."""
        with anyio.move_on_after(limit) as scope:
            async with (
                library.AsyncClient(timeout=60) as http,
                http.stream("POST", url, headers=HEADERS) as response,
            ):
                async for chunk in response.aiter_raw():
                    seen.append(chunk)  # noqa: PERF401 - kept where the task is cancelled
        return scope.cancelled_caught

    async def _ask_until(
        self, library: types.ModuleType, url: str, seen: list[bytes], until: Callable[[], bool]
    ) -> None:
        """Ask, and cancel that a moment after something is so."""
        async with anyio.create_task_group() as group:
            group.start_soon(self._ask, library, url, seen)
            while not until():  # noqa: ASYNC110 - other threads tell
                await anyio.sleep(0.01)
            await anyio.sleep(0.1)
            group.cancel_scope.cancel()

    # trio warns of the generators of httpx that are left, with us or without us.
    @pytest.mark.filterwarnings("ignore:Async generator 'httpx:ResourceWarning")
    @pytest.mark.anyio
    async def test_in_the_middle(
        self, library: str, serve: Serve, capturing: Capturing, tmp_path: Path
    ) -> None:
        """After the same chunks the app is kept waiting, as it was."""
        module = pytest.importorskip(library)
        url = serve(_then(_hang))
        live: list[bytes] = []
        replayed: list[bytes] = []

        with capturing(url):
            await self._ask_until(module, url, live, lambda: len(live) > 1)
        with capturing(url, mode="none") as cassette:
            await self._ask_until(module, url, replayed, lambda: len(replayed) > 1)

        assert replayed == live == [b"data: caf\xc3", b"\xa9\n\n"]
        assert cassette.refusals == []
        stream = _recorded(tmp_path / "cassette.yaml")["stream"]
        assert stream["error"] == {"type": "CancelledError", "message": ""}

    @pytest.mark.filterwarnings("ignore:Async generator 'httpx:ResourceWarning")
    @pytest.mark.anyio
    async def test_before_the_head(
        self, library: str, serve: Serve, capturing: Capturing, tmp_path: Path
    ) -> None:
        """So is an app that got no response yet; and what it asks then is answered as it was."""
        module = pytest.importorskip(library)
        served = iter([_hang, _then(lambda connection: connection.last_chunk())])
        asked: list[Connection] = []

        def script(connection: Connection) -> None:
            asked.append(connection)
            next(served)(connection)

        url = serve(script)
        for mode in ("once", "none"):
            seen: list[bytes] = []
            with capturing(url, mode=mode) as cassette:
                # Which stays true, so that a replay is cancelled after a moment.
                await self._ask_until(module, url, seen, lambda: bool(asked))
                assert not await self._ask(module, url, seen)
            assert seen == [b"data: caf\xc3", b"\xa9\n\n"]
            assert cassette.refusals == []

        interactions = yaml.safe_load((tmp_path / "cassette.yaml").read_text("utf-8"))
        first = interactions["interactions"][0]["response"]
        assert first["error"] == {"type": "CancelledError", "message": ""}

    @pytest.mark.filterwarnings("ignore:Async generator 'httpx:ResourceWarning")
    @pytest.mark.anyio
    async def test_not_cancelled_again(
        self, library: str, serve: Serve, capturing: Capturing
    ) -> None:
        """An app that waits on is not kept for ever: that is not what was recorded."""
        module = pytest.importorskip(library)
        for script in (_then(_hang), _hang):
            asked: list[Connection] = []
            url = serve(_noting(asked, script))
            with capturing(url, mode="rewrite"):
                await self._ask_until(module, url, [], functools.partial(bool, asked))
            with (
                capturing(url, mode="none"),
                pytest.raises(UnrecordedRequestError, match="cancelled the task"),
            ):
                await self._ask(module, url, [], 30)

    @pytest.mark.parametrize("how", ["closed at once", "closed late", "left"])
    @pytest.mark.anyio
    async def test_between_two_reads(
        self, library: str, serve: Serve, capturing: Capturing, tmp_path: Path, how: str
    ) -> None:
        """While the app waits for something else; on replay it may be through with that by then."""
        module = pytest.importorskip(library)

        async def ask(*, is_quick: bool) -> None:
            async with module.AsyncClient(timeout=60) as http:
                response = await http.send(
                    http.build_request("POST", url, headers=HEADERS), stream=True
                )
                try:
                    with anyio.fail_after(60) as scope:
                        try:
                            scope.deadline = anyio.current_time() + (0.2 if is_quick else 0)
                            await anyio.sleep(0 if is_quick else 60)
                            await response.aread()
                        finally:
                            if how == "closed at once":
                                await response.aclose()
                finally:
                    if how == "closed late":
                        await response.aclose()

        url = serve(_then(_hang))
        with capturing(url), pytest.raises(TimeoutError):
            await ask(is_quick=False)
        stream = _recorded(tmp_path / "cassette.yaml")["stream"]
        assert stream["error"] == {"type": "CancelledError", "message": ""}
        with capturing(url, mode="none") as cassette, pytest.raises(TimeoutError):
            await ask(is_quick=True)
        assert cassette.refusals == []

    def test_sync(self, library: str, serve: Serve, capturing: Capturing) -> None:
        """Who cannot be cancelled is told at once."""
        module = pytest.importorskip(library)
        for script in (_then(_hang), _hang):
            asked: list[Connection] = []
            url = serve(_noting(asked, script))
            with capturing(url, mode="rewrite"):
                asyncio.run(self._ask_until(module, url, [], functools.partial(bool, asked)))
            with (
                capturing(url, mode="none"),
                pytest.raises(UnrecordedRequestError, match="cancelled the task"),
            ):
                module.post(url, headers=HEADERS)


CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": lambda body: pytest.importorskip("brotli").compress(body),
    "zstd": lambda body: pytest.importorskip("zstandard").compress(body),
}


@pytest.mark.parametrize("coding", [*CODINGS, "identity"])
@pytest.mark.parametrize("cut", [7, 10_000])
def test_compressed(
    client: Client,
    serve: Serve,
    capturing: Capturing,
    tmp_path: Path,
    coding: str,
    cut: int,
) -> None:
    """Stored readable, event by event as it came; who decodes by the header gets the same."""
    body = 'data: {"answer":"Grüße 🚀"}\n\n'.encode() * 20
    packed = CODINGS.get(coding, bytes)(body)

    def script(connection: Connection) -> None:
        connection.head(SSE, f"Content-Encoding: {coding}", f"Content-Length: {len(packed)}")
        for at in range(0, len(packed), cut):
            connection.socket.sendall(packed[at : at + cut])

    url = serve(script)
    with capturing(url):
        live = client.post(url, read="iter_bytes")
    with capturing(url, mode="none"):
        replayed = client.post(url, read="iter_bytes")
    with capturing(url, mode="none"):
        raw = client.post(url, read="iter_raw")

    assert b"".join(replayed) == b"".join(live) == b"".join(raw) == body  # type: ignore[arg-type]
    text = (tmp_path / "cassette.yaml").read_text(encoding="utf-8")
    assert 'data: {"answer":"Grüße 🚀"}' in text
    response = _recorded(tmp_path / "cassette.yaml")
    kept = {"content-encoding"} & response["headers"].keys()
    assert kept == ({"content-encoding"} if coding == "identity" else set())
    assert response["headers"]["content-length"] == [str(len(body))]


@pytest.mark.parametrize("coding", CODINGS)
def test_compressed_and_closed_early(
    client: Client, serve: Serve, capturing: Capturing, tmp_path: Path, coding: str
) -> None:
    """That the rest of a compressed body is missing is no fault of the coding."""
    packed = CODINGS[coding](bytes(range(256)) * 200)

    def script(connection: Connection) -> None:
        connection.head("Content-Type: text/plain", f"Content-Encoding: {coding}", CHUNKED)
        for at in range(0, len(packed) - 1, 50):
            connection.chunk(packed[at : at + 50])
        _hang(connection)

    url = serve(script)
    with capturing(url):
        client.collect(url, [], stop_after=1)

    stream = _recorded(tmp_path / "cassette.yaml")["stream"]
    assert stream["closed"] is True
    assert "error" not in stream


def _events_in(coding: str, events: Iterable[bytes]) -> Iterator[bytes]:
    """Events in a content coding, each as soon as it is there."""
    if coding == "br":
        packer = pytest.importorskip("brotli").Compressor()
        return (packer.process(event) + packer.flush() for event in events)
    if coding == "zstd":
        zstandard = pytest.importorskip("zstandard")
        packer, mode = zstandard.ZstdCompressor().compressobj(), zstandard.COMPRESSOBJ_FLUSH_BLOCK
    else:
        packer = zlib.compressobj(wbits=31 if coding == "gzip" else 15)
        mode = zlib.Z_SYNC_FLUSH
    return (packer.compress(event) + packer.flush(mode) for event in events)


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("stop_after", [None, 2], ids=["dies", "closed early"])
@pytest.mark.parametrize("name", ["httpx", "httpx2"])
def test_a_compressed_stream_without_its_end(
    serve: Serve, capturing: Capturing, name: str, stop_after: int | None, coding: str
) -> None:
    """What came of it comes again, in the same chunks and with the same end."""
    client = Client(pytest.importorskip(name), is_async=False)
    packed = list(_events_in(coding, [FIRST, "data: Grüße 🚀\n\n".encode(), SECOND]))

    def script(connection: Connection) -> None:
        connection.head(SSE, f"Content-Encoding: {coding}", CHUNKED)
        for chunk in packed:
            connection.chunk(chunk)

    def ask() -> tuple[list[object], str]:
        seen: list[object] = []
        try:
            client.collect(url, seen, read="iter_bytes", stop_after=stop_after)
        except client.library.TransportError as error:
            return seen, type(error).__name__
        return seen, ""

    url = serve(script)
    with capturing(url):
        live = ask()
    with capturing(url, mode="none"):
        assert ask() == live
    assert live[0][0] == FIRST
    assert live[1] == ("" if stop_after else "RemoteProtocolError")


def test_binary(client: Client, serve: Serve, capturing: Capturing) -> None:
    """A body that is no text comes back to the byte, cut as it was."""
    pieces = [bytes(range(256)), b"\x00\xff\xfe", b"\r\n\x85\xe2\x80\xa8"]

    def script(connection: Connection) -> None:
        connection.head("Content-Type: application/octet-stream", CHUNKED)
        for piece in pieces:
            connection.chunk(piece)
            time.sleep(0.01)
        connection.last_chunk()

    url = serve(script)
    with capturing(url):
        assert client.post(url) == pieces
    with capturing(url, mode="none"):
        assert client.post(url) == pieces


@pytest.mark.parametrize("library", ["httpx", "httpx2"])
class TestBadUse:
    """Apps that make mistakes see what they would see without a recorder."""

    @pytest.fixture
    def url(self, serve: Serve) -> str:
        """A server whose streams end well."""
        return serve(_then(lambda connection: connection.last_chunk()))

    def test_closed_client(self, library: str, url: str, capturing: Capturing) -> None:
        """A client that is used after it was closed says so."""
        module = pytest.importorskip(library)
        http = module.Client()
        http.close()
        for mode in ("once", "none"):
            with (
                capturing(url, mode=mode) as cassette,
                pytest.raises(RuntimeError, match="client has been closed"),
            ):
                http.post(url, headers=HEADERS)
            assert cassette.refusals == []

    def test_read_twice(self, library: str, url: str, capturing: Capturing) -> None:
        """So does a stream that is read twice, or after it was closed."""
        module = pytest.importorskip(library)
        for mode in ("once", "none"):
            with (
                capturing(url, mode=mode) as cassette,
                module.Client() as http,
                http.stream("POST", url, headers=HEADERS) as response,
            ):
                assert len(list(response.iter_raw())) == 2
                with pytest.raises(module.StreamConsumed):
                    list(response.iter_raw())
            with pytest.raises(module.StreamConsumed):
                list(response.iter_raw())
            assert cassette.refusals == []

    def test_read_after_closing(self, library: str, url: str, capturing: Capturing) -> None:
        """Reading what was closed before is the library's own error."""
        module = pytest.importorskip(library)
        for mode in ("once", "none"):
            with capturing(url, mode=mode), module.Client() as http:
                with http.stream("POST", url, headers=HEADERS) as response:
                    pass
                with pytest.raises(module.StreamClosed):
                    response.read()


def test_many_threads_and_deaths(serve: Serve, capturing: Capturing) -> None:
    """Streams that live and die at the same time each replay their own end."""
    ends = {
        "lives": lambda c: c.last_chunk(),
        "dies": lambda _: None,
        "resets": lambda c: c.reset(),
    }

    def script(connection: Connection) -> None:
        _then(ends[connection.received.body.decode().split()[0]])(connection)

    url = serve(script)

    def ask(name: str, outcomes: dict[str, str]) -> None:
        try:
            with httpx.stream("POST", url, headers=HEADERS, content=name) as response:
                outcomes[name] = b"".join(response.iter_raw()).decode()
        except httpx.TransportError as error:
            outcomes[name] = type(error).__name__

    def ask_all() -> dict[str, str]:
        outcomes: dict[str, str] = {}
        names = [f"{end} {number}" for number in range(4) for end in ends]
        threads = [threading.Thread(target=ask, args=(name, outcomes)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return outcomes

    with capturing(url):
        live = ask_all()
    with capturing(url, mode="none"):
        replayed = ask_all()

    assert replayed == live
    assert set(live.values()) == {"data: café\n\n", "RemoteProtocolError", "ReadError"}
    assert len(live) == 12


class TooLateError(Exception):
    """What a handler of a signal raises, for instance pytest-timeout's."""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no such signals here")
@pytest.mark.parametrize("script", [_hang, _then(_hang)], ids=["no head", "stream"])
@pytest.mark.parametrize("library", ["httpx", "httpx2"])
def test_interrupted_from_outside(
    library: str, serve: Serve, capturing: Capturing, script: Script
) -> None:
    """A replay could not do the same, so the test fails, and says what can be recorded."""

    def raise_it(*_: object) -> None:
        raise TooLateError

    def interrupting(connection: Connection) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        script(connection)

    client = Client(pytest.importorskip(library), is_async=False)  # an event loop ends by it
    before = signal.signal(signal.SIGALRM, raise_it)
    try:
        with capturing(url := serve(interrupting)) as cassette, pytest.raises(TooLateError):
            client.collect(url, [], timeout=60)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    (refusal,) = cassette.refusals
    assert "was interrupted by a TooLateError, which is no error of the network" in str(refusal)


@pytest.mark.parametrize("script", [lambda end: end, _then], ids=["no head", "stream"])
def test_a_thread_that_still_waits_when_the_test_is_over(
    serve: Serve, capturing: Capturing, script: Callable[[Script], Script]
) -> None:
    """It does so again: on replay it is kept until then, and no more is said of it."""
    asked, over = threading.Event(), threading.Event()

    def wait(_: Connection) -> None:
        asked.set()
        over.wait(60)

    url = serve(script(wait))
    ended: list[str] = []

    def ask() -> None:
        try:
            Client(httpx, is_async=False).collect(url, [], timeout=60)
        except Exception as error:  # noqa: BLE001 - which it is is what is tested
            ended.append(type(error).__name__)

    for mode in ("once", "none"):
        thread = threading.Thread(target=ask)
        with capturing(url, mode=mode) as cassette:
            thread.start()
            while not (asked.is_set() if mode == "once" else cassette.play_count):
                time.sleep(0.01)
            time.sleep(0.1)  # until it waits
            assert thread.is_alive()
        over.set()
        thread.join()
        assert cassette.refusals == []
    assert ended == ["RemoteProtocolError", "TransportError"]


def test_the_key_is_not_in_the_message_of_an_error(
    serve: Serve, tmp_path: Path, capturing: Capturing
) -> None:
    """Where it cannot be sent, the library shows it, in a spelling of its own."""
    url = serve(_hang)
    with capturing(url), pytest.raises(httpx.LocalProtocolError):
        httpx.get(url, headers={"authorization": "Bearer zK4dummy\x00key1for2tests3only"})
    text = (tmp_path / "cassette.yaml").read_text("utf-8")
    assert "Illegal header value" in text
    assert "key1for2tests3only" not in text
