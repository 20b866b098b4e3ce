"""The interactions of an open cassette, whose responses are read when somebody looks at them.

A test plays a few of those that a file may hold, and the responses are nearly all of the file.
"""

import copy
import threading
from collections.abc import Callable, Iterable, MutableSequence
from typing import Self, TypeAlias, overload

from vcr.request import Request

from pytest_conversations.cassette._keys import Keys
from pytest_conversations.cassette._matching import Matching
from pytest_conversations.cassette._merge import Pair, Sharing, is_of
from pytest_conversations.cassette._scrub import Response
from pytest_conversations.cassette._written import Unread, Written

_Held: TypeAlias = tuple[Request, Response | Unread]


class Opened:
    """A file that a cassette has open, and what that cassette has looked at of it.

    Attributes:
        written: the file as it was read.

    Args:
        written: likewise.
        otherwise: gives the response at a place where its lines are not as expected.
        is_shared: whether other cassettes have it open, too; then each has requests of its own.
    """

    def __init__(
        self, written: Written, otherwise: Callable[[int], Response], *, is_shared: bool
    ) -> None:
        self.written = written
        self._otherwise = otherwise
        self._is_shared = is_shared
        self._lock = threading.RLock()
        self._seen: dict[int, tuple[Request, Unread]] = {}

    @property
    def metadata(self) -> dict[str, object]:
        """What the file says of itself, for this cassette to change."""
        metadata = self.written.metadata
        return copy.deepcopy(metadata) if self._is_shared else metadata

    def __len__(self) -> int:
        return len(self.written.requests)

    def __getitem__(self, place: int) -> tuple[Request, Unread]:
        """The request and the response at a place, each time the same."""
        held = self._seen.get(place)
        if held is None:
            request = self.written.requests[place]
            request = request.copied() if self._is_shared else request
            response = self.written.response(place, self._otherwise, self._lock)
            held = self._seen.setdefault(place, (request, response))  # another thread may have been
        return held


class Interactions(MutableSequence[Pair]):
    """What vcrpy keeps in a list. Whatever is asked for has its response.

    It is no list itself, whose methods would pass on what was not read.
    """

    def __init__(
        self,
        held: Iterable[_Held | int] = (),
        opened: Opened | None = None,
        *,
        is_start: bool = False,
    ) -> None:
        self._held = list(held)
        self._opened = opened  # where the numbers stand for places
        self._is_start = is_start  # the interactions are the file's, from its first on

    @classmethod
    def opened(cls, opened: Opened) -> Self:
        """What a file holds."""
        return cls(range(len(opened)), opened, is_start=True)

    @classmethod
    def of(cls, pairs: Iterable[Pair]) -> Self:
        """Pairs as such a sequence, which none of their responses is read for."""
        return pairs if isinstance(pairs, cls) else cls(pairs)

    def put(self, request: Request, response: Response | Unread) -> None:
        """Add an interaction at the end."""
        self._is_start = False
        self._held.append((request, response))

    def keys(self, matching: Matching) -> Keys:
        """The places of the requests by their keys; behind the last there may be more of a file."""
        if self._opened is not None and self._is_start:
            return self._opened.written.keys(matching)
        return Keys([self._at(place)[0] for place in range(len(self._held))], matching)

    def _at(self, place: int) -> _Held:
        held = self._held[place]
        if isinstance(held, int):
            if self._opened is None:
                raise IndexError(place)
            return self._opened[held]
        return held

    def is_of(self, place: int, sharing: Sharing | None) -> bool:
        """Whether the interaction at a place is that of a test, as `_merge.is_of`."""
        if sharing is None:
            return True
        _, held = self._at(place)
        if not isinstance(held, Unread):
            return is_of(self[place], sharing)
        test = held.test
        return test is None or test == sharing.test

    def has_others(self, sharing: Sharing) -> bool:
        """Whether any of them was recorded for another test than that one."""
        # Of most files that is seen at once, and no response is looked at.
        if self._opened is not None and not self._opened.written.names_tests:
            return False
        return not all(self.is_of(place, sharing) for place in range(len(self)))

    def with_requests(self, changed: Callable[[Request], Request]) -> Self:
        """The same with other requests."""
        pairs = map(self._at, range(len(self._held)))
        return type(self)([(changed(request), held) for request, held in pairs])

    @overload
    def __getitem__(self, place: int, /) -> Pair: ...
    @overload
    def __getitem__(self, place: slice, /) -> Self: ...
    def __getitem__(self, place: int | slice, /) -> Pair | Self:
        if isinstance(place, slice):
            is_start = self._is_start and not place.start and place.step is None
            return type(self)(self._held[place], self._opened, is_start=is_start)
        request, held = self._at(place)
        return request, held.response if isinstance(held, Unread) else held

    @overload
    def __setitem__(self, place: int, pair: Pair, /) -> None: ...
    @overload
    def __setitem__(self, place: slice, pairs: Iterable[Pair], /) -> None: ...
    def __setitem__(self, place: int | slice, new: Pair | Iterable[Pair], /) -> None:
        self._is_start = False
        self._held[place] = new  # type: ignore[index,assignment] # one or several, as the place is

    def __delitem__(self, place: int | slice, /) -> None:
        self._is_start = False
        del self._held[place]

    def __len__(self) -> int:
        return len(self._held)

    def insert(self, place: int, pair: Pair) -> None:
        """Put a pair before a place."""
        self._is_start = False
        self._held.insert(place, pair)
