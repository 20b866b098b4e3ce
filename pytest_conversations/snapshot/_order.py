"""The keys of objects in one order, since on the wire that is chance: it says nothing in JSON."""

from pydantic import JsonValue

# What tells what a thing is, and whose; then what it says. The rest follows by the alphabet, and
# what is least of all looked at comes last.
_FIRST = (
    *("event", "data", "object", "type", "role", "name", "conversation_id", "id", "tool_call_id"),
    *("agent_id", "previous_agent_name", "previous_agent_id", "next_agent_name", "next_agent_id"),
    *("model", "output_index", "content_index", "content", "text", "arguments", "result"),
)
_LAST = ("created_at", "updated_at", "completed_at", "usage")
_RANKS = {key: rank for rank, key in enumerate(_FIRST, -len(_FIRST))} | {
    key: rank for rank, key in enumerate(_LAST, 1)
}


def ordered(value: JsonValue) -> JsonValue:
    """JSON data with the keys of its objects in the order in which a snapshot shows them."""
    if isinstance(value, dict):
        return {key: ordered(value[key]) for key in sorted(value, key=_place)}
    return [ordered(item) for item in value] if isinstance(value, list) else value


def _place(key: str) -> tuple[int, str]:
    return _RANKS.get(key, 0), key
