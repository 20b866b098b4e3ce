"""A live stream, recorded from a real socket: what the recorder adds to it.

Run as ``python -m benchmarks.recording LANE``; it prints its figures as JSON.
"""

import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import httpx

from benchmarks import server
from benchmarks.talking import HEADERS, KEY

_EVENTS = 200

Lane = Callable[[Path, str, httpx.Client, int], "Read"]


class Read(NamedTuple):
    """When what came, in s since the request was sent.

    Attributes:
        first: the first chunk.
        end: the end of the stream.
        cpu: the time of a core that it took.
        saved: the s that it took to write the cassette.
    """

    first: float
    end: float
    cpu: float
    saved: float = 0.0


def _read(client: httpx.Client, url: str, count: int) -> Read:
    cpu, began = time.process_time(), time.perf_counter()
    first = 0.0
    with client.stream("GET", f"{url}/{count}", headers=HEADERS) as response:
        for _ in response.iter_bytes():
            first = first or time.perf_counter() - began
    return Read(first, time.perf_counter() - began, time.process_time() - cpu)


def _none(_: Path, url: str, client: httpx.Client, count: int) -> Read:
    return _read(client, url, count)


def _own(path: Path, url: str, client: httpx.Client, count: int) -> Read:
    from pytest_conversations.capture import Capture
    from pytest_conversations.cassette import ConversationCassette, Scrubber

    scrubber = Scrubber({"MISTRAL_API_KEY": KEY})
    cassette = ConversationCassette(str(path), mode="once", scrubber=scrubber)
    with Capture(cassette, [url]).installed():
        read = _read(client, url, count)
    began = time.perf_counter()
    cassette.write()
    return read._replace(saved=time.perf_counter() - began)


def _in_a_context(
    open_cassette: Callable[[], contextlib.AbstractContextManager[object]],
    url: str,
    client: httpx.Client,
    count: int,
) -> Read:
    with contextlib.ExitStack() as stack:
        stack.enter_context(open_cassette())
        read = _read(client, url, count)
        began = time.perf_counter()
    return read._replace(saved=time.perf_counter() - began)


def _vcrpy(path: Path, url: str, client: httpx.Client, count: int) -> Read:
    import vcr

    return _in_a_context(lambda: vcr.use_cassette(str(path)), url, client, count)


def _cassetter(path: Path, url: str, client: httpx.Client, count: int) -> Read:
    import cassetter

    return _in_a_context(lambda: cassetter.use_cassette(path), url, client, count)


LANES: dict[str, Lane] = {
    "none": _none,
    "own": _own,
    "vcrpy": _vcrpy,
    "cassetter": _cassetter,
}


def measure(lane: str) -> dict[str, float]:
    """Read a stream of 200 events, 5 ms apart.

    Returns:
        ``first_ms``, ``end_ms``, ``cpu_ms`` and ``save_ms``.
    """
    with (
        server.running() as url,
        httpx.Client() as client,
        tempfile.TemporaryDirectory() as folder,
    ):
        # What is imported at first use is not what is measured.
        LANES[lane](Path(folder, "short.yaml"), url, client, 3)
        read = LANES[lane](Path(folder, "long.yaml"), url, client, _EVENTS)
        if lane != "none" and not Path(folder, "long.yaml").exists():
            msg = f"{lane} recorded nothing"
            raise AssertionError(msg)
    return {
        "first_ms": read.first * 1e3,
        "end_ms": read.end * 1e3,
        "cpu_ms": read.cpu * 1e3,
        "save_ms": read.saved * 1e3,
    }


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1])))
