"""Finds the recorded interaction that answers a request now."""

from collections.abc import Mapping, Sequence

from vcr.request import Request

from pytest_conversations.cassette._interactions import Interactions
from pytest_conversations.cassette._matching import Matching
from pytest_conversations.cassette._merge import Sharing


class Index:
    """The interactions of a cassette by the key of their requests.

    Args:
        held: the interactions that may be played, scrubbed.
        matching: when two requests are the same.
        sharing: of the test, whose own interactions come before those of others.
    """

    def __init__(self, held: Interactions, matching: Matching, sharing: Sharing | None) -> None:
        self._held = held
        self._keys = held.keys(matching)
        self._sharing = sharing
        # By the first of those that are equal: the order to play, and how many were, at least.
        self._orders: dict[int, Sequence[int]] = {}
        self._begun: dict[int, int] = {}

    def next(self, request: Request, counts: Mapping[int, int], *, repeats: bool) -> int | None:
        """The place of the interaction that answers a request now; None where none does.

        Args:
            request: scrubbed.
            counts: by place, how often each was played; those that were are left out.
            repeats: whether the last of them answers again when all were played.
        """
        found = self.of(request)
        if not found:
            return None
        at = self._begun.get(found[0], 0)
        if at and not counts.get(found[at - 1]):  # it was rewound
            at = 0
        while at < len(found) and counts.get(found[at]):
            at += 1
        self._begun[found[0]] = at
        if at < len(found):
            return found[at]
        return found[-1] if repeats else None

    def of(self, request: Request) -> Sequence[int]:
        """The places of the interactions that answer a request, scrubbed, in the order to play."""
        equal = self._keys.equal(request)
        if not equal:
            return equal
        order = self._orders.get(equal[0])
        if order is None:
            order = self._orders[equal[0]] = self._ordered(equal)
        return order

    def _ordered(self, equal: Sequence[int]) -> Sequence[int]:
        if equal[-1] >= len(self._held):  # of a file of which less may be played
            equal = [place for place in equal if place < len(self._held)]
        if self._sharing is None or len(equal) == 1:
            return equal
        return sorted(equal, key=lambda place: not self._held.is_of(place, self._sharing))
