"""Moderation of the input (contract section 9)."""

from pytest_conversations.models._base import RequestModel
from pytest_conversations.models._enums import ModerationLLMAction


class _CategoryThresholds(RequestModel):
    """From which score, 0 to 1, a category counts as violated."""

    sexual: float | None = None
    hate_and_discrimination: float | None = None
    violence_and_threats: float | None = None
    selfharm: float | None = None
    health: float | None = None
    financial: float | None = None
    law: float | None = None
    pii: float | None = None


class ModerationLlmv1CategoryThresholds(_CategoryThresholds):
    """From which score, 0 to 1, a category of the first moderation model counts as violated."""

    dangerous_and_criminal_content: float | None = None


class ModerationLlmv2CategoryThresholds(_CategoryThresholds):
    """From which score, 0 to 1, a category of the second moderation model counts as violated."""

    dangerous: float | None = None
    criminal: float | None = None
    jailbreaking: float | None = None


class _ModerationConfig(RequestModel):
    ignore_other_categories: bool | None = False
    action: ModerationLLMAction | None = None

    not_nullable = frozenset({"model_name", "ignore_other_categories", "action"})


class ModerationLlmv1Config(_ModerationConfig):
    """The first moderation model."""

    model_name: str | None = "mistral-moderation-2411"
    custom_category_thresholds: ModerationLlmv1CategoryThresholds | None = None


class ModerationLlmv2Config(_ModerationConfig):
    """The second moderation model."""

    model_name: str | None = "mistral-moderation-2603"
    custom_category_thresholds: ModerationLlmv2CategoryThresholds | None = None


class GuardrailConfig(RequestModel):
    """Moderation of the input, before the model sees it."""

    block_on_error: bool | None = False
    moderation_llm_v1: ModerationLlmv1Config | None = None
    moderation_llm_v2: ModerationLlmv2Config | None = None

    not_nullable = frozenset({"block_on_error"})
