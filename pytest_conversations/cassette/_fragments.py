"""The pieces of text that the events of a stream carry, so that what they spell can be read."""

import json
from collections.abc import Iterator

from pytest_conversations._sse import Decoder

# Where the deltas of the Conversations API, and of chat completions, carry their pieces.
_PIECES = frozenset({"content", "text", "arguments"})


def stream_fragments(body: bytes) -> Iterator[str]:
    """The pieces of text in a body of server-sent events, in order; none where it is another."""
    decoder = Decoder()
    for event in (*decoder.feed(body), decoder.flush()):
        if event is not None:
            try:
                yield from fragments(json.loads(event.data))
            except (ValueError, RecursionError):
                continue


def fragments(value: object) -> Iterator[str]:
    """The pieces of text in JSON data, in order."""
    if isinstance(value, list):
        for item in value:
            yield from fragments(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, str):
                if key in _PIECES:
                    yield item
            else:
                yield from fragments(item)
