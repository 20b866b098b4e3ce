"""The document in a cassette's text: as data, or as nodes that know where they stand.

vcrpy's other format, JSON, is hardly ever what YAML calls JSON: it may be indented by tabs, and it
has escapes of surrogate pairs, which no YAML parser takes.
"""

import functools
import json
import re

import yaml
from vcr.serializers import yamlserializer

from pytest_conversations.cassette import _limits

_BOM = "\ufeff"
_REPLACEMENT = 0xFFFD
_HALVES = frozenset(map(chr, range(0xD800, 0xE000)))  # of surrogate pairs
_BLANK = _BOM + " \t\n"
# Escapes as a whole, so that an escaped backslash begins none; and what YAML never reads as it is.
_OTHER_IN_YAML = (
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[dD][89a-fA-F][0-9a-fA-F]{2}|\\."
    "|[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


@functools.cache
def _other_in_yaml() -> re.Pattern[str]:
    return re.compile(_OTHER_IN_YAML)  # which takes 6 ms, and no file of ours needs it


def is_json(text: str) -> bool:
    """Whether a cassette is in vcrpy's other format; YAML in its flow style begins so, too."""
    return text.lstrip(_BLANK).startswith("{")


def load(text: str, loader: type[yaml.CSafeLoader] | None = None) -> object:
    """The data of a cassette's text, YAML or JSON. Only safe tags are built.

    Args:
        text: of the file.
        loader: reads YAML; by default as vcrpy does.

    Raises:
        yaml.YAMLError: it is neither, or meant to fill the memory.
        ValueError: a value in it is none, such as a date that there is not.
    """
    if is_json(text):
        try:
            data: object = json.loads(text.removeprefix(_BOM))
        except (ValueError, RecursionError):
            pass
        else:
            _refuse_halves(text)
            return data
    if _limits.has_alias_bomb(text):
        msg = "its aliases stand for more than a million nodes"
        raise yaml.YAMLError(msg)
    if loader is not None:
        return yaml.load(text, Loader=loader)  # noqa: S506 - derived from a safe one
    return yamlserializer.deserialize(text)


def _refuse_halves(text: str) -> None:
    for match in _other_in_yaml().finditer(text):
        if match[0][1:2] == "u" and len(match[0]) == len("\\u0000"):
            msg = f"the escape {match[0]} is half of a character"
            raise yaml.YAMLError(msg)


def compose(text: str) -> yaml.Node | None:
    """The nodes of a text that `as_yaml` made.

    Raises:
        yaml.YAMLError: it is no YAML.
    """
    node: yaml.Node | None = yaml.compose(text, Loader=yaml.CSafeLoader)
    return node


def as_yaml(text: str) -> str:
    """A cassette's text as a YAML parser reads it, with the same lines."""
    return _other_in_yaml().sub(_in_yaml, text.removeprefix(_BOM)) if is_json(text) else text


def _in_yaml(match: re.Match[str]) -> str:
    found = match[0]
    if found == "\t":
        return " "
    if len(found) == 2:  # noqa: PLR2004 # another escape, which YAML knows as well
        return found
    char: str = found if len(found) == 1 else json.loads(f'"{found}"')
    return f"\\U{_REPLACEMENT if char in _HALVES else ord(char):08X}"


def line(text: str, node: yaml.Node) -> int:
    """The line of a text in which a node begins, from 1.

    YAML counts other characters as ends of lines, too, which no editor does.
    """
    return text.count("\n", 0, node.start_mark.index) + 1
