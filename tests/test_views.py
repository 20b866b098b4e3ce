"""What a snapshot shows of a conversation, and what can be looked at without one."""

import json
import random
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import CHUNKED, SSE, Connection, listening

from pytest_conversations import ConversationsClient, ToolCall, outline, stable, text, tool_calls
from pytest_conversations.models import ConversationHistory

KEY = "zK4dummy0key1for2tests3only4xyzw"
AT = "2026-11-24T10:00:00Z"

Json = dict[str, object]


def _event(type_: str, **data: object) -> Json:
    return {"event": type_, "data": {"type": type_, "created_at": AT, **data}}


def _delta(content: object, index: int = 0, **more: object) -> Json:
    fields = {"output_index": index, "id": f"msg_{index:032x}", "role": "assistant", **more}
    return _event("message.output.delta", **fields, content=content)


def _call(arguments: str, index: int = 1) -> Json:
    return _event(
        "function.call.delta",
        output_index=index,
        id=f"fc_{index:032x}",
        name="add",
        tool_call_id="a1B2c3D4e",
        arguments=arguments,
    )


USAGE = {"prompt_tokens": 173, "completion_tokens": 25, "total_tokens": 198, "connectors": None}
STREAM = [
    _event("conversation.response.started", conversation_id="conv_" + "a" * 32),
    _delta("Let me "),
    _delta("see."),
    _call('{"a": 1'),
    _call(', "b": 2}'),
    _event("conversation.response.done", usage=USAGE),
]
HISTORY = {
    "object": "conversation.history",
    "conversation_id": "conv_" + "a" * 32,
    "entries": [
        {"object": "entry", "type": "message.input", "role": "user", "content": "1+2?"},
        {
            "object": "entry",
            "type": "function.call",
            "name": "add",
            "tool_call_id": "a1B2c3D4e",
            "arguments": '{"a": 1, "b": 2}',
        },
        {
            "object": "entry",
            "type": "function.result",
            "tool_call_id": "a1B2c3D4e",
            "result": "3",
        },
        {
            "object": "entry",
            "type": "agent.handoff",
            "previous_agent_id": "ag_" + "b" * 32,
            "previous_agent_name": "adder",
            "next_agent_id": "ag_" + "c" * 32,
            "next_agent_name": "writer",
        },
        {
            "object": "entry",
            "type": "message.output",
            "role": "assistant",
            "content": [
                {"type": "text", "text": "It is "},
                {"type": "tool_reference", "tool": "web_search", "title": "Sums"},
                {"type": "text", "text": "3."},
            ],
        },
        {"object": "entry", "type": "brand.new", "words": "any"},
    ],
}


def test_deltas_of_one_output_are_one() -> None:
    """In how many pieces they came does not show; what is between them does."""
    merged = stable(STREAM, deltas="merged")
    assert isinstance(merged, list)
    assert [event["data"].get("content", event["data"].get("arguments")) for event in merged] == [  # type: ignore[index,union-attr,call-overload] # they are events
        None,
        "Let me see.",
        '{"a": 1, "b": 2}',
        None,
    ]


@given(st.text(), st.data())
def test_any_cut_of_a_text_is_the_same_merged(said: str, data: st.DataObject) -> None:
    """Chunked in another way, or in turns with another output, or as chunks of text."""
    cuts = sorted(data.draw(st.lists(st.integers(0, len(said)), max_size=5)))
    pieces = [said[a:b] for a, b in zip([0, *cuts], [*cuts, len(said)], strict=True)]
    deltas = [_delta(piece) for piece in pieces]
    others = [_delta(word, 1) for word in ("other", " words")]
    in_turns = [deltas[0], others[0], *deltas[1:], others[1]]
    whole = stable([_delta(said), _delta("other words", 1)], deltas="merged")
    assert stable([*deltas, *others], deltas="merged") == whole
    assert stable(in_turns, deltas="merged") == whole
    chunks = [_delta({"type": "text", "text": piece}) for piece in pieces]
    assert stable(chunks, deltas="merged") == stable(
        [_delta({"type": "text", "text": said})], deltas="merged"
    )


def test_what_differs_in_more_than_its_text_is_not_joined() -> None:
    """Nothing is lost by joining."""
    events = [_delta("a"), _delta("b", note="x"), _delta("c", note="x")]
    merged = stable(events, deltas="merged")
    assert isinstance(merged, list)
    assert len(merged) == 2


def test_an_outline_has_no_words() -> None:
    """Types, roles and names, in order; of a history, of events, and as the view of a snapshot."""
    assert outline(HISTORY) == [
        "message.input user",
        "function.call add",
        "function.result",
        "agent.handoff adder writer",
        "message.output assistant (text, tool_reference)",
        "brand.new",
    ]
    assert outline(STREAM) == [
        "conversation.response.started",
        "message.output.delta assistant",
        "function.call.delta add",
        "conversation.response.done",
    ]
    assert stable(HISTORY, view="outline") == outline(HISTORY)
    assert outline(HISTORY["entries"]) == outline(HISTORY)
    model = ConversationHistory.model_validate_json(json.dumps(HISTORY), extra="allow")
    assert outline(model) == outline(HISTORY)


def test_what_was_said_and_called() -> None:
    """From a history, a reply, or the events of a stream."""
    assert text(HISTORY) == "It is 3."
    assert text(STREAM) == "Let me see."
    assert text({"outputs": HISTORY["entries"]}) == "It is 3."
    assert tool_calls(HISTORY) == tool_calls(STREAM) == [ToolCall("add", {"a": 1, "b": 2})]
    assert tool_calls([{"type": "tool.execution", "name": "web_search"}]) == [
        ToolCall("web_search", None)
    ]
    assert tool_calls([{"type": "function.call", "name": "f", "arguments": "no JSON"}]) == [
        ToolCall("f", "no JSON")
    ]


@pytest.mark.parametrize("look", [outline, text, tool_calls])
@pytest.mark.parametrize("thing", [object(), "text", {"object": "list"}, [1], b"bytes"])
def test_what_is_no_conversation_is_named(look: Callable[[object], object], thing: object) -> None:
    """One clear error."""
    with pytest.raises(TypeError, match=r"expected .* not "):
        look(thing)


@pytest.mark.parametrize(
    ("how", "shown"),
    [
        ("dropped", None),
        ("kept", USAGE),
        (
            "rounded",
            {
                "prompt_tokens": 200,
                "completion_tokens": 20,
                "total_tokens": 200,
                "connectors": None,
            },
        ),
    ],
)
def test_usage(how: str, shown: object) -> None:
    """Counts of tokens are left out, unless a test asks for them; another `usage` is none."""
    data = stable({"usage": USAGE, "other": {"usage": "a word"}}, usage=how)  # type: ignore[arg-type] # a parameter
    assert isinstance(data, dict)
    assert data.get("usage") == shown
    assert data["other"] == {"usage": "a word"}


def test_pointers() -> None:
    """What they lead to is kept, left out or replaced; an index is that of the data as it came."""
    one, other = "conv_" + "a" * 32, str(uuid.UUID(int=1))
    data = {"id": one, "items": [{"at": AT, "id": other}, {"at": "x"}, 3], "text": f"See {other}."}
    assert stable(data, keep=["/items/*/id", "/items/0/at"]) == {
        "id": "<conversation-1>",
        "items": [{"at": AT, "id": other}, {"at": "x"}, 3],
        "text": f"See {other}.",
    }
    assert stable(data, drop=["/items/0", "/items/1", "/text"]) == {
        "id": "<conversation-1>",
        "items": [3],
    }
    replaced = stable(data, replace={"/items/*/at": "<at>", "/text": "<text>"})
    assert replaced == {
        "id": "<conversation-1>",
        "items": [{"at": "<at>", "id": "<entry-1>"}, {"at": "<at>"}, 3],
        "text": "<text>",
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"deltas": "joined"}, "deltas is 'joined'; choose from 'recorded', 'merged'"),
        ({"view": "x"}, "view is 'x'; choose from 'full', 'outline'"),
        ({"usage": True}, "usage is True; choose from 'dropped', 'rounded', 'kept'"),
        ({"drop": "/a"}, "drop is '/a'; it takes a list of JSON Pointers"),
        ({"keep": ["a"]}, "keep has 'a'; a JSON Pointer begins with /"),
        ({"replace": ["/a"]}, r"replace is \['/a'\]; it takes a mapping of JSON Pointers"),
    ],
)
def test_wrong_options(options: dict[str, object], message: str) -> None:
    """One clear error that says what there is."""
    with pytest.raises(ValueError, match=message):
        stable({}, **options)  # type: ignore[arg-type] # they are wrong


NAMED = {
    "conversation": ("conversation_id", "conv_" + "0" * 32),
    "agent": ("agent_id", "ag_" + "0" * 32),
    "entry": ("id", "msg_" + "0" * 32),
    "tool-call": ("tool_call_id", "a1B2c3D4e"),
    "file": ("file_id", str(uuid.UUID(int=2))),
    "library": ("library_ids", str(uuid.UUID(int=3))),
    "connector": ("connector_id", "con_1234"),
    "correlation": ("correlation_id", "0190-abcd"),
    "id": ("anything", str(uuid.UUID(int=4))),
}


@pytest.mark.parametrize(("kind", "key", "id_"), [(k, *v) for k, v in NAMED.items()], ids=NAMED)
def test_ids_of_every_kind(kind: str, key: str, id_: str) -> None:
    """Have names, also where they stand in a text, in arguments, in a URL."""
    said = {
        key: id_,
        "text": f"It is {id_}.",
        "arguments": json.dumps({"x": id_}),
        "url": f"https://x.test/{id_}/a?b={id_}",
    }
    name = f"<{kind}-1>"
    assert stable(said) == {
        key: name,
        "text": f"It is {name}.",
        "arguments": json.dumps({"x": name}),
        "url": f"https://x.test/{name}/a?b={name}",
    }


@pytest.mark.parametrize(
    "query",
    [
        "X-Amz-Date=20261124T100000Z&X-Amz-Signature=abc&X-Amz-Expires=60",
        "X-Goog-Signature=<X_GOOG_SIGNATURE>",
        "se=2026&sig=a%2Bb",
        "Signature=x&Expires=1",
    ],
)
def test_signed_urls(query: str) -> None:
    """Of what is signed for a short time the query is new each time; another one stays."""
    url = "https://files.x.test/a.png"
    assert stable(f"![image]({url}?{query}) is it") == f"![image]({url}?<signed>) is it"
    assert stable(f"{url}?page=2&next_token=3") == f"{url}?page=2&next_token=3"


ids = st.uuids().map(str) | st.integers(0, 2**128 - 1).map(lambda n: f"msg_{n:032x}")


@given(st.lists(ids, min_size=2, max_size=6, unique=True), st.data())
def test_identity_is_what_counts(before: list[str], data: st.DataObject) -> None:
    """All ids renamed alike change nothing, wherever they stand; two that are swapped do."""
    others = st.lists(ids, min_size=len(before), max_size=len(before), unique=True)
    renamed = dict(zip(before, data.draw(others), strict=True))
    uses = data.draw(st.lists(st.sampled_from(before), min_size=1, max_size=8))

    def said(names: list[str], uses: list[str]) -> object:
        return stable([*({"id": name} for name in names), *(f"see {name}, too" for name in uses)])

    assert said(before, uses) == said(list(renamed.values()), [renamed[name] for name in uses])
    one, other = before[:2]
    swap = {one: other, other: one}
    swapped = [swap.get(name, name) for name in uses]
    assert (said(before, uses) == said(before, swapped)) is (uses == swapped)


def test_the_order_of_keys_says_nothing() -> None:
    """A service that sends them in another order has answered the same."""

    def reverse(value: object) -> object:
        if isinstance(value, dict):
            return {key: reverse(item) for key, item in reversed(value.items())}
        return [reverse(item) for item in value] if isinstance(value, list) else value

    assert json.dumps(stable(reverse(HISTORY))) == json.dumps(stable(HISTORY))


def test_real_replies(corpus: Path) -> None:
    """Each has an outline or is no conversation; what was said is what an eye finds there."""
    for path in sorted((corpus / "conversations").glob("*.json")):
        data = json.loads(path.read_text(encoding="utf-8"))
        if "outputs" in data or "entries" in data or "messages" in data:
            assert outline(data)
    reply = json.loads((corpus / "conversations/docs_function_call_20250527.json").read_bytes())
    assert tool_calls(reply) == [
        ToolCall("get_european_central_bank_interest_rate", {"date": "2024-06-06"})
    ]
    history = json.loads((corpus / "conversations/docs_history_20250616.json").read_bytes())
    assert outline(history) == ["message.input user", "message.output assistant"] * 2
    assert text(history).startswith("Albert Einstein was a German-born theoretical physicist")


def _serve(connection: Connection) -> None:
    """Answer as the API might: the same words, and all else another time."""
    chance = random.Random(uuid.uuid4().int)  # noqa: S311 - nothing secret

    def id_(prefix: str) -> str:
        return f"{prefix}_{uuid.UUID(int=chance.getrandbits(128)).hex}"

    at = f"2026-11-24T10:00:0{chance.randrange(10)}Z"
    name = connection.received.target.rpartition("#")[0] or connection.received.target
    asked = json.loads(connection.received.body or b"{}")
    conversation, message = id_("conv"), id_("msg")
    said = "Grüße! It is 3, as you asked, and not 4.\n\nAnything else?"
    if asked.get("stream"):
        cuts = sorted(chance.sample(range(1, len(said)), 5))
        pieces = [said[a:b] for a, b in zip([0, *cuts], [*cuts, len(said)], strict=True)]
        tokens = chance.randrange(100)
        usage = {"prompt_tokens": tokens, "completion_tokens": 9, "total_tokens": tokens + 9}
        fields: Json = {"created_at": at, "output_index": 0, "id": message, "role": "assistant"}
        events: list[Json] = [
            {"type": "conversation.response.started", "conversation_id": conversation},
            *({"type": "message.output.delta", **fields, "content": piece} for piece in pieces),
            {"type": "conversation.response.done", "created_at": at, "usage": usage},
        ]
        body = "".join(
            f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events
        ).encode()
        connection.head(SSE, CHUNKED, f"x-request-id: {uuid.uuid4()}")
        size = chance.randrange(3, 90)
        for at_byte in range(0, len(body), size):
            connection.chunk(body[at_byte : at_byte + size])
        connection.last_chunk()
        return
    entry: Json = {"object": "entry", "created_at": at, "completed_at": at, "id": message}
    output = {**entry, "type": "message.output", "role": "assistant", "content": said}
    reply: Json = {
        "object": "conversation.response",
        "conversation_id": conversation,
        "outputs": [output],
        "usage": {"prompt_tokens": 3, "completion_tokens": chance.randrange(9), "total_tokens": 9},
    }
    if name.endswith("/history"):
        asked_in = name.split("/")[-2]
        reply = {
            "object": "conversation.history",
            "conversation_id": asked_in,
            "entries": [{**output, "content": f"In {asked_in}: {said}"}],
        }
    keys = list(reply)
    chance.shuffle(keys)
    body = json.dumps({key: reply[key] for key in keys}).encode()
    connection.head("Content-Type: application/json", f"Content-Length: {len(body)}", f"Date: {at}")
    connection.socket.sendall(body)


def test_recorded_three_times(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the service mints anew, the snapshot is the same to the byte; a new word is not."""
    monkeypatch.setenv("MISTRAL_API_KEY", KEY)
    pytester.makepyfile(
        test_it="""
        def test_it(conversations, conversation_snapshot):
            snapshot = conversation_snapshot.with_defaults(deltas="merged")
            reply = conversations.start(model="m", inputs="1+2?")
            assert reply == snapshot
            history = conversations.get_history(conversation_id=reply.conversation_id)
            assert history == snapshot(name="history")
            stream = conversations.start_stream(model="m", inputs="1+2?")
            list(stream)
            assert stream == snapshot(name="stream")
            assert stream.events == snapshot(name="events")
        """
    )
    kept = set()
    with listening(_serve) as url:
        for _ in range(3):
            pytester.runpytest(
                "--conversations-mode=rewrite",
                f"--conversations-server-url={url}",
                "--snapshot-update",
            ).assert_outcomes(passed=1)
            (path,) = (pytester.path / "__snapshots__").iterdir()
            kept.add(path.read_bytes())
    assert len(kept) == 1
    (cassette,) = (pytester.path / "cassettes" / "test_it").iterdir()
    changed = cassette.read_text(encoding="utf-8").replace("and not 4.", "and never 4.", 1)
    cassette.write_text(changed, encoding="utf-8")
    result = pytester.runpytest(f"--conversations-server-url={url}")
    result.assert_outcomes(failed=1)
    lines = [line for line in result.outlines if line.startswith("E ") and "4." in line]
    assert len(lines) == 2


def test_options_of_an_assertion(pytester: pytest.Pytester) -> None:
    """They count for one comparison, or for all of a new assertion; syrupy's own count as well."""
    pytester.makepyfile(
        test_it=f"""
        import pytest
        from syrupy.filters import props

        STREAM = {STREAM!r}

        class TestIt:
            @pytest.mark.parametrize("n", [1, 2])
            def test_it(self, conversation_snapshot, n):
                assert STREAM == conversation_snapshot(view="outline", name="outline")
                assert STREAM == conversation_snapshot
                merged = conversation_snapshot.with_defaults(deltas="merged", usage="rounded")
                assert STREAM == merged(exclude=props("role"), name="merged")
                assert STREAM == merged(drop=["/0", "/*/data/type"], name="dropped")

            def test_wrong(self, conversation_snapshot):
                with pytest.raises(ValueError, match="choose from"):
                    conversation_snapshot(view="none")
                with pytest.raises(TypeError):
                    conversation_snapshot(views="outline")
        """
    )
    pytester.runpytest("--snapshot-update", "-n2").assert_outcomes(passed=3)
    result = pytester.runpytest()
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["8 snapshots passed."])
    (path,) = (pytester.path / "__snapshots__").iterdir()
    sections = path.read_text(encoding="utf-8").split("# name: TestIt.test_it[1]")
    shown = {each.partition("\n")[0]: each.partition("# ---")[0] for each in sections}
    assert "- message.output.delta assistant" in shown["[outline]"]
    assert "prompt_tokens: 200" in shown["[merged]"]
    assert "role" not in shown["[merged]"]
    assert "conversation.response.started" not in shown["[dropped]"]
    assert shown[".1"].count("message.output.delta:") == 2


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("stream", "the EventStream was not read to its end, only 1 of its events"),
        ("(event for event in stream)", "not generator; of what can be gone through only once"),
        ("[event, {'a': 1}]", "a list of 1 event has other things as well, such as dict at inde"),
        ("[event, history]", "such as *ConversationHistory at index 1"),
        ("conversations", "not pytest_conversations.client*ConversationsClient"),
    ],
)
def test_what_cannot_be_compared(pytester: pytest.Pytester, given: str, message: str) -> None:
    """The failure says what was given."""
    pytester.makepyfile(
        test_it=f"""
        def test_it(conversations, conversation_snapshot):
            stream = conversations.start_stream(model="m", inputs="Hi")
            event = next(stream)
            history = conversations.get_history(conversation_id=event.data.conversation_id)
            assert {given} == conversation_snapshot
        """
    )
    result = pytester.runpytest("--conversations-sandbox", "--conversations-mode=all")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"*{message}*"])


def test_a_stream_that_was_read(serve: Callable[..., str]) -> None:
    """Is the list of its events."""
    body = "".join(
        f"event: {event['event']}\ndata: {json.dumps(event['data'])}\n\n" for event in STREAM
    ).encode()

    def script(connection: Connection) -> None:
        connection.head(SSE, CHUNKED)
        connection.chunk(body)
        connection.last_chunk()

    with ConversationsClient("key", server_url=serve(script)) as client:
        stream = client.start_stream(model="m", inputs="Hi")
        list(stream)
        assert stable(stream) == stable(stream.events) == stable(STREAM)
        assert text(stream) == stream.text == "Let me see."
