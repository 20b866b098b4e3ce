"""The marker of pytest-recording, with the official SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.talking import COUNT, calling

if TYPE_CHECKING:
    from mistralai.client import Mistral


@pytest.mark.vcr
@pytest.mark.parametrize("number", range(COUNT))
def test_talk(number: int, sdk: Mistral) -> None:
    """Three calls."""
    calling(sdk.beta.conversations, number)
