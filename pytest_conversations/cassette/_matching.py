"""Which requests are the same: a key for each, made for each name that ``match_on`` may hold.

The names are vcrpy's matchers, and mean what they mean there, with two differences: a fragment
never counts (vcrpy records the official SDK's ``/v1/conversations#stream``, which never reaches
the wire), and ``body`` compares JSON by meaning whatever the headers say. A key, unlike a pairwise
matcher, can be looked up, so finding a request costs the same in a cassette of any size.
"""

import functools
import json
import re
from collections.abc import Callable, Hashable, Sequence
from typing import Protocol
from urllib.parse import parse_qsl, urldefrag, urlsplit

from vcr.request import Request
from vcr.util import read_body

from pytest_conversations import _pointers
from pytest_conversations.cassette._compression import decoded

# A URL with whose parts `urlsplit` does nothing, in a tenth of its time.
_PLAIN_URI = re.compile(
    r"https?://[a-z0-9.:-]++((?:/[!-\"$->@-Z^-~]*+)?+)(?:\?([!-\"$-Z^-~]*+))?+(?:#.*)?+"
)
_BOUNDARY = re.compile(r'multipart/[^;]*;(?:.*;)?\s*boundary="?([^";]+)', re.IGNORECASE)


class Matcher(Protocol):
    """A matcher as vcrpy calls it: with the request that is made and a recorded one."""

    __name__: str

    def __call__(self, made: Request, recorded: Request) -> bool: ...


def body_bytes(request: Request) -> bytes:
    """The body of a request without its content coding, if that can be undone as a whole."""
    stored = stored_body(request)
    coding = request.headers.get("content-encoding") if stored else None
    if not coding:
        return stored
    plain = decoded(stored, coding)
    return plain.body if plain.is_whole else stored


def stored_body(request: Request) -> bytes:
    """The body of a request, whatever vcrpy holds it as; empty where there is none."""
    body = request.body
    if isinstance(body, bytes):  # as nearly all are
        return body
    body = read_body(request)
    # Of what vcrpy's property may be, iterators are read before.
    return body.encode() if isinstance(body, str) else bytes(body or b"")  # pyright: ignore[reportArgumentType]


def _body(request: Request, ignored: tuple[_pointers.Pointer, ...]) -> str | bytes:
    body = body_bytes(request)
    boundary = _BOUNDARY.match(request.headers.get("content-type") or "")
    # Each request has one of its own, made by chance (RFC 2046, section 5.1.1).
    if boundary:
        return body.replace(boundary[1].encode(), b"boundary")
    return (_meaning_once if len(body) <= _SHORT else _meaning)(body, ignored)


def _meaning(body: bytes, ignored: tuple[_pointers.Pointer, ...]) -> str | bytes:
    """A body as it is compared: JSON without key order, white space and spelling of numbers."""
    if not body.lstrip().startswith((b"{", b"[")):
        return body
    try:
        data = _DECODER.decode(body.decode("utf-8", "surrogatepass"))
        kept = _pointers.without(data, ignored) if ignored else data
        return _ENCODER.encode(kept)
    except (ValueError, RecursionError):
        return body


# Polls, and the same question asked in each test, have one body. It is asked for again right away.
_meaning_once = functools.lru_cache(maxsize=128)(_meaning)


def _number(text: str) -> float:
    value = float(text)
    return int(value) if value.is_integer() else value  # 1.0 and 1 are one number in JSON


# Made once: `json.loads` and `json.dumps` would make them for each body.
_DECODER = json.JSONDecoder(parse_float=_number)
_ENCODER = json.JSONEncoder(sort_keys=True)


def _path(request: Request) -> Hashable:
    plain = _PLAIN_URI.fullmatch(request.uri)
    return (plain[1] if plain else urlsplit(request.uri).path) or "/"


def _query(request: Request) -> Hashable:
    plain = _PLAIN_URI.fullmatch(request.uri)
    query = plain[2] if plain else urlsplit(request.uri).query
    return tuple(sorted(parse_qsl(query, keep_blank_values=True))) if query else ()


def _headers(request: Request) -> Hashable:
    return frozenset((name.lower(), value) for name, value in request.headers.items())


_KEYS: dict[str, Callable[[Request], Hashable]] = {
    "method": lambda request: request.method,
    "uri": lambda request: urldefrag(request.uri).url,
    "url": lambda request: urldefrag(request.uri).url,
    "scheme": lambda request: request.scheme,
    "host": lambda request: request.host,
    "port": lambda request: request.port,
    "path": _path,
    "query": _query,
    "headers": _headers,
    "raw_body": body_bytes,
}
_BODY = "body"
_SHORT = 4096  # bytes of a body that is kept for a while with what it means
_OF_BODY = ("content-encoding", "content-type")


class Matching:
    """When two requests are the same.

    Attributes:
        DEFAULT: the names that count where no others are given.

    Args:
        match_on: names of matchers.
        ignore: JSON Pointers (RFC 6901) into the body, for the matcher ``body``, to what does not
            count; a token ``*`` stands for any one key or index.

    Raises:
        ValueError: one of the names is no matcher, or one of the pointers none.
    """

    DEFAULT = ("method", "path", "query", "body")

    def __init__(self, match_on: Sequence[str] = DEFAULT, ignore: Sequence[str] = ()) -> None:
        unknown = [name for name in match_on if name not in _KEYS and name != _BODY]
        if unknown:
            names = ", ".join((*_KEYS, _BODY))
            msg = f"match_on has {', '.join(map(repr, unknown))}; choose from {names}"
            raise ValueError(msg)
        self._ignored = tuple(_pointers.parse(each, "match_ignore") for each in ignore)
        self._names = tuple(match_on)
        self._parts = [_KEYS[name] for name in match_on if name != _BODY]
        self._body = self._part(_BODY) if _BODY in match_on else None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Matching) and self._rules == other._rules

    def __hash__(self) -> int:
        return hash(self._rules)

    @property
    def _rules(self) -> Hashable:
        return self._names, self._ignored

    def key(self, request: Request) -> Hashable:
        """The key of a request, scrubbed: two requests match exactly when their keys are equal."""
        return self.key_but_body(request), self.key_of_body(request)

    def key_but_body(self, request: Request) -> Hashable:
        """The part of the key that is not made of the matcher ``body``."""
        return tuple([part(request) for part in self._parts])

    def key_of_body(self, request: Request) -> Hashable:
        """The other part; None where ``body`` is no matcher."""
        return None if self._body is None else self._body(request)

    def are_equal_bytes(self, one: Request, other: Request) -> bool:
        """Whether the keys of two bodies are equal because the bodies are, to the byte.

        What else their keys hang on is in the headers, so those have to be equal, too: how a body
        is compressed, and where its parts end.
        """
        if self._body is None:
            return True
        return stored_body(one) == stored_body(other) and all(
            one.headers.get(name) == other.headers.get(name) for name in _OF_BODY
        )

    @property
    def looks_at_headers(self) -> bool:
        """Whether any of its matchers does."""
        return "headers" in self._names

    def differing(self, made: Request, recorded: Request) -> list[str]:
        """The names of the matchers by which two requests differ."""
        return [name for name in self._names if not self._is_same(name, made, recorded)]

    @functools.cached_property
    def matchers(self) -> Sequence[Matcher]:
        """The same for the parts of vcrpy that compare pairs."""
        return [self._matcher(name) for name in self._names]

    def _part(self, name: str) -> Callable[[Request], Hashable]:
        return functools.partial(_body, ignored=self._ignored) if name == _BODY else _KEYS[name]

    def _is_same(self, name: str, made: Request, recorded: Request) -> bool:
        part = self._part(name)
        return part(made) == part(recorded)

    def _matcher(self, name: str) -> Matcher:
        def matches(made: Request, recorded: Request) -> bool:
            return self._is_same(name, made, recorded)

        matches.__name__ = name
        return matches
