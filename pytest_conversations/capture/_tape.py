"""What one response was: its chunks as they came, with their times, and how it ended."""

import time
from collections.abc import Iterator

import httpx

from pytest_conversations.capture._failures import describe
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
    """

    def __init__(
        self, recording: Recording, library: Library, response: httpx.Response, sent: float
    ) -> None:
        self._recording = recording
        self._library = library
        self._head = response
        self._last = sent
        self._chunks: list[Chunk] = []
        self._behind = 0.0  # ms that rounding has left over, so that sums stay true

    def add(self, data: bytes) -> None:
        """Note a chunk that has just arrived."""
        self._chunks.append(Chunk(self._elapsed(), data))

    def end(self, *, error: BaseException | None = None, closed: bool = False) -> None:
        """Complete the recording. Only the first call counts.

        Args:
            error: what cut the response off.
            closed: the caller closed the response before its end.
        """
        if self._recording.response is not None:
            return
        headers, chunks, undecodable = self._decode(whole=error is None and not closed)
        waited = [] if error is None else [Chunk(self._elapsed(), b"")]
        if undecodable is not None and error is None:
            error, closed = undecodable, False  # the caller met it, and closed the response for it
        chunks = [*chunks, *(chunk for chunk in waited if chunk.ms)]
        stream: Response = {}
        if error is not None:
            stream["error"] = describe(error)
        if closed:
            stream["closed"] = True
        kind = self._head.headers.get("content-type", "")
        if stream or len(chunks) > 1 or kind.startswith("text/event-stream"):
            stream = {"chunks": table(chunks), **stream}
        response: Response = {
            "status": {"code": self._head.status_code, "message": self._head.reason_phrase},
            "headers": headers,
            "body": {"string": b"".join(chunk.data for chunk in chunks)},
        }
        self._recording.response = response | ({"stream": stream} if stream else {})

    def _elapsed(self) -> int:
        """Whole ms since it was asked last."""
        now = time.perf_counter()
        elapsed = (now - self._last) * 1000 + self._behind
        self._last = now
        self._behind = elapsed - round(elapsed)
        return round(elapsed)

    def _decode(self, *, whole: bool) -> tuple[dict[str, list[str]], list[Chunk], Exception | None]:
        """The headers and chunks without the content coding (RFC 9110, section 8.4).

        Args:
            whole: whether the body came to its end; of another it is no error that some is missing.

        Returns:
            Headers, chunks, and the error of a body that cannot be decoded, after what can be.
        """
        headers: dict[str, list[str]] = {}
        for name, value in self._head.headers.raw:
            headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        if "content-encoding" not in headers:
            return headers, self._chunks, None
        chunks: list[Chunk] = []
        error = None
        try:
            chunks.extend(self._decoded_chunks(whole=whole))
        except self._library.DecodingError as wrong:
            error = wrong
        except _NoMoreError:
            pass
        body = b"".join(chunk.data for chunk in chunks)
        if error is None and body == b"".join(chunk.data for chunk in self._chunks):
            return headers, self._chunks, None  # no body, or a coding that the library leaves alone
        del headers["content-encoding"]
        if "content-length" in headers:
            headers["content-length"] = [str(len(body))]
        return headers, chunks, error

    def _decoded_chunks(self, *, whole: bool) -> Iterator[Chunk]:
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
            headers={"content-encoding": self._head.headers["content-encoding"]},
            content=take(),
        )
        given = 0
        for data in response.iter_bytes():
            yield Chunk(taken - given, data)
            given = taken
