"""The official SDK, on a ``MockTransport`` that reads plain JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.talking import COUNT, Answer, calling, plain_answers

if TYPE_CHECKING:
    from mistralai.client import Mistral


@pytest.mark.parametrize("number", range(COUNT))
def test_talk(number: int, mocked_sdk: Mistral, answers: dict[tuple[str, str], Answer]) -> None:
    """Three calls."""
    answers.clear()
    answers.update({(each.method, each.path): each for each in plain_answers(number)})
    calling(mocked_sdk.beta.conversations, number)
