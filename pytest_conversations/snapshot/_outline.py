"""What people look at first in a conversation: its outline, its text, its tool calls."""

import itertools
import json
from collections.abc import Callable, Sequence
from typing import NamedTuple

from pydantic import JsonValue, TypeAdapter

from pytest_conversations import _reassembly
from pytest_conversations.models import ConversationEventsData
from pytest_conversations.snapshot._deltas import merged
from pytest_conversations.snapshot._plain import Event, are_events, plain

_Entry = dict[str, JsonValue]
_LISTS = ("entries", "outputs", "messages")
_DATA: TypeAdapter[list[ConversationEventsData]] = TypeAdapter(list[ConversationEventsData])


class ToolCall(NamedTuple):
    """A function that the model called, or a tool of the service that it used.

    Attributes:
        name: of the function, or of the tool.
        arguments: as JSON data; a text where they are no JSON, None where none were sent.
    """

    name: str
    arguments: JsonValue


def outline(conversation: object) -> list[str]:
    """The structure of a conversation: types, roles and names, in order, and no words.

    Args:
        conversation: events, a stream that was read, a reply, a history or its messages, a list of
            entries, or what `get` and `list` give; as our models, the official SDK's, or JSON data.

    Returns:
        A line for each entry, such as ``message.output assistant`` or ``function.call search``; or
        for each event, with the deltas of one output as one.

    Raises:
        TypeError: it is something else.
        ValueError: it is a stream that was not read to its end.
    """
    data = plain(conversation)
    if are_events(data):
        lines = [_line(_data_of(event), str(event["event"])) for event in merged(data)]
        return [line for line, _ in itertools.groupby(lines)]
    if conversations := _conversations(data):
        return [_line(each, _ONE) for each in conversations]
    return [_line(entry, "entry") for entry in _entries(data, conversation)]


def text(conversation: object) -> str:
    """What the model said, without anything else.

    Args:
        conversation: see `outline`.

    Raises:
        TypeError: it is something else.
        ValueError: it is a stream that was not read to its end.
    """
    data = plain(conversation)
    if are_events(data):
        return _reassembly.Text().of(_typed(data))
    said = [each for each in _entries(data, conversation) if each.get("type") == "message.output"]
    return "".join(_said(entry.get("content")) for entry in said)


def tool_calls(conversation: object) -> list[ToolCall]:
    """The functions that the model called, and the tools of the service that it used, in order.

    Args:
        conversation: see `outline`.

    Raises:
        TypeError: it is something else.
        ValueError: it is a stream that was not read to its end, or events that make no entries.
    """
    data = plain(conversation)
    if are_events(data):
        data = plain(_reassembly.outputs(_typed(data)))
    return [
        ToolCall(str(entry.get("name")), _arguments(entry.get("arguments")))
        for entry in _entries(data, conversation)
        if entry.get("type") in {"function.call", "tool.execution"}
    ]


def _typed(events: Sequence[Event]) -> list[ConversationEventsData]:
    return _DATA.validate_python([event["data"] for event in events], extra="allow")


def _data_of(event: Event) -> _Entry:
    data = event["data"]
    return data if isinstance(data, dict) else {}


def _conversations(data: JsonValue) -> list[_Entry]:
    """What the API tells of one conversation, or of several, without what is said in them."""
    items = data if isinstance(data, list) else [data]
    told = [each for each in items if isinstance(each, dict) and each.get("object") == _ONE]
    return told if len(told) == len(items) else []


_ONE = "conversation"


def _entries(data: JsonValue, given: object) -> list[_Entry]:
    lists = [data[key] for key in _LISTS if key in data] if isinstance(data, dict) else []
    held = lists[0] if lists else [data] if isinstance(data, dict) else data
    if isinstance(held, list):
        entries = [each for each in held if isinstance(each, dict) and "type" in each]
        if len(entries) == len(held):
            return entries
    kind = f"{type(given).__module__}.{type(given).__qualname__}".removeprefix("builtins.")
    keys = f" of {', '.join(map(repr, data))}" if isinstance(data, dict) and data else ""
    msg = (
        "expected events, a reply, a history, its messages or a list of entries, "
        f"not a {kind}{keys}"
    )
    raise TypeError(msg)


def _line(data: _Entry, default: str) -> str:
    words = [data.get("type") or default, *filter(None, map(data.get, _TOLD))]
    kinds = _kinds(data.get("content"))
    return " ".join(map(str, [*words, *([f"({', '.join(kinds)})"] if kinds else [])]))


_TOLD = ("role", "name", "previous_agent_name", "next_agent_name")


def _kinds(content: JsonValue) -> list[str]:
    """The kinds of the chunks of a content, each once, where it is more than a text."""
    chunks = content if isinstance(content, list) else [content]
    kinds = [str(chunk.get("type")) for chunk in chunks if isinstance(chunk, dict)]
    distinct = list(dict.fromkeys(kinds))
    return [] if distinct == ["text"] else distinct


def _said(content: JsonValue) -> str:
    chunks = content if isinstance(content, list) else [content]
    pieces: list[object] = [
        chunk.get("text") if isinstance(chunk, dict) else chunk for chunk in chunks
    ]
    return "".join(piece for piece in pieces if isinstance(piece, str))


def _arguments(arguments: JsonValue) -> JsonValue:
    if not isinstance(arguments, str):
        return arguments
    read: Callable[[str], JsonValue] = json.loads
    try:
        return read(arguments)
    except ValueError:
        return arguments
