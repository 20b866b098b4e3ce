"""Makes what is taken out fit the texts of a body: the rest is as well formed as it was."""

import bisect
import itertools
from collections.abc import Iterator, Sequence

from pytest_conversations.cassette._secrets import Found
from pytest_conversations.cassette._texts import Kind, Text

_OF_JSON = frozenset({Kind.STRING, Kind.KEY, Kind.NUMBER})


def fitted(found: Sequence[Found], texts: Sequence[Text]) -> Iterator[Found]:
    """What was found in a body, as it can be taken out of it.

    Whole characters of a text, whichever way they are escaped, and whole numbers, for which a
    string is put; of what goes over several texts its part in each, so that what is between them
    stays. The first of them gets the placeholder, the others nothing.

    Args:
        found: in order, without overlap.
        texts: those of the body, in order.
    """
    starts = [text.start for text in texts] if found else []
    for each in found:
        touched = list(_touched(each, texts, starts))
        yield from _in_texts(each, touched) if touched else (each,)


def _touched(found: Found, texts: Sequence[Text], starts: Sequence[int]) -> Iterator[Text]:
    first = max(bisect.bisect_right(starts, found.start) - 1, 0)
    for at in itertools.count(first):
        if at == len(texts) or starts[at] >= found.end:
            return
        if texts[at].end > found.start:
            yield texts[at]


def _in_texts(found: Found, touched: Sequence[Text]) -> Iterator[Found]:
    placeholder = found.placeholder
    for text in touched:
        start, end = max(found.start, text.start), min(found.end, text.end)
        for piece in _in_text(Found(start, end, placeholder, found.rule), text):
            yield piece
            placeholder = b""


def _in_text(found: Found, text: Text) -> Iterator[Found]:
    if text.kind is Kind.NUMBER:
        string = text.unquoted(found.placeholder.decode()).encode()
        yield Found(text.start, text.end, string, found.rule)
        return
    touched = list(_touched(found, text.inner, text.inner_starts))
    if touched and (touched[0].kind in _OF_JSON or _is_inside(found, touched)):
        yield from _in_texts(found, touched)
    else:
        positions = text.positions
        start = positions[bisect.bisect_right(positions, found.start) - 1]
        end = positions[bisect.bisect_left(positions, found.end)]
        yield Found(start, end, found.placeholder, found.rule)


def _is_inside(found: Found, touched: Sequence[Text]) -> bool:
    return touched[0].start <= found.start and found.end <= touched[0].end
