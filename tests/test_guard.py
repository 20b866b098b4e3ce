"""Clients that cannot be captured never get to the API while it is replayed."""

import asyncio
import contextlib
import http.client
import inspect
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import aiohttp
import httpcore
import httpx
import pytest
import requests
from libraries import HEADERS, Capturing
from support import Connection, Serve

from pytest_conversations.errors import UnrecordedRequestError

API = "https://api.mistral.ai"


def _requests(url: str) -> None:
    requests.get(url, timeout=5)


def _requests_retrying(url: str) -> None:
    with requests.Session() as session:
        retrying = requests.adapters.HTTPAdapter(max_retries=2)
        session.mount(url, retrying)
        session.get(url, timeout=5)


def _urllib(url: str) -> None:
    urllib.request.urlopen(url, timeout=5).close()  # noqa: S310 - of this test's own server


def _http_client(url: str) -> None:
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=5)
    with contextlib.closing(connection):
        connection.request("GET", "/")


def _socket(url: str) -> None:
    parts = urlsplit(url)
    default = 443 if parts.scheme == "https" else 80
    socket.create_connection((parts.hostname, parts.port or default), timeout=5).close()


def _socket_by_service(url: str) -> None:
    parts = urlsplit(url)
    socket.getaddrinfo(parts.hostname, parts.port or parts.scheme)


def _socket_without_name(url: str) -> None:
    parts = urlsplit(url)
    address = socket.gethostbyname(parts.hostname or "")
    with socket.socket() as made:
        made.connect_ex((address, parts.port or 443))


def _aiohttp(url: str) -> None:
    async def get() -> None:
        async with aiohttp.ClientSession() as session, session.get(url):
            pass

    asyncio.run(get())


def _aiohttp_by_proxy(url: str) -> None:
    async def get() -> None:
        proxy = "http://127.0.0.1:9"
        async with aiohttp.ClientSession() as session, session.get(url, proxy=proxy):
            pass

    asyncio.run(get())


def _requests_by_proxy(url: str) -> None:
    proxies = dict.fromkeys(("http", "https"), "http://127.0.0.1:9")
    requests.get(url, timeout=5, proxies=proxies)


def _urllib_by_proxy(url: str) -> None:
    proxies = dict.fromkeys(("http", "https"), "http://127.0.0.1:9")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler(proxies))
    opener.open(url, timeout=5).close()


def _httpcore(url: str) -> None:
    with httpcore.ConnectionPool() as pool:
        pool.request("GET", url)


def _httpcore_by_proxy(url: str) -> None:
    with httpcore.HTTPProxy("http://127.0.0.1:9") as pool:
        pool.request("GET", url)


def _httpcore2_by_proxy(url: str) -> None:
    with pytest.importorskip("httpcore2").HTTPProxy("http://127.0.0.1:9") as pool:
        pool.request("GET", url)


def _httpcore_async_by_proxy(url: str) -> None:
    async def get() -> None:
        async with httpcore.AsyncHTTPProxy("http://127.0.0.1:9") as pool:
            await pool.request("GET", url)

    asyncio.run(get())


def _asyncio(url: str) -> None:
    async def connect() -> None:
        parts = urlsplit(url)
        _, writer = await asyncio.open_connection(parts.hostname, parts.port or 443)
        writer.close()
        await writer.wait_closed()

    asyncio.run(connect())


UNCAPTURED = [
    _requests,
    _requests_retrying,
    _urllib,
    _http_client,
    _socket,
    _socket_by_service,
    _socket_without_name,
    _aiohttp,
    _httpcore,
    _asyncio,
]
# These need a server that is a proxy, so they are not tried where they may pass.
PROXIED = [
    _aiohttp_by_proxy,
    _requests_by_proxy,
    _urllib_by_proxy,
    _httpcore_by_proxy,
    _httpcore2_by_proxy,
    _httpcore_async_by_proxy,
]

Get = Callable[[str], None]


@pytest.fixture
def served(serve: Serve) -> tuple[str, list[str]]:
    """A server, and the requests that came to it."""
    came: list[str] = []

    def script(connection: Connection) -> None:
        came.append(connection.received.target)
        connection.head("Content-Length: 0")

    return serve(script), came


@pytest.mark.parametrize("get", [*UNCAPTURED, *PROXIED])
@pytest.mark.parametrize("url", [API, "own"])
def test_refused_on_replay(
    capturing: Capturing, served: tuple[str, list[str]], get: Get, url: str
) -> None:
    """The error tells which clients are captured; nothing leaves the process."""
    server, came = served
    origin = server if url == "own" else url

    with (
        capturing(origin, mode="none") as cassette,
        pytest.raises(UnrecordedRequestError) as refused,
    ):
        get(origin)

    assert cassette.refusals == [refused.value] * len(cassette.refusals) != []
    assert f"about to go to {origin}," in str(refused.value)
    assert "Captured are httpx and httpx2" in str(refused.value)
    assert came == []


@pytest.mark.parametrize("get", UNCAPTURED)
def test_others_are_left_alone(
    capturing: Capturing, served: tuple[str, list[str]], get: Get
) -> None:
    """Another host, or another port of the same, is not the API."""
    server, _ = served
    with capturing(API, mode="none") as cassette:
        get(server)
    with capturing("http://localhost:1", mode="none") as cassette:
        get(server)
    assert cassette.refusals == []


@pytest.mark.parametrize("get", UNCAPTURED)
def test_warned_of_while_recording(
    capturing: Capturing, served: tuple[str, list[str]], get: Get
) -> None:
    """It does its work, and the developer is told, before a replay tells."""
    server, _ = served
    with (
        capturing(server) as cassette,
        pytest.warns(UserWarning, match="is not in the cassette, and will fail on replay"),
    ):
        get(server)
    assert cassette.refusals == []


def test_a_captured_client_is_not_warned_of(
    capturing: Capturing, served: tuple[str, list[str]]
) -> None:
    """Its own connections are expected, live and where it goes elsewhere."""
    server, came = served
    with capturing(server):
        httpx.get(server, headers=HEADERS)
    with capturing(API, send_to=server, mode="rewrite"):
        httpx.get(API, headers=HEADERS)
    assert came == ["/", "/"]


def test_only_the_request_that_is_captured_is_expected(serve: Serve, capturing: Capturing) -> None:
    """A client that is not captured does not slip by while another request waits for its head."""
    waiting, may_answer = threading.Event(), threading.Event()

    def script(connection: Connection) -> None:
        if connection.received.target == "/slow":
            waiting.set()
            may_answer.wait(10)
        connection.head("Content-Length: 0")

    server = serve(script)
    with capturing(server), ThreadPoolExecutor(1) as pool:
        slow = pool.submit(httpx.get, f"{server}/slow", headers=HEADERS)
        waiting.wait(10)
        with pytest.warns(UserWarning, match="is not captured goes to"):
            _urllib(server)
        may_answer.set()
        slow.result()


def test_an_api_without_tls_is_the_api(capturing: Capturing) -> None:
    """Who leaves the `s` out of `https` would send the key in the clear."""
    with capturing(API, mode="none"):
        for get in (_requests, _urllib, httpx.get):
            with pytest.raises(UnrecordedRequestError, match=r"to http.*://api\.mistral\.ai,"):
                get("http://api.mistral.ai/")


@pytest.mark.parametrize(
    ("origin", "asked"),
    [(API, "http://api.mistral.ai"), ("http://api.mistral.ai", API)],
)
@pytest.mark.parametrize("get", [_requests, _urllib, httpx.get])
def test_the_origin_of_the_other_scheme(
    capturing: Capturing, origin: str, asked: str, get: Get
) -> None:
    """What is told is the URL that was asked for, and which one of that host is captured."""
    with (
        capturing(origin, mode="none") as cassette,
        pytest.raises(UnrecordedRequestError) as refused,
    ):
        get(f"{asked}/v1/conversations")
    assert cassette.refusals == [refused.value] * len(cassette.refusals) != []
    told = str(refused.value)
    assert told.startswith(f"A client was about to go to {asked}, while this test replays;")
    assert f"Of that host {origin} is captured, which is another origin" in told
    assert "Captured are httpx" not in told


@pytest.mark.parametrize("asked", [API, "http://api.mistral.ai"])
def test_where_both_schemes_are_captured(capturing: Capturing, asked: str) -> None:
    """Each is itself, and the client is what is not captured."""
    with (
        capturing(API, mode="none", more=("http://api.mistral.ai",)),
        pytest.raises(UnrecordedRequestError, match=f"is not captured was about to go to {asked},"),
    ):
        _urllib(asked)


def test_the_other_scheme_is_warned_of_while_recording(
    capturing: Capturing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the same words; that it goes there is what the test is to find out."""
    monkeypatch.setattr(socket.socket, "connect", lambda *_: None)
    with (
        capturing(API),
        socket.socket() as made,
        pytest.warns(
            UserWarning,
            match="^A client goes to http://api.mistral.ai while.* will fail on replay. "
            "Of that host https://api.mistral.ai is captured",
        ),
    ):
        made.connect(("api.mistral.ai", 80))


def test_this_machine_has_several_names(
    capturing: Capturing, served: tuple[str, list[str]]
) -> None:
    """They are one origin, for captured clients as well."""
    server, came = served
    with capturing(server):
        for name in ("localhost", "127.0.0.1"):
            httpx.get(server.replace("127.0.0.1", name), headers=HEADERS)
    with capturing(server, mode="none"):
        for name in ("127.0.0.1", "localhost."):
            assert httpx.get(server.replace("127.0.0.1", name)).is_success
    assert len(came) == 2


def test_a_tunnel_to_a_bare_address(capturing: Capturing) -> None:
    """One that no URL can hold is none of the API's."""
    with capturing(API, mode="none"):
        http.client.HTTPConnection("127.0.0.1", 9).set_tunnel("fe80::1", 443)


def test_a_connection_that_was_open_before(
    capturing: Capturing, served: tuple[str, list[str]]
) -> None:
    """A session that keeps its connection is stopped at its next request."""
    server, came = served
    parts = urlsplit(server)
    with contextlib.closing(http.client.HTTPConnection(parts.hostname or "", parts.port)) as kept:
        kept.connect()
        with capturing(server, mode="none"), pytest.raises(UnrecordedRequestError):
            kept.request("GET", "/")
    assert came == []


@pytest.mark.parametrize("name", ["httpcore", "httpcore2"])
def test_a_pool_that_was_open_before(capturing: Capturing, name: str) -> None:
    """What stands on the library below httpx is stopped as well, and sends on nothing it kept."""
    came: list[bytes] = []

    def answer(listener: socket.socket) -> None:
        accepted, _ = listener.accept()
        with accepted:
            while data := accepted.recv(65536):
                came.append(data)
                accepted.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    module = pytest.importorskip(name)
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as threads:
        threads.submit(answer, listener)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with module.ConnectionPool() as pool:
            pool.request("GET", url)
            with capturing(url, mode="none"), pytest.raises(UnrecordedRequestError):
                pool.request("GET", url)
            with capturing("https://api.example.test", mode="none"):
                pool.request("GET", url)
    assert len(came) == 2


def test_guards_do_not_pile_up(capturing: Capturing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the patch of another, of a longer-lived fixture, puts back one that has ended."""
    monkeypatch.setattr(socket, "gethostbyname", lambda _: len(inspect.stack(0)))
    depths = []
    for _ in range(3):
        with pytest.MonkeyPatch.context() as other, capturing(API, mode="none"):
            other.setattr(socket, "gethostbyname", socket.gethostbyname)
        depths.append(socket.gethostbyname("example.test"))
    assert depths[0] == depths[1] == depths[2]


LATE = """
from pytest_conversations.capture import Capture
from pytest_conversations.cassette import ConversationCassette, Scrubber

cassette = ConversationCassette("none.yaml", mode="none", scrubber=Scrubber({}))
with Capture(cassette, ["https://api.mistral.ai"]).installed():
    import httpcore

    httpcore.HTTPProxy("http://127.0.0.1:9").request("GET", "https://api.mistral.ai")
"""


def test_a_pool_that_is_imported_late() -> None:
    """An app may do so in its first request, behind its proxy."""
    command = [sys.executable, "-c", LATE]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
    assert "UnrecordedRequestError: A client that is not captured was about to" in done.stderr


def test_strange_targets_pass(capturing: Capturing, served: tuple[str, list[str]]) -> None:
    """What is no URL, or looks like one of another host, is sent as it is to where it goes."""
    server, came = served
    parts = urlsplit(server)
    targets = ["//api.mistral.ai/", "x://[", "*", "http://api.example.test/"]
    with capturing(API, mode="none") as cassette:
        for target in targets:
            made = http.client.HTTPConnection(parts.hostname or "", parts.port)
            with contextlib.closing(made):
                made.request("GET", target)
                made.getresponse()
    assert cassette.refusals == []
    assert came == targets


def test_other_spellings_of_a_host(capturing: Capturing) -> None:
    """Names have no case, may end in a dot, and may be bytes."""
    with capturing(API, mode="none"):
        for name in ("API.mistral.AI", "api.mistral.ai.", b"api.mistral.ai"):
            with pytest.raises(UnrecordedRequestError):
                socket.getaddrinfo(name, b"443")
            with pytest.raises(UnrecordedRequestError):
                socket.getaddrinfo(name, None)


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no such sockets here")
def test_other_kinds_of_sockets(capturing: Capturing, served: tuple[str, list[str]]) -> None:
    """A socket that is a file, or a datagram that goes to another host, passes."""
    with capturing(API, mode="none") as cassette:
        with socket.socket(socket.AF_UNIX) as unix, pytest.raises(FileNotFoundError):
            unix.connect("/no/such/socket")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
            datagrams.connect(("127.0.0.1", 9))
    assert cassette.refusals == []
    assert served
