"""Token counts (contract section 10)."""

from typing import Annotated

from pydantic import BeforeValidator

from pytest_conversations.models._base import TolerantModel


def _nothing_for_nulls(value: object) -> object:
    if isinstance(value, dict):
        return {key: 0 if count is None else count for key, count in value.items()}
    return value


class ConversationUsageInfo(TolerantModel):
    """Tokens of one reply; ``total_tokens`` includes ``connector_tokens`` (gotcha 34)."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    connector_tokens: int | None = None
    connectors: Annotated[dict[str, int], BeforeValidator(_nothing_for_nulls)] | None = None
