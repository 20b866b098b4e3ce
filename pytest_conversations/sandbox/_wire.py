"""How the API writes JSON, ids, times, entries and token counts (contract section 11)."""

import json
import re
import secrets
import string
import time
import uuid
from datetime import UTC, datetime
from typing import Any, TypeAlias

# A JSON object. Its values are data of the wire, which no code here could type more closely.
Object: TypeAlias = dict[str, Any]

_ENTRY_FIELDS = (
    "object",
    "type",
    "created_at",
    "completed_at",
    "agent_id",
    "model",
    "id",
    "role",
    "content",
    "prefix",
    "tool_call_id",
    "name",
    "arguments",
    "result",
    "function",
    "info",
    "confirmation_status",
    "previous_agent_id",
    "previous_agent_name",
    "next_agent_id",
    "next_agent_name",
)

# Of a function.result no id was ever seen; it takes the prefix of the call.
_ID_PREFIXES = {
    "message.input": "msg",
    "message.output": "msg",
    "function.call": "fc",
    "function.result": "fc",
    "tool.execution": "tool_exec",
    "agent.handoff": "handoff",
}

# Inputs and calls that wait for their result are shown as not completed (contract section 11).
_COMPLETED = {"message.output", "tool.execution", "agent.handoff"}


def dump(value: object) -> bytes:
    """`value` as the compact UTF-8 JSON of the API (contract section 11)."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # UTF-8 has no lone surrogates; "backslashreplace" writes the JSON escape they came as.
    return text.encode("utf-8", "backslashreplace")


def now() -> str:
    """The time: RFC 3339, UTC, always six digits of a second (contract section 11)."""
    return datetime.now(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def new_uuid() -> uuid.UUID:
    """A UUID of version 7: its first 48 bits are milliseconds since 1970."""
    milliseconds = time.time_ns() // 1_000_000
    return uuid.UUID(
        int=milliseconds << 80
        | 7 << 76
        | secrets.randbits(12) << 64
        | 0b10 << 62
        | secrets.randbits(62)
    )


def new_id(prefix: str) -> str:
    """An id such as ``conv_`` and 32 hexadecimal digits (contract section 5)."""
    return f"{prefix}_{new_uuid().hex}"


def new_tool_call_id() -> str:
    """Nine characters of a-z, A-Z and 0-9 (contract section 5)."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(9))


def entry(fields: Object) -> Object:
    """`fields` as an entry of its ``type``, with an id of its own and the time of now.

    Its keys stand in the order of the wire (contract section 11); unknown ones are left out.
    """
    kind = fields["type"]
    time_of_now = now()
    fields = fields | {
        "object": "entry",
        "id": new_id(_ID_PREFIXES[kind]),
        "created_at": time_of_now,
        "completed_at": time_of_now if kind in _COMPLETED else None,
    }
    return {name: fields[name] for name in _ENTRY_FIELDS if name in fields}


def text_of(content: str | list[Object]) -> str:
    """The text of a message; a chunk that is not text is named, as in ``[image_url]``."""
    if isinstance(content, str):
        return content
    texts = (chunk["text"] if "text" in chunk else f"[{chunk.get('type')}]" for chunk in content)
    return "".join(texts)


def usage(instructions: str, context: list[Object], outputs: list[Object]) -> Object:
    """The token counts of a reply: words and signs, counted the same way every time.

    Args:
        instructions: What the model was told beforehand.
        context: The entries that the model read.
        outputs: The entries that it wrote.

    Returns:
        The usage, without the two fields on connectors where no tool ran (contract section 11).
    """
    connectors: dict[str, int] = {}
    for ran in (one for one in outputs if one["type"] == "tool.execution"):
        connectors[ran["name"]] = connectors.get(ran["name"], 0) + 1
    prompt = _tokens(instructions) + sum(map(_entry_tokens, context))
    completion = sum(map(_entry_tokens, outputs))
    connector = sum(_tokens(text_of(one["info"]["result"])) for one in outputs if "info" in one)
    counts: Object = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion + connector,
    }
    if connectors:
        counts |= {"connector_tokens": connector, "connectors": connectors}
    return counts


def _entry_tokens(one: Object) -> int:
    parts = (text_of(one.get("content", "")), one.get("arguments", ""), one.get("result", ""))
    return sum(_tokens(part if isinstance(part, str) else json.dumps(part)) for part in parts)


def _tokens(text: str) -> int:
    return len(re.findall(r"\w+|[^\w\s]", text))
