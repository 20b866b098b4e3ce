"""What a test of the suites does: three calls, by a client of any kind.

Nothing heavy is imported here, so that the first test pays for what it needs.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.calls import (
    API,
    MODEL,
    START,
    append_body,
    append_path,
    conversation_id,
    history_path,
    start_body,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

COUNT = int(os.environ.get("BENCH_TESTS", "3"))
KEY = "zK4dummy0key1for2tests3only4xyzw"
HEADERS = {"authorization": f"Bearer {KEY}"}
_EVENTS = 102
_ENTRIES = 20


class Answer(NamedTuple):
    """An answer that was read from a plain file.

    Attributes:
        method: of the request.
        path: of its URL.
        headers: of the answer.
        chunks: its body.
    """

    method: str
    path: str
    headers: dict[str, str]
    chunks: list[bytes]


def plain_answers(name: str | int) -> list[Answer]:
    """The answers in a plain file of the working folder."""
    listed = json.loads(Path("plain", f"{name}.json").read_text(encoding="utf-8"))
    return [
        Answer(method, path, each["headers"], [chunk.encode() for chunk in each["chunks"]])
        for each in listed
        for method, path in [each["key"]]
    ]


def by_hand(library: Any, answers: dict[tuple[str, str], Answer]) -> Callable[[Any], Any]:  # noqa: ANN401 - httpx, or httpx2
    """A handler for the ``MockTransport`` of a library, which looks up what is in a dict."""

    def handler(request: httpx.Request) -> object:
        answer = answers[request.method, request.url.path]
        return library.Response(200, headers=answer.headers, content=_each(answer.chunks))

    return handler


def _each(chunks: list[bytes]) -> Iterator[bytes]:
    # httpx keeps the pieces of an iterator, and joins none.
    yield from chunks


def sending(client: httpx.Client, number: int) -> None:
    """The calls by bare httpx; the stream is read chunk by chunk."""
    reply = client.post(API + START, json=start_body(number), headers=HEADERS).json()
    assert reply["conversation_id"] == conversation_id(number)
    url = API + append_path(number)
    with client.stream("POST", url, json=append_body(number), headers=HEADERS) as response:
        assert sum(1 for _ in response.iter_bytes()) in {1, _EVENTS}
    found = client.get(API + history_path(number), headers=HEADERS).json()
    assert len(found["entries"]) == _ENTRIES


def calling(api: Any, number: int) -> None:  # noqa: ANN401 - our client, or the official SDK's
    """The calls by a typed client; the stream is read event by event."""
    first = api.start(model=MODEL, inputs=f"Question {number}?")
    assert first.conversation_id == conversation_id(number)
    with api.append_stream(
        conversation_id=conversation_id(number), inputs=f"And {number}?"
    ) as stream:
        assert len(list(stream)) == _EVENTS
    found = api.get_history(conversation_id=conversation_id(number))
    assert len(found.entries) == _ENTRIES
