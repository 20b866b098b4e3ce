"""Which pictures are drawn."""

import re
from collections.abc import Iterator, Mapping

from benchmarks import figures, svg
from benchmarks.rounds import Table

_OWN = ("pytest-conversations", "our marker", "our client")
_NAMES = {
    "own": "pytest-conversations",
    "mock": "MockTransport and a dict",
    "none": "no recorder",
    "hand": "by hand",
    "sdk": "official SDK",
}


def named(lane: str) -> str:
    """What a lane is called."""
    return _NAMES.get(lane, lane)


def drawn(tables: Mapping[str, Table]) -> Iterator[tuple[str, str]]:
    """The pictures of whose experiments there are figures: a name, and SVG."""
    for name, experiment, figure, title, unit in (
        ("suite", "suite", "test_ms", "A test of three calls", "ms"),
        ("parsing", "parsing", "event_us", "Bytes to a typed event", "µs"),
        ("recording", "recording", "first_ms", "Until the first event, while recording", "ms"),
    ):
        if experiment in tables:
            rows = {
                named(lane): figures.spread(found[figure])
                for lane, found in tables[experiment].items()
            }
            yield name, svg.dots(title, unit, rows, _OWN)
    if "replay ordered" in tables:
        growth = {
            named(lane): {
                int(figure.removeprefix("all_")): figures.spread(rounds).middle
                for figure, rounds in found.items()
                if re.fullmatch(r"all_\d+", figure)
            }
            for lane, found in tables["replay ordered"].items()
        }
        axes = ("interactions", "ms")
        yield "replay", svg.lines("One cassette, loaded and played", axes, growth, _OWN)
