"""Tests that use the async client, under pytest-asyncio and anyio: what they see."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from pytest_conversations.client import AsyncConversationsClient


@pytest.fixture
def seen(request: pytest.FixtureRequest) -> Iterator[list[object]]:
    """What the test saw. Kept in a file."""
    seen: list[object] = []
    yield seen
    Path(os.environ["APPS_SEEN"], f"{request.node.name}.json").write_text(
        json.dumps(seen), encoding="utf-8"
    )


async def talk(client: AsyncConversationsClient, seen: list[object]) -> None:
    """A conversation of two turns, and at the same time another one."""

    async def aside() -> None:
        await client.list()

    async with anyio.create_task_group() as group:
        group.start_soon(aside)
        first = await client.start(model="mistral-medium-latest", inputs="My name is Ada.")
        stream = await client.append_stream(
            conversation_id=first.conversation_id, inputs="What is my name?"
        )
        async with stream:
            seen.extend([event.event async for event in stream])
        assert "Ada" in stream.text
        history = await client.get_history(conversation_id=first.conversation_id)
        seen.append(history.model_dump(mode="json"))


@pytest.mark.asyncio
async def test_pytest_asyncio(
    async_conversations: AsyncConversationsClient, seen: list[object]
) -> None:
    """Under pytest-asyncio."""
    await talk(async_conversations, seen)


@pytest.mark.asyncio
async def test_the_next_loop(
    async_conversations: AsyncConversationsClient, seen: list[object]
) -> None:
    """Another test has another event loop."""
    await talk(async_conversations, seen)


@pytest.mark.anyio
async def test_anyio(async_conversations: AsyncConversationsClient, seen: list[object]) -> None:
    """Under anyio's plugin, on each of its backends."""
    await talk(async_conversations, seen)


@pytest.fixture
async def greeted(anyio_backend: str, async_conversations: AsyncConversationsClient) -> str:  # noqa: ARG001 - anyio runs it
    """An async fixture that calls the API itself."""
    reply = await async_conversations.start(model="mistral-medium-latest", inputs="Hello")
    return reply.conversation_id


@pytest.mark.anyio
async def test_anyio_fixture(
    greeted: str, async_conversations: AsyncConversationsClient, seen: list[object]
) -> None:
    """What an async fixture asked is in the cassette of the test."""
    seen.append((await async_conversations.get(conversation_id=greeted)).model_dump(mode="json"))
