"""Clients for the session: making one reads all certificates, which takes longer than a test."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from benchmarks.calls import API
from benchmarks.talking import KEY, Answer, by_hand

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx
    from mistralai.client import Mistral


@pytest.fixture(scope="session")
def answers() -> dict[tuple[str, str], Answer]:
    """What the mock transports answer from; a test fills it with its own."""
    return {}


@pytest.fixture(scope="session")
def client() -> Iterator[httpx.Client]:
    """A client as an app has it."""
    import httpx

    with httpx.Client() as made:
        yield made


@pytest.fixture(scope="session")
def mocked_client(answers: dict[tuple[str, str], Answer]) -> Iterator[httpx.Client]:
    """A client on a ``MockTransport``."""
    import httpx

    with httpx.Client(transport=httpx.MockTransport(by_hand(httpx, answers))) as made:
        yield made


@pytest.fixture(scope="session")
def mounted_client(answers: dict[tuple[str, str], Answer]) -> Iterator[httpx.Client]:
    """A client with a ``MockTransport`` for one host, which has the usual one for all others."""
    import httpx

    mounts = {API: httpx.MockTransport(by_hand(httpx, answers))}
    with httpx.Client(mounts=mounts) as made:
        yield made


@pytest.fixture(scope="session")
def sdk() -> Mistral:
    """The official SDK as an app has it."""
    from mistralai.client import Mistral

    return Mistral(api_key=KEY)


@pytest.fixture(scope="session")
def mocked_sdk(answers: dict[tuple[str, str], Answer]) -> Mistral:
    """The official SDK on a ``MockTransport`` of the library that it stands on."""
    import httpx2
    from mistralai.client import Mistral

    transport = httpx2.MockTransport(by_hand(httpx2, answers))
    return Mistral(api_key=KEY, client=httpx2.Client(transport=transport))


@pytest.fixture(scope="module")
def vcr_config() -> dict[str, str]:
    """Settings of pytest-recording: which of vcrpy's serializers."""
    serializer = os.environ.get("BENCH_SERIALIZER")
    return {"serializer": serializer} if serializer else {}
