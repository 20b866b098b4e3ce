"""Looks for secrets in the text of a cassette, whoever wrote it, and tells the lines."""

import base64
import binascii
import bisect
import json
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import yaml

from pytest_conversations.cassette import _document, _headers
from pytest_conversations.cassette._chunks import as_recorded
from pytest_conversations.cassette._compression import GZIP, decoded
from pytest_conversations.cassette._finder import Finder
from pytest_conversations.cassette._fragments import looks_cut
from pytest_conversations.cassette._recording import Interaction
from pytest_conversations.cassette._secrets import Passes
from pytest_conversations.cassette._structure import line_of

_ANYWHERE = "text of the file"
# The parts of an interaction, beside bodies and headers, that are scrubbed as a message's.
_OF_MESSAGE = {
    ("uri",),
    ("status", "message"),
    ("error", "message"),
    ("stream", "error", "message"),
}
_UNREAD = (
    "not searched, since it is cut, or its content coding {} cannot be undone here: it should be "
    "recorded again"
)
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*", re.MULTILINE)


class Finding(NamedTuple):
    """A secret in a file, or what may hide one.

    Attributes:
        line: from 1.
        rule: by which it was found, or why nothing was searched for.
        place: of which part of the interaction.
        is_secret: whether it is one.
    """

    line: int
    rule: str
    place: str
    is_secret: bool = True


def inspect(text: str, finder: Finder) -> list[Finding]:
    """Find what is secret in a cassette.

    Args:
        text: of a file that is known to be one.
        finder: knows the secrets.

    Returns:
        The findings, in the order of their lines.
    """
    text = _document.as_yaml(text)
    inspection = _Inspection(text, finder)
    try:
        node = _document.compose(text)
    except yaml.YAMLError:  # JSON that no YAML parser takes, for instance for the length of a key
        text = yaml.safe_dump(_document.load(text), width=float("inf"))
        again = inspect(text, finder)
        return [each._replace(line=0) for each in again]
    found = set(inspection.in_node(node, ()))
    return sorted(found.union(_in_text(text, inspection.values, finder)))


def misfits(text: str, interactions: Sequence[Interaction]) -> list[int]:
    """Find the tables of chunks that do not add up to their bodies.

    Args:
        text: of a file that is known to be a cassette.
        interactions: what it holds.

    Returns:
        Their lines, from 1; 0 where it is not known.
    """
    return [
        line_of(text, ("interactions", place, "response", "stream", "chunks")) or 0
        for place, (_, response) in enumerate(interactions)
        if "chunks" in (stream := response.get("stream", {}))
        and as_recorded(response["body"].get("string") or b"", stream["chunks"]) is None
    ]


def inspect_damaged(raw: bytes, finder: Finder) -> list[Finding]:
    """Find what is secret in a file that is no cassette, or no longer one."""
    if raw.startswith(GZIP):
        raw = decoded(raw, "gzip").body
    every = finder.in_body(raw).in_place()
    lines = ((raw.count(b"\n", 0, found.start) + 1, found) for found in every)
    return [Finding(line, found.rule, _ANYWHERE) for line, found in lines if found.placeholder]


def _in_text(text: str, values: Sequence[tuple[int, int]], finder: Finder) -> Iterator[Finding]:
    """What is in none of the values: in keys, and in comments."""
    starts = sorted(values)

    def is_in_value(at: int) -> bool:
        before = bisect.bisect_right(starts, (at, len(text))) - 1
        return before >= 0 and at < starts[before][1]

    body = text.encode()
    for found in finder.by_value(body):
        at = len(body[: found.start].decode("utf-8", "ignore"))
        if not is_in_value(at):
            yield Finding(text.count("\n", 0, at) + 1, found.rule, _ANYWHERE)
    for comment in _COMMENT.finditer(text):
        if not is_in_value(comment.start()):
            for found in finder.in_text(comment[0].encode(), of_message=False).in_place():
                line = text.count("\n", 0, comment.start()) + 1
                yield Finding(line, found.rule, _ANYWHERE)


class _Inspection:
    """Goes over the nodes of a file.

    Attributes:
        values: from where to where in the file the values stand that it has seen, in characters.
    """

    def __init__(self, text: str, finder: Finder) -> None:
        self.values: list[tuple[int, int]] = []
        self._text = text
        self._finder = finder
        self._places: dict[tuple[str, ...], str] = {}
        self._seen: set[int] = set()  # an alias stands for a node that was seen, or is within it

    def in_node(self, node: yaml.Node | None, path: tuple[str, ...]) -> Iterator[Finding]:
        if node is None or id(node) in self._seen:
            return
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            if path[-1:] == ("body",):
                yield from self._by_name(node, path)
            for key, value in node.value:
                yield from self.in_node(value, (*path, str(key.value)))
            yield from self._compressed(node, path)
        elif isinstance(node, yaml.SequenceNode):
            for item in node.value:
                yield from self.in_node(item, path)
        elif isinstance(node, yaml.ScalarNode) and node.tag != "tag:yaml.org,2002:null":
            yield from self._in_scalar(node, path)

    def _in_scalar(self, node: yaml.ScalarNode, path: tuple[str, ...]) -> Iterator[Finding]:
        self.values.append((node.start_mark.index, node.end_mark.index))
        value = _content(node)
        place = self._place(path)
        if "headers" in path[:-1]:
            rule = self._finder.of_header(path[-1], value.decode("utf-8", "replace"))
            if rule and not _headers.is_request_id(path[-1]):
                yield Finding(_document.line(self._text, node), self._finder.shown(rule), place)
                return
        for found in self._in_value(value, path).in_place():
            if found.placeholder:
                line = _document.line(self._text, node)
                # Only in a literal block is a line of the value a line of the file.
                inside = value.count(b"\n", 0, found.start) + 1 if node.style == "|" else 0
                yield Finding(line + inside, found.rule, place)

    def _place(self, path: tuple[str, ...]) -> str:
        if path not in self._places:
            self._places[path] = self._finder.shown(" ".join(path[1:]))
        return self._places[path]

    def _in_value(self, value: bytes, path: tuple[str, ...]) -> Passes:
        part = path[2:] if path[:1] == ("interactions",) else ()
        if part[:1] == ("body",):
            is_reply = "response" in path
            return self._finder.in_body(value, is_reply=is_reply, is_cut=looks_cut(value))
        of_message = part in _OF_MESSAGE or (
            part[:1] == ("headers",) and path[-1].lower() != "content-length"
        )
        return self._finder.in_text(value, of_message=of_message)

    def _by_name(self, body: yaml.MappingNode, path: tuple[str, ...]) -> Iterator[Finding]:
        """What is in a body that cassetter stored as data, where the name of a field tells."""
        place = self._place(path)
        for content in _below(body, "content"):
            data = [] if isinstance(content, yaml.ScalarNode) else _data(content)
            for found in self._finder.in_body(json.dumps(data).encode()).in_place():
                yield Finding(_document.line(self._text, content), found.rule, place)

    def _compressed(self, node: yaml.MappingNode, path: tuple[str, ...]) -> Iterator[Finding]:
        """What is in the body of a message that was stored as it came."""
        codings = [
            scalar.value
            for headers in _below(node, "headers")
            for name, values in _pairs(headers)
            if name.lower() == "content-encoding"
            for scalar in (values.value if isinstance(values, yaml.SequenceNode) else [values])
        ]
        for body in _below(node, "body") if codings else ():
            for string in (body, *_below(body, "string")):
                if isinstance(string, yaml.ScalarNode):
                    coding, content = ", ".join(map(str, codings)), _content(string)
                    plain = decoded(content, coding)
                    line = _document.line(self._text, string)
                    place = self._place((*path, "body"))
                    if plain.body != content:
                        every = self._finder.in_body(
                            plain.body, is_reply="response" in path, is_cut=looks_cut(plain.body)
                        )
                        for found in every.in_place():
                            yield Finding(line, found.rule, f"{place}, compressed")
                    if not plain.is_whole:
                        yield Finding(line, _UNREAD.format(coding), place, is_secret=False)


def _data(node: yaml.Node) -> object:
    """JSON data of nodes; what is no text is one."""
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): _data(value) for key, value in node.value}
    return [_data(item) for item in node.value] if isinstance(node.value, list) else node.value


def _pairs(node: yaml.Node) -> Sequence[tuple[str, yaml.Node]]:
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return [(str(key.value), value) for key, value in pairs]


def _below(node: yaml.Node, name: str) -> list[yaml.Node]:
    return [value for key, value in _pairs(node) if key == name]


def _content(node: yaml.ScalarNode) -> bytes:
    if node.tag == "tag:yaml.org,2002:binary":
        try:
            return base64.b64decode(node.value)
        except binascii.Error:
            pass
    value: str = node.value
    return value.encode()
