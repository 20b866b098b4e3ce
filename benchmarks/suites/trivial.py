"""Tests that do nothing."""

import pytest

from benchmarks.talking import COUNT


@pytest.mark.parametrize("number", range(COUNT))
def test_talk(number: int) -> None:
    """Nothing."""
    assert number >= 0
