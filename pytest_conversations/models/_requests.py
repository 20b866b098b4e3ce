"""Bodies of the requests (contract sections 3, 8 and 9)."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from pytest_conversations.models._base import RequestModel
from pytest_conversations.models._entries import InputEntry
from pytest_conversations.models._tools import KnownTool


class Prediction(RequestModel):
    """Text that the answer is expected to hold."""

    type: Literal["content"] = "content"
    content: str = ""


class JSONSchema(RequestModel):
    """The schema of a structured answer; ``schema`` on the wire (gotcha 29)."""

    name: str
    description: str | None = None
    schema_definition: Annotated[dict[str, JsonValue], Field(alias="schema")]
    strict: bool | None = None

    not_nullable = frozenset({"strict"})


class ResponseFormat(RequestModel):
    """The form of the answer: ``text``, ``json_object`` or ``json_schema``."""

    type: str | None = None
    json_schema: JSONSchema | None = None

    not_nullable = frozenset({"type"})


class CompletionArgs(RequestModel):
    """How the model samples. An unknown key is refused; the SDK drops it in silence."""

    stop: str | list[str] | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    random_seed: int | None = None
    prediction: Prediction | None = None
    response_format: ResponseFormat | None = None
    tool_choice: str | None = None
    reasoning_effort: str | None = None

    not_nullable = frozenset({"tool_choice"})


class _ModerationConfig(RequestModel):
    custom_category_thresholds: dict[str, float | None] | None = None
    ignore_other_categories: bool = False
    action: str | None = None

    not_nullable = frozenset({"action"})


class ModerationLLMV1Config(_ModerationConfig):
    """The first moderation model, with thresholds by category."""

    model_name: str = "mistral-moderation-2411"


class ModerationLLMV2Config(_ModerationConfig):
    """The second moderation model, with thresholds by category."""

    model_name: str = "mistral-moderation-2603"


class GuardrailConfig(RequestModel):
    """Moderation of the input, before the model sees it."""

    block_on_error: bool = False
    moderation_llm_v1: ModerationLLMV1Config | None = None
    moderation_llm_v2: ModerationLLMV2Config | None = None


class ToolCallConfirmation(RequestModel):
    """Whether a pending call of a connector may run (contract section 3.4)."""

    tool_call_id: str
    confirmation: Literal["allow", "deny"]


HandoffExecution = Literal["client", "server"]
ConversationInputs = str | list[InputEntry]


class ConversationRequest(RequestModel):
    """Body of ``start`` and ``start_stream``: not given is not sent, None is sent as null."""

    inputs: ConversationInputs
    stream: bool = False
    store: bool | None = None
    handoff_execution: HandoffExecution | None = None
    instructions: str | None = None
    tools: list[KnownTool] | None = None
    completion_args: CompletionArgs | None = None
    guardrails: list[GuardrailConfig] | None = None
    name: str | None = None
    description: str | None = None
    metadata: dict[str, JsonValue] | None = None
    agent_id: str | None = None
    agent_version: str | int | None = None
    model: str | None = None


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
    """Body of ``append`` and ``append_stream``."""

    tool_confirmations: list[ToolCallConfirmation] | None = None


class ConversationRestartRequest(_FollowUp):
    """Body of ``restart`` and ``restart_stream``."""

    from_entry_id: str
    guardrails: list[GuardrailConfig] | None = None
    metadata: dict[str, JsonValue] | None = None
    agent_version: str | int | None = None
