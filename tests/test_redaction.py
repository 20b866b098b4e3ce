"""What pytest shows, and what snapshots hold, of secrets that a server sent back."""

import html
import json
from pathlib import Path

import pytest
from support import CHUNKED, SSE, Connection, Serve

from pytest_conversations.cli import main

KEY = "zK4hf8Wq2LmP0xVb7TnYc3RdJ6sGaE91"
TIME = "2025-01-01T00:00:00Z"


def _refusing(connection: Connection) -> None:
    body = json.dumps({"detail": f"your key {KEY} is unknown", "input": {"token": KEY}})
    connection.head("Content-Type: application/json", status="401 Unauthorized")
    connection.socket.sendall(body.encode())


def _calling(connection: Connection) -> None:
    pieces = ['{"api_', 'key": "sk-proj-abcdEF', "GH12345678", '90abcdEFGH"}']
    calls = [
        {
            "type": "function.call.delta",
            "id": "f1",
            "name": "login",
            "tool_call_id": "t1",
            "arguments": piece,
            "output_index": 0,
            "created_at": TIME,
        }
        for piece in pieces
    ]
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    events: list[dict[str, object]] = [
        {"type": "conversation.response.started", "conversation_id": "c1", "created_at": TIME},
        *calls,
        {"type": "conversation.response.done", "usage": usage, "created_at": TIME},
    ]
    connection.head(SSE, CHUNKED)
    for event in events:
        connection.chunk(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())
    connection.last_chunk()


FAILING = """
    import logging
    import pytest

    def ask(conversations):
        return conversations.start(model="m", inputs="hi")

    def test_error(conversations):
        ask(conversations)

    def test_comparison(conversations):
        error = pytest.raises(Exception, ask, conversations).value
        headers = {"a": [error.body]}
        logging.getLogger("app").warning("the app got %s", error)
        print(error)
        assert headers == {}

    def test_group(conversations):
        try:
            ask(conversations)
        except Exception as error:
            raise ExceptionGroup("several", [error]) from error

    @pytest.fixture
    def late(conversations):
        yield
        ask(conversations)

    def test_teardown(late):
        pass
"""


@pytest.mark.parametrize("tracebacks", ["long", "short", "line", "native"])
def test_no_output_shows_a_secret(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, serve: Serve, tracebacks: str
) -> None:
    """Not even what a server sent back, and the app logged: its place is shown."""
    monkeypatch.setenv("MISTRAL_API_KEY", KEY)
    pytester.makepyfile(FAILING)

    result = pytester.runpytest(
        "--conversations-mode=once",
        f"--conversations-server-url={serve(_refusing)}",
        "-vv",
        "-l",
        "--log-level=DEBUG",
        f"--tb={tracebacks}",
        "--junitxml=junit.xml",
        "-o",
        "junit_logging=all",
    )

    result.assert_outcomes(failed=3, passed=1, errors=1)
    shown = result.stdout.str() + result.stderr.str()
    assert "your key <MISTRAL_API_KEY> is unknown" in shown
    assert KEY not in shown
    xml = (pytester.path / "junit.xml").read_text(encoding="utf-8")
    assert "your key &lt;MISTRAL_API_KEY&gt; is unknown" in xml
    assert KEY not in xml


SUBTESTS = """
    import logging, os, unittest
    import pytest

    def fail(key):
        print("printed", key)
        logging.getLogger("app").warning("logged %s", key)
        assert key == "other"

    def test_pytest(subtests, conversation_cassette):
        for number in range(2):
            with subtests.test(os.environ["MISTRAL_API_KEY"], number=number, key="K" + KEY):
                fail(os.environ["MISTRAL_API_KEY"])

    @pytest.mark.conversations
    class TestUnit(unittest.TestCase):
        def test_unit(self):
            with self.subTest(key=os.environ["MISTRAL_API_KEY"]):
                fail(os.environ["MISTRAL_API_KEY"])
"""


@pytest.mark.parametrize("workers", [(), ("-n1",)])
def test_a_subtest_shows_no_secret(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, workers: tuple[str, ...]
) -> None:
    """Not in its name, its arguments, its output or its traceback."""
    pytest.importorskip("_pytest.subtests")
    monkeypatch.setenv("MISTRAL_API_KEY", KEY)
    pytester.makepyfile(SUBTESTS.replace('"K" + KEY', 'os.environ["MISTRAL_API_KEY"]'))
    result = pytester.runpytest("-l", "-rA", "--conversations-mode=once", *workers)
    assert result.parseoutcomes()["failed"] >= 3
    shown = result.stdout.str()
    assert KEY[:12] not in shown
    for text in ("printed <MISTRAL_API_KEY>", "logged <MISTRAL_API_KEY>", "[<MISTRAL_API_KEY>]"):
        assert text in shown


@pytest.mark.parametrize("plugins", [(), ("-n1",)])
def test_a_report_of_a_test_that_is_named_by_a_key(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, plugins: tuple[str, ...]
) -> None:
    """Our own page names the test without it, whether the key was known at first or learned."""
    learned = "qW9xY2zA4bC6deF8gH0jK1"
    monkeypatch.setenv("MISTRAL_API_KEY", KEY)
    monkeypatch.setenv("OTHER", learned)
    pytester.makepyfile(
        """
        import os
        import pytest
        from pytest_conversations import ConversationsClient

        @pytest.mark.parametrize("key", [os.environ["MISTRAL_API_KEY"]])
        def test_known(conversations, key):
            pass

        @pytest.mark.conversations
        @pytest.mark.parametrize("key", [os.environ["OTHER"]])
        def test_learned(key, record_property):
            record_property("key", f"it is {key}")
            with ConversationsClient(key) as client:
                client.list()
        """
    )
    result = pytester.runpytest(
        "--conversations-mode=once",
        "--conversations-sandbox",
        "--conversations-report=page.html",
        "--junitxml=junit.xml",
        "-o",
        "junit_family=xunit1",
        *plugins,
    )
    result.assert_outcomes(errors=2, passed=1)
    page = (pytester.path / "page.html").read_text(encoding="utf-8")
    assert page.count("test_known[&lt;MISTRAL_API_KEY&gt;]") >= 1
    assert page.count("test_learned[&lt;MISTRAL_API_KEY&gt;]") >= 1
    assert KEY not in page
    assert learned not in page
    assert f"it is {learned}" not in (pytester.path / "junit.xml").read_text(encoding="utf-8")
    result.stdout.fnmatch_lines(["*not written: cassettes/*test_learned*<MISTRAL_API_KEY>*"])


CUT = """
    import pytest

    def test_cut(conversations):
        error = pytest.raises(Exception, conversations.start, model="m", inputs="hi").value
        text = error.body * 40
        raw = error.body.encode() * 3
        assert {"body": error.body, "raw": raw} == {"body": text[:90], "raw": b"x"}
"""


@pytest.mark.parametrize("options", [(), ("-vv", "-l"), ("-l", "--tb=short")])
def test_what_pytest_cuts_shows_no_half(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    serve: Serve,
    options: tuple[str, ...],
) -> None:
    """Pytest shortens long values, and breaks them into lines, before anybody sees them."""
    monkeypatch.setenv("MISTRAL_API_KEY", KEY)
    pytester.makepyfile(CUT)
    url = f"--conversations-server-url={serve(_refusing)}"

    result = pytester.runpytest("--conversations-mode=once", url, "--junitxml=junit.xml", *options)

    result.assert_outcomes(failed=1)
    xml = (pytester.path / "junit.xml").read_text(encoding="utf-8")
    pieces = {KEY[at : at + 12] for at in range(len(KEY) - 11)}
    assert not [piece for piece in pieces if piece in result.stdout.str() + xml]


EVENTS = """
    def read(conversations):
        return list(conversations.start_stream(model="m", inputs="hi"))

    def test_events(conversations, conversation_snapshot):
        assert read(conversations) == conversation_snapshot

    def test_data(conversations, conversation_snapshot):
        assert [each.data for each in read(conversations)] == conversation_snapshot

    def test_pairs(conversations, conversation_snapshot):
        pairs = [[each.event, each.data] for each in read(conversations)]
        assert pairs == conversation_snapshot

    def test_arguments(conversations, conversation_snapshot):
        calls = [each.data for each in read(conversations) if "call" in each.event]
        assert [call.arguments for call in calls] == conversation_snapshot
        assert {"arguments": [call.arguments for call in calls]} == conversation_snapshot
"""


def test_pieces_of_a_credential(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, serve: Serve
) -> None:
    """A snapshot holds none, however a test takes the events apart, and a replay is equal."""
    monkeypatch.setenv("MISTRAL_API_KEY", KEY)
    pytester.makepyfile(EVENTS)
    url = f"--conversations-server-url={serve(_calling)}"

    pytester.runpytest("--conversations-mode=once", "--snapshot-update", url).assert_outcomes(
        passed=4
    )
    for path in _files(pytester.path):
        assert "abcdEF" not in path.read_text(encoding="utf-8")

    monkeypatch.delenv("MISTRAL_API_KEY")
    pytester.runpytest(url).assert_outcomes(passed=4)


def test_an_id_with_a_key_that_nobody_named(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the app carries is known after its first request: no file then has its name or text."""
    key = "qW9-xY2+zA4-bC6d/eF8gH0"
    monkeypatch.setenv("OTHER", key)
    pytester.makepyfile(
        """
        import os
        import pytest
        from pytest_conversations import ConversationsClient

        @pytest.mark.conversations
        @pytest.mark.parametrize("key", [os.environ["OTHER"]])
        def test_p(key, conversation_snapshot):
            with ConversationsClient(key) as client:
                assert client.list() == conversation_snapshot
        """
    )
    result = pytester.runpytest(
        "--conversations-mode=once", "--conversations-sandbox", "--snapshot-update"
    )

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert _files(pytester.path) == []


def test_texts_behind_a_credential(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a list stay, as what only follows in a history or among lines does."""
    monkeypatch.setenv("MISTRAL_API_KEY", KEY)
    pytester.makepyfile(
        """
        SECRET = "sk-proj-abcdEFGH1234567890abcdEFGH"

        def test_it(conversation_snapshot):
            said = [f"Your new key is {SECRET}", "Welcome", "ok"]
            roles = [{"role": "user", "content": said[0]}, {"role": "assistant", "content": "no"}]
            entries = [{"id": "a", "content": said[0]}, {"id": "a", "content": "no"}]
            assert [said, roles, entries, {"lines": said}] == conversation_snapshot
        """
    )
    pytester.runpytest("--snapshot-update").assert_outcomes(passed=1)
    (path,) = _files(pytester.path)
    text = path.read_text(encoding="utf-8")
    assert "sk-proj" not in text
    assert (text.count("Welcome"), text.count("ok"), text.count("'no'")) == (2, 2, 2)


def test_an_id_that_looks_like_a_credential(pytester: pytest.Pytester) -> None:
    """Is an id: what is refused is a known secret."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("text", ["password=hunter2hunter2X", "AKIAIOSFODNN7EXAMPLE"])
        def test_it(text, conversation_snapshot):
            assert [1] == conversation_snapshot
            assert [1] == conversation_snapshot(name=text)
        """
    )
    pytester.runpytest("--snapshot-update").assert_outcomes(passed=2)


@pytest.mark.parametrize("field", ["scrub", "origins", "mode", "server_url"])
def test_a_setting_that_is_a_secret(pytester: pytest.Pytester, field: str) -> None:
    """Given in the place of something else, it is not shown."""
    pytester.makeconftest(
        f"""
        import pytest

        @pytest.fixture(scope="session")
        def conversations_config():
            return {{"{field}": "{KEY}"}}
        """
    )
    pytester.makepyfile("def test_it(conversations): pass")
    result = pytester.runpytest()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*{field.replace('_url', ' URL')}*"])
    assert KEY not in result.stdout.str()


def test_check_names_a_file_that_is_named_by_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without showing it."""
    monkeypatch.setenv("MISTRAL_API_KEY", KEY)
    path = tmp_path / f"test_it[{KEY}].yaml"
    path.write_text("version: 1\ninteractions: []\n", encoding="utf-8")
    assert main(["check", str(tmp_path)]) == 1
    shown = capsys.readouterr().out
    assert "test_it[<MISTRAL_API_KEY>].yaml:0: value of MISTRAL_API_KEY, the name of" in shown
    assert KEY not in shown


def _files(folder: Path) -> list[Path]:
    return [
        path
        for name in ("cassettes", "__snapshots__")
        for path in (folder / name).rglob("*")
        if path.is_file()
    ]


def test_what_a_test_gives_as_its_reason(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a failure that is expected, of one that did not come, of a skip; and what it notes."""
    monkeypatch.setenv("MISTRAL_API_KEY", KEY)
    pytester.makepyfile(
        """
        import os
        import pytest

        KEY = os.environ["MISTRAL_API_KEY"]

        # What pytest shows of these reasons is what the test outside looks at, and their outcomes.
        @pytest.mark.conversations
        def test_in_the_test():
            pytest.xfail(f"known: {KEY}")

        @pytest.mark.conversations
        @pytest.mark.xfail(reason=f"marked: {KEY}")
        def test_that_fails():
            assert False

        @pytest.mark.conversations
        @pytest.mark.xfail(reason=f"marked: {KEY}")
        def test_that_passes():
            pass

        @pytest.mark.conversations
        def test_skipped():
            pytest.skip(f"since {KEY}")

        @pytest.mark.conversations
        def test_noting(record_property):
            record_property("key", KEY)
        """
    )
    result = pytester.runpytest(
        "-v",
        "-rA",
        "--junitxml=junit.xml",
        "-o",
        "junit_family=xunit1",
        "-p",
        "no:hypothesispytest",
    )
    result.assert_outcomes(xfailed=2, xpassed=1, skipped=1, passed=1)
    shown = result.stdout.str() + (pytester.path / "junit.xml").read_text(encoding="utf-8")
    assert KEY not in shown
    assert shown.count("MISTRAL_API_KEY") >= 8


SPEAKING = """
    import logging, os, threading, warnings

    KEY = os.environ["MISTRAL_API_KEY"]

    def fail():
        raise RuntimeError(f"thread {KEY}")

    def test_speaking(conversation_cassette):
        logging.getLogger("app").warning("logged %s", KEY)
        warnings.warn(f"warned {KEY}", DeprecationWarning)
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()

    def test_without_a_cassette():
        logging.getLogger("app").warning("afterwards %s", KEY)
"""


@pytest.mark.parametrize("workers", [(), ("-n1",)])
def test_what_is_told_at_once_and_at_the_end(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, workers: tuple[str, ...]
) -> None:
    """A log file, a log on the terminal, and the summary of warnings show no secret."""
    monkeypatch.setenv("MISTRAL_API_KEY", KEY)
    pytester.makepyfile(SPEAKING)
    result = pytester.runpytest(
        "-o", "log_cli=true", "-o", "log_level=INFO", "--log-file=log.txt", "-Wdefault", *workers
    )
    result.assert_outcomes(passed=2, warnings=2)
    shown = result.stdout.str()
    logged = (pytester.path / "log.txt").read_text(encoding="utf-8")
    assert KEY[:12] not in shown + logged
    assert "thread <MISTRAL_API_KEY>" in shown
    assert "DeprecationWarning: warned <MISTRAL_API_KEY>" in shown
    for text in ("logged <MISTRAL_API_KEY>", "afterwards <MISTRAL_API_KEY>"):
        assert text in logged
        assert text in shown or workers  # a worker has no terminal


def test_logs_that_nobody_reads(pytester: pytest.Pytester) -> None:
    """Without a log file no line is searched: an app may write thousands."""
    pytester.makeconftest(
        """
        import pytest

        @pytest.fixture(autouse=True)
        def searched(monkeypatch, conversation_cassette):
            from pytest_conversations.cassette._finder import Finder

            parts, texts = Finder.parts, []
            monkeypatch.setattr(Finder, "parts", lambda *a: texts.append(a) or parts(*a))
            return texts
        """
    )
    pytester.makepyfile(
        """
        import logging

        def test_logging(searched):
            logging.getLogger("app").warning("a line")
            assert searched == []
        """
    )
    pytester.runpytest().assert_outcomes(passed=1)
    pytester.runpytest("--log-file=log.txt").assert_outcomes(failed=1)


WIDER = """
    import os
    import pytest

    KEY = os.environ["MISTRAL_API_KEY"]

    @pytest.fixture(scope="module")
    def failing():
        raise RuntimeError(f"failed with {KEY}")

    @pytest.fixture(scope="class")
    def skipping():
        pytest.skip(f"skipped with {KEY}")

    @pytest.mark.conversations
    def test_one(failing):
        pass

    @pytest.mark.conversations
    def test_two(failing):
        pass

    class TestSkipped:
        @pytest.mark.conversations
        def test_one(self, skipping):
            pass

        def test_two(self, skipping):
            pass

    def test_without_a_cassette(failing):
        pass
"""


@pytest.mark.parametrize("options", [(), ("--tb=line",), ("-n1",)])
def test_a_wider_fixture_that_fails(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    """Pytest raises its error again for each test, though it is made for the first alone."""
    monkeypatch.setenv("MISTRAL_API_KEY", KEY)
    pytester.makepyfile(WIDER)
    result = pytester.runpytest("-l", "-rA", "--junitxml=junit.xml", *options)
    result.assert_outcomes(errors=3, skipped=2)
    xml = (pytester.path / "junit.xml").read_text(encoding="utf-8")
    for shown in (result.stdout.str(), xml):
        assert KEY[:12] not in shown
        assert html.unescape(shown).count("failed with <MISTRAL_API_KEY>") >= 3


def test_a_wider_fixture_that_failed_before(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a test without a cassette, before any that has one; and for the next, which has one."""
    monkeypatch.setenv("MISTRAL_API_KEY", KEY)
    module = pytester.makepyfile(WIDER).name
    result = pytester.runpytest(f"{module}::test_without_a_cassette", f"{module}::test_two")
    result.assert_outcomes(errors=2)
    assert KEY not in result.stdout.str()
    assert result.stdout.str().count("failed with <MISTRAL_API_KEY>") >= 2


@pytest.mark.parametrize("name", ["MISTRAL_API_KEY", "OTHER"])
@pytest.mark.parametrize(
    "how", ["raise RuntimeError(KEY)", "pytest.skip(KEY, allow_module_level=True)"]
)
def test_a_module_that_cannot_be_collected(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, how: str, name: str
) -> None:
    """Neither why, nor what it printed, shows a key."""
    monkeypatch.setenv(name, KEY)
    pytester.makeini("[pytest]\nconversations_scrub = OTHER")
    pytester.makepyfile(
        f"""
        import os
        import pytest

        KEY = os.environ["{name}"]
        print(KEY)
        {how}

        pytestmark = pytest.mark.conversations
        """
    )
    result = pytester.runpytest("-l", "-rA", "--junitxml=junit.xml")
    result.assert_outcomes(errors=int("raise" in how), skipped=int("skip" in how))
    shown = result.stdout.str() + (pytester.path / "junit.xml").read_text(encoding="utf-8")
    assert KEY not in shown
    assert f"<{name}>" in shown


def test_a_run_without_any_cassette(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is printed, noted, or given as a reason, shows no key either."""
    monkeypatch.setenv("MISTRAL_API_KEY", KEY)
    pytester.makepyfile(
        """
        import os
        import pytest

        KEY = os.environ["MISTRAL_API_KEY"]

        @pytest.mark.skip(reason=f"skipped with {KEY}")
        def test_skipped():
            pass

        def test_noting(record_property):
            record_property("headers", {"key": KEY})

        def test_printing():
            print(KEY)
        """
    )
    result = pytester.runpytest(
        "-rA",
        "--junitxml=junit.xml",
        "-o",
        "junit_logging=all",
        "-o",
        "junit_family=xunit1",
        "-p",
        "no:hypothesispytest",
    )
    result.assert_outcomes(passed=2, skipped=1)  # what the tests inside are for
    shown = result.stdout.str() + (pytester.path / "junit.xml").read_text(encoding="utf-8")
    assert KEY not in shown
    assert html.unescape(shown).count("<MISTRAL_API_KEY>") >= 5


def test_a_key_that_is_set_late(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a fixture, or by the app as it starts, when the cassette is open already."""
    monkeypatch.delenv("MISTRAL_API_KEY", raising=False)
    pytester.makepyfile(
        f"""
        import logging
        import pytest

        @pytest.fixture(autouse=True)
        def late(monkeypatch, conversation_cassette):
            monkeypatch.setenv("MISTRAL_API_KEY", {KEY[:9]!r} + {KEY[9:]!r})

        def test_late():
            import os
            key = os.environ["MISTRAL_API_KEY"]
            logging.getLogger("app").warning("starting with %s", key)
            print(key)
            assert key == ""
        """
    )
    result = pytester.runpytest("--log-file=log.txt", "--junitxml=junit.xml")
    result.assert_outcomes(failed=1)
    files = [pytester.path / name for name in ("log.txt", "junit.xml")]
    shown = result.stdout.str() + "".join(path.read_text(encoding="utf-8") for path in files)
    assert KEY not in shown
    assert "starting with <MISTRAL_API_KEY>" in shown


def test_what_a_test_notes_may_be_anything(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A report shows it as a text; what holds no secret stays what it is."""
    monkeypatch.setenv("MISTRAL_API_KEY", KEY)
    pytester.makepyfile(
        """
        import os
        from typing import NamedTuple
        import pytest

        KEY = os.environ["MISTRAL_API_KEY"]

        class Named(NamedTuple):
            first: str
            second: str

        class Text(str):
            def __new__(cls, one, two):
                return super().__new__(cls, one + two)

        noted = [
            {"Authorization": f"Bearer {KEY}"},
            [{"key": KEY}],
            KEY.encode(),
            {KEY},
            ValueError(KEY),
            Named("a", KEY),
            Text("a", KEY),
            Named("a", "b"),
            Text("a", "b"),
            7,
        ]

        @pytest.mark.conversations
        @pytest.mark.parametrize("number", range(len(noted)))
        def test_noting(record_property, number):
            record_property("noted", noted[number])

        @pytest.mark.conversations
        @pytest.mark.xfail(reason=None)  # the run outside looks at this outcome
        def test_failing_as_expected():
            assert False
        """
    )
    result = pytester.runpytest("--junitxml=junit.xml", "-o", "junit_family=xunit1")
    result.assert_outcomes(passed=10, xfailed=1)
    xml = (pytester.path / "junit.xml").read_text(encoding="utf-8")
    assert KEY not in xml
    assert xml.count("MISTRAL_API_KEY") == 7
    assert "value=\"Named(first='a', second='b')\"" in xml


@pytest.mark.parametrize("key", ["oLzyrsavFMIN01QPMi5t52hGkJqO0OGm", KEY])
def test_what_is_left_of_a_key_that_is_cut(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    """Nor the half without a digit, which may not look like one."""
    monkeypatch.setenv("MISTRAL_API_KEY", key)
    pytester.makepyfile(
        """
        import os

        def test_comparing(conversation_cassette):
            key = os.environ["MISTRAL_API_KEY"]
            assert key == "expected"
        """
    )
    result = pytester.runpytest()
    result.assert_outcomes(failed=1)
    pieces = {key[at : at + 8] for at in range(len(key) - 7)}
    assert not [piece for piece in pieces if piece in result.stdout.str()]
