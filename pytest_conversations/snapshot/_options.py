"""What a snapshot shows of a conversation, and how."""

import dataclasses
import functools
from collections.abc import Iterable, Mapping
from typing import Any, Literal, Self, TypeAlias, cast, get_args

from pydantic import JsonValue

from pytest_conversations import _pointers
from pytest_conversations.snapshot._deltas import merged
from pytest_conversations.snapshot._names import Fixed, Names
from pytest_conversations.snapshot._order import ordered
from pytest_conversations.snapshot._outline import outline
from pytest_conversations.snapshot._plain import are_events

Deltas: TypeAlias = Literal["recorded", "merged"]
View: TypeAlias = Literal["full", "outline"]
Usage: TypeAlias = Literal["dropped", "rounded", "kept"]

_ALLOWED = {"deltas": get_args(Deltas), "view": get_args(View), "usage": get_args(Usage)}


@dataclasses.dataclass(frozen=True)
class Options:
    """What a snapshot shows.

    Attributes:
        keep: JSON Pointers to ids and times that are shown as they are; ``*`` is any key or index.
        drop: to what is left out.
        replace: a text for what stands at a pointer.
        deltas: ``merged`` joins the pieces of one output.
        view: ``outline`` shows types, roles and names alone.
        usage: what becomes of the counts of tokens, which change with every version of a model:
            ``dropped``, ``rounded`` to one digit, or ``kept``.
    """

    keep: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    replace: Mapping[str, str] = dataclasses.field(default_factory=dict)
    deltas: Deltas = "recorded"
    view: View = "full"
    usage: Usage = "dropped"

    def with_(self, **changes: object) -> Self:
        """The same with some changes.

        Raises:
            ValueError: a value is none of those that there are, or a pointer is none.
        """
        for name, value in changes.items():
            allowed = _ALLOWED.get(name)
            if allowed is not None and value not in allowed:
                msg = f"{name} is {value!r}; choose from {', '.join(map(repr, allowed))}"
                raise ValueError(msg)
            if allowed is None:
                changes[name] = _checked(name, value)
        return dataclasses.replace(self, **cast("dict[str, Any]", changes))

    def applied(self, data: JsonValue) -> JsonValue:
        """Data as the snapshot shows it.

        Raises:
            TypeError: there is no outline of it.
        """
        data = _merged(data) if self.deltas == "merged" else data
        kept = [value for each in self._parsed("keep") for value in _pointers.values(data, each)]
        shown = _pointers.without(data, self._parsed("drop"))
        for pointer, text in zip(self._parsed("replace"), self.replace.values(), strict=True):
            shown = _pointers.changed(shown, pointer, functools.partial(_instead, text))
        if self.view == "outline":
            return [*outline(shown)]
        shown = _with_usage(cast("JsonValue", shown), self.usage)
        return Names(_texts(kept)).stable(ordered(shown))

    def _parsed(self, name: str) -> list[_pointers.Pointer]:
        return [_pointers.parse(each, name) for each in getattr(self, name)]


def _checked(name: str, value: object) -> object:
    pointers: Iterable[object]
    if name == "replace" and isinstance(value, Mapping):
        pointers, value = value, dict(value)
    elif name != "replace" and isinstance(value, list | tuple):
        pointers = value = tuple(value)
    else:
        wanted = (
            "mapping of JSON Pointers to texts" if name == "replace" else "list of JSON Pointers"
        )
        msg = f"{name} is {value!r}; it takes a {wanted}"
        raise ValueError(msg)
    for each in pointers:
        _pointers.parse(str(each), name)
    return value


def _instead(text: str, _: object) -> str:
    return Fixed(text)


def _merged(data: JsonValue) -> JsonValue:
    """Data in which each list of events has the pieces of one output as one."""
    if are_events(data):
        return [*merged(data)]
    if isinstance(data, dict):
        return {key: _merged(item) for key, item in data.items()}
    return [_merged(item) for item in data] if isinstance(data, list) else data


def _texts(values: Iterable[object]) -> Iterable[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict | list):
            yield from _texts(value.values() if isinstance(value, dict) else value)


def _with_usage(data: JsonValue, how: Usage) -> JsonValue:
    if how == "kept":
        return data
    if isinstance(data, dict):
        return {
            key: _rounded(value) if _is_usage(key, value) else _with_usage(value, how)
            for key, value in data.items()
            if how == "rounded" or not _is_usage(key, value)
        }
    return [_with_usage(item, how) for item in data] if isinstance(data, list) else data


def _is_usage(key: str, value: JsonValue) -> bool:
    return (
        key == "usage"
        and isinstance(value, dict)
        and any(name.endswith("_tokens") for name in value)
    )


def _rounded(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    is_count = isinstance(value, int) and not isinstance(value, bool)
    return int(float(f"{value:.1g}")) if is_count else value
