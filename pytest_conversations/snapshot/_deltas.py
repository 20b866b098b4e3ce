"""Events that are pieces of one thing, put together: in how many pieces a text comes, nobody says.

It is for people who compare; `_reassembly` makes entries of a whole stream.
"""

import itertools
import json
from collections.abc import Iterator, Sequence

from pydantic import JsonValue

from pytest_conversations.snapshot._plain import Event

_PIECES = ("content", "arguments")
_MOVES = {"created_at"}  # with each piece


def merged(events: Sequence[Event]) -> list[Event]:
    """Events with the deltas of one output, between two other events, as one.

    Args:
        events: in order. Where the deltas of several outputs take turns, those of the output that
            began first stand first, since how they take turns is chance, too.
    """
    runs = itertools.groupby(events, lambda event: _piece(event) is not None)
    return [event for are_deltas, run in runs for event in (_by_output(run) if are_deltas else run)]


def _by_output(run: Iterator[Event]) -> Iterator[Event]:
    outputs: dict[str, list[Event]] = {}
    for event in run:
        outputs.setdefault(_output(event), []).append(event)
    return itertools.chain.from_iterable(map(_joined, outputs.values()))


def _joined(events: Sequence[Event]) -> Iterator[Event]:
    for _, run in itertools.groupby(events, _all_but_text):
        first, *more = run
        yield _with_text(first, "".join(_text(event) for event in (first, *more)))


def _data(event: Event) -> dict[str, JsonValue]:
    data = event["data"]
    return data if isinstance(data, dict) else {}


def _piece(event: Event) -> str | None:
    """The key of the piece that an event is; None for another event."""
    data = _data(event)
    if not str(data.get("type") or event["event"]).endswith(".delta"):
        return None
    return next((key for key in _PIECES if _is_text(data.get(key))), None)


def _is_text(value: JsonValue) -> bool:
    return isinstance(value, str) or (
        isinstance(value, dict) and isinstance(value.get("text"), str)
    )


def _text(event: Event) -> str:
    value = _data(event)[_piece(event) or ""]
    return str(value["text"] if isinstance(value, dict) else value)


def _with_text(event: Event, text: str) -> Event:
    key = _piece(event) or ""
    value = _data(event)[key]
    joined: JsonValue = {**value, "text": text} if isinstance(value, dict) else text
    return {**event, "data": {**_data(event), key: joined}}


def _output(event: Event) -> str:
    data = _data(event)
    return json.dumps([data.get("output_index"), data.get("id")])


def _all_but_text(event: Event) -> str:
    blank = _with_text(event, "")
    data = {key: value for key, value in _data(blank).items() if key not in _MOVES}
    return json.dumps({**blank, "data": data}, sort_keys=True)
