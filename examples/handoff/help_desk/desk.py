"""The agents, and how a question goes to them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus

import httpx2
from mistralai.client import Mistral
from mistralai.client.errors import MistralError
from mistralai.client.models import (
    AgentHandoffDoneEvent,
    AgentHandoffStartedEvent,
    ConversationEvents,
    MessageOutputEvent,
    ResponseDoneEvent,
    ResponseErrorEvent,
    ResponseStartedEvent,
    TextChunk,
)
from mistralai.client.utils.eventstreaming import EventStreamAsync

MODEL = "mistral-medium-latest"


@dataclass(frozen=True)
class Specialist:
    """An agent that knows about one thing.

    Attributes:
        name: Its name.
        knows: What about; the desk chooses by it.
    """

    name: str
    knows: str


SPECIALISTS = (
    Specialist("billing", "invoices, refunds and prices"),
    Specialist("shipping", "parcels, addresses and times of delivery"),
)


@dataclass(frozen=True)
class Answer:
    """An answer, and how it came about.

    Attributes:
        text: What was said.
        route: The names of the agents that had the question, in their order.
        conversation_id: Where it was said.
    """

    text: str
    route: tuple[str, ...]
    conversation_id: str


class UnansweredError(Exception):
    """The question was refused, nobody was there, or the stream did not come to its end."""


@asynccontextmanager
async def opened(
    client: Mistral, specialists: Sequence[Specialist] = SPECIALISTS
) -> AsyncIterator[str]:
    """Make the agents, and delete them in the end, also those of a desk that was half made.

    Args:
        client: The client.
        specialists: To whom the desk hands over.

    Yields:
        The id of the agent that takes the questions.

    Raises:
        MistralError: The API refused.
    """
    async with AsyncExitStack() as made:
        ids = [
            await _make(client, made, name=each.name, instructions=f"You answer on {each.knows}.")
            for each in specialists
        ]
        yield await _make(
            client, made, name="desk", instructions="You hand over to who knows.", handoffs=ids
        )


async def ask(client: Mistral, desk_id: str, question: str) -> Answer:
    """Ask the desk. Several may ask at once.

    Raises:
        UnansweredError: There is no answer.
    """
    api = client.beta.conversations
    try:
        stream = await api.start_stream_async(agent_id=desk_id, inputs=question)
        async with stream:
            return await _answer_in(stream)
    except MistralError as error:
        raise UnansweredError(error.body) from error
    except httpx2.TransportError as error:
        raise UnansweredError(str(error)) from error


async def _answer_in(stream: EventStreamAsync[ConversationEvents]) -> Answer:
    text, route, conversation_id, is_done = "", list[str](), "", False
    async for event in stream:
        match event.data:
            case ResponseStartedEvent(conversation_id=started):
                conversation_id = started
            case AgentHandoffStartedEvent(previous_agent_name=name) if not route:
                route.append(name)
            case AgentHandoffDoneEvent(next_agent_name=name):
                route.append(name)
            case MessageOutputEvent(content=str(piece) | TextChunk(text=piece)):
                text += piece
            case ResponseErrorEvent(message=reason):
                raise UnansweredError(reason)
            case ResponseDoneEvent():
                is_done = True
    if not is_done:
        message = "the stream ended before the answer did"
        raise UnansweredError(message)
    return Answer(text, tuple(route), conversation_id)


async def _make(
    client: Mistral,
    made: AsyncExitStack,
    *,
    name: str,
    instructions: str,
    handoffs: list[str] | None = None,
) -> str:
    agent = await client.beta.agents.create_async(
        model=MODEL, name=name, instructions=instructions, handoffs=handoffs
    )
    made.push_async_callback(_delete, client, agent.id)
    return agent.id


async def _delete(client: Mistral, agent_id: str) -> None:
    try:
        await client.beta.agents.delete_async(agent_id=agent_id)
    except MistralError as error:
        if error.status_code != HTTPStatus.NOT_FOUND:  # then it is gone, as it should be
            raise
