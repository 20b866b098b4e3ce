"""A stream as a picture: where its chunks and events stand on an axis of time.

Places are in percent of the width, so that the picture fits any; heights are in pixels.
"""

import dataclasses
import itertools
import statistics
from collections import Counter
from collections.abc import Sequence

from pytest_conversations.report._limits import Limits, duration, grouped, size
from pytest_conversations.transcript import Event

_WHOLE = 100.0  # percent
_TICKS = 6  # at most
_STEPS = (1, 2, 5)
_TALLEST, _SHORTEST = 22.0, 4.0  # pixels of a chunk's bar
_WIDE = 0.08  # of the whole time, from which on a pause is shown
_UNUSUAL = 4  # times the pause in the middle
_PAUSES = 6  # at most
_ROOM = 16.0  # percent that a label wants
_MEASURABLE = 20  # ms, from which on a rate means something
_CURVE = 300  # points of the curve, at most

Pair = tuple[int, int]  # ms since the chunk before, and bytes


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
class Band:
    """A time in which nothing came.

    Attributes:
        kind: ``wait`` (for the first event), ``pause`` or ``longest``.
        x: percent where it begins.
        width: percent.
        label: in words; empty where there is no room.
    """

    kind: str
    x: float
    width: float
    label: str

    @property
    def middle(self) -> float:
        """Percent, where the label stands."""
        return self.x + self.width / 2


@dataclasses.dataclass(frozen=True)
class Tick:
    """A line of the axis, with its label."""

    x: float
    label: str


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
        error: how it died, in a few words; empty where it did not.
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


def timeline(
    pairs: Sequence[Pair],
    events: Sequence[Event],
    *,
    tokens: int,
    error: str,
    shown: int,
    limits: Limits,
) -> Timeline:
    """Make the picture of a stream.

    Args:
        pairs: its chunks; none where it is not recorded how it was cut.
        events: that were read of it.
        tokens: that the model wrote, as the API counts; 0 where nobody said it.
        error: how it failed; empty where it did not.
        shown: how many chunks have their bytes in the page.
        limits: of the page.
    """
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
        rest=_rest(times[len(lane) :], whole),
        curve=_curve(pairs, times, whole) if is_timed else "",
        bands=_bands(times, events, whole) if is_timed else (),
        ticks=_ticks(whole) if is_timed else (),
        is_timed=is_timed,
        error=error,
    )


def _places(times: Sequence[int], whole: int) -> list[float]:
    """Where marks stand, in percent.

    Times are whole milliseconds: those that came in the same one stand beside each other in it.
    """
    if not whole:
        return [round(_WHOLE * (index + 0.5) / len(times), 3) for index in range(len(times))]
    counts, seen = Counter(times), Counter[int]()
    places = []
    for at in times:
        places.append(_percent(at + seen[at] / counts[at], whole))
        seen[at] += 1
    return places


def _percent(ms: float, whole: int) -> float:
    return round(_WHOLE * ms / (whole + 1), 3)  # the last millisecond has a width, too


def _chunk_marks(
    pairs: Sequence[Pair], times: Sequence[int], whole: int, shown: int, limits: Limits
) -> tuple[Mark, ...]:
    most = max((count for _, count in pairs), default=0) or 1
    of = grouped(len(pairs))
    places = _places(times, whole)
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
    places = _places([event.ms for event in events], whole)
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
    name = event.name
    if "error" in name:
        return "error"
    if name.startswith("message.output"):
        return "output"
    if name.startswith(("tool.", "function.")):
        return "tool"
    if name.startswith("agent.handoff"):
        return "handoff"
    return "state" if name.startswith("conversation.response") else "other"


def _rest(times: Sequence[int], whole: int) -> str:
    places = dict.fromkeys(round(1000 * at / (whole + 1)) for at in times)
    return "".join(f"M{x} 0v22" for x in places)


def _curve(pairs: Sequence[Pair], times: Sequence[int], whole: int) -> str:
    total = sum(count for _, count in pairs) or 1
    came = itertools.accumulate(count for _, count in pairs)
    points: dict[int, float] = {}
    for at, count in zip(times, came, strict=True):
        points[round(_CURVE * at / (whole + 1))] = 100 - 100 * count / total
    path = ["M0 100"]
    path += [f"H{1000 * step / _CURVE:.1f}V{y:.1f}" for step, y in points.items()]
    return "".join([*path, "H1000V100Z"])


def _bands(times: Sequence[int], events: Sequence[Event], whole: int) -> tuple[Band, ...]:
    bands = []
    if events and events[0].ms:
        bands.append(_band("wait", 0, events[0].ms, whole, "first event after"))
    pauses = [(after - before, before) for before, after in itertools.pairwise(times)]
    waited = [ms for ms, _ in pauses if ms]
    if waited:
        usual = statistics.median(waited)
        longest = max(pauses)  # the last of them, where several are as long
        wide = [p for p in pauses if p[0] > _WIDE * whole and p[0] > _UNUSUAL * usual]
        for pause in sorted({longest, *sorted(wide)[-_PAUSES:]}, key=lambda p: p[1]):
            kind, words = ("longest", "longest pause") if pause == longest else ("pause", "pause")
            ms, at = pause
            bands.append(_band(kind, at, ms, whole, words))
    return tuple(bands)


def _band(kind: str, at: int, ms: int, whole: int, words: str) -> Band:
    width = _percent(ms, whole)
    label = f"{words} {duration(ms)}" if width >= _ROOM else ""
    return Band(kind, _percent(at, whole), width, label)


def _ticks(whole: int) -> tuple[Tick, ...]:
    power = 1
    while True:
        for step in (power * each for each in _STEPS):
            if whole // step < _TICKS:
                return tuple(
                    Tick(_percent(at, whole), duration(at)) for at in range(0, whole + 1, step)
                )
        power *= 10


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
