"""Whether a file is what was written: a checksum in its head, of all the rest.

A checksum that is `BLANK` is never right: it stays in a file that is written again, and had been
edited before.
"""

import re
import zlib

KEY = "checksum"
BLANK = "00000000"

_LINE = re.compile(rf"(?m)^(  {KEY}: )'?([0-9a-f]{{8}})'?$")
_HEAD = 1000  # characters; the metadata stands first


def sealed(text: str) -> str:
    """A cassette's text with its checksum in the place of `BLANK`."""
    return _LINE.sub(lambda line: f"{line[1]}'{_of(text)}'", text, count=1)


def edited_line(text: str) -> int:
    """The line, from 1, of a checksum that is wrong; 0 where none is."""
    line = _LINE.search(text, 0, _HEAD) if is_edited(text) else None
    return 0 if line is None else text.count("\n", 0, line.start()) + 1


def is_edited(text: str) -> bool:
    """Whether a cassette's text is another than was written; one without a checksum is not."""
    return is_right(text) is False


def is_right(text: str) -> bool | None:
    """Whether the checksum of a cassette's text is that of its text; None where it has none."""
    line = _LINE.search(text, 0, _HEAD)
    if line is None:
        return None
    blank = f"{text[: line.start()]}{line[1]}'{BLANK}'{text[line.end() :]}"
    return _of(blank) == line[2]


def _of(text: str) -> str:
    return f"{zlib.crc32(text.encode()):08x}"
