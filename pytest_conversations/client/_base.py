"""What the sync and the async client share: all but the I/O."""

import functools
import os
import re
from collections.abc import Callable, Mapping
from typing import Generic, TypeAlias, TypeVar
from urllib.parse import urlsplit

import httpx

from pytest_conversations._version import __version__
from pytest_conversations.client._kinds import require
from pytest_conversations.client._requests import Operation
from pytest_conversations.client._retries import RetryConfig, as_config

T = TypeVar("T")
Http = TypeVar("Http", bound=httpx.Client | httpx.AsyncClient)
ApiKey: TypeAlias = str | Callable[[], str]

DEFAULT_SERVER_URL = "https://api.mistral.ai"
DEFAULT_TIMEOUT_MS = 300_000

_USER_AGENT = f"pytest-conversations/{__version__}"
_NUMBER = int | float
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_NOT_IN_A_VALUE = re.compile(r"[^\t\x20-\x7e]|\A[\t ]|[\t ]\Z")


class BaseClient(Generic[Http]):
    """A client without its I/O. See `ConversationsClient` for the arguments."""

    def __init__(
        self,
        api_key: ApiKey | None,
        server_url: str | None,
        timeout_ms: float | None,
        retry_config: RetryConfig | None,
        http_client: Http,
        kind: type[Http],
    ) -> None:
        require(http_client, kind, "http_client", f"an httpx.{kind.__name__}")
        require(api_key, str | Callable | None, "api_key", "a text, or a function that returns one")
        self._api_key = os.environ.get("MISTRAL_API_KEY") if api_key is None else api_key
        self._server_url = server_url or os.environ.get("MISTRAL_SERVER_URL") or DEFAULT_SERVER_URL
        self._timeout_ms = DEFAULT_TIMEOUT_MS if timeout_ms is None else timeout_ms
        self._retry_config = as_config(retry_config)
        self._http_client: Http = http_client
        self._closed = False

    def _request(self, operation: Operation[T], *, stream: bool) -> httpx.Request:
        """The request of a call.

        Raises:
            ValueError: the server URL, the time limit or a header cannot be.
            RuntimeError: the client is closed.
        """
        __tracebackhide__ = True  # pytest: a traceback shows what a frame holds, and this has a key
        if self._closed:
            msg = "Cannot send a request, as the client has been closed."  # httpx's words
            raise RuntimeError(msg)
        options = operation.options
        headers = {"user-agent": _USER_AGENT}
        headers["accept"] = "text/event-stream" if stream else "application/json"
        if operation.content is not None:
            headers["content-type"] = "application/json"
        key = self._api_key() if callable(self._api_key) else self._api_key
        if key:
            bearer = key.lower().startswith("bearer ")
            given = {"authorization": key if bearer else f"Bearer {key}"}
            headers.update(_checked(given, "the API key"))
        own = _checked(options.get("http_headers") or {})
        timeout_ms = options.get("timeout_ms")
        request: httpx.Request = self._http_client.build_request(
            operation.method,
            _server(options.get("server_url") or self._server_url) + operation.path,
            params=operation.query or None,
            content=operation.content,
            headers=_merged(headers, own) if own else headers,
            timeout=_seconds(self._timeout_ms if timeout_ms is None else timeout_ms),
        )
        return request

    def _retries(self, operation: Operation[T]) -> RetryConfig | None:
        """What applies to a call: what it says itself, None included, before the client's."""
        options = operation.options
        config = as_config(options["retries"]) if "retries" in options else self._retry_config
        return None if config is None or config.strategy == "none" else config


def _merged(headers: Mapping[str, str], own: Mapping[str, str]) -> httpx.Headers:
    """Headers, of which the caller's own go first, in whatever case they are written."""
    merged = httpx.Headers(headers)
    merged.update(own)
    return merged


def _checked(headers: Mapping[str, str], what: str = "") -> Mapping[str, str]:
    """The headers, if they can be sent (RFC 9110, section 5).

    httpx finds out only when it sends, and shows the value, which may be a key.

    Args:
        headers: the headers.
        what: what they are, for the message; by default their names.
    """
    __tracebackhide__ = True
    require(headers, Mapping, "http_headers", "a mapping of names to values")
    for name, value in headers.items():
        require(name, str, "the name of a header", "a text")
        if not _NAME.fullmatch(name):
            msg = f"{name!r} is no name of a header"
            raise ValueError(msg)
        require(value, str, f"the header {name}", "a text")
        wrong = _NOT_IN_A_VALUE.search(value)
        if wrong:
            where = f"U+{ord(wrong[0]):04X}" + (" at one end" if wrong[0] in "\t " else "")
            msg = (
                f"{what or f'the header {name}'} holds {where}, which no header can. It often "
                "comes along where a value is read from a file"
            )
            raise ValueError(msg)
    return headers


@functools.lru_cache(maxsize=16)  # with each call it is the same
def _server(url: str) -> str:
    """The URL without what comes after the path. No message shows it: it may hold a password."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        msg = (
            "server_url, or the environment variable MISTRAL_SERVER_URL, is no URL of a server; "
            f"give one such as {DEFAULT_SERVER_URL}"
        )
        raise ValueError(msg)
    if parts.query or parts.fragment:
        msg = "server_url has a query or a fragment; give origin and path alone"
        raise ValueError(msg)
    return url.rstrip("/")


def _seconds(timeout_ms: float) -> float:
    require(timeout_ms, _NUMBER, "timeout_ms", "a number of ms")
    if not timeout_ms > 0:
        msg = f"timeout_ms is {timeout_ms}, and has to be above 0"
        raise ValueError(msg)
    return timeout_ms / 1000
