"""The client: the eleven operations over httpx."""

import os
from collections.abc import Callable
from types import TracebackType
from typing import Concatenate, ParamSpec, Self, TypeVar, cast

import httpx

from pytest_conversations._version import __version__
from pytest_conversations.client import _operations, _responses
from pytest_conversations.client._operations import Operation
from pytest_conversations.client._signatures import method_of
from pytest_conversations.client._stream import EventStream
from pytest_conversations.models import ConversationEvents

P = ParamSpec("P")
T = TypeVar("T")

DEFAULT_SERVER_URL = "https://api.mistral.ai"
DEFAULT_TIMEOUT_MS = 300_000


def _calls(
    operation: Callable[P, Operation[T]],
) -> "Callable[Concatenate[ConversationsClient, P], T]":
    """Make an operation a method that returns its reply."""

    def method(self: "ConversationsClient", /, *args: P.args, **kwargs: P.kwargs) -> T:
        call = operation(*args, **kwargs)
        return cast("T", _responses.parse(call, self._send(call, stream=False)))

    return method_of(operation, method)


def _streams(
    operation: Callable[P, Operation[ConversationEvents]],
) -> "Callable[Concatenate[ConversationsClient, P], EventStream]":
    """Make an operation a method that returns the stream of its events."""

    def method(self: "ConversationsClient", /, *args: P.args, **kwargs: P.kwargs) -> EventStream:
        return EventStream(self._send(operation(*args, **kwargs), stream=True))

    return method_of(operation, method)


class ConversationsClient:
    """A typed client of the Conversations API, and a context manager.

    Every operation takes its arguments by keyword, under the names of the official SDK, and
    besides them ``server_url``, ``timeout_ms`` and ``http_headers`` for that call alone. Errors of
    the transport are httpx's own; what the API answers raises a
    `~pytest_conversations.errors.MistralError`; bad arguments raise ``pydantic.ValidationError``,
    ``ValueError`` or ``TypeError`` before anything is sent.

    Args:
        api_key: the key; by default that of the environment variable ``MISTRAL_API_KEY``. Without
            one no ``Authorization`` header is sent: replay needs none.
        server_url: origin, with an optional path prefix; by default ``MISTRAL_SERVER_URL`` or
            ``https://api.mistral.ai``.
        timeout_ms: longest wait in ms for connecting, sending, and between two chunks; 300 000
            by default.
        http_client: an ``httpx.Client`` of yours to send with; it is not closed with this one.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        server_url: str | None = None,
        timeout_ms: int | None = None,
        http_client: httpx.Client | None = None,
    ) -> None:
        self._api_key = os.environ.get("MISTRAL_API_KEY") if api_key is None else api_key
        self._server_url = server_url or os.environ.get("MISTRAL_SERVER_URL") or DEFAULT_SERVER_URL
        self._timeout_ms = DEFAULT_TIMEOUT_MS if timeout_ms is None else timeout_ms
        self._owns_http_client = http_client is None
        # The SDK follows redirects too (contract section 1).
        self._http_client = http_client or httpx.Client(follow_redirects=True)

    start = _calls(_operations.start)
    list = _calls(_operations.list_)
    get = _calls(_operations.get)
    delete = _calls(_operations.delete)
    append = _calls(_operations.append)
    get_history = _calls(_operations.get_history)
    get_messages = _calls(_operations.get_messages)
    restart = _calls(_operations.restart)
    start_stream = _streams(_operations.start_stream)
    append_stream = _streams(_operations.append_stream)
    restart_stream = _streams(_operations.restart_stream)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections, unless the ``httpx.Client`` is the caller's."""
        if self._owns_http_client:
            self._http_client.close()

    def _send(self, operation: Operation[T], *, stream: bool) -> httpx.Response:
        response = self._http_client.send(self._request(operation, stream=stream), stream=stream)
        if stream and not _responses.is_stream(operation, response):
            try:
                response.read()
            finally:
                response.close()
            raise _responses.no_stream(operation, response)
        return response

    def _request(self, operation: Operation[T], *, stream: bool) -> httpx.Request:
        options = operation.options
        headers = httpx.Headers(
            {
                "accept": "text/event-stream" if stream else "application/json",
                "user-agent": f"pytest-conversations/{__version__}",
            }
        )
        if self._api_key:
            bearer = self._api_key.lower().startswith("bearer ")
            headers["authorization"] = self._api_key if bearer else f"Bearer {self._api_key}"
        if operation.content is not None:
            headers["content-type"] = "application/json"
        headers.update(options.get("http_headers"))
        timeout_ms = options.get("timeout_ms")
        return self._http_client.build_request(
            operation.method,
            (options.get("server_url") or self._server_url).rstrip("/") + operation.path,
            content=operation.content,
            headers=headers,
            timeout=(self._timeout_ms if timeout_ms is None else timeout_ms) / 1000,
        )
