"""What a snapshot looks like, and how it stays what it was where a test fails."""

import io
import re
from pathlib import Path

import pydantic
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_conversations import (
    ConversationSnapshotExtension,
    _yaml,
    models,
    outline,
    stable,
    tool_calls,
)
from pytest_conversations.snapshot import written
from pytest_conversations.snapshot._focus import focused

ENTRY = "msg_01a20ad59cf875df98d2b38b7dc6542b"
AT = "2026-11-24T10:00:00Z"
HARD = "ab \n\t\r\\\"'é🚀#:-n\u2028\x85\x00>|"


def _event(type_: str, **data: object) -> dict[str, object]:
    return {"event": type_, "data": {"type": type_, **data}}


def _pieces(*pieces: str) -> list[dict[str, object]]:
    return [_event("message.output.delta", output_index=0, content=piece) for piece in pieces]


def _diff(old: object, new: object) -> str:
    extension = ConversationSnapshotExtension()
    lines = extension.diff_lines(extension.serialize(new), extension.serialize(old))
    return re.sub("\x1b\\[[0-9;]*m", "", "\n".join(lines))


@settings(deadline=None)
@given(st.text(st.sampled_from(HARD), max_size=30))
def test_texts_of_all_kinds_are_yaml(text: str) -> None:
    """Each text is read back as it was, in a block, in quotes over several lines, or in a line."""
    stream = io.StringIO()
    _yaml.dump({"a": {"k": _yaml.text(text)}, "l": _yaml.Lines([_yaml.text(text)])}, stream)
    assert yaml.safe_load(stream.getvalue()) == {"a": {"k": text}, "l": [text]}
    assert yaml.safe_load(_yaml.in_a_line({"k": text})) == {"k": text}
    assert not re.search(r"[ \t]\n", stream.getvalue()), "hooks strip white space before a break"


def test_a_text_keeps_its_lines() -> None:
    """Also where a block cannot hold it: with a space before a break, a tab, an empty last line."""
    assert written({"content": "one \n  two\t🚀\n\nthree"}).splitlines() == [
        r'content: "one \n' + "\\",
        r"  \  two\t🚀\n" + "\\",
        r"  \n" + "\\",
        '  three"',
    ]
    assert written({"content": "one\n\n"}) == 'content: "one\\n\\\n  \\n"'
    assert written({"content": "one\n\ntwo\n"}) == "content: |\n  one\n\n  two"


def test_a_text_of_an_event_stands_in_its_line() -> None:
    """A line break in it is an escape, so that a stream has a line an event."""
    assert written(stable(_pieces("Here is:\n\n- one"))) == (
        '- message.output.delta: {output_index: 0, content: "Here is:\\n\\n- one"}'
    )


def test_json_of_calls_is_indented() -> None:
    """Arguments and results, in entries and in events that were merged, with their letters."""
    arguments = '{"city": "K\\u00f6ln"}'
    block = 'arguments: |\n{0}{{\n{0}  "city": "Köln"\n{0}}}'
    assert written({"arguments": arguments}) == block.format("  ")
    event = _event("function.call.delta", output_index=0, arguments=arguments)
    assert written([event]).endswith(block.format("      "))  # type: ignore[list-item] # JSON data
    assert written({"result": '["a"]'}) == 'result: |\n  [\n    "a"\n  ]'
    assert written({"result": "[not JSON"}) == "result: '[not JSON'"


def test_events_in_other_data() -> None:
    """Have their form there, too, and are merged."""
    data = {"a": _pieces("x", "y"), "b": _event("conversation.response.done", usage=None)}
    assert yaml.safe_load(written(stable(data, deltas="merged"))) == {
        "a": [{"message.output.delta": {"output_index": 0, "content": "xy"}}],
        "b": {"conversation.response.done": {"usage": None}},
    }


def test_a_word_in_a_long_answer() -> None:
    """Of a long line the difference shows what is near a change."""
    words = [f"word{number}" for number in range(300)]
    changed = [*words[:150], "other", *words[151:]]
    shown = _diff({"content": " ".join(words)}, {"content": " ".join(changed)})
    old, new = (line for line in shown.splitlines() if "…" in line)
    assert old.startswith("-")
    assert new.startswith("+")
    assert "word149 word150 word151" in old
    assert "word149 other word151" in new
    assert max(map(len, (old, new))) < 120


@given(st.text("ab cd\n", max_size=400), st.text("ab cd\n", max_size=400))
def test_different_texts_stay_different(old: str, new: str) -> None:
    """However they are shortened for a difference; and no line is lost."""
    shown = focused(old, new)
    assert (shown[0] == shown[1]) is (old == new)
    assert [each.count("\n") for each in shown] == [old.count("\n"), new.count("\n")]


def test_what_replaces_is_shown_as_it_is() -> None:
    """An id or a time that was given is not renamed; and what stood there has no number."""
    data = {"id": ENTRY, "created_at": AT, "text": f"{ENTRY} again"}
    shown = stable(data, replace={"/id": "conv_" + "0" * 32, "/created_at": AT})
    assert shown == {
        "id": "conv_" + "0" * 32,
        "created_at": AT,
        "text": "<entry-1> again",
    }


@pytest.mark.parametrize("cuts", [("abc",), ("a", "b", "c"), ("ab", "c")])
def test_pointers_are_into_what_is_shown(cuts: tuple[str, ...]) -> None:
    """With merged deltas they count the merged events, in however many pieces these came."""
    events = [*_pieces(*cuts), _event("conversation.response.done")]
    assert stable(events, deltas="merged", replace={"/0/data/content": "<text>"}) == [
        *_pieces("<text>"),
        _event("conversation.response.done"),
    ]
    assert stable(events, deltas="merged", drop=["/1"]) == _pieces("abc")


def test_a_wrong_escape_in_a_pointer() -> None:
    """Is told, since it would lead nowhere (RFC 6901, section 3)."""
    with pytest.raises(ValueError, match=r"drop has '/a~2'; in a JSON Pointer ~ stands as ~0"):
        stable({}, drop=["/a~2"])


def test_a_time_that_was_said() -> None:
    """Is no time of the recording."""
    assert stable({"content": AT, "created_at": AT}) == {"content": AT, "created_at": "<datetime>"}


class Other(pydantic.BaseModel):
    """A model of an app."""

    a: int = 1


@pytest.mark.parametrize("thing", [Other(), [Other()], {"a": Other()}])
def test_models_of_others_are_refused(thing: object) -> None:
    """What is not set of them would be lost."""
    with pytest.raises(TypeError, match=r"not .*\.Other; compare its model_dump\(\)"):
        stable(thing)


def test_models_that_a_test_made() -> None:
    """Say their type, which need not be given."""
    entries = [
        models.MessageInputEntry(role="user", content="x"),
        models.FunctionCallEntry(name="add", arguments='{"a": 1}', tool_call_id="c1"),
    ]
    assert stable(entries[0]) == {"type": "message.input", "role": "user", "content": "x"}
    assert outline(entries) == ["message.input user", "function.call add"]
    assert [call.name for call in tool_calls(entries)] == ["add"]


def test_an_outline_of_conversations() -> None:
    """What `get` and `list` give has one, so that a whole suite may be compared by outlines."""
    one = {"object": "conversation", "id": "conv_" + "0" * 32, "name": "support"}
    assert outline(one) == ["conversation support"]
    assert outline([one, one]) == ["conversation support"] * 2
    with pytest.raises(TypeError, match="not a dict of 'object', 'data'"):
        outline({"object": "list", "data": []})


SUITE = """
    def test_one(conversations, conversation_snapshot):
        reply = conversations.start(model="m", inputs="{inputs}")
        assert reply == conversation_snapshot
        {then}
        assert reply == conversation_snapshot(name="again")
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    """A recorded test with two snapshots."""
    _write(pytester, inputs="Ada")
    pytester.runpytest(*RECORDING).assert_outcomes(passed=1)
    return pytester


RECORDING = ("--conversations-mode=rewrite", "--conversations-sandbox", "--snapshot-update")


def _write(pytester: pytest.Pytester, *, inputs: str, then: str = "pass") -> None:
    pytester.makepyfile(test_it=SUITE.format(inputs=inputs, then=then))


def _snapshots(pytester: pytest.Pytester) -> str:
    (path,) = Path(pytester.path, "__snapshots__").glob("*.conversations")
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("--snapshot-update",), id="no cassette"),
        pytest.param((*RECORDING[::2],), id="no key"),
        pytest.param(
            (*RECORDING[::2], "--conversations-server-url=http://127.0.0.1:9"), id="no API"
        ),
        pytest.param(("--snapshot-update", "--conversations-unused=nonsense"), id="no run"),
    ],
)
@pytest.mark.parametrize("workers", [(), ("-n1",)], ids=["alone", "xdist"])
def test_snapshots_of_a_test_that_cannot_run(
    suite: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    workers: tuple[str, ...],
) -> None:
    """Stay, also when they are updated."""
    if "127" in arguments[-1]:
        monkeypatch.setenv("MISTRAL_API_KEY", "zK4dummy0key1for2tests3only4xyzw")
    before = _snapshots(suite)
    for path in suite.path.glob("cassettes/**/*.yaml"):
        path.unlink()
    assert suite.runpytest(*arguments, *workers).ret != 0
    assert _snapshots(suite) == before


def test_a_failing_test_changes_neither_recording_nor_snapshot(suite: pytest.Pytester) -> None:
    """They are of one conversation, and stay so."""
    before = _snapshots(suite)
    _write(suite, inputs="Bob", then="assert 0")
    result = suite.runpytest(*RECORDING)
    result.assert_outcomes(failed=1)
    assert "updated" not in result.stdout.str().partition("snapshot report")[2]
    assert _snapshots(suite) == before

    _write(suite, inputs="Ada")
    suite.runpytest().assert_outcomes(passed=1)


def test_a_snapshot_that_no_test_uses_is_still_deleted(suite: pytest.Pytester) -> None:
    """When its test passes."""
    suite.makepyfile(
        test_it="""
        def test_one(conversations, conversation_snapshot):
            assert conversations.start(model="m", inputs="Ada") == conversation_snapshot
        """
    )
    result = suite.runpytest("--snapshot-update")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*1 unused snapshot deleted.*"])
    assert "[again]" not in _snapshots(suite)
