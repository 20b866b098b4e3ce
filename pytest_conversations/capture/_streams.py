"""Byte streams between the library and its caller: one that listens, one that plays.

Each is written once as a plain class, and made a stream of the library's own by `as_stream`, since
httpx and httpx2 each ask for a subclass of theirs.
"""

import functools
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence

import anyio
import httpx

from pytest_conversations.capture._failures import is_cancellation
from pytest_conversations.capture._library import Library
from pytest_conversations.capture._tape import Tape
from pytest_conversations.cassette import Chunk


class Tee:
    """Passes each chunk on as it arrives, and notes it on a tape."""

    def __init__(self, stream: httpx.SyncByteStream, tape: Tape) -> None:
        self._stream = stream
        self._tape = tape

    def __iter__(self) -> Iterator[bytes]:
        try:
            for data in self._stream:
                self._tape.add(data)
                yield data
        except Exception as error:
            self._tape.end(error=error)
            raise
        self._tape.end()

    def close(self) -> None:
        """Close the stream; where its end was not reached, the recording says so."""
        self._tape.end(closed=True)
        self._stream.close()


class AsyncTee:
    """The same for async callers."""

    def __init__(self, stream: httpx.AsyncByteStream, tape: Tape) -> None:
        self._stream = stream
        self._tape = tape

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for data in self._stream:
                self._tape.add(data)
                yield data
        except Exception as error:
            self._tape.end(error=error)
            raise
        except BaseException as error:
            if is_cancellation(error):
                self._tape.end(error=error)
            raise
        self._tape.end()

    async def aclose(self) -> None:
        """Close the stream; where its end was not reached, the recording says so."""
        self._tape.end(closed=True)
        await self._stream.aclose()


class Playback:
    """Gives recorded chunks, and ends as the recording did.

    Args:
        chunks: what to give.
        pace: what their times are multiplied by.
        fail: makes the error that the recording ended with; None where it ended well.
        patience: how long, in s, an async caller is kept waiting before that, so that it can be
            cancelled as it was.
    """

    def __init__(
        self,
        chunks: Sequence[Chunk],
        pace: float,
        fail: Callable[[], Exception] | None,
        patience: float = 0.0,
    ) -> None:
        self._chunks = chunks
        self._pace = pace / 1000
        self._fail = fail
        self._patience = patience

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            if self._pace:
                time.sleep(chunk.ms * self._pace)
            if chunk.data:
                yield chunk.data
        if self._fail is not None:
            raise self._fail()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            # Also without a wait, so that other tasks run, as they do while a network is slow.
            await anyio.sleep(chunk.ms * self._pace)
            if chunk.data:
                yield chunk.data
        if self._patience:
            await anyio.sleep(self._patience)
        if self._fail is not None:
            raise self._fail()


@functools.cache
def as_stream(kind: type[object], library: Library) -> type:
    """A class that is ``kind`` and whatever the library asks of a response's stream."""
    if kind is Tee:
        bases: tuple[type, ...] = (library.SyncByteStream,)
    elif kind is AsyncTee:
        bases = (library.AsyncByteStream,)
    else:
        bases = (library.SyncByteStream, library.AsyncByteStream)
    return type(kind.__name__, (kind, *bases), {})
