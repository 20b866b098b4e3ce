"""The HTML report: of files by the command line, and of a run of pytest."""

import datetime as dt
import json
import os
import re
import sys
from pathlib import Path

import pytest
from recordings import BASE, ID, Data, interaction, talk, write

from pytest_conversations import report
from pytest_conversations.cli import main

PACKAGE = "pytest_conversations"
KEY = "zK4dummy0key1for2tests3only4xyzw"
SANDBOX = "--conversations-sandbox"
RECORD = ("--conversations-mode=once", SANDBOX)
REPORT = "--conversations-report=report.html"


def _flags(page: str) -> dict[str, set[str]]:
    """Of each cassette in a page, by which filters it is found."""
    found = re.findall(r'<article class="card" id="([^"]*)" data-flags="([^"]*)"', page)
    return {anchor.rpartition("/")[2]: set(flags.split()) for anchor, flags in found}


def _text(page: str) -> str:
    """What a page says, without its tags."""
    body = page.partition("<main")[2].partition("</main>")[0]
    text = re.sub(r"<[^>]*>", "", body)
    return text.replace("&#34;", '"').replace("&lt;", "<").replace("&gt;", ">")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_folder_of_cassettes(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each is in the page, with its turns, calls and results; one is not there twice."""
    (here / "sub").mkdir()
    write(here / "sub" / "one.yaml", *talk(ID, "What is 1+2?", "It ", "is 3."))
    write(here / "two.yml", interaction("GET", BASE, None, []))
    assert main(["report", ".", "sub/one.yaml", "-o", "out/report.html"]) == 0
    assert capsys.readouterr().out == f"{Path('out/report.html')}: 2 of 2 cassettes\n"
    page = (here / "out" / "report.html").read_text(encoding="utf-8")
    assert _flags(page) == {"one": {"streamed"}, "two": set()}
    for word in ("What is 1+2?", 'add({"a": 1, "b": 2})', "It is 3.", "total 7", "append_stream"):
        assert word in _text(page)
    assert sorted(path.name for path in (here / "out").iterdir()) == ["report.html"]


def test_one_that_is_none_among_others(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Is named with its reason, in the page and on standard error; the others are shown."""
    write(here / "good.yaml", *talk(ID, "1+2?", "3"))
    (here / "bad.yaml").write_text("no <b>cassette", encoding="utf-8")
    assert main(["report", ".", "-o", "report.html"]) == 1
    out, err = capsys.readouterr()
    assert "1 of 2 cassettes" in out
    assert "bad.yaml:1: a cassette is a mapping" in err
    page = (here / "report.html").read_text(encoding="utf-8")
    assert "bad.yaml:1: a cassette is a mapping" in _text(page)
    assert _flags(page)["bad"] == {"unreadable"}
    assert "1+2?" in _text(page)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["missing.yaml", "-o", "r.html"], "there is no missing.yaml"),
        (["empty", "-o", "r.html"], "no cassettes in empty"),
        (["good.yaml", "-o", "good.yaml"], "cannot write good.yaml: it is one of the cassettes"),
        (["good.yaml", "-o", "empty"], "cannot write empty: Is a directory"),
        (["good.yaml", "-o", "good.yaml/r.html"], "cannot write good.yaml/r.html: "),
    ],
)
def test_what_cannot_be_done(
    words: list[str], message: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Is said in a line, and ends with 2."""
    (here / "empty").mkdir()
    write(here / "good.yaml", *talk(ID, "1+2?", "3"))
    assert main(["report", *words]) == 2
    assert message in capsys.readouterr().err
    assert not (here / "r.html").exists()


def test_standard_output(here: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """Gets the page and nothing else, the same as a file does."""
    write(here / "good.yaml", *talk(ID, "1+2 à Köln?", "3"))
    assert main(["report", "good.yaml", "-o", "-"]) == 0
    out, err = capsysbinary.readouterr()
    assert out.startswith(b"<!doctype html>")
    assert out.endswith(b"</html>")
    assert "1+2 à Köln?" in out.decode("utf-8")
    assert err == b"-: 1 of 1 cassette\n"
    assert [each.name for each in here.iterdir()] == ["good.yaml"]


def test_a_run_without_cassettes(pytester: pytest.Pytester) -> None:
    """The page says so, and what to do."""
    pytester.makepyfile("def test_it(): pass")
    pytester.runpytest("--conversations-report=r.html").assert_outcomes(passed=1)
    page = (pytester.path / "r.html").read_text(encoding="utf-8")
    assert "No test of this run used a cassette. To record one, give a test the fixture" in page
    assert "<span>0 tests with a cassette</span>" in page


def test_a_device_is_not_replaced(here: Path) -> None:
    """As nothing is that is no file."""
    write(here / "good.yaml", *talk(ID, "1+2?", "3"))
    assert main(["report", "good.yaml", "-o", os.devnull]) == 2
    assert not Path(os.devnull).is_file()


@pytest.fixture
def no_jinja(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the extra is not installed."""
    for name in ("report", "_reporting"):
        for module in [each for each in sys.modules if each.startswith(f"{PACKAGE}.{name}")]:
            monkeypatch.delitem(sys.modules, module)
        monkeypatch.delattr(f"{PACKAGE}.{name}")
    monkeypatch.setitem(sys.modules, "jinja2", None)


@pytest.mark.usefixtures("no_jinja")
def test_without_jinja(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command says what to install."""
    write(here / "good.yaml", *talk(ID, "1+2?", "3"))
    assert main(["report", "good.yaml", "-o", "r.html"]) == 1
    assert capsys.readouterr().err == (
        "report needs jinja2: pip install 'pytest-conversations[report]'\n"
    )


@pytest.mark.usefixtures("no_jinja")
def test_the_option_without_jinja(pytester: pytest.Pytester) -> None:
    """Says it before any test runs; nothing else needs it."""
    pytester.makepyfile("def test_it(conversations): pass")
    refused = pytester.runpytest(REPORT)
    assert refused.ret == pytest.ExitCode.USAGE_ERROR
    refused.stderr.fnmatch_lines(
        ["*--conversations-report needs jinja2: pip install 'pytest-conversations[[]report]'"]
    )
    pytester.runpytest().assert_outcomes(passed=1)


def test_a_bar_where_it_takes_long(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On standard error, where that is a terminal, and nothing of it stays."""
    write(here / "good.yaml", *talk(ID, "1+2?", "3"))
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert main(["report", "good.yaml", "-o", "r.html"]) == 0
    out, err = capsys.readouterr()
    assert out == "r.html: 1 of 1 cassette\n"
    assert "cassettes" in err


def test_another_tool_s_secrets_stay_out(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a cassette that was not recorded by this package, and so never scrubbed."""
    monkeypatch.setenv("MISTRAL_API_KEY", KEY)
    first, second = talk(ID, f"My key is {KEY}.", "It ", "is 3.")
    first["request"]["headers"] = {"Authorization": ["Bearer another0key0of0no0use"]}  # type: ignore[index]
    second["response"]["headers"]["X-Echo"] = ["another0key0of0no0use"]  # type: ignore[index]
    write(here / "it.yaml", first, second)
    assert main(["report", ".", "-o", "report.html"]) == 0
    page = (here / "report.html").read_text(encoding="utf-8")
    assert KEY not in page
    assert "another0key0of0no0use" not in page
    assert "My key is <MISTRAL_API_KEY>." in _text(page)


def test_what_was_recorded_today(here: Path) -> None:
    """By what the file says, in the time of this machine; a part may have a time of its own."""
    now = dt.datetime.now(dt.UTC)
    long_ago = now - dt.timedelta(days=40)
    write(here / "new.yaml", *talk(ID, "1+2?", "3"), recorded_at=now)
    write(here / "old.yaml", *talk(ID, "1+2?", "3"), recorded_at=long_ago)
    part = interaction("GET", BASE, None, [], recorded_at=now)
    write(here / "part.yaml", part, recorded_at=long_ago)
    assert main(["report", ".", "-o", "report.html"]) == 0
    flags = _flags((here / "report.html").read_text(encoding="utf-8"))
    assert {name for name, each in flags.items() if "today" in each} == {"new", "part"}


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (
            {
                "type": "message.output",
                "content": [
                    {"type": "text", "text": "See "},
                    {"type": "tool_reference", "title": "A page", "url": "https://x.test/1"},
                    {"type": "tool_file", "file_name": "map.png", "file_id": "f1"},
                    {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
                    {"type": "image_url", "image_url": {"url": "https://x.test/2"}},
                    {"type": "news", "of": "tomorrow"},
                ],
            },
            ["See", "A page", "https://x.test/1", "map.png · f1", "hm", "test/2", "tomorrow"],
        ),
        (
            {"type": "function.result", "result": '{"a":1}', "tool_call_id": "t9"},
            ['{"a": 1}', "t9"],
        ),
        ({"type": "tool.execution", "name": "run", "info": {"code": "1+1"}}, ["run()", "1+1"]),
        (
            {"type": "agent.handoff", "previous_agent_name": "a", "next_agent_name": "b"},
            ["hands off", "a → b"],
        ),
        ({"type": "of.tomorrow", "value": 4711}, ["of.tomorrow", "4711"]),
    ],
)
def test_what_an_entry_says(entry: Data, words: list[str], here: Path) -> None:
    """Each kind in words, and those that nobody knows yet as JSON."""
    write(here / "it.yaml", interaction("POST", BASE, {"inputs": "Hi"}, {"outputs": [entry]}))
    assert main(["report", ".", "-o", "report.html"]) == 0
    text = _text((here / "report.html").read_text(encoding="utf-8"))
    assert [word for word in words if word not in text] == []


def test_other_apis(here: Path) -> None:
    """Chat completions are told as conversations, streams of them too; the rest as JSON."""
    call = {"id": "c1", "function": {"name": "add", "arguments": '{"a": 1}'}}
    asked = {
        "messages": [
            {"role": "system", "content": "Be short."},
            {"role": "assistant", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": "1"},
        ]
    }
    url = "https://x.test/v1/chat/completions"
    pieces: list[Data] = [
        {"content": "Hel"},
        {"content": [{"type": "text", "text": "lo"}]},
        {"tool_calls": [{"index": 0, "id": "c2", "function": {"name": "sub", "arguments": "{"}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '"b": 2}'}}]},
    ]
    events = [json.dumps({"choices": [{"delta": piece}]}) for piece in pieces]
    streamed = interaction("POST", url, asked, "".join(f"data: {each}\n\n" for each in events))
    streamed["response"]["headers"] = {"content-type": "text/event-stream"}  # type: ignore[index]
    answer = {"choices": [{"message": {"role": "assistant", "content": "Good day"}}]}
    write(
        here / "it.yaml",
        interaction("POST", url, asked, answer),
        streamed,
        interaction("POST", "https://x.test/v1/ocr", {"file": "a"}, {"pages": ["one page"]}),
    )
    assert main(["report", ".", "-o", "report.html"]) == 0
    text = _text((here / "report.html").read_text(encoding="utf-8"))
    for word in ("Be short.", 'add({"a": 1})', "Good day", "Hello", 'sub({"b": 2})', "one page"):
        assert word in text


def test_real_recordings(corpus: Path, here: Path) -> None:
    """Of the API, and of other services: each that can be read is in the page."""
    assert main(["report", str(corpus / "cassettes"), "-o", "report.html"]) == 1
    page = (here / "report.html").read_text(encoding="utf-8")
    flags = _flags(page)
    assert sum("unreadable" not in each for each in flags.values()) >= 14
    assert "code_interpreter(" in _text(page)


def _write(file: Path, *paths: Path, **limits: int) -> str:
    about = report.About(dt.datetime.now(dt.UTC), is_run=False, version="0")
    sources = [report.Source(path, path.name) for path in paths]
    report.write(file, sources, about, scrub=iter, limits=report.Limits(**limits))
    return file.read_text(encoding="utf-8")


def test_what_is_too_much_is_left_out_and_told(tmp_path: Path) -> None:
    """Long texts, bytes, chunks, interactions, cassettes; each in a sentence, and at the top."""
    path = write(tmp_path / "it.yaml", *talk(ID, "q" * 5000, *(f"word {n} " for n in range(300))))
    whole = _write(tmp_path / "whole.html", path)
    assert "Left out" not in whole.partition("<main")[0]

    page = _write(tmp_path / "r.html", path, text=100, raw=2000, marks=50)
    assert "q" * 101 not in page.replace("&#34;", '"').partition("Request")[0]
    assert "4 900 more characters".replace(" ", "\N{NO-BREAK SPACE}", 1) in page
    assert 'data-chunks="302"' in page
    assert page.count('class="mark chunk"') == 50
    head = page.partition("<main")[0]
    for word in (
        "characters of long texts",
        "of raw bytes",
        "the payload of",
        "The cassettes have",
    ):
        assert word in head

    many = write(tmp_path / "a.yaml", *(interaction("GET", BASE, None, []) for _ in range(50)))
    page = _write(tmp_path / "r.html", many, path, cassette=5000, page=1000)
    assert page.count('<section class="exchange') < 20
    assert re.search(r"\d+ more interactions, left out here", page)
    assert re.search(r"Left out.*1 cassette, \d+ interactions", page)


@pytest.mark.parametrize("depth", [100, 400, 800, 950, 100_000])
def test_json_that_is_nested_deep(depth: int, tmp_path: Path) -> None:
    """Is shown as JSON, as text, or not at all; and what stands beside it is."""
    entry = f'{{"type": "new", "of": {"[" * depth}{"]" * depth}}}'
    path = write(
        tmp_path / "it.yaml",
        interaction("POST", BASE, {"inputs": "Hi"}, f'{{"outputs": [{entry}]}}'),
        interaction("POST", BASE, {"inputs": "Bye"}, {"outputs": []}),
    )
    text = _text(_write(tmp_path / "r.html", path))
    assert "[[[" in re.sub(r"\s", "", text) or "Interaction 1 is not shown: its JSON" in text
    assert "Bye" in text


def test_a_huge_stream_is_read_in_part(tmp_path: Path) -> None:
    """The page says how much of it; all chunks are in its timeline, and counted."""
    path = write(tmp_path / "it.yaml", *talk(ID, "Hi", *(f"word {n} " for n in range(400))))
    page = _write(tmp_path / "r.html", path, read=10_000)
    assert 'data-chunks="402"' in page
    assert page.count('class="mark chunk"') == 402
    assert "The first 9." in _text(page)
    assert "word 20 " in _text(page)
    assert "word 399 " not in _text(page)


def test_the_old_page_stays_where_the_new_one_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a whole, and nothing beside it."""
    path = write(tmp_path / "it.yaml", *talk(ID, "Hi", "Ho"))
    file = tmp_path / "out" / "r.html"
    old = _write(file, path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        _write(file, path)
    assert file.read_text(encoding="utf-8") == old
    assert list(file.parent.iterdir()) == [file]


# A run of pytest.

SUITE = """
    import pytest

    def ask(conversations, words):
        return conversations.start(model="m", inputs=words)

    def test_misses(conversations):
        ask(conversations, "My name is Ada.")

    def test_fails(conversations):
        ask(conversations, "Hello")
        assert "secret-of-this-test" == ""

    def test_again(conversations):
        ask(conversations, "What is 2+3?")

    def test_two(conversations):
        ask(conversations, "One")
        ask(conversations, "Two")

    def test_no_cassette():
        pass
"""


def _page(pytester: pytest.Pytester) -> str:
    return (pytester.path / "report.html").read_text(encoding="utf-8")


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    """A suite that is recorded; one test will miss, one will be recorded anew, one plays half."""
    pytester.makepyfile(test_it=SUITE.replace('== ""', "!= ''"))
    pytester.runpytest(*RECORD).assert_outcomes(passed=5)
    left = pytester.path / "cassettes" / "test_it" / "test_gone.yaml"
    left.write_bytes(left.with_name("test_two.yaml").read_bytes())
    changed = SUITE.replace("is Ada", "is Bob").replace('    ask(conversations, "Two")\n', "")
    again = 'ask(conversations, "What is 20+3?")'
    changed = changed.replace('ask(conversations, "What is 2+3?")', again)
    mark = '@pytest.mark.conversations(mode="rewrite")\n    def test_again'
    pytester.makepyfile(test_it=changed.replace("def test_again", mark))
    return pytester


@pytest.mark.parametrize("more", [(), ("-n1",)])
def test_a_run(suite: pytest.Pytester, more: tuple[str, ...]) -> None:
    """Misses with their diff, new recordings with theirs, what was not played, nobody's files."""
    start = suite.runpytest_subprocess if more else suite.runpytest
    run = start(SANDBOX, REPORT, *more)
    run.assert_outcomes(passed=3, failed=2)
    run.stdout.fnmatch_lines(
        ["conversations: * 1 unused in 4 cassettes", "*the report is in report.html"]
    )
    page = _page(suite)
    assert _flags(page) == {
        "test_misses": {"failed", "today"},
        "test_fails": {"failed", "today"},
        "test_again": {"changed", "today"},
        "test_two": {"unused", "today"},
        "test_gone": {"unused", "today"},
    }
    assert re.search(r'<span class="line del">  -  &#34;inputs&#34;: &#34;My name is Ada', page)
    assert re.search(r'<span class="line add">  \+  &#34;inputs&#34;: &#34;My name is Bob', page)
    assert re.search(r'<span class="line del">-    inputs: What is 2\+3\?', page)
    assert re.search(r'<span class="line add">\+      content: &#39;23&#39;', page)
    text = _text(page)
    assert "UnrecordedRequestError: Not recorded: POST" in text
    assert "To record it: pytest test_it.py::test_misses" in text
    assert "AssertionError in line 11 of test_it.py." in text
    assert "secret-of-this-test" not in page
    assert text.count("not played by its test") == 1
    assert "No test uses this cassette." in text
    head = page.partition("<main")[0]
    assert "4 tests with a cassette" in head
    assert "2 failed" in head


def test_a_recording_that_says_the_same(pytester: pytest.Pytester) -> None:
    """Is told as such; one that is new has nothing to be compared with."""
    pytester.makepyfile("def test_it(conversations): conversations.start(model='m', inputs='Hi')")
    pytester.runpytest(*RECORD, REPORT).assert_outcomes(passed=1)
    assert "1 interaction recorded" in _text(_page(pytester))
    assert "changed" not in _flags(_page(pytester))["test_it"]
    pytester.runpytest("--conversations-mode=rewrite", SANDBOX, REPORT).assert_outcomes(passed=1)
    assert "It says the same as before" in _text(_page(pytester))
    assert "changed" in _flags(_page(pytester))["test_it"]


def test_recordings_that_cannot_be_compared(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fail no test; the page says that they cannot."""

    def broken(*_: object) -> None:
        raise RecursionError

    pytester.makepyfile("def test_it(conversations): conversations.start(model='m', inputs='Hi')")
    pytester.runpytest(*RECORD).assert_outcomes(passed=1)
    monkeypatch.setattr("pytest_conversations._changes.lines", broken)
    pytester.runpytest("--conversations-mode=rewrite", SANDBOX, REPORT).assert_outcomes(passed=1)
    assert "The recordings cannot be compared: RecursionError" in _text(_page(pytester))


def test_a_cassette_that_tests_share(pytester: pytest.Pytester) -> None:
    """What none of its tests played is unused, and what one of them did is not."""
    test = """
        import pytest

        @pytest.mark.conversations(cassette="shared.yaml")
        @pytest.mark.parametrize("n", range(2))
        def test_it(conversations, n):
            conversations.start(model="m", inputs=f"Hello {n}")
            conversations.start(model="m", inputs="All")
    """
    pytester.makepyfile(test)
    pytester.runpytest(*RECORD).assert_outcomes(passed=2)
    pytester.runpytest(REPORT).assert_outcomes(passed=2)
    assert _flags(_page(pytester)) == {"shared": {"today"}}
    assert _text(_page(pytester)).count("mode none") == 2
    pytester.makepyfile(test.replace('inputs="All"', 'inputs="Hello 1"'))
    pytester.runpytest(REPORT)
    pytester.makepyfile(test.replace('conversations.start(model="m", inputs="All")', ""))
    pytester.runpytest(REPORT).assert_outcomes(passed=2)
    assert _flags(_page(pytester)) == {"shared": {"today", "unused"}}
    assert _text(_page(pytester)).count("not played by its test") == 2


def test_a_cassette_that_cannot_be_read(pytester: pytest.Pytester) -> None:
    """The test that it fails, and the page, say why."""
    pytester.makepyfile("def test_it(conversations): conversations.list()")
    path = pytester.path / "cassettes" / "test_a_cassette_that_cannot_be_read" / "test_it.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("nothing", encoding="utf-8")
    pytester.runpytest(REPORT).assert_outcomes(errors=1)
    text = _text(_page(pytester))
    assert "CassetteFormatError: " in text
    assert "a cassette is a mapping" in text


@pytest.mark.parametrize("outcome", ["skipped", "xfailed", "xpassed"])
def test_other_outcomes(outcome: str, pytester: pytest.Pytester) -> None:
    """Are told in pytest's own words, and are no failures."""
    mark = "xfail" if outcome.startswith("x") else "skip"
    last = "assert False" if outcome == "xfailed" else "pytest.skip()" if mark == "skip" else "pass"
    pytester.makepyfile(
        f"""
        import pytest

        {"" if mark == "skip" else "@pytest.mark.xfail"}
        def test_it(conversations):
            {last}
        """
    )
    pytester.runpytest(REPORT).assert_outcomes(**{outcome: 1})
    assert f"1 {outcome}" in _page(pytester)
    assert _flags(_page(pytester)) == {"test_it": set()}
    assert "There is no such file" in _page(pytester)


def test_a_page_that_cannot_be_written(pytester: pytest.Pytester) -> None:
    """Loses no results: it is told at the end, and ends with 1; a folder is refused at once."""
    pytester.makepyfile("def test_it(conversations): pass")
    run = pytester.runpytest(f"--conversations-report={__file__}/report.html")
    run.assert_outcomes(passed=1)
    run.stdout.fnmatch_lines(["conversations: no report, cannot write *report.html: *"])
    assert run.ret == pytest.ExitCode.TESTS_FAILED
    refused = pytester.runpytest("--conversations-report=.")
    assert refused.ret == pytest.ExitCode.USAGE_ERROR
    refused.stderr.fnmatch_lines(["*--conversations-report wants a file, and . is a folder"])


def test_a_bug_of_the_page_loses_no_run(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever goes wrong with the page, the tests have run."""

    def broken(*_: object, **__: object) -> None:
        msg = "boom"
        raise RuntimeError(msg)

    monkeypatch.setattr(report, "write", broken)
    pytester.makepyfile("def test_it(conversations): pass")
    run = pytester.runpytest(REPORT)
    run.assert_outcomes(passed=1)
    run.stdout.fnmatch_lines(["conversations: no report: RuntimeError: boom"])


def test_a_run_without_the_option_pays_nothing(pytester: pytest.Pytester) -> None:
    """Nothing of the report is imported."""
    pytester.makepyfile(
        """
        import sys

        def test_it(conversations):
            assert not {"jinja2", "pytest_conversations.report"} & set(sys.modules)
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=1)
    assert not (pytester.path / "report.html").exists()


def test_what_collects_alone_writes_nothing(pytester: pytest.Pytester) -> None:
    """So that the page of a run before stays."""
    pytester.makepyfile("def test_it(conversations): pass")
    pytester.runpytest(REPORT, "--collect-only")
    assert not (pytester.path / "report.html").exists()
