"""Data as YAML text that people can read and diff: literal blocks, short mappings in a line."""

import datetime as dt
import functools
import io
import json
import re
from typing import IO, cast

import yaml

_SPACE_BEFORE_BREAK = re.compile(" (?:\n|\\Z)")


class Block(str):
    """A text to be written as a literal block. Make it with `block`, which looks whether it can."""

    __slots__ = ()


class Quoted(str):
    """A text to be written in quotes, with each of its lines in a line. Make it with `text`."""

    __slots__ = ()


class Flow(dict[str, object]):
    """A mapping to be written in one line."""


class Lines(list[object]):
    """A list to be written with an item a line, whatever its items are."""


def block(text: str) -> str:
    """Mark a text of several lines for a literal block, where one can hold it exactly."""
    fits = "\n" in text and _plain().fullmatch(text) and not _SPACE_BEFORE_BREAK.search(text)
    return Block(text) if fits and text.strip("\n") else text


@functools.cache  # to compile it takes longer than all the rest of this module
def _plain() -> re.Pattern[str]:
    """What a literal block holds exactly.

    No CR, NEL, U+2028, U+2029, tab or control character; nor a space before a line break, which
    editors strip, but for that there is `_SPACE_BEFORE_BREAK`.
    """
    return re.compile(
        "[\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]*"
    )


def text(value: str) -> str:
    """Mark a text of several lines so that each is a line of its own, whatever it holds."""
    marked = value if value.endswith("\n\n") else block(value)  # hooks strip blank last lines
    return marked if isinstance(marked, Block) or "\n" not in value else Quoted(value)


def _escaped(value: str) -> str:
    """A text as it stands between double quotes: as JSON, and what YAML takes for a line break."""
    return _UNSEEN.sub(
        lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False)
    )


_UNSEEN = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff]")


def dump(document: object, stream: IO[str]) -> None:
    """Write a document: keys in their order, no aliases, non-ASCII as itself, LF."""
    yaml.dump(
        document,
        stream,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=float("inf"),
    )


def in_a_line(data: object) -> str:
    """Write JSON data as `dump` writes a `Flow`, each distinct scalar once: events are many."""
    if isinstance(data, dict):
        return f"{{{', '.join(f'{_key(key)}: {in_a_line(data[key])}' for key in data)}}}"
    if isinstance(data, list):
        return f"[{', '.join(map(in_a_line, data))}]"
    return _scalar(type(data).__name__, cast("str | float | None", data))


def _key(text: str) -> str:
    return _scalar("str", text)


@functools.lru_cache(maxsize=4096)
def _scalar(_: str, value: str | float | None) -> str:
    if isinstance(value, str) and "\n" in value:
        return _escaped(value)
    stream = io.StringIO()
    dump(Flow(k=[value]), stream)
    return stream.getvalue().removeprefix("{k: [").removesuffix("]}\n")


class _Dumper(yaml.SafeDumper):
    """PyYAML's own emitter. libyaml's escapes emoji; this one looks at each character of a scalar.

    A block has been looked at already, so for it both steps are done at once: a stream of 1 MB is
    written in milliseconds instead of seconds.
    """

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the signature is PyYAML's
        return True

    def analyze_scalar(self, scalar: str) -> yaml.emitter.ScalarAnalysis:
        if not isinstance(scalar, Block):
            return super().analyze_scalar(scalar)
        return yaml.emitter.ScalarAnalysis(
            scalar=scalar,
            empty=False,
            multiline=True,
            allow_flow_plain=False,
            allow_block_plain=False,
            allow_single_quoted=False,
            allow_double_quoted=True,
            allow_block=True,
        )

    def write_literal(self, text: str) -> None:
        hints = self.determine_block_hints(text)
        self.write_indicator("|" + hints, need_whitespace=True)
        self.open_ended = self.open_ended or hints.endswith("+")
        self.write_line_break()
        indent = " " * (self.indent or 0)
        lines = text.removesuffix("\n").split("\n")
        self.stream.write("\n".join(indent + line if line else "" for line in lines))
        self.write_line_break()

    def write_double_quoted(self, text: str, split: bool = True) -> None:  # noqa: FBT001, FBT002 - PyYAML's
        if not isinstance(text, Quoted):
            super().write_double_quoted(text, split)
            return
        # A backslash at the end of a line takes the line break and the indentation away.
        first, *rest = _escaped(text)[1:-1].replace("\\n", "\\n\0").split("\0")
        self.write_indicator('"' + first, need_whitespace=True)
        for line in rest if rest[-1:] != [""] else rest[:-1]:
            self.stream.write("\\")
            self.write_line_break()
            self.write_indent()
            self.stream.write("\\" + line if line[:1] == " " else line)
        self.write_indicator('"', need_whitespace=False)


def _represent_quoted(dumper: yaml.SafeDumper, data: Quoted) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", data, style='"')


def _represent_block(dumper: yaml.SafeDumper, data: Block) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", data, style="|")


def _represent_str(dumper: yaml.SafeDumper, data: str) -> yaml.ScalarNode:
    # Single quotes and no quotes lose NEL, U+2028 and U+2029: PyYAML reads them as line breaks.
    style = None if _plain().fullmatch(data) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", data, style=style)


def _represent_flow(dumper: yaml.SafeDumper, data: Flow) -> yaml.MappingNode:
    return dumper.represent_mapping("tag:yaml.org,2002:map", data, flow_style=True)


def _represent_datetime(dumper: yaml.SafeDumper, data: dt.datetime) -> yaml.ScalarNode:
    text = data.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return dumper.represent_scalar("tag:yaml.org,2002:timestamp", text)


def _represent_list(dumper: yaml.SafeDumper, data: list[object]) -> yaml.SequenceNode:
    # Header values in a line; interactions, which are mappings, below each other.
    flow = all(isinstance(item, str) for item in data)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=flow)


def _represent_lines(dumper: yaml.SafeDumper, data: Lines) -> yaml.SequenceNode:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=False)


_Dumper.add_representer(str, _represent_str)
_Dumper.add_representer(Lines, _represent_lines)
_Dumper.add_representer(Block, _represent_block)
_Dumper.add_representer(Quoted, _represent_quoted)
_Dumper.add_representer(Flow, _represent_flow)
_Dumper.add_representer(dt.datetime, _represent_datetime)
_Dumper.add_multi_representer(dt.datetime, _represent_datetime)  # freezegun derives from it
_Dumper.add_representer(list, _represent_list)
