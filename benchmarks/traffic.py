"""Traffic as the API's, made from a seed: replies, histories and streams of the real sizes."""

import dataclasses
import json
import random
from collections.abc import Iterator

from benchmarks.calls import (
    MODEL,
    START,
    append_body,
    append_path,
    conversation_id,
    history_path,
    start_body,
)

JSON = "application/json"
SSE = "text/event-stream; charset=utf-8"
AT = "2026-11-24T10:00:00.123456Z"

_TEXT = (
    "the a of and to in is that it was for on with as be at by this from or an are which one "
    "would there their will when who more time very what out up said people über café 東京 🚀"
)
_WORDS = _TEXT.split()


@dataclasses.dataclass(frozen=True)
class Exchange:
    """A request and its answer.

    Attributes:
        method: of the request.
        path: of its URL, behind the API's.
        sent: its JSON body; None where it has none.
        content_type: of the answer.
        chunks: the pieces in which its body comes.
    """

    method: str
    path: str
    sent: dict[str, object] | None
    content_type: str
    chunks: tuple[bytes, ...]

    @property
    def body(self) -> bytes:
        """The body of the answer, whole."""
        return b"".join(self.chunks)

    @property
    def sent_body(self) -> bytes:
        """The body of the request, as a client writes it."""
        return b"" if self.sent is None else compact(self.sent)

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the answer."""
        return {
            "date": "Tue, 24 Nov 2026 10:00:00 GMT",
            "content-type": self.content_type,
            "x-ratelimit-limit-tokens-minute": "500000",
            "x-ratelimit-remaining-tokens-minute": "499821",
            "x-envoy-upstream-service-time": "312",
            "access-control-allow-origin": "*",
            "server": "cloudflare",
            "cf-cache-status": "DYNAMIC",
        }


def compact(data: object) -> bytes:
    """JSON as the API writes it."""
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode()


def _text(seeded: random.Random, words: int) -> str:
    return " ".join(seeded.choices(_WORDS, k=words))


def _entry(seeded: random.Random, *, role: str, words: int) -> dict[str, object]:
    return {
        "object": "entry",
        "type": "message.output" if role == "assistant" else "message.input",
        "created_at": AT,
        "completed_at": AT,
        **({"model": MODEL} if role == "assistant" else {"prefix": False}),
        "id": f"msg_{seeded.getrandbits(128):032x}",
        "role": role,
        "content": _text(seeded, words),
    }


def start(number: int, *, again: int = 0) -> Exchange:
    """A conversation that begins, with a reply of about 1 kB.

    Args:
        number: of the conversation, which seeds the text.
        again: which of several different replies to the same request.
    """
    seeded = random.Random(f"start {number} {again}")
    reply = {
        "object": "conversation.response",
        "conversation_id": conversation_id(number),
        "outputs": [_entry(seeded, role="assistant", words=130)],
        "usage": {"prompt_tokens": 12, "completion_tokens": 140, "total_tokens": 152},
        "guardrails": None,
    }
    return Exchange("POST", START, start_body(number), JSON, (compact(reply),))


def events(number: int, deltas: int, *, words: int = 1) -> Iterator[bytes]:
    """The events of a streamed reply, as the API frames them.

    Args:
        number: of the conversation, which seeds the text.
        deltas: how many pieces the text comes in, of about 270 bytes each; one event more comes
            before them, and one after.
        words: in each of them.
    """
    seeded = random.Random(f"stream {number}")
    message = f"msg_{seeded.getrandbits(128):032x}"
    yield _framed(
        {
            "type": "conversation.response.started",
            "created_at": AT,
            "conversation_id": conversation_id(number),
        }
    )
    for _ in range(deltas):
        yield _framed(
            {
                "type": "message.output.delta",
                "created_at": AT,
                "output_index": 0,
                "id": message,
                "content_index": 0,
                "model": MODEL,
                "agent_id": None,
                "role": "assistant",
                "content": " " + _text(seeded, words),
            }
        )
    usage = {"prompt_tokens": 160, "completion_tokens": deltas, "total_tokens": 160 + deltas}
    yield _framed({"type": "conversation.response.done", "created_at": AT, "usage": usage})


def _framed(data: dict[str, object]) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (str(data["type"]).encode(), compact(data))


def append_stream(number: int, deltas: int = 100) -> Exchange:
    """A conversation that goes on with a streamed reply, a chunk an event."""
    chunks = tuple(events(number, deltas))
    return Exchange("POST", append_path(number), append_body(number), SSE, chunks)


def history(number: int, entries: int = 20) -> Exchange:
    """What was said in a conversation."""
    seeded = random.Random(f"history {number}")
    roles = ("user", "assistant")
    said = [_entry(seeded, role=roles[at % 2], words=30) for at in range(entries)]
    found = {
        "object": "conversation.history",
        "conversation_id": conversation_id(number),
        "entries": said,
    }
    return Exchange("GET", history_path(number), None, JSON, (compact(found),))


def talk(number: int) -> list[Exchange]:
    """A conversation of three calls: it begins, goes on with a stream, and is looked up."""
    return [start(number), append_stream(number), history(number)]


def appended(number: int) -> Exchange:
    """A conversation that goes on; each number has a path of its own."""
    return dataclasses.replace(start(number), path=append_path(number))
