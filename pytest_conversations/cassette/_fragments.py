"""What the texts of a stream spell out together, over the borders of its events."""

import bisect
import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from pytest_conversations.cassette._secrets import Found
from pytest_conversations.cassette._texts import DELTA, Kind, Text
from pytest_conversations.cassette._writings import byte_positions

# Where the deltas of the Conversations API, and of chat completions, carry their pieces.
_PIECES = frozenset({"content", "text", "arguments", "data"})

_JSON = re.compile(rb'\s*(?:\{\s*["}]|\[\s*(?:[\[{"\]]|-?\d))')
_LINE_OF_DATA = re.compile(rb"(?<![^\r\n])(?:\xef\xbb\xbf)?data:")

Find = Callable[[bytes], Sequence[Found]]


class _Piece(NamedTuple):
    text: Text
    value: bytes


def spelled_out(
    texts: Sequence[Text],
    find: Find,
    find_in_output: Find,
    find_begun: Find | None,
    *,
    is_data: bool = False,
) -> Iterator[Found]:
    """What stands in several texts, and in none of them alone.

    Args:
        texts: those of a body, in order.
        find: finds what is looked for in what any texts say together.
        find_in_output: finds it in what the deltas of one output say.
        find_begun: finds what was cut at the end of a text, or of several; None to let it be.
        is_data: only some of what is in lists are deltas: of others nobody knows that one goes on
            where the one before it ends.

    Yields:
        The pieces: the first with the placeholder, the others with nothing in its place.
    """
    pieces = [
        _Piece(text, _encoded(text.value))
        for text in texts
        if text.kind in (Kind.STRING, Kind.PLAIN)
    ]
    for sequence, is_output in _sequences(pieces):
        together = b"".join(piece.value for piece in sequence)
        if len(sequence) > 1:
            found = (find_in_output if is_output else find)(together)
            if is_data and is_output and not all(DELTA in each.text.output for each in sequence):
                found = list(_only_together(sequence, found, find_in_output))
            yield from _over_borders(sequence, found)
        if find_begun is not None:
            yield from _over_borders(sequence, find_begun(together))


def _encoded(value: str) -> bytes:
    try:
        return value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half of a surrogate pair, from an escape of JSON
        return value.encode("utf-8", "replace")


def _sequences(pieces: Sequence[_Piece]) -> Iterator[tuple[list[_Piece], bool]]:
    """The texts that a reader may put together: of one field, of one output, and all there are."""
    fields: dict[tuple[str, ...], dict[tuple[str, ...], list[_Piece]]] = {}
    in_order: dict[tuple[str, ...], list[_Piece]] = {}
    deltas: list[_Piece] = []
    messages: dict[tuple[str, ...], list[_Piece]] = {}  # by what tells of an output, in three ways
    for piece in pieces:
        path, output = piece.text.path, piece.text.output
        fields.setdefault(path, {}).setdefault(output, []).append(piece)
        in_order.setdefault(path, []).append(piece)
        if _is_delta(path):
            deltas.append(piece)
            for keys in _OUTPUTS:
                told = tuple(each for each in output if each.partition("=")[0] in keys)
                if told:
                    messages.setdefault((*sorted(keys), *told), []).append(piece)
    for path, outputs in fields.items():
        # Without an output they are messages of their own, of a request or a history: what is only
        # like a credential does not go on from one into the next.
        yield from (
            (sequence, bool(output) and _is_delta(path)) for output, sequence in outputs.items()
        )
        if len(outputs) > 1:
            yield in_order[path], False
    if sum(map(_is_delta, fields)) > 1:
        yield deltas, False
    # Texts of several kinds between those of another output, or that tell only at first of which.
    if len(messages) > 1:
        yield from ((sequence, True) for sequence in messages.values() if len(sequence) > 1)


_OUTPUTS = (
    frozenset({"index", "output_index", "id", "item_id", "tool_call_id"}),
    frozenset({"index", "output_index"}),
    frozenset({"id", "item_id", "tool_call_id"}),
)


def _is_delta(path: tuple[str, ...]) -> bool:
    is_in_list = path[-2:-1] == path[-1:]
    return bool(path) and (path[-1] in _PIECES or is_in_list)


def _only_together(
    sequence: Sequence[_Piece], every: Sequence[Found], find: Find
) -> Iterator[Found]:
    """What is not found already where it begins, in that text alone."""
    borders = [0, *itertools.accumulate(len(piece.value) for piece in sequence)]
    for found in every:
        at = bisect.bisect_right(borders, found.start) - 1
        start = found.start - borders[at]
        alone = find(sequence[at].value) if found.end > borders[at + 1] else ()
        if not any(each.start <= start < each.end for each in alone):
            yield found


def _over_borders(sequence: Sequence[_Piece], every: Sequence[Found]) -> Iterator[Found]:
    borders = [0, *itertools.accumulate(len(piece.value) for piece in sequence)]
    positions: dict[int, Sequence[int]] = {}
    for found in every:
        placeholder = found.placeholder.decode()
        at = bisect.bisect_right(borders, found.start) - 1
        is_in_one = found.end <= borders[at + 1]
        rule = found.rule if is_in_one else f"{found.rule}, over several events"
        while borders[at] < found.end:
            start, end = borders[at], borders[at + 1]
            text = sequence[at].text
            if at not in positions:
                positions[at] = byte_positions(text.value)
            characters = positions[at]
            first = bisect.bisect_right(characters, max(found.start - start, 0)) - 1
            last = bisect.bisect_left(characters, min(found.end, end) - start)
            yield Found(
                text.positions[first],
                text.positions[last],
                text.spelled(placeholder).encode(),
                rule,
            )
            placeholder = ""
            at += 1


def looks_cut(body: bytes) -> bool:
    """Whether a body, by its looks, ended before its end: within its JSON, or a line of events."""
    if _JSON.match(body):
        return body.rstrip()[-1:] not in (b"}", b"]")
    return _LINE_OF_DATA.search(body) is not None and not body.endswith((b"\n", b"\r"))
