"""Server-sent events of a streamed conversation (contract section 12.1)."""

import functools
from datetime import datetime
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import BaseModel, BeforeValidator, Field, JsonValue

from pytest_conversations.models._base import OPEN_UNION, Model, Unknown, without_nulls
from pytest_conversations.models._content import MessageOutputEventContent
from pytest_conversations.models._enums import (
    BuiltInConnectors,
    FunctionCallEventConfirmationStatus,
    SSETypes,
)
from pytest_conversations.models._usage import ConversationUsageInfo

ToolExecutionStartedEventName: TypeAlias = BuiltInConnectors
ToolExecutionDeltaEventName: TypeAlias = BuiltInConnectors
ToolExecutionDoneEventName: TypeAlias = BuiltInConnectors


class _Event(Model):
    type: str  # each event says which; here it keeps the place that it has on the wire
    created_at: datetime | None = None


class _OutputEvent(_Event):
    output_index: int = 0
    id: str


class ResponseStartedEvent(_Event):
    """The reply begins."""

    type: Literal["conversation.response.started"] = "conversation.response.started"
    conversation_id: str


class ResponseDoneEvent(_Event):
    """The reply is complete."""

    type: Literal["conversation.response.done"] = "conversation.response.done"
    usage: ConversationUsageInfo


class ResponseErrorEvent(_Event):
    """The reply failed while it was streamed."""

    type: Literal["conversation.response.error"] = "conversation.response.error"
    message: str
    code: int


class MessageOutputEvent(_OutputEvent):
    """A piece of a message: text, or one content chunk."""

    type: Literal["message.output.delta"] = "message.output.delta"
    content_index: int = 0
    model: str | None = None
    agent_id: str | None = None
    role: str = "assistant"
    content: MessageOutputEventContent


class ToolExecutionStartedEvent(_OutputEvent):
    """A hosted tool starts. Streams of 2025 have no ``arguments``."""

    type: Literal["tool.execution.started"] = "tool.execution.started"
    model: str | None = None
    agent_id: str | None = None
    name: ToolExecutionStartedEventName
    arguments: str | None = None


class ToolExecutionDeltaEvent(_OutputEvent):
    """A fragment of the arguments of a hosted tool."""

    type: Literal["tool.execution.delta"] = "tool.execution.delta"
    name: ToolExecutionDeltaEventName
    arguments: str


class ToolExecutionDoneEvent(_OutputEvent):
    """A hosted tool is done."""

    type: Literal["tool.execution.done"] = "tool.execution.done"
    name: ToolExecutionDoneEventName
    info: dict[str, JsonValue] | None = None


class AgentHandoffStartedEvent(_OutputEvent):
    """An agent hands the conversation over."""

    type: Literal["agent.handoff.started"] = "agent.handoff.started"
    previous_agent_id: str
    previous_agent_name: str


class AgentHandoffDoneEvent(_OutputEvent):
    """An agent took the conversation over."""

    type: Literal["agent.handoff.done"] = "agent.handoff.done"
    next_agent_id: str
    next_agent_name: str


class FunctionCallEvent(_OutputEvent):
    """A fragment of the arguments of a function call."""

    type: Literal["function.call.delta"] = "function.call.delta"
    model: str | None = None
    agent_id: str | None = None
    name: str
    tool_call_id: str
    arguments: str
    confirmation_status: FunctionCallEventConfirmationStatus | None = None


class UnknownConversationEventsData(Unknown):
    """The data of an event of a type that this version does not know."""


KnownConversationEventsData = Annotated[
    ResponseStartedEvent
    | ResponseDoneEvent
    | ResponseErrorEvent
    | MessageOutputEvent
    | ToolExecutionStartedEvent
    | ToolExecutionDeltaEvent
    | ToolExecutionDoneEvent
    | AgentHandoffStartedEvent
    | AgentHandoffDoneEvent
    | FunctionCallEvent,
    Field(discriminator="type"),
]

# A null counts as the default here, too. Only an event that is not read as it is comes so far:
# streams have thousands of events.
_WithoutNulls = Annotated[
    KnownConversationEventsData,
    BeforeValidator(
        functools.partial(without_nulls, keys={"output_index", "content_index", "role"})
    ),
]

ConversationEventsData = Annotated[
    KnownConversationEventsData | _WithoutNulls | UnknownConversationEventsData, OPEN_UNION
]


# What an instance consists of, without the methods of pydantic that look at each of it first.
_new = object.__new__
_set_values, _set_names, _set_extra, _set_private = (
    vars(BaseModel)[slot].__set__
    for slot in (
        "__dict__",
        "__pydantic_fields_set__",
        "__pydantic_extra__",
        "__pydantic_private__",
    )
)


class ConversationEvents(Model):
    """One server-sent event: its name and its data. The type of ``data`` decides, not the name."""

    event: SSETypes
    data: ConversationEventsData

    @classmethod
    def of(cls, event: SSETypes, data: ConversationEventsData) -> Self:
        """Make an event of data that was validated already.

        It is made as ``model_construct`` makes it, in a fourth of the time: streams have thousands
        of events.

        Args:
            event: its name.
            data: its data.
        """
        made = _new(cls)
        _set_values(made, {"event": event, "data": data})
        _set_names(made, {"event", "data"})
        _set_extra(made, {})
        _set_private(made, None)
        return made
