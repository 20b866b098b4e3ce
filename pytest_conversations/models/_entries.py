"""Entries of a conversation (contract section 5)."""

from typing import Annotated, Literal, TypeAlias

from pydantic import ConfigDict, JsonValue, Tag

from pytest_conversations.models._base import OPEN_UNION, Time, TolerantModel, Unknown, by_type
from pytest_conversations.models._content import (
    MessageInputEntryContent,
    MessageOutputEntryContent,
)
from pytest_conversations.models._enums import (
    BuiltInConnectors,
    FunctionCallEntryConfirmationStatus,
    MessageInputEntryRole,
)


class _Entry(TolerantModel):
    # A number that JSON does not have would be sent as null.
    model_config = ConfigDict(allow_inf_nan=False)

    object: str = "entry"
    type: str  # each entry says which; here it keeps the place that it has on the wire
    created_at: Time | None = None
    completed_at: Time | None = None
    id: str | None = None

    not_nullable = frozenset({"created_at", "id"})


class MessageInputEntry(_Entry):
    """What was said to the model."""

    type: Literal["message.input"] = "message.input"
    role: MessageInputEntryRole
    content: MessageInputEntryContent
    prefix: bool | None = False

    not_nullable = frozenset({"created_at", "id", "prefix"})


class MessageOutputEntry(_Entry):
    """What the model said."""

    type: Literal["message.output"] = "message.output"
    agent_id: str | None = None
    model: str | None = None
    role: str = "assistant"
    content: MessageOutputEntryContent


FunctionCallEntryArguments: TypeAlias = dict[str, JsonValue] | str
ToolExecutionEntryName: TypeAlias = BuiltInConnectors


class FunctionCallEntry(_Entry):
    """A function that the model wants the application to run."""

    type: Literal["function.call"] = "function.call"
    agent_id: str | None = None
    model: str | None = None
    tool_call_id: str
    name: str
    arguments: FunctionCallEntryArguments
    confirmation_status: FunctionCallEntryConfirmationStatus | None = None


class FunctionResultEntry(_Entry):
    """What a function of the application returned; always text (gotcha 11)."""

    type: Literal["function.result"] = "function.result"
    tool_call_id: str
    result: str


class ToolExecutionEntry(_Entry):
    """A tool that the service ran. Replies of 2025 have no ``arguments``."""

    type: Literal["tool.execution"] = "tool.execution"
    agent_id: str | None = None
    model: str | None = None
    name: ToolExecutionEntryName
    arguments: str | None = None
    info: dict[str, JsonValue] | None = None

    not_nullable = frozenset({"created_at", "id", "arguments", "info"})


class AgentHandoffEntry(_Entry):
    """One agent passed the conversation to another."""

    type: Literal["agent.handoff"] = "agent.handoff"
    previous_agent_id: str
    previous_agent_name: str
    next_agent_id: str
    next_agent_name: str


class UnknownEntry(Unknown):
    """An entry of a type that this version does not know."""

    @property
    def id(self) -> str | None:
        """The id of the entry, if the payload has one."""
        id_ = self.root.get("id") if isinstance(self.root, dict) else None
        return id_ if isinstance(id_, str) else None


# In this order: the fields of the first are the rarest.
_OWN_FIELDS = (
    ("agent.handoff", {"previous_agent_id", "next_agent_id"}),
    ("function.result", {"tool_call_id", "result"}),
    ("function.call", {"tool_call_id", "name", "arguments"}),
    ("tool.execution", {"name", "arguments"}),
    ("message.output", {"content", "agent_id"}),
    ("message.output", {"content", "model"}),
    ("message.input", {"role", "content"}),  # also of an assistant (gotcha 27)
    ("message.output", {"content"}),
)
_OF_A_REPLY = [each for each in _OWN_FIELDS if each[0] not in {"message.input", "function.result"}]
_OF_MESSAGES = [each for each in _OWN_FIELDS if each[0].startswith("message.")]

_MessageInput = Annotated[MessageInputEntry, Tag("message.input")]
_MessageOutput = Annotated[MessageOutputEntry, Tag("message.output")]
_FunctionCall = Annotated[FunctionCallEntry, Tag("function.call")]
_FunctionResult = Annotated[FunctionResultEntry, Tag("function.result")]
_ToolExecution = Annotated[ToolExecutionEntry, Tag("tool.execution")]
_AgentHandoff = Annotated[AgentHandoffEntry, Tag("agent.handoff")]

InputEntries = Annotated[
    _MessageInput
    | _MessageOutput
    | _FunctionResult
    | _FunctionCall
    | _ToolExecution
    | _AgentHandoff,
    by_type("entry", _OWN_FIELDS),
]
_Output = Annotated[
    _MessageOutput | _FunctionCall | _ToolExecution | _AgentHandoff,
    by_type("output", _OF_A_REPLY),
]
_Message = Annotated[_MessageInput | _MessageOutput, by_type("message", _OF_MESSAGES)]

# Which entries stand where: contract section 5.
Entry = Annotated[InputEntries | UnknownEntry, OPEN_UNION]
ConversationResponseOutput = Annotated[_Output | UnknownEntry, OPEN_UNION]
MessageEntries = Annotated[_Message | UnknownEntry, OPEN_UNION]
