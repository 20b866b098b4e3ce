"""Against the real API, for those who have a key: `pytest -m live` with MISTRAL_API_KEY set."""

import os

import pytest

pytestmark = pytest.mark.live


def test_records_from_the_real_api_and_replays(pytester: pytest.Pytester) -> None:
    """The main job, on Mistral's own server; the key is nowhere on the disk."""
    key = os.environ.get("MISTRAL_API_KEY")
    if not key:
        pytest.skip("needs MISTRAL_API_KEY")
    pytester.makepyfile(
        """
        def test_live(conversations, conversation_snapshot):
            first = conversations.start(
                model="mistral-small-latest", inputs="My name is Ada. Answer in one word."
            )
            id_ = first.conversation_id
            with conversations.append_stream(
                conversation_id=id_, inputs="What is my name? Answer in one word."
            ) as stream:
                events = list(stream)
            history = conversations.get_history(conversation_id=id_)
            conversations.delete(conversation_id=id_)
            assert events[-1].event == "conversation.response.done"
            assert len(history.entries) == 4
            assert [first, events, history] == conversation_snapshot
        """
    )
    record = ("--conversations-mode=once", "--snapshot-update")
    pytester.runpytest_subprocess(*record).assert_outcomes(passed=1)
    files = [path for path in pytester.path.rglob("*") if path.is_file()]
    assert not any(key.encode() in path.read_bytes() for path in files)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MISTRAL_API_KEY")
        patch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
        pytester.runpytest_subprocess().assert_outcomes(passed=1)
