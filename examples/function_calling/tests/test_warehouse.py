"""The command line, run in this process and in one of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_conversations import ConversationsClient, ConversationSnapshotAssertion, tool_calls
from warehouse.__main__ import main
from warehouse.agent import MODEL

pytestmark = pytest.mark.conversations


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program insists on a key. A real one, with which one records, stays."""
    if "MISTRAL_API_KEY" not in os.environ:
        monkeypatch.setenv("MISTRAL_API_KEY", "not-a-real-key")


def result_in(answer: str) -> object:
    """The JSON that the function gave; the sandbox puts it into its answer as it is."""
    result: object = json.loads(answer[answer.index("{") :])
    return result


def test_one_call(
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    conversations: ConversationsClient,
    conversation_snapshot: ConversationSnapshotAssertion,
) -> None:
    """The model calls the function with what the question says, and gets the number."""
    assert main(["--verbose", "What is the stock of Bolts in Lyon?"]) == 0
    assert result_in(capsys.readouterr().out) == {"result": 1200}

    (conversation_id,) = [
        words[1] for words in map(str.split, caplog.messages) if words[0] == "conversation"
    ]
    history = conversations.get_history(conversation_id=conversation_id)
    (call,) = tool_calls(history)
    assert call.arguments == {"item": "Bolts", "site": "Lyon"}
    assert history == conversation_snapshot


def test_the_function_fails(capsys: pytest.CaptureFixture[str]) -> None:
    """What it says is for the model, and the program goes on."""
    assert main(["What is the stock of Anvils in Porto?"]) == 0
    assert result_in(capsys.readouterr().out) == {"error": "Porto keeps no Anvils"}


def test_an_unknown_function(
    capsys: pytest.CaptureFixture[str], conversations: ConversationsClient
) -> None:
    """A conversation that an older version began, with a function that is gone since."""
    delivery = {"name": "delivery_date", "parameters": {"type": "object", "properties": {}}}
    begun = conversations.start(
        model=MODEL, inputs="Hello", tools=[{"type": "function", "function": delivery}]
    )
    assert main(["--conversation", begun.conversation_id, "When is the next delivery?"]) == 0
    assert result_in(capsys.readouterr().out) == {"error": "there is no function delivery_date"}


def test_an_unknown_conversation(capsys: pytest.CaptureFixture[str]) -> None:
    """The API's refusal is told on standard error, and by the exit code."""
    assert main(["--conversation", "conv_unknown", "Are there more?"]) == 1
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith("warehouse: the API refused: 404 ")


def test_in_a_process_of_its_own(conversations_server: str) -> None:
    """Another process is not captured, so it is given a server whose answers are the cassette."""
    done = subprocess.run(  # noqa: S603 - our own words
        [
            *(sys.executable, "-m", "warehouse", "--server-url", conversations_server),
            "What is the stock of Washers in Lyon?",
        ],
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert result_in(done.stdout) == {"result": 0}
