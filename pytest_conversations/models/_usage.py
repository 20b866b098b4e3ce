"""Token counts (contract section 10)."""

from pytest_conversations.models._base import Model


class ConversationUsageInfo(Model):
    """Tokens of one reply; ``total_tokens`` includes ``connector_tokens`` (gotcha 34)."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    connector_tokens: int | None = None
    connectors: dict[str, int] | None = None
