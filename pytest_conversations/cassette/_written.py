"""Reads what this package wrote, many times faster than YAML can be read.

The layout of a file whose checksum is right is known. What is not as expected is left to the parser
of YAML, and a property test holds both to the same result. An open cassette reads a response when
it is asked for: a test plays a few of those that a file may hold.
"""

import contextlib
import functools
import re
import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

import yaml
from vcr.request import Request

from pytest_conversations.cassette import _checksum, _json_text, _layout, _metadata
from pytest_conversations.cassette._keys import Keys
from pytest_conversations.cassette._layout import OtherError, Value
from pytest_conversations.cassette._matching import Matching
from pytest_conversations.cassette._request import CassetteRequest
from pytest_conversations.cassette._scrub import Response

_START = b"\ninteractions:\n"
_NEXT = b"\n- request:\n"
_ANSWER = b"  response:\n"
_TEST = b"\n    test:"
_END = b"\n...\n"
_REQUEST = {"method", "uri", "headers", "body"}
# A URL that can be parsed, as nearly all are; of another one it is tried.
_URI = re.compile(r"https?://[A-Za-z0-9.-]+(?::\d{1,4})?(?:[/?#].*)?", re.ASCII)
_OTHER = (OtherError, yaml.YAMLError, ValueError, KeyError, TypeError)


class _Place(NamedTuple):
    """Where a response stands.

    Attributes:
        raw: the bytes of the file.
        start: where the lines of the response begin.
        stop: where they end.
        otherwise: gives the response where its lines are not as expected.
        lock: of the file: one thread at a time reads of it.
    """

    raw: bytes
    start: int
    stop: int
    otherwise: Callable[[], Response]
    lock: contextlib.AbstractContextManager[object]

    def response(self) -> Response:
        try:
            return _response(self.raw, self.start, self.stop)
        except _OTHER:
            return self.otherwise()


class Unread:
    """A response of a cassette whose text was not read yet."""

    __slots__ = ("_place", "_response")

    def __init__(self, place: _Place) -> None:
        self._place: _Place | None = place  # None when it was read
        self._response: Response = {}

    @property
    def response(self) -> Response:
        """The response, each time the same."""
        if (place := self._place) is not None:
            with place.lock:  # for two threads, too
                if self._place is not None:
                    self._response = place.response()
                    self._place = None  # with the whole file, which need not be kept for this one
        return self._response

    @property
    def test(self) -> object:
        """The test that it was recorded for; None where nobody said for which."""
        if (place := self._place) is not None:
            raw, start, stop, *_ = place
            at = raw.rfind(_TEST, start, stop) + 1  # of several keys the last one counts, in YAML
            if not at:
                return None
            with contextlib.suppress(*_OTHER):  # its value has several lines
                line = _layout.line_of(raw[at : raw.find(b"\n", at) + 1])
                if line is not None and isinstance(line.value, str):
                    return line.value
        return self.response.get("test")


class Written:
    """A file as it was read.

    Attributes:
        requests: those that it holds.
        metadata: what it says of itself.

    Args:
        raw: its bytes.
        requests: those that it holds.
        spans: where the response to each begins and ends.
        metadata: what it says of itself.
    """

    def __init__(
        self,
        raw: bytes,
        requests: Sequence[CassetteRequest],
        spans: Sequence[tuple[int, int]],
        metadata: dict[str, Value],
    ) -> None:
        self._raw = raw
        self._spans = spans
        self.requests = requests
        self.metadata = metadata
        self._keys: dict[Matching, Keys] = {}

    @property
    def names_tests(self) -> bool:
        """Whether any response may say for which test it was recorded."""
        return _TEST in self._raw

    def keys(self, matching: Matching) -> Keys:
        """The places of the requests by their keys."""
        if (keys := self._keys.get(matching)) is None:
            keys = self._keys[matching] = Keys(self.requests, matching)
        return keys

    def response(
        self,
        place: int,
        otherwise: Callable[[int], Response],
        lock: contextlib.AbstractContextManager[object],
    ) -> Unread:
        """The response at a place, each time another object.

        Args:
            place: the place.
            otherwise: gives the response at a place where its lines are not as expected.
            lock: one thread at a time reads with it.
        """
        start, stop = self._spans[place]
        return Unread(_Place(self._raw, start, stop, functools.partial(otherwise, place), lock))


def read(raw: bytes) -> tuple[list[Request], list[Response], dict[str, Value]] | None:
    """The requests, responses and metadata of a cassette; None where it is not as expected.

    Args:
        raw: the bytes of a file whose checksum is right.
    """

    def fail(_: int) -> Response:
        raise OtherError

    found = written(raw)
    if found is None:
        return None
    lock = threading.RLock()
    try:
        responses = [
            found.response(place, fail, lock).response for place in range(len(found.requests))
        ]
    except OtherError:
        return None
    return [*found.requests], responses, found.metadata


def written(raw: bytes) -> Written | None:
    """The same, with responses that are read later.

    Args:
        raw: the bytes.
    """
    start = raw.find(_START) + 1
    end = len(raw) - len(_END) + 1
    if not start or not raw.endswith(_END):
        return None
    requests: list[CassetteRequest] = []
    spans: list[tuple[int, int]] = []
    try:
        metadata = _metadata_of(raw[:start])
        at = start + len(_START) - 1
        while at < end:
            request, begun = _sent(raw, at)
            at = raw.find(_NEXT, begun) + 1 or end
            requests.append(request)
            spans.append((begun, at))
    except _OTHER:
        return None
    return Written(raw, requests, spans, metadata) if at == end else None


def sealed(raw: bytes) -> Written | None:
    """The same, of a file whose checksum may be another.

    Args:
        raw: the bytes.
    """
    return written(raw) if _checksum.is_right(raw) else None


# For tests that share a cassette, which open the same file one after the other.
shared = functools.lru_cache(maxsize=2)(sealed)


def _metadata_of(head: bytes) -> dict[str, Value]:
    document, at = _layout.mapping(head, 0, 0)
    metadata = document.get("metadata")
    if at != len(head) or document.keys() != {"version", "metadata"} or document["version"] != 1:
        raise OtherError
    if not isinstance(metadata, dict) or not _metadata.is_own(metadata):
        raise OtherError
    return metadata


def _sent(raw: bytes, at: int) -> tuple[CassetteRequest, int]:
    """The request of the interaction that begins at a place, and where its response does."""
    if not raw.startswith(_NEXT[1:], at):
        raise OtherError
    sent, at = _layout.request(raw, at + len(_NEXT) - 1)
    if sent.keys() != _REQUEST or not raw.startswith(_ANSWER, at):
        raise OtherError
    return _request(**{**sent, "body": _on_wire(sent["body"])}), at + len(_ANSWER)


def _response(raw: bytes, start: int, stop: int) -> Response:
    response, at = _layout.response(raw, start, stop)
    body = response["body"]
    if at != stop or not isinstance(body, dict):
        raise OtherError
    body["string"] = _on_wire(body["string"])
    return response


def _request(method: object, uri: object, headers: object, body: object) -> CassetteRequest:
    if not (isinstance(method, str) and isinstance(uri, str) and isinstance(headers, dict)):
        raise OtherError
    if not (body is None or isinstance(body, bytes)):
        raise OtherError
    if _URI.fullmatch(uri) is None:
        _ = urlsplit(uri).port  # which fails where it is no URL
    return CassetteRequest(method, uri, body, headers)


def _on_wire(body: object) -> object:
    return _json_text.compact(body.encode()) if isinstance(body, str) else body
