"""Objects to plain JSON data, as they were on the wire: no key added, none lost."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import BaseModel, JsonValue


def plain(value: object) -> JsonValue:
    """Turn models (ours, or the official SDK's), lists, mappings and scalars into JSON data.

    Raises:
        TypeError: it is something else; the message names it.
    """
    if isinstance(value, BaseModel):
        dumped: JsonValue = value.model_dump(mode="json", by_alias=True, exclude_unset=True)
        return dumped
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if value is None or isinstance(value, str | int | float | bool):
        return value
    msg = (
        "conversation_snapshot compares models of the Conversations API, lists of events, and "
        f"dicts of the same shape, not {type(value).__module__}.{type(value).__qualname__}"
    )
    raise TypeError(msg)
