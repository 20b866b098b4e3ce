"""What differs between two recordings of one test, as the lines of a diff."""

import difflib
from collections.abc import Sequence

from pydantic import JsonValue

from pytest_conversations.snapshot import stable, written
from pytest_conversations.transcript import Exchange


def lines(before: Sequence[Exchange], after: Sequence[Exchange], old: str, new: str) -> list[str]:
    """The lines of a unified diff of two recordings; none where they say the same.

    Ids, times, token counts, and how streams were cut, are set aside.

    Args:
        before: the old recording.
        after: the new one.
        old: what to call the old one.
        new: what to call the new one.
    """
    return list(difflib.unified_diff(_lines(before), _lines(after), old, new, lineterm=""))


def _lines(conversation: Sequence[Exchange]) -> list[str]:
    # As one, so that an id has one name in all of it.
    whole = stable([_data(exchange) for exchange in conversation])
    return written(whole).splitlines()


def _data(exchange: Exchange) -> dict[str, JsonValue]:
    answered: list[JsonValue] = []
    if exchange.operation or exchange.is_stream:
        # Of another API, what makes no entries are its events.
        events = [] if exchange.operation else [event.data for event in exchange.events]
        answered = [*exchange.answered] or events
    data: dict[str, JsonValue] = {
        "name": exchange.operation or f"{exchange.method} {exchange.url}",
        "error": exchange.error,
        "request": exchange.request,
        "response": answered or exchange.response,
        "status": exchange.status,
    }
    return {key: value for key, value in data.items() if value not in ("", None)}
