"""Bodies as they came: in pieces, with their cuts; and those that are no stream, laid out."""

import dataclasses
import json
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pydantic import JsonValue

from pytest_conversations.cassette import (
    Chunk,
    Interaction,
    cut_at_events,
    header_values,
    parse,
)
from pytest_conversations.report._limits import Cut, LeftOut, Limits, duration, left_out_here, size
from pytest_conversations.transcript import Event, Exchange, as_text

_STREAM = "text/event-stream"
_LAID_OUT = 4  # times what is shown of a body: as much of it is laid out as JSON


@dataclasses.dataclass(frozen=True)
class Piece:
    """Bytes that came together.

    Attributes:
        number: from 1.
        label: when they came, and how many they are.
        text: of them; what is no UTF-8 as escapes.
    """

    number: int
    label: str
    text: str


@dataclasses.dataclass(frozen=True)
class Raw:
    """The body of a stream.

    Attributes:
        pieces: those that are shown.
        are_chunks: whether they are as the stream was cut; else they are its events.
        note: a sentence about what is not there; may be empty.
    """

    pieces: tuple[Piece, ...]
    are_chunks: bool
    note: str


@dataclasses.dataclass(frozen=True)
class Row:
    """An event in the list of them.

    Attributes:
        number: from 1.
        at: when it came, in words; empty where times are not recorded.
        name: of the event.
        data: its payload.
    """

    number: int
    at: str
    name: str
    data: str


class Clipped(NamedTuple):
    """An interaction, with as much of a stream's body as is read.

    Attributes:
        interaction: the same as in the file, or a shorter one.
        table: ms and bytes of all chunks, of one that is shorter.
        total: bytes of the whole body, of one that is shorter; else 0.
    """

    interaction: Interaction
    table: list[tuple[int, int]]
    total: int


def clipped(interaction: Interaction, limits: Limits) -> Clipped:
    """An interaction of a file, shorter where it is a huge stream; the given one is not changed."""
    response = interaction.response
    body = response["body"].get("string") or b""
    if len(body) <= limits.read or not is_stream(interaction):
        return Clipped(interaction, [], 0)
    table = _pairs(response.get("stream", {}).get("chunks"))
    total = 0
    kept = []
    for ms, count in table:
        if total + count > limits.read:
            break
        kept.append(f"{ms}+{count}")
        total += count
    end = total or limits.read
    short = {**response, "body": {"string": body[:end]}}
    if table:
        short["stream"] = {**response["stream"], "chunks": " ".join(kept)}
    return Clipped(Interaction(interaction.request, short), table, len(body))


def is_stream(interaction: Interaction) -> bool:
    """Whether a response is a stream of server-sent events, by its header."""
    return any(
        value.lower().startswith(_STREAM)
        for name, values in header_values(interaction.response)
        if name.lower() == "content-type"
        for value in values
    )


def _pairs(written: object) -> list[tuple[int, int]]:
    """The pairs of a chunk table; none where that is no table."""
    try:
        return parse(written) if isinstance(written, str) else []
    except ValueError:
        return []


def raw(exchange: Exchange, total: int, limits: Limits, left_out: LeftOut) -> Raw:
    """The body of a stream, with its cuts.

    Args:
        exchange: the stream.
        total: bytes of the whole body, of which the exchange may have the beginning alone.
        limits: of the page.
        left_out: where to count what is too much.
    """
    chunks: Sequence[Chunk] = exchange.chunks or cut_at_events(exchange.body)
    pieces = []
    shown = at = 0
    for number, chunk in enumerate(chunks, 1):
        if shown >= limits.raw or number > limits.marks:
            break
        at += chunk.ms
        data = chunk.data[: limits.raw - shown]
        shown += len(data)
        times = f"{duration(at)} · " if exchange.ms else ""
        text = data.decode("utf-8", "backslashreplace")
        pieces.append(Piece(number, f"{number} · {times}{size(len(chunk.data))}", text))
    rest = total - shown
    left_out.raw += rest
    note = f"{size(rest)} more are in the cassette, and left out here." if rest > 0 else ""
    return Raw(tuple(pieces), bool(exchange.chunks), note)


def rows(events: Sequence[Event], limits: Limits, left_out: LeftOut) -> tuple[list[Row], str]:
    """The list of a stream's events.

    Args:
        events: of the stream.
        limits: of the page.
        left_out: where to count what is too much.

    Returns:
        The rows, and a sentence about events that are not among them; it may be empty.
    """
    made: list[Row] = []
    room = limits.texts
    for number, event in enumerate(events[: limits.marks], 1):
        if room <= 0:
            break
        text = as_text(event.data)
        data = text[: limits.text]
        left_out.characters += len(text) - len(data)
        room -= len(data)
        at = duration(event.ms) if events[-1].ms else ""
        made.append(Row(number, at, event.name, data + "…" * (len(data) < len(text))))
    rest = len(events) - len(made)
    left_out.marks += rest
    note = left_out_here(rest, "more event") if rest else ""
    return made, note


def shown_body(body: JsonValue, total: int, limits: Limits, left_out: LeftOut) -> Cut:
    """A body that is no stream, laid out where it is JSON.

    Args:
        body: as JSON data, or as a text.
        total: its bytes, as it came.
        limits: of the page.
        left_out: where to count what is too much.
    """
    # Not all of it: of 50 MB the layout alone takes longer than all else.
    written = body if isinstance(body, str) else "".join(_beginning(body, _LAID_OUT * limits.raw))
    text = written[: limits.raw]
    rest = max(len(written), total) - len(text) if len(text) < len(written) else 0
    left_out.raw += rest
    return Cut(text, rest)


def _beginning(body: JsonValue, room: int) -> Iterator[str]:
    pieces = json.JSONEncoder(ensure_ascii=False, indent=2).iterencode(body)
    for piece in pieces:
        yield piece
        room -= len(piece)
        if room < 0:
            return
