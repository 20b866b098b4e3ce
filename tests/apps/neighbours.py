"""Tests that use other plugins, next to tests of ours and in the same test."""

import os
from typing import Any

import httpx
import pytest
import respx

from pytest_conversations import ConversationsClient

API = "https://api.mistral.ai/v1/conversations"
OTHER = "https://other.example/"
SERVER = os.environ["APPS_URL"]


def ask() -> str:
    """An app that calls the API."""
    asked = httpx.post(
        API, json={"model": "m", "inputs": "Hello"}, headers={"Authorization": "Bearer any-key"}
    )
    content: str = asked.json()["outputs"][0]["content"]
    return content


@pytest.mark.conversations
def test_ours() -> None:
    """Captured."""
    assert ask()


@pytest.mark.vcr
def test_recording(vcr: Any) -> None:  # noqa: ANN401 - vcrpy has no type hints
    """pytest-recording has its own cassette, in the same folder."""
    assert httpx.get(f"{SERVER}/1").text == "other"
    assert len(vcr) == 1


@respx.mock
def test_respx() -> None:
    """A router of respx answers for the API in a test that is not ours."""
    respx.post(API).respond(json={"outputs": [{"content": "mocked"}]})
    assert ask() == "mocked"


def test_httpx_mock(httpx_mock: Any) -> None:  # noqa: ANN401 - may not be installed
    """So does pytest-httpx."""
    httpx_mock.add_response(url=API, json={"outputs": [{"content": "mocked"}]})
    assert ask() == "mocked"


def test_snapshot(snapshot: object) -> None:
    """A snapshot of syrupy's own kind."""
    assert snapshot == {"a": 1}


@pytest.mark.respx(assert_all_called=False)
def test_respx_in_a_test_of_ours(
    conversations: ConversationsClient, respx_mock: respx.MockRouter
) -> None:
    """It answers for others; on replay nothing of ours gets as far as to it."""
    respx_mock.get(OTHER).respond(text="mocked")
    respx_mock.route(host="127.0.0.1").pass_through()  # the sandbox, while recording
    assert httpx.get(OTHER).text == "mocked"
    assert conversations.start(model="m", inputs="Hello").outputs


@pytest.mark.httpx_mock(should_mock=lambda request: request.url.host == "other.example")
def test_httpx_mock_in_a_test_of_ours(
    conversations: ConversationsClient,
    httpx_mock: Any,  # noqa: ANN401 - may not be installed
) -> None:
    """It stands over ours, and has to be told to let the API be."""
    httpx_mock.add_response(url=OTHER, text="mocked")
    assert httpx.get(OTHER).text == "mocked"
    assert conversations.start(model="m", inputs="Hello").outputs


def test_snapshot_in_a_test_of_ours(
    conversations: ConversationsClient, snapshot: object, conversation_snapshot: object
) -> None:
    """Both kinds of snapshot."""
    reply = conversations.start(model="m", inputs="Hello")
    assert reply == conversation_snapshot
    assert snapshot == {"a": 1}
