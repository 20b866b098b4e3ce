"""Bodies with a content coding (RFC 9110, section 8.4), as they are without it.

vcrpy decodes some, but by names in lower case alone, one coding a body, and never tells that it
could not.
"""

import zlib
from collections.abc import Callable
from typing import NamedTuple

from vcr.filters import AVAILABLE_DECOMPRESSORS

GZIP = b"\x1f\x8b"
_WITH_GZIP, _RAW = zlib.MAX_WBITS | 16, -zlib.MAX_WBITS


class Decoded(NamedTuple):
    """A body without its content coding.

    Attributes:
        body: as much of it as can be read.
        is_whole: whether that is all; False where it is cut, or its coding is not known here.
    """

    body: bytes
    is_whole: bool = True


def decoded(body: bytes, coding: str | None) -> Decoded:
    """As much of a body as can be read.

    Args:
        body: as it was sent, or stored; many tools decode it and leave the header.
        coding: the header ``Content-Encoding``; several in the order in which they were applied.
    """
    plain = Decoded(body)
    for name in reversed((coding or "").lower().split(",")):
        if plain.is_whole and plain.body:
            plain = _DECODERS.get(name.strip(), _by_another)(plain.body)
    return plain


def _gzip(body: bytes) -> Decoded:
    if not body.startswith(GZIP):
        return Decoded(body)
    plain = []
    at = 0
    while body.startswith(GZIP, at):  # RFC 1952, section 2.2: one member after the other
        member = _inflated(body, _WITH_GZIP, at)
        plain.append(member.body)
        if not member.is_whole:
            return Decoded(b"".join(plain), is_whole=False)
        at = member.end
    return Decoded(b"".join(plain))


def _deflate(body: bytes) -> Decoded:
    with_head, raw = _inflated(body, zlib.MAX_WBITS), _inflated(body, _RAW)
    for each in (with_head, raw):  # RFC 9110, section 8.4.1.2: some send it without the head
        if each.is_whole and each.end == len(body):
            return Decoded(each.body)
    return Decoded(body) if _is_text(body) else Decoded(with_head.body or raw.body, is_whole=False)


class _Inflated(NamedTuple):
    body: bytes
    end: int
    is_whole: bool


def _inflated(body: bytes, bits: int, start: int = 0) -> _Inflated:
    inflate = zlib.decompressobj(bits)
    plain = []
    at = start
    try:
        while at < len(body) and not inflate.eof:  # in steps: what is before damage is not lost
            plain.append(inflate.decompress(body[at : at + _STEP]))
            at += _STEP
    except zlib.error:
        return _Inflated(b"".join(plain), at, is_whole=False)
    end = min(at, len(body)) - len(inflate.unused_data)
    return _Inflated(b"".join(plain), end, is_whole=inflate.eof)


_STEP = 1024


def _brotli(body: bytes) -> Decoded:
    decompress = AVAILABLE_DECOMPRESSORS.get("br")
    plain: bytes = body if decompress is None else decompress(body)  # type: ignore[no-untyped-call] # vcrpy's
    return Decoded(plain, is_whole=plain != body or _is_text(body))


def _by_another(body: bytes) -> Decoded:
    return Decoded(body, is_whole=_is_text(body))


def _is_text(body: bytes) -> bool:
    """Whether it was decoded already, as it seems: what is compressed is hardly ever UTF-8."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


_DECODERS: dict[str, Callable[[bytes], Decoded]] = {
    "": Decoded,
    "identity": Decoded,
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
}
