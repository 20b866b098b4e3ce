"""pytest-httpx, with answers from plain JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.calls import API
from benchmarks.talking import COUNT, plain_answers, sending

if TYPE_CHECKING:
    import httpx
    from pytest_httpx import HTTPXMock


@pytest.mark.parametrize("number", range(COUNT))
def test_talk(number: int, client: httpx.Client, httpx_mock: HTTPXMock) -> None:
    """Three calls."""
    from pytest_httpx import IteratorStream

    for each in plain_answers(number):
        httpx_mock.add_response(
            method=each.method,
            url=API + each.path,
            headers=each.headers,
            stream=IteratorStream(each.chunks),
        )
    sending(client, number)
