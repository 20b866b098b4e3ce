"""Between the library's requests and responses and those of the cassette."""

import dataclasses
import functools
import warnings
from collections.abc import Callable
from typing import cast

import httpx
from vcr.request import Request

from pytest_conversations.capture._failures import was_cancelled
from pytest_conversations.capture._library import Library
from pytest_conversations.capture._shape import Shape
from pytest_conversations.capture._streams import Playback, as_stream
from pytest_conversations.cassette import (
    Chunk,
    Response,
    cut,
    cut_at_events,
    header_values,
    parse,
)


def cassette_request(request: httpx.Request, body: bytes) -> Request:
    """A request as vcrpy models it."""
    made = Request(request.method, "", body, dict(request.headers))
    # Without user and password, which are in the Authorization header, and without the fragment,
    # which never reaches the wire. And set, not given: vcrpy logs a URL that it is given.
    made.uri = str(request.url.copy_with(fragment=None, userinfo=b""))
    return made


@dataclasses.dataclass(frozen=True)
class Replay:
    """How recorded responses become those of a library.

    Attributes:
        path: the cassette, for warnings.
        shape: how they are cut, and at which pace they come.
    """

    path: str
    shape: Shape

    def response(
        self, recorded: Response, library: Library, beyond: Callable[[str], Exception]
    ) -> httpx.Response:
        """A recorded response as the library's own, with a stream that plays it.

        Args:
            recorded: the response, as the cassette holds it.
            library: the caller's library.
            beyond: makes the error, with a reason, for a caller that wants what the recording does
                not have.

        Raises:
            httpx.TransportError: the recorded request got no response; the class, the library's
                own, is that of the recording.
        """
        if "error" in recorded:
            raise _error(recorded["error"], library)
        headers = header_values(recorded)
        is_stream = any(
            name.lower() == "content-type" and values[0].startswith("text/event-stream")
            for name, values in header_values(recorded)
        )
        chunks, dies = self.shape.cut(_chunks(recorded, self.path), is_stream=is_stream)
        fail, wait = _ending(recorded, library, beyond), patience(recorded) or 0.0
        if dies:
            fail, wait = functools.partial(library.error(_DIED), _DIED_WORDS), 0.0
        play = as_stream(Playback, library)(chunks, self.shape.pace, fail, wait)
        status = recorded["status"]
        return library.Response(
            status["code"],
            headers=[
                (name.encode("latin-1"), value.encode("latin-1", "replace"))
                for name, values in headers
                for value in values
            ],
            stream=cast("httpx.SyncByteStream", play),
            extensions={
                "http_version": b"HTTP/1.1",
                "reason_phrase": (status.get("message") or "").encode("latin-1", "replace"),
            },
        )


# What h11 says where a chunked body ends too early.
_DIED = "RemoteProtocolError"
_DIED_WORDS = (
    "peer closed connection without sending complete message body (incomplete chunked read)"
)

_CLOSED = (
    "The recording ends here: when it was made, the test closed this response before its end, and "
    "now it reads on."
)
CANCELLED = (
    "The recording ends here: when it was made, the test cancelled the task that waited for more, "
    "and now it waits on."
)


def patience(recorded: Response) -> float | None:
    """How long, in s, to wait where a recording ends with a task that was cancelled; else None.

    A little longer than it waited then: its test cancels it again, at its own time.
    """
    stream = recorded.get("stream", {})
    if not any(was_cancelled(each.get("error", {})) for each in (recorded, stream)):
        return None
    pairs = parse(str(stream.get("chunks", "")))
    return 1 + 2 * sum(ms for ms, _ in pairs[-1:]) / 1000


def _ending(
    recorded: Response, library: Library, beyond: Callable[[str], Exception]
) -> Callable[[], Exception] | None:
    """What makes the error at the end of a body; None where it ended well."""
    stream = recorded.get("stream", {})
    if was_cancelled(stream.get("error", {})):
        return functools.partial(beyond, CANCELLED)
    if "error" in stream:
        return functools.partial(_error, stream["error"], library)
    return functools.partial(beyond, _CLOSED) if stream.get("closed") else None


def _error(error: Response, library: Library) -> httpx.RequestError:
    return library.error(str(error.get("type")))(str(error.get("message")))


def _chunks(recorded: Response, path: str) -> list[Chunk]:
    body: bytes = recorded["body"].get("string") or b""
    written = recorded.get("stream", {}).get("chunks")
    if written is None:
        return [Chunk(0, body)] if body else []
    try:
        chunks = cut(body, parse(str(written)))
    except ValueError:
        chunks = None
    if chunks is None:
        warnings.warn(
            f"{path}: the chunk table of a response does not add up to its body ({len(body)} "
            "bytes), as after an edit by hand; it is replayed one event a chunk",
            stacklevel=2,
        )
        return cut_at_events(body)
    return chunks
