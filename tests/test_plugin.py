"""The plugin as a test suite meets it: options, fixtures, marker, messages, summary."""

import os
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from support import Connection, Serve

from pytest_conversations.sandbox import Sandbox

KEY = "zK4dummy0key1for2tests3only4xyzw"

TALK = """
    def test_talk(conversations, conversation_snapshot):
        first = conversations.start(model="mistral-small-latest", inputs="My name is Ada.")
        with conversations.append_stream(
            conversation_id=first.conversation_id, inputs="What is my name?"
        ) as stream:
            events = list(stream)
        history = conversations.get_history(conversation_id=first.conversation_id)
        assert events == conversation_snapshot(name="events")
        assert history == conversation_snapshot(name="history")
"""

RECORD = ("--conversations-mode=once", "--conversations-sandbox")


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every attempt to connect fail."""

    def refuse(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(socket.socket, "connect", refuse)


def _cassettes(pytester: pytest.Pytester) -> dict[str, bytes]:
    folder = pytester.path / "cassettes"
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_records_and_replays(pytester: pytest.Pytester, request: pytest.FixtureRequest) -> None:
    """The main job: record once, replay offline without a key, snapshots equal, file untouched."""
    pytester.makepyfile(test_it=TALK)
    recorded = pytester.runpytest(*RECORD, "--snapshot-update")
    recorded.assert_outcomes(passed=1)
    recorded.stdout.fnmatch_lines(
        [
            "conversations: --conversations-mode=once --conversations-sandbox",
            "conversations: 0 replayed, 3 recorded, * scrubbed, 0 unused in 1 cassette",
        ]
    )
    files = _cassettes(pytester)
    assert list(files) == ["test_it/test_talk.yaml"]
    assert b"sandbox: true" in files["test_it/test_talk.yaml"]
    assert b"127.0.0.1" not in files["test_it/test_talk.yaml"]

    request.getfixturevalue("offline")
    replayed = pytester.runpytest()
    replayed.assert_outcomes(passed=1)
    replayed.stdout.fnmatch_lines(
        [
            "conversations: 3 replayed, 0 recorded, 0 scrubbed, 0 unused in 1 cassette",
            "2 snapshots passed.",
        ]
    )
    replayed.stdout.no_fnmatch_line("conversations: --conversations-mode*")
    assert _cassettes(pytester) == files


def test_snapshots_survive_a_re_recording(pytester: pytest.Pytester) -> None:
    """Recorded again, with new ids and times, the same conversation equals its snapshot."""
    pytester.makepyfile(test_it=TALK)
    pytester.runpytest(*RECORD, "--snapshot-update").assert_outcomes(passed=1)
    before = _cassettes(pytester)
    again = pytester.runpytest("--conversations-mode=rewrite", "--conversations-sandbox")
    again.assert_outcomes(passed=1)
    assert _cassettes(pytester) != before


def test_the_official_sdk_is_captured(
    pytester: pytest.Pytester, request: pytest.FixtureRequest
) -> None:
    """With the marker alone, clients made at import included, sync and async."""
    pytest.importorskip("mistralai")
    pytester.makepyfile(
        test_it=f"""
        import asyncio
        import pytest
        from mistralai.client import Mistral

        sdk = Mistral(api_key="{KEY}")

        async def ask():
            async with Mistral(api_key="{KEY}") as client:
                stream = await client.beta.conversations.start_stream_async(
                    model="mistral-small-latest", inputs="What is 2+3?"
                )
                async with stream:
                    return [event.data.type async for event in stream]

        @pytest.mark.conversations
        def test_sync():
            reply = sdk.beta.conversations.start(model="m", inputs="My name is Ada.")
            assert "Ada" in reply.outputs[0].content

        @pytest.mark.conversations
        def test_async():
            assert asyncio.run(ask())[-1] == "conversation.response.done"
        """
    )
    pytester.runpytest(*RECORD).assert_outcomes(passed=2)
    assert not any(KEY.encode() in data for data in _cassettes(pytester).values())
    request.getfixturevalue("offline")
    pytester.runpytest().assert_outcomes(passed=2)


def test_a_missing_cassette_names_the_command_that_records_it(pytester: pytest.Pytester) -> None:
    """The default mode is none: nothing is sent."""
    pytester.makepyfile(
        test_it="""
        import pytest

        class TestApp:
            @pytest.mark.parametrize("x", ["a b"])
            def test_get(self, conversations, x):
                conversations.get(conversation_id="conv_1")
        """
    )
    result = pytester.runpytest()
    result.assert_outcomes(failed=1)
    path = "cassettes/test_it/TestApp.test_get[[]a b[]].yaml"
    result.stdout.fnmatch_lines(
        [
            "*UnrecordedRequestError: Not recorded: GET https://api.mistral.ai/v1/conversations/conv_1",
            f"E*Cassette: {path} (mode none), which does not exist",
            "E*To record it: pytest 'test_it.py::TestApp::test_get[[]a b[]]' "
            "--conversations-mode=once",
            "E*It takes a key in MISTRAL_API_KEY; to try it without one, add --*-sandbox.",
        ]
    )
    result = pytester.runpytest("--conversations-sandbox")
    result.stdout.no_fnmatch_line("*It takes a key*")
    result.stdout.no_fnmatch_line("*cut_after*")


@pytest.mark.parametrize("ini", ["", "pytest.ini"])
def test_a_cassette_of_another_rootdir(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, ini: str
) -> None:
    """Without an ini file it depends on where pytest is called, and so does the cassette folder."""
    folder = pytester.mkdir("below")
    (folder / "test_it.py").write_text(
        "def test_it(conversations): conversations.get(conversation_id='c')"
    )
    pytester.mkdir("cassettes")
    if ini:
        (folder / ini).touch()
    monkeypatch.chdir(folder)
    result = pytester.runpytest("test_it.py")
    result.assert_outcomes(failed=1)
    told = f". Is it in {pytester.path / 'cassettes'}? Without an ini file"
    assert (told in result.stdout.str()) is not bool(ini)


@pytest.mark.parametrize("missing", ["shared.yaml", "other/shared.yaml", "test_it/b.yaml"])
def test_a_missing_cassette_is_recorded_as_those_around_it(
    pytester: pytest.Pytester, missing: str
) -> None:
    """In a project that records from the sandbox the command does so as well."""
    pytester.makepyfile(
        test_it=f"""
        import pytest

        def test_it(conversations):
            conversations.list()

        @pytest.mark.conversations(cassette="{missing}")
        def test_missing(conversations):
            conversations.list()
        """
    )
    pytester.runpytest(*RECORD, "-k", "test_it and not missing").assert_outcomes(passed=1)
    pytester.runpytest().stdout.fnmatch_lines(["E*To record it: *--conversations-sandbox"])


@pytest.mark.parametrize(
    ("fixture", "options", "what"),
    [("conversations", RECORD, "--conversations-sandbox"), ("conversations_server", (), None)],
)
def test_without_the_extra_sandbox(
    pytester: pytest.Pytester, fixture: str, options: tuple[str, ...], what: str | None
) -> None:
    """What needs it says what to install; the rest goes on without."""
    pytester.makeconftest("import sys; sys.modules.update(starlette=None, uvicorn=None)")
    pytester.makepyfile(
        f"def test_it({fixture}): pass\ndef test_other(conversation_cassette): pass"
    )
    result = pytester.runpytest_subprocess(*options)
    result.assert_outcomes(passed=0 if options else 1, errors=2 if options else 1)
    install = "pip install 'pytest-conversations[[]sandbox]'"
    result.stdout.fnmatch_lines([f"*{what or fixture} needs *: {install}*"])


def test_a_miss_that_a_fixture_swallows_after_the_test(pytester: pytest.Pytester) -> None:
    """It is an error as well: what was to be tidied up was not."""
    pytester.makepyfile(
        test_it="""
        import contextlib
        import pytest

        @pytest.fixture
        def conversation(conversations):
            yield conversations.start(model="m", inputs="Hi").conversation_id
            with contextlib.suppress(Exception):
                conversations.delete(conversation_id="conv_other")

        def test_it(conversation):
            assert conversation
        """
    )
    pytester.runpytest(*RECORD).assert_outcomes(passed=1)
    path = pytester.path / "cassettes" / "test_it" / "test_it.yaml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("conv_other", "conv_another"), "utf-8")
    result = pytester.runpytest("-W", "ignore")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*UnrecordedRequestError: Not recorded: DELETE *conv_other"])


def test_a_test_that_cannot_record_says_who_can(pytester: pytest.Pytester) -> None:
    """Its own command would fail: a stream is whole while it is recorded."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.conversations(cassette="it.yaml", cut_after=1)
        def test_it(conversations):
            conversations.start_stream(model="m", inputs="Hi")
        """
    )
    pytester.runpytest().stdout.fnmatch_lines(
        ["E*With cut_after a stream does not die while it is recorded*with the same cassette=..."]
    )


def test_the_command_of_a_miss_works(pytester: pytest.Pytester) -> None:
    """What the message says to run, run as it stands, records."""
    pytester.makepyfile(test_it=TALK)
    pytester.runpytest("--snapshot-update", *RECORD).assert_outcomes(passed=1)
    path = pytester.path / "test_it.py"
    path.write_text(path.read_text().replace("My name is Ada.", "My name is Bob."))
    missed = pytester.runpytest()
    missed.assert_outcomes(failed=1)
    missed.stdout.fnmatch_lines(
        ['E*-  "inputs": "My name is Ada.",', 'E*+  "inputs": "My name is Bob.",']
    )
    (line,) = {
        line for line in missed.outlines if "To record it: pytest" in line and line[0] == "E"
    }
    command = line.split("To record it: pytest ")[1].split()
    fixed = pytester.runpytest(*command)
    fixed.assert_outcomes(passed=1)


@pytest.mark.parametrize("swallow", ["Exception", "RuntimeError"])
@pytest.mark.parametrize(
    ("get", "said"),
    [
        ("httpx.get", "Not recorded: GET https://api.mistral.ai/v1/models"),
        (
            "requests.get",
            "A client that is not captured was about to go to https://api.mistral.ai,",
        ),
    ],
)
def test_a_miss_fails_the_test_even_if_the_app_swallowed_it(
    pytester: pytest.Pytester, swallow: str, get: str, said: str
) -> None:
    """An app that catches everything, or fails with an error of its own, does not hide it."""
    pytester.makepyfile(
        my_app=f"""
        import httpx, requests

        def ask():
            {get}("https://api.mistral.ai/v1/models")
        """,
        test_app=f"""
        import my_app, pytest

        @pytest.mark.conversations
        def test_app():
            try:
                try:
                    my_app.ask()
                except Exception as error:
                    raise RuntimeError("the app's own") from None
            except {swallow}:
                if "{swallow}" == "RuntimeError":
                    raise ValueError("of the app")
        """,
    )
    result = pytester.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"*{said}*"])
    if swallow == "Exception":
        result.stdout.fnmatch_lines([">*my_app.ask()", f">*{get}(*", "my_app.py:4: Unrecorded*"])
    for foreign in ("plugin.py", "_capture.py", "site-packages"):
        result.stdout.no_fnmatch_line(f"*{foreign}*")


def test_a_failing_test_writes_nothing(pytester: pytest.Pytester) -> None:
    """The file stays as it was, and the summary says so; conversations_keep_failed writes."""
    pytester.makepyfile(
        """
        def test_fails(conversations):
            conversations.start(model="m", inputs="Hello")
            assert False
        """
    )
    result = pytester.runpytest(*RECORD)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "conversations: 0 replayed, 0 recorded, 0 scrubbed, 0 unused in 1 cassette",
            "  not written: cassettes/*/test_fails.yaml (the test failed)",
        ]
    )
    assert not _cassettes(pytester)
    pytester.runpytest(*RECORD, "-o", "conversations_keep_failed=true").assert_outcomes(failed=1)
    assert len(_cassettes(pytester)) == 1


def test_a_first_recording_without_its_snapshot(pytester: pytest.Pytester) -> None:
    """The test fails, and it is said what to add; with it, nothing is."""
    pytester.makepyfile(
        """
        def test_it(conversations, conversation_snapshot):
            assert conversations.start(model="m", inputs="Hello") == conversation_snapshot

        def test_fails(conversations, conversation_snapshot):
            conversations.start(model="m", inputs="Hello")
            assert False
        """
    )
    told = "  not written: cassettes/*/test_{}.yaml (the test failed{})"
    advice = "; where its snapshots are new or may change, add --snapshot-update"
    pytester.runpytest(*RECORD).stdout.fnmatch_lines([told.format("it", advice)])
    result = pytester.runpytest(*RECORD, "--snapshot-update")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines([told.format("fails", "")])


def test_what_fixtures_do_is_recorded_too(pytester: pytest.Pytester) -> None:
    """A conversation that a fixture makes and deletes is in the cassette."""
    pytester.makepyfile(
        test_it="""
        import pytest

        @pytest.fixture
        def conversation(conversations):
            reply = conversations.start(model="m", inputs="Hello")
            yield reply
            conversations.delete(conversation_id=reply.conversation_id)

        def test_it(conversation, conversation_cassette):
            assert conversation.outputs
            assert conversation_cassette.mode in ("none", "once")
        """
    )
    pytester.runpytest(*RECORD).assert_outcomes(passed=1)
    assert b"method: DELETE" in _cassettes(pytester)["test_it/test_it.yaml"]
    result = pytester.runpytest()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["conversations: 2 replayed, 0 recorded, *"])


def test_the_cassette_is_open_before_any_other_fixture(pytester: pytest.Pytester) -> None:
    """Whatever the order of arguments, and where a conftest adds the marker while collecting."""
    pytester.makeconftest(
        """
        def pytest_collection_modifyitems(items):
            for item in items:
                if "late" in item.name:
                    item.add_marker("conversations")
        """
    )
    pytester.makepyfile(
        test_it="""
        import httpx, pytest

        @pytest.fixture(params=[1, 2])
        def app(request):
            headers = {"authorization": "Bearer any-key-will-do"}
            url = "https://api.mistral.ai/v1/conversations"
            return httpx.get(url, headers=headers, params={"page_size": request.param})

        def test_before(app, conversations):
            assert app.is_success

        def test_late_marker(app):
            assert app.is_success
        """
    )
    pytester.runpytest(*RECORD).assert_outcomes(passed=4)
    pytester.runpytest().assert_outcomes(passed=4)
    assert len(_cassettes(pytester)) == 4


def test_a_fixture_that_is_asked_for_in_the_test(pytester: pytest.Pytester) -> None:
    """Its cassette is written as well, and played."""
    pytester.makepyfile(
        """
        def test_it(request):
            assert request.getfixturevalue("conversations").list() == []
        """
    )
    pytester.runpytest(*RECORD).assert_outcomes(passed=1)
    assert len(_cassettes(pytester)) == 1
    pytester.runpytest().assert_outcomes(passed=1)


def test_a_marker_that_a_fixture_adds_is_refused(pytester: pytest.Pytester) -> None:
    """It comes when the cassette should have been open; so the test does not run without one."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def marked(request):
            request.applymarker(pytest.mark.conversations)

        def test_late(marked):
            raise AssertionError("it ran")

        def test_with_a_cassette(conversation_cassette, marked):
            assert conversation_cassette.mode == "none"
        """
    )
    result = pytester.runpytest()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["A fixture put the marker conversations on this test, and *"])
    result.stdout.no_fnmatch_line("*it ran*")


def test_no_traceback_shows_the_key(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With all locals shown, of tests that fail while they record, replay, and write."""
    monkeypatch.setenv("MISTRAL_API_KEY", KEY)
    pytester.makepyfile(
        test_it="""
        def test_it(conversations):
            conversations.get(conversation_id="none")
        """
    )
    for options in (RECORD, (), ("--conversations-dir=test_it.py", *RECORD)):
        result = pytester.runpytest("-vv", "-l", "--log-level=DEBUG", *options)
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        result.stdout.no_fnmatch_line(f"*{KEY}*")


@pytest.mark.parametrize("ending", ["\n", " "])
def test_no_traceback_shows_a_key_that_cannot_be_sent(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    """As a key with a line break from a file; nor do errors of other headers and bad arguments."""
    monkeypatch.setenv("MISTRAL_API_KEY", KEY + ending)
    monkeypatch.setenv("TOKEN", KEY)
    pytester.makepyfile(
        test_it="""
        import asyncio
        import os

        import pytest_conversations

        def test_key(conversations):
            conversations.list()

        def test_stream(conversations):
            conversations.start_stream(model="m", inputs="x")

        def test_header(conversations):
            conversations.list(http_headers={"x": None})

        def test_header_beside_it(conversations):
            conversations.list(http_headers={"x": os.environ["TOKEN"], "y y": ""})

        def test_argument(conversations):
            conversations.start(inputs=5, metadata={"x": os.environ["TOKEN"]})

        def test_tool(conversations):
            secret = {"type": "api-key", "value": [os.environ["TOKEN"]]}
            try:
                conversations.start(inputs="x", tools=[{"authorization": secret}])
            finally:
                del secret

        def test_server(conversations):
            conversations.list(server_url="none")

        def test_async(conversation_cassette):
            client = pytest_conversations.AsyncConversationsClient()
            asyncio.run(client.list())
        """
    )
    for options in (RECORD, ()):
        for shown in ((), ("-vv", "-l", "--log-level=DEBUG")):
            result = pytester.runpytest(*shown, *options)
            result.assert_outcomes(failed=8)
            result.stdout.fnmatch_lines(["E * the API key holds U+*", "E * the API key holds U+*"])
            result.stdout.no_fnmatch_line(f"*{KEY}*")


def test_unused_interactions_are_named(pytester: pytest.Pytester) -> None:
    """A passing test that no longer makes a recorded call is pointed at."""
    pytester.makepyfile(
        test_it="""
        import os

        def test_it(conversations):
            if "NONE" not in os.environ:
                reply = conversations.start(model="m", inputs="Hello")
                if "LESS" not in os.environ:
                    conversations.get(conversation_id=reply.conversation_id)
        """
    )
    pytester.runpytest(*RECORD).assert_outcomes(passed=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LESS", "1")
        result = pytester.runpytest()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        [
            "conversations: 1 replayed, 0 recorded, 0 scrubbed, 1 unused in 1 cassette",
            "  unused: 1 of cassettes/test_it/test_it.yaml",
            "To record without what is unused: pytest test_it.py::test_it "
            "--conversations-mode=rewrite --conversations-sandbox",
        ]
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NONE", "1")
        result = pytester.runpytest()
    result.stdout.fnmatch_lines(["  unused: 2 of *test_it.yaml, all of it: delete the file *"])
    result.stdout.no_fnmatch_line("To record without *")


@pytest.mark.parametrize("how", ["option", "ini", "config"])
@pytest.mark.parametrize("what", ["ignore", "error"])
def test_what_to_do_about_unused_interactions(
    pytester: pytest.Pytester, how: str, what: str
) -> None:
    """Nothing, or fail the test; from the command line, the ini file, or the fixture."""
    code = """
        def test_it(conversations):
            conversations.start(model="m", inputs="One")
            {}conversations.start(model="m", inputs="Two")
    """
    pytester.makepyfile(test_it=code.format(""))
    pytester.runpytest(*RECORD).assert_outcomes(passed=1)
    pytester.makepyfile(test_it=code.format("# "))
    if how == "ini":
        pytester.makeini(f"[pytest]\nconversations_unused = {what}")
    elif how == "config":
        pytester.makeconftest(
            f"""
            import pytest

            @pytest.fixture
            def conversations_config():
                return {{"unused": {what!r}}}
            """
        )
    result = pytester.runpytest(*([f"--conversations-unused={what}"] if how == "option" else []))
    if what == "ignore":
        result.assert_outcomes(passed=1)
        result.stdout.fnmatch_lines(["conversations: 1 replayed, *, 0 unused in 1 cassette"])
    else:
        result.assert_outcomes(passed=1, errors=1)
        result.stdout.fnmatch_lines(
            [
                "*The test passed, and did not play all of *test_it.yaml:",
                "*  POST https://api.mistral.ai/v1/conversations",
            ]
        )


def test_a_test_that_fails_for_what_is_unused_keeps_what_it_recorded(
    pytester: pytest.Pytester,
) -> None:
    """In the mode that both plays and records; the next run has the same to say."""
    code = """
        def test_it(conversations):
            conversations.start(model="m", inputs={!r})
    """
    pytester.makepyfile(test_it=code.format("One"))
    pytester.runpytest(*RECORD).assert_outcomes(passed=1)
    pytester.makepyfile(test_it=code.format("Two"))
    strict = "--conversations-unused=error"
    more = ("--conversations-mode=new_episodes", "--conversations-sandbox")
    pytester.runpytest(*more, strict).assert_outcomes(passed=1, errors=1)
    (data,) = _cassettes(pytester).values()
    assert data.count(b"- request:") == 2
    result = pytester.runpytest(strict)
    result.assert_outcomes(passed=1, errors=1)
    command = "--conversations-mode=rewrite --conversations-sandbox"
    result.stdout.fnmatch_lines(
        [
            "*The test passed, and did not play all of cassettes/test_it/test_it.yaml:",
            f"*To record without what is unused: pytest test_it.py::test_it {command}",
            "conversations: 1 replayed, *, 1 unused in 1 cassette",
        ]
    )


@pytest.mark.parametrize(
    ("count", "named"),
    [(2, "'test_it.py::test_it[[]0]' 'test_it.py::test_it[[]1]'"), (6, "test_it.py")],
)
@pytest.mark.parametrize("workers", [(), ("-n2",)])
def test_what_records_several_anew(
    pytester: pytest.Pytester, count: int, named: str, workers: tuple[str, ...]
) -> None:
    """One command with all options that they need; of many tests it names the modules."""
    pytester.makepyfile(
        test_it=f"""
        import os
        import pytest

        @pytest.mark.parametrize("n", range({count}))
        def test_it(conversations, conversation_snapshot, n):
            conversations.list()
            if "LESS" not in os.environ:
                conversations.list(page=1)
        """
    )
    pytester.runpytest(*RECORD).assert_outcomes(passed=count)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LESS", "1")
        result = pytester.runpytest(*workers)
    result.assert_outcomes(passed=count)
    options = "--conversations-mode=rewrite --conversations-sandbox --snapshot-update"
    result.stdout.fnmatch_lines([f"To record without what is unused: pytest {named} {options}"])


@pytest.mark.parametrize("mode", ["once", "rewrite", "all"])
def test_tests_of_one_run_share_a_cassette(pytester: pytest.Pytester, mode: str) -> None:
    """What one recorded the next adds to, equal requests included; all of it replays."""
    pytester.makepyfile(
        """
        import pytest

        pytestmark = pytest.mark.conversations(cassette="shared.yaml")

        @pytest.mark.parametrize("prompt", ["What is 1+1?", "What is 1+1?", "What is 2+2?"])
        def test_it(conversations, prompt):
            reply = conversations.start(model="m", inputs="My name is Ada.")
            conversations.append(conversation_id=reply.conversation_id, inputs=prompt)
        """
    )
    record = (f"--conversations-mode={mode}", "--conversations-sandbox")
    pytester.runpytest(*record).assert_outcomes(passed=3)
    (data,) = _cassettes(pytester).values()
    assert data.count(b"- request:") == 6
    pytester.runpytest().assert_outcomes(passed=3)  # each its own conversation
    if mode != "once":
        pytester.runpytest(*record).assert_outcomes(passed=3)
        (data,) = _cassettes(pytester).values()
        assert data.count(b"- request:") == 6
        pytester.runpytest().assert_outcomes(passed=3)


def test_what_records_a_shared_cassette_that_is_broken(pytester: pytest.Pytester) -> None:
    """The commands that its tests print, one after the other, lead to a cassette of all of them."""
    pytester.makepyfile(
        test_it="""
        import pytest

        pytestmark = pytest.mark.conversations(cassette="shared.yaml")

        @pytest.mark.parametrize("n", [1, 2])
        def test_it(conversations, n):
            conversations.start(model="m", inputs=f"What is {n}+{n}?")
        """
    )
    pytester.runpytest(*RECORD).assert_outcomes(passed=2)
    path = pytester.path / "cassettes" / "shared.yaml"
    path.write_text(path.read_text(encoding="utf-8")[:-400], encoding="utf-8")
    result = pytester.runpytest()
    result.assert_outcomes(errors=2)
    path.unlink()
    for line in result.outlines:
        if line.startswith("To record it: pytest "):
            _, *words = shlex.split(line.removeprefix("To record it: "))
            pytester.runpytest(*words, "--conversations-sandbox").assert_outcomes(passed=1)
    pytester.runpytest().assert_outcomes(passed=2)


def test_recording_all_again_replaces_what_tests_share(pytester: pytest.Pytester) -> None:
    """A run before is replaced request by request; a test of this run is not."""
    pytester.makepyfile(
        """
        import pytest

        pytestmark = pytest.mark.conversations(cassette="shared.yaml")

        @pytest.mark.parametrize("n", [1, 2])
        def test_it(conversations, n):
            conversations.start(model="m", inputs="Hello")
            conversations.start(model="m", inputs=f"What is {n}+{n}?")
        """
    )
    record = ("--conversations-mode=all", "--conversations-sandbox")
    for _ in range(2):
        pytester.runpytest(*record).assert_outcomes(passed=2)
        (data,) = _cassettes(pytester).values()
        assert data.count(b"- request:") == 4
    replayed = pytester.runpytest()
    replayed.assert_outcomes(passed=2)
    # What one test does not play another may: nothing is unused.
    replayed.stdout.fnmatch_lines(["conversations: 4 replayed, * 0 unused in 1 cassette"])


def test_a_test_that_does_not_run_writes_nothing(pytester: pytest.Pytester) -> None:
    """Where a fixture fails after it called the API, the summary says that the test did not run."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def broken(conversations):
            conversations.start(model="m", inputs="Hello")
            raise RuntimeError

        def test_it(broken): pass
        """
    )
    result = pytester.runpytest(*RECORD)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["  not written: cassettes/*.yaml (the test did not run)"])
    assert not _cassettes(pytester)


@pytest.mark.parametrize("ask_first", ["", "conversations.list(server_url=SANDBOX)"])
def test_an_api_that_is_down_changes_nothing(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox, ask_first: str
) -> None:
    """Even where the app hides that requests were not answered, all of them or the last."""
    monkeypatch.setenv("MISTRAL_API_KEY", KEY)
    pytester.makepyfile(
        test_it=f"""
        import httpx, pytest

        SANDBOX = "{sandbox.url}"

        @pytest.fixture
        def conversations_config():
            return {{"origins": [SANDBOX]}}

        def test_it(conversations):
            {ask_first}
            try:
                conversations.start(model="m", inputs="Hello")
            except httpx.HTTPError:
                pass
        """
    )
    pytester.runpytest(*RECORD).assert_outcomes(passed=1)
    before = _cassettes(pytester)
    for mode in ("all", "rewrite"):
        result = pytester.runpytest(
            f"--conversations-mode={mode}", "--conversations-server-url=http://127.0.0.1:1"
        )
        result.assert_outcomes(passed=1)
        result.stdout.fnmatch_lines(
            ["  not written: cassettes/test_it/test_it.yaml (the API did not answer; *"]
        )
        assert _cassettes(pytester) == before


@pytest.mark.parametrize("where", ["test", "fixture", "xfail", "unittest"])
def test_a_skip_hides_no_miss(pytester: pytest.Pytester, where: str) -> None:
    """A test, or its fixture, that takes the error for an API that is down, is not skipped."""
    pytester.makepyfile(
        f"""
        import unittest
        import httpx, pytest

        def ask():
            try:
                httpx.get("https://api.mistral.ai/v1/models")
            except Exception:
                if "{where}" == "xfail":
                    pytest.xfail("the API is down")
                raise unittest.SkipTest("the API is down") if "{where}" == "unittest" else (
                    pytest.skip.Exception("the API is down")
                )

        @pytest.fixture
        def asked():
            if "{where}" == "fixture":
                ask()

        if "{where}" == "unittest":
            @pytest.mark.conversations
            class TestIt(unittest.TestCase):
                def test_it(self):
                    ask()
        else:
            @pytest.mark.conversations
            def test_it(asked):
                ask()
        """
    )
    result = pytester.runpytest()
    result.assert_outcomes(**{"errors" if where == "fixture" else "failed": 1})
    result.stdout.fnmatch_lines(["*Not recorded: GET https://api.mistral.ai/v1/models"])


def test_the_command_is_for_the_same_project(pytester: pytest.Pytester) -> None:
    """Where pytest was told which that is, the cassettes are there."""
    pytester.makepyfile(**{"tests/test_it": "def test_it(conversations): conversations.list()"})
    pytester.mkdir("project")
    (pytester.path / "project" / "it.ini").write_text("[pytest]\n", encoding="utf-8")
    result = pytester.runpytest("-c", "project/it.ini", "--rootdir=project", "tests")
    line = next(line for line in result.outlines if "To record it: " in line)
    words = shlex.split(line.partition("To record it: pytest ")[2])
    assert words[:4] == ["tests/test_it.py::test_it", "-c", "project/it.ini", "--rootdir=project"]
    pytester.runpytest(*words, "--conversations-sandbox").assert_outcomes(passed=1)
    again = pytester.runpytest("-c", "project/it.ini", "--rootdir=project", "tests")
    again.assert_outcomes(passed=1)


XFAIL = """
    import pytest
    import pytest_conversations

    # The mark is what is tried here: its outcome is what the test outside asserts.
    @pytest.mark.xfail(strict=True, reason="bug 12"{more})
    def test_it(conversations):
        reply = conversations.start(model="m", inputs="hi")
        assert reply.outputs[0].content == "You said: {answer}"
"""


def test_a_failure_that_is_expected(pytester: pytest.Pytester) -> None:
    """It is recorded, and replayed with the same end; a miss is another failure."""

    def ends(*options: str, answer: str = "other", more: str = "") -> dict[str, int]:
        pytester.makepyfile(test_it=XFAIL.format(answer=answer, more=more))
        outcomes: dict[str, int] = pytester.runpytest(*options).parseoutcomes()
        return outcomes

    assert ends()["failed"] == 1
    assert ends(more=", raises=AssertionError")["failed"] == 1
    expected = ", raises=pytest_conversations.UnrecordedRequestError"
    assert ends(more=expected) == {"xfailed": 1}
    assert not list(pytester.path.glob("cassettes/**/*.yaml"))
    assert ends("--conversations-mode=once", "--conversations-sandbox") == {"xfailed": 1}
    assert list(pytester.path.glob("cassettes/**/*.yaml"))
    assert ends() == {"xfailed": 1}
    assert ends(more=", raises=AssertionError") == {"xfailed": 1}  # which a miss would be none of
    assert ends(answer="hi")["failed"] == 1  # since it passes


def test_an_api_that_is_down_is_no_failure_to_keep(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A replay would take it for the expected one ever after."""
    monkeypatch.setenv("MISTRAL_API_KEY", KEY)
    pytester.makepyfile(test_it=XFAIL.format(answer="other", more=""))
    nowhere = "--conversations-server-url=http://127.0.0.1:1"
    pytester.runpytest("--conversations-mode=once", nowhere).assert_outcomes(xfailed=1)
    assert not list(pytester.path.glob("cassettes/**/*.yaml"))


def test_a_test_that_gives_up_is_not_kept(pytester: pytest.Pytester) -> None:
    """It calls what it got no reply that it can be tried with."""
    pytester.makepyfile(
        """
        import pytest

        def test_it(conversations):
            conversations.list()
            pytest.xfail("the API is overloaded")
        """
    )
    once = ("--conversations-mode=once", "--conversations-sandbox")
    pytester.runpytest(*once).assert_outcomes(xfailed=1)
    assert not list(pytester.path.glob("cassettes/**/*.yaml"))


WIDER = """
    import os, unittest
    import httpx, pytest

    def ask():
        headers = {"authorization": "Bearer any-key-will-do"}
        return httpx.get(os.environ["MISTRAL_SERVER_URL"], headers=headers)

    @pytest.fixture(scope="module")
    def asked():
        ask()

    @pytest.fixture(scope="module", params=[1, 2])
    def swallowed(request):
        try:
            ask()
        except Exception:
            return "none"

    @pytest.fixture(scope="session")
    def skipped():
        try:
            ask()
        except Exception:
            pytest.skip("the API is down")

    def test_before(): pass

    @pytest.mark.conversations
    class TestIt:
        def test_fixture(self, asked): pass
        def test_swallowed(self, swallowed): pass
        def test_skipped(self, skipped): pass

    @pytest.mark.conversations
    class TestClass:
        @classmethod
        def setup_class(cls):
            ask()

        def test_it(self): pass

    @pytest.mark.conversations
    class TestUnit(unittest.TestCase):
        @classmethod
        def setUpClass(cls):
            ask()

        def test_it(self): pass

    @pytest.mark.conversations
    def test_after(asked):
        ask()
"""


_DO = "Do it in a fixture of function scope, *"


def test_wider_fixtures_do_not_get_to_the_api(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, serve: Serve
) -> None:
    """One that is made for a test that replays fails it, also if it swallows the error."""
    came: list[str] = []
    url = serve(lambda connection: came.append(connection.received.target))
    monkeypatch.setenv("MISTRAL_SERVER_URL", url)
    pytester.makepyfile(WIDER)
    for options in ((), RECORD):
        result = pytester.runpytest("-k", "not after", "--conversations-report=page.html", *options)
        result.assert_outcomes(passed=1, errors=6, deselected=1)
        names = ("fixture asked, of scope module,", "set-up of the class")
        result.stdout.fnmatch_lines(
            [f"E*RequestError: The {name} was about to go to {url}; *" for name in names]
        )
        result.stdout.fnmatch_lines([f"The fixture swallowed, of scope module,* to {url}; *", _DO])
        for foreign in ("httpx/_", "_wider.py"):
            result.stdout.no_fnmatch_line(f"*{foreign}*")
        page = (pytester.path / "page.html").read_text(encoding="utf-8")
        assert "The fixture asked, of scope module, was about" in page
    assert not came


def test_wider_fixtures_are_told_while_recording(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, serve: Serve
) -> None:
    """They do their work, which is in no cassette; what the test itself does is in its own."""
    url = serve(lambda connection: connection.head("Content-Length: 0"))
    monkeypatch.setenv("MISTRAL_SERVER_URL", url)
    pytester.makepyfile(WIDER)
    result = pytester.runpytest("-Walways", "--conversations-mode=once", "-k", "swallowed or after")
    result.assert_outcomes(passed=3, warnings=3, deselected=5)
    result.stdout.fnmatch_lines(
        [
            f"  test_*.py:31: *: The fixture swallowed, of scope module, goes to {url} while *",
            f"  {_DO}",
            "conversations: 0 replayed, 1 recorded, *",
        ]
    )


def test_what_wider_fixtures_set_counts(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox
) -> None:
    """The server of a session's fixture, and the key of an autouse one, in each of the tests."""
    monkeypatch.setenv("SANDBOX", sandbox.url)
    pytester.makepyfile(
        test_it=f"""
        import os
        import httpx, pytest

        @pytest.fixture(scope="session", autouse=True)
        def server():
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("MISTRAL_SERVER_URL", os.environ["SANDBOX"])
                yield

        @pytest.fixture(autouse=True)
        def key(monkeypatch):
            monkeypatch.setenv("MISTRAL_API_KEY", "{KEY}")

        @pytest.mark.conversations
        @pytest.mark.parametrize("n", [1, 2])
        def test_it(n):
            url = os.environ["MISTRAL_SERVER_URL"] + "/v1/conversations"
            body = {{"model": "m", "inputs": os.environ["MISTRAL_API_KEY"]}}
            headers = {{"authorization": "Bearer another-key-of-the-app"}}
            assert httpx.post(url, json=body, headers=headers).is_success
        """
    )
    result = pytester.runpytest("--conversations-mode=once")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["conversations: 0 replayed, 2 recorded, *"])
    assert not any(KEY.encode() in data for data in _cassettes(pytester).values())


def test_streams_that_are_left_open_stop_nobody(pytester: pytest.Pytester) -> None:
    """More of them than a client of httpx has connections, by default."""
    pytester.makepyfile(
        """
        def test_it(conversations):
            streams = [conversations.start_stream(model="m", inputs="Hi") for _ in range(102)]
            assert len(streams) == 102
        """
    )
    pytester.runpytest_subprocess(*RECORD).assert_outcomes(passed=1)


def test_no_socket_is_left_open(pytester: pytest.Pytester) -> None:
    """By the client, the sandbox or the server, where the test closes what it opens."""
    pytester.makepyfile(
        """
        import gc
        import urllib.request

        def test_it(conversations, conversations_server):
            conversations.start(model="m", inputs="Hi")
            with conversations.start_stream(model="m", inputs="Hi") as stream:
                next(stream)
            url = f"{conversations_server}/v1/conversations"
            request = urllib.request.Request(url, headers={"Authorization": "Bearer any-will-do"})
            with urllib.request.urlopen(request) as response:
                response.read()

        def test_collected():
            gc.collect()
        """
    )
    for options in (RECORD, ()):
        result = pytester.runpytest_subprocess(*options, "-W", "error")
        result.assert_outcomes(passed=2)
        assert (result.ret, result.stderr.str()) == (0, "")  # at the end pytest collects once more


def test_snapshots_hold_no_secret(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made while recording, from what the API really said, they equal those of the replay."""
    monkeypatch.setenv("MISTRAL_API_KEY", KEY)
    pytester.makepyfile(
        f"""
        def test_it(conversation_snapshot, conversations):
            reply = conversations.start(model="m", inputs="My name is {KEY}.")
            assert reply == conversation_snapshot
        """
    )
    pytester.runpytest(*RECORD, "--snapshot-update").assert_outcomes(passed=1)
    files = [
        path for path in pytester.path.rglob("*.*") if path.suffix in {".yaml", ".conversations"}
    ]
    assert len(files) == 2
    assert not any(KEY.encode() in path.read_bytes() for path in files)
    pytester.runpytest().assert_outcomes(passed=1)


def test_a_recording_of_the_sandbox_says_so(pytester: pytest.Pytester) -> None:
    """Also where the sandbox runs by itself, and is reached by its URL."""
    pytester.makepyfile(
        """
        def test_it(conversations):
            conversations.list()
        """
    )
    with Sandbox() as sandbox, pytest.MonkeyPatch.context() as patch:
        patch.setenv("MISTRAL_API_KEY", KEY)
        url = f"--conversations-server-url={sandbox.url}"
        pytester.runpytest(url, "--conversations-mode=once").assert_outcomes(passed=1)
    (data,) = _cassettes(pytester).values()
    assert b"\n  sandbox: true\n" in data


def test_counts_are_right_under_xdist(pytester: pytest.Pytester) -> None:
    """One summary for all workers."""
    pytest.importorskip("xdist")
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("n", range(6))
        def test_it(conversations, n):
            conversations.start(model="m", inputs=f"Hello {n}")
        """
    )
    recorded = pytester.runpytest_subprocess(*RECORD, "-n2")
    recorded.assert_outcomes(passed=6)
    summary = "conversations: {} replayed, {} recorded, *, 0 unused in 6 cassettes"
    recorded.stdout.fnmatch_lines([summary.format(0, 6)])
    replayed = pytester.runpytest_subprocess("-n2")
    replayed.assert_outcomes(passed=6)
    replayed.stdout.fnmatch_lines([summary.format(6, 0)])
    assert replayed.stdout.str().count("conversations: 6 replayed") == 1


def test_two_tests_never_share_a_default_cassette(pytester: pytest.Pytester) -> None:
    """Classes, modules of one name, and parameters that would sanitise alike."""
    body = """
        import pytest

        def ask(conversations):
            conversations.start(model="m", inputs="Hello")

        class TestA:
            def test_it(self, conversations): ask(conversations)

        class TestB:
            def test_it(self, conversations): ask(conversations)

        @pytest.mark.parametrize("p", ["a/b", "a:b", "a-b", "../up", "x" * 300])
        def test_it(conversations, p): ask(conversations)
    """
    pytester.makeini("[pytest]\naddopts = --import-mode=importlib\n")
    for folder in ("one", "two"):
        pytester.mkdir(folder).joinpath("test_same.py").write_text(_dedent(body))
    pytester.runpytest(*RECORD).assert_outcomes(passed=14)
    names = list(_cassettes(pytester))
    assert len(names) == 14
    assert all(name.startswith(("one/test_same/", "two/test_same/")) for name in names)
    assert all(len(Path(name).name.encode()) <= 255 for name in names)
    assert "one/test_same/TestA.test_it.yaml" in names


def _dedent(text: str) -> str:
    lines = text.splitlines()
    return "\n".join(line.removeprefix(" " * 8) for line in lines)


def test_settings_have_an_order(pytester: pytest.Pytester) -> None:
    """Command line before marker before conversations_config before ini before default."""
    pytester.makeini("[pytest]\nconversations_mode = all\nconversations_dir = from_ini\n")
    pytester.makeconftest(
        """
        import pytest

        @pytest.fixture(scope="session")
        def conversations_config():
            return {"mode": "once"}
        """
    )
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.conversations(mode="new_episodes", cassette="named.yaml")
        def test_marker(conversation_cassette, pytestconfig):
            expected = pytestconfig.getoption("conversations_mode") or "new_episodes"
            assert conversation_cassette.mode == expected
            assert conversation_cassette.path.endswith("named.yaml")

        def test_fixture(conversation_cassette, pytestconfig):
            expected = pytestconfig.getoption("conversations_mode") or "once"
            assert conversation_cassette.mode == expected
            assert "from_ini" in conversation_cassette.path
        """
    )
    pytester.runpytest().assert_outcomes(passed=2)
    pytester.runpytest("--conversations-mode=none").assert_outcomes(passed=2)


def test_settings_of_each_test(pytester: pytest.Pytester) -> None:
    """Whatever may change from one test to the next; and what can be read once lasts for all."""
    pytester.makeconftest(
        """
        import pytest
        from pytest_conversations import ConversationsConfig

        @pytest.fixture(scope="module", params=["once", "all"])
        def conversations_config(request):
            words = (word for word in ["re:(?P<word>pass\\\\w+)"])
            return ConversationsConfig(mode=request.param, scrub=words)
        """
    )
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture(autouse=True)
        def scrubbed(conversation_cassette):
            assert conversation_cassette.scrub("a password") == "a <WORD>"

        def test_first(conversation_cassette, conversations_config):
            assert conversation_cassette.mode == conversations_config.mode

        def test_again(conversation_cassette, conversations_config):
            assert conversation_cassette.mode == conversations_config.mode

        @pytest.mark.conversations(mode="none")
        def test_marker(conversation_cassette):
            assert conversation_cassette.mode == "none"

        def test_behind_a_marker(conversation_cassette, conversations_config, request):
            assert conversation_cassette.mode == conversations_config.mode
            request.config.option.conversations_dir = "other"

        def test_behind_an_option(conversation_cassette, request):
            assert "other" in conversation_cassette.path
            request.config.option.conversations_dir = None

        @pytest.fixture(scope="module")
        def variable():
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("MISTRAL_SERVER_URL", "http://127.0.0.1:9")
                yield

        def test_behind_a_variable(variable, conversation_cassette, request):
            from pytest_conversations import _stash

            settings = request.node.stash[_stash.SETTINGS]
            assert settings.server_url == "http://127.0.0.1:9"
        """
    )
    pytester.runpytest("-p", "no:randomly").assert_outcomes(passed=12)


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ("casette='x'", "the marker conversations has no 'casette'; there are cassette, mode*"),
        ("'x.yaml'", "the marker conversations takes keyword arguments, such as cassette=*"),
        ("mode='replay'", "conversations mode 'replay' does not exist; choose from none, once*"),
        ("cassette='x'", "the cassette 'x' ends with none of .yaml, *: name it 'x.yaml'"),
        ("cassette='../x.yaml'", "the cassette '../x.yaml' is outside of the cassette folder *"),
        ("match_on=['bdy']", "match_on has 'bdy'; choose from method, uri*"),
        ("cassette=3", "the cassette of the marker conversations is 3, not the path of a file"),
        ("cassette=''", "the cassette of the marker conversations is '', not the path of a file"),
        ("match_on='body'", "match_on is a text, not a list of texts"),
    ],
)
def test_a_wrong_marker_is_one_clear_error(
    pytester: pytest.Pytester, marker: str, message: str
) -> None:
    """It names the test and what may stand there, without a traceback through the plugin."""
    pytester.makepyfile(
        test_it=f"""
        import pytest

        @pytest.mark.conversations({marker})
        def test_it(): pass
        """
    )
    result = pytester.runpytest()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"test_it.py::test_it: {message}"])
    result.stdout.no_fnmatch_line("*plugin.py*")


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        ("{'mod': 'once'}", "conversations_config has no 'mod'; there are mode, server_url*"),
        ("'sk-1'", "conversations_config returned a str, not a ConversationsConfig or a mapping"),
        ("{'origins': ['api.x.test']}", "conversations origin 'api.x.test' is no URL; give one *"),
        ("{'origins': ['http://[']}", "conversations origin 'http://[[]' is no URL; give one *"),
        (
            "{'origins': ['http://x:y/']}",
            "conversations origin 'http://x:y/' is no URL; give *",
        ),
        (
            "{'server_url': 'me:sk-1@x.test?key=sk-1'}",
            "conversations server URL 'x.test' is no URL*",
        ),
    ],
)
def test_a_wrong_config_is_one_clear_error(
    pytester: pytest.Pytester, returned: str, message: str
) -> None:
    """A field that does not exist is named, with those that do."""
    pytester.makepyfile(
        test_it=f"""
        import pytest

        @pytest.fixture
        def conversations_config():
            return {returned}

        def test_it(conversation_cassette): pass
        """
    )
    result = pytester.runpytest()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"test_it.py::test_it: {message}"])


def test_a_wrong_mode_is_a_usage_error(pytester: pytest.Pytester) -> None:
    """On the command line and in the ini file, before any test runs."""
    result = pytester.runpytest("--conversations-mode=replay")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*invalid choice: 'replay' (choose from *none*rewrite*"])
    pytester.makeini("[pytest]\nconversations_mode = replay\n")
    result = pytester.runpytest()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*conversations_mode is 'replay'; choose from none, once*"])


def test_a_wrong_ini_value_is_a_usage_error(pytester: pytest.Pytester) -> None:
    """And so is a server URL that is none, for each test that wants one."""
    result = pytester.runpytest("-o", "conversations_keep_failed=maybe")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: conversations_keep_failed: *'maybe'*"])
    pytester.makepyfile(test_it="def test_it(conversations): pass")
    result = pytester.runpytest("--conversations-server-url=127.0.0.1:8000")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*conversations server URL '127.0.0.1:8000' is no URL; give *"])


def test_recording_without_a_key_says_which_variable(pytester: pytest.Pytester) -> None:
    """Nothing is sent, nothing is written."""
    pytester.makepyfile(TALK)
    result = pytester.runpytest("--conversations-mode=once")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*CassetteError: Cannot record POST https://api.mistral.ai/v1/conversations: *"]
    )
    result.stdout.fnmatch_lines(["*Set the environment variable MISTRAL_API_KEY*"])
    assert not _cassettes(pytester)


def test_an_unreachable_server_writes_nothing(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test fails with httpx's error; what was tried is named; the key is not."""
    monkeypatch.setenv("MISTRAL_API_KEY", KEY)
    pytester.makepyfile(TALK)
    url = "http://127.0.0.1:1"
    result = pytester.runpytest("--conversations-mode=once", f"--conversations-server-url={url}")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E*httpx.ConnectError: *", f"E*{url}/v1/conversations*"])
    result.stdout.no_fnmatch_line(f"*{KEY}*")
    assert not _cassettes(pytester)


def test_a_file_that_is_no_cassette_is_left_alone(pytester: pytest.Pytester) -> None:
    """One error with path, line and reason, also when recording."""
    pytester.makepyfile(test_it=TALK)
    path = pytester.path / "cassettes" / "test_it" / "test_talk.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("interactions: [\n")
    for options in ((), RECORD, ("--conversations-mode=rewrite", "--conversations-sandbox")):
        result = pytester.runpytest(*options)
        result.assert_outcomes(errors=1)
        command = "pytest test_it.py::test_talk --conversations-mode=once *"
        result.stdout.fnmatch_lines(
            [
                f"*CassetteFormatError: {path}:2: not YAML *",
                "It is not written over: get it back from version control, or delete it first.",
                f"To record it: {command}",
            ]
        )
    assert path.read_text() == "interactions: [\n"


def test_the_key_is_scrubbed_from_a_live_recording(
    pytester: pytest.Pytester, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that echoes the key, cut over two chunks, does not get it onto the disk."""
    monkeypatch.setenv("MISTRAL_API_KEY", KEY)

    def script(connection: Connection) -> None:
        assert connection.received.headers["authorization"] == f"Bearer {KEY}"
        connection.head("Content-Type: text/event-stream", "Transfer-Encoding: chunked")
        data = f'data: {{"type":"message.output.delta","id":"m","content":"{KEY}"}}\n\n'.encode()
        connection.chunk(data[:70])
        connection.chunk(data[70:])
        connection.last_chunk()

    pytester.makepyfile(
        """
        def test_it(conversations):
            with conversations.start_stream(model="m", inputs="Say it") as stream:
                (event,) = stream
            assert event.data.content
        """
    )
    url = f"--conversations-server-url={serve(script)}"
    pytester.runpytest(url, "--conversations-mode=once").assert_outcomes(passed=1)
    (data,) = _cassettes(pytester).values()
    assert KEY.encode() not in data
    assert b'"content":"<MISTRAL_API_KEY>"' in data
    monkeypatch.delenv("MISTRAL_API_KEY")
    pytester.runpytest(url).assert_outcomes(passed=1)


@pytest.mark.parametrize("by", ["ini", "config"])
def test_secrets_of_the_project_are_kept_out(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    """Those of named variables, and what patterns match; `-v` tells rule and place."""
    monkeypatch.setenv("OTHER_SECRET", "correct horse battery")
    lines = ["OTHER_SECRET", r"re:order-\d+", "keep:sk-.*"]
    if by == "ini":
        pytester.makeini("[pytest]\nconversations_scrub =\n    " + "\n    ".join(lines))
    else:
        pytester.makeconftest(
            f"""
            import pytest

            @pytest.fixture(scope="session")
            def conversations_config():
                return {{"scrub": {lines!r}}}
            """
        )
    kept = "sk-" + "a1b2c3d4e5f6g7h8i9j0"
    pytester.makepyfile(
        test_it=f"""
        def test_it(conversations, conversation_snapshot):
            asked = "correct horse battery, order-12, {kept}"
            reply = conversations.start(model="m", inputs=asked)
            assert reply == conversation_snapshot
        """
    )
    recorded = pytester.runpytest(*RECORD, "--snapshot-update", "-v")
    recorded.assert_outcomes(passed=1)
    recorded.stdout.fnmatch_lines(
        [
            "conversations: 0 replayed, 1 recorded, * scrubbed, *",
            "  scrubbed: 1 x form of PATTERN, request body",
            "  scrubbed: 1 x header mistral-correlation-id, response header",
            "  scrubbed: 1 x value of OTHER_SECRET, request body",
        ]
    )
    recorded.stdout.no_fnmatch_line("*correct horse*in*")
    (data,) = (each.decode() for each in _cassettes(pytester).values())
    assert "correct horse battery" not in data
    assert "order-12" not in data
    assert data.count(f"<OTHER_SECRET>, <PATTERN>, {kept}") == 2
    monkeypatch.setenv("OTHER_SECRET", "correct horse battery")
    pytester.runpytest().assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("line", "message"),
    [("re:(", "'re:(' does not compile: *"), ("re:.+", "'re:.+' matches words of the API*")],
)
def test_a_wrong_pattern_is_a_usage_error(
    pytester: pytest.Pytester, line: str, message: str
) -> None:
    """Before a test runs, and with the pattern."""
    pytester.makeini(f"[pytest]\nconversations_scrub = {line}")
    result = pytester.runpytest()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: conversations_scrub: {message}"])


@pytest.mark.parametrize(
    ("key", "reason"),
    [("short", "it has under 8 characters"), ("conversation", "it is a word of the API itself")],
)
def test_a_key_that_is_none_is_warned_of(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, key: str, reason: str
) -> None:
    """While recording, once, and at the test; the recording is what it would be."""
    monkeypatch.setenv("MISTRAL_API_KEY", key)
    pytester.makepyfile(
        test_it="""
        import pytest

        @pytest.mark.parametrize("n", [1, 2])
        def test_it(conversations, n):
            with conversations.start_stream(model="m", inputs="Hello") as stream:
                assert [event.event for event in stream][-1] == "conversation.response.done"
        """
    )
    result = pytester.runpytest(*RECORD, "-W", "default")
    result.assert_outcomes(passed=2, warnings=2)
    result.stdout.fnmatch_lines(
        [
            "  test_it.py:3: UserWarning: the value of MISTRAL_API_KEY was not searched for in "
            f"what is recorded, since {reason}"
        ]
    )
    replayed = pytester.runpytest("-W", "error")
    replayed.assert_outcomes(passed=2)


def test_a_table_of_chunks_that_was_edited_is_warned_of(pytester: pytest.Pytester) -> None:
    """At the test, with the file: the place in an HTTP library tells nobody anything."""
    pytester.makepyfile(
        test_it="""
        def test_it(conversations):
            with conversations.start_stream(model="m", inputs="Hello") as stream:
                assert [event.event for event in stream][-1] == "conversation.response.done"
        """
    )
    pytester.runpytest(*RECORD).assert_outcomes(passed=1)
    path = pytester.path / "cassettes" / "test_it" / "test_it.yaml"
    path.write_text(path.read_text("utf-8").replace("chunks: ", "chunks: 1+1 "), "utf-8")
    result = pytester.runpytest("-W", "default")
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(
        ["  test_it.py:1: UserWarning: cassettes/test_it/test_it.yaml: the chunk table *"]
    )


def test_a_name_without_a_value_is_warned_of(pytester: pytest.Pytester) -> None:
    """It may be misspelled; a fixture that sets it during the test is early enough."""
    pytester.makeini("[pytest]\nconversations_scrub =\n    MISSPELT\n    SET_LATE")
    pytester.makepyfile(
        test_it="""
        import os

        def test_it(conversations, monkeypatch):
            monkeypatch.setenv("SET_LATE", "correct horse battery")
            conversations.start(model="m", inputs="correct horse battery")
        """
    )
    result = pytester.runpytest(*RECORD, "-W", "default")
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(
        ["*the value of MISSPELT was not searched for in what is recorded, since it has none: *"]
    )
    pytester.runpytest("-W", "error").assert_outcomes(passed=1)


def test_help_and_markers_describe_the_plugin(pytester: pytest.Pytester) -> None:
    """Each option, ini option, the marker with its arguments, and each fixture."""
    pytester.runpytest("--help").stdout.fnmatch_lines(
        [
            "Conversations API: record and replay:",
            "  --conversations-mode=*",
            "  --conversations-server-url=URL",
            "  --conversations-dir=DIR",
            "  --conversations-sandbox",
            "  conversations_mode*",
            "  conversations_keep_failed*",
        ]
    )
    pytester.runpytest("--markers").stdout.fnmatch_lines(
        [
            "@pytest.mark.conversations(cassette=None, mode=None, match_on=None, "
            "chunking='recorded', pace='instant', cut_after=None): *"
        ]
    )
    fixtures = pytester.runpytest("--fixtures").stdout
    for name in (
        "conversations",
        "async_conversations",
        "conversation_cassette",
        "conversation_snapshot",
        "conversations_config",
    ):
        fixtures.re_match_lines_random([rf"{name}( \[session scope\])? -- .*_fixtures\.py"])


def test_the_plugin_can_be_switched_off(pytester: pytest.Pytester) -> None:
    """By its name, as any plugin."""
    pytester.makepyfile("def test_it(): pass")
    result = pytester.runpytest_subprocess("-p", "no:conversations", "--conversations-sandbox")
    assert result.ret == pytest.ExitCode.USAGE_ERROR


@pytest.mark.parametrize("module", ["pytest_conversations.plugin", "pytest_conversations"])
def test_importing_is_cheap(module: str) -> None:
    """The plugin is loaded in every run of every project that has it: it imports nothing heavy."""
    heavy = ("httpx", "httpx2", "pydantic", "vcr", "yaml", "syrupy", "starlette", "uvicorn")
    code = f"import sys, {module}; print([n for n in {heavy!r} if n in sys.modules])"
    result = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    assert result.stdout.strip() == "[]"


def test_a_run_without_conversations_imports_nothing_heavy(pytester: pytest.Pytester) -> None:
    """Nor does a whole run of tests that have nothing to do with it."""
    pytester.makepyfile(
        """
        import sys

        def test_it():
            heavy = {"httpx", "httpx2", "pydantic", "vcr", "yaml"}
            assert not heavy & set(sys.modules)
        """
    )
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*conversations:*")


def test_a_replay_is_gone_with_its_test(pytester: pytest.Pytester) -> None:
    """No cycle keeps a cassette and what it read for the garbage collector, which takes long."""
    pytester.makepyfile(
        test_it="""
        import gc
        import weakref

        import httpx
        import pytest

        KEPT = []

        @pytest.fixture(scope="module", autouse=True)
        def no_collector():
            gc.collect()
            gc.disable()
            yield
            gc.enable()

        @pytest.mark.parametrize("number", [1, 2])
        def test_it(number, conversation_cassette, conversations):
            if conversation_cassette.mode == "none":
                assert [each() for each in KEPT] == [None] * len(KEPT)
            conversations.list()
            with conversations.start_stream(model="mistral-small-latest", inputs="Hi") as stream:
                list(stream)
            patched = httpx.HTTPTransport.handle_request
            KEPT.extend(map(weakref.ref, (conversation_cassette, conversations, patched)))
        """
    )
    pytester.runpytest(*RECORD).assert_outcomes(passed=2)
    pytester.runpytest("--conversations-mode=none").assert_outcomes(passed=2)
