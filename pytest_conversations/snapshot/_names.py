"""Stable names for what every recording mints anew: ids, times and signatures.

The same id has the same name throughout one snapshot, in the order of first appearance, so that who
refers to whom can still be seen.
"""

import re
from collections import Counter
from collections.abc import Iterable

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
    "file_ids": "file",
    "document_id": "document",
    "library_id": "library",
    "library_ids": "library",
    "connector_id": "connector",
    "correlation_id": "correlation",
    "request_id": "correlation",
    "trace_id": "correlation",
}
# What `id` is, by the key `object` of what it is the id of.
_OBJECTS = {"conversation", "agent", "file", "library", "document", "connector"}
_PREFIXES = {"conv": "conversation", "ag": "agent"}
_ENTRY_PREFIXES = ("msg", "fc", "fr", "tool_exec", "handoff")
# The ids that the service mints: a prefix and 32 hex digits (contract section 5), or a UUID.
_MINTED = re.compile(
    rf"\b(?P<prefix>{'|'.join((*_PREFIXES, *_ENTRY_PREFIXES))})_[0-9a-f]{{32}}\b"
    r"|(?<![\w-])[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}(?![\w-])"
)
_DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?")
# The query of a URL that holds a signature is made anew with each, for a short time.
_SIGNED = re.compile(
    r"(?i)(?P<url>https?://[^\s\"'<>?#]+)\?(?=[^\s\"'#]*?"
    r"(?<![\w-])(?:(?:x-(?:amz|goog)-)?signature|sig)=)[^\s\"'#()]*"
)
_SHORTEST = 6  # characters of an id that is also replaced inside of other text


# What was said may be a time, and is said in words.
_WORDS = frozenset({"arguments", "content", "inputs", "result", "text"})


class Fixed(str):
    """A text that is shown as it is."""

    __slots__ = ()


class Names:
    """The names of one snapshot.

    Args:
        keep: ids and times that have none.
    """

    def __init__(self, keep: Iterable[str] = ()) -> None:
        self._keep = frozenset(keep)
        self._kinds: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._count: Counter[str] = Counter()

    def stable(self, value: JsonValue) -> JsonValue:
        """Give the data with names in place of ids and times, wherever these stand."""
        self._learn(value, "")
        self._collect(value)
        inside = [re.escape(id_) for id_ in self._names if len(id_) >= _SHORTEST]
        pattern = re.compile(rf"(?<!\w)(?:{'|'.join(sorted(inside, key=len, reverse=True))})(?!\w)")
        return self._replace(value, pattern if inside else None)

    def _learn(self, value: JsonValue, kind: str) -> None:
        """Learn of what kind an id is: it may stand in a text before its own place tells."""
        if isinstance(value, dict):
            for key, item in value.items():
                self._learn(item, _id_kind(value) if key == "id" else _KINDS.get(key, ""))
        elif isinstance(value, list):
            for item in value:
                self._learn(item, kind)
        elif isinstance(value, str) and kind and value and not isinstance(value, Fixed):
            self._kinds.setdefault(value, kind)

    def _collect(self, value: JsonValue) -> None:
        if isinstance(value, dict | list):
            for item in value.values() if isinstance(value, dict) else value:
                self._collect(item)
        elif isinstance(value, str) and not isinstance(value, Fixed):
            found = [value] if value in self._kinds else []
            for id_ in found or (match[0] for match in _MINTED.finditer(value)):
                self._name(id_)

    def _name(self, id_: str) -> None:
        minted = _MINTED.fullmatch(id_)
        prefix = minted["prefix"] if minted else None
        kind = _PREFIXES.get(prefix, "entry") if prefix else self._kinds.get(id_, "id")
        if id_ not in self._names and id_ not in self._keep:
            self._count[kind] += 1
            self._names[id_] = f"<{kind}-{self._count[kind]}>"

    def _replace(
        self, value: JsonValue, pattern: re.Pattern[str] | None, key: str = ""
    ) -> JsonValue:
        if isinstance(value, dict):
            return {name: self._replace(item, pattern, name) for name, item in value.items()}
        if isinstance(value, list):
            return [self._replace(item, pattern, key) for item in value]
        if not isinstance(value, str) or value in self._keep:
            return value
        name = str(value) if isinstance(value, Fixed) else self._names.get(value)
        if name is not None:
            return name
        if key not in _WORDS and _DATETIME.fullmatch(value):
            return "<datetime>"
        if "?" in value:
            value = _SIGNED.sub(r"\g<url>?<signed>", value)
        return pattern.sub(lambda match: self._names[match[0]], value) if pattern else value


def _id_kind(owner: dict[str, JsonValue]) -> str:
    object_ = owner.get("object")
    return str(object_) if object_ in _OBJECTS else "entry"
