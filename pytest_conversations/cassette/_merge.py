"""What a cassette holds when a recording has joined it."""

from collections.abc import Sequence
from typing import NamedTuple

from vcr.request import Request

from pytest_conversations.cassette._matching import Matching
from pytest_conversations.cassette._pairing import pairs
from pytest_conversations.cassette._scrub import Response

Pair = tuple[Request, Response]


class Sharing(NamedTuple):
    """Of a test that shares its cassette with others.

    Attributes:
        test: its id, which stands beside each response that it recorded.
        run: names the run of pytest, the same in all its processes.
        is_known: whether others are known to use it; if not, the file may tell, and where it does
            not, the cassette is the test's own.
    """

    test: str
    run: str
    is_known: bool = True


def is_of(pair: Pair, sharing: Sharing | None) -> bool:
    """Whether an interaction was recorded for a test, or nobody said for which."""
    return sharing is None or pair[1].get("test", sharing.test) == sharing.test


def merged(
    held: Sequence[Pair],
    recorded: Sequence[Pair],
    *,
    mode: str,
    fresh: int,
    matching: Matching,
    sharing: Sharing | None,
) -> tuple[list[Pair], int]:
    """What is to be written.

    Args:
        held: what the file holds.
        recorded: what was recorded now, in order.
        mode: in which it was.
        fresh: how many of the interactions at the end of the file this run has recorded; those of
            other tests stay, and not those of this test, which then runs again.
        matching: when two requests are the same.
        sharing: of the test; None where the cassette is its own.

    Returns:
        The interactions, and how many at their end this run has recorded.
    """
    border = len(held) - fresh
    old, others = list(held[:border]), [pair for pair in held[border:] if not is_of(pair, sharing)]
    if mode == "rewrite" and sharing is None:
        old = []
    elif mode in {"rewrite", "all"}:
        own = [index for index, pair in enumerate(old) if is_of(pair, sharing)]
        again = {
            own[each]
            for each in pairs([old[index] for index in own], recorded, matching)
            if each is not None
        }
        made = {matching.key(request) for request, _ in recorded}
        again |= {index for index in own if matching.key(old[index][0]) in made}
        if mode == "rewrite":  # of what nobody said whose it is, the others may need the rest
            again |= {index for index in own if "test" in old[index][1]}
        old = [pair for index, pair in enumerate(old) if index not in again]
    return [*old, *others, *recorded], len(others) + len(recorded)
