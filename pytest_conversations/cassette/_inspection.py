"""Looks for secrets in the text of a cassette, whoever wrote it, and tells the lines."""

import base64
import binascii
import bisect
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import yaml

from pytest_conversations.cassette import _headers
from pytest_conversations.cassette._compression import decompressed
from pytest_conversations.cassette._finder import Finder

_ANYWHERE = "text of the file"
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*", re.MULTILINE)


class Finding(NamedTuple):
    """A secret in a file.

    Attributes:
        line: from 1.
        rule: by which it was found.
        place: of which part of the interaction.
    """

    line: int
    rule: str
    place: str


def inspect(text: str, finder: Finder) -> list[Finding]:
    """Find what is secret in a cassette.

    Args:
        text: of a file that is known to be one.
        finder: knows the secrets.

    Returns:
        The findings, in the order of their lines.
    """
    inspection = _Inspection(finder)
    found = set(inspection.in_node(yaml.compose(text, Loader=yaml.CSafeLoader), ()))
    return sorted(found.union(_in_text(text, inspection.values, finder)))


def inspect_damaged(raw: bytes, finder: Finder) -> list[Finding]:
    """Find what is secret in a file that is no cassette, or no longer one."""
    lines = ((raw.count(b"\n", 0, found.start) + 1, found) for found in finder.in_body(raw))
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
            for found in finder.in_text(comment[0].encode()):
                line = text.count("\n", 0, comment.start()) + 1
                yield Finding(line, found.rule, _ANYWHERE)


class _Inspection:
    """Goes over the nodes of a file.

    Attributes:
        values: from where to where in the file the values stand that it has seen, in characters.
    """

    def __init__(self, finder: Finder) -> None:
        self.values: list[tuple[int, int]] = []
        self._finder = finder
        self._seen: set[int] = set()  # an alias stands for a node that was seen, or is within it

    def in_node(self, node: yaml.Node | None, path: tuple[str, ...]) -> Iterator[Finding]:
        if node is None or id(node) in self._seen:
            return
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
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
        value, place = _content(node), " ".join(path[1:])
        if "headers" in path[:-1]:
            rule = self._finder.of_header(path[-1], value.decode("utf-8", "replace"))
            if rule and not _headers.is_request_id(path[-1]):
                yield Finding(node.start_mark.line + 1, rule, place)
                return
        find = self._finder.in_body if "body" in path else self._finder.in_text
        for found in find(value):
            if found.placeholder:
                yield Finding(_line(node, value, found.start), found.rule, place)

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
                    plain = decompressed(_content(string), ", ".join(map(str, codings)))
                    for found in self._finder.in_body(plain or b""):
                        line = string.start_mark.line + 1
                        yield Finding(line, found.rule, " ".join((*path[1:], "body, compressed")))


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


def _line(node: yaml.ScalarNode, value: bytes, start: int) -> int:
    # Only in a literal block is a line of the value a line of the file.
    inside = 1 + value.count(b"\n", 0, start) if node.style == "|" else 0
    line: int = node.start_mark.line + 1 + inside
    return line
