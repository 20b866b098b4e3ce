"""JSON bodies as a cassette shows them: indented, token for token what was sent.

Text is moved, never parsed and written again: numbers, escapes and the order of keys stay as they
were, so that the replayed body is the recorded one to the byte.
"""

import json
import re
from collections.abc import Iterator

_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_TOKEN = re.compile(rf'{_STRING}|[{{}}\[\],:]|[^\s{{}}\[\],:"]+')
# In JSON a line break only ever stands between tokens, never inside a string. So a line of the
# indented form can be found and undone without a parser: break, indent, and maybe a key.
_LINE = re.compile(rf"\n *+(?:({_STRING}:) )?+".encode())
_INDENT = 2


def indent(text: str, *, unescape: bool = False) -> str | None:
    r"""Lay a JSON object or array out as ``json.dumps(..., indent=2)`` does, and end the last line.

    Args:
        text: a JSON text.
        unescape: write printable characters for their escapes (``\u00e9``). The meaning stays,
            the bytes do not.

    Returns:
        The indented text; None where ``text`` is no JSON object or array, or an empty one.
    """
    if not is_json(text):
        return None
    return "".join(_lay_out(_tokens(text, unescape=unescape))) + "\n"


def compact(text: bytes) -> bytes:
    """Undo `indent`. A text that is laid out in another way keeps its meaning.

    Args:
        text: in UTF-8, as it is sent.
    """
    if not text.startswith((b"{\n", b"[\n")):
        return text
    return b"".join(filter(None, _LINE.split(text)))


def is_json(text: str) -> bool:
    """Whether ``text`` is a JSON object or array that has anything in it."""
    try:
        return bool(text.lstrip().startswith(("{", "[")) and json.loads(text))
    except (ValueError, RecursionError):
        return False


def _tokens(text: str, *, unescape: bool) -> Iterator[str]:
    for match in _TOKEN.finditer(text):
        piece = match[0]
        if unescape and "\\u" in piece:
            plain: str = json.loads(piece)
            if plain.isprintable():
                piece = json.dumps(plain, ensure_ascii=False)
        yield piece


def _lay_out(tokens: Iterator[str]) -> Iterator[str]:
    depth = 0
    before = ""
    for piece in tokens:
        if piece in "}]":
            depth -= 1
            if before not in "{[":
                yield _line(depth)
        elif before and before in "{[,":
            yield _line(depth)
        yield ": " if piece == ":" else piece
        if piece in "{[":
            depth += 1
        before = piece


def _line(depth: int) -> str:
    return "\n" + " " * (_INDENT * depth)
