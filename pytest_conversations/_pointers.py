"""JSON Pointers (RFC 6901) into JSON data, in which a token ``*`` is any one key or index."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

Pointer: TypeAlias = tuple[str, ...]

_REMOVED = object()


def parse(text: str, setting: str) -> Pointer:
    """Read a pointer.

    Args:
        text: the pointer, such as ``/entries/*/id``.
        setting: where it stands, for the message.

    Raises:
        ValueError: it is none.
    """
    if not text.startswith("/"):
        msg = f"{setting} has {text!r}; a JSON Pointer begins with /"
        raise ValueError(msg)
    if re.search(r"~(?![01])", text):
        msg = f"{setting} has {text!r}; in a JSON Pointer ~ stands as ~0, and / in a key as ~1"
        raise ValueError(msg)
    # RFC 6901, section 4: in this order, so that ~01 is ~1.
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in text[1:].split("/"))


def changed(data: object, pointer: Pointer, change: Callable[[object], object]) -> object:
    """JSON data with other values where a pointer leads; what it leads past is as it was.

    Args:
        data: it is not changed itself.
        pointer: to the values.
        change: makes the new value from the old one.
    """
    if not pointer:
        return change(data)
    token, rest = pointer[0], pointer[1:]

    def item(key: str, value: object) -> object:
        return changed(value, rest, change) if token in (key, "*") else value

    if isinstance(data, dict):
        return {key: item(key, value) for key, value in data.items()}
    if isinstance(data, list):
        return [item(str(index), value) for index, value in enumerate(data)]
    return data


def without(data: object, pointers: Iterable[Pointer]) -> object:
    """JSON data without that to which pointers lead."""
    for pointer in pointers:
        data = changed(data, pointer, lambda _: _REMOVED)
    return _remaining(data)  # only now, so that each index is that of the data as it came


def _remaining(data: object) -> object:
    if isinstance(data, dict):
        return {k: _remaining(value) for k, value in data.items() if value is not _REMOVED}
    if isinstance(data, list):
        return [_remaining(value) for value in data if value is not _REMOVED]
    return data


def values(data: object, pointer: Pointer) -> Iterator[object]:
    """The values to which a pointer leads, in order."""
    found: list[object] = []
    changed(data, pointer, found.append)
    yield from found
