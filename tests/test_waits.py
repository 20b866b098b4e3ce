"""What a client waits for before it tries again, it does not wait for on replay."""

import asyncio
import contextlib
import importlib
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import pytest
from clients import KINDS
from libraries import KEY, Capturing
from support import Connection, Serve

import pytest_conversations
from pytest_conversations import (
    AsyncConversationsClient,
    BackoffStrategy,
    ConversationsClient,
    RetryConfig,
)
from pytest_conversations._lifecycle import WAITING
from pytest_conversations.capture import Shape

AN_HOUR = 3600


class Asker:
    """A client that tries again, ours or the official SDK's, sync or async."""

    def __init__(self, library: str, *, is_async: bool) -> None:
        self.is_async = is_async
        self.passes_resets_on = False
        if library == "ours":
            self.library: Any = pytest_conversations
        else:
            sdk = pytest.importorskip("mistralai")
            # Newer versions have the class in a package beside.
            home = "mistralai" if hasattr(sdk, "Mistral") else "mistralai.client"
            self._sdk: Any = importlib.import_module(home).Mistral
            self.library = importlib.import_module(f"{home}.utils")
            self.passes_resets_on = home == "mistralai"  # the old version tries ConnectError alone

    def ask(self, url: str, pages: int = 1, patience_ms: int = 2 * AN_HOUR * 1000) -> list[str]:
        """Ask for so many pages of conversations at once; gives what became of each.

        Args:
            url: of the server.
            pages: how many.
            patience_ms: after how long it gives up.
        """
        backoff = self.library.BackoffStrategy(20, 60, 1.5, patience_ms)
        config = self.library.RetryConfig("backoff", backoff, retry_connection_errors=True)
        if self.is_async:

            async def ask_all() -> list[str]:
                async with contextlib.AsyncExitStack() as stack:
                    fetch = await self._open_async(url, config, stack)
                    return list(await asyncio.gather(*map(fetch, range(pages))))

            return asyncio.run(ask_all())
        with contextlib.ExitStack() as stack, ThreadPoolExecutor(pages) as pool:
            return list(pool.map(self._open(url, config, stack), range(pages)))

    def _open(
        self, url: str, config: RetryConfig, stack: contextlib.ExitStack
    ) -> Callable[[int], str]:
        if self.library is pytest_conversations:
            client: Any = ConversationsClient(KEY, server_url=url, retry_config=config)
            conversations = stack.enter_context(client)
        else:
            client = self._sdk(api_key=KEY, server_url=url, retry_config=config)
            conversations = stack.enter_context(client).beta.conversations

        def fetch(page: int) -> str:
            try:
                return str(conversations.list(page=page))
            except Exception as error:  # noqa: BLE001 - whatever it is, it has to be the same
                return type(error).__name__

        return fetch

    async def _open_async(
        self, url: str, config: RetryConfig, stack: contextlib.AsyncExitStack
    ) -> Callable[[int], Any]:
        if self.library is pytest_conversations:
            client: Any = AsyncConversationsClient(KEY, server_url=url, retry_config=config)
            fetch_page = (await stack.enter_async_context(client)).list
        else:
            client = self._sdk(api_key=KEY, server_url=url, retry_config=config)
            fetch_page = (await stack.enter_async_context(client)).beta.conversations.list_async

        async def fetch(page: int) -> str:
            try:
                return str(await fetch_page(page=page))
            except Exception as error:  # noqa: BLE001 - whatever it is, it has to be the same
                return type(error).__name__

        return fetch


@pytest.fixture(params=[f"{library}-{kind}" for library in ("ours", "sdk") for kind in KINDS])
def asker(request: pytest.FixtureRequest) -> Asker:
    """A client of each kind, in turn."""
    library, _, kind = request.param.partition("-")
    return Asker(library, is_async=kind == "async")


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The sleeps, in s, that are too long for a test; none of them is slept."""
    asked: list[float] = []

    def noting(sleep: Callable[..., Any]) -> Callable[..., Any]:
        def noted(seconds: float, *args: object) -> object:
            if seconds < 100:
                return sleep(seconds, *args)
            asked.append(seconds)
            return sleep(0)

        return noted

    for module in (time, anyio, asyncio):
        monkeypatch.setattr(module, "sleep", noting(module.sleep))
    return asked


def _busy_once(connection: Connection) -> None:
    connection.head(f"Retry-After: {AN_HOUR}", "Content-Length: 0", status="429 Too Many Requests")


def _busy_at_once(connection: Connection) -> None:
    connection.head("Content-Length: 0", status="503 Service Unavailable")


def _first(script: Callable[[Connection], None], times: int = 1) -> Callable[[Connection], None]:
    """Answers by a script so many times, then with an empty page."""
    left = iter(range(times))

    def answer(connection: Connection) -> None:
        if next(left, None) is not None:
            script(connection)
        else:
            connection.head("Content-Type: application/json", "Content-Length: 2")
            connection.socket.sendall(b"[]")

    return answer


@pytest.mark.parametrize(("pace", "waits"), [(0.0, []), (0.5, [AN_HOUR / 2]), (1.0, [AN_HOUR])])
def test_retry_after(
    serve: Serve,
    capturing: Capturing,
    asker: Asker,
    slept: list[float],
    pace: float,
    waits: list[float],
) -> None:
    """It is waited for at the pace that the test asked for, which is none by default."""
    url = serve(_first(_busy_once))
    with capturing(url, waiting=WAITING):
        assert asker.ask(url) == ["[]"]
    assert slept == [AN_HOUR]
    slept.clear()

    with capturing(url, mode="none", shape=Shape(pace=pace), waiting=WAITING) as cassette:
        assert asker.ask(url) == ["[]"]

    assert slept == waits
    assert cassette.all_played


def test_a_connection_that_failed(serve: Serve, capturing: Capturing, asker: Asker) -> None:
    """It is tried again, as it was."""
    url = serve(_first(lambda connection: connection.reset(), times=2))
    with capturing(url, waiting=WAITING):
        seen = asker.ask(url)
    assert seen == (["ReadError"] if asker.passes_resets_on else ["[]"])

    with capturing(url, mode="none", waiting=WAITING) as cassette:
        assert asker.ask(url) == seen
    assert cassette.all_played


@pytest.mark.parametrize("pace", [0.0, 0.1, 1.0])
def test_giving_up(serve: Serve, capturing: Capturing, asker: Asker, pace: float) -> None:
    """By the clock, and with waits that chance makes, yet after as many tries as it was then.

    And at the same time each request for itself: what is over for one goes on for another.
    """
    left = {0: 1000, 1: 1, 2: 2}

    def busy(connection: Connection) -> None:
        query = parse_qs(urlsplit(connection.received.target).query)
        page = int(query.get("page", ["0"])[0])
        left[page] -= 1
        if left[page] >= 0:
            _busy_at_once(connection)
        else:
            _first(_busy_once, times=0)(connection)

    url = serve(busy)
    with capturing(url, waiting=WAITING):
        seen = asker.ask(url, pages=3, patience_ms=1000)
    assert seen == ["SDKError", "[]", "[]"]

    with capturing(url, mode="none", shape=Shape(pace=pace), waiting=WAITING) as cassette:
        assert asker.ask(url, pages=3, patience_ms=1000) == seen
    assert cassette.refusals == []
    assert cassette.all_played
    assert cassette.play_count > 2 + 2 + 3


@pytest.mark.parametrize("status", ["307 Temporary Redirect", "301 Moved Permanently"])
@pytest.mark.usefixtures("slept")
def test_redirects_on_the_way(
    serve: Serve, capturing: Capturing, asker: Asker, status: str
) -> None:
    """The HTTP library follows them within one attempt, after which the client waits as it did."""
    answer = _first(_busy_once)

    def script(connection: Connection) -> None:
        if "moved" in connection.received.target:
            answer(connection)
        else:
            connection.head("Location: /moved", "Content-Length: 0", status=status)

    url = serve(script)
    with capturing(url, waiting=WAITING):
        assert asker.ask(url) == ["[]"]

    with capturing(url, mode="none", waiting=WAITING) as cassette:
        assert asker.ask(url) == ["[]"]
    assert cassette.play_count == 4


def test_others_sleep_as_ever(
    serve: Serve, capturing: Capturing, asker: Asker, slept: list[float]
) -> None:
    """The clocks are those of the clients alone, and theirs only until the capture ends."""
    url = serve(_first(_busy_once))
    with capturing(url, waiting=WAITING):
        asker.ask(url)
    slept.clear()
    before = time.monotonic()

    with capturing(url, mode="none", waiting=WAITING):
        asker.ask(url)
        time.sleep(AN_HOUR)
        assert slept == [AN_HOUR]
        assert before <= time.monotonic() < before + AN_HOUR
        asker.ask(serve(_first(_busy_once)))  # which is not captured
        assert slept == [AN_HOUR] * 2

    asker.ask(serve(_first(_busy_once)))
    assert slept == [AN_HOUR] * 3


def test_after_a_success_it_waits_as_ever(
    serve: Serve, capturing: Capturing, slept: list[float]
) -> None:
    """Where the same thread then asks a server that is not captured."""
    url, other = serve(_first(_busy_once)), serve(_first(_busy_once))
    backoff = BackoffStrategy(20, 60, 1.5, 2 * AN_HOUR * 1000)
    config = RetryConfig("backoff", backoff, retry_connection_errors=True)
    client = ConversationsClient(KEY, server_url=url, retry_config=config)
    with capturing(url, waiting=WAITING), client:
        client.list()
    slept.clear()

    client = ConversationsClient(KEY, server_url=url, retry_config=config)
    with capturing(url, mode="none", waiting=WAITING), client:
        client.list()
        assert slept == []
        client.list(server_url=other)
        assert slept == [AN_HOUR]


def test_the_same_again_after_giving_up(serve: Serve, capturing: Capturing, asker: Asker) -> None:
    """Each request has its own end: the second is not taken for more tries of the first."""
    left = 1000

    def busy(connection: Connection) -> None:
        nonlocal left
        left -= 1
        (_busy_at_once if left >= 0 else _first(_busy_once, times=0))(connection)

    url = serve(busy)
    with capturing(url, waiting=WAITING):
        seen = [asker.ask(url, patience_ms=150)]
        left = 2
        seen += [asker.ask(url, patience_ms=60_000), asker.ask(url, patience_ms=150)]
    assert seen == [["SDKError"], ["[]"], ["[]"]]

    with capturing(url, mode="none", waiting=WAITING) as cassette:
        again = [asker.ask(url, patience_ms=ms) for ms in (150, 60_000, 150)]
    assert again == seen
    assert cassette.all_played


def test_what_another_tool_recorded(
    serve: Serve, capturing: Capturing, asker: Asker, tmp_path: Path
) -> None:
    """It does not tell who waited: so who finds no more gives up."""
    url = serve(_first(_busy_at_once, times=1000))
    with capturing(url, waiting=WAITING):
        assert asker.ask(url, patience_ms=150) == ["SDKError"]
    path = tmp_path / "cassette.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.count("retried: true") == text.count("- request:") - 1
    foreign = text.replace("    retried: true\n", "").replace("recorder: pytest-con", "by: con")
    path.write_text(foreign, encoding="utf-8")

    with capturing(url, mode="none", waiting=WAITING) as cassette:
        assert asker.ask(url, patience_ms=150) == ["SDKError"]
    assert cassette.all_played


def test_many_threads_meet_their_first_failure(serve: Serve, capturing: Capturing) -> None:
    """At the same time, and the clocks are set once."""
    asker = Asker("ours", is_async=False)
    url = serve(_first(_busy_at_once, times=1000))
    with capturing(url, waiting=WAITING):
        seen = asker.ask(url, pages=16, patience_ms=1)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(5):
            with capturing(url, mode="none", waiting=WAITING):
                assert asker.ask(url, pages=16, patience_ms=1) == seen == ["SDKError"] * 16
    finally:
        sys.setswitchinterval(interval)


def test_a_clock_that_another_puts_back_later_is_none(
    serve: Serve, capturing: Capturing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the transports: after the test it tells the time, and sleeps."""
    url = serve(_first(_busy_at_once))
    module: Any = sys.modules[WAITING[0]]
    monkeypatch.setattr(module, "time", time)  # so that after this test it is as it was
    with capturing(url, waiting=WAITING):
        Asker("ours", is_async=False).ask(url)
    with pytest.MonkeyPatch.context() as other, capturing(url, mode="none", waiting=WAITING):
        Asker("ours", is_async=False).ask(url)
        ours = module.time
        other.setattr(module, "time", time)
    module.time = ours
    before = module.time.monotonic()
    module.time.sleep(0.01)
    assert module.time.monotonic() - before >= 0.01
