"""Plain data as the text of a snapshot: YAML, an entry or an event under its type."""

import io

from pydantic import JsonValue

from pytest_conversations import _yaml
from pytest_conversations.cassette import indent
from pytest_conversations.snapshot._plain import Event, are_events


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
    name, data = str(event["event"]), event["data"]
    items = data.items() if isinstance(data, dict) else ()
    fields = {key: each for key, each in items if key != "type" or each != name}
    long = any(isinstance(each, str) and len(each) > _LINE for each in fields.values())
    if long:
        return _dumped([{name: _shown(fields)}])
    return f"- {_yaml.in_a_line(name)}: {_yaml.in_a_line(fields)}"


_LINE = 80  # characters of a text, as of deltas that were merged


def _shown(value: JsonValue) -> object:
    if isinstance(value, dict):
        shown = {key: _field(key, item) for key, item in value.items()}
        if value.get("object") == "entry" and isinstance(value.get("type"), str):
            return {shown.pop("type"): {k: each for k, each in shown.items() if k != "object"}}
        return shown
    if isinstance(value, list):
        return _yaml.Lines(map(_shown, value))
    return _yaml.block(value) if isinstance(value, str) else value


def _field(key: str, value: JsonValue) -> object:
    if key == "arguments" and isinstance(value, str):
        return _yaml.block(indent(value) or value)
    return _shown(value)
