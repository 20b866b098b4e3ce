"""The endpoint as a browser sees it. What it says to the API is in `cassettes/`."""

import json
import os
from collections.abc import Iterator
from typing import TypeAlias

import pytest
from fastapi.testclient import TestClient

from chat import app
from pytest_conversations import (
    ConversationCassette,
    ConversationsClient,
    ConversationSnapshotAssertion,
)

TWO_BROWSERS = "two_browsers.yaml"


Event: TypeAlias = dict[str, object]  # its data, by its name


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """A browser. Its requests go to the app alone, so they are in no cassette."""
    if "MISTRAL_API_KEY" not in os.environ:  # which the app insists on
        monkeypatch.setenv("MISTRAL_API_KEY", "not-a-real-key")
    with TestClient(app) as client:
        yield client


@pytest.fixture
def _replay_only(conversation_cassette: ConversationCassette) -> None:
    """For tests that want what no API does when asked: they are left out while one records."""
    if conversation_cassette.mode != "none":
        pytest.skip("can only be replayed")


def say(browser: TestClient, message: str) -> list[Event]:
    """Send a message, and read the stream that comes back."""
    response = browser.post("/chat", json={"message": message})
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("text/event-stream")
    blocks = response.text.split("\n\n")
    fields = [dict(line.split(": ", 1) for line in one.splitlines()) for one in blocks if one]
    return [{one["event"]: json.loads(one["data"])} for one in fields]


def answer(events: list[Event]) -> str:
    """What the pieces of text are together, of a stream that is whole."""
    assert events[-1] == {"done": {}}
    return "".join(str(one["text"]) for one in events[:-1])


@pytest.mark.conversations
def test_remembers_what_was_said(
    browser: TestClient, conversation_snapshot: ConversationSnapshotAssertion
) -> None:
    """A session is one conversation, whose answers come in pieces."""
    first = say(browser, "My name is Ada.")
    second = say(browser, "What is my name?")
    assert answer(second) == "Your name is Ada."
    assert [first, second] == conversation_snapshot


@pytest.mark.conversations(cassette=TWO_BROWSERS)
def test_each_session_has_a_conversation_of_its_own(browser: TestClient) -> None:
    """What one browser says, another does not hear."""
    say(browser, "My name is Grace.")
    browser.cookies.clear()  # now it is another
    say(browser, "My name is Alan.")
    assert answer(say(browser, "What is my name?")) == "Your name is Alan."


@pytest.mark.conversations(cassette=TWO_BROWSERS, chunking="bytes")
def test_takes_any_cut_of_the_stream(browser: TestClient) -> None:
    """The recording of the test above, one byte at a time."""
    assert answer(say(browser, "My name is Grace.")) == "Nice to meet you, Grace."


@pytest.mark.usefixtures("_replay_only")
@pytest.mark.conversations(cassette=TWO_BROWSERS, cut_after=3)
def test_a_stream_that_dies_is_no_answer(browser: TestClient) -> None:
    """The browser is told, and the next message of the session starts a conversation."""
    events = say(browser, "My name is Grace.")
    assert [*map(list, events)] == [["text"], ["text"], ["error"]]
    assert say(browser, "My name is Alan.")[-1].keys() == {"error"}  # recorded as a start


@pytest.mark.conversations
def test_a_conversation_that_is_gone(
    browser: TestClient, conversations: ConversationsClient
) -> None:
    """The browser is told, and begins anew with the same session."""
    say(browser, "My name is Ada.")
    (ours,) = app.state.chat.conversations.values()
    conversations.delete(conversation_id=ours)

    assert browser.post("/chat", json={"message": "What is my name?"}).status_code == 410
    assert answer(say(browser, "What is my name?")) == "You have not told me your name."


@pytest.mark.usefixtures("_replay_only")
@pytest.mark.conversations
def test_too_many_requests(browser: TestClient) -> None:
    """The browser is told when to come back. The recording was edited by hand: see README.md."""
    response = browser.post("/chat", json={"message": "Hello"})
    assert response.status_code == 503
    assert response.headers["retry-after"] == "7"
    assert response.json() == {"detail": "The model is busy."}
