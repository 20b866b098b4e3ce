"""Bytes to typed events, through the client of each lane on a ``MockTransport``.

Run as ``python -m benchmarks.parsing LANE``; it prints its figures as JSON.
"""

import gc
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import httpx
from pydantic import TypeAdapter

from benchmarks import figures, traffic
from benchmarks.calls import API
from benchmarks.talking import KEY
from pytest_conversations import ConversationsClient
from pytest_conversations.models import ConversationEventsData

_DELTAS = 500
_FEW = 100
_SIZES = (1 << 18, 1 << 19, 1 << 20)
_PIECE = 64

Lane = Callable[[Any], Iterable[object]]


def _content(chunks: Sequence[bytes]) -> Callable[[Any], httpx.Response]:
    return lambda _: httpx.Response(200, headers=_HEADERS, content=iter(chunks))


_HEADERS = {"content-type": traffic.SSE}
_DATA: TypeAdapter[ConversationEventsData] = TypeAdapter(ConversationEventsData)


def _own(chunks: Sequence[bytes]) -> Iterable[object]:
    http = httpx.Client(transport=httpx.MockTransport(_content(chunks)))
    return ConversationsClient(KEY, http_client=http).start_stream(inputs="Hi")


def _hand(chunks: Sequence[bytes]) -> Iterable[object]:
    http = httpx.Client(transport=httpx.MockTransport(_content(chunks)))
    response = http.send(http.build_request("POST", API), stream=True)
    return (_DATA.validate_json(data, extra="allow") for data in _split(response.iter_bytes()))


def _split(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The data of each event; only of events that the API frames as ever."""
    buffer = bytearray()
    for chunk in chunks:
        looked_at = max(0, len(buffer) - 1)
        buffer += chunk
        while (end := buffer.find(b"\n\n", looked_at)) >= 0:
            start = buffer.index(b"\ndata: ", 0, end) + len(b"\ndata: ")
            yield bytes(buffer[start:end])
            del buffer[: end + 2]
            looked_at = 0


def _httpx_sse(chunks: Sequence[bytes]) -> Iterable[object]:
    import httpx_sse

    http = httpx.Client(transport=httpx.MockTransport(_content(chunks)))
    response = http.send(http.build_request("POST", API), stream=True)
    source = httpx_sse.EventSource(response)
    return (_DATA.validate_json(each.data, extra="allow") for each in source.iter_sse())


def _sdk(chunks: Sequence[bytes]) -> Iterable[object]:
    import httpx2
    from mistralai.client import Mistral

    def handler(_: object) -> httpx2.Response:
        return httpx2.Response(200, headers=_HEADERS, content=iter(chunks))

    http = httpx2.Client(transport=httpx2.MockTransport(handler))
    return Mistral(api_key=KEY, client=http).beta.conversations.start_stream(inputs="Hi")


LANES: dict[str, Lane] = {"own": _own, "hand": _hand, "httpx-sse": _httpx_sse, "sdk": _sdk}


def measure(lane: str) -> dict[str, float]:
    """Read streams of three shapes; the time to make a client and to send is left out.

    Returns:
        ``event_us``: an event of about 270 bytes, a chunk each; ``byte_us``: the same, a byte a
        chunk; ``large_ms``: one event of 1 MiB in chunks of 64 bytes, and ``exponent``: how that
        grows with its size.
    """
    deltas = list(traffic.events(1, _DELTAS))
    few = b"".join(traffic.events(1, _FEW))
    large = {size: _event_of(size) for size in _SIZES}
    _seconds(lane, deltas[:10] + deltas[-1:])
    event = statistics.median(_seconds(lane, deltas) for _ in "12345")
    byte = statistics.median(
        _seconds(lane, [few[n : n + 1] for n in range(len(few))]) for _ in "123"
    )
    took = {
        size: statistics.median(_seconds(lane, chunks) for _ in "123")
        for size, chunks in large.items()
    }
    return {
        "event_us": event / len(deltas) * 1e6,
        "byte_us": byte / (_FEW + 2) * 1e6,
        "large_ms": took[_SIZES[-1]] * 1e3,
        "exponent": figures.exponent(took),
    }


def _event_of(size: int) -> list[bytes]:
    first, delta, last = traffic.events(1, 1, words=size // 5)
    body = delta[: size - 4].rsplit(b" ", 1)[0] + b'"}\n\n'
    return [first, *(body[at : at + _PIECE] for at in range(0, len(body), _PIECE)), last]


def _seconds(lane: str, chunks: Sequence[bytes]) -> float:
    stream = LANES[lane](chunks)
    gc.collect()
    began = time.perf_counter()
    read = list(stream)
    took = time.perf_counter() - began
    if not read:
        msg = f"{lane} read nothing"
        raise AssertionError(msg)
    return took


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1])))
