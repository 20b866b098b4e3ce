"""Whether a reply has the shape of another one: keys, types and order; not words, ids or times."""

import itertools
import json
from collections.abc import Iterator, Sequence

from pytest_conversations._sse import Decoder, ServerSentEvent
from pytest_conversations.cassette._matching import Matching
from pytest_conversations.cassette._merge import Pair
from pytest_conversations.cassette._pairing import pairs
from pytest_conversations.cassette._recording import was_answered
from pytest_conversations.cassette._scrub import Response, header_values

# Values that tell what a thing is. All others may change.
_KINDS = frozenset({"type", "object", "role"})
_NAMES = {dict: "an object", list: "a list", str: "a text", bool: "a boolean", type(None): "null"}


def differences(recorded: Response, live: Response) -> Iterator[str]:
    """In what a live reply differs from the recorded one.

    Args:
        recorded: as vcrpy stores it.
        live: likewise.

    Yields:
        A line each: the JSON Pointer into the body, what was recorded, and what there is now. Of a
        stream the pointer begins with the number of the event, events of one kind in a row being
        one, since nobody says how many pieces a text comes in.
    """
    before, now = (reply["status"]["code"] for reply in (recorded, live))
    if before != now:
        yield f"status: recorded {before}, now {now}"
        return
    before, now = _form(recorded), _form(live)
    if before != now:
        yield f"content type: recorded {before or 'none'}, now {now or 'none'}"
        return
    yield from _differing(_data(recorded), _data(live), "")


def unanswered(recorded: Sequence[Pair], live: Sequence[Pair], matching: Matching) -> list[str]:
    """What got no reply in a live run, and did not fail in the recorded one; a line each.

    Args:
        recorded: the old interactions, in order.
        live: the new ones, in order, scrubbed.
        matching: when two requests are the same.
    """
    lines: dict[str, None] = {}  # of a client that tries again, each once
    again = pairs(recorded, live, matching)
    for (request, response), index in zip(live, again, strict=True):
        failed_before = index is not None and not was_answered(recorded[index][1])
        if not was_answered(response) and not failed_before:
            error = response.get("error", {})
            reason = ": ".join(filter(None, (error.get("type"), error.get("message"))))
            lines[f"{request.method} {request.uri}: {reason or 'no response'}"] = None
    return [*lines]


def compared(
    recorded: Sequence[Pair], live: Sequence[Pair], matching: Matching, *, asked: int
) -> list[str]:
    """In what a live run differs from a recorded one; a line each, empty where it does not.

    Args:
        recorded: the old interactions, in order.
        live: the new ones, in order, scrubbed.
        matching: when two requests are the same.
        asked: how many of the old ones, from the first on, the live run had to ask for again.
    """
    again = pairs(recorded, live, matching)
    lines = []
    for (request, response), index in zip(live, again, strict=True):
        found = ["not recorded"] if index is None else differences(recorded[index][1], response)
        lines += [f"{request.method} {request.uri}: {each}" for each in found]
    for index, (request, _) in enumerate(recorded[:asked]):
        if index not in again:
            lines.append(f"{request.method} {request.uri}: recorded, and not asked for now")
    return lines


def _form(response: Response) -> str:
    for name, values in header_values(response):
        if name.lower() == "content-type":
            return values[0].partition(";")[0].strip().lower()
    return ""


def _data(response: Response) -> object:
    """What a body says, as JSON data; of another body nothing."""
    body: bytes = response["body"].get("string") or b""
    if _form(response) == "text/event-stream":
        decoder = Decoder()
        events = [*decoder.feed(body), decoder.flush()]
        data = [_event(event) for event in events if event is not None]
        return [_united(list(each)) for _, each in itertools.groupby(data, _kind)]
    try:
        read: object = json.loads(body)
    except ValueError:
        return None
    return read


def _event(event: ServerSentEvent) -> object:
    try:
        return {"event": event.event, "data": json.loads(event.data)}
    except ValueError:
        return {"event": event.event, "data": event.data.decode("utf-8", "replace")}


def _kind(data: object) -> object:
    """What a thing is, of which there may be several in a list; None where it does not say."""
    if not isinstance(data, dict):
        return None
    inner = data.get("data")
    output = inner.get("output_index") if isinstance(inner, dict) else None
    kind = (data.get("type") or data.get("object") or data.get("event"), output)
    return kind if any(kind) else None


def _differing(before: object, now: object, path: str) -> Iterator[str]:
    if _type(before) != _type(now):
        yield f"{path or '/'}: recorded {_type(before)}, now {_type(now)}"
    elif isinstance(before, dict) and isinstance(now, dict):
        for key in dict.fromkeys((*before, *now)):
            below = f"{path}/{key.replace('~', '~0').replace('/', '~1')}"
            if key not in now:
                yield f"{below}: recorded {_type(before[key])}, now missing"
            elif key not in before:
                yield f"{below}: not recorded, now {_type(now[key])}"
            elif key in _KINDS and before[key] != now[key]:
                yield f"{below}: recorded {before[key]!r}, now {now[key]!r}"
            else:
                yield from _differing(before[key], now[key], below)
    elif isinstance(before, list) and isinstance(now, list):
        yield from _differing_items(before, now, path)


def _differing_items(before: list[object], now: list[object], path: str) -> Iterator[str]:
    kinds = [[_kind(item) for item in items] for items in (before, now)]
    if not any(map(any, kinds)):  # of things that are alike how many there are does not count
        if before and now:
            yield from _differing(_united(before), _united(now), f"{path}/*")
    elif kinds[0] != kinds[1]:
        yield f"{path or '/'}: recorded {_listed(kinds[0])}, now {_listed(kinds[1])}"
    else:
        for index, (one, other) in enumerate(zip(before, now, strict=True)):
            yield from _differing(one, other, f"{path}/{index}")


def _united(items: Sequence[object]) -> object:
    """One thing that has all that several have; of what is no object, the first."""
    objects = [item for item in items if isinstance(item, dict)]
    if len(objects) < len(items):
        return items[0]
    keys = dict.fromkeys(itertools.chain.from_iterable(objects))
    return {key: _united([each[key] for each in objects if key in each]) for key in keys}


def _listed(kinds: Sequence[object]) -> str:
    names = [str(kind[0]) if isinstance(kind, tuple) else "another thing" for kind in kinds]
    return ", ".join(names) or "nothing"


def _type(value: object) -> str:
    return _NAMES.get(type(value), "a number")
