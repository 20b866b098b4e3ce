"""Texts that stand in bodies: the pieces that the events of a stream carry, and credentials."""

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


def authorizations(body: bytes) -> Iterator[str]:
    """The credentials in a JSON body: of ``{"authorization": {"value": ...}}``.

    So a tool says how its connector authorizes itself.
    """
    if b'"authorization"' not in body:
        return
    try:
        yield from _authorizations(json.loads(body))
    except (ValueError, RecursionError):
        return


def _authorizations(value: object) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _authorizations(item)
    elif isinstance(value, dict):
        held = value.get("authorization")
        if isinstance(held, dict) and isinstance(held.get("value"), str):
            yield held["value"]
        for item in value.values():
            yield from _authorizations(item)
