"""The arguments of the marker that say in which shape a recording is replayed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from pytest_conversations.capture import Chunking

_CHUNKINGS = ("recorded", "events", "whole", "bytes")
_PACES = {"instant": 0.0, "recorded": 1.0}


def chunking(given: object) -> Chunking:
    """How a replayed body is cut.

    Raises:
        ValueError: it is none of the ways that there are.
    """
    if _is_whole(given, at_least=1) or given in _CHUNKINGS:
        return cast("Chunking", given)
    choices = ", ".join(map(repr, _CHUNKINGS))
    msg = f"chunking is {given!r}; choose from {choices}, or give a number of bytes"
    raise ValueError(msg)


def pace(given: object) -> float:
    """What recorded times are multiplied by.

    Raises:
        ValueError: it is neither a word nor a number.
    """
    if isinstance(given, str) and given in _PACES:
        return _PACES[given]
    number = isinstance(given, int | float) and not isinstance(given, bool)
    if number and 0 <= cast("float", given) < math.inf:
        return float(cast("float", given))
    msg = f"pace is {given!r}; choose from 'instant', 'recorded', or give a number from 0"
    raise ValueError(msg)


def cut_after(given: object) -> int | None:
    """After how many events a stream dies.

    Raises:
        ValueError: it is no number of events.
    """
    if given is None or _is_whole(given, at_least=0):
        return cast("int | None", given)
    msg = f"cut_after is {given!r}, not a number of events"
    raise ValueError(msg)


def _is_whole(given: object, *, at_least: int) -> bool:
    return isinstance(given, int) and not isinstance(given, bool) and given >= at_least
