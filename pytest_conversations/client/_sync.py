"""The sync client: the eleven operations over httpx."""

from collections.abc import Callable
from types import TracebackType
from typing import Concatenate, ParamSpec, Self, TypeVar, cast

import httpx

from pytest_conversations.client import _operations, _responses, _waiting
from pytest_conversations.client._base import ApiKey, BaseClient
from pytest_conversations.client._requests import Operation
from pytest_conversations.client._retries import RetryConfig
from pytest_conversations.client._signatures import method_of
from pytest_conversations.client._stream import EventStream
from pytest_conversations.models import ConversationEvents

P = ParamSpec("P")
T = TypeVar("T")


def _calls(
    operation: Callable[P, Operation[T]],
) -> "Callable[Concatenate[ConversationsClient, P], T]":
    """Make an operation a method that returns its reply."""

    def method(self: "ConversationsClient", /, *args: P.args, **kwargs: P.kwargs) -> T:
        __tracebackhide__ = True  # pytest: the caller's frames are what matters
        call = operation(*args, **kwargs)
        return cast("T", _responses.parse(call, self._send(call, stream=False)))

    return method_of(operation, method)


def _streams(
    operation: Callable[P, Operation[ConversationEvents]],
) -> "Callable[Concatenate[ConversationsClient, P], EventStream]":
    """Make an operation a method that returns the stream of its events."""

    def method(self: "ConversationsClient", /, *args: P.args, **kwargs: P.kwargs) -> EventStream:
        return EventStream(self._open(operation(*args, **kwargs)))

    return method_of(operation, method, EventStream)


class ConversationsClient(BaseClient[httpx.Client]):
    """A typed client of the Conversations API, and a context manager.

    Every operation takes its arguments by keyword, under the names of the official SDK, and
    besides them ``retries``, ``server_url``, ``timeout_ms`` and ``http_headers`` for that call
    alone. Errors of the transport are httpx's own; what the API answers raises a
    `~pytest_conversations.errors.MistralError`; bad arguments raise ``pydantic.ValidationError``,
    ``ValueError`` or ``TypeError`` before anything is sent.

    Args:
        api_key: the key, or what gives it for each request; by default that of the environment
            variable ``MISTRAL_API_KEY``. Without one no ``Authorization`` header is sent: replay
            needs none.
        server_url: origin, with an optional path prefix; by default ``MISTRAL_SERVER_URL`` or
            ``https://api.mistral.ai``.
        timeout_ms: longest wait in ms for connecting, sending, and between two chunks; 300 000
            by default.
        retry_config: which failures are tried again; by default none, since the API would do twice
            what it had done already (gotcha 21).
        http_client: an ``httpx.Client`` of yours to send with; it is not closed with this one.
    """

    def __init__(
        self,
        api_key: ApiKey | None = None,
        *,
        server_url: str | None = None,
        timeout_ms: int | None = None,
        retry_config: RetryConfig | None = None,
        http_client: httpx.Client | None = None,
    ) -> None:
        self._owns_http_client = http_client is None
        if http_client is None:  # the SDK follows redirects, too (contract section 1)
            http_client = httpx.Client(follow_redirects=True)
        super().__init__(api_key, server_url, timeout_ms, retry_config, http_client, httpx.Client)

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
        """End the use of this client; its connections are closed, unless they are the caller's."""
        self._closed = True
        if self._owns_http_client:
            self._http_client.close()

    def _send(self, operation: Operation[T], *, stream: bool) -> httpx.Response:
        request = self._request(operation, stream=stream)

        def attempt() -> httpx.Response:
            return self._http_client.send(request, stream=stream)

        config = self._retries(operation)
        return attempt() if config is None else _waiting.send(config, attempt)

    def _open(self, operation: Operation[ConversationEvents]) -> httpx.Response:
        response = self._send(operation, stream=True)
        if not _responses.is_stream(operation, response):
            try:
                response.read()
            finally:
                response.close()
            raise _responses.no_stream(operation, response)
        return response
