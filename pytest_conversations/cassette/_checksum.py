"""Whether a file is what was written: a checksum in its head, of all the rest.

A checksum that is `BLANK` is never right: it stays in a file that is written again, and had been
edited before.
"""

import re
import zlib

KEY = "checksum"
BLANK = "00000000"

_LINE = re.compile(rf"(?m)^(  {KEY}: )'?([0-9a-f]{{8}})'?$".encode())
_HEAD = 1000  # bytes; the metadata stands first


def sealed(text: str) -> str:
    """A cassette's text with its checksum in the place of `BLANK`."""
    raw = text.encode()
    return _LINE.sub(lambda line: b"%b'%08x'" % (line[1], zlib.crc32(raw)), raw, count=1).decode()


def edited_line(raw: bytes) -> int:
    """The line, from 1, of a checksum that is wrong; 0 where none is."""
    line = None if is_right(raw) is not False else _LINE.search(raw, 0, _HEAD)
    return 0 if line is None else raw.count(b"\n", 0, line.start()) + 1


def is_right(raw: bytes) -> bool | None:
    """Whether the checksum of a cassette is that of its text; None where it has none.

    Args:
        raw: the text, with its lines ended by a line feed.
    """
    line = _LINE.search(raw, 0, _HEAD)
    if line is None:
        return None
    # By pieces: a copy of all may be large.
    view = memoryview(raw)
    checksum = 0
    for piece in (view[: line.start()], line[1], f"'{BLANK}'".encode(), view[line.end() :]):
        checksum = zlib.crc32(piece, checksum)
    return b"%08x" % checksum == line[2]
