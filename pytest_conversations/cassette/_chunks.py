"""The chunk table: how a streamed body was cut, and when each piece came.

In the file it is one scalar, ``0+134 12+88``: for each chunk the ms since the one before (the
first: since the request was sent) and its bytes. A last chunk of no bytes says how long it took
until the stream failed.
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, overload

_EVENT_END = re.compile(rb"(?>\r\n|\n|\r){2,}")  # atomic: a CR LF is never two breaks
_TABLE = re.compile(r"\s*+(?:\d++\+\d++(?:\s++|\Z))*+", re.ASCII)
_DATA = re.compile(rb"(?<![^\r\n])(?:\xef\xbb\xbf)?data(?=[:\r\n]|\Z)")


class Chunk(NamedTuple):
    """A piece of a body.

    Attributes:
        ms: time since the chunk before, or since the request; whole ms.
        data: its bytes.
    """

    ms: int
    data: bytes


class Chunks(Sequence[Chunk]):
    """The chunks of a body, each made when somebody asks for it.

    Args:
        body: all of it.
        times: ms of each chunk.
        sizes: bytes of each chunk.

    Raises:
        ValueError: they do not add up to the body.
    """

    __slots__ = ("_body", "_edges", "_times")

    def __init__(self, body: bytes, times: Sequence[int], sizes: Sequence[int]) -> None:
        self._body = body
        self._times = times
        self._edges = list(itertools.accumulate(sizes, initial=0))
        if self._edges[-1] != len(body):
            msg = f"{self._edges[-1]} bytes of chunks for a body of {len(body)}"
            raise ValueError(msg)

    @property
    def data(self) -> Iterator[bytes]:
        """The bytes of each, for who needs no times."""
        for start, end in itertools.pairwise(self._edges):
            yield self._body[start:end]

    def __len__(self) -> int:
        return len(self._times)

    def __iter__(self) -> Iterator[Chunk]:
        return map(Chunk, self._times, self.data)

    @overload
    def __getitem__(self, place: int, /) -> Chunk: ...
    @overload
    def __getitem__(self, place: slice, /) -> Sequence[Chunk]: ...
    def __getitem__(self, place: int | slice, /) -> Chunk | Sequence[Chunk]:
        return list(self)[place]


def data_of(chunks: Iterable[Chunk]) -> Iterator[bytes]:
    """The bytes of each chunk."""
    return chunks.data if isinstance(chunks, Chunks) else (chunk.data for chunk in chunks)


def table(chunks: Iterable[Chunk]) -> str:
    """Write the table of some chunks."""
    return " ".join(f"{chunk.ms}+{len(chunk.data)}" for chunk in chunks)


def parse(text: str) -> list[tuple[int, int]]:
    """Read a table: ms and bytes of each chunk.

    Raises:
        ValueError: it is no table.
    """
    return list(zip(*_columns(text), strict=True))


def _columns(text: str) -> tuple[list[int], list[int]]:
    if _TABLE.fullmatch(text) is None:
        msg = "a table of chunks has pairs such as 12+134"
        raise ValueError(msg)
    numbers = list(map(int, text.replace("+", " ").split()))
    return numbers[::2], numbers[1::2]


def as_recorded(body: bytes, written: object) -> Chunks | None:
    """Cut a body as a file says; None where that is no table, or does not add up to the body.

    Args:
        body: of the response.
        written: what stands in the file at ``chunks``.
    """
    try:
        return Chunks(body, *_columns(str(written)))
    except ValueError:
        return None


def event_ends(body: bytes) -> list[int]:
    """Where each server-sent event ends: behind the blank lines after a block that has data.

    What comes between two events, such as a comment, belongs to the second.
    """
    ends = []
    start = 0
    for match in _EVENT_END.finditer(body):
        if _DATA.search(body, start, match.start()):
            ends.append(match.end())
        start = match.end()
    return ends


def cut_at_events(body: bytes) -> list[Chunk]:
    """Cut a stream of server-sent events after each of them."""
    edges = sorted({0, *event_ends(body), len(body)})
    return [Chunk(0, body[a:b]) for a, b in itertools.pairwise(edges)]


def mend(response: dict[str, Any]) -> None:
    """Cut a response's body at its events, in place, where its table is of another length."""
    stream, body = response.get("stream", {}), response["body"].get("string") or b""
    if "chunks" in stream and as_recorded(body, stream["chunks"]) is None:
        stream["chunks"] = table(cut_at_events(body))
