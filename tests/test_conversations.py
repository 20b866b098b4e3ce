"""The plugin on itself: these tests replay the recordings in `cassettes/`, made from the sandbox.

To record them again:
pytest tests/test_conversations.py --conversations-mode=rewrite --conversations-sandbox
"""

import asyncio
import threading

import pytest
from syrupy.assertion import SnapshotAssertion

from pytest_conversations import ConversationsClient, HTTPValidationError, SDKError
from pytest_conversations.models import (
    FunctionCallEntry,
    FunctionResultEntry,
    FunctionTool,
    MessageOutputEntry,
    MessageOutputEvent,
    ResponseDoneEvent,
    ToolReferenceChunk,
    WebSearchTool,
)

MODEL = "mistral-medium-latest"
WEATHER = FunctionTool.model_validate(
    {
        "function": {
            "name": "get_weather",
            "description": "The weather in a city.",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
            },
        }
    }
)


def test_remembers_my_name(
    conversations: ConversationsClient, conversation_snapshot: SnapshotAssertion
) -> None:
    """Start, a streamed append, and the history: the main job."""
    first = conversations.start(model=MODEL, inputs="My name is Ada.")
    with conversations.append_stream(
        conversation_id=first.conversation_id, inputs="What is my name?"
    ) as stream:
        events = list(stream)
    history = conversations.get_history(conversation_id=first.conversation_id)

    assert events == conversation_snapshot(name="events")
    assert history == conversation_snapshot(name="history")


def test_every_operation(
    conversations: ConversationsClient, conversation_snapshot: SnapshotAssertion
) -> None:
    """All eleven, in one conversation and its restarts."""
    first = conversations.start(
        model=MODEL,
        inputs=[{"role": "user", "content": "What is 2+3? Überrasche mich 🚀"}],
        instructions="Be brief.",
        completion_args={"temperature": 0.3},
        metadata={"suite": "every operation"},
    )
    conversation_id = first.conversation_id
    with conversations.start_stream(model=MODEL, inputs="Hello", store=False) as stream:
        started = list(stream)
    second = conversations.append(conversation_id=conversation_id, inputs="What is 7*6?")
    with conversations.append_stream(conversation_id=conversation_id, inputs="Thanks") as stream:
        appended = list(stream)
    history = conversations.get_history(conversation_id=conversation_id)
    messages = conversations.get_messages(conversation_id=conversation_id)
    entry = history.entries[1]
    assert isinstance(entry, MessageOutputEntry)
    assert entry.id is not None
    restarted = conversations.restart(
        conversation_id=conversation_id, from_entry_id=entry.id, inputs="What is 8-5?"
    )
    with conversations.restart_stream(
        conversation_id=conversation_id, from_entry_id=entry.id, inputs="And now?"
    ) as stream:
        restart_events = list(stream)
    one = conversations.get(conversation_id=conversation_id)
    found = conversations.list(page_size=2, metadata={"suite": "every operation"})
    conversations.delete(conversation_id=conversation_id)
    with pytest.raises(SDKError, match="404"):
        conversations.get(conversation_id=conversation_id)

    assert restarted.conversation_id != conversation_id
    assert [
        first,
        second,
        history,
        messages,
        restarted,
        one,
        found,
    ] == conversation_snapshot(name="replies")
    for name, events in (
        ("start_stream", started),
        ("append_stream", appended),
        ("restart_stream", restart_events),
    ):
        assert isinstance(events[-1].data, ResponseDoneEvent)
        assert events == conversation_snapshot(name=name)


def test_calls_a_function(
    conversations: ConversationsClient, conversation_snapshot: SnapshotAssertion
) -> None:
    """The model asks for a function, gets its result, and answers with it."""
    asked = conversations.start(model=MODEL, inputs="Weather in Paris?", tools=[WEATHER])
    (call,) = asked.outputs
    assert isinstance(call, FunctionCallEntry)
    answer = conversations.append(
        conversation_id=asked.conversation_id,
        inputs=[FunctionResultEntry(tool_call_id=call.tool_call_id, result="18 °C, sunny")],
    )
    assert [asked, answer] == conversation_snapshot


def test_searches_the_web(
    conversations: ConversationsClient, conversation_snapshot: SnapshotAssertion
) -> None:
    """A hosted tool runs; the answer cites what it found."""
    with conversations.start_stream(
        model=MODEL, inputs="Who won the last European Championship?", tools=[WebSearchTool()]
    ) as stream:
        events = list(stream)
    chunks = [event.data.content for event in events if isinstance(event.data, MessageOutputEvent)]
    assert any(isinstance(chunk, ToolReferenceChunk) for chunk in chunks)
    assert events == conversation_snapshot


def test_what_the_api_refuses(conversations: ConversationsClient) -> None:
    """Errors are recorded and replayed like answers."""
    with pytest.raises(HTTPValidationError) as refused:
        conversations.start(inputs="Hello")
    assert refused.value.data.detail
    with pytest.raises(SDKError) as missing:
        conversations.get_history(conversation_id="conv_unknown")
    assert missing.value.status_code == 404


@pytest.mark.conversations
def test_threads_each_get_their_own_answer() -> None:
    """Calls that run at the same time are recorded in the order sent, and replayed by content."""
    answers: dict[int, str] = {}

    def ask(number: int) -> None:
        with ConversationsClient("any-key-will-do") as client:
            reply = client.start(model=MODEL, inputs=f"What is {number}+{number}?")
        (output,) = reply.outputs
        assert isinstance(output, MessageOutputEntry)
        assert isinstance(output.content, str)
        answers[number] = output.content

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: str(2 * number) for number in range(1, 7)}


@pytest.mark.conversations
def test_the_official_sdk(conversation_snapshot: SnapshotAssertion) -> None:
    """An app on the official SDK, sync and async, with nothing injected."""
    sdk = pytest.importorskip("mistralai.client")

    async def hand_over() -> list[object]:
        async with sdk.Mistral(api_key="any-key-will-do") as client:
            expert = await client.beta.agents.create_async(model=MODEL, name="calculator")
            desk = await client.beta.agents.create_async(
                model=MODEL, name="desk", handoffs=[expert.id]
            )
            stream = await client.beta.conversations.start_stream_async(
                agent_id=desk.id, inputs="What is 6*7, calculator?"
            )
            async with stream:
                return [event async for event in stream]

    with sdk.Mistral(api_key="any-key-will-do") as client:
        reply = client.beta.conversations.start(model=MODEL, inputs="My name is Ada.")
        assert client.beta.conversations.list()
        history = client.beta.conversations.get_history(conversation_id=reply.conversation_id)
    assert history == conversation_snapshot(name="history")
    assert asyncio.run(hand_over()) == conversation_snapshot(name="hand-off")
