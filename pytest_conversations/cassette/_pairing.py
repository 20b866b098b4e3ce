"""Which interactions of a new recording are those of an old one again.

The API makes new ids in each run, and a conversation's next requests carry them. So a request is
the same as a recorded one if it differs only in ids that were handed out before, in either run, at
the same point.
"""

import collections
import copy
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

from vcr.request import Request

from pytest_conversations.cassette._matching import Matching, body_bytes
from pytest_conversations.cassette._scrub import Response

# In JSON, and in that of events; an id has no character that is escaped there.
_ID = re.compile(rb'"((?:\w+_)?id)"\s*:\s*"([\w.:-]{8,128})"')
_SHORTEST = 8  # bytes of one
_WORD = re.compile(rb"[\w.:-]{8,}")  # one, or what one stands in: the end of a sentence, an escape


def pairs(
    old: Sequence[tuple[Request, Response]],
    new: Sequence[tuple[Request, Response]],
    matching: Matching,
) -> list[int | None]:
    """Pair the interactions of a new recording with those of an old one.

    Args:
        old: recorded before, in order.
        new: recorded now, in order.
        matching: when two requests are the same.

    Returns:
        For each new one the index of the old one; None where there is none. No index twice.
    """
    waiting = collections.defaultdict[Hashable, collections.deque[int]](collections.deque)
    for index, (request, _) in enumerate(old):
        waiting[matching.key(request)].append(index)
    names = _Names()
    found: list[int | None] = []
    for request, response in new:
        same = waiting[matching.key(names.renamed(request))]
        paired = same.popleft() if same else None
        found.append(paired)
        if paired is not None:
            names.add(_renames(_body(old[paired][1]), _body(response)))
    return found


class _Names:
    """Old ids by new ones.

    A long conversation has thousands, so they are looked up: a pattern of them all would be made
    anew for each request.
    """

    def __init__(self) -> None:
        self._old: dict[bytes, bytes] = {}
        self._heads: set[bytes] = set()  # with which new ones begin
        self._sizes: list[int] = []  # of new ones, the longest first

    def add(self, renames: Iterable[tuple[bytes, bytes]]) -> None:
        """Know more pairs of a new and an old id."""
        for new, old in renames:
            self._old[new] = old
            self._heads.add(new[:_SHORTEST])
            if len(new) not in self._sizes:
                self._sizes = sorted((*self._sizes, len(new)), reverse=True)

    def renamed(self, request: Request) -> Request:
        """A request with the old ids in the place of the new ones."""
        if not self._old:
            return request
        renamed = copy.copy(request)
        renamed.uri = _WORD.sub(self._in_word, request.uri.encode()).decode()
        renamed.body = _WORD.sub(self._in_word, body_bytes(request))  # type: ignore[misc] # it has a setter
        return renamed

    def _in_word(self, match: re.Match[bytes]) -> bytes:
        word = match[0]
        if word in self._old:
            return self._old[word]
        pieces = []
        at = start = 0
        while start <= len(word) - _SHORTEST:
            new = self._new(word, start)
            if new:
                pieces += [word[at:start], self._old[new]]
                at = start = start + len(new)
            else:
                start += 1
        return b"".join((*pieces, word[at:]))

    def _new(self, word: bytes, start: int) -> bytes:
        """The new id that stands in a word at some place; empty where none does."""
        if word[start : start + _SHORTEST] not in self._heads:
            return b""
        parts = (word[start : start + size] for size in self._sizes)
        return next((part for part in parts if part in self._old), b"")


def _renames(old: bytes, new: bytes) -> Iterator[tuple[bytes, bytes]]:
    before, after = _ids(old), _ids(new)
    for name, ids in after.items():
        known = before.get(name, [])
        # What is the same in both was not made by this run: an agent's, a connector's.
        fresh = [each for each in ids if each not in known]
        yield from zip(fresh, [each for each in known if each not in ids], strict=False)


def _ids(body: bytes) -> Mapping[bytes, list[bytes]]:
    """Ids by the name of their field, in the order in which they first appear."""
    found: dict[bytes, dict[bytes, None]] = {}
    for name, value in _ID.findall(body):
        found.setdefault(name, {})[value] = None
    return {name: list(values) for name, values in found.items()}


def _body(response: Response) -> bytes:
    body: bytes = response["body"].get("string") or b""
    return body
