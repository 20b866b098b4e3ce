"""Snapshots: readable, the same for every recording of a conversation, and nothing lost."""

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from syrupy.filters import paths, paths_include, props
from syrupy.matchers import path_type

from pytest_conversations import ConversationSnapshotExtension
from pytest_conversations._yaml import in_a_line
from pytest_conversations.models import ConversationEvents, ConversationHistory

CONVERSATION = "conv_019f13ba5c87747b931182ff92813bc4"
MESSAGE = "msg_019f13ba5d6576a8aa1084b86816b354"
OTHER = "msg_019f820a37f37492a3ed3edaa718ff9d"


def _text(data: object, **filters: object) -> str:
    return ConversationSnapshotExtension().serialize(data, **filters)  # type: ignore[arg-type] # syrupy's filters


def _history(conversation: str, first: str, second: str, text: str) -> dict[str, object]:
    at = "2026-07-21T00:18:55.603118Z"
    return {
        "object": "conversation.history",
        "conversation_id": conversation,
        "entries": [
            {
                "object": "entry",
                "type": "message.input",
                "created_at": at,
                "id": first,
                "role": "user",
                "content": f"See {second}, said at {at}.",
            },
            {
                "object": "entry",
                "type": "brand.new",
                "id": second,
                "content": text,
                "extra": {"parent": first},
            },
        ],
    }


def test_a_history_reads_as_a_history() -> None:
    """Ids and times have names, ids inside of text, too; what is unknown is there as it came."""
    history = ConversationHistory.model_validate(
        _history(CONVERSATION, MESSAGE, OTHER, "one\ntwo"), extra="allow"
    )
    assert _text(history).splitlines() == [
        "object: conversation.history",
        "conversation_id: <conversation-1>",
        "entries:",
        "- message.input:",
        "    role: user",
        "    id: <entry-1>",
        "    content: See <entry-2>, said at 2026-07-21T00:18:55.603118Z.",
        "    created_at: <datetime>",
        "- brand.new:",
        "    id: <entry-2>",
        "    content: |-",
        "      one",
        "      two",
        "    extra:",
        "      parent: <entry-1>",
    ]


def test_events_are_one_a_line() -> None:
    """Named by their type; text that looks like YAML is quoted."""
    data = {"type": "message.output.delta", "output_index": 0, "id": MESSAGE, "content": "a: [é"}
    event = ConversationEvents.model_validate({"event": "message.output.delta", "data": data})
    unknown = {"event": "other", "data": {"type": "brand.new", "n": [1, {"x": None}]}}
    assert _text([event, unknown]).splitlines() == [
        "- message.output.delta: {id: <entry-1>, output_index: 0, content: 'a: [é'}",
        "- other: {type: brand.new, n: [1, {x: null}]}",
    ]


def test_models_dicts_and_wire_json_give_the_same_text() -> None:
    """A model, ours or another's, is its JSON."""
    wire = _history(CONVERSATION, MESSAGE, OTHER, "x")
    model = ConversationHistory.model_validate_json(json.dumps(wire), extra="allow")
    assert _text(model) == _text(wire)


def test_new_ids_and_times_change_nothing_but_identity_does() -> None:
    """Renaming all ids consistently is the same snapshot; swapping two is another."""
    first = _history(CONVERSATION, MESSAGE, OTHER, "x")
    renamed = _history("conv_" + "a" * 32, "msg_" + "b" * 32, "msg_" + "c" * 32, "x")
    assert _text(first) == _text(renamed)
    swapped = json.loads(json.dumps(first))
    swapped["entries"][1]["extra"]["parent"] = OTHER
    assert _text(first) != _text(swapped)


def test_filters_of_syrupy_apply() -> None:
    """`exclude`, `include` and `matcher`, by name and path."""
    data = {"a": 1, "b": {"a": 2, "c": ["x", "y"]}}
    assert _text(data, exclude=paths("b.a", "b.c.0")) == "a: 1\nb:\n  c:\n  - y"
    assert _text(data, exclude=props("a")) == "b:\n  c:\n  - x\n  - y"
    assert _text(data, include=paths_include(["b", "a"])) == "b:\n  a: 2"
    assert _text(data, matcher=path_type({"b.a": (int,)})) == (
        "a: 1\nb:\n  a: int\n  c:\n  - x\n  - y"
    )
    assert _text(data, matcher=lambda data, **_: "n" if data == 2 else data) == (
        "a: 1\nb:\n  a: n\n  c:\n  - x\n  - y"
    )


@pytest.mark.parametrize("thing", [object(), {"a": {1, 2}}, [b"bytes"]])
def test_another_kind_of_object_is_named(thing: object) -> None:
    """One clear error instead of a snapshot of its repr."""
    with pytest.raises(TypeError, match="expected a model of the Conversations API, a list of"):
        _text(thing)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(json_values, json_values)
def test_different_data_is_different_text(a: object, b: object) -> None:
    """Nothing but ids and times, and the order of keys, is folded together."""
    same = json.dumps(a, sort_keys=True) == json.dumps(b, sort_keys=True)
    assert (_text(a) == _text(b)) is same


@given(json_values)
@example({"<": None})  # which is written without quotes
def test_a_line_is_what_yaml_reads(value: object) -> None:
    """The short way to write an event is YAML, of the same data."""
    line = _text([{"event": "a: b", "data": {"key": value}}])
    assert yaml.safe_load(line.replace("<", "_")) is not None
    data = {"x": [value, "", "a, b: [c]", "{", 1.5, None, True, "yes", "1", "-", "é\u2028"]}
    assert yaml.safe_load(in_a_line(data)) == data
    assert yaml.safe_load(in_a_line(data).replace("\u2028", "x")) is not None


def test_every_recorded_reply_has_a_text(corpus: Path) -> None:
    """Real replies, by Mistral's own docs: no id and no time of theirs is left in the text."""
    for path in sorted((corpus / "conversations").glob("*.json")):
        text = _text(json.loads(path.read_text(encoding="utf-8")))
        assert "T00:" not in text
        assert "conv_0" not in text
        assert "msg_0" not in text


def test_snapshots_next_to_plain_ones(pytester: pytest.Pytester) -> None:
    """A test may use syrupy's own fixture beside ours; nothing is unused, nothing is lost."""
    pytester.makepyfile(
        test_it="""
        def test_both(snapshot, conversation_snapshot):
            assert {"plain": 1} == snapshot
            assert {"ours": 2} == conversation_snapshot
        """,
        test_ours="""
        class TestOurs:
            def test_one(self, conversation_snapshot):
                assert [1] == conversation_snapshot
                assert [2] == conversation_snapshot(name="second")
        """,
    )
    pytester.runpytest("--snapshot-update").assert_outcomes(passed=2)
    result = pytester.runpytest()
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["4 snapshots passed."])
    result = pytester.runpytest("--snapshot-update")
    result.stdout.fnmatch_lines(["4 snapshots passed."])
    assert sorted(path.name for path in (pytester.path / "__snapshots__").iterdir()) == [
        "test_it.ambr",
        "test_it.conversations",
        "test_ours.conversations",
    ]


def test_a_changed_answer_is_a_readable_diff(pytester: pytest.Pytester) -> None:
    """Pytest shows the line that changed."""
    test = """
        def test_it(conversation_snapshot):
            events = [
                {{"event": "message.output.delta", "data": {{"content": word}}}}
                for word in ("one", "{}", "three")
            ]
            assert events == conversation_snapshot
    """
    pytester.makepyfile(test_it=test.format("two"))
    pytester.runpytest("--snapshot-update").assert_outcomes(passed=1)
    pytester.makepyfile(test_it=test.format("zwei"))
    result = pytester.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E*- message.output.delta: {content: two}", "E*zwei}"])


KEY = "zK4hf8Wq2LmP0xVb7TnYc3RdJ6sGaE91"
ASSERTIONS = {
    "plain": "conversation_snapshot",
    "with_defaults": "conversation_snapshot.with_defaults()",
    "use_extension": "conversation_snapshot.use_extension(ConversationSnapshotExtension)",
    "in the call": "conversation_snapshot(extension_class=ConversationSnapshotExtension)",
    "of syrupy": "snapshot.use_extension(ConversationSnapshotExtension)",
    "JSON": "conversation_snapshot.use_extension(JSONSnapshotExtension)",
    "one file each": "conversation_snapshot.use_extension(SingleFileAmberSnapshotExtension)",
}


def _kept(pytester: pytest.Pytester) -> str:
    files = (path for path in pytester.path.rglob("__snapshots__/**/*") if path.is_file())
    return "".join(path.read_text(encoding="utf-8") for path in files)


@pytest.mark.parametrize("assertion", ASSERTIONS.values(), ids=ASSERTIONS)
def test_no_secret_whichever_assertion_writes_it(
    assertion: str, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also in a test without a cassette; and a dummy key equals what a real one wrote."""
    pytester.makepyfile(
        f"""
        import os
        from syrupy.extensions.json import JSONSnapshotExtension
        from syrupy.extensions.single_file import SingleFileAmberSnapshotExtension
        from pytest_conversations import ConversationSnapshotExtension

        def test_it(conversation_snapshot, snapshot):
            key = os.environ["MISTRAL_API_KEY"]
            assert {{"text": f"It is {{key}}", key: [f"{{key}}"]}} == {assertion}
        """
    )
    monkeypatch.setenv("MISTRAL_API_KEY", KEY)
    pytester.runpytest("--snapshot-update").assert_outcomes(passed=1)
    assert KEY not in _kept(pytester)
    assert "It is <MISTRAL_API_KEY>" in _kept(pytester)
    monkeypatch.setenv("MISTRAL_API_KEY", "not-a-real-key")
    pytester.runpytest().assert_outcomes(passed=1)


def test_the_secrets_of_the_project_are_no_part_of_a_snapshot(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its variables and patterns count, whether there is a cassette or not."""
    monkeypatch.setenv("DATABASE_PASSWORD", "correct-horse-battery")
    pytester.makeini("[pytest]\nconversations_scrub =\n  DATABASE_PASSWORD\n  re:order-\\d+\n")
    pytester.makepyfile(
        """
        def test_it(conversation_snapshot):
            assert ["correct-horse-battery", "order-42"] == conversation_snapshot
        """
    )
    pytester.runpytest("--snapshot-update").assert_outcomes(passed=1)
    assert "- <DATABASE_PASSWORD>\n  - <PATTERN>" in _kept(pytester)


@pytest.mark.parametrize("shape", ["{event}", "{event}['data']", "[{event}]"])
@pytest.mark.parametrize(
    "assertion",
    [
        "conversation_snapshot",
        ASSERTIONS["with_defaults"],
        "conversation_snapshot.use_extension(AmberSnapshotExtension)",
    ],
)
def test_events_that_are_compared_one_by_one(
    assertion: str, shape: str, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None of them holds the secret that they spell out; what is written has no part of it."""
    monkeypatch.setenv("MISTRAL_API_KEY", KEY)
    pytester.makepyfile(
        f"""
        from syrupy.extensions.amber import AmberSnapshotExtension

        def test_it(conversation_snapshot):
            for at in range(0, {len(KEY)}, 4):
                data = {{"type": "message.output.delta", "content": "{KEY}"[at : at + 4]}}
                event = {{"event": "message.output.delta", "data": data}}
                assert {shape.format(event="event")} == {assertion}(name=str(at))
            assert [1] == conversation_snapshot
        """
    )
    pytester.runpytest("--snapshot-update").assert_outcomes(passed=1)
    text = _kept(pytester)
    assert "<MISTRAL_API_KEY>" in text
    for at in range(0, len(KEY), 4):
        assert KEY[at : at + 4] not in text


def test_a_test_that_is_named_by_a_secret(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its cassette and its snapshot would be, too; it is told how to be named otherwise."""
    monkeypatch.setenv("MISTRAL_API_KEY", KEY)
    pytester.makepyfile(
        """
        import os
        import pytest

        @pytest.mark.parametrize("key", [os.environ["MISTRAL_API_KEY"]])
        def test_cassette(key, conversations):
            conversations.list()

        @pytest.mark.parametrize("key", [os.environ["MISTRAL_API_KEY"]])
        def test_snapshot(key, conversation_snapshot):
            assert key == conversation_snapshot

        @pytest.mark.parametrize("key", [pytest.param(os.environ["MISTRAL_API_KEY"], id="key")])
        def test_named(key, conversation_snapshot):
            assert key == conversation_snapshot

        @pytest.mark.conversations(cassette=f"{os.environ['MISTRAL_API_KEY']}.yaml")
        def test_marked():
            pass

        def test_snapshot_name(conversation_snapshot):
            with pytest.raises(ValueError, match="the name of this snapshot holds a secret"):
                assert [1] == conversation_snapshot(name=os.environ["MISTRAL_API_KEY"])

        def test_zK4hf8Wq2LmP0xVb7TnYc3RdJ6sGaE91(conversation_snapshot):
            assert [1] == conversation_snapshot
        """
    )
    result = pytester.runpytest("--conversations-sandbox", "--snapshot-update")
    result.assert_outcomes(passed=3, errors=3)
    result.stdout.fnmatch_lines(
        [
            "test_*.py::test_cassette: the id of a parameter of this test holds a secret*",
            "test_*.py::test_snapshot: the id of a parameter*pytest.param(..., id='key')",
            "test_*.py::test_marked: the name of the cassette holds a secret*",
        ]
    )
    folders = [pytester.path / "cassettes", pytester.path / "__snapshots__"]
    names = [path.name for folder in folders for path in folder.rglob("*")]
    assert not any(KEY in name for name in names)
    assert f"[{KEY}]" not in _kept(pytester)


def test_a_parameter_that_turns_out_to_be_a_key(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Since a request carries it: nothing is written under such a name."""
    monkeypatch.delenv("MISTRAL_API_KEY", raising=False)
    pytester.makepyfile(
        """
        import pytest
        from pytest_conversations import ConversationsClient

        @pytest.mark.conversations
        @pytest.mark.parametrize("key", ["hV9xQ2mW7zR4tK8pL1nB5cD3"])
        def test_it(key):
            with ConversationsClient(key) as client:
                client.list()
        """
    )
    result = pytester.runpytest("--conversations-sandbox", "--conversations-mode=once")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        ["SecretLeakError: *in the id of a parameter of this test: give it *"]
    )
    assert not list(pytester.path.rglob("*.yaml"))


def test_other_extensions_keep_types(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers as keys, and tuples: with a secret in them or without they are written alike."""
    pytester.makepyfile(
        """
        import os
        from syrupy.extensions.amber import AmberSnapshotExtension

        def test_it(conversation_snapshot):
            amber = conversation_snapshot.use_extension(AmberSnapshotExtension)
            key = os.environ["MISTRAL_API_KEY"]
            assert {1: "x", 2: (1, key)} == amber
        """
    )
    monkeypatch.setenv("MISTRAL_API_KEY", KEY)
    pytester.runpytest("--snapshot-update").assert_outcomes(passed=1)
    monkeypatch.setenv("MISTRAL_API_KEY", "<MISTRAL_API_KEY>")
    pytester.runpytest().assert_outcomes(passed=1)
