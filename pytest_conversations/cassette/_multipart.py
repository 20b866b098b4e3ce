"""The values of a multipart form (RFC 7578), and where they stand."""

import itertools
import re
from collections.abc import Iterator

# RFC 2046, section 5.1.1; the name is in the head of a part (RFC 7578, section 4.2).
_BOUNDARY = re.compile(r"(?:\A|\r?\n)--[^\r\n]*")
_HEAD = re.compile(r"(?P<head>.{0,2000}?)\r?\n\r?\n", re.DOTALL)
_NAME = re.compile(r'(?i)content-disposition:[^\r\n]{0,500}?;\s*name="([^"\r\n]*)"')


def is_one(body: str) -> bool:
    """Whether a body begins as such a form does."""
    return body.lstrip().startswith("--")


def parts(body: str) -> Iterator[tuple[str, int, int]]:
    """The name of each value, where it begins, and where it ends."""
    edges = [match.span() for match in _BOUNDARY.finditer(body)]
    for (_, start), (end, _) in itertools.pairwise([*edges, (len(body), len(body))]):
        head = _HEAD.match(body, start, end)
        name = _NAME.search(head["head"]) if head else None
        if head and name:
            yield name[1], head.end(), end
