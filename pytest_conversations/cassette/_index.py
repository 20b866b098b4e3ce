"""Finds recorded requests by their key, so that it costs the same in a cassette of any size.

Bodies take longest to compare. So requests are told apart by all else first, and a body is looked
at only where several are left, or where it is not the recorded one to the byte.
"""

import collections
import functools
from collections.abc import Hashable, Mapping, Sequence

from vcr.request import Request

from pytest_conversations.cassette._interactions import Interactions
from pytest_conversations.cassette._matching import Matching
from pytest_conversations.cassette._merge import Sharing


class _Equal:
    """Interactions whose requests are the same.

    Attributes:
        places: theirs, in the order to play.
        begun: how many of them were played, at least.
    """

    def __init__(self) -> None:
        self.places: list[int] = []
        self.begun = 0


class _Alike(_Equal):
    """Interactions whose requests differ in their bodies alone, if at all.

    Attributes:
        by_body: they, by the key of their body; None as long as nobody asked.
    """

    def __init__(self) -> None:
        super().__init__()
        self.by_body: dict[Hashable, _Equal] | None = None


class Index:
    """The interactions of a cassette by the key of their requests.

    Args:
        held: the interactions that may be played, scrubbed.
        matching: when two requests are the same.
        sharing: of the test, whose own interactions come before those of others.
    """

    def __init__(self, held: Interactions, matching: Matching, sharing: Sharing | None) -> None:
        self._matching = matching
        self._held = held
        self._sharing = sharing

    @functools.cached_property
    def _alike(self) -> Mapping[Hashable, _Alike]:
        """The interactions by what is not the body; many a cassette is opened and asks nothing."""
        places: Sequence[int] = range(len(self._held))
        if self._sharing is not None:
            places = sorted(places, key=lambda at: not self._held.is_of(at, self._sharing))
        found = collections.defaultdict[Hashable, _Alike](_Alike)
        for place in places:
            found[self._matching.key_but_body(self._held.request(place))].places.append(place)
        return dict(found)

    def next(self, request: Request, counts: Mapping[int, int], *, repeats: bool) -> int | None:
        """The place of the interaction that answers a request now; None where none does.

        Args:
            request: scrubbed.
            counts: by place, how often each was played; those that were are left out.
            repeats: whether the last of them answers again when all were played.
        """
        equal = self._equal(request)
        if equal is None:
            return None
        found, at = equal.places, equal.begun
        if at and not counts.get(found[at - 1]):  # it was rewound
            at = 0
        while at < len(found) and counts.get(found[at]):
            at += 1
        equal.begun = at
        if at < len(found):
            return found[at]
        return found[-1] if repeats else None

    def of(self, request: Request) -> Sequence[int]:
        """The places of the interactions that answer a request, scrubbed, in the order to play."""
        equal = self._equal(request)
        return () if equal is None else equal.places

    def _equal(self, request: Request) -> _Equal | None:
        alike = self._alike.get(self._matching.key_but_body(request))
        if alike is None:
            return None
        if len(alike.places) == 1:
            recorded = self._held.request(alike.places[0])
            if self._matching.are_equal_bytes(request, recorded):
                return alike
        if alike.by_body is None:
            by_body = collections.defaultdict[Hashable, _Equal](_Equal)
            for place in alike.places:
                by_body[self._matching.key_of_body(self._held.request(place))].places.append(place)
            alike.by_body = dict(by_body)
        return alike.by_body.get(self._matching.key_of_body(request))
