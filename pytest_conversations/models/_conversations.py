"""Replies of the operations (contract section 10)."""

from datetime import datetime
from typing import Annotated

from pydantic import Discriminator, JsonValue, Tag

from pytest_conversations.models._base import Model
from pytest_conversations.models._entries import Entry
from pytest_conversations.models._requests import CompletionArgs, GuardrailConfig
from pytest_conversations.models._tools import Tool
from pytest_conversations.models._usage import ConversationUsageInfo


class ConversationResponse(Model):
    """What the model added to a conversation."""

    object: str = "conversation.response"
    conversation_id: str
    outputs: list[Entry]
    usage: ConversationUsageInfo
    guardrails: list[dict[str, JsonValue]] | None = None


class ConversationHistory(Model):
    """All entries of a conversation, oldest first."""

    object: str = "conversation.history"
    conversation_id: str
    entries: list[Entry]


class ConversationMessages(Model):
    """The messages of a conversation, oldest first."""

    object: str = "conversation.messages"
    conversation_id: str
    messages: list[Entry]


class _Conversation(Model):
    object: str = "conversation"
    id: str
    created_at: datetime
    updated_at: datetime
    name: str | None = None
    description: str | None = None
    metadata: dict[str, JsonValue] | None = None


class ModelConversation(_Conversation):
    """A conversation with a base model."""

    model: str
    instructions: str | None = None
    tools: list[Tool] | None = None
    completion_args: CompletionArgs | None = None
    guardrails: list[GuardrailConfig] | None = None


class AgentConversation(_Conversation):
    """A conversation with an agent."""

    agent_id: str
    agent_version: str | int | None = None


def _conversation_kind(value: object) -> str:
    """There is no discriminator (gotcha 9): an ``agent_id`` that is not null makes it an agent."""
    agent_id = (
        value.get("agent_id") if isinstance(value, dict) else getattr(value, "agent_id", None)
    )
    return "model" if agent_id is None else "agent"


Conversation = Annotated[
    Annotated[ModelConversation, Tag("model")] | Annotated[AgentConversation, Tag("agent")],
    Discriminator(_conversation_kind),
]
