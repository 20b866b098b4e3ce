"""Reads what this package wrote, many times faster than YAML can be read.

The layout of a file whose checksum is right is known: it is what `_yaml` makes of a cassette. What
is not as expected is left to the parser of YAML, and a property test holds both to the same result.
The interactions are read one by one, so that there is never more of the file than once, and what
has been read of it.
"""

import datetime as dt
import functools
import re
from typing import TypeAlias

import yaml
from vcr.request import Request

from pytest_conversations.cassette import _json_text, _metadata
from pytest_conversations.cassette._scrub import Response

Value: TypeAlias = "dict[str, Value] | list[Value] | object"

_START = b"\ninteractions:\n"
_NEXT = b"\n- request:\n"
_END = b"\n...\n"
_REQUEST = {"method", "uri", "headers", "body"}
_SHORT = 200  # characters of a value that may come again, such as those of most headers
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


def read(raw: bytes) -> tuple[list[Request], list[Response], dict[str, Value]] | None:
    """The requests, responses and metadata of a cassette; None where it is not as expected.

    Args:
        raw: the bytes of a file whose checksum is right.
    """
    at = raw.find(_START) + len(_START)
    if at < len(_START) or not raw.endswith(_END):
        return None
    requests, responses = [], []
    try:
        metadata = _metadata_of(raw[: at - len(_START) + 1].decode())
        end = at - 1
        last = len(raw) - len(_END)
        while end < last:
            found = raw.find(_NEXT, end + 1)
            start, end = end + 1, last if found < 0 else found
            request, response = _interaction(raw[start : end + 1].decode())
            requests.append(request)
            responses.append(response)
    except (_OtherError, yaml.YAMLError, ValueError, KeyError, TypeError):
        return None
    return requests, responses, metadata


def _metadata_of(head: str) -> dict[str, Value]:
    document, at = _mapping(head, 0, 0)
    metadata = document.get("metadata")
    if at != len(head) or document.keys() != {"version", "metadata"} or document["version"] != 1:
        raise _OtherError
    if not isinstance(metadata, dict) or not _metadata.is_own(metadata):
        raise _OtherError
    return metadata


def _interaction(text: str) -> tuple[Request, Response]:
    interaction, at = _mapping(text, 0, 2)
    if at != len(text) or interaction.keys() != {"request", "response"}:
        raise _OtherError
    sent, response = interaction["request"], interaction["response"]
    if not (isinstance(sent, dict) and isinstance(response, dict) and sent.keys() == _REQUEST):
        raise _OtherError
    body = response["body"]
    if not isinstance(body, dict):
        raise _OtherError
    sent["body"] = _on_wire(sent["body"])
    body["string"] = _on_wire(body["string"])
    return Request(**sent), response


def _on_wire(body: object) -> object:
    return _json_text.compact(body).encode() if isinstance(body, str) else body


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
    made = _made(written) if len(written) > _SHORT else _made_once(written)
    # Those that are made once are kept, so whoever gets one has it alone.
    return made.copy() if isinstance(made, list | dict) else made


def _made(written: str) -> Value:
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


_made_once = functools.lru_cache(maxsize=4096)(_made)


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
