"""The same recording, cut otherwise, at another pace, or dying early."""

import re
import time
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from libraries import HEADERS, Capturing, Client
from support import CHUNKED, Connection, Serve, stream_of

from pytest_conversations.capture import Chunking, Shape
from pytest_conversations.cassette import Chunk, event_ends

# Three events with a comment between two, over five chunks; the last cuts a character and a break.
CHUNKS = [
    b"event: a\r\ndata: caf\xc3",
    b"\xa9\r\n\r",
    b"\n: ping\r\n\r\ndata: 2\r\n\r\nda",
    b"ta: 3\r\n",
    b"\r\n",
]
BODY = b"".join(CHUNKS)
EVENTS = [
    "event: a\r\ndata: café\r\n\r\n".encode(),
    b": ping\r\n\r\ndata: 2\r\n\r\n",
    b"data: 3\r\n\r\n",
]


@pytest.fixture
def url(serve: Serve, capturing: Capturing) -> str:
    """A server whose stream is recorded; it comes in five chunks, 20 ms apart."""
    url = serve(stream_of(*CHUNKS, pause=0.02))
    with capturing(url):
        assert Client(httpx, is_async=False).post(url) == CHUNKS
    return url


@pytest.mark.parametrize(
    ("chunking", "expected"),
    [
        ("recorded", CHUNKS),
        ("events", EVENTS),
        ("whole", [BODY]),
        ("bytes", [bytes([byte]) for byte in BODY]),
        (7, [BODY[at : at + 7] for at in range(0, len(BODY), 7)]),
        (10_000, [BODY]),
    ],
)
def test_chunking(
    client: Client,
    url: str,
    capturing: Capturing,
    tmp_path: Path,
    chunking: Chunking,
    expected: list[bytes],
) -> None:
    """The bytes are the same, the chunks are those that were asked for; the file stays."""
    before = (tmp_path / "cassette.yaml").read_bytes()
    with capturing(url, mode="none", shape=Shape(chunking)):
        assert client.post(url) == expected
    assert (tmp_path / "cassette.yaml").read_bytes() == before


@pytest.mark.parametrize("cut_after", [0, 1, 2, 3])
@pytest.mark.parametrize("chunking", ["recorded", "events", "whole", "bytes", 7])
def test_cut_after(
    client: Client, url: str, capturing: Capturing, cut_after: int, chunking: Chunking
) -> None:
    """After so many whole events the stream dies as a connection does."""
    seen: list[object] = []
    with (
        capturing(url, mode="none", shape=Shape(chunking, cut_after=cut_after)) as cassette,
        pytest.raises(client.library.RemoteProtocolError, match="without sending complete"),
    ):
        client.collect(url, seen)
    assert b"".join(seen) == b"".join(EVENTS[:cut_after])  # type: ignore[arg-type]
    assert cassette.refusals == []


def test_cut_after_more_than_there_are(client: Client, url: str, capturing: Capturing) -> None:
    """A stream of fewer events ends as it did, and there is a warning."""
    with (
        capturing(url, mode="none", shape=Shape(cut_after=4)),
        pytest.warns(UserWarning, match="fewer than 4 events, so `cut_after` does not cut it"),
    ):
        assert client.post(url) == CHUNKS


@pytest.mark.parametrize(("pace", "least"), [(0, 0), (0.0002, 0.059), (0.001, 0.299)])
@pytest.mark.parametrize("chunking", ["recorded", "events", "whole", "bytes"])
def test_pace(
    client: Client,
    url: str,
    capturing: Capturing,
    tmp_path: Path,
    chunking: Chunking,
    pace: float,
    least: float,
) -> None:
    """Recorded time times the pace; a chunk comes when the last of its bytes came."""
    path = tmp_path / "cassette.yaml"
    text = path.read_text(encoding="utf-8")
    slow = " ".join(f"60000+{len(chunk)}" for chunk in CHUNKS)  # 300 s in all
    path.write_text(re.sub("chunks: .*", f"chunks: {slow}", text), encoding="utf-8")

    with capturing(url, mode="none", shape=Shape(chunking, pace)):
        started = time.perf_counter()
        client.post(url)
        assert least <= time.perf_counter() - started < 60


def test_the_time_of_a_reader_is_not_waited_for_twice(
    url: str, capturing: Capturing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it took while the stream was recorded is in the times of the chunks."""
    path = tmp_path / "cassette.yaml"
    text = path.read_text(encoding="utf-8")
    slow = " ".join(f"100+{len(chunk)}" for chunk in CHUNKS)
    path.write_text(re.sub("chunks: .*", f"chunks: {slow}", text), encoding="utf-8")
    now = 0.0
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds
        slept.append(seconds)

    clock = SimpleNamespace(perf_counter=lambda: now, sleep=sleep)
    monkeypatch.setattr("pytest_conversations.capture._streams.time", clock)
    with (
        capturing(url, mode="none", shape=Shape(pace=1)),
        httpx.Client() as http,
        http.stream("POST", url, headers=HEADERS) as response,
    ):
        for took, _ in zip((0.03, 0.2, 0, 0, 0), response.iter_raw(), strict=True):
            now += took

    assert slept == pytest.approx([0.1, 0.07, 0, 0.1, 0.1])


def test_streams_alone_are_events(client: Client, serve: Serve, capturing: Capturing) -> None:
    """JSON that happens to look like events is cut by bytes, not by events, and does not die."""
    body = b'{"data":\n\n"data: 1\n\n"}'

    def script(connection: Connection) -> None:
        connection.head("Content-Type: application/json", CHUNKED)
        connection.chunk(body)
        connection.last_chunk()

    url = serve(script)
    with capturing(url):
        client.post(url)
    with capturing(url, mode="none", shape=Shape("events", cut_after=1)):
        assert client.post(url) == [body]
    with capturing(url, mode="none", shape=Shape(9, cut_after=1)):
        assert client.post(url) == [body[:9], body[9:18], body[18:]]


def test_a_media_type_has_no_case(client: Client, serve: Serve, capturing: Capturing) -> None:
    """A stream is one, however its type is written (RFC 9110, section 8.3.1)."""

    def script(connection: Connection) -> None:
        connection.head("Content-Type: Text/Event-Stream", CHUNKED)
        connection.chunk(BODY)
        connection.last_chunk()

    url = serve(script)
    with capturing(url) as cassette:
        client.post(url)
    assert "chunks" in cassette.interactions[0].response["stream"]
    with capturing(url, mode="none", shape=Shape("events")):
        assert client.post(url) == EVENTS


def test_a_recording_is_not_shaped(
    client: Client, serve: Serve, capturing: Capturing, tmp_path: Path
) -> None:
    """What is recorded is what came, whatever a replay is asked to be."""
    url = serve(stream_of(*CHUNKS, pause=0.005))
    with capturing(url, shape=Shape("bytes", 5, 1)):
        assert client.post(url) == CHUNKS
    sizes = re.search(r"chunks: (.*)", (tmp_path / "cassette.yaml").read_text(encoding="utf-8"))
    assert sizes is not None
    assert [pair.split("+")[1] for pair in sizes[1].split()] == [str(len(c)) for c in CHUNKS]


def test_a_stream_that_died_dies_later_than_it_is_cut(
    client: Client, serve: Serve, capturing: Capturing
) -> None:
    """Cut before its recorded end it dies there; cut otherwise it keeps its own end."""

    def script(connection: Connection) -> None:
        connection.head("Content-Type: text/event-stream", CHUNKED)
        connection.chunk(BODY)
        connection.reset()

    url = serve(script)
    with capturing(url), pytest.raises(client.library.ReadError):
        client.post(url)
    for shape, count, error in (
        (Shape("events"), 3, "ReadError"),
        (Shape("events", cut_after=2), 2, "RemoteProtocolError"),
        (Shape("events", cut_after=5), 3, "ReadError"),
    ):
        seen: list[object] = []
        with (
            capturing(url, mode="none", shape=shape),
            pytest.raises(getattr(client.library, error)),
        ):
            client.collect(url, seen)
        assert seen == EVENTS[:count]


def test_an_empty_body(client: Client, serve: Serve, capturing: Capturing) -> None:
    """There is nothing to cut."""
    url = serve(lambda connection: connection.head("Content-Length: 0"))
    with capturing(url):
        client.post(url)
    for chunking in ("events", "whole", "bytes", 3):
        with capturing(url, mode="none", shape=Shape(chunking, 1)):
            assert client.post(url) == []


@given(
    chunks=st.lists(
        st.builds(Chunk, st.integers(0, 50), st.binary(max_size=9) | st.sampled_from(EVENTS))
    ),
    chunking=st.sampled_from(["recorded", "events", "whole", "bytes"]) | st.integers(1, 20),
    cut_after=st.none() | st.integers(0, 3),
)
def test_nothing_is_lost(chunks: list[Chunk], chunking: Chunking, cut_after: int | None) -> None:
    """Whatever the cut, no byte is lost, none is doubled, and nothing comes before its time."""
    body = b"".join(chunk.data for chunk in chunks)
    got, dies = Shape(chunking, 1, cut_after).cut(chunks, is_stream=True)

    given_body = b"".join(chunk.data for chunk in got)
    if dies:
        assert cut_after is not None
        assert given_body == body[: [0, *event_ends(body)][cut_after]]
    else:
        assert given_body == body
    came = _arrivals(chunks)
    for ms, end in _arrivals(got):
        assert ms == next(at for at, so_far in came if so_far >= end)


def _arrivals(chunks: Iterable[Chunk]) -> list[tuple[int, int]]:
    """When, in ms, how many bytes were there."""
    time_so_far = length = 0
    arrivals = []
    for chunk in chunks:
        time_so_far += chunk.ms
        length += len(chunk.data)
        if chunk.data:
            arrivals.append((time_so_far, length))
    return arrivals


@pytest.mark.parametrize(
    ("body", "ends"),
    [
        (b"", []),
        (b"data: 1\n\n", [9]),
        (b"data: 1\r\n\r\n", [11]),
        (b"data: 1\r\r", [9]),
        (b"data: 1\n\r\n", [10]),
        (b"data: 1\r\n", []),
        (b"data: 1\n\n\n\ndata: 2\n\n", [11, 20]),
        (b": comment\n\ndata: 1\n\n", [20]),
        (b"event: a\n\ndata: 1\n\n", [19]),
        (b"data\n\n", [6]),
        (b"\xef\xbb\xbfdata: 1\n\n", [12]),
        (b"database: 1\n\ndata: 2\n\n", [22]),
        (b"xdata: 1\n\n", []),
        (b"data: a\ndata: b\n\ndata: c", [17]),
    ],
)
def test_event_ends(body: bytes, ends: list[int]) -> None:
    """Where an event is dispatched by the WHATWG rules: at a blank line after data."""
    assert event_ends(body) == ends


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("chunking='lines'", "chunking is 'lines'; choose from 'recorded', 'events', 'whole', "),
        ("chunking=0", "chunking is 0; choose from"),
        ("chunking=True", "chunking is True; choose from"),
        ("chunking=None", "chunking is None; choose from"),
        ("chunking=2.0", "chunking is 2.0; choose from"),
        ("pace='fast'", "pace is 'fast'; choose from 'instant', 'recorded', or give a number"),
        ("pace=-1", "pace is -1; choose from"),
        ("pace=float('nan')", "pace is nan; choose from"),
        ("pace=float('inf')", "pace is inf; choose from"),
        ("pace=True", "pace is True; choose from"),
        ("pace=['instant']", "pace is ['instant']; choose from"),
        ("chunking=['events']", "chunking is ['events']; choose from"),
        ("cut_after=-1", "cut_after is -1, not a number of events"),
        ("cut_after='2'", "cut_after is '2', not a number of events"),
        ("cut_after=True", "cut_after is True, not a number of events"),
    ],
)
def test_arguments_that_cannot_be(pytester: pytest.Pytester, arguments: str, message: str) -> None:
    """One error that says what may stand there."""
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.mark.conversations({arguments})
        def test_it(): pass
        """
    )
    result = pytester.runpytest()
    result.assert_outcomes(errors=1)
    assert message in str(result.stdout)
    assert "Traceback" not in str(result.stdout)


def test_the_marker_shapes(
    pytester: pytest.Pytester, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The three arguments at a class and at a test; each test has its own recording."""
    monkeypatch.setenv("MISTRAL_API_KEY", HEADERS["authorization"].removeprefix("Bearer "))
    pytester.makeini(
        f"[pytest]\nconversations_server_url = {serve(stream_of(*CHUNKS, pause=0.02))}"
    )
    pytester.makepyfile(
        f"""
        import time
        import httpx
        import pytest

        CHUNKS = {CHUNKS!r}
        EVENTS = {EVENTS!r}

        @pytest.fixture
        def ask(pytestconfig):
            def ask(seen):
                url = pytestconfig.getini("conversations_server_url")
                with httpx.stream("POST", url, headers={HEADERS!r}) as response:
                    for chunk in response.iter_raw():
                        seen.append(chunk)
            return ask

        @pytest.fixture
        def replays(pytestconfig):
            return pytestconfig.getoption("conversations_mode") is None

        @pytest.mark.conversations(chunking="events")
        class TestIt:
            def test_events(self, ask, replays):
                seen = []
                ask(seen)
                assert seen == (EVENTS if replays else CHUNKS)

            @pytest.mark.conversations(chunking="whole", pace=2)
            def test_whole(self, ask, replays):
                seen, started = [], time.perf_counter()
                ask(seen)
                assert seen == ([b"".join(EVENTS)] if replays else CHUNKS)
                assert time.perf_counter() - started >= (0.19 if replays else 0.09)

            @pytest.mark.conversations(cut_after=2, pace="recorded")
            def test_dies(self, ask, replays):
                seen, started = [], time.perf_counter()
                if replays:
                    with pytest.raises(httpx.RemoteProtocolError):
                        ask(seen)
                    assert b"".join(seen) == b"".join(EVENTS[:2])
                    assert time.perf_counter() - started >= 0.05
                else:
                    ask(seen)
        """
    )
    pytester.runpytest("--conversations-mode=once").assert_outcomes(passed=3)
    pytester.runpytest().assert_outcomes(passed=3)
