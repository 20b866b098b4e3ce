"""What a conversation holds as text: who said what, and when the bytes of a stream came."""

import itertools
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from pydantic import JsonValue

from pytest_conversations.cassette import Chunk

# What a terminal would take for a command, or for the end of a line; or would write backwards; and
# halves of characters, which JSON can hold and no file can.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_BARS = "▁▂▃▄▅▆▇█"


class Said(NamedTuple):
    """An entry, in words.

    Attributes:
        who: a role, or what the entry is.
        text: what it says; of several lines.
    """

    who: str
    text: str


def said(entry: Mapping[str, JsonValue]) -> Said:
    """An entry of a conversation, in words.

    Args:
        entry: as the API sends it; what is unknown is shown as JSON.
    """
    match entry.get("type"):
        case "message.input" | "message.output":
            return Said(str(entry.get("role", entry["type"])), _content(entry.get("content")))
        case "function.call":
            return Said("calls", f"{entry.get('name')}({arguments(entry.get('arguments'))})")
        case "function.result":
            return Said("result", str(entry.get("result")))
        case "tool.execution":
            info = entry.get("info")
            call = f"{entry.get('name')}({arguments(entry.get('arguments'))})"
            return Said(
                "uses", "\n".join([call, *_fields(info)] if isinstance(info, dict) else [call])
            )
        case "agent.handoff":
            names = entry.get("previous_agent_name"), entry.get("next_agent_name")
            return Said("hands off", " → ".join(map(str, names)))
        case other:
            return Said(str(other or "entry"), json.dumps(entry, ensure_ascii=False, indent=2))


def arguments(value: JsonValue) -> str:
    """The arguments of a call: indented where they are more than a line."""
    if value in (None, "", "{}"):
        return ""
    try:
        data = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return str(value)
    short = json.dumps(data, ensure_ascii=False)
    return short if len(short) <= _SHORT else json.dumps(data, ensure_ascii=False, indent=2)


_SHORT = 60  # characters


def as_text(value: JsonValue, indent: int | None = None) -> str:
    """JSON data as text; a text as it is."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=indent)


def visible(text: str) -> str:
    """A text of a recording for a screen, which is to show control characters, not obey them."""
    return _UNSEEN.sub(lambda match: f"\\x{ord(match[0]):02x}", text)


def sparkline(chunks: Sequence[Chunk], width: int) -> str:
    """When the bytes of a stream came: a bar for each part of the time.

    Args:
        chunks: of the stream.
        width: how many bars there are at most, in characters.
    """
    whole = sum(chunk.ms for chunk in chunks)
    if not whole:
        return ""
    sizes = [0] * width
    for at, chunk in zip(itertools.accumulate(chunk.ms for chunk in chunks), chunks, strict=True):
        sizes[min(at * width // whole, width - 1)] += len(chunk.data)
    most = max(sizes)
    return "".join(_BARS[-(-size * (len(_BARS) - 1) // most)] if size else " " for size in sizes)


def _content(content: JsonValue) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return json.dumps(content, ensure_ascii=False)
    return "".join(map(_chunk, content))


def _chunk(chunk: JsonValue) -> str:
    if not isinstance(chunk, dict):
        return str(chunk)
    match chunk.get("type"):
        case "text":
            return str(chunk.get("text"))
        case "tool_reference":
            return f" [{chunk.get('title')}: {chunk.get('url') or chunk.get('tool')}]"
        case "thinking":
            return f"[thinks: {_content(chunk.get('thinking'))}]"
        case kind:
            rest = {key: value for key, value in chunk.items() if key != "type"}
            return f" [{kind}: {json.dumps(rest, ensure_ascii=False)}]"


def _fields(info: Mapping[str, JsonValue]) -> Iterable[str]:
    for key, value in info.items():
        shown = as_text(value)
        yield f"{key}: {shown}" if "\n" not in shown else f"{key}:\n{shown}"
