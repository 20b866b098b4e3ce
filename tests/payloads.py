"""Payloads of the API through the models, and back: nothing of them may get lost."""

import contextlib
import datetime as dt
import json
from typing import Any

from pydantic import TypeAdapter

_TIMES = {"created_at", "updated_at", "completed_at"}


def comparable(value: Any, name: str = "") -> Any:  # noqa: ANN401 - any JSON in, any JSON out
    """JSON with its times as times: ``+00:00`` and ``Z`` are the same."""
    if isinstance(value, dict):
        return {key: comparable(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [comparable(inner) for inner in value]
    if name in _TIMES and isinstance(value, str):
        with contextlib.suppress(ValueError):  # in what nobody knows it may be anything
            return dt.datetime.fromisoformat(value)
    return value


def within(part: object, whole: object) -> bool:
    """Whether a JSON value holds all of another one; objects may hold more."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(key in whole and within(part[key], whole[key]) for key in part)
    if isinstance(part, list) and isinstance(whole, list):
        return len(part) == len(whole) and all(map(within, part, whole))
    return part == whole


def parse(adapter: TypeAdapter[Any], text: str | bytes) -> Any:  # noqa: ANN401 - any model
    """Parse a reply as the client does; nothing of it may get lost, here or on the way back."""
    payload = comparable(json.loads(text))
    model = adapter.validate_json(text, extra="allow")

    dumped = adapter.dump_python(model, mode="json", by_alias=True, exclude_unset=True)
    assert comparable(dumped) == payload
    for written in (
        adapter.dump_json(model, by_alias=True, exclude_unset=True),
        adapter.dump_json(model, by_alias=True),
    ):
        assert within(payload, comparable(json.loads(written)))
        assert adapter.validate_json(written, extra="allow") == model
    return model
