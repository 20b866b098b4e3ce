"""respx, with answers from plain JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.calls import API
from benchmarks.talking import COUNT, plain_answers, sending

if TYPE_CHECKING:
    import httpx
    import respx


@pytest.mark.parametrize("number", range(COUNT))
def test_talk(number: int, client: httpx.Client, respx_mock: respx.MockRouter) -> None:
    """Three calls."""
    import httpx

    for each in plain_answers(number):
        answer = httpx.Response(200, headers=each.headers, content=iter(each.chunks))
        respx_mock.request(each.method, API + each.path).mock(return_value=answer)
    sending(client, number)
