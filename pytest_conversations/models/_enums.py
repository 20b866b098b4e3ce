"""Words that the API takes or gives in certain places (contract sections 5 to 12).

All but two are open, here as in the SDK: a word that this version does not know is a text like any
other, in replies and in requests. The API itself refuses what it does not know.
"""

from typing import Literal, TypeAlias

BuiltInConnectors: TypeAlias = (
    Literal[
        "web_search",
        "web_search_premium",
        "code_interpreter",
        "image_generation",
        "document_library",
        "mistral_mcp",
    ]
    | str
)
"""Tools that the service runs. In live replies names of other tools stand there, too."""

ImageDetail: TypeAlias = Literal["low", "auto", "high"] | str
"""In which detail the model looks at an image."""

MessageInputEntryRole: TypeAlias = Literal["assistant", "user"] | str
"""Who said it."""

FunctionCallEntryConfirmationStatus: TypeAlias = Literal["pending", "allowed", "denied"] | str
"""How far the confirmation of a call is (contract section 3.4)."""

FunctionCallEventConfirmationStatus: TypeAlias = FunctionCallEntryConfirmationStatus

ToolChoiceEnum: TypeAlias = Literal["auto", "none", "any", "required"] | str
"""Whether the model may, or has to, use a tool."""

ReasoningEffort: TypeAlias = (
    Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | str
)
"""How long the model thinks."""

ResponseFormats: TypeAlias = Literal["text", "json_object", "json_schema"] | str
"""The form of an answer."""

ModerationLLMAction: TypeAlias = Literal["none", "block"] | str
"""What a guardrail does when it is triggered."""

SSETypes: TypeAlias = (
    Literal[
        "conversation.response.started",
        "conversation.response.done",
        "conversation.response.error",
        "message.output.delta",
        "tool.execution.started",
        "tool.execution.delta",
        "tool.execution.done",
        "agent.handoff.started",
        "agent.handoff.done",
        "function.call.delta",
    ]
    | str
)
"""The types of the events of a stream."""

HandoffExecution: TypeAlias = Literal["client", "server"]
"""Who runs a hand-off. Closed, in the SDK as in the API."""

Confirmation: TypeAlias = Literal["allow", "deny"]
"""The answer to a call that asks. Closed, in the SDK as in the API."""
