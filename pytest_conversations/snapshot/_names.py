"""Stable names for what every recording mints anew: ids and times.

The same id has the same name throughout one snapshot, in the order of first appearance, so that who
refers to whom can still be seen.
"""

import re
from collections import Counter

from pydantic import JsonValue

# The kind of a name, by the key that holds the id. `id` itself is settled by its prefix and owner.
_KINDS = {
    "conversation_id": "conversation",
    "tool_call_id": "tool-call",
    "agent_id": "agent",
    "previous_agent_id": "agent",
    "next_agent_id": "agent",
    "from_entry_id": "entry",
    "file_id": "file",
    "library_ids": "library",
    "connector_id": "connector",
}
_PREFIXES = {"conv": "conversation", "ag": "agent"}
_ENTRY_PREFIXES = ("msg", "fc", "fr", "tool_exec", "handoff")
# The ids that the service mints: a prefix and 32 hex digits (contract section 5).
_MINTED = re.compile(rf"\b({'|'.join((*_PREFIXES, *_ENTRY_PREFIXES))})_[0-9a-f]{{32}}\b")
_DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?")
_SHORTEST = 6  # characters of an id that is also replaced inside of other text


class Names:
    """The names of one snapshot."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._count: Counter[str] = Counter()

    def stable(self, value: JsonValue) -> JsonValue:
        """Give the data with names in place of ids and times, wherever these stand."""
        self._collect(value, "")
        inside = [re.escape(id_) for id_ in self._names if len(id_) >= _SHORTEST]
        pattern = re.compile(rf"(?<!\w)(?:{'|'.join(sorted(inside, key=len, reverse=True))})(?!\w)")
        return self._replace(value, pattern if inside else None)

    def _collect(self, value: JsonValue, kind: str) -> None:
        if isinstance(value, dict):
            for key, item in value.items():
                self._collect(item, _id_kind(value) if key == "id" else _KINDS.get(key, ""))
        elif isinstance(value, list):
            for item in value:
                self._collect(item, kind)
        elif isinstance(value, str):
            if kind and value:
                self._name(value, kind)
            else:
                for match in _MINTED.finditer(value):
                    self._name(match[0], _PREFIXES.get(match[1], "entry"))

    def _name(self, id_: str, kind: str) -> None:
        minted = _MINTED.fullmatch(id_)
        if minted:
            kind = _PREFIXES.get(minted[1], "entry")
        if id_ not in self._names:
            self._count[kind] += 1
            self._names[id_] = f"<{kind}-{self._count[kind]}>"

    def _replace(self, value: JsonValue, pattern: re.Pattern[str] | None) -> JsonValue:
        if isinstance(value, dict):
            return {key: self._replace(item, pattern) for key, item in value.items()}
        if isinstance(value, list):
            return [self._replace(item, pattern) for item in value]
        if not isinstance(value, str):
            return value
        if value in self._names:
            return self._names[value]
        if _DATETIME.fullmatch(value):
            return "<datetime>"
        return pattern.sub(lambda match: self._names[match[0]], value) if pattern else value


def _id_kind(owner: dict[str, JsonValue]) -> str:
    return "conversation" if owner.get("object") == "conversation" else "entry"
