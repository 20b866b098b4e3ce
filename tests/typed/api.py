"""The public types, as type checkers see them. It is checked by mypy and pyright, and never run."""

import asyncio
from typing import assert_never, assert_type

from pytest_conversations import (
    AsyncConversationsClient,
    AsyncEventStream,
    BackoffStrategy,
    ConversationsClient,
    EventStream,
    HTTPValidationError,
    MistralError,
    RetryConfig,
    models,
)


def operations(client: ConversationsClient) -> None:
    """Each operation returns its own type, and knows its arguments."""
    retries = RetryConfig("backoff", BackoffStrategy(500, 60_000, 1.5, 3_600_000), True)  # noqa: FBT003
    reply = client.start(
        inputs=[
            {"role": "user", "content": "Hi"},
            models.MessageInputEntry(role="user", content="x"),
        ],
        model="m",
        tools=[models.WebSearchTool(), {"type": "code_interpreter"}],
        completion_args={"temperature": 0.5},
        metadata=None,
        agent_version="3",
        retries=retries,
        timeout_ms=5,
        http_headers={"X-Run": "1"},
        server_url="https://api.eu.mistral.ai",
    )
    assert_type(reply, models.ConversationResponse)
    assert_type(
        client.append(conversation_id="c", inputs=reply.outputs), models.ConversationResponse
    )
    assert_type(
        client.append(
            conversation_id="c",
            tool_confirmations=[{"tool_call_id": "t", "confirmation": "allow"}],
        ),
        models.ConversationResponse,
    )
    assert_type(
        client.restart(conversation_id="c", from_entry_id="e", guardrails=None),
        models.ConversationResponse,
    )
    assert_type(client.get_history(conversation_id="c"), models.ConversationHistory)
    assert_type(client.get_messages(conversation_id="c"), models.ConversationMessages)
    assert_type(client.delete(conversation_id="c"), None)
    assert_type(
        client.get(conversation_id="c"), models.ModelConversation | models.AgentConversation
    )
    conversation = client.get(conversation_id="c")
    if isinstance(conversation, models.ModelConversation):
        client.start(inputs="x", tools=conversation.tools)
    history = client.get_history(conversation_id="c")
    assert_type(history.entries[0].id, str | None)
    assert_type(
        client.list(page=1, metadata={"a": 1}),
        list[models.ModelConversation | models.AgentConversation],
    )
    assert_type(client.start_stream(inputs="Hi"), EventStream)
    assert_type(client.append_stream(conversation_id="c"), EventStream)
    assert_type(client.restart_stream(conversation_id="c", from_entry_id="e"), EventStream)


async def async_operations(client: AsyncConversationsClient) -> None:
    """The async twin returns the same, awaited."""
    assert_type(await client.start(inputs="Hi", model="m"), models.ConversationResponse)
    assert_type(await client.delete(conversation_id="c"), None)
    assert_type(await client.get_history(conversation_id="c"), models.ConversationHistory)
    assert_type(await client.list(), list[models.ModelConversation | models.AgentConversation])
    stream = await client.start_stream(inputs="Hi")
    assert_type(stream, AsyncEventStream)
    async with stream:
        async for event in stream:
            assert_type(event, models.ConversationEvents)
    assert_type(await stream.response(), models.ConversationResponse)
    task = asyncio.create_task(client.start(inputs="Hi"))
    assert_type(await task, models.ConversationResponse)


def lists(client: ConversationsClient, ids: list[str], tags: dict[str, list[str]]) -> None:
    """Variables of the usual types fit into dicts, and any iterable into a list."""
    client.start(
        inputs=(models.MessageInputEntry(role="user", content=each) for each in ids),
        tools=[{"type": "document_library", "library_ids": ids}],
        completion_args={"stop": ids},
        metadata=tags,
    )
    client.list(metadata={"tags": ids})


def wrong(client: ConversationsClient) -> None:
    """What is wrong is an error here, before it runs."""
    client.start()  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    client.start(inputs="x", temperature=1)  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    client.start(inputs="x", handoff_execution="nobody")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    client.get(conversation_id=5)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    models.CompletionArgs(temprature=1)  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]


def stream(events: EventStream) -> str | None:
    """An event narrows by the class of its data."""
    assert_type(events.text, str)
    assert_type(events.events, list[models.ConversationEvents])
    assert_type(events.response(), models.ConversationResponse)
    if events.outcome == "cut":
        return None
    for event in events:
        match event.data:
            case models.ResponseStartedEvent(conversation_id=conversation_id):
                assert_type(conversation_id, str)
            case models.MessageOutputEvent(content=str() as text):
                return text
            case models.MessageOutputEvent() as delta:
                content(delta.content)
            case models.FunctionCallEvent() as call:
                return call.arguments
            case (
                models.ToolExecutionStartedEvent()
                | models.ToolExecutionDeltaEvent()
                | models.ToolExecutionDoneEvent()
            ) as tool:
                assert_type(tool.id, str)
            case models.AgentHandoffStartedEvent() | models.AgentHandoffDoneEvent() as handoff:
                assert_type(handoff.output_index, int)
            case models.ResponseErrorEvent() as error:
                assert_type(error.code, int)
            case models.ResponseDoneEvent() as done:
                assert_type(done.usage.total_tokens, int)
            case models.UnknownConversationEventsData() as unknown:
                assert_type(unknown.type, str | None)
            case never:
                assert_never(never)
    return None


def content(chunk: str | models.ContentChunk) -> str:
    """So do chunks."""
    match chunk:
        case str():
            return chunk
        case models.TextChunk():
            return chunk.text
        case models.ThinkChunk():
            return "".join(
                part.text for part in chunk.thinking if isinstance(part, models.TextChunk)
            )
        case models.ImageURLChunk(image_url=url):
            return url if isinstance(url, str) else url.url
        case models.DocumentURLChunk():
            return chunk.document_url
        case models.ToolFileChunk():
            return chunk.file_id
        case models.ToolReferenceChunk():
            return chunk.url or chunk.title
        case models.UnknownContentChunk():
            return chunk.type or ""
        case never:
            assert_never(never)


def entries(reply: models.ConversationResponse, history: models.ConversationHistory) -> None:
    """And entries, of a reply as of a history."""
    for output in reply.outputs:
        match output:
            case models.MessageOutputEntry():
                assert_type(output.role, str)
            case models.FunctionCallEntry(tool_call_id=tool_call_id, name=name):
                assert_type((tool_call_id, name), tuple[str, str])
            case models.ToolExecutionEntry():
                assert_type(output.arguments, str | None)
            case models.AgentHandoffEntry():
                assert_type(output.next_agent_id, str)
            case models.UnknownEntry():
                assert_type(output.type, str | None)
            case never:
                assert_never(never)
    for entry in history.entries:
        if isinstance(entry, models.FunctionResultEntry):
            assert_type(entry.result, str)


def errors(error: MistralError) -> None:
    """Errors say what they hold."""
    assert_type(error.status_code, int)
    assert_type(error.body, str)
    if isinstance(error, HTTPValidationError):
        assert_type(error.data.detail, list[models.ValidationError] | None)
