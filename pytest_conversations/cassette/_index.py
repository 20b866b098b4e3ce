"""Finds recorded requests by their key, so that it costs the same in a cassette of any size."""

import collections
from collections.abc import Hashable, Mapping, Sequence

from vcr.request import Request

from pytest_conversations.cassette._matching import Matching
from pytest_conversations.cassette._merge import Pair, Sharing, is_of


class Index:
    """The interactions of a cassette by the key of their requests.

    Args:
        pairs: the interactions that may be played, scrubbed.
        matching: when two requests are the same.
        sharing: of the test, whose own interactions come before those of others.
    """

    def __init__(self, pairs: Sequence[Pair], matching: Matching, sharing: Sharing | None) -> None:
        self._matching = matching
        self._found = collections.defaultdict[Hashable, list[int]](list)
        self._begun: dict[Hashable, int] = {}  # by key, how many of those were played, at least
        places: Sequence[int] = range(len(pairs))
        if sharing is not None:
            places = sorted(places, key=lambda place: not is_of(pairs[place], sharing))
        for index in places:
            self._found[matching.key(pairs[index][0])].append(index)

    def next(self, request: Request, counts: Mapping[int, int], *, repeats: bool) -> int | None:
        """The place of the interaction that answers a request now; None where none does.

        Args:
            request: scrubbed.
            counts: by place, how often each was played; those that were are left out.
            repeats: whether the last of them answers again when all were played.
        """
        key = self._matching.key(request)
        found = self._found.get(key, ())
        at = self._begun.get(key, 0)
        if at and not counts.get(found[at - 1]):  # it was rewound
            at = 0
        while at < len(found) and counts.get(found[at]):
            at += 1
        self._begun[key] = at
        if at < len(found):
            return found[at]
        return found[-1] if found and repeats else None

    def of(self, request: Request) -> Sequence[int]:
        """The places of the interactions that answer a request, scrubbed, in the order to play."""
        return self._found.get(self._matching.key(request), ())
