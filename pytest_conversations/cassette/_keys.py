"""Where requests stand, by their keys, so that it costs the same in a cassette of any size.

Bodies take longest to compare. So requests are told apart by all else first, and a body is looked
at only where several are left, or where it is not the recorded one to the byte.
"""

import collections
import functools
from collections.abc import Callable, Hashable, Mapping, Sequence

from vcr.request import Request

from pytest_conversations.cassette._matching import Matching


class Keys:
    """The places of some requests.

    Args:
        requests: which nobody changes.
        matching: when two requests are the same.
    """

    def __init__(self, requests: Sequence[Request], matching: Matching) -> None:
        self._requests = requests
        self._matching = matching
        self._by_body: dict[Hashable, Mapping[Hashable, Sequence[int]]] = {}

    def equal(self, request: Request) -> Sequence[int]:
        """The places of those that are the same as a request, ascending.

        Args:
            request: scrubbed.

        Returns:
            The places; those of equal requests have the same.
        """
        key = self._matching.key_but_body(request)
        alike = self._alike.get(key)
        if alike is None:
            return ()
        if len(alike) == 1 and self._matching.are_equal_bytes(request, self._requests[alike[0]]):
            return alike
        if (by_body := self._by_body.get(key)) is None:
            by_body = self._by_body[key] = self._grouped(self._matching.key_of_body, alike)
        return by_body.get(self._matching.key_of_body(request), ())

    @functools.cached_property
    def _alike(self) -> Mapping[Hashable, Sequence[int]]:
        """By what is not the body; many a cassette is opened and asks nothing."""
        return self._grouped(self._matching.key_but_body, range(len(self._requests)))

    def _grouped(
        self, key: Callable[[Request], Hashable], places: Sequence[int]
    ) -> Mapping[Hashable, Sequence[int]]:
        found = collections.defaultdict[Hashable, list[int]](list)
        for place in places:
            found[key(self._requests[place])].append(place)
        return dict(found)
