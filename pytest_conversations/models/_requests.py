"""What the requests hold (contract section 3)."""

from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, JsonValue

from pytest_conversations.models._base import OPEN_UNION, RequestModel, Unknown
from pytest_conversations.models._completion import CompletionArgs
from pytest_conversations.models._entries import InputEntries, UnknownEntry
from pytest_conversations.models._enums import Confirmation, HandoffExecution
from pytest_conversations.models._guardrails import GuardrailConfig
from pytest_conversations.models._refusals import not_as_it_came
from pytest_conversations.models._tools import (
    ConversationRequestTool,
    UnknownModelConversationTool,
)


class ToolCallConfirmation(RequestModel):
    """Whether a pending call of a connector may run (contract section 3.4)."""

    tool_call_id: str
    confirmation: Confirmation


def _as_it_came(value: object) -> object:
    if not isinstance(value, Unknown):
        raise not_as_it_came()
    return value


# Entries and tools of unknown types can be sent back as they came. Nobody can make one up.
_Input = Annotated[InputEntries | Annotated[UnknownEntry, BeforeValidator(_as_it_came)], OPEN_UNION]
_Tool = Annotated[
    ConversationRequestTool | Annotated[UnknownModelConversationTool, BeforeValidator(_as_it_came)],
    OPEN_UNION,
]
ConversationInputs: TypeAlias = str | list[_Input]

ConversationRequestHandoffExecution: TypeAlias = HandoffExecution
ConversationRequestAgentVersion: TypeAlias = str | int


class ConversationRequest(RequestModel):
    """Body of ``start``: not given is not sent, None is sent as null."""

    inputs: ConversationInputs
    stream: bool = False
    store: bool | None = None
    handoff_execution: ConversationRequestHandoffExecution | None = None
    instructions: str | None = None
    tools: list[_Tool] | None = None
    completion_args: CompletionArgs | None = None
    guardrails: list[GuardrailConfig] | None = None
    name: str | None = None
    description: str | None = None
    metadata: dict[str, JsonValue] | None = None
    agent_id: str | None = None
    agent_version: ConversationRequestAgentVersion | None = None
    model: str | None = None


class ConversationStreamRequest(ConversationRequest):
    """Body of ``start_stream``."""

    stream: bool = True


ConversationStreamRequestHandoffExecution: TypeAlias = HandoffExecution
ConversationStreamRequestAgentVersion: TypeAlias = ConversationRequestAgentVersion


class _FollowUp(RequestModel):
    """What append and restart share: here None means "do not send" (gotcha 5)."""

    inputs: ConversationInputs | None = None
    stream: bool = False
    store: bool | None = None
    handoff_execution: HandoffExecution | None = None
    completion_args: CompletionArgs | None = None

    not_nullable = frozenset({"inputs", "store", "handoff_execution", "completion_args"})
    only_sent = True


class ConversationAppendRequest(_FollowUp):
    """Body of ``append``."""

    tool_confirmations: list[ToolCallConfirmation] | None = None


class ConversationAppendStreamRequest(ConversationAppendRequest):
    """Body of ``append_stream``."""

    stream: bool = True


ConversationAppendRequestHandoffExecution: TypeAlias = HandoffExecution
ConversationAppendStreamRequestHandoffExecution: TypeAlias = HandoffExecution
ConversationRestartRequestAgentVersion: TypeAlias = str | int


class ConversationRestartRequest(_FollowUp):
    """Body of ``restart``."""

    from_entry_id: str
    guardrails: list[GuardrailConfig] | None = None
    metadata: dict[str, JsonValue] | None = None
    agent_version: ConversationRestartRequestAgentVersion | None = None


class ConversationRestartStreamRequest(ConversationRestartRequest):
    """Body of ``restart_stream``."""

    stream: bool = True


ConversationRestartRequestHandoffExecution: TypeAlias = HandoffExecution
ConversationRestartStreamRequestHandoffExecution: TypeAlias = HandoffExecution
ConversationRestartStreamRequestAgentVersion: TypeAlias = ConversationRestartRequestAgentVersion


class AgentsAPIV1ConversationsListRequest(RequestModel):
    """Query of ``list``: None is not sent for a page; it is null for ``metadata``."""

    page: int | None = 0
    page_size: int | None = 100
    metadata: dict[str, JsonValue] | None = None
