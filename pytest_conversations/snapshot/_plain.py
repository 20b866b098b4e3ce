"""Objects to plain JSON data, as they were on the wire: no key added, none lost."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeGuard, runtime_checkable

from pydantic import BaseModel, JsonValue

Event = dict[str, JsonValue]


@runtime_checkable
class _Stream(Protocol):
    """A streamed reply of our clients, which keeps the events that were read."""

    @property
    def events(self) -> list[BaseModel]: ...

    @property
    def outcome(self) -> str | None: ...


def plain(value: object) -> JsonValue:
    """Turn models (ours, or the official SDK's), lists, mappings and scalars into JSON data.

    A stream that was read to its end is the list of its events.

    Raises:
        TypeError: it is something else, or a list of events and of other things; the message names
            it.
        ValueError: it is a stream that was not read to its end.
    """
    if isinstance(value, BaseModel):
        dumped: JsonValue = value.model_dump(mode="json", by_alias=True, exclude_unset=True)
        return dumped
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return _one_kind([plain(item) for item in value], value)
    if isinstance(value, datetime):
        return value.isoformat()
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, _Stream):
        return [plain(event) for event in _whole(value)]
    msg = (
        "expected a model of the Conversations API, a list of events, a stream that was read, or "
        f"JSON data, not {_kind(value)}"
    )
    if hasattr(value, "__next__") or hasattr(value, "__anext__"):
        msg += "; of what can be gone through only once, make a list"
    raise TypeError(msg)


def is_event(value: JsonValue) -> TypeGuard[Event]:
    """Whether JSON data is an event of a stream: its name, and its data."""
    return (
        isinstance(value, dict)
        and value.keys() == {"event", "data"}
        and isinstance(value["event"], str)
        and isinstance(value["data"], dict)
    )


def are_events(value: JsonValue) -> TypeGuard[list[Event]]:
    """Whether JSON data is the list of the events of a stream."""
    return isinstance(value, list) and bool(value) and all(map(is_event, value))


def _whole(stream: _Stream) -> Sequence[BaseModel]:
    if stream.outcome is None:
        msg = (
            f"the {type(stream).__name__} was not read to its end, only {len(stream.events)} of "
            "its events: read it first, for instance by list(stream)"
        )
        raise ValueError(msg)
    return stream.events


def _one_kind(items: list[JsonValue], given: Sequence[object]) -> list[JsonValue]:
    others = [index for index, item in enumerate(items) if not is_event(item)]
    if others and len(others) < len(items):
        first = others[0]
        msg = (
            f"a list of {len(items) - len(others)} events has other things as well, such as "
            f"{_kind(given[first])} at index {first}: compare them apart"
        )
        raise TypeError(msg)
    return items


def _kind(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
