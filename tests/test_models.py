"""The models: recorded replies survive them, unknown things are kept, requests are as the API's."""

import datetime as dt
import json
import os
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from payloads import parse
from pydantic import BaseModel, JsonValue, TypeAdapter, ValidationError

from pytest_conversations import models
from pytest_conversations._sse import Decoder
from pytest_conversations.models import Unknown

_CORPUS = os.environ.get("CONVERSATIONS_CORPUS", "")

_needs_corpus = pytest.mark.skipif(
    not _CORPUS, reason="needs CONVERSATIONS_CORPUS, the folder of recorded payloads"
)

_ENTRY: TypeAdapter[Any] = TypeAdapter(models.Entry)
_CHUNK: TypeAdapter[Any] = TypeAdapter(models.ContentChunk)
_TOOL: TypeAdapter[Any] = TypeAdapter(models.ModelConversationTool)
_EVENT: TypeAdapter[Any] = TypeAdapter(models.ConversationEventsData)
_CONVERSATION: TypeAdapter[Any] = TypeAdapter(models.ResponseV1ConversationsGet)
_UNIONS = {
    "entry": (_ENTRY, models.UnknownEntry),
    "chunk": (_CHUNK, models.UnknownContentChunk),
    "tool": (_TOOL, models.UnknownModelConversationTool),
    "event": (_EVENT, models.UnknownConversationEventsData),
}

# What an `object` says about a payload. An agent is none of our replies, but its instructions,
# tools, arguments and guardrails are those of a conversation.
_REPLIES: dict[str, TypeAdapter[Any]] = {
    "conversation.response": TypeAdapter(models.ConversationResponse),
    "conversation.history": TypeAdapter(models.ConversationHistory),
    "conversation.messages": TypeAdapter(models.ConversationMessages),
    "conversation": _CONVERSATION,
    "entry": _ENTRY,
    "agent": _CONVERSATION,
}

_KNOWN_TYPES = {
    "agent.handoff",
    "agent.handoff.done",
    "agent.handoff.started",
    "code_interpreter",
    "connector",
    "conversation.response.done",
    "conversation.response.error",
    "conversation.response.started",
    "document_library",
    "document_url",
    "function",
    "function.call",
    "function.call.delta",
    "function.result",
    "image_generation",
    "image_url",
    "message.input",
    "message.output",
    "message.output.delta",
    "text",
    "thinking",
    "tool.execution",
    "tool.execution.delta",
    "tool.execution.done",
    "tool.execution.started",
    "tool_file",
    "tool_reference",
    "web_search",
    "web_search_premium",
}

_USAGE = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
_DATES = {"created_at": "2026-09-07T12:56:55.249877Z", "updated_at": "2026-09-07T12:57:00Z"}
_MODEL_CONVERSATION = {"object": "conversation", "id": "conv_1", **_DATES, "model": "m"}

_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
_field = st.text() | st.sampled_from(
    ["text", "content", "role", "name", "arguments", "tool_call_id", "result", "id", "usage"]
)


def _unknown_type(payload: dict[str, Any], kind: str) -> dict[str, Any]:
    return payload | {"type": kind}


_unknown_payload = st.builds(
    _unknown_type,
    st.dictionaries(_field, _json, max_size=5),
    (st.text() | st.text(string.ascii_lowercase + "._")).filter(lambda x: x not in _KNOWN_TYPES),
)


def _corpus(pattern: str) -> list[Path]:
    """Files of the corpus; one that stands for all of them where there is no corpus."""
    return sorted(Path(_CORPUS).glob(pattern)) if _CORPUS else [Path("no corpus")]


def _replies() -> list[Path]:
    """The files of the corpus that hold a whole reply as it was on the wire."""
    return [path for path in _corpus("conversations/*.json") if _is_reply(path)]


def _is_reply(path: Path) -> bool:
    if not _CORPUS:
        return True
    payload = json.loads(path.read_text("utf-8"))
    printed_in_camel_case = "createdAt" in payload  # by the TypeScript SDK
    return payload.get("object") in _REPLIES and not printed_in_camel_case


def _interactions() -> Iterator[tuple[str, str]]:
    """Media type and body of each recorded reply to an operation on conversations."""
    for path in _corpus("cassettes/mistral/*.yaml"):
        for recorded in yaml.safe_load(path.read_text("utf-8"))["interactions"]:
            if "/v1/conversations" in recorded["request"]["uri"]:
                response = recorded["response"]
                kind = response["headers"]["content-type"][0].partition(";")[0]
                yield kind, response["body"]["string"]


def _events(stream: bytes) -> list[tuple[str | None, bytes]]:
    """Name and data of each event of a recorded stream."""
    decoder = Decoder()
    events = decoder.feed(stream)
    last = decoder.flush()
    return [(event.event, event.data) for event in (events if last is None else [*events, last])]


def _exact(value: object) -> str:
    """JSON as text, where 1, 1.0 and true are three things."""
    return json.dumps(value, sort_keys=True)


def _unknowns(value: object) -> Iterator[Unknown]:
    """Everything of an unknown type inside a model."""
    if isinstance(value, Unknown):
        yield value
    elif isinstance(value, BaseModel):
        for _, inner in value:
            yield from _unknowns(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _unknowns(inner)


class TestRecorded:
    """What the real service sent."""

    @_needs_corpus
    @pytest.mark.parametrize("path", _replies(), ids=lambda path: path.stem)
    def test_payload(self, path: Path) -> None:
        """Each published reply parses into known types, and nothing of it is lost."""
        text = path.read_text("utf-8")

        model = parse(_REPLIES[json.loads(text)["object"]], text)

        assert list(_unknowns(model)) == []

    @_needs_corpus
    def test_corpus_has_each_kind(self) -> None:
        """The test above has a reply of each kind to parse."""
        found = {json.loads(path.read_text("utf-8"))["object"] for path in _replies()}

        assert found == _REPLIES.keys()

    @_needs_corpus
    def test_excerpt(self) -> None:
        """The entries of a reply that was shortened by hand parse on their own."""
        (path,) = _corpus("conversations/docs_connector_confirmation_pending.elided.json")
        (output,) = json.loads(path.read_text("utf-8"))["outputs"]

        call = parse(_ENTRY, json.dumps(output))

        assert isinstance(call, models.FunctionCallEntry)
        assert call.confirmation_status == "pending"

    @_needs_corpus
    def test_list(self) -> None:
        """A list holds conversations with agents and with models side by side."""
        (path,) = _corpus("conversations/docs_list_conversations_*.elided.txt")
        elided = "".join(path.read_text("utf-8").split("  ...\n"))
        text = json.dumps(yaml.safe_load(elided))  # JSON but for a comma too many, which YAML takes

        found = parse(TypeAdapter(list[models.ResponseV1ConversationsGet]), text)

        assert {type(one) for one in found} == {models.AgentConversation, models.ModelConversation}

    @_needs_corpus
    def test_cassette_replies(self) -> None:
        """Each recorded JSON reply parses into known types, and nothing of it is lost."""
        bodies = [body for kind, body in _interactions() if kind == "application/json"]

        replies = [parse(_REPLIES["conversation.response"], body) for body in bodies]

        assert [unknown for reply in replies for unknown in _unknowns(reply)] == []
        assert {type(output) for reply in replies for output in reply.outputs} == {
            models.MessageOutputEntry,
            models.ToolExecutionEntry,
        }

    @_needs_corpus
    def test_cassette_streams(self) -> None:
        """Each event of the recorded streams is typed, named by its type, and keeps all it has."""
        streams = [body for kind, body in _interactions() if kind == "text/event-stream"]
        assert len(streams) >= 2
        seen = set()
        for stream in streams:
            for name, data in _events(stream.encode()):
                event = parse(_EVENT, data)
                assert list(_unknowns(event)) == []
                assert name == event.type
                seen.add(name)

        assert seen == {
            "conversation.response.started",
            "tool.execution.started",
            "tool.execution.delta",
            "tool.execution.done",
            "message.output.delta",
            "conversation.response.done",
        }

    @_needs_corpus
    def test_published_stream(self) -> None:
        """The stream of 2025 in the docs is typed, although its tools have no arguments."""
        (path,) = _corpus("conversations/docs_stream_websearch_202504.elided.sse")

        events = [(name, parse(_EVENT, data)) for name, data in _events(path.read_bytes())]

        assert [unknown for _, event in events for unknown in _unknowns(event)] == []
        assert [name for name, _ in events] == [event.type for _, event in events]
        assert len(events) == 10


class TestUnknown:
    """A new server never breaks an old recording."""

    @pytest.mark.parametrize("union", _UNIONS)
    def test_unknown_type(self, union: str) -> None:
        """What has an unknown type is kept with its payload."""
        adapter, unknown = _UNIONS[union]
        payload = {"type": "new.kind", "list": [1, 2.5, None, {"deep": [True]}], "text": "x"}

        found = parse(adapter, json.dumps(payload))

        assert type(found) is unknown
        assert found.type == "new.kind"
        assert found.raw == payload

    @pytest.mark.parametrize("union", _UNIONS)
    @settings(deadline=None)
    @given(payload=_unknown_payload)
    def test_any_unknown_type(self, union: str, payload: dict[str, Any]) -> None:
        """Any object of an unknown type survives a round trip to the digit."""
        adapter, unknown = _UNIONS[union]

        found = adapter.validate_json(json.dumps(payload), extra="allow")

        assert type(found) is unknown
        assert _exact(found.raw) == _exact(payload)
        assert _exact(json.loads(adapter.dump_json(found))) == _exact(payload)
        assert _exact(adapter.dump_python(found)) == _exact(payload)

    @pytest.mark.parametrize("union", _UNIONS)
    @pytest.mark.parametrize(
        "payload", [None, True, 5, "text", [], {}, {"type": 5}, {"type": None}]
    )
    def test_no_type(self, union: str, payload: object) -> None:
        """What has no type, or is no object, is kept as well; its type is None."""
        adapter, unknown = _UNIONS[union]

        found = parse(adapter, json.dumps(payload))

        assert type(found) is unknown
        assert found.type is None
        assert _exact(found.raw) == _exact(payload)

    @pytest.mark.parametrize(
        ("union", "payload"),
        [
            ("entry", {"type": "message.input", "role": "user"}),
            ("entry", {"type": "message.output"}),
            ("entry", {"type": "message.output", "content": {"text": "no list"}}),
            ("entry", {"type": "message.output", "content": "x", "created_at": [2026]}),
            ("entry", {"type": "function.call", "tool_call_id": "t", "name": "n"}),
            ("entry", {"type": "function.result", "tool_call_id": "t", "result": {"no": "text"}}),
            ("entry", {"type": "tool.execution", "arguments": "{}"}),
            ("entry", {"type": "agent.handoff", "previous_agent_id": "a"}),
            ("chunk", {"type": "text"}),
            ("chunk", {"type": "image_url", "image_url": 5}),
            ("chunk", {"type": "document_url", "document_url": None}),
            ("chunk", {"type": "thinking", "thinking": "no list"}),
            ("chunk", {"type": "tool_file", "tool": "image_generation"}),
            ("chunk", {"type": "tool_reference", "tool": "web_search"}),
            ("tool", {"type": "function"}),
            ("tool", {"type": "function", "function": {"name": "f"}}),
            ("tool", {"type": "document_library", "library_ids": "no list"}),
            ("tool", {"type": "connector"}),
            ("event", {"type": "conversation.response.started"}),
            ("event", {"type": "conversation.response.done", "usage": None}),
            ("event", {"type": "conversation.response.error", "message": "m", "code": "oops"}),
            ("event", {"type": "message.output.delta", "content": "no id"}),
            ("event", {"type": "tool.execution.delta", "id": "i", "name": "n"}),
            ("event", {"type": "tool.execution.done", "id": "i", "name": "n", "info": "text"}),
            ("event", {"type": "function.call.delta", "id": "i", "name": "n", "arguments": ""}),
            ("event", {"type": "function.call.delta", "id": "i", "name": "n", "tool_call_id": "t"}),
            ("event", {"type": "agent.handoff.done", "id": "i"}),
        ],
    )
    def test_other_shape(self, union: str, payload: dict[str, Any]) -> None:
        """What has a known type and another shape is kept with its payload."""
        adapter, unknown = _UNIONS[union]

        found = parse(adapter, json.dumps(payload))

        assert type(found) is unknown
        assert found.type == payload["type"]
        assert found.raw == payload

    def test_inside_replies(self) -> None:
        """Unknown entries, chunks, thoughts and tools leave what is around them typed."""
        new = {"type": "new", "x": 1}
        response = {
            "object": "conversation.response",
            "conversation_id": "conv_1",
            "outputs": [
                new,
                {
                    "type": "message.output",
                    "content": [
                        {"type": "text", "text": "t"},
                        new,
                        {"type": "thinking", "thinking": [new, {"type": "text", "text": "t"}]},
                    ],
                },
            ],
            "usage": _USAGE,
        }

        reply = parse(_REPLIES["conversation.response"], json.dumps(response))
        conversation = parse(_CONVERSATION, json.dumps(_MODEL_CONVERSATION | {"tools": [new]}))

        assert type(reply.outputs[0]) is models.UnknownEntry
        text, unknown, thinking = reply.outputs[1].content
        assert type(text) is models.TextChunk
        assert type(unknown) is models.UnknownContentChunk
        assert type(thinking.thinking[0]) is models.UnknownContentChunk
        assert type(thinking.thinking[1]) is models.TextChunk
        assert type(conversation.tools[0]) is models.UnknownModelConversationTool

    def test_id_of_an_entry(self) -> None:
        """An unknown entry tells its id, as any other, if it has one."""
        payloads: list[JsonValue] = [{"id": "x_1"}, {"id": 5}, {}, "text"]
        found = [models.UnknownEntry(payload).id for payload in payloads]

        assert found == ["x_1", None, None, None]

    def test_tool_of_a_conversation(self) -> None:
        """An unknown tool of a conversation can be given to another; none can be made up."""
        conversation = _CONVERSATION.validate_python(
            _MODEL_CONVERSATION | {"tools": [{"type": "new", "x": 1}, {"type": "web_search"}]}
        )

        request = models.ConversationRequest.to_send({"inputs": "x", "tools": conversation.tools})

        assert json.loads(request.sent_json())["tools"] == [
            {"type": "new", "x": 1},
            {"type": "web_search"},
        ]
        with pytest.raises(ValidationError, match=r"tools\.0"):
            models.ConversationRequest.to_send({"inputs": "x", "tools": [{"type": "new", "x": 1}]})

    def test_way_to_authorize(self) -> None:
        """An unknown one leaves its connector typed; in a request it is refused."""
        connector = {"type": "connector", "connector_id": "c", "authorization": {"type": "new"}}

        found = parse(_TOOL, json.dumps(connector))

        assert type(found) is models.CustomConnector
        assert type(found.authorization) is models.UnknownCustomConnectorAuthorization
        with pytest.raises(ValidationError, match=r"tools\.0\.connector\.authorization"):
            models.ConversationRequest.to_send({"inputs": "x", "tools": [connector]})

    @pytest.mark.parametrize(
        ("adapter", "payload", "defaults"),
        [
            (
                _EVENT,
                {"type": "message.output.delta", "id": "m", "content": "x"},
                {"output_index": 0, "content_index": 0, "role": "assistant"},
            ),
            (_EVENT, {"type": "tool.execution.done", "id": "m", "name": "n"}, {"output_index": 0}),
            (
                _ENTRY,
                {"type": "message.output", "content": "x"},
                {"object": "entry", "role": "assistant"},
            ),
            (
                _ENTRY,
                {"content": "x", "model": "m"},
                {"object": "entry", "type": "message.output", "role": "assistant"},
            ),
            (_CHUNK, {"text": "x"}, {"type": "text"}),
            (
                _REPLIES["conversation.response"],
                {"conversation_id": "c", "outputs": [], "usage": {}},
                {"object": "conversation.response"},
            ),
            (_CONVERSATION, _MODEL_CONVERSATION, {"object": "conversation"}),
            (TypeAdapter(models.ConversationUsageInfo), {}, {"prompt_tokens": 0}),
        ],
    )
    def test_null_for_a_default(
        self, adapter: TypeAdapter[Any], payload: dict[str, Any], defaults: dict[str, Any]
    ) -> None:
        """A null where the API has a default, and takes none, is that default (gotcha 14)."""
        text = json.dumps(payload | dict.fromkeys(defaults))

        found = adapter.validate_json(text, extra="allow")

        assert not isinstance(found, Unknown)
        assert {name: getattr(found, name) for name in defaults} == defaults
        assert found == adapter.validate_python(payload)

    def test_null_that_stays(self) -> None:
        """Where a request may hold null in place of a default, a reply keeps it."""
        guardrail = {"block_on_error": None, "moderation_llm_v1": {"model_name": None}}

        found = parse(_CONVERSATION, json.dumps(_MODEL_CONVERSATION | {"guardrails": [guardrail]}))

        assert found.guardrails[0].block_on_error is None

    def test_null_counts(self) -> None:
        """A whole reply hangs on its token counts: a null is none, as for the SDK."""
        usage = {"prompt_tokens": None, "completion_tokens": None, "total_tokens": None}

        found = models.ConversationUsageInfo.model_validate(usage | {"connectors": {"a": None}})

        assert found == models.ConversationUsageInfo(connectors={"a": 0})

    def test_delta_of_a_chunk(self) -> None:
        """The content of a delta is text or one chunk, which may be unknown."""
        delta = {"type": "message.output.delta", "id": "msg_1"}
        chunks = ["", "text", {"type": "text", "text": "t"}, {"type": "new", "x": 1}]

        events = [parse(_EVENT, json.dumps(delta | {"content": chunk})) for chunk in chunks]

        contents = [str, str, models.TextChunk, models.UnknownContentChunk]
        assert [type(event.content) for event in events] == contents

    def test_stream_of_an_unknown_event(self) -> None:
        """A named event of an unknown type survives a round trip."""
        text = json.dumps({"event": "new.kind", "data": {"type": "new.kind", "x": [1]}})

        event = parse(TypeAdapter(models.ConversationEvents), text)

        assert type(event.data) is models.UnknownConversationEventsData
        assert event.data.raw == {"type": "new.kind", "x": [1]}


class TestUnknownKeys:
    """Kept in replies, refused in requests."""

    @pytest.mark.parametrize(
        ("adapter", "payload"),
        [
            pytest.param(
                _REPLIES["conversation.response"],
                {
                    "conversation_id": "conv_1",
                    "outputs": [
                        {"type": "tool.execution", "name": "n", "arguments": "", "function": "f"},
                        {
                            "type": "message.output",
                            "content": [
                                {"type": "tool_reference", "tool": "t", "title": "t", "source": "s"}
                            ],
                            "new": None,
                        },
                    ],
                    "usage": _USAGE | {"new_tokens": {"a": 1}},
                    "new": [1],
                },
                id="response",
            ),
            pytest.param(
                _CONVERSATION,
                _MODEL_CONVERSATION
                | {
                    "tools": [
                        {"type": "web_search", "new": 1},
                        {"type": "function", "function": {"name": "f", "parameters": {}, "n": 1}},
                        {"type": "web_search", "tool_configuration": {"new": None}},
                    ],
                    "completion_args": {
                        "temperature": 0.5,
                        "tool_choice": None,
                        "new": 1,
                        "response_format": {
                            "type": "json_schema",
                            "new": 1,
                            "json_schema": {"name": "n", "schema": {"type": "object"}, "new": 1},
                        },
                        "prediction": {"type": "content", "content": "", "new": 1},
                    },
                    "guardrails": [{"new": 1, "moderation_llm_v2": {"action": None, "new": None}}],
                    "new": None,
                },
                id="model conversation",
            ),
            pytest.param(
                _CONVERSATION,
                {"id": "conv_1", **_DATES, "agent_id": "ag_1", "model": "m", "new": 1},
                id="agent conversation",
            ),
            pytest.param(
                _EVENT,
                {"type": "tool.execution.started", "id": "i", "name": "n", "function": "f"},
                id="event",
            ),
            pytest.param(
                TypeAdapter(models.HTTPValidationErrorData),
                {
                    "object": "Error",
                    "detail": [{"loc": ["body", 0], "msg": "m", "type": "t", "url": "u"}],
                    "message": [],
                    "code": 3001,
                },
                id="error",
            ),
        ],
    )
    def test_kept_in_replies(self, adapter: TypeAdapter[Any], payload: dict[str, Any]) -> None:
        """Keys that this version does not know are kept wherever they stand."""
        assert list(_unknowns(parse(adapter, json.dumps(payload)))) == []

    def test_readable(self) -> None:
        """An unknown key is an attribute, and stands in `model_extra`."""
        payload = {"type": "tool.execution", "name": "n", "arguments": "", "function": "web_search"}

        entry = parse(_ENTRY, json.dumps(payload))

        assert entry.function == "web_search"
        assert entry.model_extra == {"function": "web_search"}

    def test_misspelt_argument(self) -> None:
        """A slip of the pen in a request is an error at once."""
        with pytest.raises(ValidationError, match=r"temprature\n  Extra inputs are not permitted"):
            models.CompletionArgs(temprature=1)  # type: ignore[call-arg]

    @pytest.mark.parametrize(
        ("model", "given"),
        [
            (models.ConversationRequest, {"inputs": "x", "new": 1}),
            (models.ConversationRequest, {"inputs": "x", "completion_args": {"temprature": 1}}),
            (models.ConversationRequest, {"inputs": "x", "tools": [{"type": "new"}]}),
            (models.ConversationRequest, {"inputs": "x", "tools": [{"library_ids": ["l"]}]}),
            (
                models.ConversationRequest,
                {"inputs": "x", "tools": [{"type": "web_search", "new": 1}]},
            ),
            (models.ConversationRequest, {"inputs": "x", "guardrails": [{"new": 1}]}),
            (models.ConversationRequest, {"inputs": [{"type": "new.entry"}]}),
            (models.ConversationRequest, {"inputs": "x", "handoff_execution": "nobody"}),
            (models.ConversationRequest, {}),
            (models.ConversationAppendRequest, {"inputs": "x", "tools": []}),
            (models.ConversationAppendRequest, {"inputs": "x", "model": "m"}),
            (models.ConversationAppendRequest, {"inputs": "x", "guardrails": []}),
            (
                models.ConversationAppendRequest,
                {"tool_confirmations": [{"tool_call_id": "t", "confirmation": "maybe"}]},
            ),
            (models.ConversationRestartRequest, {"inputs": "x"}),
            (models.ConversationRestartRequest, {"from_entry_id": "e", "instructions": "i"}),
            (models.CompletionArgs, {"response_format": {"new": 1}}),
            (models.GuardrailConfig, {"moderation_llm_v1": {"new": 1}}),
        ],
    )
    def test_refused_in_requests(
        self, model: type[models.RequestModel], given: dict[str, Any]
    ) -> None:
        """A request with what the API does not know, or without what it needs, is refused."""
        with pytest.raises(ValidationError):
            model.model_validate(given)


class TestTimes:
    """Times of replies are datetimes."""

    @pytest.mark.parametrize(
        ("adapter", "payload"),
        [
            (_ENTRY, {"type": "message.output", "content": "x"}),
            (_EVENT, {"type": "conversation.response.started", "conversation_id": "conv_1"}),
            (_CONVERSATION, _MODEL_CONVERSATION),
        ],
        ids=["entry", "event", "conversation"],
    )
    def test_parsed(self, adapter: TypeAdapter[Any], payload: dict[str, Any]) -> None:
        """The time of an entry, an event and a conversation is to the microsecond, in UTC."""
        model = adapter.validate_json(json.dumps(payload | {"created_at": _DATES["created_at"]}))

        assert model.created_at == dt.datetime(2026, 9, 7, 12, 56, 55, 249877, tzinfo=dt.UTC)

    def test_python_dump(self) -> None:
        """Dumped to Python they stay datetimes, and the dump makes the same model again."""
        payload = {
            "object": "conversation.response",
            "conversation_id": "conv_1",
            "outputs": [
                {"type": "message.output", "content": "x", "created_at": _DATES["created_at"]},
                {"type": "new", "x": 1},
            ],
            "usage": _USAGE,
            "new": 1,
        }
        reply = models.ConversationResponse.model_validate(payload)

        dumped = reply.model_dump()

        assert isinstance(dumped["outputs"][0]["created_at"], dt.datetime)
        assert models.ConversationResponse.model_validate(dumped) == reply


class TestMissingType:
    """The type of an entry or a chunk may be left out (contract sections 5 and 6)."""

    @pytest.mark.parametrize(
        ("union", "given", "expected"),
        [
            ("entry", {"role": "user", "content": "x"}, models.MessageInputEntry),
            (
                "entry",
                {"role": "assistant", "content": "x", "model": None},
                models.MessageOutputEntry,
            ),
            ("entry", {"role": "assistant", "content": "x"}, models.MessageInputEntry),
            ("entry", {"content": "x"}, models.MessageOutputEntry),
            ("entry", {"content": [{"text": "x"}]}, models.MessageOutputEntry),
            ("entry", {"tool_call_id": "t", "result": "r"}, models.FunctionResultEntry),
            (
                "entry",
                {"tool_call_id": "t", "name": "n", "arguments": {"a": 1}},
                models.FunctionCallEntry,
            ),
            ("entry", {"name": "n", "arguments": "{}"}, models.ToolExecutionEntry),
            (
                "entry",
                {
                    "previous_agent_id": "a",
                    "previous_agent_name": "A",
                    "next_agent_id": "b",
                    "next_agent_name": "B",
                },
                models.AgentHandoffEntry,
            ),
            ("chunk", {"text": "x"}, models.TextChunk),
            ("chunk", {"image_url": "u"}, models.ImageURLChunk),
            ("chunk", {"image_url": {"url": "u", "detail": "low"}}, models.ImageURLChunk),
            ("chunk", {"document_url": "u", "document_name": "n"}, models.DocumentURLChunk),
            ("chunk", {"thinking": [{"text": "x"}]}, models.ThinkChunk),
            ("chunk", {"tool": "image_generation", "file_id": "f"}, models.ToolFileChunk),
            ("chunk", {"tool": "web_search", "title": "t"}, models.ToolReferenceChunk),
        ],
    )
    def test_guessed(self, union: str, given: dict[str, Any], expected: type[BaseModel]) -> None:
        """The fields tell the type, which is then written."""
        adapter, _ = _UNIONS[union]

        for found in (adapter.validate_python(given), adapter.validate_json(json.dumps(given))):
            assert type(found) is expected
            assert "type" in adapter.dump_python(found)

    def test_reference_inside_thoughts(self) -> None:
        """A thought may be a reference; its fields tell, too."""
        chunk = _CHUNK.validate_python({"thinking": [{"reference_ids": [1, "a"]}]})

        assert type(chunk.thinking[0]) is models.ReferenceChunk

    def test_models_as_inputs(self) -> None:
        """Entries that are models already stay as they are, what came with a reply included."""
        entry = _ENTRY.validate_json(
            '{"type": "tool.execution", "name": "n", "arguments": "", "function": "f"}',
            extra="allow",
        )

        request = models.ConversationRequest(inputs=[entry])

        assert request.inputs == [entry]
        assert json.loads(request.model_dump_json())["inputs"][0]["function"] == "f"

    def test_outputs(self) -> None:
        """An output is none of the inputs, whatever it looks like."""
        outputs = [{"role": "assistant", "content": "x"}, {"name": "n", "arguments": ""}]
        payload = {"conversation_id": "c", "outputs": outputs, "usage": {}}

        reply = parse(_REPLIES["conversation.response"], json.dumps(payload))

        kinds = [type(output) for output in reply.outputs]
        assert kinds == [models.MessageOutputEntry, models.ToolExecutionEntry]


class TestConversations:
    """Which of the two a conversation is (gotcha 9)."""

    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ({"model": "m"}, models.ModelConversation),
            ({"agent_id": "ag_1"}, models.AgentConversation),
            ({"agent_id": "ag_1", "model": "m"}, models.AgentConversation),
            ({"agent_id": "ag_1", "model": "m", "tools": []}, models.AgentConversation),
            ({"agent_id": None, "model": "m"}, models.ModelConversation),
            ({"agent_id": "ag_1", "agent_version": 3}, models.AgentConversation),
            ({"agent_id": "ag_1", "agent_version": "3"}, models.AgentConversation),
        ],
    )
    def test_kind(self, fields: dict[str, Any], expected: type[BaseModel]) -> None:
        """An ``agent_id`` that is not null makes it an agent's."""
        payload = {"object": "conversation", "id": "conv_1", **_DATES, **fields}

        found = parse(_CONVERSATION, json.dumps(payload))

        assert type(found) is expected
        assert _exact(getattr(found, "agent_version", None)) == _exact(fields.get("agent_version"))

    def test_neither(self) -> None:
        """A conversation has a model or an agent."""
        with pytest.raises(ValidationError):
            _CONVERSATION.validate_python({"id": "conv_1", **_DATES})


class TestRequests:
    """Unset, null and default are three things (contract sections 3.1 to 3.3)."""

    @pytest.mark.parametrize(
        ("model", "given", "body"),
        [
            pytest.param(
                models.ConversationRequest,
                {"inputs": "Hi"},
                {"inputs": "Hi", "stream": False},
                id="start",
            ),
            pytest.param(
                models.ConversationRequest,
                {"inputs": [], "stream": True, "tools": [], "instructions": "", "metadata": {}},
                {"inputs": [], "stream": True, "tools": [], "instructions": "", "metadata": {}},
                id="start, empty values",
            ),
            pytest.param(
                models.ConversationRequest,
                dict.fromkeys(set(models.ConversationRequest.model_fields) - {"inputs", "stream"})
                | {"inputs": "x"},
                {
                    "inputs": "x",
                    "stream": False,
                    "store": None,
                    "handoff_execution": None,
                    "instructions": None,
                    "tools": None,
                    "completion_args": None,
                    "guardrails": None,
                    "name": None,
                    "description": None,
                    "metadata": None,
                    "agent_id": None,
                    "agent_version": None,
                    "model": None,
                },
                id="start, nulls",
            ),
            pytest.param(
                models.ConversationRequest,
                {"inputs": "x", "agent_id": "ag_1", "agent_version": 3, "completion_args": {}},
                {
                    "inputs": "x",
                    "stream": False,
                    "completion_args": {},
                    "agent_id": "ag_1",
                    "agent_version": 3,
                },
                id="start, number of a version",
            ),
            pytest.param(
                models.ConversationRequest,
                {"inputs": "x", "agent_id": "ag_1", "agent_version": "3"},
                {"inputs": "x", "stream": False, "agent_id": "ag_1", "agent_version": "3"},
                id="start, name of a version",
            ),
            pytest.param(
                models.ConversationAppendRequest,
                {"inputs": "Hi", "store": True, "handoff_execution": "server"},
                {"inputs": "Hi", "stream": False, "store": True, "handoff_execution": "server"},
                id="append",
            ),
            pytest.param(
                models.ConversationAppendRequest,
                {"inputs": "x", "store": None, "handoff_execution": None, "completion_args": None},
                {"inputs": "x", "stream": False},
                id="append, None",
            ),
            pytest.param(
                models.ConversationAppendRequest,
                {"inputs": None, "tool_confirmations": None},
                {"stream": False, "tool_confirmations": None},
                id="append, null",
            ),
            pytest.param(
                models.ConversationAppendRequest,
                {"tool_confirmations": [{"tool_call_id": "t", "confirmation": "allow"}]},
                {
                    "stream": False,
                    "tool_confirmations": [{"tool_call_id": "t", "confirmation": "allow"}],
                },
                id="append, confirmations only",
            ),
            pytest.param(
                models.ConversationRestartRequest,
                {"from_entry_id": "msg_1", "inputs": "Hi", "stream": True},
                {"from_entry_id": "msg_1", "inputs": "Hi", "stream": True},
                id="restart",
            ),
            pytest.param(
                models.ConversationRestartRequest,
                {
                    "from_entry_id": "e",
                    "inputs": None,
                    "store": None,
                    "handoff_execution": None,
                    "completion_args": None,
                    "guardrails": None,
                    "metadata": None,
                    "agent_version": None,
                },
                {
                    "from_entry_id": "e",
                    "stream": False,
                    "guardrails": None,
                    "metadata": None,
                    "agent_version": None,
                },
                id="restart, None and null",
            ),
        ],
    )
    def test_body(
        self, model: type[models.RequestModel], given: dict[str, Any], body: dict[str, Any]
    ) -> None:
        """What is not given is not sent; None is sent as null where the API takes null."""
        for request in (model.model_validate(given), model(**given)):
            assert _exact(json.loads(request.model_dump_json(by_alias=True))) == _exact(body)
            assert request.model_dump(mode="json", by_alias=True) == body

    @pytest.mark.parametrize(
        ("given", "written"),
        [
            (
                {"role": "user", "content": "x"},
                {
                    "object": "entry",
                    "type": "message.input",
                    "role": "user",
                    "content": "x",
                    "prefix": False,
                },
            ),
            (
                {"tool_call_id": "t", "result": "r"},
                {"object": "entry", "type": "function.result", "tool_call_id": "t", "result": "r"},
            ),
            (
                {"tool_call_id": "t", "name": "n", "arguments": {"a": 1}},
                {
                    "object": "entry",
                    "type": "function.call",
                    "tool_call_id": "t",
                    "name": "n",
                    "arguments": {"a": 1},
                },
            ),
            (
                {"tool_call_id": "t", "name": "n", "arguments": '{"a": 1}', "agent_id": None},
                {
                    "object": "entry",
                    "type": "function.call",
                    "tool_call_id": "t",
                    "name": "n",
                    "arguments": '{"a": 1}',
                    "agent_id": None,
                },
            ),
        ],
    )
    def test_entry(self, given: dict[str, Any], written: dict[str, Any]) -> None:
        """An entry is written with its defaults, and without what was not given."""
        request = models.ConversationRequest.model_validate({"inputs": [given]})

        assert json.loads(request.model_dump_json(by_alias=True))["inputs"] == [written]

    @pytest.mark.parametrize(
        ("model", "given", "written"),
        [
            (models.CompletionArgs, {}, {}),
            (
                models.CompletionArgs,
                {"temperature": None, "max_tokens": 5},
                {"temperature": None, "max_tokens": 5},
            ),
            (
                models.CompletionArgs,
                {"prediction": {}},
                {"prediction": {"type": "content", "content": ""}},
            ),
            (models.GuardrailConfig, {}, {"block_on_error": False}),
            (
                models.GuardrailConfig,
                {
                    "block_on_error": True,
                    "moderation_llm_v2": {
                        "custom_category_thresholds": {"sexual": 0.1},
                        "action": "block",
                    },
                },
                {
                    "block_on_error": True,
                    "moderation_llm_v2": {
                        "model_name": "mistral-moderation-2603",
                        "custom_category_thresholds": {"sexual": 0.1},
                        "ignore_other_categories": False,
                        "action": "block",
                    },
                },
            ),
            (
                models.GuardrailConfig,
                {"moderation_llm_v1": {}},
                {
                    "block_on_error": False,
                    "moderation_llm_v1": {
                        "model_name": "mistral-moderation-2411",
                        "ignore_other_categories": False,
                    },
                },
            ),
            (
                models.CustomConnector,
                {
                    "connector_id": "gmail",
                    "authorization": {"type": "api-key", "value": "v"},
                    "tool_configuration": {"include": ["a"], "requires_confirmation": ["b"]},
                },
                {
                    "type": "connector",
                    "connector_id": "gmail",
                    "authorization": {"type": "api-key", "value": "v"},
                    "tool_configuration": {"include": ["a"], "requires_confirmation": ["b"]},
                },
            ),
            (models.WebSearchTool, {}, {"type": "web_search"}),
            (
                models.FunctionTool,
                {"function": {"name": "f", "parameters": {"type": "object"}}},
                {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}},
            ),
        ],
    )
    def test_parts(
        self, model: type[models.RequestModel], given: dict[str, Any], written: dict[str, Any]
    ) -> None:
        """The parts of a request follow the rules of the whole; their defaults are the SDK's."""
        part = model.model_validate(given)

        assert json.loads(part.model_dump_json(by_alias=True)) == written

    @pytest.mark.parametrize("key", ["schema", "schema_definition"])
    def test_schema(self, key: str) -> None:
        """The schema of an answer goes by either name, and is ``schema`` on the wire."""
        given = {"type": "json_schema", "json_schema": {"name": "n", key: {"type": "object"}}}

        args = models.CompletionArgs.model_validate({"response_format": given})

        assert json.loads(args.model_dump_json(by_alias=True)) == {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "n", "schema": {"type": "object"}},
            }
        }

    @pytest.mark.parametrize(
        "time",
        [
            "2026-09-07T12:56:55.249877Z",
            "2026-09-07T12:56:55Z",
            "2026-09-07T12:56:55+02:00",
            "2026-09-07T12:56:55",
        ],
    )
    def test_times(self, time: str) -> None:
        """Times go out as they came in: UTC as Z, microseconds where there are any."""
        entry = {"role": "user", "content": "x", "created_at": time, "completed_at": None}

        request = models.ConversationRequest.model_validate({"inputs": [entry]})

        (written,) = json.loads(request.model_dump_json(by_alias=True))["inputs"]
        assert written["created_at"] == time
        assert written["completed_at"] is None


def test_events_share_nothing() -> None:
    """What is put on one that a stream gave is not on another."""
    data = models.ResponseStartedEvent(conversation_id="conv_1")
    one, other = (
        models.ConversationEvents.of("conversation.response.started", data) for _ in range(2)
    )
    setattr(one, "mine", 1)  # noqa: B010 - which no type knows
    assert "mine" in one.model_fields_set
    assert other.model_fields_set == {"event", "data"}
    assert not other.model_extra
