"""By hand, as ``mock_transport``, on a client that an app has made: with a transport of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.talking import COUNT, Answer, plain_answers, sending

if TYPE_CHECKING:
    import httpx


@pytest.mark.parametrize("number", range(COUNT))
def test_talk(
    number: int, mounted_client: httpx.Client, answers: dict[tuple[str, str], Answer]
) -> None:
    """Three calls."""
    answers.clear()
    answers.update({(each.method, each.path): each for each in plain_answers(number)})
    sending(mounted_client, number)
