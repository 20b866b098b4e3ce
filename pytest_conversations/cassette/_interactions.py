"""The interactions of an open cassette, whose responses are read when somebody looks at them.

A test plays a few of those that a file may hold, and the responses are nearly all of the file.
"""

from collections.abc import Callable, Iterable, MutableSequence
from typing import Self, overload

from vcr.request import Request

from pytest_conversations.cassette._merge import Pair, Sharing, is_of
from pytest_conversations.cassette._scrub import Response
from pytest_conversations.cassette._written import Unread

_Held = tuple[Request, Response | Unread]


class Interactions(MutableSequence[Pair]):
    """What vcrpy keeps in a list. Whatever is asked for has its response.

    It is no list itself, whose methods would pass on what was not read.
    """

    def __init__(self, held: Iterable[_Held] = ()) -> None:
        self._held = list(held)

    @classmethod
    def of(cls, pairs: Iterable[Pair]) -> Self:
        """Pairs as such a sequence, which none of their responses is read for."""
        return pairs if isinstance(pairs, cls) else cls(pairs)

    def put(self, request: Request, response: Response | Unread) -> None:
        """Add an interaction at the end."""
        self._held.append((request, response))

    def request(self, place: int) -> Request:
        """The request at a place."""
        return self._held[place][0]

    def is_of(self, place: int, sharing: Sharing | None) -> bool:
        """Whether the interaction at a place is that of a test, as `_merge.is_of`."""
        if sharing is None:
            return True
        _, held = self._held[place]
        if not isinstance(held, Unread):
            return is_of(self[place], sharing)
        test = held.test
        return test is None or test == sharing.test

    def with_requests(self, changed: Callable[[Request], Request]) -> Self:
        """The same with other requests."""
        return type(self)([(changed(request), held) for request, held in self._held])

    @overload
    def __getitem__(self, place: int, /) -> Pair: ...
    @overload
    def __getitem__(self, place: slice, /) -> Self: ...
    def __getitem__(self, place: int | slice, /) -> Pair | Self:
        if isinstance(place, slice):
            return type(self)(self._held[place])
        request, held = self._held[place]
        return request, held.response if isinstance(held, Unread) else held

    @overload
    def __setitem__(self, place: int, pair: Pair, /) -> None: ...
    @overload
    def __setitem__(self, place: slice, pairs: Iterable[Pair], /) -> None: ...
    def __setitem__(self, place: int | slice, new: Pair | Iterable[Pair], /) -> None:
        self._held[place] = new  # type: ignore[index,assignment] # one or several, as the place is

    def __delitem__(self, place: int | slice, /) -> None:
        del self._held[place]

    def __len__(self) -> int:
        return len(self._held)

    def insert(self, place: int, pair: Pair) -> None:
        """Put a pair before a place."""
        self._held.insert(place, pair)
