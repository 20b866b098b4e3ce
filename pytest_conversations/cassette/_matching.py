"""Which requests are the same: one key function for each name that ``match_on`` may hold.

The names are vcrpy's matchers, and mean what they mean there, with two differences: a fragment
never counts (vcrpy records the official SDK's ``/v1/conversations#stream``, which never reaches
the wire), and ``body`` compares JSON by meaning whatever the headers say. A key, unlike a pairwise
matcher, can be looked up, so finding a request costs the same in a cassette of any size.
"""

import json
import re
from collections.abc import Callable, Hashable, Iterable
from typing import Protocol
from urllib.parse import parse_qsl, urldefrag, urlsplit

from vcr.request import Request
from vcr.util import read_body

from pytest_conversations.cassette._compression import decompressed

_BOUNDARY = re.compile(r'multipart/[^;]*;(?:.*;)?\s*boundary="?([^";]+)', re.IGNORECASE)

Key = Callable[[Request], Hashable]

DEFAULT = ("method", "path", "query", "body")


class Matcher(Protocol):
    """A matcher as vcrpy calls it: with the request that is made and a recorded one."""

    __name__: str

    def __call__(self, made: Request, recorded: Request) -> bool: ...


def body_bytes(request: Request) -> bytes:
    """The body of a request without its content coding; empty where there is none."""
    stored = stored_body(request)
    plain = decompressed(stored, request.headers.get("content-encoding"))
    return stored if plain is None else plain


def stored_body(request: Request) -> bytes:
    """The body of a request, whatever vcrpy holds it as; empty where there is none."""
    body = read_body(request)
    return body.encode() if isinstance(body, str) else bytes(body or b"")


def _body(request: Request) -> str | bytes:
    body = body_bytes(request)
    form = next(
        (value for name, value in request.headers.items() if name.lower() == "content-type"), ""
    )
    boundary = _BOUNDARY.match(form)
    # Each request has one of its own, made by chance (RFC 2046, section 5.1.1).
    return body.replace(boundary[1].encode(), b"boundary") if boundary else body_key(body)


def body_key(body: bytes) -> str | bytes:
    """A body as it is compared: JSON without key order, white space and spelling of numbers."""
    if not body.lstrip().startswith((b"{", b"[")):
        return body
    try:
        return json.dumps(json.loads(body, parse_float=_number), sort_keys=True)
    except (ValueError, RecursionError):
        return body


def _number(text: str) -> float:
    value = float(text)
    return int(value) if value.is_integer() else value  # 1.0 and 1 are one number in JSON


def _query(request: Request) -> Hashable:
    return tuple(sorted(parse_qsl(urlsplit(request.uri).query, keep_blank_values=True)))


def _headers(request: Request) -> Hashable:
    return frozenset((name.lower(), value) for name, value in request.headers.items())


_KEYS: dict[str, Key] = {
    "method": lambda request: request.method,
    "uri": lambda request: urldefrag(request.uri).url,
    "url": lambda request: urldefrag(request.uri).url,
    "scheme": lambda request: request.scheme,
    "host": lambda request: request.host,
    "port": lambda request: request.port,
    "path": lambda request: urlsplit(request.uri).path or "/",
    "query": _query,
    "headers": _headers,
    "raw_body": body_bytes,
    "body": _body,
}


def check(match_on: Iterable[str]) -> None:
    """Refuse names that are no matchers.

    Raises:
        ValueError: one of them is none; the message lists those there are.
    """
    unknown = [name for name in match_on if name not in _KEYS]
    if unknown:
        msg = f"match_on has {', '.join(map(repr, unknown))}; choose from {', '.join(_KEYS)}"
        raise ValueError(msg)


def key(
    request: Request, match_on: Iterable[str], alike: Callable[[str], str] = str
) -> tuple[Hashable, ...]:
    """The key of a request: two requests match exactly when their keys are equal.

    Args:
        request: scrubbed.
        match_on: names of matchers.
        alike: makes texts equal that are to match, though they differ.
    """
    return tuple(_with(alike, _KEYS[name](request)) for name in match_on)


def _with(alike: Callable[[str], str], value: Hashable) -> Hashable:
    if isinstance(value, str):
        return alike(value)
    if isinstance(value, bytes):
        return alike(value.decode("latin-1")).encode("latin-1")
    return tuple(_with(alike, item) for item in value) if isinstance(value, tuple) else value


def differing(made: Request, recorded: Request, match_on: Iterable[str]) -> list[str]:
    """The names of the matchers by which two requests differ."""
    return [name for name in match_on if _KEYS[name](made) != _KEYS[name](recorded)]


def matcher(name: str) -> Matcher:
    """The matcher of that name, for the parts of vcrpy that compare pairs."""
    of = _KEYS[name]

    def matches(made: Request, recorded: Request) -> bool:
        return of(made) == of(recorded)

    matches.__name__ = name
    return matches
