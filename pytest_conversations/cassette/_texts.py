"""The texts in a body, and where each of their characters stands in it.

A text is a string, a key or a number of JSON, also of the JSON of a server-sent event, a value of a
form, or, of any other body, the whole; and there may be texts in a text. It is looked for in the
body as it came, not in a parsed tree, so that what is found can be replaced there and all else
stays.
"""

import enum
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import unquote_plus

from pytest_conversations.cassette import _multipart
from pytest_conversations.cassette._names import PLACEHOLDER
from pytest_conversations.cassette._writings import FORM, JSON, PLAIN, byte_positions


class Kind(enum.Enum):
    """How a text is written."""

    PLAIN = enum.auto()
    STRING = enum.auto()
    KEY = enum.auto()
    NUMBER = enum.auto()
    FORM = enum.auto()


_BOM = "\ufeff"
_BLANK = _BOM + " \t\r\n"
_DATA = re.compile(rf"(?<![^\r\n]){_BOM}?data:")
DELTA = "delta"
"""What tells among the marks of an output that a text is a piece of it."""
DATA = ("data",)
"""The path of the data of a server-sent event that is no JSON."""
_LINE = re.compile(rf"((?:{_BOM}?data: ?([^\r\n]*+)|[^\r\n]+)?)(?:\r\n|\r|\n|\Z)")
# Strings, of which the last may be cut, as in a stream that died; numbers; what nests; and what
# is no JSON at all, for a text may begin with a bracket.
_TOKEN = re.compile(
    r'"(?P<string>(?:[^"\\]|\\.)*+\\?+)(?:"|\Z)(?P<colon>\s*:)?|(?P<number>(?<![^\s\[,:])-?\d[\d.eE+-]*+(?=[\s,\]}]|\Z))'
    r'|(?P<nests>[{}\[\]])|(?:true|false|null)\b|(?P<other>\w[^"{}\[\]]*+)',
    re.DOTALL,
)
_WRITINGS = {
    Kind.PLAIN: PLAIN,
    Kind.STRING: JSON,
    Kind.KEY: JSON,
    Kind.NUMBER: PLAIN,
    Kind.FORM: FORM,
}
_KINDS = {"string": Kind.STRING, "colon": Kind.KEY, "number": Kind.NUMBER, "other": Kind.PLAIN}
# What tells to which output of a stream an object belongs.
_OF_OUTPUT = frozenset({"index", "output_index", "content_index", "id", "item_id", "tool_call_id"})
_OWNERS = 16  # objects that a text stands in, and keys of each, that are looked at
_FORM = re.compile(r"[^=&\s]+=[^&\s]*(?:&[^=&\s]+=[^&\s]*)*&?")
_PAIR = re.compile(r"(?:^|[?&])([^=&?#/\s]{1,128})=((?:" + PLACEHOLDER + r"|[^&#\s\"'<>])*)")
_NAMES = frozenset({"name", "key", "header"})
_DEEPEST = 8  # texts in texts; a text of nothing but `?a=` has a third as many as characters
_KEYS = 4  # that are remembered of those that lead to a text


class Text:
    """A text in a body.

    Attributes:
        value: what it says.
        kind: how it is written.
        path: the last of the keys that lead to it; none where there are none, and for a key.
        depth: how many texts it stands in; a body in none.

    Args:
        raw: its characters, as they stand there.
        start: where it begins in the value of the outer text.
        outer: the text that it stands in; None for a body.
        owners: of an event, for each object that it stands in what tells its output.
    """

    # There are many of them, and most are only looked at for a moment.
    __slots__ = (
        *("depth", "kind", "path", "value"),
        *("_inner", "_inner_starts", "_outer", "_owners", "_positions", "_raw", "_start"),
    )

    def __init__(
        self,
        raw: str,
        start: int = 0,
        outer: "Text | None" = None,
        kind: Kind = Kind.PLAIN,
        path: tuple[str, ...] = (),
        owners: tuple[list[str], ...] = (),
    ) -> None:
        self.value: str = _WRITINGS[kind].read(raw)
        self.kind = kind
        self.path = path
        self.depth: int = 0 if outer is None else outer.depth + 1
        self._raw = raw
        self._start = start
        self._outer = outer
        self._owners = owners
        self._positions: Sequence[int] | None = None
        self._inner: Sequence[Text] | None = None
        self._inner_starts: Sequence[int] | None = None

    @property
    def output(self) -> tuple[str, ...]:
        """Which output of a stream it belongs to: ``key=value``, as far as its event says."""
        return tuple(itertools.chain.from_iterable(self._owners))

    @property
    def positions(self) -> Sequence[int]:
        """Where in the body each character of the value begins, and the last one ends, in bytes."""
        if self._positions is None:
            self._positions = self._find_positions()
        return self._positions

    def _find_positions(self) -> Sequence[int]:
        if self._outer is None:
            return byte_positions(self._raw)
        outer = self._outer.positions
        starts = _WRITINGS[self.kind].starts(self._raw)
        if starts is None:
            return outer[self._start : self._start + len(self._raw) + 1]
        return [outer[self._start + start] for start in starts]

    @property
    def inner(self) -> Sequence["Text"]:
        """The texts in it, in order: of JSON in JSON, of a form, of the query of a URL."""
        if self._inner is None:
            is_leaf = self.kind is Kind.NUMBER or self.depth == _DEEPEST
            self._inner = () if is_leaf else tuple(_inside(self))
        return self._inner

    @property
    def inner_starts(self) -> Sequence[int]:
        """Where the texts in it begin in the body, in bytes."""
        if self._inner_starts is None:
            self._inner_starts = [text.start for text in self.inner]
        return self._inner_starts

    @property
    def start(self) -> int:
        """Where it begins in the body, in bytes."""
        return 0 if self._outer is None else self._outer.positions[self._start]

    @property
    def end(self) -> int:
        """Where it ends in the body, in bytes."""
        outer = self if self._outer is None else self._outer
        return outer.positions[self._start + len(self._raw)]

    def spelled(self, content: str) -> str:
        """How something is written in the body, to be read in the value of this text."""
        written = _WRITINGS[self.kind].write(content)
        return written if self._outer is None else self._outer.spelled(written)

    def unquoted(self, content: str) -> str:
        """How a string of JSON is written in the body, to stand in place of this number."""
        return f'"{content}"' if self._outer is None else self._outer.spelled(f'"{content}"')


def texts(body: bytes, *, are_events: bool = False) -> Sequence[Text]:
    """The texts of a body, in order: of JSON, of server-sent events, or all of anything else.

    Args:
        body: anything.
        are_events: JSON is a list of the events of a stream.
    """
    text = whole(body)
    if _is_json(text.value):
        return tuple(_tokens([(0, text.value)], text, is_event=are_events))
    if _DATA.search(text.value) and not _multipart.is_one(text.value):
        return tuple(_of_events(text))
    return (text,) if body else ()


def whole(body: bytes) -> Text:
    """All of a body, a URL or a header as one text."""
    # Bytes that are no UTF-8 are a character each.
    return Text(body.decode("utf-8", "surrogateescape"))


def every(outermost: Iterable[Text]) -> Iterator[Text]:
    """Texts, and all that are in them, at any depth."""
    for text in outermost:
        yield text
        yield from every(text.inner)


def _inside(text: Text) -> Iterator[Text]:
    value = text.value
    if _is_json(value):
        yield from _tokens([(0, value)], text) if text.depth else ()
    elif "=" in value and ("?" in value or (text.depth == 0 and _FORM.fullmatch(value))):
        for match in _PAIR.finditer(value):
            yield Text(
                match[2], match.start(2), text, kind=Kind.FORM, path=(unquote_plus(match[1]),)
            )
    elif text.depth == 0 and _multipart.is_one(value):
        for name, start, end in _multipart.parts(value):
            yield Text(value[start:end], start, text, path=(name,))


def _is_json(value: str) -> bool:
    return value.lstrip(_BLANK).startswith(("{", "["))


def _of_events(body: Text) -> Iterator[Text]:
    event: list[tuple[int, str]] = []
    for match in _LINE.finditer(body.value):
        if match[2] is not None:
            event.append((match.start(2), match[2]))
        elif match[1]:
            yield Text(match[1], match.start(1), body, path=("",))
        else:  # a blank line, or the end
            yield from _of_event(event, body) if event else ()
            event = []


def _path(path: Sequence[str], key: str, name: str) -> tuple[str, ...]:
    """The keys that lead to a text; for ``{"name": "X-Api-Key", "value": ...}`` that name."""
    return (*path[1 - _KEYS :], name if name and key == "value" else key)


def _of_event(lines: Sequence[tuple[int, str]], body: Text) -> Iterator[Text]:
    first = next((line for _, line in lines if line.strip(_BLANK)), "")
    if first.lstrip(_BLANK).startswith(("{", "[", '"')):
        yield from _tokens(lines, body, is_event=True)
    else:
        for start, line in lines:
            yield Text(line, start, body, path=DATA)


def _tokens(
    pieces: Sequence[tuple[int, str]], outer: Text, *, is_event: bool = False
) -> Iterator[Text]:
    """Strings, keys and numbers in JSON that stands in pieces; none of them is cut."""
    path: list[str] = []
    owners: tuple[list[str], ...] = ()
    key = name = ""
    for start, piece in pieces:
        for token in _TOKEN.finditer(piece):
            group = token.lastgroup or ""
            kind = _KINDS.get(group)
            if token["nests"]:
                name = ""
                if token[0] in "{[":
                    path.append(key)
                    owner = ["[]"] if token[0] == "[" else []
                    owners = (*owners[1 - _OWNERS :], owner) if is_event else owners
                else:
                    key = path.pop() if path else ""
                    owners = owners[:-1]
            elif kind is Kind.KEY:
                text = Text(
                    token["string"], start + token.start("string"), outer, kind=kind, owners=owners
                )
                key = text.value
                yield text
            elif kind is not None:
                text = Text(
                    token[group],
                    start + token.start(group),
                    outer,
                    kind=kind,
                    path=() if kind is Kind.PLAIN else _path(path, key, name),
                    owners=owners,
                )
                if key in _NAMES:
                    name = text.value
                if owners and key in _OF_OUTPUT and len(owners[-1]) < _OWNERS:
                    owners[-1].append(f"{key}={text.value}")
                elif owners and key == "type" and text.value.endswith(".delta"):
                    owners[-1].append(DELTA)
                yield text
