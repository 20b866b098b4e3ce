"""Streamed replies: iterators of events that read from the connection (contract section 12)."""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from types import TracebackType
from typing import Self

import httpx

from pytest_conversations.client._reading import BaseEventStream
from pytest_conversations.models import ConversationEvents, ConversationResponse


class EventStream(BaseEventStream):
    """The events of one reply: an iterator, once through, and a context manager.

    Leaving the ``with`` block or calling `close` releases the connection. Iterating raises
    httpx's error where the connection breaks off, ``ResponseValidationError`` for an event that is
    no JSON, and ``httpx.StreamConsumed`` or ``httpx.StreamClosed`` for a second time through.

    Attributes:
        raw_response: the ``httpx.Response`` that is being read.
    """

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(response)
        self._reading = self._read()

    def __iter__(self) -> Iterator[ConversationEvents]:
        self._refuse_second_reading()
        return self

    def __next__(self) -> ConversationEvents:
        if self._closed:
            raise StopIteration
        return next(self._reading)

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
        """Release the connection. What was not read is lost."""
        self._closed = True  # not by closing the generator: another thread may be inside of it
        self.raw_response.close()

    def response(self) -> ConversationResponse:
        """Read what is left, and put the reply together.

        Returns:
            What the same call without a stream would have returned.

        Raises:
            SDKError: the stream ended with an error event.
            ResponseValidationError: the stream was cut, or its events make no whole reply.
            httpx.StreamClosed: it was closed before its end.
        """
        if self.outcome is None:
            for _ in self:
                pass
        return self._reassembled()

    def _read(self) -> Iterator[ConversationEvents]:
        try:
            response = self.raw_response
            chunks = response.iter_raw() if self._is_plain() else response.iter_bytes()
            feed, typed = self._decoder.feed, self._typed
            for chunk in chunks:
                for sent in feed(chunk):
                    if (event := typed(sent)) is not None:
                        yield event
            yield from self._rest()
        except GeneratorExit:  # nobody reads on; that is no end of the stream
            raise
        except BaseException as error:
            self._fail(error)
            raise
        self._ended = True


class AsyncEventStream(BaseEventStream):
    """The twin of `EventStream` for async apps: an async iterator and an async context manager.

    Attributes:
        raw_response: the ``httpx.Response`` that is being read.
    """

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(response)
        self._reading = self._read()

    def __aiter__(self) -> AsyncIterator[ConversationEvents]:
        self._refuse_second_reading()
        return self

    async def __anext__(self) -> ConversationEvents:
        if self._closed:
            raise StopAsyncIteration
        return await anext(self._reading)

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
        """Release the connection. What was not read is lost."""
        self._closed = True
        with contextlib.suppress(RuntimeError):  # another task is inside of it
            await self._reading.aclose()
        await self.raw_response.aclose()

    close = aclose

    async def response(self) -> ConversationResponse:
        """Read what is left, and put the reply together; see `EventStream.response`."""
        if self.outcome is None:
            async for _ in self:
                pass
        return self._reassembled()

    async def _read(self) -> AsyncGenerator[ConversationEvents, None]:
        try:
            response = self.raw_response
            chunks = response.aiter_raw() if self._is_plain() else response.aiter_bytes()
            feed, typed = self._decoder.feed, self._typed
            async for chunk in chunks:
                for sent in feed(chunk):
                    if (event := typed(sent)) is not None:
                        yield event
            for last in self._rest():
                yield last
        except GeneratorExit:
            raise
        except BaseException as error:
            self._fail(error)
            raise
        self._ended = True
