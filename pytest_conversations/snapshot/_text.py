"""Plain data as the text of a snapshot: YAML, one line for each event of a stream."""

import io

from pydantic import JsonValue

from pytest_conversations import _yaml


def text(value: JsonValue) -> str:
    """Write data for people to read and to diff.

    A list of events has a line for each, named by its type; everything else is block YAML, with
    texts of several lines as they are.
    """
    events = _events(value)
    stream = io.StringIO()
    _yaml.dump(_blocks(value) if events is None else events, stream)
    return stream.getvalue().removesuffix("...\n").removesuffix("\n")


def _events(value: JsonValue) -> list[dict[str, _yaml.Flow]] | None:
    if not isinstance(value, list) or not value:
        return None
    lines = []
    for item in value:
        if not isinstance(item, dict) or item.keys() != {"event", "data"}:
            return None
        name, data = item["event"], item["data"]
        if not isinstance(name, str) or not isinstance(data, dict):
            return None
        shown = {key: each for key, each in data.items() if key != "type" or each != name}
        lines.append({name: _yaml.Flow(shown)})
    return lines


def _blocks(value: JsonValue) -> object:
    if isinstance(value, dict):
        return {key: _blocks(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_blocks(item) for item in value]
    return _yaml.block(value) if isinstance(value, str) else value
