"""Counts the calls of functions that a replay takes: what it costs, without a clock.

Run in a process of its own, where nothing else has filled a cache, it prints the counts as JSON.
With ``--renew`` it writes them into ``effort.json``, as those of this version of Python.
"""

import contextlib
import gc
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import httpx
from recordings import BASE, ID, Data, interaction, stream

from pytest_conversations import ConversationsClient
from pytest_conversations.capture import Capture
from pytest_conversations.cassette import ConversationCassette, Scrubber, Sharing, _serializer

RECORDED = Path(__file__).with_name("effort.json")
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
MANY = 1000
DELTAS = 100
KEY = "zK4dummy0key1for2tests3only4xyzw"


class Counter:
    """Counts the calls of this thread, of functions in Python and in C."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    @contextlib.contextmanager
    def counting(self, name: str) -> Iterator[None]:
        """Count in the ``with`` block."""
        calls = 0

        def note(_frame: FrameType, event: str, _argument: object) -> None:
            nonlocal calls
            if event in {"call", "c_call"}:
                calls += 1

        gc.collect()
        gc.disable()  # what it finalizes is chance
        sys.setprofile(note)
        try:
            yield
        finally:
            sys.setprofile(None)
            gc.enable()
        self.counts[name] = calls


def _started(number: int) -> Data:
    entry = {
        "object": "entry",
        "type": "message.output",
        "id": f"msg_{number}",
        "role": "assistant",
        "content": "Hello " * 100,
    }
    reply = {
        "object": "conversation.response",
        "conversation_id": ID,
        "outputs": [entry],
        "usage": {"prompt_tokens": 1, "completion_tokens": 100, "total_tokens": 101},
    }
    return interaction("POST", BASE, {"inputs": f"Hi {number}", "stream": False}, reply)


def _streamed() -> Data:
    events = stream(ID, *(f" word {number}" for number in range(DELTAS)))
    sent = {"inputs": "Go on", "stream": True, "store": True, "handoff_execution": "server"}
    table = " ".join(f"12+{len(each.encode())}" for each in events)
    url = f"{BASE}/{ID}"
    return interaction("POST", url, sent, "".join(events), stream={"chunks": table})


def _write(path: Path, *interactions: Data) -> None:
    """Write a cassette as the recorder does."""
    metadata = {"recorder": "pytest-conversations 0.1.0", "end_mark": True}
    document = {"version": 1, "metadata": metadata, "interactions": [*interactions]}
    path.write_text(_serializer.serialize(document), encoding="utf-8")


@contextlib.contextmanager
def _playing(cassette: ConversationCassette) -> Iterator[ConversationsClient]:
    with Capture(cassette, [BASE]).installed(), httpx.Client() as http:
        yield ConversationsClient(KEY, http_client=http)


def _open(path: Path, sharing: Sharing | None = None) -> ConversationCassette:
    scrubber = Scrubber({"MISTRAL_API_KEY": KEY})
    return ConversationCassette(str(path), mode="none", scrubber=scrubber, sharing=sharing)


def _small(path: Path, counter: Counter) -> None:
    _write(path, _started(0), _started(1), _streamed())
    with counter.counting("open a cassette of 3 interactions"):
        cassette = _open(path)
    with _playing(cassette) as client:
        client.start(inputs="Hi 0")
        with counter.counting("replay a JSON reply"):
            client.start(inputs="Hi 1")
        with (
            counter.counting(f"replay a stream of {DELTAS} deltas"),
            client.append_stream(conversation_id=ID, inputs="Go on") as events,
        ):
            read = list(events)
    if len(read) != DELTAS + 2:
        raise AssertionError(read)


def _large(path: Path, counter: Counter) -> None:
    _write(path, *map(_started, range(MANY)))
    with counter.counting(f"open a cassette of {MANY} interactions"):
        cassette = _open(path)
    with _playing(cassette) as client:
        client.start(inputs="Hi 0")  # may build an index
        with counter.counting(f"find 10 of {MANY} interactions"):
            for number in range(MANY - 10, MANY):
                client.start(inputs=f"Hi {number}")


def _shared(path: Path, counter: Counter) -> None:
    _write(path, *map(_started, range(MANY)))
    with _playing(_open(path, Sharing("first", "run"))) as client:
        client.start(inputs="Hi 0")
    with counter.counting(f"open a cassette of {MANY} interactions that another test had open"):
        cassette = _open(path, Sharing("second", "run"))
    with _playing(cassette) as client, counter.counting("find one of those"):
        client.start(inputs=f"Hi {MANY - 1}")


def counted() -> dict[str, int]:
    """The calls that each thing takes."""
    counter = Counter()
    parts: tuple[Callable[[Path, Counter], None], ...] = (_small, _large, _shared)
    with tempfile.TemporaryDirectory() as folder:
        # What is only done the first time is not counted; the files are others, so none is known.
        for name in ("before.yaml", "counted.yaml"):
            for part in parts:
                part(Path(folder, part.__name__ + name), counter)
    return counter.counts


if __name__ == "__main__":
    if sys.argv[1:] == ["--renew"]:
        known = json.loads(RECORDED.read_text(encoding="utf-8")) if RECORDED.exists() else {}
        text = json.dumps(known | {VERSION: counted()}, indent=2, sort_keys=True)
        RECORDED.write_text(text + "\n", encoding="utf-8")
    else:
        print(json.dumps(counted()))  # noqa: T201 - that is its job
