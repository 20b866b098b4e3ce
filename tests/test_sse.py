"""The decoder of server-sent events: the rules of the standard, whatever the cut of the bytes."""

import itertools
import re
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_conversations._sse import Decoder, ServerSentEvent

_BOM = b"\xef\xbb\xbf"
_ENDINGS = {"LF": b"\n", "CR": b"\r", "CRLF": b"\r\n"}

# All that a stream may hold, a line each.
_LINES = (
    b": a comment",
    b"event: first",
    "data: Grüße 日本 🚀".encode(),
    b"",
    b"id: 7",
    b"retry: 250",
    b"data:one",
    b"data",
    b"data:  three",
    b"",
    b"",
    b"event: no data",
    b"",
    b"data: last",
    b"",
)
_EVENTS = [
    ServerSentEvent("first", "Grüße 日本 🚀".encode()),
    ServerSentEvent(None, b"one\n\n three", "7", 250),
    ServerSentEvent(None, b"last", "7"),
]


def _decode(chunks: Iterable[bytes]) -> list[ServerSentEvent]:
    """The events of a whole stream, the one that its end left open included."""
    decoder = Decoder()
    events = [event for chunk in chunks for event in decoder.feed(chunk)]
    last = decoder.flush()
    return events if last is None else [*events, last]


def _cut(stream: bytes, *positions: int) -> list[bytes]:
    """The stream in pieces; a position that comes twice makes an empty one."""
    edges = [0, *sorted(positions), len(stream)]
    return [stream[start:end] for start, end in itertools.pairwise(edges)]


def _single(stream: bytes) -> list[bytes]:
    return [stream[place : place + 1] for place in range(len(stream))]


def _streams() -> dict[str, bytes]:
    """The same lines under each ending, and under all of them by turns."""
    streams = {name: b"".join(line + end for line in _LINES) for name, end in _ENDINGS.items()}
    # In this order no blank line turns a CR and the LF after it into one ending.
    ends = itertools.cycle((b"\n", b"\r", b"\r\n"))
    streams["mixed"] = b"".join(line + end for line, end in zip(_LINES, ends, strict=False))
    return streams | {f"BOM and {name}": _BOM + stream for name, stream in streams.items()}


_STREAMS = _streams()


def _reference(stream: bytes) -> list[ServerSentEvent]:
    """Section 9.2.6 of the standard word for word, on the whole text.

    Two things are this package's own: an event that the end leaves open is kept, as incomplete,
    and the reconnection time stands on the event that it came with.
    """
    text = stream.decode("utf-8", "replace").removeprefix("\ufeff")
    *lines, rest = re.split("\r\n|\r|\n", text)
    events: list[ServerSentEvent | None] = []
    last_event_id = ""
    block: list[tuple[str, str]] = []
    for line in [*lines, rest] if rest else lines:
        if line:
            field, _, value = line.partition(":")
            block.append((field, value.removeprefix(" ")))
        else:
            last_event_id = _last_id(block, last_event_id)
            events.append(_event(block, last_event_id, complete=True))
            block = []
    events.append(_event(block, _last_id(block, last_event_id), complete=False))
    return [event for event in events if event is not None]


def _last_id(block: list[tuple[str, str]], before: str) -> str:
    """If the field value does not contain NULL, then set the last event ID buffer to it."""
    return [before, *(value for field, value in block if field == "id" and "\0" not in value)][-1]


def _event(
    block: list[tuple[str, str]], last_event_id: str, *, complete: bool
) -> ServerSentEvent | None:
    """If the data buffer is an empty string, then return; else dispatch the event."""
    data_buffer = "".join(value + "\n" for field, value in block if field == "data")
    if data_buffer == "":
        return None
    names = ["", *(value for field, value in block if field == "event")]
    times = [
        int(value) for field, value in block if field == "retry" and re.fullmatch("[0-9]+", value)
    ]
    return ServerSentEvent(
        names[-1] or None,
        data_buffer.removesuffix("\n").encode(),
        last_event_id,
        times[-1] if times else None,
        complete,
    )


def _as_text(events: Iterable[ServerSentEvent]) -> list[ServerSentEvent]:
    """The events with what is no UTF-8 replaced, as the standard decodes a stream."""
    return [
        ServerSentEvent(
            event.event,
            event.data.decode("utf-8", "replace").encode(),
            event.id,
            event.retry,
            event.complete,
        )
        for event in events
    ]


_PIECES = st.sampled_from(
    [
        b"\n",
        b"\r",
        b"\r\n",
        b":",
        b" ",
        b"\0",
        b"data",
        b"data:",
        b"data: ",
        b"data: {}\n\n",
        b"event: e",
        b"event:",
        b"id: 1",
        b"id",
        b"id: \0",
        b"retry: 30",
        b"retry: 3x",
        "retry: ٣".encode(),
        b": ping",
        b"Data: no",
        _BOM,
        _BOM[:2],
        "é\u2028\u2029\u0085🚀".encode(),
        b"\xff",
        b"\xe2\x82",
    ]
)
_ANY_STREAM = st.lists(_PIECES | st.binary(max_size=4), max_size=20).map(b"".join)


class TestCuts:
    """The same events, wherever the network cuts the bytes."""

    @pytest.mark.parametrize("stream", _STREAMS.values(), ids=_STREAMS)
    def test_whole(self, stream: bytes) -> None:
        """A stream in one piece gives its events under each line ending."""
        assert _decode([stream]) == _EVENTS

    @pytest.mark.parametrize("stream", _STREAMS.values(), ids=_STREAMS)
    def test_each_cut(self, stream: bytes) -> None:
        """One cut changes nothing, at whatever byte it is."""
        for position in range(len(stream) + 1):
            assert _decode(_cut(stream, position)) == _EVENTS, f"cut at {position}"

    @pytest.mark.parametrize("stream", _STREAMS.values(), ids=_STREAMS)
    def test_one_byte_a_chunk(self, stream: bytes) -> None:
        """A stream that arrives byte by byte gives the same events."""
        assert _decode(_single(stream)) == _EVENTS

    @pytest.mark.parametrize("stream", _STREAMS.values(), ids=_STREAMS)
    def test_empty_chunks(self, stream: bytes) -> None:
        """Chunks without a byte, at the start, between CR and LF and at the end, do nothing."""
        chunks = [part for byte in _single(stream) for part in (b"", byte)]

        assert _decode([*chunks, b""]) == _EVENTS

    @settings(deadline=None)
    @given(stream=_ANY_STREAM, cuts=st.lists(st.integers(0, 200)))
    def test_any_stream_under_any_cuts(self, stream: bytes, cuts: list[int]) -> None:
        """Any bytes, cut anyhow, give what a naive reading of the standard gives."""
        chunks = _cut(stream, *(min(position, len(stream)) for position in cuts))

        assert _as_text(_decode(chunks)) == _reference(stream)

    @settings(deadline=None)
    @given(stream=_ANY_STREAM)
    def test_any_stream_byte_by_byte(self, stream: bytes) -> None:
        """Any bytes give the same events whole and one at a time, invalid UTF-8 included."""
        assert _decode(_single(stream)) == _decode([stream])

    def test_long_line_byte_by_byte(self) -> None:
        """A line of many chunks arrives whole."""
        data = b"x" * 100_000

        assert _decode(_single(b"data: " + data + b"\n\n")) == [ServerSentEvent(None, data)]

    @pytest.mark.parametrize("ending", _ENDINGS.values(), ids=_ENDINGS)
    def test_event_comes_with_its_blank_line(self, ending: bytes) -> None:
        """An event is given as soon as its blank line ends; a CR needs no look at what follows."""
        decoder = Decoder()

        assert decoder.feed(b"data: x" + ending) == []
        assert decoder.feed(ending[:1]) == [ServerSentEvent(None, b"x")]
        assert decoder.feed(ending[1:]) == []
        assert decoder.flush() is None

    @pytest.mark.parametrize("position", range(len(_BOM) + 1))
    def test_cut_byte_order_mark(self, position: int) -> None:
        """A byte order mark at the start is dropped, whole or cut."""
        stream = _BOM + b"data: x\n\n"

        assert _decode(_cut(stream, position)) == [ServerSentEvent(None, b"x")]


class TestRules:
    """How the standard reads a stream."""

    @pytest.mark.parametrize(
        ("stream", "events"),
        [
            pytest.param(b"data: x\n\n", [ServerSentEvent(None, b"x")], id="no name"),
            pytest.param(b"event:\ndata: x\n\n", [ServerSentEvent(None, b"x")], id="empty name"),
            pytest.param(b"event: e\ndata: x\n\n", [ServerSentEvent("e", b"x")], id="name"),
            pytest.param(b"data: x\nevent: e\n\n", [ServerSentEvent("e", b"x")], id="name after"),
            pytest.param(
                b"event: a\nevent: b\ndata: x\n\n", [ServerSentEvent("b", b"x")], id="last name"
            ),
            pytest.param(
                b"event: e\ndata: x\n\ndata: y\n\n",
                [ServerSentEvent("e", b"x"), ServerSentEvent(None, b"y")],
                id="a name is for one event",
            ),
            pytest.param(
                b"event: e\n\ndata: x\n\n", [ServerSentEvent(None, b"x")], id="name alone"
            ),
            pytest.param(b"id: 1\n\n", [], id="id alone"),
            pytest.param(b"retry: 1\n\ndata: x\n\n", [ServerSentEvent(None, b"x")], id="retry"),
            pytest.param(b"data:x\n\n", [ServerSentEvent(None, b"x")], id="no space"),
            pytest.param(b"data:  x\n\n", [ServerSentEvent(None, b" x")], id="two spaces"),
            pytest.param(b"data:\tx\n\n", [ServerSentEvent(None, b"\tx")], id="tab"),
            pytest.param(b"data: x: y\n\n", [ServerSentEvent(None, b"x: y")], id="colons"),
            pytest.param(b"data\n\n", [ServerSentEvent(None, b"")], id="no colon"),
            pytest.param(b"data:\n\n", [ServerSentEvent(None, b"")], id="empty data"),
            pytest.param(
                b"data: a\ndata:\ndata: b\ndata\n\n",
                [ServerSentEvent(None, b"a\n\nb\n")],
                id="lines of data",
            ),
            pytest.param(b":\n: data: x\n\n:\n\n", [], id="comments alone"),
            pytest.param(
                b"data: a\n: between\ndata: b\n\n",
                [ServerSentEvent(None, b"a\nb")],
                id="comment inside an event",
            ),
            pytest.param(b"\n\n\ndata: x\n\n\n\n", [ServerSentEvent(None, b"x")], id="blank lines"),
            pytest.param(
                b"Data: x\n data: x\ndata : x\nnope\ndata: y\n\n",
                [ServerSentEvent(None, b"y")],
                id="unknown fields",
            ),
            pytest.param(
                _BOM + _BOM + b"data: x\n\n" + _BOM + b"data: y\n\ndata: z\n\n",
                [ServerSentEvent(None, b"z")],
                id="only one byte order mark, only at the start",
            ),
            pytest.param(
                b"data: " + _BOM + b"\n\n", [ServerSentEvent(None, _BOM)], id="mark as data"
            ),
        ],
    )
    def test_fields(self, stream: bytes, events: list[ServerSentEvent]) -> None:
        """Fields are read as the standard says; a block without data gives no event."""
        assert _decode([stream]) == events

    @pytest.mark.parametrize(
        ("stream", "ids"),
        [
            pytest.param(b"id: 1\ndata:\n\n", ["1"], id="with data"),
            pytest.param(b"id: 1\ndata:\n\ndata:\n\n", ["1", "1"], id="sticky"),
            pytest.param(b"id: 1\n\ndata:\n\n", ["1"], id="without data"),
            pytest.param(b"id: 1\ndata:\n\nid: 2\ndata:\n\n", ["1", "2"], id="a new one"),
            pytest.param(b"id: 1\ndata:\n\nid\ndata:\n\n", ["1", ""], id="reset"),
            pytest.param(b"id: 1\nid: 2\0\ndata:\n\n", ["1"], id="with NUL"),
            pytest.param(b"id: 1\0\ndata:\n\n", [""], id="only one, with NUL"),
            pytest.param("id: é\ndata:\n\n".encode(), ["é"], id="not ASCII"),
            pytest.param(b"data:\nid: 1\n\n", ["1"], id="after data"),
        ],
    )
    def test_id(self, stream: bytes, ids: list[str]) -> None:
        """The last id holds until there is another; one with NUL in it is ignored."""
        assert [event.id for event in _decode([stream])] == ids

    @pytest.mark.parametrize(
        ("field", "retry"),
        [
            (b"retry: 1500", 1500),
            (b"retry:0", 0),
            (b"retry: 007", 7),
            (b"retry", None),
            (b"retry: -1", None),
            (b"retry: 1.5", None),
            (b"retry:  1", None),
            (b"retry: 1 ", None),
            (b"retry: 1_000", None),
            ("retry: ٣".encode(), None),
            ("retry: ²".encode(), None),
        ],
    )
    def test_retry(self, field: bytes, retry: int | None) -> None:
        """A reconnection time is ASCII digits only, and belongs to its event."""
        stream = field + b"\ndata: x\n\ndata: y\n\n"

        assert [event.retry for event in _decode([stream])] == [retry, None]

    def test_endless_retry(self) -> None:
        """A reconnection time of any length leaves the events of its stream alone."""
        stream = b"retry: " + b"9" * 5000 + b"\ndata: x\n\n"

        assert [event.data for event in _decode([stream])] == [b"x"]

    @pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\u0085", "\v", "\f", "\x1c"])
    def test_other_separators_end_no_line(self, separator: str) -> None:
        """What Unicode calls a line end is data: only CR and LF end a line."""
        data = f"a{separator}b".encode()

        assert _decode(_single(b"data: " + data + b"\n\n")) == [ServerSentEvent(None, data)]

    def test_invalid_utf8(self) -> None:
        """Bytes that are no UTF-8 stay in the data, and are replaced in a name and an id."""
        stream = b"event: \xff\nid: \xfe\ndata: \xff\n\n"

        assert _decode([stream]) == [ServerSentEvent("\ufffd", b"\xff", "\ufffd")]


class TestEnd:
    """What the end of a stream leaves."""

    @pytest.mark.parametrize(
        "chunks", [[], [b""], [b"", b""], [_BOM], [_BOM[:2]], [b"\r"], [b"\n"]]
    )
    def test_empty(self, chunks: list[bytes]) -> None:
        """A stream without a line of data has no event."""
        assert _decode(chunks) == []

    @pytest.mark.parametrize("ending", _ENDINGS.values(), ids=_ENDINGS)
    def test_complete(self, ending: bytes) -> None:
        """After a blank line nothing is left, and the event is marked complete."""
        decoder = Decoder()

        events = decoder.feed(b"data: x" + ending * 2)

        assert [event.complete for event in events] == [True]
        assert decoder.flush() is None

    @pytest.mark.parametrize(
        ("stream", "last"),
        [
            (b"data: x", ServerSentEvent(None, b"x", complete=False)),
            (b"data: x\n", ServerSentEvent(None, b"x", complete=False)),
            (b"data: x\r", ServerSentEvent(None, b"x", complete=False)),
            (b"data: x\r\n", ServerSentEvent(None, b"x", complete=False)),
            (b"data", ServerSentEvent(None, b"", complete=False)),
            (b"data: x\ndata: y", ServerSentEvent(None, b"x\ny", complete=False)),
            (b"data: x\nevent: e", ServerSentEvent("e", b"x", complete=False)),
            (b"retry: 5\nid: 1\ndata: x", ServerSentEvent(None, b"x", "1", 5, complete=False)),
            (b"id: 1\n\ndata: x", ServerSentEvent(None, b"x", "1", complete=False)),
            (b"data: x\n: comment", ServerSentEvent(None, b"x", complete=False)),
            ("data: é".encode()[:-1], ServerSentEvent(None, b"\xc3", complete=False)),
            (b"event: e\n", None),
            (b"id: 1", None),
            (b": comment", None),
            (b"dat", None),
        ],
    )
    def test_open(self, stream: bytes, last: ServerSentEvent | None) -> None:
        """What has data but no blank line is kept and marked; what has no data is none."""
        decoder = Decoder()

        assert decoder.feed(stream) == []
        assert decoder.flush() == last

    def test_flush_twice(self) -> None:
        """The event that was left open is given once."""
        decoder = Decoder()
        decoder.feed(b"data: x")

        assert decoder.flush() is not None
        assert decoder.flush() is None
