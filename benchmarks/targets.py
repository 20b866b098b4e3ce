"""What is aimed at, and how far that is."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from benchmarks import figures
from benchmarks.figures import Spread
from benchmarks.rounds import Table

_FEWEST = 3

How = Literal["alone", "ratio", "more"]


@dataclasses.dataclass(frozen=True)
class Target:
    """A figure that is aimed at.

    Attributes:
        group: which of the five parts it is of.
        text: what is measured.
        experiment: where.
        figure: which.
        limit: what it is to be at most.
        lane: whose figure.
        against: the lane that it is compared with.
        how: ``ratio``: the figure in those of the other lane, inside each round; ``more``: what
            it is above ``times`` the other's; ``alone``: the figure itself.
        times: see there.
        unit: of what is compared.
        least: whether the limit is the least instead, of how many times the other lane's figure
            holds this one's.
    """

    group: str
    text: str
    experiment: str
    figure: str
    limit: float
    lane: str = "own"
    against: str = ""
    how: How = "ratio"
    times: float = 1.0
    unit: str = " x"
    least: bool = False


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How far a target is.

    Attributes:
        target: which.
        own: the figure of our lane.
        other: that of the lane that it is compared with, if it is.
        compared: the comparison, inside each round.
        rounds: of how many.
    """

    target: Target
    own: Spread
    other: Spread | None
    compared: Spread
    rounds: int

    @property
    def verdict(self) -> str:
        """Met or missed; ``unsure`` where the spread, or too few rounds, leave that open."""
        word = "met" if self.met else "missed"
        low, _, high = self.compared
        is_open = low <= self.target.limit <= high or self.rounds < _FEWEST
        return f"{word}, unsure" if is_open else word

    @property
    def met(self) -> bool:
        """Whether the median is within the limit."""
        middle = self.compared.middle
        return middle >= self.target.limit if self.target.least else middle <= self.target.limit

    @property
    def aim(self) -> str:
        """The limit in words."""
        sign = "≥" if self.target.least else "≤"
        return f"{sign} {figures.short(self.target.limit)}{self.target.unit}"


def compared(
    own: Sequence[float], other: Sequence[float], *, how: How, times: float = 1.0
) -> list[float]:
    """The figures of a lane against those of another, round by round; see `Target`."""
    if how == "alone":
        return [*own]
    pairs = zip(own, other, strict=True)
    return [a / b if how == "ratio" else a - times * b for a, b in pairs]


def outcomes(targets: Sequence[Target], tables: Mapping[str, Table]) -> Iterator[Outcome]:
    """How far the targets are of whose experiments there are figures."""
    for target in targets:
        table = tables.get(target.experiment, {})
        own = table.get(target.lane, {}).get(target.figure)
        if own is None:
            continue
        other = table[target.against][target.figure] if target.against else []
        if target.least:
            rounds = compared(other, own, how=target.how, times=target.times)
        else:
            rounds = compared(own, other, how=target.how, times=target.times)
        yield Outcome(
            target,
            figures.spread(own),
            figures.spread(other) if other else None,
            figures.spread(rounds),
            len(rounds),
        )
