"""Reads what this package wrote, many times faster than YAML can be read.

The layout is known: it is what `_yaml` makes. Nearly all requests and responses are read by one
pattern each, what else there is line by line. What is not as expected is told by `OtherError`.
"""

import datetime as dt
import functools
import re
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import yaml

from pytest_conversations.cassette import _json_text

Value: TypeAlias = "dict[str, Value] | list[Value] | object"

_SHORT = 200  # bytes of a line that may come again, such as those of most headers
_LINE = re.compile(rb"( *)([A-Za-z_][\w.-]*):(?: (.+))?\n")
_BLOCK = re.compile(rb"\|(2?)([+-]?)")
_JSON = (b"{\n", b"[\n")  # how JSON begins that is laid out
# The lines of headers, and below what most of them say: one value.
_HEADERS = rb"(?: {6}[^ \n].*\n)+"
_HEADER_LINES = re.compile(_HEADERS)
_FEW_HEADERS = 2048  # bytes that may come again
# Items of a list, or of a mapping, in one line.
_ITEM = r"""(?:'(?:[^']|'')*'|"(?:[^"\\]|\\.)*"|[^\s'",\[\]{}&*!|>%@`#?-][^,\[\]{}:#\n]*)"""
_LIST = re.compile(rf"\[(?:{_ITEM}(?:, {_ITEM})*)?\]")
_PAIRS = re.compile(rf"\{{\w+: {_ITEM}(?:, \w+: {_ITEM})*\}}")
_EACH = re.compile(_ITEM)
_PAIR = re.compile(rf"(\w+): ({_ITEM})")
# What is a text for YAML as it stands. Words such as `no`, numbers and dates are other things.
_TEXT = re.compile(r"[A-Za-z<](?:[^:#\n]|:(?=[^ \n])|(?<! )#)*+(?<! )")
_WORDS = frozenset(("y", "yes", "n", "no", "true", "false", "on", "off", "null"))
_CHUNKS = re.compile(r"\d+\+\d+(?: \d+\+\d+)*", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:Z|\+00:00)", re.ASCII)
_QUOTED = re.compile(r"'((?:[^']|'')*)'")
_HEADER = re.compile(
    r"^ {6}([A-Za-z_][\w.-]*): \[(?:'([^'\n]+)'|"
    rf"((?!(?i:{'|'.join(sorted(_WORDS))})\])[A-Za-z<][^,\[\]{{}}:#\n]*(?<! )))\]$",
    re.ASCII | re.MULTILINE,
)

# How nearly all requests are laid out, and nearly all responses as far as their body.
_REQUEST = re.compile(
    rb"    method: (GET|POST|PATCH|PUT|DELETE)\n    uri: (https?://[!-~]*[!-9;-~])\n"
    rb"    headers:\n(%b)    body: (?:null|(\|[+-]?))\n" % _HEADERS
)
_RESPONSE = re.compile(
    rb"(    status: \{.*\n)    headers:\n(%b)    body:\n      string: (\|[+-]?)\n" % _HEADERS
)
# Their indents, and what holds them.
_BODIES = {(4, "request", "body"), (6, "body", "string")}


class OtherError(Exception):
    """It is laid out in another way."""


class Line(NamedTuple):
    """A line with a key.

    Attributes:
        indent: columns before the key.
        key: what stands before the colon.
        hints: the sign of a block that follows; empty where a mapping does, None where the value
            stands in the line.
        value: that value.
        copied: what makes another that is equal, where it can be changed.
    """

    indent: int
    key: str
    hints: bytes | None = None
    value: Value = None
    copied: Callable[[], Value] | None = None


def request(raw: bytes, at: int) -> tuple[dict[str, Value], int]:
    """The mapping of a request; as `mapping`, which reads those that few requests look like.

    Raises:
        OtherError: there is none.
    """
    usual = _REQUEST.match(raw, at)
    if usual is None or (headers := _headers_of(usual[3])) is None:
        return mapping(raw, at, 4, "request")
    method, uri, _, hints = usual.groups()
    body, at = (None, usual.end()) if hints is None else _body(raw, usual.end(), hints, 6)
    return {"method": method.decode(), "uri": uri.decode(), "headers": headers, "body": body}, at


def response(raw: bytes, at: int, stop: int) -> tuple[dict[str, Value], int]:
    """The mapping of a response, likewise.

    Args:
        raw: the file.
        at: where it begins.
        stop: where it is thought to end.

    Raises:
        OtherError: there is none.
    """
    usual = _RESPONSE.match(raw, at)
    if usual is None or (headers := _headers_of(usual[2])) is None:
        return mapping(raw, at, 4, "response")
    body, end = _body(raw, usual.end(), usual[3], 8)
    status = _line_once(usual[1])
    if status is None or status.copied is None:
        return mapping(raw, at, 4, "response")
    more, end = ({}, end) if end == stop else mapping(raw, end, 4, "response")
    read = {"status": status.copied(), "headers": headers, "body": {"string": body}}
    return read | more, end


def mapping(raw: bytes, at: int, indent: int, parent: str = "") -> tuple[dict[str, Value], int]:
    """The mapping that begins at a place, and the place behind it.

    Args:
        raw: the file.
        at: the place.
        indent: columns before its keys.
        parent: the key that it is the value of.

    Raises:
        OtherError: there is none.
    """
    found: dict[str, Value] = {}
    while end := raw.find(b"\n", at) + 1:
        written = raw[at:end]
        line = line_of(written) if end - at > _SHORT else _line_once(written)
        if line is None or line.indent != indent:
            break
        _, key, hints, value, copied = line
        at = end
        if hints is None:
            # What is made once is kept, so whoever gets it has it alone.
            found[key] = value if copied is None else copied()
        elif not hints:
            found[key], at = _inner(raw, at, indent + 2, key)
        elif (indent, parent, key) in _BODIES:
            found[key], at = _body(raw, at, hints, indent + 2)
        else:
            block, at = _block(raw, at, hints, indent + 2)
            found[key] = block.decode()
    if not found:
        raise OtherError
    return found, at


def line_of(written: bytes) -> Line | None:
    """What a line says; None where it has no key."""
    line = _LINE.fullmatch(written)
    if line is None:
        return None
    spaces, key, value = line.groups()
    indent = len(spaces)
    if value is None:
        return Line(indent, key.decode(), b"")
    if value[:1] == b"|":
        return Line(indent, key.decode(), value)
    if not _is_plain(text := value.decode()):
        raise OtherError
    read = _value(text)
    copied = read.copy if isinstance(read, list | dict) else None
    return Line(indent, key.decode(), None, read, copied)


def _is_plain(text: str) -> bool:
    """Whether a text has no tab, mark or line break that YAML reads as something else."""
    return text.replace("\n", "").isprintable()


_line_once = functools.lru_cache(maxsize=4096)(line_of)


def _inner(raw: bytes, at: int, indent: int, key: str) -> tuple[dict[str, Value], int]:
    """The mapping below a key, and the place behind it; of headers all lines at once."""
    if key == "headers" and (lines := _HEADER_LINES.match(raw, at)) is not None:
        headers = _headers_of(lines[0])
        if headers is not None:
            return headers, lines.end()
    return mapping(raw, at, indent, key)


def _headers(block: bytes) -> dict[str, list[str]] | None:
    """What lines of headers say; None where one does not have a single plain value."""
    text = block.decode()
    found = _HEADER.findall(text)
    headers = {name: [quoted or plain] for name, quoted, plain in found}
    is_all = len(headers) == text.count("\n") and "''" not in text and _is_plain(text)
    return headers if is_all else None


def _headers_of(block: bytes) -> dict[str, Value] | None:
    """The same for who changes it."""
    headers = _headers_once(block) if len(block) <= _FEW_HEADERS else _headers(block)
    return None if headers is None else {name: held.copy() for name, held in headers.items()}


_headers_once = functools.lru_cache(maxsize=256)(_headers)


def _body(raw: bytes, at: int, hints: bytes, indent: int) -> tuple[bytes, int]:
    """The body that begins at a place, as it is sent, and the place behind it."""
    start = at + indent
    if not raw.startswith(_JSON, start):
        return _block(raw, at, hints, indent)
    _, stop = _extent(raw, at, hints, indent)
    return _json_text.compact(raw[start:stop]), stop  # to which an indent is as good as another


def _block(raw: bytes, at: int, hints: bytes, indent: int) -> tuple[bytes, int]:
    """The literal block that begins at a place, and the place behind it."""
    chomping, stop = _extent(raw, at, hints, indent)
    margin = b" " * indent
    start = at + indent
    # Without a number in its hints, a block is indented as its first line is.
    first = raw[start : start + 1]
    if not raw.startswith(margin, at) or first == b"\n" or (first == b" " and b"2" not in hints):
        raise OtherError
    content = raw[start:stop].replace(b"\n" + margin, b"\n")
    if chomping == b"-":
        content = content.rstrip(b"\n")
    elif not chomping:
        content = content.rstrip(b"\n") + b"\n"
    return content, stop


def _extent(raw: bytes, at: int, hints: bytes, indent: int) -> tuple[bytes, int]:
    """How a literal block is chomped, and the place behind it."""
    form = _BLOCK.fullmatch(hints)
    if form is None:
        raise OtherError
    end = _end(indent).search(raw, at - 1)
    return form[2], len(raw) if end is None else end.start() + 1


@functools.cache
def _end(indent: int) -> re.Pattern[bytes]:
    """Where a block ends: before a line that is neither blank nor indented so much."""
    return re.compile(rb"\n(?! {%d}|\n|\Z)" % indent)


def _value(written: str) -> Value:
    if written[0] == "[":
        if _LIST.fullmatch(written) is None:
            raise OtherError
        return [_scalar(each) for each in _EACH.findall(written[1:-1])]
    if written[0] == "{":
        if written == "{}":
            return {}
        if _PAIRS.fullmatch(written) is None:
            raise OtherError
        return {key: _scalar(each) for key, each in _PAIR.findall(written)}
    return _scalar(written)


def _scalar(written: str) -> object:
    if _CHUNKS.fullmatch(written) or (_TEXT.fullmatch(written) and written.lower() not in _WORDS):
        return written
    if quoted := _QUOTED.fullmatch(written):
        return quoted[1].replace("''", "'")
    if written.isdecimal() and written.isascii() and written[0] != "0":
        return int(written)
    if _TIME.fullmatch(written):
        return dt.datetime.fromisoformat(written)
    return yaml.load(written, Loader=yaml.CSafeLoader)
