"""The loop: ask, do what the model asks for, tell it, until it answers."""

from collections.abc import Iterable

from mistralai.client import Mistral
from mistralai.client.models import (
    ConversationResponse,
    ConversationResponseOutput,
    FunctionCallEntry,
    InputEntries,
    MessageOutputEntry,
    TextChunk,
)

from warehouse.toolbox import Toolbox

MODEL = "mistral-medium-latest"
MAX_ROUNDS = 5


class NoAnswerError(Exception):
    """The model called functions again and again, and did not come to an answer."""


def ask(
    client: Mistral, toolbox: Toolbox, question: str, *, conversation_id: str | None = None
) -> tuple[str, str]:
    """Answer a question.

    Args:
        client: The client.
        toolbox: What the model may call.
        question: The question.
        conversation_id: A conversation to go on with. The functions that its model may call are
            those that it was started with.

    Returns:
        The answer, and the conversation's id.

    Raises:
        MistralError: The API refused.
        NoAnswerError: There is none after `MAX_ROUNDS` rounds of calls.
    """
    api = client.beta.conversations
    reply: ConversationResponse
    if conversation_id is None:
        reply = api.start(model=MODEL, inputs=question, tools=toolbox.declarations())
    else:
        reply = api.append(conversation_id=conversation_id, inputs=question)
    for _ in range(MAX_ROUNDS):
        calls = [entry for entry in reply.outputs if isinstance(entry, FunctionCallEntry)]
        if not calls:
            return _text(reply.outputs), reply.conversation_id
        # All of a round at once: the API takes nothing else while a result is missing.
        results: list[InputEntries] = [toolbox.run(call) for call in calls]
        reply = api.append(conversation_id=reply.conversation_id, inputs=results)
    message = f"no answer after {MAX_ROUNDS} rounds of function calls"
    raise NoAnswerError(message)


def _text(outputs: Iterable[ConversationResponseOutput]) -> str:
    messages = [entry.content for entry in outputs if isinstance(entry, MessageOutputEntry)]
    return "".join(
        content
        if isinstance(content, str)
        else "".join(chunk.text for chunk in content if isinstance(chunk, TextChunk))
        for content in messages
    )
