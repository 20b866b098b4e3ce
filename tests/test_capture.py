"""Capture at the transports: live while recording, and the same again on replay."""

import gc
import gzip
import json
import socket
import sys
import threading
import time
import weakref
import zlib
from collections.abc import Iterator
from pathlib import Path

import anyio
import anyio.lowlevel
import httpx
import pytest
import yaml
from libraries import HEADERS, KEY, Capturing, Client
from support import CHUNKED, SSE, Connection, Script, Serve, stream_of
from vcr.request import Request

from pytest_conversations.capture import Capture, Shape, _library
from pytest_conversations.cassette import ConversationCassette, Scrubber
from pytest_conversations.errors import CassetteError, UnrecordedRequestError

EVENTS = [b"event: a\nda", b'ta: {"x":"caf\xc3', b'\xa9"}\n\nevent: b\ndata: {}\n\n', b": end\r\n"]


@pytest.mark.parametrize("read", ["iter_raw", "iter_bytes", "iter_lines", "read"])
def test_replay_gives_the_chunks_of_the_recording(
    client: Client, serve: Serve, capturing: Capturing, read: str
) -> None:
    """What the caller reads on replay is what it read live, chunk by chunk, by any method."""
    url = serve(stream_of(*EVENTS, pause=0.005))
    untouched = client.post(url, {"n": 1}, read)
    with capturing(url):
        live = client.post(url, {"n": 1}, read)
    with capturing(url, mode="none"):
        replayed = client.post(url, {"n": 1}, read)
    assert untouched == live == replayed
    if read == "iter_raw":
        assert replayed == EVENTS


def test_chunks_arrive_while_they_are_recorded(
    client: Client, serve: Serve, capturing: Capturing
) -> None:
    """The caller has the first chunk before the server sends the second: nothing is buffered."""
    has_first = threading.Event()
    waited: list[bool] = []

    def script(connection: Connection) -> None:
        connection.head(SSE, CHUNKED)
        connection.chunk(b"data: 1\n\n")
        waited.append(has_first.wait(timeout=10))
        connection.chunk(b"data: 2\n\n")
        connection.last_chunk()

    url = serve(script)
    seen: list[object] = []
    with capturing(url) as cassette:
        client.collect(url, seen, on_first=has_first.set)
        (interaction,) = cassette.interactions
    assert waited == [True]
    assert seen == [b"data: 1\n\n", b"data: 2\n\n"]
    assert interaction.response["body"]["string"] == b"data: 1\n\ndata: 2\n\n"


def test_times_of_chunks_are_recorded(serve: Serve, capturing: Capturing) -> None:
    """The table holds the ms between chunks, as they were on the wire."""
    url = serve(stream_of(b"data: 1\n\n", b"data: 2\n\n", pause=0.05))
    with capturing(url) as cassette:
        Client(httpx, is_async=False).post(url)
        (interaction,) = cassette.interactions
    pairs = [pair.split("+") for pair in interaction.response["stream"]["chunks"].split()]
    assert [size for _, size in pairs] == ["9", "9"]
    assert all(45 <= int(ms) < 500 for ms, _ in pairs)


def test_a_body_that_cannot_be_decoded_replays_as_one(
    client: Client, serve: Serve, capturing: Capturing, tmp_path: Path
) -> None:
    """It fails for the caller as it did live, and what is stored is not hidden in the coding."""
    packed = gzip.compress(f"the key is {KEY}, ".encode() * 20)

    def script(connection: Connection) -> None:
        connection.head("Content-Type: text/plain", "Content-Encoding: gzip")
        connection.socket.sendall(packed[:-8] + b"\x00" * 8)  # a wrong checksum

    url = serve(script)
    for mode in ("once", "none"):
        with capturing(url, mode=mode), pytest.raises(client.library.DecodingError):
            client.post(url, read="read")
    assert b"H4sI" not in (tmp_path / "cassette.yaml").read_bytes()
    assert KEY.encode() not in (tmp_path / "cassette.yaml").read_bytes()


def test_other_origins_pass_untouched(
    client: Client, serve: Serve, capturing: Capturing, tmp_path: Path
) -> None:
    """Another port is another origin: its requests are neither recorded nor refused."""
    url = serve(stream_of(b"live"))
    with capturing("http://127.0.0.1:1", mode="none") as cassette:
        assert client.post(url) == [b"live"]
        assert not cassette.interactions
    assert not (tmp_path / "cassette.yaml").exists()


def test_requests_go_to_another_server_and_keep_their_url(
    client: Client, serve: Serve, capturing: Capturing, tmp_path: Path
) -> None:
    """`send_to` changes where a request goes, and its Host header; the cassette has neither."""
    hosts: list[str] = []

    def script(connection: Connection) -> None:
        hosts.append(connection.received.headers["host"])
        stream_of(connection.received.target.encode())(connection)

    server = serve(script)
    url = "https://api.example.test/v1/conversations?a=1"
    with capturing(url, send_to=server):
        assert client.post(url) == [b"/v1/conversations?a=1"]
    assert hosts == [server.removeprefix("http://")]
    text = (tmp_path / "cassette.yaml").read_text(encoding="utf-8")
    assert f"uri: {url}" in text
    assert "127.0.0.1" not in text


def test_user_and_password_of_a_url_are_not_in_it(
    client: Client, serve: Serve, capturing: Capturing, tmp_path: Path
) -> None:
    """They went into the Authorization header; replay needs none, or others."""
    url = serve(stream_of(b"data: 1\n\n"))
    with capturing(url):
        client.post(url.replace("://", "://ada:correct-horse@"))
    text = (tmp_path / "cassette.yaml").read_text(encoding="utf-8")
    assert f"uri: {url}\n" in text
    assert "correct-horse" not in text
    with capturing(url, mode="none"):
        assert client.post(url) == [b"data: 1\n\n"]


def test_the_same_request_twice_is_recorded_and_replayed_in_order(
    client: Client, serve: Serve, capturing: Capturing
) -> None:
    """Equal requests play in recorded order, and a third one is refused."""
    count = iter(range(9))

    def script(connection: Connection) -> None:
        stream_of(b"%d" % next(count))(connection)

    url = serve(script)
    with capturing(url):
        assert [client.post(url), client.post(url)] == [[b"0"], [b"1"]]
    with capturing(url, mode="none"):
        assert [client.post(url), client.post(url)] == [[b"0"], [b"1"]]
        with pytest.raises(
            UnrecordedRequestError, match=r"interactions 1, 2, which were played already"
        ):
            client.post(url)


def test_concurrent_requests_each_get_their_own_answer(serve: Serve, capturing: Capturing) -> None:
    """Eight threads with eight prompts: all recorded, in the order sent, all replayed right."""

    def script(connection: Connection) -> None:
        time.sleep(0.02)
        stream_of(connection.received.body)(connection)

    url = serve(script)
    client = Client(httpx, is_async=False)

    def ask_all() -> dict[int, list[object]]:
        answers: dict[int, list[object]] = {}

        def ask(n: int) -> None:
            answers[n] = client.post(url, {"inputs": n})

        threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return answers

    with capturing(url):
        live = ask_all()
    with capturing(url, mode="none") as cassette:
        assert ask_all() == live
        assert cassette.all_played
    assert live == {n: [b'{"inputs":%d}' % n] for n in range(8)}


@pytest.fixture
def _one_library(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(sys.modules, "httpx", pytest.importorskip("httpx2"))
    _library.installed.cache_clear()
    yield
    _library.installed.cache_clear()


@pytest.mark.usefixtures("_one_library")
def test_one_library_under_both_names_is_captured_once(serve: Serve, capturing: Capturing) -> None:
    """As `httpx2.alias_httpx` makes it: each answer is recorded once, and comes in its turn."""
    count = iter(range(9))

    def script(connection: Connection) -> None:
        stream_of(b"%d" % next(count))(connection)

    url = serve(script)
    client = Client(pytest.importorskip("httpx2"), is_async=False)
    for mode in ("once", "none"):
        with capturing(url, mode=mode) as cassette:
            assert [client.post(url) for _ in range(2)] == [[b"0"], [b"1"]]
            assert len(cassette.interactions) == 2


@pytest.mark.parametrize("headers", [{}, {"Authorization": ""}])
def test_recording_without_a_key_is_refused(
    capturing: Capturing, tmp_path: Path, headers: dict[str, str]
) -> None:
    """The error says which variable to set; nothing is sent or written."""
    url = "http://127.0.0.1:1"
    with (
        capturing(url, keyed=(url,)) as cassette,
        pytest.raises(CassetteError, match="Set the environment variable MISTRAL_API_KEY"),
    ):
        httpx.get(url, headers=headers)
    assert len(cassette.refusals) == 1
    assert not (tmp_path / "cassette.yaml").exists()


def test_an_api_that_needs_no_key_is_recorded(
    client: Client, serve: Serve, capturing: Capturing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a gateway that has the key itself, or knows its clients by their certificates."""
    monkeypatch.delitem(HEADERS, "authorization")
    url = serve(stream_of(b"data: 1\n\n"))
    for mode in ("once", "none"):
        with capturing(url, mode=mode, keyed=("https://api.mistral.ai",)):
            assert client.post(url) == [b"data: 1\n\n"]


def test_a_generated_body_is_sent_once(client: Client, serve: Serve, capturing: Capturing) -> None:
    """When a redirect asks for it again it is gone, as it is without us."""
    came: list[bytes] = []

    def script(connection: Connection) -> None:
        body, more = connection.received.body, b"-"
        while more and not body.endswith(b"\r\n0\r\n\r\n"):
            body += (more := connection.socket.recv(65536))
        came.append(body)
        if connection.received.target == "/moved":
            connection.head("Location: /", "Content-Length: 0", status="307 Temporary Redirect")
        else:
            connection.head("Content-Length: 0")

    url = serve(script)
    with pytest.raises(client.library.StreamConsumed):
        client.upload(f"{url}/moved", b"ab", b"c")
    for mode in ("once", "none"):
        with capturing(url, mode=mode):
            assert client.upload(f"{url}/there", b"ab", b"c") == 200
            with pytest.raises(client.library.StreamConsumed):
                client.upload(f"{url}/moved", b"ab", b"c")
    # Without us the one for the new place comes without a body, some time.
    assert [body for body in came if body][-2:] == [b"3\r\nabc\r\n0\r\n\r\n"] * 2


def test_hooks_may_leave_a_request_alone(serve: Serve, tmp_path: Path) -> None:
    """Vcrpy's hook: None in place of a request sends it on, neither recorded nor refused."""
    url = serve(stream_of(b"live"))
    cassette = ConversationCassette(
        str(tmp_path / "cassette.yaml"),
        mode="none",
        scrubber=Scrubber({}),
        before_record_request=lambda request: None if "skip" in request.uri else request,
    )
    with Capture(cassette, [url]).installed():
        assert httpx.post(f"{url}/skip", headers=HEADERS).content == b"live"
        with pytest.raises(UnrecordedRequestError):
            httpx.post(f"{url}/other", headers=HEADERS)


def test_a_hook_that_fails(serve: Serve, tmp_path: Path) -> None:
    """An app that goes on without the API hides nothing: the request is refused."""
    url = serve(stream_of(b"live"))

    def hook(request: Request) -> Request:
        raise KeyError(request.headers["nowhere"])

    cassette = ConversationCassette(
        str(tmp_path / "cassette.yaml"),
        mode="once",
        scrubber=Scrubber({}),
        before_record_request=hook,
    )
    with Capture(cassette, [url]).installed(), pytest.raises(CassetteError) as refused:
        httpx.post(url, headers=HEADERS)
    assert "KeyError was raised" in str(refused.value)
    assert isinstance(refused.value.__cause__, KeyError)
    assert cassette.refusals == [refused.value]


@pytest.mark.parametrize("name", ["Authorization", "Proxy-Authorization", "X-Auth-Token"])
@pytest.mark.parametrize("value", ["", ","])
def test_a_credential_that_is_empty(
    serve: Serve, capturing: Capturing, name: str, value: str
) -> None:
    """As of a variable that is not set."""
    url = serve(stream_of(b"live"))
    for mode in ("once", "none"):
        with capturing(url, mode=mode):
            assert httpx.post(url, headers={"x-api-key": KEY, name: value}).content == b"live"


def test_two_set_cookie_headers_stay_two(serve: Serve, capturing: Capturing) -> None:
    """Headers keep their number and order, and values that no text encoding would survive."""

    def script(connection: Connection) -> None:
        connection.head(
            "Set-Cookie: a=1", "Set-Cookie: b=2", "Server: caf\xe9", "Content-Length: 0"
        )

    url = serve(script)
    with capturing(url):
        live = httpx.post(url, headers=HEADERS)
    with capturing(url, mode="none"):
        replayed = httpx.post(url, headers=HEADERS)
    assert replayed.headers.get_list("set-cookie") == ["<SET-COOKIE>"] * 2
    assert replayed.headers["server"] == live.headers["server"]


def test_another_patch_over_ours_may_be_undone_later(
    capturing: Capturing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As another plugin does: what it puts back then is ours, which does no more."""
    patched: list[tuple[type, str]] = [
        (httpx.HTTPTransport, "handle_request"),
        (socket.socket, "connect"),
    ]
    before = [getattr(*each) for each in patched]
    for owner, name in patched:
        monkeypatch.setattr(
            owner, name, getattr(owner, name)
        )  # so that after this test it is as it was
    with pytest.MonkeyPatch.context() as other:
        with capturing("http://127.0.0.1:1", mode="none"):
            for owner, name in patched:
                other.setattr(owner, name, lambda *_: None)
        assert httpx.HTTPTransport.handle_request(None, None) is None  # type: ignore[arg-type]

    assert all(getattr(*each) is not old for each, old in zip(patched, before, strict=True))
    with pytest.raises(httpx.ConnectError):
        httpx.get("http://127.0.0.1:1")


def test_the_transports_are_put_back(capturing: Capturing) -> None:
    """After the test nothing of the capture is left in the libraries."""
    before = (httpx.HTTPTransport.handle_request, httpx.AsyncHTTPTransport.handle_async_request)
    with capturing("http://127.0.0.1:1", mode="none"):
        assert httpx.HTTPTransport.handle_request is not before[0]
    after = (httpx.HTTPTransport.handle_request, httpx.AsyncHTTPTransport.handle_async_request)
    assert after == before


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "ALL_PROXY"])
@pytest.mark.parametrize("use", ["alone", "as the hook's"])
def test_a_proxy_sees_nothing_of_what_goes_elsewhere(
    client: Client,
    serve: Serve,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    use: str,
) -> None:
    """What is sent to another server instead goes there, and not to the proxy of the API."""
    proxied: list[str] = []
    asked: list[str] = []

    def noting(seen: list[str]) -> Script:
        def script(connection: Connection) -> None:
            seen.append(connection.received.target)
            connection.head("Content-Length: 2")
            connection.socket.sendall(b"ok")

        return script

    monkeypatch.setenv(variable, serve(noting(proxied)))
    cassette = ConversationCassette(
        str(tmp_path / "cassette.yaml"),
        mode="once",
        scrubber=Scrubber({}),
        before_record_request=None if use == "alone" else lambda _: None,
    )
    capture = Capture(cassette, ["https://api.mistral.ai"], send_to=serve(noting(asked)))
    with capture.installed():
        assert client.post("https://api.mistral.ai/v1/x") == [b"ok"]
    assert (proxied, asked) == ([], ["/v1/x"])


@pytest.mark.parametrize("library", ["httpx", "httpx2"])
def test_a_response_is_let_go(library: str, serve: Serve, capturing: Capturing) -> None:
    """What the app has let go is not kept until the end of the test; it may be large."""
    module = pytest.importorskip(library)
    url = serve(stream_of(b"data: 1\n\n", b"data: 2\n\n"))
    with capturing(url), module.Client() as http:
        response = http.get(url, headers=HEADERS)
        seen = weakref.ref(response)
        del response
        gc.collect()
        assert seen() is None


@pytest.mark.parametrize("pace", [0.0, 0.1])
@pytest.mark.parametrize("library", ["httpx", "httpx2"])
@pytest.mark.anyio
async def test_a_replayed_stream_is_read_once(
    library: str, pace: float, serve: Serve, capturing: Capturing
) -> None:
    """Below the response, too, where nobody else looks: what is gone is not taken for the end."""
    module = pytest.importorskip(library)
    url = serve(stream_of(b"data: 1\n\n", b"data: 2\n\n"))
    with capturing(url):
        module.get(url, headers=HEADERS)
        module.get(url, headers=HEADERS)
    with capturing(url, mode="none", shape=Shape(pace=pace)), module.Client() as http:
        response = http.send(http.build_request("GET", url), stream=True)
        assert next(iter(response.stream)) == b"data: 1\n\n"
        with pytest.raises(module.StreamConsumed):
            list(response.stream)
        async with module.AsyncClient() as other:
            response = await other.send(other.build_request("GET", url), stream=True)
            assert [each async for each in response.stream] == [b"data: 1\n\n", b"data: 2\n\n"]
            with pytest.raises(module.StreamConsumed):
                await anext(aiter(response.stream))


@pytest.mark.parametrize("library", ["httpx", "httpx2"])
@pytest.mark.anyio
async def test_a_reply_without_a_body_can_be_cancelled(
    library: str, serve: Serve, capturing: Capturing
) -> None:
    """It comes at once, but not before the event loop had its turn, as by the network."""
    module = pytest.importorskip(library)
    url = serve(lambda connection: connection.head(status="204 No Content"))
    with capturing(url):
        module.get(url, headers=HEADERS)
    with capturing(url, mode="none"):
        async with module.AsyncClient() as http:
            with anyio.CancelScope() as scope:
                scope.cancel()
                await http.get(url)
    assert scope.cancelled_caught


def _no_more(connection: Connection) -> None:
    if connection.received.method == "GET":
        connection.head("Content-Length: 5")
        connection.socket.sendall(b"12345")
    elif connection.received.method == "HEAD":
        connection.head("Content-Length: 5")
    else:
        connection.head(status="204 No Content")


@pytest.mark.parametrize("method", ["DELETE", "HEAD", "GET"])
def test_a_body_that_has_no_more_is_whole(method: str, serve: Serve, capturing: Capturing) -> None:
    """Whoever closes the response then has not closed it early."""
    url = serve(_no_more)
    with capturing(url), httpx.Client() as http, http.stream(method, url, headers=HEADERS) as live:
        if method == "GET":
            next(live.iter_raw())
    with capturing(url, mode="none"):
        assert httpx.request(method, url).content == (b"12345" if method == "GET" else b"")


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_compressed_request_is_stored_decoded(
    client: Client, serve: Serve, capturing: Capturing, tmp_path: Path, coding: str
) -> None:
    """So that people can read it, and no secret hides in it; it goes out as it was made."""
    received: list[bytes] = []
    text = json.dumps({"inputs": f"my key is {KEY}"}).encode()
    packed = gzip.compress(text) if coding == "gzip" else zlib.compress(text)

    def script(connection: Connection) -> None:
        received.append(connection.received.body)
        connection.head("Content-Length: 0")

    url = serve(script)
    headers = {**HEADERS, "content-encoding": coding}
    for mode in ("once", "none"):
        with capturing(url, mode=mode):
            assert client.library.post(url, content=packed, headers=headers).is_success
    assert received == [packed]
    (interaction,) = yaml.safe_load((tmp_path / "cassette.yaml").read_text("utf-8"))["interactions"]
    assert json.loads(interaction["request"]["body"]) == {"inputs": "my key is <MISTRAL_API_KEY>"}
    assert "content-encoding" not in interaction["request"]["headers"]


def test_a_cookie_is_taken_out_where_it_is_repeated(
    serve: Serve, capturing: Capturing, tmp_path: Path
) -> None:
    """Not from its header alone."""

    def script(connection: Connection) -> None:
        body = connection.received.headers["cookie"].encode()
        connection.head(f"Content-Length: {len(body)}")
        connection.socket.sendall(body)

    url = serve(script)
    with capturing(url), httpx.Client(cookies={"session": "a1b2c3d4e5f6g7h8"}) as http:
        http.post(url, headers=HEADERS)
    text = (tmp_path / "cassette.yaml").read_text("utf-8")
    assert "a1b2c3d4e5f6g7h8" not in text
    assert "session=<COOKIE>" in text
