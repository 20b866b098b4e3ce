"""Figures of many rounds: medians, quartiles, ratios inside a round, exponents."""

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Spread(NamedTuple):
    """Where the middle half of some figures lies.

    Attributes:
        low: the first quartile.
        middle: the median.
        high: the third quartile.
    """

    low: float
    middle: float
    high: float

    def text(self, unit: str = "") -> str:
        """The median, and the quartiles in brackets."""
        low, middle, high = map(short, self)
        return f"{middle}{unit} ({low} to {high})"


def spread(figures: Sequence[float]) -> Spread:
    """The median and the quartiles of at least one figure."""
    if len(figures) == 1:
        return Spread(figures[0], figures[0], figures[0])
    return Spread(*statistics.quantiles(figures, n=4, method="inclusive"))


def short(figure: float) -> str:
    """A figure with three digits that count."""
    if figure == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(figure))))
    return f"{figure:,.{min(digits, 3)}f}".replace(",", " ")


def exponent(seconds: Mapping[int, float]) -> float:
    """How time grows with size: 1 is linear, 2 quadratic.

    Args:
        seconds: by size, of at least two sizes.

    Returns:
        The slope of the line through the logarithms, by least squares.
    """
    logs = [(math.log(size), math.log(took)) for size, took in seconds.items()]
    return statistics.linear_regression([x for x, _ in logs], [y for _, y in logs]).slope
