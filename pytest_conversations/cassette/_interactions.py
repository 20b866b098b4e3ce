"""The interactions of an open cassette, whose responses are read when somebody looks at them.

A test plays a few of those that a file may hold, and the responses are nearly all of the file.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Self, SupportsIndex, cast, overload

from vcr.request import Request

from pytest_conversations.cassette._merge import Pair, Sharing, is_of
from pytest_conversations.cassette._scrub import Response
from pytest_conversations.cassette._written import Unread


class Interactions(list[Pair]):
    """A list, as vcrpy has it. What it is asked for has its response; what it passes on may not."""

    @classmethod
    def of(cls, pairs: Iterable[Pair]) -> Self:
        """Pairs as such a list, which none of their responses is read for."""
        return pairs if isinstance(pairs, cls) else cls(pairs)

    def put(self, request: Request, response: Response | Unread) -> None:
        """Add an interaction at the end."""
        self.append((request, cast("Response", response)))

    def request(self, place: int) -> Request:
        """The request at a place."""
        return super().__getitem__(place)[0]

    def is_of(self, place: int, sharing: Sharing | None) -> bool:
        """Whether the interaction at a place is that of a test, as `_merge.is_of`."""
        pair = super().__getitem__(place)
        held: object = pair[1]
        if sharing is not None and isinstance(held, Unread):
            return held.test in {None, sharing.test}
        return is_of(pair, sharing)

    def with_requests(self, changed: Callable[[Request], Request]) -> Self:
        """The same with other requests."""
        return type(self)([(changed(request), held) for request, held in super().__iter__()])

    @overload
    def __getitem__(self, place: SupportsIndex, /) -> Pair: ...
    @overload
    def __getitem__(self, place: slice, /) -> Self: ...
    def __getitem__(self, place: SupportsIndex | slice, /) -> Pair | Self:
        if isinstance(place, slice):
            return type(self)(super().__getitem__(place))
        pair = super().__getitem__(place)
        held: object = pair[1]
        if isinstance(held, Unread):
            pair = pair[0], held.response
            self[place] = pair
        return pair

    def __iter__(self) -> Iterator[Pair]:
        return map(self.__getitem__, range(len(self)))
