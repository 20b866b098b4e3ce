"""Our fixture, with typed replies and events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.talking import COUNT, calling

if TYPE_CHECKING:
    from pytest_conversations import ConversationsClient


@pytest.mark.parametrize("number", range(COUNT))
def test_talk(number: int, conversations: ConversationsClient) -> None:
    """Three calls."""
    calling(conversations, number)
