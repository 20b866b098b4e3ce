"""Entries of a conversation (contract section 5)."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Discriminator, JsonValue, Tag

from pytest_conversations.models._base import OPEN_UNION, Model, Unknown, tag
from pytest_conversations.models._content import ContentChunk


class _Entry(Model):
    object: str = "entry"
    type: str  # each entry says which; here it keeps the place that it has on the wire
    created_at: datetime | None = None
    completed_at: datetime | None = None
    id: str | None = None

    not_nullable = frozenset({"created_at", "id"})


class MessageInputEntry(_Entry):
    """What was said to the model."""

    type: Literal["message.input"] = "message.input"
    role: str
    content: str | list[ContentChunk]
    prefix: bool = False


class MessageOutputEntry(_Entry):
    """What the model said."""

    type: Literal["message.output"] = "message.output"
    agent_id: str | None = None
    model: str | None = None
    role: str = "assistant"
    content: str | list[ContentChunk]


class FunctionCallEntry(_Entry):
    """A function that the model wants the application to run."""

    type: Literal["function.call"] = "function.call"
    agent_id: str | None = None
    model: str | None = None
    tool_call_id: str
    name: str
    arguments: dict[str, JsonValue] | str
    confirmation_status: str | None = None


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
    name: str
    arguments: str | None = None
    info: dict[str, JsonValue] | None = None


class AgentHandoffEntry(_Entry):
    """One agent passed the conversation to another."""

    type: Literal["agent.handoff"] = "agent.handoff"
    previous_agent_id: str
    previous_agent_name: str
    next_agent_id: str
    next_agent_name: str


class UnknownEntry(Unknown):
    """An entry of a type that this version does not know."""


def _entry_type(value: object) -> str:
    """The tag of an entry. A ``type`` may be left out (section 5): then its fields tell."""
    return tag(value, _OWN_FIELDS)


# In this order: the fields of the first are the rarest.
_OWN_FIELDS = (
    ("agent.handoff", {"previous_agent_id", "next_agent_id"}),
    ("function.result", {"tool_call_id", "result"}),
    ("function.call", {"tool_call_id", "name", "arguments"}),
    ("tool.execution", {"name", "arguments"}),
    ("message.input", {"role", "content"}),
    ("message.output", {"content"}),
)

InputEntry = Annotated[
    Annotated[MessageInputEntry, Tag("message.input")]
    | Annotated[MessageOutputEntry, Tag("message.output")]
    | Annotated[FunctionResultEntry, Tag("function.result")]
    | Annotated[FunctionCallEntry, Tag("function.call")]
    | Annotated[ToolExecutionEntry, Tag("tool.execution")]
    | Annotated[AgentHandoffEntry, Tag("agent.handoff")],
    Discriminator(_entry_type),
]

Entry = Annotated[InputEntry | UnknownEntry, OPEN_UNION]
