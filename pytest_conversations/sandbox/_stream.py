"""A reply as server-sent events (contract section 12.1)."""

import re
from collections.abc import Callable, Iterator

from pytest_conversations.sandbox._turn import Turn
from pytest_conversations.sandbox._wire import Object, dump, now

# A delta is up to this many words; a long run without spaces is cut as if it were words.
_WORDS_IN_A_DELTA = 2
_WORD = re.compile(r"\s*\S{1,12}|\s+")


def events(turn: Turn) -> Iterator[Object]:
    """The events of a reply in their order, each dated when it is taken.

    The turn is stored before the last event goes out, so that who has read the whole stream
    finds it in the history.
    """
    yield _event("conversation.response.started", conversation_id=turn.conversation_id)
    for index, entry in enumerate(turn.outputs):
        moments = []
        for event in _SPELLED[entry["type"]](index, entry):
            moments.append(event["created_at"])
            yield event
        # What is stored is as old as its events say.
        entry["created_at"] = moments[0]
        if entry["completed_at"] is not None:
            entry["completed_at"] = moments[-1]
    turn.keep()
    yield _event("conversation.response.done", usage=turn.usage)


def encode(event: Object) -> bytes:
    """An event as it goes over the wire: name, one line of data, blank line; LF only."""
    return b"event: %s\ndata: %s\n\n" % (event["type"].encode(), dump(event))


def _event(kind: str, **fields: object) -> Object:
    return {"type": kind, "created_at": now(), **fields}


def _who(entry: Object) -> Object:
    return {name: entry[name] for name in ("model", "agent_id") if name in entry}


def _message(index: int, entry: Object) -> Iterator[Object]:
    content = entry["content"]
    chunks = content if isinstance(content, list) else [{"type": "text", "text": content}]
    for content_index, chunk in enumerate(chunks):
        # Text goes as plain strings, in pieces; any other chunk as one object.
        for piece in _pieces(chunk["text"]) if chunk["type"] == "text" else [chunk]:
            yield _event(
                "message.output.delta",
                output_index=index,
                id=entry["id"],
                content_index=content_index,
                **_who(entry),
                role=entry["role"],
                content=piece,
            )


def _tool(index: int, entry: Object) -> Iterator[Object]:
    place = {"output_index": index, "id": entry["id"]}
    function = {"function": entry["function"]}
    name = {"name": entry["name"]}
    started = {**place, **_who(entry), **name, "arguments": "", **function}
    yield _event("tool.execution.started", **started)
    for piece in _pieces(entry["arguments"]):
        yield _event("tool.execution.delta", **place, **name, arguments=piece, **function)
    yield _event("tool.execution.done", **place, **name, **function, info=entry["info"])


def _call(index: int, entry: Object) -> Iterator[Object]:
    for piece in _pieces(entry["arguments"]):
        yield _event(
            "function.call.delta",
            output_index=index,
            id=entry["id"],
            **_who(entry),
            name=entry["name"],
            tool_call_id=entry["tool_call_id"],
            arguments=piece,
        )


def _handoff(index: int, entry: Object) -> Iterator[Object]:
    for step, side in (("started", "previous"), ("done", "next")):
        agent = {name: entry[name] for name in (f"{side}_agent_id", f"{side}_agent_name")}
        yield _event(f"agent.handoff.{step}", output_index=index, id=entry["id"], **agent)


_SPELLED: dict[str, Callable[[int, Object], Iterator[Object]]] = {
    "message.output": _message,
    "tool.execution": _tool,
    "function.call": _call,
    "agent.handoff": _handoff,
}


def _pieces(text: str) -> Iterator[str]:
    words = _WORD.findall(text)
    for start in range(0, len(words), _WORDS_IN_A_DELTA):
        yield "".join(words[start : start + _WORDS_IN_A_DELTA])
