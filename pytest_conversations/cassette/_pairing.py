"""Which interactions of a new recording are those of an old one again.

The API makes new ids in each run, and a conversation's next requests carry them. So a request is
the same as a recorded one if it differs only in ids that were handed out before, in either run, at
the same point.
"""

import collections
import copy
import re
from collections.abc import Hashable, Iterator, Mapping, Sequence

from vcr.request import Request

from pytest_conversations.cassette._matching import Matching, body_bytes
from pytest_conversations.cassette._scrub import Response

# In JSON, and in that of events; an id has no character that is escaped there.
_ID = re.compile(rb'"((?:\w+_)?id)"\s*:\s*"([\w.:-]{8,128})"')


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
    names: dict[bytes, bytes] = {}  # old id by new id
    found: list[int | None] = []
    for request, response in new:
        same = waiting[matching.key(_renamed(request, names))]
        paired = same.popleft() if same else None
        found.append(paired)
        if paired is not None:
            names.update(_renames(_body(old[paired][1]), _body(response)))
    return found


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


def _renamed(request: Request, names: Mapping[bytes, bytes]) -> Request:
    if not names:
        return request
    pattern = re.compile(b"|".join(map(re.escape, names)))

    def old(match: re.Match[bytes]) -> bytes:
        return names[match[0]]

    renamed = copy.copy(request)
    renamed.uri = pattern.sub(old, request.uri.encode()).decode()
    renamed.body = pattern.sub(old, body_bytes(request))  # type: ignore[misc] # it has a setter
    return renamed


def _body(response: Response) -> bytes:
    body: bytes = response["body"].get("string") or b""
    return body
