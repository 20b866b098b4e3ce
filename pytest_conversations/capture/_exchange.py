"""Between the library's requests and responses and those of the cassette."""

import functools
import warnings
from collections.abc import Callable
from typing import cast

import httpx
from vcr.request import Request

from pytest_conversations.capture._library import Library
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


def library_response(
    recorded: Response, library: Library, path: str, cut_short: Callable[[], Exception]
) -> httpx.Response:
    """A recorded response as the library's own, with a stream that plays it.

    Args:
        recorded: the response, as the cassette holds it.
        library: the caller's library.
        path: the cassette, for warnings.
        cut_short: makes the error for a caller that reads past the place where the recorded one
            had closed the response.

    Raises:
        httpx.TransportError: the recorded request got no response; the class, the library's own,
            is that of the recording.
    """
    if "error" in recorded:
        raise _error(recorded["error"], library)
    stream = recorded.get("stream", {})
    fail: Callable[[], Exception] | None = None
    if "error" in stream:
        fail = functools.partial(_error, stream["error"], library)
    elif stream.get("closed"):
        fail = cut_short
    status = recorded["status"]
    play = as_stream(Playback, library)(_chunks(recorded, path), fail)
    return library.Response(
        status["code"],
        headers=[
            (name.encode("latin-1"), value.encode("latin-1", "replace"))
            for name, values in header_values(recorded)
            for value in values
        ],
        stream=cast("httpx.SyncByteStream", play),
        extensions={
            "http_version": b"HTTP/1.1",
            "reason_phrase": (status.get("message") or "").encode("latin-1", "replace"),
        },
    )


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
