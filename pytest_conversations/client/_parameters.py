"""The arguments of the operations, typed. What is not given is not sent (contract section 3)."""

from collections.abc import Mapping, Sequence
from typing import Required, TypedDict

from pydantic import JsonValue

from pytest_conversations.models import (
    CompletionArgs,
    GuardrailConfig,
    HandoffExecution,
    InputEntry,
    KnownTool,
    ToolCallConfirmation,
)


class CallOptions(TypedDict, total=False):
    """What every operation takes besides its own arguments."""

    server_url: str
    """Origin, with an optional path prefix, for this call; before the client's own."""
    timeout_ms: int | None
    """Longest wait in ms for connecting, sending, and between two chunks; before the client's."""
    http_headers: Mapping[str, str]
    """Headers of this call; they replace those of the client."""


class ListParameters(CallOptions, total=False):
    """Arguments of ``list``."""

    page: int | None
    """From 0 (the default)."""
    page_size: int | None
    """Conversations a page; 100 by default."""
    metadata: Mapping[str, JsonValue] | None
    """Only conversations with this metadata."""


class ConversationParameters(CallOptions):
    """Arguments of ``get``, ``delete``, ``get_history`` and ``get_messages``."""

    conversation_id: str


class _RunParameters(CallOptions, total=False):
    store: bool | None
    """Whether the service keeps the conversation."""
    handoff_execution: HandoffExecution | None
    """Who runs a hand-off: the ``server`` (its default) or the ``client``."""
    completion_args: CompletionArgs | Mapping[str, JsonValue] | None
    """How the model samples."""


class StartParameters(_RunParameters, total=False):
    """Arguments of ``start`` and ``start_stream``: None is sent as null."""

    inputs: Required[str | Sequence[InputEntry | Mapping[str, JsonValue]]]
    """Text, or entries."""
    instructions: str | None
    tools: Sequence[KnownTool | Mapping[str, JsonValue]] | None
    guardrails: Sequence[GuardrailConfig | Mapping[str, JsonValue]] | None
    name: str | None
    description: str | None
    metadata: Mapping[str, JsonValue] | None
    agent_id: str | None
    """The agent to talk to; give this or ``model``."""
    agent_version: str | int | None
    model: str | None


class AppendParameters(_RunParameters, total=False):
    """Arguments of ``append`` and ``append_stream``: None is not sent (gotcha 5)."""

    conversation_id: Required[str]
    inputs: str | Sequence[InputEntry | Mapping[str, JsonValue]] | None
    """Text, or entries; may be left out where ``tool_confirmations`` are given."""
    tool_confirmations: Sequence[ToolCallConfirmation | Mapping[str, JsonValue]] | None


class RestartParameters(_RunParameters, total=False):
    """Arguments of ``restart`` and ``restart_stream``."""

    conversation_id: Required[str]
    from_entry_id: Required[str]
    """The last entry that the new conversation keeps."""
    inputs: str | Sequence[InputEntry | Mapping[str, JsonValue]] | None
    guardrails: Sequence[GuardrailConfig | Mapping[str, JsonValue]] | None
    metadata: Mapping[str, JsonValue] | None
    agent_version: str | int | None
