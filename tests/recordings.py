"""Cassettes for tests, made of what was said."""

import json
from pathlib import Path

import yaml

ID = "conv_" + "a" * 32
OTHER = "conv_" + "b" * 32
BASE = "https://api.mistral.ai/v1/conversations"
AT = "2026-11-24T10:00:00Z"

Data = dict[str, object]


def interaction(method: str, url: str, request: object, response: object, **more: object) -> Data:
    """An interaction as a cassette has it; a text that begins as one is a stream."""
    is_stream = isinstance(response, str) and response.startswith("event:")
    kind = "text/event-stream" if is_stream else "application/json"
    string = response if isinstance(response, str) else json.dumps(response)
    return {
        "request": {
            "method": method,
            "uri": url,
            "headers": {},
            "body": None if request is None else json.dumps(request),
        },
        "response": {
            "status": {"code": 200, "message": "OK"},
            "headers": {"Content-Type": [kind]},
            "body": {"string": string},
            **more,
        },
    }


def event(type_: str, **data: object) -> str:
    """A server-sent event of the API."""
    return f"event: {type_}\ndata: {json.dumps({'type': type_, 'created_at': AT, **data})}\n\n"


def stream(conversation: str, *pieces: str) -> list[str]:
    """A streamed answer, in these pieces of text."""
    fields = {"output_index": 0, "id": "msg_1", "role": "assistant"}
    return [
        event("conversation.response.started", conversation_id=conversation),
        *(event("message.output.delta", **fields, content=piece) for piece in pieces),
        event(
            "conversation.response.done",
            usage={"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
        ),
    ]


def talk(conversation: str, said: str, *pieces: str) -> list[Data]:
    """A conversation of a call and a streamed answer; a chunk an event, 100 ms later each time."""
    call = {"object": "entry", "type": "function.call", "name": "add", "tool_call_id": "t1"}
    answer = {"object": "conversation.response", "conversation_id": conversation}
    events = stream(conversation, *pieces)
    table = " ".join(f"{100 * n}+{len(each)}" for n, each in enumerate(events, 1))
    return [
        interaction(
            "POST",
            BASE,
            {"inputs": said, "model": "m"},
            {**answer, "outputs": [{**call, "arguments": '{"a": 1, "b": 2}'}]},
        ),
        interaction(
            "POST",
            f"{BASE}/{conversation}",
            {
                "inputs": [{"type": "function.result", "tool_call_id": "t1", "result": "3"}],
                "stream": True,
            },
            "".join(events),
            stream={"chunks": table},
        ),
    ]


def write(path: Path, *interactions: Data, **metadata: object) -> Path:
    """Write a cassette as vcrpy would."""
    document: Data = {"version": 1, "interactions": [*interactions]}
    if metadata:
        document["metadata"] = metadata
    text = yaml.dump(document, Dumper=yaml.CSafeDumper, allow_unicode=True)
    path.write_text(text, encoding="utf-8")
    return path
