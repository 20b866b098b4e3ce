"""What the comparison with the official SDK runs over: calls, replies, events, framings."""

import json
from typing import Any

import pytest
from clients import (
    CALLS,
    CONVERSATION,
    DONE,
    ENTRY,
    NULLS,
    RESPONSE,
    STARTED,
    TIME,
    WEATHER,
    cuts,
    event,
)

SDK_CALLS: list[tuple[str, dict[str, Any]]] = [
    *((call.name, call.arguments) for call in CALLS),
    ("list", {"page": 3, "page_size": 7}),
    ("list", {"page": None, "page_size": None}),
    ("list", {"metadata": None}),
    ("list", {"metadata": {}}),
    ("list", {"metadata": {"a": 1, "b": "x y", "é": "ü&=+"}}),
    ("get", {"conversation_id": "a b"}),
    ("get", {"conversation_id": "é"}),
    (
        "start",
        {
            "inputs": "é 🚀",
            "store": False,
            "handoff_execution": "client",
            "instructions": "",
            "name": "n",
            "description": "d",
            "metadata": {"a": [1, 2.5, None, {"b": True}]},
            "agent_id": "ag_1",
            "agent_version": "3",
        },
    ),
    ("start", {"inputs": "x", "agent_id": "ag_1", "agent_version": 3}),
    ("start", {"inputs": "x", **NULLS, "guardrails": None}),
    (
        "start",
        {
            "inputs": [
                {"role": "user", "content": "x"},
                {"role": "assistant", "content": "x", "prefix": True, "type": "message.input"},
                {"content": "x"},
                {"content": "x", "agent_id": None, "model": "m", "type": "message.output"},
                {"tool_call_id": "t", "name": "n", "arguments": {"a": 1}},
                {"tool_call_id": "t", "name": "n", "arguments": "{}", "type": "function.call"},
                {"tool_call_id": "t", "result": "r", "created_at": TIME, "completed_at": None},
                {
                    "previous_agent_id": "a",
                    "previous_agent_name": "A",
                    "next_agent_id": "b",
                    "next_agent_name": "B",
                },
            ]
        },
    ),
    (
        "start",
        {
            "inputs": [
                {
                    "role": "user",
                    "content": [
                        {"text": "x"},
                        {"type": "text", "text": "x"},
                        {"image_url": "https://a.test/i.png"},
                        {"type": "image_url", "image_url": {"url": "u", "detail": "low"}},
                        {"type": "document_url", "document_url": "u", "document_name": None},
                        {"type": "thinking", "thinking": [{"type": "text", "text": "t"}]},
                        {"type": "tool_file", "tool": "image_generation", "file_id": "f"},
                    ],
                }
            ]
        },
    ),
    (
        "start",
        {
            "inputs": "x",
            "tools": [
                WEATHER,
                {"type": "web_search"},
                {"type": "web_search_premium", "tool_configuration": None},
                {"type": "code_interpreter", "tool_configuration": {"include": ["a"]}},
                {"type": "image_generation"},
                {"type": "document_library", "library_ids": ["l"]},
                {
                    "type": "connector",
                    "connector_id": "gmail",
                    "authorization": {"type": "api-key", "value": "v"},
                    "tool_configuration": {"exclude": None, "requires_confirmation": ["b"]},
                },
                {
                    "type": "connector",
                    "connector_id": "drive",
                    "authorization": {"type": "oauth2-token", "value": "v"},
                },
            ],
        },
    ),
    ("start", {"inputs": "x", "tools": [], "completion_args": {}, "metadata": {}}),
    (
        "start",
        {
            "inputs": "x",
            "completion_args": {
                "stop": ["a"],
                "presence_penalty": 1,
                "frequency_penalty": -0.5,
                "temperature": 0.5,
                "top_p": None,
                "max_tokens": 5,
                "random_seed": 1,
                "prediction": {},
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "n", "schema": {"type": "object"}, "strict": True},
                },
                "tool_choice": "any",
                "reasoning_effort": "high",
            },
        },
    ),
    (
        "start",
        {
            "inputs": "x",
            "guardrails": [
                {},
                {"moderation_llm_v1": {}, "moderation_llm_v2": None},
                {
                    "block_on_error": True,
                    "moderation_llm_v2": {
                        "custom_category_thresholds": {"sexual": 0.1, "health": None},
                        "action": "block",
                    },
                },
            ],
        },
    ),
    (
        "append",
        {
            "conversation_id": "c",
            "inputs": None,
            "store": None,
            "handoff_execution": None,
            "completion_args": None,
            "tool_confirmations": None,
        },
    ),
    (
        "append",
        {
            "conversation_id": "c",
            "tool_confirmations": [
                {"tool_call_id": "t", "confirmation": "allow"},
                {"tool_call_id": "u", "confirmation": "deny"},
            ],
        },
    ),
    ("append_stream", {"conversation_id": "c", "inputs": [], "store": False}),
    (
        "restart",
        {
            "conversation_id": "c",
            "from_entry_id": "e",
            "inputs": None,
            "store": None,
            "handoff_execution": None,
            "completion_args": None,
            "guardrails": None,
            "metadata": None,
            "agent_version": None,
        },
    ),
    (
        "restart_stream",
        {
            "conversation_id": "c",
            "from_entry_id": "e",
            "inputs": "x",
            "guardrails": [{"block_on_error": True}],
            "metadata": {"a": 1},
            "agent_version": "3",
            "completion_args": {"temperature": 1},
        },
    ),
    *(
        ("start", {"inputs": "x", **arguments})
        for arguments in (
            {"completion_args": {"tool_choice": None}},
            {"completion_args": {"response_format": {"type": None}}},
            {"guardrails": [{"moderation_llm_v1": {"action": None}}]},
            {
                "tools": [
                    {
                        "type": "function",
                        "function": {
                            "name": "f",
                            "parameters": {},
                            "description": None,
                            "strict": None,
                        },
                    }
                ]
            },
            {"inputs": [{"role": "user", "content": "x", "created_at": None, "id": None}]},
            {"inputs": [{"role": "user", "content": "x", "prefix": None}]},
            {"guardrails": [{"block_on_error": None}]},
            {"guardrails": [{"moderation_llm_v2": {"model_name": None}}]},
            {"completion_args": {"prediction": {"content": None}}},
        )
    ),
]

AGENT_PAIR = {
    "previous_agent_id": "ag_1",
    "previous_agent_name": "A",
    "next_agent_id": "ag_2",
    "next_agent_name": "B",
}
DATED = {"object": "entry", "created_at": TIME, "completed_at": TIME, "id": "x_1"}
THOUGHTS = [
    {"type": "text", "text": "t"},
    {"type": "reference", "reference_ids": [1, "a"]},
    {"type": "tool_reference", "tool": "web_search", "title": "t"},
]
OUTPUT_CHUNKS: list[dict[str, Any]] = [
    {"type": "text", "text": "t"},
    {"text": "without a type"},
    {"type": "image_url", "image_url": "u"},
    {"type": "image_url", "image_url": {"url": "u", "detail": "low"}},
    {"type": "image_url", "image_url": {"url": "u", "detail": "sharp"}},
    {"type": "document_url", "document_url": "u", "document_name": "n"},
    {"type": "document_url", "document_url": "u", "document_name": None},
    {"type": "thinking", "thinking": THOUGHTS, "signature": "s", "closed": False},
    {"type": "tool_file", "tool": "image_generation", "file_id": "f", "file_name": "n"},
    {"type": "tool_reference", "tool": "other", "title": "t", "url": "u", "favicon": "f"},
]
ENTRIES: list[dict[str, Any]] = [
    {"role": "assistant", "content": "x", "agent_id": None, "model": "m"},
    ENTRY,
    ENTRY | {"agent_id": "ag_1", "model": None, "completed_at": None},
    {"type": "message.output", "content": "the least"},
    {**ENTRY, "content": OUTPUT_CHUNKS},
    {**DATED, "type": "message.input", "role": "user", "content": "x", "prefix": True},
    {
        **DATED,
        "type": "message.input",
        "role": "critic",
        "content": [{"type": "text", "text": "x"}],
    },
    {**DATED, "type": "function.call", "tool_call_id": "t", "name": "n", "arguments": {"a": [1]}},
    {
        **DATED,
        "type": "function.call",
        "tool_call_id": "t",
        "name": "n",
        "arguments": "{}",
        "confirmation_status": "pending",
        "agent_id": None,
        "model": "m",
    },
    {**DATED, "type": "function.result", "tool_call_id": "t", "result": "r"},
    {
        **DATED,
        "type": "tool.execution",
        "name": "web_search",
        "arguments": "{}",
        "function": "open_url",
        "info": {"result": [{"type": "text", "text": "x"}]},
    },
    {**DATED, "type": "tool.execution", "name": "any_name", "arguments": ""},
    {**DATED, "type": "agent.handoff", **AGENT_PAIR},
]
# Without the word that the SDK does not know, which it reads, but loses when it sends it.
RESENT = json.loads(json.dumps(ENTRIES).replace("sharp", "auto"))
# With null for what has a default, which is sent back as that default.
NULLED: list[dict[str, Any]] = [
    ENTRY | {"object": None, "role": None},
    {**DATED, "type": "message.input", "role": "user", "content": "x", "prefix": None},
]
OUTPUTS = [
    one
    for one in (*ENTRIES, *NULLED)
    if one.get("type", "message.output") not in {"message.input", "function.result"}
]
MESSAGES = [
    one for one in (*ENTRIES, *NULLED) if one.get("type", "message.").startswith("message.")
]
USAGES: list[dict[str, Any]] = [
    {"prompt_tokens": None, "completion_tokens": 2, "total_tokens": None},
    {},
    {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
    {"total_tokens": 9, "connector_tokens": 6, "connectors": {"web_search": 1}, "new": 1},
    {"total_tokens": 9, "connector_tokens": None, "connectors": None},
]
CONVERSATIONS: list[dict[str, Any]] = [
    CONVERSATION,
    {
        **CONVERSATION,
        "instructions": "i",
        "name": "n",
        "description": None,
        "metadata": {"a": [1]},
        "tools": [
            WEATHER,
            {"type": "web_search", "tool_configuration": {"include": ["a"]}},
            {"type": "web_search_premium"},
            {"type": "code_interpreter"},
            {"type": "image_generation", "tool_configuration": None},
            {"type": "document_library", "library_ids": ["l"]},
            {
                "type": "connector",
                "connector_id": "c",
                "authorization": {"type": "api-key", "value": "v"},
            },
            {"type": "new", "x": 1},
        ],
        "completion_args": {
            "stop": None,
            "temperature": 0.5,
            "tool_choice": "auto",
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "n", "schema": {"type": "object"}},
            },
            "reasoning_effort": "high",
            "prediction": {"type": "content", "content": "c"},
        },
        "guardrails": [
            {
                "block_on_error": True,
                "moderation_llm_v1": {"custom_category_thresholds": {"pii": 0.1}},
                "moderation_llm_v2": {
                    "custom_category_thresholds": {"criminal": 0.1, "sexual": None},
                    "action": "block",
                },
            }
        ],
    },
    {**CONVERSATION, "model": None, "agent_id": "ag_1", "agent_version": "3"},
    {**CONVERSATION, "agent_id": "ag_1", "agent_version": 3, "metadata": None},
]

REPLIES = [
    *(("start", {**RESPONSE, "outputs": [one]}) for one in OUTPUTS),
    *(("append", {**RESPONSE, "usage": usage}) for usage in USAGES),
    ("restart", {**RESPONSE, "outputs": [], "guardrails": [{"a": {"b": 1.5}}]}),
    ("restart", {name: RESPONSE[name] for name in ("conversation_id", "outputs", "usage")}),
    *(("get", conversation) for conversation in CONVERSATIONS),
    ("list", CONVERSATIONS),
    ("list", []),
    ("get_history", {"conversation_id": "c", "entries": ENTRIES}),
    (
        "get_messages",
        {"object": "conversation.messages", "conversation_id": "c", "messages": MESSAGES},
    ),
]
OPERATIONS = {
    "conversation.response": "start",
    "conversation.history": "get_history",
    "conversation.messages": "get_messages",
    "conversation": "get",
}

DELTA = event("message.output.delta", id="m", content="Grüße 日本 🚀")
TOOL_EVENTS = {"ToolExecutionStartedEvent", "ToolExecutionDeltaEvent", "ToolExecutionDoneEvent"}
SANDBOX_STREAMS = [
    pytest.param({"inputs": "One two three. Grüße 日本 🚀"}, {"MessageOutputEvent"}, id="text"),
    pytest.param(
        {"inputs": "The weather in Paris?", "tools": [WEATHER]},
        {"FunctionCallEvent"},
        id="function",
    ),
    pytest.param(
        {"inputs": "What is 2+3?", "tools": [{"type": "code_interpreter"}]},
        {*TOOL_EVENTS, "MessageOutputEvent"},
        id="code",
    ),
    pytest.param(
        {"inputs": "Who won?", "tools": [{"type": "web_search"}]},
        {*TOOL_EVENTS, "MessageOutputEvent"},
        id="search, with chunks that are no text",
    ),
    pytest.param(
        {"inputs": "Hi", "model": None},
        {"AgentHandoffStartedEvent", "AgentHandoffDoneEvent", "MessageOutputEvent"},
        id="agents",
    ),
]

PLACE = {"created_at": TIME, "output_index": 2, "id": "x_1"}
MAY_BE_LEFT_OUT = {
    "created_at",
    "output_index",
    "content_index",
    "model",
    "agent_id",
    "role",
    "info",
    "confirmation_status",
    "function",
}
EVENTS: list[dict[str, Any]] = [
    {"type": "conversation.response.started", "created_at": TIME, "conversation_id": "c"},
    *(
        {"type": "conversation.response.done", "created_at": TIME, "usage": usage}
        for usage in USAGES
    ),
    {
        "type": "message.output.delta",
        "id": "m",
        "content": "x",
        "output_index": None,
        "content_index": None,
        "role": None,
    },
    {"type": "conversation.response.error", "created_at": TIME, "message": "m", "code": 3000},
    {"type": "conversation.response.error", "message": "m", "code": "3000"},
    {"type": "conversation.response.error", "message": "m", "code": "oops"},
    *(
        {
            "type": "message.output.delta",
            **PLACE,
            "content_index": 1,
            "model": "m",
            "agent_id": None,
            "role": "assistant",
            "content": content,
        }
        for content in ("text", *OUTPUT_CHUNKS)
    ),
    {
        "type": "tool.execution.started",
        **PLACE,
        "model": "m",
        "agent_id": "a",
        "name": "web_search",
        "arguments": "",
        "function": "f",
    },
    {"type": "tool.execution.delta", **PLACE, "name": "n", "arguments": '{"a', "function": "f"},
    {"type": "tool.execution.done", **PLACE, "name": "n", "info": {"a": 1}, "function": "f"},
    {
        "type": "agent.handoff.started",
        **PLACE,
        "previous_agent_id": "a",
        "previous_agent_name": "A",
    },
    {"type": "agent.handoff.done", **PLACE, "next_agent_id": "b", "next_agent_name": "B"},
    {
        "type": "function.call.delta",
        **PLACE,
        "model": None,
        "agent_id": "a",
        "name": "n",
        "tool_call_id": "t",
        "arguments": "{",
        "confirmation_status": "new",
    },
    {"type": "brand.new", **PLACE, "x": [1, {"y": None}]},
    {"type": "tool.execution.delta", **PLACE, "name": "n"},
    {"type": "conversation.response.done", "usage": None},
]

LINES = STARTED + DELTA + DONE
FIELDS = b"id: 7\nretry: 250\n: comment\n\n: only a comment\n\n\n"
SAME_FRAMINGS = {
    "LF": (LINES,),
    "CRLF": (LINES.replace(b"\n", b"\r\n"),),
    "CR": (LINES.replace(b"\n", b"\r"),),
    "mixed": (STARTED + DELTA.replace(b"\n", b"\r\n") + DONE.replace(b"\n", b"\r"),),
    "one byte a chunk": tuple(cuts(LINES, 1)),
    "CRLF, one byte a chunk": tuple(cuts(LINES.replace(b"\n", b"\r\n"), 1)),
    "BOM": (b"\xef\xbb\xbf" + STARTED, DONE),
    "comments, ids, retry times": (FIELDS + STARTED, FIELDS, DONE),
    "blocks without data": (b"event: x\n\nid: 1\n\nretry: 5\n\n" + STARTED,),
    "id with NUL": (b"id: \0\n" + STARTED,),
    "no space after the colon": (STARTED.replace(b": {", b":{").replace(b"event: ", b"event:"),),
    "two spaces in a name": (STARTED.replace(b"event: ", b"event:  "),),
    "data in several lines": (STARTED.replace(b", ", b",\ndata: "),),
    "another name": (STARTED.replace(b"event: conversation", b"event: other"),),
    "error in the middle": (
        STARTED,
        event("conversation.response.error", message="m", code=1),
        DONE,
    ),
    "no end": (STARTED, DELTA),
    "no last blank line": (STARTED, DONE[:-1]),
    "no last line end": (STARTED, DONE[:-2]),
    "cut in the last data": (STARTED, DONE[:-20]),
    "no JSON": (STARTED, b"event: x\ndata: oops\n\n", DONE),
    "empty data": (STARTED, b"event: x\ndata:\n\n", DONE),
}
NAMES = ["conversation.response.started", "conversation.response.done"]
BETTER_FRAMINGS = {
    "no name": ((STARTED, b"data:" + DONE.partition(b"data:")[2], STARTED), [*NAMES, NAMES[0]]),
    "end mark of other APIs": ((STARTED, DONE, b"data: [DONE]\n\n", STARTED), [*NAMES, NAMES[0]]),
    "data without a type": (
        (STARTED, b'event: x\ndata: {"a":1}\n\n', DONE),
        [NAMES[0], "x", NAMES[1]],
    ),
    "data that is no object": (
        (STARTED, b"event: x\ndata: null\n\n", DONE),
        [NAMES[0], "x", NAMES[1]],
    ),
}

# What the SDK drops, by what is done about it here.
WHAT_THE_SDK_DROPS: list[tuple[str, dict[str, Any]]] = [
    ("sent", {"completion_args": {"tool_choice": "zzz"}}),
    ("sent", {"completion_args": {"reasoning_effort": "zzz"}}),
    ("sent", {"completion_args": {"response_format": {"type": "zzz"}}}),
    ("refused", {"completion_args": {"temprature": 1}}),
    ("refused", {"tools": [{"type": "web_search", "new": 1}]}),
    ("refused", {"guardrails": [{"new": 1}]}),
    ("refused", {"inputs": [{"role": "user", "content": "x", "new": 1}]}),
    (
        "refused",
        {"inputs": [{"role": "user", "content": [{"type": "text", "text": "x", "new": 1}]}]},
    ),
    ("refused", {"metadata": {"a": float("nan")}}),
]
