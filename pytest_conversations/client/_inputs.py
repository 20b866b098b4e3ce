"""What a caller gives, as the plain data that a request is made of."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

from pydantic import BaseModel, TypeAdapter, ValidationError

from pytest_conversations.models import InputEntries, Unknown

_ENTRY: TypeAdapter[InputEntries] = TypeAdapter(InputEntries)
_PLAIN = str | bytes | bytearray | int | float | None | Unknown  # the last goes back as it came
_LISTS = ("outputs", "entries", "messages")  # what a reply calls its entries

# Keys that live replies have, and that no request may hold (contract sections 5 and 6).
_ADDED_BY_THE_API = {"tool.execution": "function", "tool_reference": "source"}


def plain(value: object) -> object:
    """Models, of the official SDK too, any mapping, list or iterator, as dicts and lists.

    pydantic takes no others, and looks into no model that was made before.
    """
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, BaseModel):
        return plain(value.model_dump(by_alias=True))
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, AbstractSet):
        return [plain(item) for item in value]
    return value


def entries(inputs: object) -> object:
    """Prepare ``inputs`` for a request.

    An entry that a reply held goes back without what the API added to it, as by the SDK: the API
    refuses that. What the caller made is left as it is, so that what the API does not know about
    it is refused: dicts, and models without an id.

    Args:
        inputs: what the caller gave.

    Raises:
        TypeError: it is one entry, or a whole reply.
    """
    if isinstance(inputs, str | bytes):
        return inputs
    if isinstance(inputs, Mapping | BaseModel):
        name = next((name for name in _LISTS if hasattr(inputs, name)), None)
        instead = f"its `.{name}`" if name else "a list of it"
        msg = f"inputs is one {type(inputs).__name__}; give a text or entries: {instead}"
        raise TypeError(msg)
    if not isinstance(inputs, Iterable):
        return inputs
    return [_entry(item) for item in inputs]


def _entry(item: object) -> object:
    data = _without_added(plain(item))
    if not isinstance(item, BaseModel) or getattr(item, "id", None) is None:
        return data
    try:
        return _ENTRY.validate_python(data, extra="ignore")
    except ValidationError:
        return data  # unknown, or something is missing: the request will say what


def _without_added(data: object) -> object:
    if isinstance(data, list):
        return [_without_added(item) for item in data]
    if not isinstance(data, dict):
        return data
    added = _ADDED_BY_THE_API.get(str(data.get("type")))
    return {key: _without_added(item) for key, item in data.items() if key != added}
