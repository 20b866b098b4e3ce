"""Chat completions as entries of a conversation: what Mistral's other endpoints, and others, do."""

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping

from pydantic import JsonValue

Data = dict[str, JsonValue]


@dataclasses.dataclass
class _Call:
    """A call of a function, as far as its pieces have come."""

    id: str = ""
    name: str = ""
    arguments: str = ""


def asked(request: JsonValue) -> list[Data]:
    """The messages of a request as entries; none where it is no chat completion's."""
    return [entry for message in _list(request, "messages") for entry in _entries(message)]


def answered(response: JsonValue) -> list[Data]:
    """The messages of a response as entries; likewise."""
    choices = _list(response, "choices")
    return [each for choice in choices for each in _entries(_object(choice.get("message")))]


def _entries(message: Mapping[str, JsonValue]) -> Iterator[Data]:
    role = str(message.get("role") or "assistant")
    if role == "tool":
        yield {
            "type": "function.result",
            "tool_call_id": message.get("tool_call_id"),
            "result": message.get("content"),
        }
        return
    if message.get("content"):
        yield {"type": "message.input", "role": role, "content": message["content"]}
    for call in _list(message, "tool_calls"):
        function = _object(call.get("function"))
        yield {
            "type": "function.call",
            "tool_call_id": call.get("id"),
            "name": function.get("name"),
            "arguments": function.get("arguments"),
        }


def streamed(events: Iterable[JsonValue]) -> Iterator[Data]:
    """What a stream says, put together, as entries.

    Args:
        events: the data of each.
    """
    words: list[str] = []
    calls: dict[int, _Call] = {}
    for event in events:
        for choice in _list(event, "choices"):
            delta = _object(choice.get("delta"))
            content = delta.get("content")
            if content:
                words.append(content if isinstance(content, str) else _texts(content))
            for at, piece in enumerate(_list(delta, "tool_calls")):
                index = piece.get("index")
                call = calls.setdefault(index if isinstance(index, int) else at, _Call())
                function = _object(piece.get("function"))
                call.id = call.id or str(piece.get("id") or "")
                call.name += str(function.get("name") or "")
                given = function.get("arguments") or ""
                call.arguments += given if isinstance(given, str) else json.dumps(given)
    if words:
        yield {"type": "message.output", "role": "assistant", "content": "".join(words)}
    for call in calls.values():
        told = dataclasses.asdict(call)
        yield {"type": "function.call", "tool_call_id": told.pop("id"), **told}


def objects(value: JsonValue) -> list[Data]:
    """The JSON objects in a list; none where it is none."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _texts(content: JsonValue) -> str:
    return "".join(str(piece.get("text") or "") for piece in objects(content))


def _object(value: JsonValue) -> Data:
    return value if isinstance(value, dict) else {}


def _list(value: JsonValue | Mapping[str, JsonValue], key: str) -> list[Data]:
    return objects(value.get(key)) if isinstance(value, Mapping) else []
