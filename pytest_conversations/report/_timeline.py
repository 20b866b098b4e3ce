"""A stream as a picture: where its chunks and events stand on an axis of time.

Places are in percent of the width, heights in pixels.
"""

import dataclasses
import itertools
from collections.abc import Sequence

from pytest_conversations.report import _axis
from pytest_conversations.report._axis import Band, Pair, Tick
from pytest_conversations.report._limits import Limits, duration, grouped, size
from pytest_conversations.transcript import Event

_TALLEST, _SHORTEST = 22.0, 4.0  # pixels of a chunk's bar
_MEASURABLE = 20  # ms, from which on a rate means something
_LONGEST = 10**12  # ms; what a table says beyond that nobody has measured


@dataclasses.dataclass(frozen=True)
class Mark:
    """A chunk or an event.

    Attributes:
        number: from 1.
        x: percent.
        height: of a chunk's bar, in pixels.
        kind: of an event; its colour and form.
        title: in words.
        target: number of the chunk whose bytes it opens; 0 where they are not in the page.
    """

    number: int
    x: float
    height: float
    kind: str
    title: str
    target: int


@dataclasses.dataclass(frozen=True)
class Timeline:
    """A stream.

    Attributes:
        summary: all of it in a sentence, for who does not see it.
        facts: names and values, in words.
        chunk_count: of the cassette; more than `chunks` where there are very many.
        event_count: likewise.
        chunks: their marks.
        events: their marks.
        kinds: of events that there are.
        rest: the places of chunks that have no mark, as an SVG path on a width of 1000; or empty.
        curve: how many bytes had come, as an SVG path on 1000 by 100; empty without times.
        bands: times in which nothing came.
        ticks: of the axis.
        is_timed: whether times are recorded; else the marks stand in order.
        error: how it ended early, in a few words; empty where it did not.
        was_closed: whether it was the app that ended it.
    """

    summary: str
    facts: tuple[tuple[str, str], ...]
    chunk_count: int
    event_count: int
    chunks: tuple[Mark, ...]
    events: tuple[Mark, ...]
    kinds: tuple[str, ...]
    rest: str
    curve: str
    bands: tuple[Band, ...]
    ticks: tuple[Tick, ...]
    is_timed: bool
    error: str
    was_closed: bool


def timeline(
    pairs: Sequence[Pair],
    events: Sequence[Event],
    *,
    tokens: int,
    error: str,
    was_closed: bool,
    shown: int,
    limits: Limits,
) -> Timeline:
    """Make the picture of a stream.

    Args:
        pairs: its chunks; none where it is not recorded how it was cut.
        events: that were read of it.
        tokens: that the model wrote, as the API counts; 0 where nobody said it.
        error: how it ended early; empty where it did not.
        was_closed: whether it was the app that ended it.
        shown: how many chunks have their bytes in the page.
        limits: of the page.
    """
    pairs = [(min(ms, _LONGEST), count) for ms, count in pairs]
    events = [dataclasses.replace(each, ms=min(each.ms, _LONGEST)) for each in events]
    times = list(itertools.accumulate(ms for ms, _ in pairs))
    whole = times[-1] if times else 0
    is_timed = whole > 0
    lane = _chunk_marks(pairs, times, whole, shown, limits)
    facts = _facts(pairs, times, events, tokens)
    return Timeline(
        summary=". ".join([*(f"{name}: {value}" for name, value in facts), *filter(None, [error])]),
        facts=facts,
        chunk_count=len(pairs),
        event_count=len(events),
        chunks=lane,
        events=_event_marks(pairs, events, whole, shown, limits),
        kinds=tuple(dict.fromkeys(_kind(event) for event in events)),
        rest=_axis.rest(times[len(lane) :], whole),
        curve=_axis.curve(pairs, times, whole) if is_timed else "",
        bands=_axis.bands(times, events[0].ms if events else 0, whole) if is_timed else (),
        ticks=_axis.ticks(whole) if is_timed else (),
        is_timed=is_timed,
        error=error,
        was_closed=was_closed,
    )


def _chunk_marks(
    pairs: Sequence[Pair], times: Sequence[int], whole: int, shown: int, limits: Limits
) -> tuple[Mark, ...]:
    most = max((count for _, count in pairs), default=0) or 1
    of = grouped(len(pairs))
    places = _axis.places(times, whole)
    return tuple(
        Mark(
            number=number,
            x=x,
            height=round(max(_SHORTEST, _TALLEST * (count / most) ** 0.5), 1) if count else 2.0,
            kind="chunk",
            title=f"Chunk {grouped(number)} of {of}, at {duration(at)} "
            f"(+{duration(ms)}), {size(count)}",
            target=number if number <= shown else 0,
        )
        for number, ((ms, count), at, x) in enumerate(
            itertools.islice(zip(pairs, times, places, strict=True), limits.marks), 1
        )
    )


def _event_marks(
    pairs: Sequence[Pair], events: Sequence[Event], whole: int, shown: int, limits: Limits
) -> tuple[Mark, ...]:
    arrivals = list(itertools.accumulate(count for _, count in pairs))
    places = _axis.places([event.ms for event in events], whole)
    marks = []
    chunk = 0
    for number, event in enumerate(events[: limits.marks], 1):
        while chunk < len(arrivals) - 1 and arrivals[chunk] < event.end:
            chunk += 1
        # Where the cuts are not recorded, the bytes are shown event by event.
        target = chunk + 1 if pairs else number
        at = f", at {duration(event.ms)}" if whole else ""
        name = event.name or "without a name"
        marks.append(
            Mark(
                number=number,
                x=places[number - 1],
                height=0.0,
                kind=_kind(event),
                title=f"Event {grouped(number)} of {grouped(len(events))}{at}: {name}",
                target=target if target <= shown else 0,
            )
        )
    return tuple(marks)


def _kind(event: Event) -> str:
    told = event.data if isinstance(event.data, dict) else {}
    name = event.name or str(told.get("type") or "")
    if "choices" in told:  # of a chat completion, whose events have no name
        return "output"
    if "error" in name:
        return "error"
    if name.startswith("message.output"):
        return "output"
    if name.startswith(("tool.", "function.")):
        return "tool"
    if name.startswith("agent.handoff"):
        return "handoff"
    return "state" if name.startswith("conversation.response") else "other"


def _facts(
    pairs: Sequence[Pair], times: Sequence[int], events: Sequence[Event], tokens: int
) -> tuple[tuple[str, str], ...]:
    facts = [("Chunks", grouped(len(pairs)) if pairs else "not recorded")]
    facts.append(("Events", grouped(len(events))))
    if times and times[-1]:
        if events:
            facts.append(("First event", duration(events[0].ms)))
        facts.append(("Duration", duration(times[-1])))
        longest = max((b - a for a, b in itertools.pairwise(times)), default=0)
        if longest:
            facts.append(("Longest pause", duration(longest)))
        streamed = events[-1].ms - events[0].ms if events else 0
        if tokens and streamed >= _MEASURABLE:
            facts.append(("Rate", f"{1000 * tokens / streamed:.0f} tokens/s"))
    return tuple(facts)
