"""The desk at work, under pytest-asyncio."""

import asyncio
import os
from collections.abc import AsyncIterator

import httpx2
import pytest
from mistralai.client import Mistral
from mistralai.client.errors import SDKError

from help_desk import UnansweredError, ask, opened
from pytest_conversations import (
    AsyncConversationsClient,
    ConversationCassette,
    ConversationSnapshotAssertion,
    outline,
)

HANDS_OVER = "hands_over.yaml"
QUESTION = "My name is Ada. Is shipping on time?"
pytestmark = pytest.mark.conversations


@pytest.fixture
async def client() -> AsyncIterator[Mistral]:
    """The app's own client, of the official SDK."""
    key = os.environ.get("MISTRAL_API_KEY", "not-a-real-key")
    async with Mistral(api_key=key) as mistral:
        yield mistral


@pytest.fixture
def _replay_only(conversation_cassette: ConversationCassette) -> None:
    """For tests that want what no API does when asked: they are left out while one records."""
    if conversation_cassette.mode != "none":
        pytest.skip("can only be replayed")


@pytest.mark.conversations(cassette=HANDS_OVER)
async def test_hands_over(
    client: Mistral,
    async_conversations: AsyncConversationsClient,
    conversation_snapshot: ConversationSnapshotAssertion,
) -> None:
    """The desk gives the question to who is named in it, and the history tells so."""
    async with opened(client) as desk_id:
        answer = await ask(client, desk_id, QUESTION)
    assert answer.route == ("desk", "shipping")
    assert answer.text == "Nice to meet you, Ada."

    history = await async_conversations.get_history(conversation_id=answer.conversation_id)
    assert outline(history) == [
        "message.input user",
        "agent.handoff desk shipping",
        "message.output assistant",
    ]
    assert history == conversation_snapshot


async def test_questions_at_once(client: Mistral) -> None:
    """Each gets its own answer, in whatever order they come back."""
    questions = [
        "Dear billing, what is 3*14?",
        "Dear shipping, what is 60+4?",
        "Dear billing, what is 9-5?",
    ]
    async with opened(client) as desk_id:
        answers = await asyncio.gather(*(ask(client, desk_id, each) for each in questions))
    assert [(each.route[-1], each.text) for each in answers] == [
        ("billing", "42"),
        ("shipping", "64"),
        ("billing", "4"),
    ]


async def test_the_agents_are_deleted(client: Mistral) -> None:
    """Also where something fails while the desk is open."""
    with pytest.raises(ZeroDivisionError):
        async with opened(client) as desk_id:
            raise ZeroDivisionError
    with pytest.raises(SDKError, match="404"):
        await client.beta.agents.get_async(agent_id=desk_id)


async def test_nobody_to_hand_over_to(client: Mistral) -> None:
    """A specialist that is gone leaves the question without an answer, and cleaning up goes on."""
    async with opened(client) as desk_id:
        desk = await client.beta.agents.get_async(agent_id=desk_id)
        assert desk.handoffs
        await client.beta.agents.delete_async(agent_id=desk.handoffs[0])
        with pytest.raises(UnansweredError, match="during handoff"):
            await ask(client, desk_id, "Is billing open?")


@pytest.mark.usefixtures("_replay_only")
@pytest.mark.conversations(cassette=HANDS_OVER, cut_after=4)
async def test_half_an_answer_is_none(client: Mistral) -> None:
    """The recording of the first test, whose stream dies after the hand-over and a word."""
    async with opened(client) as desk_id:
        with pytest.raises(UnansweredError) as unanswered:
            await ask(client, desk_id, QUESTION)
    assert isinstance(unanswered.value.__cause__, httpx2.RemoteProtocolError)
