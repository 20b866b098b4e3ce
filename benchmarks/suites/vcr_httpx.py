"""The marker of pytest-recording, and of cassetter, with bare httpx."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.talking import COUNT, sending

if TYPE_CHECKING:
    import httpx


@pytest.mark.vcr
@pytest.mark.parametrize("number", range(COUNT))
def test_talk(number: int, client: httpx.Client) -> None:
    """Three calls."""
    sending(client, number)
