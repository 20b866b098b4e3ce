"""Plain data as the text of a snapshot: YAML, an entry or an event under its type."""

import io
import json

from pydantic import JsonValue

from pytest_conversations import _yaml
from pytest_conversations.snapshot._plain import Event, are_events, is_event


def text(value: JsonValue) -> str:
    """Write data for people to read and to diff.

    A list of events has a line for each, named by its type, or a block where it says a lot.
    Everything else is block YAML: an entry begins with its type, texts of several lines stand as
    they are, and so does the JSON of arguments, indented.
    """
    if are_events(value):
        return "\n".join(map(_event, value))
    return _dumped(_shown(value))


def _dumped(data: object) -> str:
    stream = io.StringIO()
    _yaml.dump(data, stream)
    return stream.getvalue().removesuffix("...\n").removesuffix("\n")


def _event(event: Event) -> str:
    name, fields = _named(event)
    long = any(isinstance(each, str) and len(each) > _LINE for each in fields.values())
    if long or _is_json(fields.get("arguments")):
        return _dumped([{name: _shown(fields)}])
    return f"- {_yaml.in_a_line(name)}: {_yaml.in_a_line(fields)}"


def _named(event: Event) -> tuple[str, dict[str, JsonValue]]:
    """The name of an event and its data, without a type that says the name again."""
    name, data = str(event["event"]), event["data"]
    items = data.items() if isinstance(data, dict) else ()
    return name, {key: each for key, each in items if key != "type" or each != name}


_LINE = 80  # characters of a text, as of deltas that were merged


def _shown(value: JsonValue) -> object:
    if is_event(value):
        name, fields = _named(value)
        return {name: _shown(fields)}
    if isinstance(value, dict):
        shown = {key: _field(key, item) for key, item in value.items()}
        if value.get("object") == "entry" and isinstance(value.get("type"), str):
            return {shown.pop("type"): {k: each for k, each in shown.items() if k != "object"}}
        return shown
    if isinstance(value, list):
        return _yaml.Lines(map(_shown, value))
    return _yaml.text(value) if isinstance(value, str) else value


def _field(key: str, value: JsonValue) -> object:
    if key in _OF_CODE and _is_json(value):
        return _yaml.text(json.dumps(json.loads(str(value)), ensure_ascii=False, indent=2) + "\n")
    return _shown(value)


# What calls and their results hold, which are often JSON.
_OF_CODE = frozenset({"arguments", "result"})


def _is_json(value: JsonValue | None) -> bool:
    """Whether a text is an object of JSON, or an array, with something in it."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return False
    try:
        return bool(json.loads(value))
    except (ValueError, RecursionError):
        return False
