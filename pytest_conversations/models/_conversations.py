"""Replies of the operations (contract section 10)."""

from datetime import datetime
from typing import Annotated, TypeAlias

from pydantic import Discriminator, JsonValue, Tag

from pytest_conversations.models._base import TolerantModel
from pytest_conversations.models._completion import CompletionArgs
from pytest_conversations.models._entries import (
    ConversationResponseOutput,
    Entry,
    MessageEntries,
)
from pytest_conversations.models._guardrails import GuardrailConfig
from pytest_conversations.models._tools import ModelConversationTool
from pytest_conversations.models._usage import ConversationUsageInfo


class ConversationResponse(TolerantModel):
    """What the model added to a conversation."""

    object: str = "conversation.response"
    conversation_id: str
    outputs: list[ConversationResponseOutput]
    usage: ConversationUsageInfo
    guardrails: list[dict[str, JsonValue]] | None = None


class ConversationHistory(TolerantModel):
    """All entries of a conversation, oldest first."""

    object: str = "conversation.history"
    conversation_id: str
    entries: list[Entry]


class ConversationMessages(TolerantModel):
    """The messages of a conversation, oldest first."""

    object: str = "conversation.messages"
    conversation_id: str
    messages: list[MessageEntries]


class _Conversation(TolerantModel):
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
    tools: list[ModelConversationTool] | None = None
    completion_args: CompletionArgs | None = None
    guardrails: list[GuardrailConfig] | None = None


AgentConversationAgentVersion: TypeAlias = str | int


class AgentConversation(_Conversation):
    """A conversation with an agent."""

    agent_id: str
    agent_version: AgentConversationAgentVersion | None = None


def _conversation_kind(value: object) -> str:
    """There is no discriminator (gotcha 9): an ``agent_id`` that is not null makes it an agent."""
    agent_id = (
        value.get("agent_id") if isinstance(value, dict) else getattr(value, "agent_id", None)
    )
    return "model" if agent_id is None else "agent"


ResponseV1ConversationsGet = Annotated[
    Annotated[ModelConversation, Tag("model")] | Annotated[AgentConversation, Tag("agent")],
    Discriminator(_conversation_kind),
]
AgentsAPIV1ConversationsListResponse = ResponseV1ConversationsGet
