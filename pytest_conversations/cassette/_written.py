"""Reads what this package wrote, many times faster than YAML can be read.

The layout of a file whose checksum is right is known: it is what `_yaml` makes of a cassette. What
is not as expected is left to the parser of YAML, and a property test holds both to the same result.
"""

import datetime as dt
import functools
import re
from typing import TypeAlias

import yaml

Value: TypeAlias = "dict[str, Value] | list[Value] | object"

_START = "interactions:\n"
_LINE = re.compile(r"( *)(- )?([A-Za-z_][\w.-]*):(?: (.*))?\n")
_BLOCK = re.compile(r"\|(2?)([+-]?)")
# Items of a list, or of a mapping, in one line.
_ITEM = r"""(?:'(?:[^']|'')*'|"(?:[^"\\]|\\.)*"|[^\s'",\[\]{}&*!|>%@`#?-][^,\[\]{}:#\n]*)"""
_LIST = re.compile(rf"\[(?:{_ITEM}(?:, {_ITEM})*)?\]")
_PAIRS = re.compile(rf"\{{\w+: {_ITEM}(?:, \w+: {_ITEM})*\}}")
_EACH = re.compile(_ITEM)
_PAIR = re.compile(rf"(\w+): ({_ITEM})")
# What is a text for YAML as it stands. Words such as `no`, numbers and dates are other things.
_TEXT = re.compile(r"[A-Za-z<][^:#\n]*(?<! )")
_WORDS = frozenset(("y", "yes", "n", "no", "true", "false", "on", "off", "null"))
_CHUNKS = re.compile(r"\d+\+\d+(?: \d+\+\d+)*", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+00:00", re.ASCII)
_QUOTED = re.compile(r"'((?:[^']|'')*)'")


class _OtherError(Exception):
    """It is laid out in another way."""


def read(text: str) -> dict[str, Value] | None:
    """The document of a cassette's text that this package wrote; None where it is not as expected.

    Args:
        text: whose checksum is right.
    """
    try:
        head, found, rest = text.partition(_START)
        if not found:
            return None
        document, at = _mapping(head, 0, 0)
        interactions: list[Value] = []
        at = 0
        while rest.startswith("- ", at):
            interaction, at = _mapping(rest, at, 2)
            interactions.append(interaction)
    except (_OtherError, yaml.YAMLError, ValueError):
        return None
    if rest[at:] != "...\n":
        return None
    return {**document, "interactions": interactions}


def _mapping(text: str, at: int, indent: int) -> tuple[dict[str, Value], int]:
    """The mapping that begins at a place, and the place behind it."""
    mapping: dict[str, Value] = {}
    is_first = True
    while line := _LINE.match(text, at):
        spaces, dash, key, written = line.groups()
        if len(spaces) + (2 if dash else 0) != indent or (dash and not is_first):
            break
        is_first = False
        at = line.end()
        if written is None:
            mapping[key], at = _mapping(text, at, indent + 2)
        elif written[:1] == "|":
            mapping[key], at = _block(text, at, written, indent + 2)
        else:
            mapping[key] = _value(written)
    if is_first:
        raise _OtherError
    return mapping, at


def _block(text: str, at: int, hints: str, indent: int) -> tuple[str, int]:
    """The literal block that begins at a place, and the place behind it."""
    form = _BLOCK.fullmatch(hints)
    if form is None:
        raise _OtherError
    end = _end(indent).search(text, at - 1)
    stop = len(text) if end is None else end.start() + 1
    margin = " " * indent
    content = ("\n" + text[at:stop]).replace("\n" + margin, "\n")[1:]
    if form[2] == "-":
        return content.removesuffix("\n"), stop
    return (content if form[2] else content.rstrip("\n") + "\n"), stop


@functools.cache
def _end(indent: int) -> re.Pattern[str]:
    """Where a block ends: before a line that is neither blank nor indented so much."""
    return re.compile(rf"\n(?! {{{indent}}}|\n|\Z)")


def _value(written: str) -> Value:
    if written[0] == "[":
        if _LIST.fullmatch(written) is None:
            raise _OtherError
        return [_scalar(each) for each in _EACH.findall(written[1:-1])]
    if written[0] == "{":
        if written == "{}":
            return {}
        if _PAIRS.fullmatch(written) is None:
            raise _OtherError
        return {key: _scalar(each) for key, each in _PAIR.findall(written)}
    return _scalar(written)


def _scalar(written: str) -> object:
    if _CHUNKS.fullmatch(written) or (_TEXT.fullmatch(written) and written.lower() not in _WORDS):
        return written
    if quoted := _QUOTED.fullmatch(written):
        return quoted[1].replace("''", "'")
    if written.isdecimal() and written.isascii() and written[0] != "0":
        return int(written)
    if _TIME.fullmatch(written):
        return dt.datetime.fromisoformat(written)
    return yaml.load(written, Loader=yaml.CSafeLoader)
