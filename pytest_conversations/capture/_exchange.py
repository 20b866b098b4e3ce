"""Between the library's requests and responses and those of the cassette."""

import contextlib
import dataclasses
import functools
import threading
from collections.abc import Callable, Sequence
from typing import cast

import httpx
from vcr.request import Request

from pytest_conversations._plural import counted
from pytest_conversations.capture._failures import was_cancelled
from pytest_conversations.capture._library import Library
from pytest_conversations.capture._shape import Shape
from pytest_conversations.capture._streams import Hang, Playback, as_stream
from pytest_conversations.cassette import (
    CassetteRequest,
    Chunk,
    Response,
    as_recorded,
    cut_at_events,
    header_values,
    parse,
)

# In the extensions of a replayed response: the bytes of its body, or 0 where it is not whole, or of
# a request whose method is HEAD. Its header has what was recorded, which may be of another coding.
WHOLE_LENGTH = "pytest_conversations.length"


def cassette_request(request: httpx.Request, body: bytes, library: Library) -> Request:
    """A request as vcrpy models it; a body that is compressed is decoded, for people and scrubbing.

    Args:
        request: the library's own.
        body: all of its body.
        library: the caller's, which decodes.
    """
    headers = _headers(request)
    coding = headers.get("content-encoding")
    if coding is not None:
        with contextlib.suppress(library.DecodingError):
            decoded = library.Response(200, headers={"content-encoding": coding}, content=body)
            if decoded.content != body:
                body = decoded.content
                del headers["content-encoding"]
                headers["content-length"] = str(len(body))
    url = str(request.url)
    # Without user and password, which are in the Authorization header, and without the fragment,
    # which never reaches the wire.
    if "#" in url or ("@" in url and request.url.userinfo):
        url = str(request.url.copy_with(fragment=None, userinfo=b""))
    return CassetteRequest(request.method, url, body, headers)


def _headers(request: httpx.Request) -> dict[str, str]:
    """Its headers, by names in lower case, as ``httpx.Headers.items`` gives them."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in request.headers.raw:
        if not (raw_name.isascii() and raw_value.isascii()):
            return dict(request.headers.items())  # which guesses the encoding
        name, value = raw_name.decode().lower(), raw_value.decode()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def body_of(request: httpx.Request, library: Library) -> bytes | None:
    """All of a request's body; None where it is a stream that is still to be read.

    Args:
        request: the library's own.
        library: the caller's.
    """
    try:
        return request.content
    except library.RequestNotRead:
        return None


def with_body(request: httpx.Request, body: bytes, library: Library) -> httpx.Request:
    """A request whose body was a stream, with what came out of it; the caller's own is left read.

    Args:
        request: the caller's.
        body: all of its body.
        library: the caller's.
    """
    return library.Request(
        request.method,
        request.url,
        headers=request.headers.raw,
        stream=library.ByteStream(body),
        extensions=request.extensions,
    )


@dataclasses.dataclass(frozen=True)
class Ends:
    """What is said where a recording ends and its reader does not.

    Attributes:
        closed: the response was closed before its end.
        cancelled: who waited for more was cancelled.
    """

    closed: str = (
        "The recording ends here: when it was made, the test closed this response before its end, "
        "or was over while it was open, and now it is read on. What a test needs of a response it "
        "has to read itself."
    )
    cancelled: str = (
        "The recording ends here: when it was made, the test cancelled the task that waited for "
        "more, or was over, and now it waits on."
    )


@dataclasses.dataclass(frozen=True)
class Replay:
    """How recorded responses become those of a library.

    Attributes:
        warn: gives a warning about the cassette.
        shape: how they are cut, and at which pace they come.
        over: is set when the test is over.
        ends: what is said where a recording ends.
    """

    warn: Callable[[str], None]
    shape: Shape
    over: threading.Event
    ends: Ends

    def response(
        self, recorded: Response, library: Library, beyond: Callable[[str], Exception]
    ) -> httpx.Response | Hang:
        """A recorded response as the library's own, with a stream that plays it.

        Args:
            recorded: the response, as the cassette holds it.
            library: the caller's library.
            beyond: makes the error, with a reason, for a caller that wants what the recording does
                not have.

        Returns:
            The response; where none came before its task was cancelled, what waits as long.

        Raises:
            httpx.TransportError: the recorded request got no response; the class, the library's
                own, is that of the recording.
        """
        if "error" in recorded:
            if was_cancelled(recorded["error"]):
                return self._hang(recorded, library, beyond)
            raise _error(recorded["error"], library)
        headers = [
            (name.encode("latin-1"), value.encode("latin-1", "replace"))
            for name, values in header_values(recorded)
            for value in values
        ]
        # Media types have no case (RFC 9110, section 8.3.1).
        kinds = (value.lower() for name, value in headers if name.lower() == b"content-type")
        is_stream = next(kinds, b"").startswith(b"text/event-stream")
        chunks, dies = self.shape.cut(_chunks(recorded, self.warn), is_stream=is_stream)
        end = self._end(recorded, library, beyond)
        if dies:
            end = functools.partial(library.error(_DIED), _DIED_WORDS)
        elif is_stream and self.shape.cut_after is not None and end is None:
            self.warn(
                "a stream has fewer than "
                f"{counted(self.shape.cut_after, 'event')}, so `cut_after` does not cut it"
            )
        status = recorded["status"]
        length = len(recorded["body"].get("string") or b"") if end is None else 0
        return library.Response(
            status["code"],
            headers=headers,
            stream=cast(
                "httpx.SyncByteStream",
                as_stream(Playback, library)(chunks, self.shape.pace, end, library.StreamConsumed),
            ),
            extensions={
                "http_version": b"HTTP/1.1",
                "reason_phrase": (status.get("message") or "").encode("latin-1", "replace"),
                WHOLE_LENGTH: length,
            },
        )

    def _end(
        self, recorded: Response, library: Library, beyond: Callable[[str], Exception]
    ) -> Callable[[], Exception] | Hang | None:
        """What makes the error at the end of a body; None where it ended well."""
        stream = recorded.get("stream", {})
        if "error" in stream:
            if was_cancelled(stream["error"]):
                return self._hang(recorded, library, beyond)
            return functools.partial(_error, stream["error"], library)
        return functools.partial(beyond, self.ends.closed) if stream.get("closed") else None

    def _hang(
        self, recorded: Response, library: Library, beyond: Callable[[str], Exception]
    ) -> Hang:
        try:
            waited = [ms for ms, _ in parse(recorded.get("stream", {}).get("chunks", ""))][-1:]
        except ValueError:  # of which there is a warning already
            waited = []
        # A little longer than it waited then: its test cancels it again, at its own time.
        return Hang(
            1 + 2 * sum(waited) / 1000 * max(1.0, self.shape.pace),
            self.over,
            fail=functools.partial(beyond, self.ends.cancelled),
            leave=functools.partial(library.TransportError, "The test is over."),
        )


# What h11 says where a chunked body ends too early.
_DIED = "RemoteProtocolError"
_DIED_WORDS = (
    "peer closed connection without sending complete message body (incomplete chunked read)"
)


def _error(error: Response, library: Library) -> httpx.RequestError:
    return library.error(str(error.get("type")))(str(error.get("message")))


def _chunks(recorded: Response, warn: Callable[[str], None]) -> Sequence[Chunk]:
    body: bytes = recorded["body"].get("string") or b""
    written = recorded.get("stream", {}).get("chunks")
    if written is None:
        return [Chunk(0, body)] if body else []
    chunks = as_recorded(body, written)
    if chunks is None:
        warn(
            f"the chunk table of a response does not add up to its body ({len(body)} bytes), as "
            "after an edit by hand; it is replayed one event a chunk"
        )
        return cut_at_events(body)
    return chunks
