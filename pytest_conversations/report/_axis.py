"""The axis of time under a stream: where things stand on it, and where nothing came.

Places are in percent of the width, so that the picture fits any.
"""

import dataclasses
import itertools
import statistics
from collections import Counter
from collections.abc import Sequence

from pytest_conversations.report._limits import duration

_WHOLE = 100.0  # percent
_TICKS = 6  # at most
_STEPS = (1, 2, 5)
_WIDE = 0.08  # of the whole time, from which on a pause is shown
_UNUSUAL = 4  # times the pause in the middle
_PAUSES = 6  # at most
_ROOM, _LITTLE_ROOM = 17.0, 7.0  # percent that a label wants, and a time alone
_CURVE = 300  # points of the curve, at most

Pair = tuple[int, int]  # ms since the chunk before, and bytes


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


def places(times: Sequence[int], whole: int) -> list[float]:
    """Where marks stand, in percent.

    Times are whole milliseconds: those that came in the same one stand beside each other in it.
    """
    if not whole:
        return [round(_WHOLE * (index + 0.5) / len(times), 3) for index in range(len(times))]
    counts, seen = Counter(times), Counter[int]()
    made = []
    for at in times:
        made.append(_percent(at + seen[at] / counts[at], whole))
        seen[at] += 1
    return made


def _percent(ms: float, whole: int) -> float:
    return round(_WHOLE * ms / (whole + 1), 3)  # the last millisecond has a width, too


def rest(times: Sequence[int], whole: int) -> str:
    """An SVG path of strokes, on a width of 1000, for chunks that have no mark."""
    strokes = dict.fromkeys(round(1000 * at / (whole + 1)) for at in times)
    return "".join(f"M{x} 0v22" for x in strokes)


def curve(pairs: Sequence[Pair], times: Sequence[int], whole: int) -> str:
    """An SVG path, on 1000 by 100, of how many bytes had come."""
    total = sum(count for _, count in pairs) or 1
    came = itertools.accumulate(count for _, count in pairs)
    points: dict[int, float] = {}
    for at, count in zip(times, came, strict=True):
        points[round(_CURVE * at / (whole + 1))] = 100 - 100 * count / total
    path = ["M0 100"]
    path += [f"H{1000 * step / _CURVE:.1f}V{y:.1f}" for step, y in points.items()]
    return "".join([*path, "H1000V100Z"])


def bands(times: Sequence[int], first: int, whole: int) -> tuple[Band, ...]:
    """The times in which nothing came.

    Args:
        times: of the chunks, in ms.
        first: when the first event came; 0 where there is none.
        whole: of the stream, in ms.
    """
    made = []
    if first:
        made.append(_band("wait", 0, first, whole, "first event after"))
    pauses = [(after - before, before) for before, after in itertools.pairwise(times)]
    waited = [ms for ms, _ in pauses if ms]
    if waited:
        usual = statistics.median(waited)
        longest = max(pauses)  # the last of them, where several are as long
        wide = [p for p in pauses if p[0] > _WIDE * whole and p[0] > _UNUSUAL * usual]
        for pause in sorted({longest, *sorted(wide)[-_PAUSES:]}, key=lambda p: p[1]):
            kind, words = ("longest", "longest pause") if pause == longest else ("pause", "pause")
            ms, at = pause
            made.append(_band(kind, at, ms, whole, words))
    return tuple(made)


def _band(kind: str, at: int, ms: int, whole: int, words: str) -> Band:
    width = _percent(ms, whole)
    short = duration(ms) if width >= _LITTLE_ROOM else ""
    label = f"{words} {duration(ms)}" if width >= _ROOM else short
    return Band(kind, _percent(at, whole), width, label)


def ticks(whole: int) -> tuple[Tick, ...]:
    """The lines of the axis, at round times."""
    power = 1
    while True:
        for step in (power * each for each in _STEPS):
            if whole // step < _TICKS:
                return tuple(
                    Tick(_percent(at, whole), duration(at)) for at in range(0, whole + 1, step)
                )
        power *= 10
