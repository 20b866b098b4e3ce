"""Entries of a conversation as turns: who speaks, and the parts of what is said."""

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence

from pydantic import JsonValue

from pytest_conversations.report._limits import Budget, Cut
from pytest_conversations.transcript import arguments, said

Entry = Mapping[str, JsonValue]

_NAMES = {"thinking": "thinks", "tool_file": "file"}


@dataclasses.dataclass(frozen=True)
class Part:
    """A piece of a turn.

    Attributes:
        kind: ``text``, ``code``, ``call``, ``reference`` or ``thinking``; how it is set.
        label: what it is; may be empty.
        body: its text.
    """

    kind: str
    label: str
    body: Cut


@dataclasses.dataclass(frozen=True)
class Turn:
    """An entry.

    Attributes:
        kind: ``user``, ``assistant``, ``tool``, ``result``, ``handoff``, ``error`` or
            ``other``; its colour.
        who: a role, or what the entry does.
        note: an id that ties it to another turn; may be empty.
        parts: of what is said.
    """

    kind: str
    who: str
    note: str
    parts: tuple[Part, ...]


def turns(entries: Sequence[Entry], budget: Budget) -> tuple[list[Turn], int]:
    """Entries as turns, as far as there is room.

    Args:
        entries: of a request or a response.
        budget: what their exchange may put into the page.

    Returns:
        The turns, and how many entries were left out.
    """
    made: list[Turn] = []
    for entry in entries:
        if budget.is_spent:
            break
        made.append(_turn(entry, budget))
    rest = len(entries) - len(made)
    if rest:
        budget.left_out.characters += sum(len(said(entry).text) for entry in entries[len(made) :])
    return made, rest


def refusal(body: JsonValue, budget: Budget) -> Turn:
    """What the API answered with instead, as a turn.

    Args:
        body: of its response.
        budget: what the exchange may put into the page.
    """
    return Turn("error", "error", "", (Part("code", "", budget.cut(_pretty(body))),))


def _turn(entry: Entry, budget: Budget) -> Turn:
    match entry.get("type"):
        case "message.input" | "message.output":
            role = str(entry.get("role") or entry["type"])
            kind = role if role in {"user", "assistant"} else "other"
            raw = _message(entry.get("content"))
        case "function.call":
            kind, role = "tool", "calls"
            raw = iter([("call", _word(entry, "name"), arguments(entry.get("arguments")))])
        case "function.result":
            kind, role = "result", "result"
            raw = iter([("code", "", _pretty(entry.get("result")))])
        case "tool.execution":
            kind, role, raw = "tool", "uses", _execution(entry)
        case "agent.handoff":
            kind, role = "handoff", "hands off"
            raw = iter([("text", "", said(entry).text)])
        case _:
            kind, (role, text) = "other", said(entry)
            raw = iter([("code", "", text)])
    parts = tuple(Part(how, label, budget.cut(text)) for how, label, text in raw)
    return Turn(kind, role, _word(entry, "tool_call_id"), parts)


_Raw = Iterator[tuple[str, str, str]]  # kind, label, text


def _message(content: JsonValue) -> _Raw:
    pieces: Sequence[JsonValue] = content if isinstance(content, list) else [content]
    words: list[str] = []
    for piece in pieces:
        kind = piece.get("type") if isinstance(piece, dict) else None
        if isinstance(piece, str) or kind == "text":
            words.append(piece if isinstance(piece, str) else _word(piece, "text"))
            continue
        if words:
            yield "text", "", "".join(words)
            words = []
        if isinstance(piece, dict):
            yield _chunk(piece)
        elif piece is not None:
            yield "code", "", json.dumps(piece, ensure_ascii=False)
    if words:
        yield "text", "", "".join(words)


def _chunk(chunk: Entry) -> tuple[str, str, str]:
    kind = str(chunk.get("type") or "piece")
    name = _NAMES.get(kind, kind.replace("_", " "))
    match kind:
        case "tool_reference":
            place = _word(chunk, "url") or _word(chunk, "tool")
            return "reference", _word(chunk, "title") or "reference", place
        case "tool_file":
            told = (_word(chunk, key) for key in ("file_name", "file_type", "file_id"))
            return "reference", name, " · ".join(filter(None, told))
        case "thinking":
            inner = _message(chunk.get("thinking"))
            return "thinking", name, "".join(text for _, _, text in inner)
        case "image_url" | "document_url":
            value = chunk.get(kind)
            place = _word(value, "url") if isinstance(value, dict) else _word(chunk, kind)
            return "reference", name, place
        case _:
            rest = {key: value for key, value in chunk.items() if key != "type"}
            return "code", name, json.dumps(rest, ensure_ascii=False, indent=2)


def _execution(entry: Entry) -> _Raw:
    yield "call", _word(entry, "name"), arguments(entry.get("arguments"))
    info = entry.get("info")
    for key, value in info.items() if isinstance(info, dict) else ():
        yield "code", key, value if isinstance(value, str) else _pretty(value)


def _word(data: Mapping[str, JsonValue] | JsonValue, key: str) -> str:
    value = data.get(key) if isinstance(data, Mapping) else None
    return "" if value is None else str(value)


def _pretty(value: JsonValue) -> str:
    if isinstance(value, str):
        try:
            data = json.loads(value)
        except (ValueError, RecursionError):
            return value
        return arguments(data) if isinstance(data, dict | list) else value
    return json.dumps(value, ensure_ascii=False, indent=2)
