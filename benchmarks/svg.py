"""Pictures of figures, on logarithmic axes: dots for lanes, lines for growth."""

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from benchmarks.figures import Spread, short

_WIDTH = 720
_LEFT, _RIGHT, _TOP = 190, 90, 48
_ROW = 26
_HEIGHT = 300
_LINE = 15
_STYLE = """<style>
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600 } .minor { fill: #6e7781; font-size: 12px }
.grid { stroke: #d0d7de }
.other { stroke: #6e7781; fill: #6e7781 } .own { stroke: #d9480f; fill: #d9480f }
line.other, line.own, polyline { stroke-width: 2 } polyline { fill: none !important }
text.own, text.other { stroke: none }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .minor, .other { fill: #9198a1 } .grid { stroke: #3d444d }
.other { stroke: #9198a1 } .own { stroke: #ff922b; fill: #ff922b } }
</style>"""


class _Axis:
    """A logarithmic axis: figures to places."""

    def __init__(self, figures: Sequence[float], start: float, end: float) -> None:
        self._low = math.floor(math.log10(min(figures)))
        self._high = max(math.ceil(math.log10(max(figures))), self._low + 1)
        self._start, self._end = start, end

    def place(self, figure: float) -> float:
        share = (math.log10(figure) - self._low) / (self._high - self._low)
        return round(self._start + share * (self._end - self._start), 1)

    def ticks(self) -> Iterator[tuple[float, str]]:
        for power in range(self._low, self._high + 1):
            yield self.place(10.0**power), f"{10**power if power >= 0 else 10.0**power:g}"


def dots(title: str, unit: str, rows: Mapping[str, Spread], own: Sequence[str]) -> str:
    """A dot a lane at its median, with a line from quartile to quartile.

    Args:
        title: of the picture.
        unit: of the figures.
        rows: by lane; the figures are above zero.
        own: the lanes that stand out.
    """
    ordered = sorted(rows.items(), key=lambda row: row[1].middle)
    bottom = _TOP + _ROW * len(rows)
    axis = _Axis([each for row in rows.values() for each in row], _LEFT, _WIDTH - _RIGHT)
    parts = [_text(12, 24, f"{title}, {unit} (logarithmic)", "title")]
    for x, label in axis.ticks():
        parts += [_line(x, _TOP - 8, x, bottom, "grid")]
        parts += [_text(x, bottom + 18, label, "minor", anchor="middle")]
    for at, (lane, found) in enumerate(ordered):
        y = _TOP + _ROW * at + _ROW / 2
        kind = "own" if lane in own else "other"
        low, middle, high = map(axis.place, found)
        parts += [
            _text(_LEFT - 12, y + 4, lane, kind, anchor="end"),
            _line(low, y, high, y, kind),
            f'<circle cx="{middle}" cy="{y}" r="5" class="{kind}"/>',
            _text(max(high, middle) + 12, y + 4, short(found.middle), kind),
        ]
    return _picture(bottom + 32, parts)


def lines(
    title: str, axes: tuple[str, str], rows: Mapping[str, Mapping[int, float]], own: Sequence[str]
) -> str:
    """A line a lane.

    Args:
        title: of the picture.
        axes: what stands at the horizontal and the vertical one.
        rows: by lane, the figures by size.
        own: the lanes that stand out.
    """
    bottom = _TOP + _HEIGHT
    across = _Axis([size for row in rows.values() for size in row], 80, _WIDTH - 170)
    up = _Axis([each for row in rows.values() for each in row.values()], bottom, _TOP)
    parts = [_text(12, 24, f"{title}: {axes[1]} by {axes[0]} (both logarithmic)", "title")]
    for x, label in across.ticks():
        parts += [_line(x, _TOP, x, bottom, "grid")]
        parts += [_text(x, bottom + 18, label, "minor", anchor="middle")]
    for y, label in up.ticks():
        parts += [_line(80, y, _WIDTH - 170, y, "grid")]
        parts += [_text(70, y + 4, label, "minor", anchor="end")]
    taken: list[tuple[float, float]] = []
    for lane, row in sorted(rows.items(), key=lambda each: -max(each[1].values())):
        kind = "own" if lane in own else "other"
        points = [(across.place(size), up.place(figure)) for size, figure in row.items()]
        joined = " ".join(f"{x},{y}" for x, y in points)
        x, y = points[-1]
        while any(x == beside and abs(y - other) < _LINE for beside, other in taken):
            y += 3
        taken.append((x, y))
        parts += [f'<polyline points="{joined}" class="{kind}"/>', _text(x + 8, y + 4, lane, kind)]
    return _picture(bottom + 32, parts)


def _picture(height: float, parts: Sequence[str]) -> str:
    size = f'width="{_WIDTH}" height="{height:g}" viewBox="0 0 {_WIDTH} {height:g}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size}>'
    return "\n".join([head, _STYLE, *parts, "</svg>", ""])


def _text(x: float, y: float, text: str, kind: str, *, anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y}" class="{kind}" text-anchor="{anchor}">{escape(text)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" class="{kind}"/>'
