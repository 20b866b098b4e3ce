"""The ways in which characters are written: as they are, in a string of JSON, in a form."""

import functools
import itertools
import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple
from urllib.parse import quote


class Writing(NamedTuple):
    """A way to write a text.

    Attributes:
        escapes: of which a text has one where any of its characters is not written as it is.
        unit: matches one character as it is written; None where all are written as they are.
        decode: what one character is that is written so.
        write: writes a text.
    """

    escapes: str
    unit: re.Pattern[str] | None
    decode: Callable[[str], str]
    write: Callable[[str], str]

    def read(self, raw: str) -> str:
        """What is written."""
        unit = self._unit(raw)
        return raw if unit is None else "".join(map(self.decode, unit.findall(raw)))

    def starts(self, raw: str) -> Iterator[int] | None:
        """Where each character begins, and the last one ends; None where all stand as they are."""
        unit = self._unit(raw)
        return (
            None if unit is None else itertools.accumulate(map(len, unit.findall(raw)), initial=0)
        )

    def _unit(self, raw: str) -> re.Pattern[str] | None:
        return self.unit if any(each in raw for each in self.escapes) else None


@functools.lru_cache(maxsize=1024)
def _of_json(raw: str) -> str:
    if len(raw) == 1:
        return raw
    try:
        escaped: str = json.loads(f'"{raw}"')
    except ValueError:  # an escape that JSON does not know
        return raw[-1]
    return escaped if len(escaped) == 1 else raw[-1]


@functools.lru_cache(maxsize=1024)
def _of_form(raw: str) -> str:
    return chr(int(raw[1:], 16)) if raw[1:] else " " if raw == "+" else raw


PLAIN = Writing("", None, str, str)
# A surrogate pair, an escape, or itself.
JSON = Writing(
    "\\",
    re.compile(
        r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|.",
        re.DOTALL,
    ),
    _of_json,
    lambda text: json.dumps(text)[1:-1],
)
FORM = Writing(
    "%+", re.compile(r"%[0-9A-Fa-f]{2}|.", re.DOTALL), _of_form, functools.partial(quote, safe="<>")
)


def byte_positions(value: str) -> Sequence[int]:
    """Where each character of a text begins in its UTF-8, and the last one ends."""
    if value.isascii():
        return range(len(value) + 1)
    return list(itertools.accumulate(map(_size, value), initial=0))


_SIZES = ((0x80, 1), (0x800, 2), (0xD800, 3), (0xE000, 1), (0x10000, 3), (0x110000, 4))


def _size(char: str) -> int:
    """How many bytes a character has; a lone surrogate is a byte that is no UTF-8."""
    point = ord(char)
    return next(size for end, size in _SIZES if point < end)
