"""What is tried again, and after which wait (contract section 13)."""

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from clients import DONE, RESPONSE, SSE, STARTED, Clients, Service, event, perform
from hypothesis import given
from hypothesis import strategies as st

from pytest_conversations import (
    AsyncConversationsClient,
    BackoffStrategy,
    RetryConfig,
    SDKError,
    UnrecordedRequestError,
)
from pytest_conversations.capture import Capture
from pytest_conversations.cassette import ConversationCassette, Scrubber

FAST = BackoffStrategy(1, 1, 1, 60_000, jitter_ms=0)


def _retry(backoff: BackoffStrategy = FAST, **options: Any) -> RetryConfig:  # noqa: ANN401 - as the class
    return RetryConfig(
        **{"strategy": "backoff", "backoff": backoff, "retry_connection_errors": False, **options}
    )


def _failing(times: int, status: int = 503, headers: dict[str, str] | None = None) -> Service:
    """Answers with an error so many times, and then as it should."""
    left = iter(range(times))

    def handler(request: httpx.Request) -> httpx.Response:
        if next(left, None) is not None:
            return httpx.Response(status, headers=headers, content=iter([b"not now"]))
        if b'"stream":true' in request.content:
            return httpx.Response(200, headers=SSE, content=iter([STARTED, DONE]))
        return httpx.Response(200, json=RESPONSE)

    return Service(handler)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits, in s, that a client asked for; none of them is waited. Others sleep as ever."""
    asked: list[float] = []
    for module in (time, anyio):
        monkeypatch.setattr(module, "sleep", _noting(module.sleep, asked))
    return asked


def _noting(sleep: Callable[..., Any], asked: list[float]) -> Callable[..., Any]:
    def noted(seconds: float, *args: object) -> object:
        caller: str = sys._getframe(1).f_globals["__name__"]  # noqa: SLF001 - who sleeps
        if not caller.startswith("pytest_conversations.client"):
            return sleep(seconds, *args)
        asked.append(seconds)
        return sleep(0)

    return noted


class TestWhich:
    """Which failures are tried again."""

    def test_none_by_default(self, clients: Clients) -> None:
        """Nothing is: the API would do twice what it had done already (gotcha 21)."""
        service = _failing(1)

        with pytest.raises(SDKError, match="503"):
            clients.open(service=service).start(inputs="Hi")

        assert len(service.requests) == 1

    @pytest.mark.parametrize(
        ("of_client", "of_call", "count"),
        [
            ({}, {"retries": _retry()}, 3),
            ({"retry_config": _retry()}, {}, 3),
            ({"retry_config": _retry()}, {"retries": None}, 1),
            ({"retry_config": _retry(strategy="none")}, {"retries": _retry()}, 3),
            ({"retry_config": _retry()}, {"retries": _retry(status_codes_override=["418"])}, 1),
        ],
        ids=["call", "client", "call says none", "call before client", "other codes"],
    )
    @pytest.mark.parametrize("name", ["start", "start_stream"])
    def test_call_before_client(
        self,
        clients: Clients,
        name: str,
        of_client: dict[str, Any],
        of_call: dict[str, Any],
        count: int,
    ) -> None:
        """What the call says goes before what the client says; None is said, too."""
        service = _failing(2)
        client = clients.open(service=service, **of_client)

        if count == 3:
            assert perform(client, name, {"inputs": "Hi", **of_call})
        else:
            with pytest.raises(SDKError):
                perform(client, name, {"inputs": "Hi", **of_call})

        assert len(service.requests) == count
        assert len({request.content for request in service.requests}) == 1

    def test_configuration_of_the_sdk(self, clients: Clients) -> None:
        """The official SDK's own objects say the same."""
        utils = pytest.importorskip("mistralai.client.utils")
        backoff = utils.BackoffStrategy(1, 1, 1, 60_000, 0)
        config = utils.RetryConfig("backoff", backoff, retry_connection_errors=False)
        service = _failing(2)

        clients.open(service=service).start(inputs="Hi", retries=config)

        assert len(service.requests) == 3

    def test_connection_errors(self, clients: Clients) -> None:
        """They are tried again where that is asked for; the last one is raised as it is."""
        count = 0

        def refuse(request: httpx.Request) -> httpx.Response:
            nonlocal count
            count += 1
            message = f"refused {count}"
            raise httpx.ConnectError(message, request=request)

        with pytest.raises(httpx.ConnectError, match="refused 1"):
            clients.open(service=refuse, retry_config=_retry()).list()
        backoff = BackoffStrategy(30, 30, 1, 100, jitter_ms=0)
        asked = _retry(backoff, retry_connection_errors=True)
        with pytest.raises(httpx.ConnectError, match=r"refused \d"):
            clients.open(service=refuse, retry_config=asked).list()
        assert count > 2

    def test_not_in_the_middle_of_a_stream(self, clients: Clients) -> None:
        """A stream that has begun is never begun again."""
        failed = event("conversation.response.error", message="m", code=503)
        service = Service(
            lambda _: httpx.Response(200, headers=SSE, content=iter([STARTED, failed]))
        )

        with clients.open(service=service, retry_config=_retry()).start_stream(
            inputs="x"
        ) as stream:
            list(stream)

        assert stream.outcome == "error"
        assert len(service.requests) == 1

    def test_not_what_is_not_recorded(self, clients: Clients, tmp_path: Path) -> None:
        """A request that a cassette does not hold fails at once, whatever is tried again."""
        cassette = ConversationCassette(
            str(tmp_path / "x.yaml"), mode="none", scrubber=Scrubber({})
        )
        options = _retry(retry_connection_errors=True, status_codes_override=["2XX", "5XX"])
        with (
            Capture(cassette, ["https://api.mistral.ai"]).installed(),
            clients.open(retry_config=options) as client,
            pytest.raises(UnrecordedRequestError),
        ):
            client.list()
        assert len(cassette.refusals) == 1


class TestWhen:
    """How long the waits are."""

    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({"retry-after": "7"}, 7),
            ({"retry-after": "0.25"}, 0.25),
            ({"retry-after": "7200"}, 7200),
            ({"retry-after-ms": "250"}, 0.25),
            ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
            ({"retry-after-ms": "-1", "retry-after": "7"}, 7),
            ({"retry-after-ms": "soon", "retry-after": "7"}, 7),
            ({"retry-after": "0"}, 0.5),
            ({"retry-after": "-1"}, 0.5),
            ({"retry-after": "1e300"}, 0.5),
            ({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}, 0.5),
            ({"retry-after": "Sun, 06 Nov 99999999999999 08:49:37 GMT"}, 0.5),
            ({"retry-after-ms": "1e300"}, 0.5),
            ({"retry-after": "nan"}, 0.5),
            ({"retry-after": "inf"}, 0.5),
            ({"retry-after": "soon"}, 0.5),
            ({"retry-after": "Sun, 06 Nov 1994 08:49:37 GMT"}, 0.5),
            ({}, 0.5),
        ],
        ids=str,
    )
    def test_asked_for(
        self, clients: Clients, waits: list[float], headers: dict[str, str], seconds: float
    ) -> None:
        """The API's word counts as it is; where it says none, or the past, the backoff does."""
        backoff = BackoffStrategy(500, 60_000, 2, 3_600_000, jitter_ms=0)
        service = _failing(1, 429, headers)

        clients.open(service=service, retry_config=_retry(backoff)).start(inputs="Hi")

        assert waits == [seconds]

    @pytest.mark.parametrize("zone", ["GMT", "-0000", "+0100"])
    def test_until(self, clients: Clients, waits: list[float], zone: str) -> None:
        """A date is as good as a number (RFC 9110, section 10.2.3)."""
        until = datetime.now(UTC) + timedelta(seconds=90, hours=zone == "+0100")
        date = format_datetime(until).replace("+0000", zone)

        service = _failing(1, 429, {"retry-after": date})
        clients.open(service=service, retry_config=_retry()).start(inputs="Hi")

        assert waits == [pytest.approx(89, abs=2)]

    def test_backoff(self, clients: Clients, waits: list[float]) -> None:
        """The waits grow up to the longest, jitter included."""
        backoff = BackoffStrategy(100, 1000, 2, 3_600_000, jitter_ms=0)

        clients.open(service=_failing(6), retry_config=_retry(backoff)).start(inputs="Hi")

        assert waits == [0.1, 0.2, 0.4, 0.8, 1, 1]

    @pytest.mark.parametrize(("jitter_ms", "most"), [(None, 1.5), (250, 0.75), (0, 0.5)])
    def test_jitter(self, jitter_ms: int | None, most: float) -> None:
        """By chance up to so much is added, a second by default; it never shortens a wait."""
        backoff = BackoffStrategy(500, 60_000, 1, 0, jitter_ms)

        waits = [backoff.interval(1) for _ in range(200)]

        assert all(0.5 <= wait <= most for wait in waits)
        assert max(waits) > most - 0.2 * (most - 0.5) - 1e-9
        assert (len(set(waits)) > 1) is (most > 0.5)

    def test_huge_numbers(self) -> None:
        """Nothing grows beyond the longest wait; nothing grows from nothing."""
        assert BackoffStrategy(1, 60_000, 1.5, 0, 0).interval(100_000) == 60
        assert BackoffStrategy(0, 60_000, 1.5, 0, 0).interval(100_000) == 0

    @pytest.mark.anyio
    async def test_event_loops(self) -> None:
        """Async clients wait on the loop that they run on."""
        service = _failing(2)
        async with (
            httpx.AsyncClient(transport=httpx.MockTransport(service)) as http,
            AsyncConversationsClient("KEY", http_client=http, retry_config=_retry()) as client,
        ):
            assert (await client.start(inputs="Hi")).conversation_id == "conv_1"

        assert len(service.requests) == 3

    @given(
        st.integers(0, 10_000),
        st.integers(0, 10_000),
        st.floats(0, 1000),
        st.integers(1, 10_000),
        st.none() | st.integers(0, 5000),
    )
    def test_any_backoff(
        self, initial: int, longest: int, exponent: float, failures: int, jitter_ms: int | None
    ) -> None:
        """No wait is negative, or longer than the longest, after however many failures."""
        backoff = BackoffStrategy(initial, longest, exponent, 0, jitter_ms)

        assert 0 <= backoff.interval(failures) <= longest / 1000

    def test_given_up(self, clients: Clients) -> None:
        """After the time that all may take, the last response is the reply."""
        service = _failing(100, 503)
        backoff = BackoffStrategy(20, 20, 1, 100, jitter_ms=0)

        with pytest.raises(SDKError, match="not now") as raised:
            clients.open(service=service, retry_config=_retry(backoff)).start(inputs="Hi")

        assert raised.value.status_code == 503
        assert 2 <= len(service.requests) <= 8

    def test_connections_are_given_back(self, serve: Callable[..., str]) -> None:
        """Each failed attempt frees its connection before the next."""
        statuses = iter(["503 No", "503 No"])

        def script(connection: Any) -> None:  # noqa: ANN401 - see support.Connection
            status = next(statuses, "200 OK")
            connection.head("Content-Type: text/event-stream", status=status)
            connection.socket.sendall(STARTED + DONE)

        limits = httpx.Limits(max_connections=1)
        with (
            httpx.Client(limits=limits, timeout=5) as http,
            Clients("sync", None).open(
                server_url=serve(script), http_client=http, retry_config=_retry(), timeout_ms=2000
            ) as client,
            client.start_stream(inputs="Hi") as stream,
        ):
            assert len(list(stream)) == 2


class TestWrongConfigurations:
    """What cannot be is refused when it is made."""

    @pytest.mark.parametrize("strategy", ["backof", "", "linear"])
    def test_strategy(self, strategy: str) -> None:
        """A strategy that does not exist would mean none, in silence."""
        with pytest.raises(ValueError, match="choose from backoff, none"):
            _retry(strategy=strategy)

    @pytest.mark.parametrize("codes", ["501", 501, {"501"}])
    def test_status_codes(self, codes: Any) -> None:  # noqa: ANN401 - that is the point
        """They come as a list."""
        with pytest.raises(TypeError, match="status_codes_override is of type"):
            _retry(status_codes_override=codes)

    @pytest.mark.parametrize("code", ["", "abc", "5X", "600", "50", "XXX", "1-5"])
    def test_status_code(self, code: str) -> None:
        """A status code is three digits, or one and XX."""
        with pytest.raises(ValueError, match="no status code"):
            _retry(status_codes_override=[code])

    @pytest.mark.parametrize(
        "name", ["initial_interval", "max_interval", "exponent", "max_elapsed_time", "jitter_ms"]
    )
    @pytest.mark.parametrize("value", [-1, float("nan"), float("inf")])
    def test_number(self, name: str, value: float) -> None:
        """No time is negative."""
        given: dict[str, Any] = {
            "initial_interval": 1,
            "max_interval": 1,
            "exponent": 1.5,
            "max_elapsed_time": 1,
        }
        with pytest.raises(ValueError, match=name):
            BackoffStrategy(**given | {name: value})
        with pytest.raises(TypeError, match=name):
            BackoffStrategy(**given | {name: "1"})
