"""The async client: the eleven operations over httpx, on asyncio and on trio."""

from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeAlias, TypeVar, cast

import httpx

from pytest_conversations.client import _operations, _responses, _waiting
from pytest_conversations.client._base import ApiKey, BaseClient
from pytest_conversations.client._requests import Operation
from pytest_conversations.client._retries import RetryConfig
from pytest_conversations.client._signatures import method_of
from pytest_conversations.client._stream import AsyncEventStream
from pytest_conversations.models import ConversationEvents

P = ParamSpec("P")
T = TypeVar("T")

Reply: TypeAlias = Coroutine[Any, Any, T]  # Any: what goes in and out of it is the event loop's


def _calls(
    operation: Callable[P, Operation[T]],
) -> "Callable[Concatenate[AsyncConversationsClient, P], Reply[T]]":
    """Make an operation a method that returns its reply."""

    async def method(self: "AsyncConversationsClient", /, *args: P.args, **kwargs: P.kwargs) -> T:
        __tracebackhide__ = True  # pytest: the caller's frames are what matters
        call = operation(*args, **kwargs)
        return cast("T", _responses.parse(call, await self._send(call, stream=False)))

    return method_of(operation, method)


def _streams(
    operation: Callable[P, Operation[ConversationEvents]],
) -> "Callable[Concatenate[AsyncConversationsClient, P], Reply[AsyncEventStream]]":
    """Make an operation a method that returns the stream of its events."""

    async def method(
        self: "AsyncConversationsClient", /, *args: P.args, **kwargs: P.kwargs
    ) -> AsyncEventStream:
        return AsyncEventStream(await self._open(operation(*args, **kwargs)))

    return method_of(operation, method, AsyncEventStream)


class AsyncConversationsClient(BaseClient[httpx.AsyncClient]):
    """The twin of `ConversationsClient` for async apps, and an async context manager.

    Its operations are awaited; what they take, return and raise is the same. The streaming three
    are awaited for their stream: ``async with await client.start_stream(...) as stream``.

    Args:
        api_key: see `ConversationsClient`, as for what follows.
        server_url: origin, with an optional path prefix.
        timeout_ms: longest wait in ms for connecting, sending, and between two chunks.
        retry_config: which failures are tried again.
        http_client: an ``httpx.AsyncClient`` of yours to send with; it is not closed with this one.
    """

    def __init__(
        self,
        api_key: ApiKey | None = None,
        *,
        server_url: str | None = None,
        timeout_ms: int | None = None,
        retry_config: RetryConfig | None = None,
        http_client: httpx.AsyncClient | None = None,
    ) -> None:
        self._owns_http_client = http_client is None
        if http_client is None:
            http_client = httpx.AsyncClient(follow_redirects=True)
        super().__init__(
            api_key, server_url, timeout_ms, retry_config, http_client, httpx.AsyncClient
        )

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

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """End the use of this client; its connections are closed, unless they are the caller's."""
        self._closed = True
        if self._owns_http_client:
            await self._http_client.aclose()

    close = aclose

    async def _send(self, operation: Operation[T], *, stream: bool) -> httpx.Response:
        request = self._request(operation, stream=stream)

        async def attempt() -> httpx.Response:
            return await self._http_client.send(request, stream=stream)

        config = self._retries(operation)
        return await (attempt() if config is None else _waiting.send_async(config, attempt))

    async def _open(self, operation: Operation[ConversationEvents]) -> httpx.Response:
        response = await self._send(operation, stream=True)
        if not _responses.is_stream(operation, response):
            try:
                await response.aread()
            finally:
                await response.aclose()
            raise _responses.no_stream(operation, response)
        return response
