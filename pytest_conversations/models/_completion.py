"""How a model samples (contract section 8)."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, JsonValue

from pytest_conversations.models._base import RequestModel
from pytest_conversations.models._enums import ReasoningEffort, ResponseFormats, ToolChoiceEnum


class Prediction(RequestModel):
    """Text that the answer is expected to hold."""

    type: Literal["content"] | None = "content"
    content: str | None = ""

    not_nullable = frozenset({"type", "content"})


class JSONSchema(RequestModel):
    """The schema of a structured answer; ``schema`` on the wire (gotcha 29)."""

    name: str
    description: str | None = None
    schema_definition: Annotated[dict[str, JsonValue], Field(alias="schema")]
    strict: bool | None = None

    not_nullable = frozenset({"strict"})


class ResponseFormat(RequestModel):
    """The form of the answer: ``text``, ``json_object`` or ``json_schema``."""

    type: ResponseFormats | None = None
    json_schema: JSONSchema | None = None

    not_nullable = frozenset({"type"})


CompletionArgsStop: TypeAlias = str | list[str]


class CompletionArgs(RequestModel):
    """How the model samples. An unknown key is refused; the SDK drops it in silence."""

    stop: CompletionArgsStop | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    random_seed: int | None = None
    prediction: Prediction | None = None
    response_format: ResponseFormat | None = None
    tool_choice: ToolChoiceEnum | None = None
    reasoning_effort: ReasoningEffort | None = None

    not_nullable = frozenset({"tool_choice"})
