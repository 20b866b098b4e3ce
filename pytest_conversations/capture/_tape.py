"""What one response was: its chunks as they came, with their times, and how it ended."""

import threading
import time
from asyncio import CancelledError
from collections.abc import Callable, Iterator

import httpx

from pytest_conversations.capture._failures import describe, is_cancellation
from pytest_conversations.capture._library import Library
from pytest_conversations.cassette import Chunk, Recording, Response, table


class _NoMoreError(Exception):
    """A body that is not whole has no more."""


class Tape:
    """Collects a response while the caller reads it, and completes its recording at the end.

    Args:
        recording: the place in the cassette.
        library: the library that the response belongs to.
        response: its head; the body has not been read.
        sent: when the request was sent, by ``time.perf_counter``, in s.
        interrupted: takes an error that is neither the network's nor a task's.
    """

    def __init__(
        self,
        recording: Recording,
        library: Library,
        response: httpx.Response,
        sent: float,
        interrupted: Callable[[BaseException], None],
    ) -> None:
        self._recording = recording
        self._library = library
        self._head: httpx.Response | None = response
        self._last = sent
        self._interrupted = interrupted
        self._is_waiting = False
        self._lock = threading.Lock()  # the test may end while a thread reads
        self._chunks: list[Chunk] = []
        self._behind = 0.0  # ms that rounding has left over, so that sums stay true

    def wait(self) -> None:
        """Note that the caller waits for more."""
        self._is_waiting = True

    def add(self, data: bytes) -> None:
        """Note a chunk that has just arrived."""
        with self._lock:
            self._is_waiting = False
            if self._head is not None:
                self._chunks.append(Chunk(self._elapsed(), data))

    def fail(self, error: BaseException) -> None:
        """Complete the recording with the error that a read of the body ended with."""
        if isinstance(error, self._library.TransportError) or is_cancellation(error):
            self.end(error=error)
        else:
            self._interrupted(error)

    def leave(self) -> None:
        """Complete the recording at the end of the test, which nobody waits for any more."""
        if self._is_waiting:
            self.end(error=CancelledError())
        else:
            self.end(closed=True)

    def end(self, *, error: BaseException | None = None, closed: bool = False) -> None:
        """Complete the recording. Only the first call counts.

        Args:
            error: what cut the response off.
            closed: the caller closed the response before it asked for its end.
        """
        with self._lock:
            if self._head is not None:
                closed = closed and not self._is_whole(self._head)
                self._recording.response = self._response(self._head, error, closed=closed)
                # A response may be large, and the tape lives as long as the test.
                self._head = None
                self._chunks = []

    def _is_whole(self, head: httpx.Response) -> bool:
        """Whether there is no more to come (RFC 9112, section 6.3)."""
        length = head.headers.get("content-length")
        return (
            self._recording.request.method == "HEAD"
            or head.status_code in {204, 304}
            or length == str(sum(len(chunk.data) for chunk in self._chunks))
        )

    def _response(
        self, head: httpx.Response, error: BaseException | None, *, closed: bool
    ) -> Response:
        headers, chunks, undecodable = self._decode(head, whole=error is None and not closed)
        waited = [] if error is None else [Chunk(self._elapsed(), b"")]
        if undecodable is not None and error is None:
            error, closed = undecodable, False  # the caller met it, and closed the response for it
        chunks = [*chunks, *(chunk for chunk in waited if chunk.ms)]
        stream: Response = {}
        if error is not None:
            stream["error"] = describe(error)
        if closed:
            stream["closed"] = True
        kind = head.headers.get("content-type", "")
        if stream or len(chunks) > 1 or kind.lower().startswith("text/event-stream"):
            stream = {"chunks": table(chunks), **stream}
        response: Response = {
            "status": {"code": head.status_code, "message": head.reason_phrase},
            "headers": headers,
            "body": {"string": b"".join(chunk.data for chunk in chunks)},
        }
        return response | ({"stream": stream} if stream else {})

    def _elapsed(self) -> int:
        """Whole ms since it was asked last."""
        now = time.perf_counter()
        # A library that sets clocks may have set this one back.
        elapsed = max(0.0, (now - self._last) * 1000 + self._behind)
        self._last = now
        self._behind = elapsed - round(elapsed)
        return round(elapsed)

    def _decode(
        self, head: httpx.Response, *, whole: bool
    ) -> tuple[dict[str, list[str]], list[Chunk], Exception | None]:
        """The headers and chunks without the content coding (RFC 9110, section 8.4).

        Args:
            head: the response.
            whole: whether the body came to its end; of another it is no error that some is missing.

        Returns:
            Headers, chunks, and the error of a body that cannot be decoded, after what can be.
        """
        headers: dict[str, list[str]] = {}
        for name, value in head.headers.raw:
            headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        if "content-encoding" not in headers:
            return headers, self._chunks, None
        chunks: list[Chunk] = []
        error = None
        try:
            chunks.extend(self._decoded_chunks(head, whole=whole))
        except self._library.DecodingError as wrong:
            error = wrong
        except _NoMoreError:
            pass
        body = b"".join(chunk.data for chunk in chunks)
        if error is None and body == b"".join(chunk.data for chunk in self._chunks):
            return headers, self._chunks, None  # no body, or a coding that the library leaves alone
        del headers["content-encoding"]
        if "content-length" in headers and whole:
            headers["content-length"] = [str(len(body))]
        return headers, chunks, error

    def _decoded_chunks(self, head: httpx.Response, *, whole: bool) -> Iterator[Chunk]:
        # The library decodes: what it asked the server for, it can read. It takes a chunk whenever
        # it has nothing left to give, so the last chunk it took is the one that a piece came with.
        taken = 0

        def take() -> Iterator[bytes]:
            nonlocal taken
            for chunk in self._chunks:
                taken += chunk.ms
                yield chunk.data
            if not whole:
                raise _NoMoreError  # so that the decoder does not ask for the rest

        response = self._library.Response(
            200,
            headers={"content-encoding": head.headers["content-encoding"]},
            content=take(),
        )
        given = 0
        for data in response.iter_bytes():
            yield Chunk(taken - given, data)
            given = taken
