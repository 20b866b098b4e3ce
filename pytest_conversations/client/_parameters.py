"""The arguments of the operations, typed. What is not given is not sent (contract section 3)."""

from collections.abc import Iterable, Mapping
from typing import Required, TypeAlias, TypedDict

from pytest_conversations.client._retries import RetryConfig
from pytest_conversations.models import (
    CompletionArgs,
    Entry,
    GuardrailConfig,
    HandoffExecution,
    ModelConversationTool,
    ToolCallConfirmation,
)


class CallOptions(TypedDict, total=False):
    """What every operation takes besides its own arguments."""

    retries: RetryConfig | None
    """Which failures are tried again, before the client's; None for none."""
    server_url: str | None
    """Origin, with an optional path prefix, for this call; before the client's own."""
    timeout_ms: float | None
    """Longest wait in ms for connecting, sending, and between two chunks; before the client's."""
    http_headers: Mapping[str, str] | None
    """Headers of this call; they replace those of the client."""


class ListParameters(CallOptions, total=False):
    """Arguments of ``list``."""

    page: int | None
    """From 0 (the default)."""
    page_size: int | None
    """Conversations a page; 100 by default."""
    metadata: Mapping[str, object] | None
    """Only conversations with this metadata."""


class ConversationParameters(CallOptions):
    """Arguments of ``get``, ``delete``, ``get_history`` and ``get_messages``."""

    conversation_id: str
    """The conversation."""


class _RunParameters(CallOptions, total=False):
    store: bool | None
    """Whether the service keeps the conversation."""
    handoff_execution: HandoffExecution | None
    """Who runs a hand-off: the ``server`` (its default) or the ``client``."""
    completion_args: CompletionArgs | Mapping[str, object] | None
    """How the model samples."""


Inputs: TypeAlias = str | Iterable[Entry | Mapping[str, object]]
"""A text, or entries: models, dicts, or what an earlier call returned."""


class StartParameters(_RunParameters, total=False):
    """Arguments of ``start`` and ``start_stream``: None is sent as null."""

    inputs: Required[Inputs]
    """What is said."""
    instructions: str | None
    """What the model is told beforehand."""
    tools: Iterable[ModelConversationTool | Mapping[str, object]] | None
    """Functions of the app, and tools that the service runs."""
    guardrails: Iterable[GuardrailConfig | Mapping[str, object]] | None
    """Moderation of the inputs."""
    name: str | None
    """Of the conversation."""
    description: str | None
    """Of the conversation."""
    metadata: Mapping[str, object] | None
    """JSON data that is kept with the conversation."""
    agent_id: str | None
    """The agent to talk to; give this or ``model``."""
    agent_version: str | int | None
    """A version of the agent, by number or alias."""
    model: str | None
    """The model to talk to."""


class AppendParameters(_RunParameters, total=False):
    """Arguments of ``append`` and ``append_stream``: None is not sent (gotcha 5)."""

    conversation_id: Required[str]
    """The conversation."""
    inputs: Inputs | None
    """What is said; may be left out where ``tool_confirmations`` are given."""
    tool_confirmations: Iterable[ToolCallConfirmation | Mapping[str, object]] | None
    """Answers to calls that wait for one (contract section 3.4)."""


class RestartParameters(_RunParameters, total=False):
    """Arguments of ``restart`` and ``restart_stream``."""

    conversation_id: Required[str]
    """The earlier conversation."""
    from_entry_id: Required[str]
    """The last entry that the new conversation keeps."""
    inputs: Inputs | None
    """What is said."""
    guardrails: Iterable[GuardrailConfig | Mapping[str, object]] | None
    """Moderation of the inputs."""
    metadata: Mapping[str, object] | None
    """JSON data that is kept with the new conversation."""
    agent_version: str | int | None
    """A version of the agent, by number or alias."""
