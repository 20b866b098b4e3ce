"""Requests that are made again where they fail. The waiting is tenacity's."""

from __future__ import annotations

import threading
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import anyio
import httpx

from pytest_conversations.client._retries import RetryConfig

if TYPE_CHECKING:
    from tenacity import RetryCallState


def send(config: RetryConfig, attempt: Callable[[], httpx.Response]) -> httpx.Response:
    """Make a request, again where it fails and the configuration says so.

    Returns:
        The response of the last attempt.

    Raises:
        httpx.RequestError: the last attempt got none.
    """
    import tenacity  # only here: retries are off by default, and few turn them on

    policy = _Policy(config)

    def close(state: RetryCallState) -> None:
        response = _response(state)
        if response is not None:
            response.close()

    return tenacity.Retrying(
        retry=policy.retry,
        stop=policy.stop,
        wait=policy.wait,
        sleep=_sleep,
        before_sleep=close,
        retry_error_callback=policy.give_up,
    )(attempt)


async def send_async(
    config: RetryConfig, attempt: Callable[[], Awaitable[httpx.Response]]
) -> httpx.Response:
    """The same for async clients, on asyncio and on trio."""
    import tenacity

    policy = _Policy(config)

    async def close(state: RetryCallState) -> None:
        response = _response(state)
        if response is not None:
            await response.aclose()

    return await tenacity.AsyncRetrying(
        retry=policy.retry,
        stop=policy.stop,
        wait=policy.wait,
        sleep=_sleep_async,
        before_sleep=close,
        retry_error_callback=policy.give_up,
    )(attempt)


# By the clocks of this module, which a replay sets to another pace.


def _sleep(seconds: float) -> None:
    time.sleep(seconds)


async def _sleep_async(seconds: float) -> None:
    await anyio.sleep(seconds)


class _Policy:
    """A configuration in the terms of tenacity, for one request: its time runs from now."""

    def __init__(self, config: RetryConfig) -> None:
        self._config = config
        self._started = time.monotonic()

    def retry(self, state: RetryCallState) -> bool:
        response = _response(state)
        if response is not None:
            return self._config.asks_again(response)
        error = state.outcome.exception() if state.outcome else None
        transient = isinstance(error, httpx.NetworkError | httpx.TimeoutException)
        return transient and self._config.retry_connection_errors

    def stop(self, _: RetryCallState) -> bool:
        elapsed = time.monotonic() - self._started
        return elapsed * 1000 > self._config.backoff.max_elapsed_time

    def wait(self, state: RetryCallState) -> float:
        response = _response(state)
        asked_for = None if response is None else _asked_for(response.headers)
        return asked_for or self._config.backoff.interval(state.attempt_number)

    @staticmethod
    def give_up(state: RetryCallState) -> httpx.Response:
        """The response, or the error, of the last attempt."""
        if state.outcome is None:
            msg = "unreachable: tenacity gives up after an attempt"
            raise AssertionError(msg)
        last: httpx.Response = state.outcome.result()
        return last


def _response(state: RetryCallState) -> httpx.Response | None:
    if state.outcome is None or state.outcome.failed:
        return None
    response: httpx.Response = state.outcome.result()
    return response


def _asked_for(headers: httpx.Headers) -> float | None:
    """The wait in s that the API asks for (RFC 9110, section 10.2.3, and ``retry-after-ms``).

    None or 0 where it asks for none, or for one that is over or that no computer can wait: then the
    backoff counts.
    """
    ms = _number(headers.get("retry-after-ms"))
    if ms is not None and ms >= 0:
        return _possible(ms / 1000)
    text = headers.get("retry-after", "")
    seconds = _number(text)
    if seconds is not None:
        return _possible(seconds)
    try:
        until = parsedate_to_datetime(text)
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
        return _possible((until - datetime.now(UTC)).total_seconds())
    except (ValueError, OverflowError):
        return None


def _possible(seconds: float) -> float | None:
    return seconds if 0 < seconds < threading.TIMEOUT_MAX else None


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None
