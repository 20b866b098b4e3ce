"""A streamed reply, put together: it is what the same call without a stream returns."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from clients import MODEL, TIME, WEATHER, agent, clients_of, cuts
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from pytest_conversations import ConversationsClient, models
from pytest_conversations._reassembly import Text, response
from pytest_conversations._sse import Decoder
from pytest_conversations.sandbox import Sandbox

_DATA: TypeAdapter[models.ConversationEventsData] = TypeAdapter(models.ConversationEventsData)
_USAGE = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}


def _reply(*events: dict[str, Any]) -> models.ConversationResponse:
    started = {"type": "conversation.response.started", "conversation_id": "c"}
    done = {"type": "conversation.response.done", "usage": _USAGE}
    return response(_DATA.validate_python(event) for event in (started, *events, done))


def _delta(content: object, place: int = 0, **more: object) -> dict[str, Any]:
    return {
        "type": "message.output.delta",
        "id": "m",
        "content_index": place,
        "content": content,
        **more,
    }


def _content(*deltas: dict[str, Any]) -> object:
    (message,) = _reply(*deltas).outputs
    assert isinstance(message, models.MessageOutputEntry)
    return message.model_dump(mode="json", exclude_unset=True)["content"]


_each_body = pytest.mark.parametrize(
    "body",
    [
        {"inputs": "One two three four five. Grüße 日本 🚀"},
        {"inputs": "The weather in Paris?", "tools": [WEATHER]},
        {"inputs": "What is 2+3?", "tools": [{"type": "code_interpreter"}]},
        {"inputs": "Who won?", "tools": [{"type": "web_search"}]},
        {"inputs": "Hi", "agent_id": ""},
    ],
    ids=["text", "function", "code", "search", "agents"],
)


def _arguments(sandbox: Sandbox, body: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a start, with a model, or with an agent that hands over."""
    if "agent_id" not in body:
        return {"model": MODEL, **body}
    other = agent(sandbox, name="other")
    return {**body, "agent_id": agent(sandbox, name="front", handoffs=[other])}


class TestSandbox:
    """Against a server that keeps what it streamed."""

    @_each_body
    @pytest.mark.parametrize("kind", ["sync", "async"])
    def test_equals_the_history(self, sandbox: Sandbox, kind: str, body: dict[str, Any]) -> None:
        """The entries of a streamed reply are those of its history, times and ids included."""
        body = _arguments(sandbox, body)
        with clients_of(kind) as clients, clients.open("key", server_url=sandbox.url) as client:
            with client.start_stream(**body) as stream:
                reply = stream.response()
            history = client.get_history(conversation_id=reply.conversation_id)

        assert reply.outputs == history.entries[1:]
        shown = [each.model_dump(mode="json") for each in (*reply.outputs, *history.entries[1:])]
        half = len(reply.outputs)
        assert shown[:half] == shown[half:]
        said = [
            each.model_dump(mode="json", exclude_unset=True)
            for each in (*reply.outputs, *history.entries[1:])
        ]
        assert said[:half] == said[half:]
        assert stream.text == "".join(
            each.content if isinstance(each.content, str) else _texts(each.content)
            for each in reply.outputs
            if isinstance(each, models.MessageOutputEntry)
        )

    @_each_body
    def test_equals_the_call_without_a_stream(self, sandbox: Sandbox, body: dict[str, Any]) -> None:
        """So is the whole reply, but for ids and times."""
        arguments = _arguments(sandbox, body)
        with ConversationsClient("key", server_url=sandbox.url) as client:
            plain = client.start(**arguments)
            with client.start_stream(**arguments) as stream:
                streamed = stream.response()

        def anonymous(reply: models.ConversationResponse) -> object:
            data = json.loads(reply.model_dump_json())
            data["conversation_id"] = ""
            for entry in data["outputs"]:
                for name in ("id", "created_at", "completed_at", "tool_call_id"):
                    if entry.get(name):
                        entry[name] = ""
            return data

        assert anonymous(streamed) == anonymous(plain)


def _texts(chunks: list[models.ContentChunk]) -> str:
    return "".join(chunk.text for chunk in chunks if isinstance(chunk, models.TextChunk))


class TestRecorded:
    """Streams of the real API."""

    def test_cassettes(self, corpus: Path) -> None:
        """They make whole replies, with the arguments and results that the recordings show."""
        replies = []
        for path in sorted(corpus.glob("cassettes/mistral/*stream*.yaml")):
            for recorded in yaml.safe_load(path.read_text("utf-8"))["interactions"]:
                if "/v1/conversations" not in recorded["request"]["uri"]:
                    continue
                body = recorded["response"]["body"]["string"].encode()
                events = [_DATA.validate_json(event.data) for event in Decoder().feed(body)]
                replies.append(response(events))
                # The time of a reply without a stream is just so: from its first piece to its last.
                for entry in replies[-1].outputs:
                    assert isinstance(entry, models.MessageOutputEntry | models.ToolExecutionEntry)
                    assert entry.created_at is not None
                    assert entry.completed_at is not None
                    assert entry.created_at <= entry.completed_at
        assert len(replies) == 2
        (message,) = replies[0].outputs
        tool, answer = replies[1].outputs
        assert isinstance(message, models.MessageOutputEntry)
        assert message.content == "7"
        assert isinstance(answer, models.MessageOutputEntry)
        assert answer.content == "42"
        assert isinstance(tool, models.ToolExecutionEntry)
        assert tool.arguments is not None
        assert json.loads(tool.arguments) == {"code": "21 * 2"}
        assert tool.model_extra == {"function": "code_interpreter"}
        assert tool.info is not None
        assert tool.info["code_output"] == "42\n"


class TestContent:
    """The content of a message."""

    def test_text(self) -> None:
        """Text alone is a text."""
        assert _content(_delta("a"), _delta(""), _delta("b")) == "ab"

    def test_chunks(self) -> None:
        """Where another chunk stands among texts, all of them are chunks."""
        reference = {"type": "tool_reference", "tool": "web_search", "title": "t", "source": "s"}

        found = _content(
            _delta("a"), _delta("b"), _delta(reference, 1), _delta("c", 2), _delta("d", 2)
        )

        assert found == [
            {"type": "text", "text": "ab"},
            reference,
            {"type": "text", "text": "cd"},
        ]

    def test_chunks_without_an_index(self) -> None:
        """They are told from each other by their kind, where all stand in one place."""
        references = [{"type": "tool_file", "tool": "t", "file_id": f"f{n}"} for n in range(2)]

        found = _content(_delta("a"), *map(_delta, references), _delta("b"), _delta("c"))

        assert found == [{"type": "text", "text": "a"}, *references, {"type": "text", "text": "bc"}]

    def test_texts_in_two_places(self) -> None:
        """Two chunks of text are two."""
        assert _content(_delta("a"), _delta("b", 1), _delta("c", 1)) == [
            {"type": "text", "text": "a"},
            {"type": "text", "text": "bc"},
        ]

    def test_chunk_of_text(self) -> None:
        """A text that came as a chunk stays one, and what is new about it stays."""
        pieces = [{"type": "text", "text": part, "new": 1} for part in "ab"]

        assert _content(*map(_delta, pieces)) == [{"type": "text", "text": "ab", "new": 1}]

    def test_order(self) -> None:
        """Chunks stand by their index, however their pieces came."""
        assert _content(_delta("b", 1), _delta("a", 0), _delta("c", 1), _delta("d", 2)) == [
            {"type": "text", "text": "a"},
            {"type": "text", "text": "bc"},
            {"type": "text", "text": "d"},
        ]

    def test_thinking(self) -> None:
        """Thoughts in pieces are one, closed as the last piece says."""

        def thought(*parts: dict[str, Any], **more: object) -> dict[str, Any]:
            return _delta({"type": "thinking", "thinking": list(parts), **more})

        reference = {"type": "reference", "reference_ids": [1]}
        found = _content(
            thought({"type": "text", "text": "a"}, closed=False),
            thought({"type": "text", "text": "b"}, reference, closed=False),
            thought({"type": "text", "text": "c"}, closed=True, signature="s"),
            _delta("so", 1),
        )

        assert found == [
            {
                "type": "thinking",
                "thinking": [
                    {"type": "text", "text": "ab"},
                    reference,
                    {"type": "text", "text": "c"},
                ],
                "closed": True,
                "signature": "s",
            },
            {"type": "text", "text": "so"},
        ]

    def test_unknown_chunk(self) -> None:
        """A chunk that this version does not know keeps its place."""
        assert _content(_delta("a"), _delta({"type": "new", "x": 1}, 1)) == [
            {"type": "text", "text": "a"},
            {"type": "new", "x": 1},
        ]

    @given(st.lists(st.text(max_size=5), min_size=1), st.lists(st.integers(0, 40)))
    def test_any_cut(self, texts: list[str], places: list[int]) -> None:
        """However a text was cut into deltas, it is the same text."""
        whole = "".join(texts)
        edges = [0, *sorted(place % (len(whole) + 1) for place in places), len(whole)]
        pieces = [whole[a:b] for a, b in itertools.pairwise(edges)]

        assert _content(*map(_delta, pieces)) == _content(*map(_delta, texts)) == whole


class TestEntries:
    """The other entries, and their order."""

    def test_interleaved(self) -> None:
        """Outputs stand by their index, however their pieces came."""
        deltas = [
            _delta(piece, output_index=index) | {"id": f"m{index}"}
            for index, piece in ((2, "e"), (0, "a"), (2, "f"), (0, "b"))
        ]

        reply = _reply(*deltas)

        assert [
            each.id for each in reply.outputs if isinstance(each, models.MessageOutputEntry)
        ] == [
            "m0",
            "m2",
        ]
        assert Text().of(_DATA.validate_python(delta) for delta in deltas) == "abef"

    def test_without_an_index(self) -> None:
        """Where the index is missing, the id tells outputs from each other."""
        reply = _reply(_delta("a"), _delta("b") | {"id": "n"}, _delta("c"))

        contents = [getattr(each, "content", None) for each in reply.outputs]
        assert contents == ["ac", "b"]

    def test_function_call(self) -> None:
        """A call waits for its result, so it is not completed."""
        call = {
            "type": "function.call.delta",
            "created_at": TIME,
            "id": "fc_1",
            "model": "m",
            "name": "n",
            "tool_call_id": "t",
            "confirmation_status": "pending",
        }

        (entry,) = _reply(call | {"arguments": '{"a'}, call | {"arguments": '":1}'}).outputs

        assert entry.model_dump(mode="json") == {
            "object": "entry",
            "type": "function.call",
            "created_at": TIME,
            "completed_at": None,
            "id": "fc_1",
            "model": "m",
            "tool_call_id": "t",
            "name": "n",
            "arguments": '{"a":1}',
            "confirmation_status": "pending",
        }

    def test_tool_of_2025(self) -> None:
        """An execution whose events have no arguments has none."""
        tool = {"id": "x", "name": "web_search"}
        kinds = ("tool.execution.started", "tool.execution.done")

        (entry,) = _reply(*({"type": kind, **tool} for kind in kinds)).outputs

        assert isinstance(entry, models.ToolExecutionEntry)
        assert entry.arguments is None
        assert entry.created_at is None

    def test_what_only_some_events_say(self) -> None:
        """What each event says alike is of the entry; what one says alone is its own."""
        tool = {"id": "x", "name": "web_search", "arguments": "", "function": "f"}
        events = [
            {"type": "tool.execution.started", **tool, "padding": "aaa"},
            {"type": "tool.execution.delta", **tool, "padding": "aa"},
            {"type": "tool.execution.done", **tool},
        ]

        (entry,) = _reply(*events).outputs

        assert entry.model_dump()["function"] == "f"
        assert "padding" not in entry.model_dump()

    def test_unknown_events(self) -> None:
        """They make no entry, and disturb none."""
        reply = _reply(_delta("a"), {"type": "new", "id": "m", "output_index": 0}, _delta("b"))

        assert [getattr(each, "content", None) for each in reply.outputs] == ["ab"]

    def test_unknown_shapes(self) -> None:
        """An event of a known type that cannot be read is a piece that would be missing."""
        with pytest.raises(ValueError, match=r"message\.output\.delta is of an unknown shape"):
            _reply(_delta("a"), {"type": "message.output.delta", "content": "b"})

    def test_handoff_of_two_ids(self) -> None:
        """Who hands over and who takes it are one entry, by their index."""
        pair = {"output_index": 3}
        (entry,) = _reply(
            {
                "type": "agent.handoff.started",
                "id": "h1",
                "previous_agent_id": "a",
                "previous_agent_name": "A",
                **pair,
            },
            {
                "type": "agent.handoff.done",
                "id": "h2",
                "next_agent_id": "b",
                "next_agent_name": "B",
                **pair,
            },
        ).outputs

        assert isinstance(entry, models.AgentHandoffEntry)
        assert (entry.previous_agent_id, entry.next_agent_id, entry.id) == ("a", "b", "h1")

    def test_extras_replace_nothing(self) -> None:
        """What all events say beside what is known is added, under names that are free."""
        (entry,) = _reply(
            _delta("a", object="event", new=1), _delta("b", object="event", new=1)
        ).outputs

        assert isinstance(entry, models.MessageOutputEntry)
        assert entry.object == "entry"
        assert entry.model_extra == {"new": 1}

    def test_half_a_handoff(self) -> None:
        """A hand-off that nobody took makes no reply."""
        started = {
            "type": "agent.handoff.started",
            "id": "h",
            "previous_agent_id": "a",
            "previous_agent_name": "A",
        }
        with pytest.raises(ValueError, match="next_agent_id"):
            _reply(started)


@pytest.mark.parametrize("size", [1, 7, 100])
def test_any_chunks(sandbox: Sandbox, size: int) -> None:
    """The reply does not depend on how the network cut the stream."""
    with (
        ConversationsClient("key", server_url=sandbox.url) as client,
        client.start_stream(model=MODEL, inputs="Grüße 日本 🚀 to all of you") as stream,
    ):
        body = b"".join(stream.raw_response.iter_raw())

    decoder = Decoder()
    events = [event for chunk in cuts(body, size) for event in decoder.feed(chunk)]
    reply = response(_DATA.validate_json(event.data) for event in events)

    assert reply == response(_DATA.validate_json(event.data) for event in Decoder().feed(body))
    assert "🚀" in Text().of(_DATA.validate_json(event.data) for event in events)
