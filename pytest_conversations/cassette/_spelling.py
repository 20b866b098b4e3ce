"""In how many ways a text can be spelled in a body, a URL or a header: as one pattern.

Each character may stand as it is, percent-encoded (RFC 3986, section 2.1; a space also as ``+``),
or escaped as in JSON (RFC 8259, section 7), also in JSON that is a text in JSON. The whole text may
be in Base64 (RFC 4648), of either alphabet and wherever it begins there, or in hexadecimal.
"""

import base64
import functools
import re
from collections.abc import Iterator
from typing import NamedTuple

SHORTEST = 8  # characters; a shorter text would be found in half of all others
_SHORTEST_PART = 6  # bytes, at the end of a body

# A percent sign, and how often it is encoded itself.
_PERCENT = rb"%(?:25)*"
# A backslash, and how often it is escaped itself: at each level of JSON in JSON it doubles. JSON
# may stand in a URL.
_SOME = rb"(?:\\|%(?:25)*5[cC])++"
# Backslashes in a row are looked at from the first one on, or they would be as often as they are
# many. How many they are depends on how often they are escaped.
_FIRST = rb"(?<!\\)(?<!%5[cC])(?<!%255[cC])(?<!%25255[cC])"
_ROW = rb"(?:%s(?:u005[cC])?)+" % _SOME
_ESCAPE = re.compile(rb"%[0-9A-Fa-f]{2}|\\")
# JSON and URLs escape no letter that they need not; a line break or an umlaut they do.
_ESCAPED_LETTER = re.compile(rb"u00[2-7]|%(?:25)*[2-7]", re.IGNORECASE)
_SIMPLE = re.compile(r"[A-Za-z0-9_-]*")
_STANDARD = bytes.maketrans(b"-_", b"+/")
_CONTROLS = {"\b": b"b", "\f": b"f", "\n": b"n", "\r": b"r", "\t": b"t"}


class Body:
    """Bytes to search, in the forms in which that is quick."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw

    @functools.cached_property
    def has_escapes(self) -> bool:
        """Whether any character may stand in it in another way than as it is."""
        return _ESCAPE.search(self.raw) is not None

    @functools.cached_property
    def has_escaped_letters(self) -> bool:
        """Whether a letter, a digit, a hyphen or an underscore may."""
        return self.has_escapes and _ESCAPED_LETTER.search(self.raw) is not None

    @functools.cached_property
    def lowered(self) -> bytes:
        """For hexadecimal."""
        return self.raw.lower()

    @functools.cached_property
    def standard(self) -> bytes:
        """For Base64: in its first alphabet."""
        return self.raw.translate(_STANDARD)


class Spellings:
    """A text in every spelling."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._is_simple = _SIMPLE.fullmatch(text) is not None
        self._raw = encoded(text)
        self._hex = self._raw.hex().encode()
        self._cores = [core.text.translate(_STANDARD) for core in _base64_cores(self._raw)]

    def are_possible(self, body: Body) -> bool:
        """Whether to search by the pattern: compiling takes 2 ms, and searching 20 ns a byte."""
        may_be_escaped = body.has_escaped_letters if self._is_simple else body.has_escapes
        return (
            may_be_escaped
            or " " in self._text
            or self._raw in body.raw
            or self._hex in body.lowered
            or any(core in body.standard for core in self._cores)
        )

    def begun(self, body: Body) -> int:
        """How many bytes at the end of a body are half of the text or more, but not all of it.

        Args:
            body: what may have been cut within the text, as it is, in hexadecimal or in Base64.
        """
        ways = (
            (body.raw, self._raw),
            (body.lowered, self._hex),
            *((body.standard, core) for core in self._cores),
        )
        return max(_begun(ending, whole) for ending, whole in ways)

    @functools.cached_property
    def pattern(self) -> re.Pattern[bytes]:
        """What matches any of them."""
        return re.compile(pattern(self._text))


def _begun(body: bytes, whole: bytes) -> int:
    sizes = range(len(whole) - 1, max(len(whole) // 2, _SHORTEST_PART) - 1, -1)
    return next((size for size in sizes if body.endswith(whole[:size])), 0)


def pattern(text: str) -> bytes:
    """A pattern (of `re`, for bytes) that matches a text in every spelling."""
    raw = encoded(text)
    ways = [
        re.escape(raw),
        _escaped(text),
        *map(_around, _base64_cores(raw)),
        b"".join(_any_case(digit) for digit in raw.hex()),
    ]
    return b"|".join(ways)


def encoded(text: str) -> bytes:
    """The UTF-8 of a text, which may come from an environment variable that is not UTF-8."""
    return text.encode("utf-8", "surrogateescape")


def _escaped(text: str) -> bytes:
    some, pattern = _FIRST + _SOME, b""
    for unit in re.findall(r"\\+|[^\\]", text, re.DOTALL):
        if unit[0] == "\\":
            pattern += (_FIRST if not pattern else b"") + _ROW
            some = b""  # the row has taken those of the next character, too
        else:
            pattern += _character(unit, some)
            some = _SOME
    return pattern


# A character of Base64 at the border is made of bits of the text and of its neighbour, and where it
# ends so may be a padding. Those go as well, or they would tell one key from another.
_BORDER = rb"(?:[\w+/-]|%2[bBfF])?"
_PADDING = rb"(?:(?:=|%3[dD]|\\u003[dD]){0,2})"


def _around(core: "Core") -> bytes:
    inside = b"".join(map(_in_base64, core.text.decode()))
    before = _BORDER if core.shares_first else b""
    return before + inside + (_BORDER + _PADDING if core.shares_last else b"")


def _in_base64(char: str) -> bytes:
    # Its letters and digits need no escape anywhere.
    other = {"+": "-", "/": "_"}.get(char)
    return char.encode() if other is None else b"(?:%s|%s)" % (_character(char), other.encode())


@functools.cache
def _character(char: str, some: bytes = _SOME) -> bytes:
    return b"(?:%s)" % b"|".join(_ways(char, some))


def _ways(char: str, some: bytes) -> Iterator[bytes]:
    raw = encoded(char)
    escape = b"(?:%s)?+" % some if char in '"/' else b""
    yield escape + re.escape(raw)
    yield escape + b"".join(_PERCENT + _hex(byte) for byte in raw)
    if char in _CONTROLS:
        yield some + _CONTROLS[char]
    if char == " ":
        yield rb"\+"
    units = char.encode("utf-16-be", "surrogatepass")
    codes = [_hex(high) + _hex(low) for high, low in zip(units[::2], units[1::2], strict=True)]
    yield some + b"u" + (_SOME + b"u").join(codes)


def _hex(byte: int) -> bytes:
    return b"".join(map(_any_case, f"{byte:02x}"))


def _any_case(digit: str) -> bytes:
    return f"[{digit}{digit.upper()}]".encode() if digit.isalpha() else digit.encode()


class Core(NamedTuple):
    """What Base64 makes of bytes that stand in a longer text.

    Attributes:
        text: the characters that are made of those bytes alone.
        shares_first: whether the character before is made of the first of them, too.
        shares_last: whether the character behind is made of the last of them, too.
    """

    text: bytes
    shares_first: bool
    shares_last: bool


def _base64_cores(raw: bytes) -> Iterator[Core]:
    # Three bytes become four characters, so there are three ways, by where they begin.
    for before in range(3):
        padded = bytes(before) + raw
        start, end = -(-before * 8 // 6), len(padded) * 8 // 6
        yield Core(base64.b64encode(padded)[start:end], before > 0, len(padded) % 3 > 0)
