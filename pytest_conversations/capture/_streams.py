"""Byte streams between the library and its caller: one that listens, one that plays.

Each is written once as a plain class, and made a stream of the library's own by `as_stream`, since
httpx and httpx2 each ask for a subclass of theirs.
"""

import functools
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import anyio
import httpx

from pytest_conversations.capture._failures import cancellation
from pytest_conversations.capture._library import Library
from pytest_conversations.capture._tape import Tape
from pytest_conversations.cassette import Chunk, data_of


class Tee:
    """Passes each chunk on as it arrives, and notes it on a tape."""

    def __init__(self, stream: httpx.SyncByteStream, tape: Tape) -> None:
        self._stream = stream
        self._tape = tape

    def __iter__(self) -> Iterator[bytes]:
        self._tape.wait()
        try:
            for data in self._stream:
                self._tape.add(data)
                yield data
                self._tape.wait()
        except BaseException as error:
            self._tape.fail(error)
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
        tape.wait()  # a task may be cancelled before it reads, and leave the response as it is

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self._tape.wait()
        try:
            async for data in self._stream:
                self._tape.add(data)
                yield data
                self._tape.wait()
        except BaseException as error:
            self._tape.fail(error)
            raise
        self._tape.end()

    async def aclose(self) -> None:
        """The same; where its task is cancelled meanwhile, the recording says that."""
        # While it waited for something else: a replay, which is quicker, may be back here by then.
        error = cancellation(sys.exception())
        self._tape.end(error=error, closed=error is None)
        await self._stream.aclose()


class Hang(NamedTuple):
    """A wait without an answer, as of a task that was cancelled: until the test is over.

    Attributes:
        patience: after how long, in s, it ends all the same.
        over: is set when the test is over.
        fail: makes the error for a caller that is still there after that.
        leave: makes the error for one that is there when the test is over.
    """

    patience: float
    over: threading.Event
    fail: Callable[[], Exception]
    leave: Callable[[], Exception]

    def wait(self) -> Exception:
        """Wait, and give the error to raise."""
        return self.leave() if self.over.wait(self.patience) else self.fail()

    async def wait_async(self) -> Exception:
        """The same; a task that waits can be cancelled."""
        for _ in range(round(self.patience / _STEP)):
            if self.over.is_set():
                return self.leave()
            await anyio.sleep(_STEP)
        return self.fail()


_STEP = 0.02  # s


class Playback:
    """Gives recorded chunks, and ends as the recording did.

    Args:
        chunks: what to give.
        pace: what their times are multiplied by.
        end: makes the error that the recording ended with, or waits for nothing; None where it
            ended well.
        consumed: makes the error for who reads it once more, as nobody can read a live one.
    """

    def __init__(
        self,
        chunks: Sequence[Chunk],
        pace: float,
        end: Callable[[], Exception] | Hang | None,
        consumed: Callable[[], Exception],
    ) -> None:
        self._chunks: Sequence[Chunk] | None = chunks
        self._pace = pace / 1000
        self._end = end
        self._consumed = consumed
        self._given = time.perf_counter()

    def __iter__(self) -> Iterator[bytes]:
        chunks = self._taken()
        yield from filter(None, self._arriving(chunks) if self._pace else data_of(chunks))
        if self._end is not None:
            raise self._end.wait() if isinstance(self._end, Hang) else self._end()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._taken():
            # Also without a wait, so that other tasks run, as they do while a network is slow.
            await anyio.sleep(self._pause(chunk) if self._pace else 0)
            if self._pace:
                self._given = time.perf_counter()
            if chunk.data:
                yield chunk.data
        if self._end is not None:
            raise await self._end.wait_async() if isinstance(self._end, Hang) else self._end()

    def _arriving(self, chunks: Iterable[Chunk]) -> Iterator[bytes]:
        for chunk in chunks:
            time.sleep(self._pause(chunk))
            self._given = time.perf_counter()
            yield chunk.data

    def _taken(self) -> Sequence[Chunk]:
        """The chunks, which a response that lives on need not keep."""
        if self._chunks is None:
            raise self._consumed()
        chunks, self._chunks = self._chunks, None
        return chunks

    def _pause(self, chunk: Chunk) -> float:
        """How long to wait for a chunk, in s. What the reader took is in its time already."""
        return max(0.0, chunk.ms * self._pace - (time.perf_counter() - self._given))


@functools.cache
def as_stream(kind: type[object], library: Library) -> type:
    """A class that is ``kind`` and whatever the library asks of a response's stream."""
    bases = (kind, library.SyncByteStream, library.AsyncByteStream)
    return type(kind.__name__, bases, {})  # pyright: ignore[reportGeneralTypeIssues] # made here
