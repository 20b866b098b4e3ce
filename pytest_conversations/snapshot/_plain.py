"""Objects to plain JSON data, as they were on the wire: no key added, none lost."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeGuard, runtime_checkable

from pydantic import BaseModel, JsonValue

from pytest_conversations._plural import counted

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
    if isinstance(value, BaseModel) and _is_known(value):
        sent = value.model_dump(mode="json", by_alias=True, exclude_unset=True)
        return _with_types(sent, value.model_dump(mode="json", by_alias=True))
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
    if isinstance(value, BaseModel):
        msg += "; compare its model_dump(), or a part of it"
    elif hasattr(value, "__next__") or hasattr(value, "__anext__"):
        msg += "; of what can be gone through only once, make a list"
    raise TypeError(msg)


def _is_known(model: BaseModel) -> bool:
    """Whether a model is of this package or the official SDK, or derives from one that is."""
    return any(base.__module__.startswith(_PACKAGES) for base in type(model).__mro__)


_PACKAGES = ("pytest_conversations.models", "mistralai.")


def _with_types(sent: JsonValue, whole: JsonValue) -> JsonValue:
    """What was set of a model, and of each object its type, which who makes one need not say."""
    if isinstance(sent, dict) and isinstance(whole, dict):
        types = {"type": whole["type"]} if isinstance(whole.get("type"), str) else {}
        return types | {key: _with_types(item, whole.get(key)) for key, item in sent.items()}
    if isinstance(sent, list) and isinstance(whole, list):
        return [_with_types(*pair) for pair in zip(sent, whole, strict=True)]
    return sent


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
        how = (
            "[event async for event in stream]" if hasattr(stream, "__aiter__") else "list(stream)"
        )
        msg = (
            f"the {type(stream).__name__} was not read to its end, only {len(stream.events)} of "
            f"its events: read it first, for instance by {how}"
        )
        raise ValueError(msg)
    return stream.events


def _one_kind(items: list[JsonValue], given: Sequence[object]) -> list[JsonValue]:
    others = [index for index, item in enumerate(items) if not is_event(item)]
    if others and len(others) < len(items):
        first = others[0]
        msg = (
            f"a list of {counted(len(items) - len(others), 'event')} has other things as well, "
            f"such as {_kind(given[first])} at index {first}: compare them apart"
        )
        raise TypeError(msg)
    return items


def _kind(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
