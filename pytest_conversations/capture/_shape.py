"""How a recorded response is given on replay: cut otherwise, at another pace, or dying early."""

import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

from pytest_conversations.cassette import Chunk, event_ends

Chunking: TypeAlias = Literal["recorded", "events", "whole", "bytes"] | int


@dataclasses.dataclass(frozen=True)
class Shape:
    """What a test asks for; by default the recording as it is, without its waits.

    Attributes:
        chunking: ``recorded``; ``events``: one server-sent event a chunk; ``whole``: one chunk;
            ``bytes``: one byte a chunk; or so many bytes a chunk.
        pace: what recorded times are multiplied by; 0 waits for nothing.
        cut_after: after so many server-sent events the stream dies.
    """

    chunking: Chunking = "recorded"
    pace: float = 0.0
    cut_after: int | None = None

    def cut(self, chunks: Sequence[Chunk], *, is_stream: bool) -> tuple[Sequence[Chunk], bool]:
        """The chunks to give, and whether the stream dies after them.

        Args:
            chunks: the recorded ones.
            is_stream: whether they are server-sent events.
        """
        if self.chunking == "recorded" and self.cut_after is None:
            return chunks, False
        body = b"".join(chunk.data for chunk in chunks)
        events = event_ends(body) if is_stream else []
        dies = is_stream and self.cut_after is not None and len(events) >= self.cut_after
        if dies and self.cut_after is not None:
            body = body[: [0, *events][self.cut_after]]
        edges = sorted(
            {edge for edge in self._edges(chunks, events, len(body)) if edge < len(body)}
        )
        return list(_recut(chunks, body, [*edges, len(body)], keep_end=not dies)), dies

    def _edges(
        self, chunks: Sequence[Chunk], events: Sequence[int], length: int
    ) -> Iterator[int] | Sequence[int]:
        """Where chunks end."""
        match self.chunking:
            case "whole":
                return ()
            case "bytes":
                return range(1, length)
            case int() as size:
                return range(size, length, size)
            case "events" if events:
                return events
            case _:
                return itertools.accumulate(len(chunk.data) for chunk in chunks)


def _recut(
    chunks: Sequence[Chunk], body: bytes, edges: Sequence[int], *, keep_end: bool
) -> Iterator[Chunk]:
    """A body cut at some places. A piece comes when the last of its bytes came."""
    arrivals = zip(
        itertools.accumulate(len(chunk.data) for chunk in chunks),
        itertools.accumulate(chunk.ms for chunk in chunks),
        strict=True,
    )
    end, time, before, start = 0, 0, 0, 0
    for edge in edges:
        while end < edge:
            end, time = next(arrivals)
        if edge > start:
            yield Chunk(time - before, body[start:edge])
            start, before = edge, time
    if keep_end and chunks and not chunks[-1].data:  # how long it took to fail
        yield Chunk(sum(chunk.ms for chunk in chunks) - before, b"")
