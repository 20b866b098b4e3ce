"""Cassettes in the terminal: as conversations, and as what differs between two of them."""

import io
import json
import os
import re
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recordings import BASE, ID, OTHER, Data, interaction, talk, write
from rich.console import Console

from pytest_conversations._show import show
from pytest_conversations.cassette import Chunk
from pytest_conversations.cli import main
from pytest_conversations.transcript import sparkline, visible


def _shown(capsys: pytest.CaptureFixture[str], *words: object, code: int = 0) -> list[str]:
    assert main([*map(str, words)]) == code
    return capsys.readouterr().out.splitlines()


def test_a_conversation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who said what, what was called, how the stream came; in plain text, as people would write."""
    path = write(tmp_path / "it.yaml", *talk(ID, "What is 1+2?", "It ", "is 3."))
    lines = _shown(capsys, "show", path)
    assert lines[:2] == ["2 interactions", ""]
    assert lines[lines.index(" 1  start  m  200 OK") :] == [
        " 1  start  m  200 OK",
        "    user   What is 1+2?",
        '    calls  add({"a": 1, "b": 2})',
        "",
        f" 2  append_stream  {ID}  200 OK  1.0 s",
        "    result     3",
        "    assistant  It is 3.",
        "    4 events in 4 chunks, the first after 100 ms",
        "        █       █           █              █",
        "    tokens: prompt 3, completion 4, total 7",
        "",
    ]


def test_pieces_of_a_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Text, what was looked up, thoughts, and what nobody knows yet."""
    content = [
        {"type": "text", "text": "Vienna"},
        {"type": "tool_reference", "title": "Wien", "url": "https://w.example", "tool": "web"},
        {"type": "tool_reference", "title": "Graz", "tool": "web_search"},
        {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
        {"type": "map", "at": 48},
        "end",
    ]
    entry = {"type": "message.output", "role": "assistant", "content": content}
    odd = {"type": "message.output", "role": "assistant", "content": {"a": 1}}
    reply = {"conversation_id": ID, "outputs": [entry, odd]}
    path = write(tmp_path / "it.yaml", interaction("POST", BASE, {"inputs": "Where?"}, reply))
    shown = _shown(capsys, "show", path)
    assert [line for line in shown if "assistant" in line] == [
        "    assistant  Vienna [Wien: https://w.example] [Graz: web_search][thinks: hm] "
        '[map: {"at": 48}]end',
        '    assistant  {"a": 1}',
    ]


@pytest.mark.parametrize(
    ("words", "lacking", "extra"),
    [
        (["show", "x.yaml"], "rich", "cli"),
        (["diff", "x.yaml", "x.yaml"], "rich", "cli"),
        (["serve", "x.yaml"], "uvicorn", "sandbox"),
        (["sandbox"], "starlette", "sandbox"),
    ],
)
def test_a_command_without_what_it_needs(words: list[str], lacking: str, extra: str) -> None:
    """Says what to install."""
    code = f"""if True:
        import sys
        sys.modules[{lacking!r}] = None
        from pytest_conversations.cli import main
        sys.exit(main({words}))
    """
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert re.search(
        rf"needs {lacking}.*: pip install 'pytest-conversations\[{extra}\]'$", done.stderr.strip()
    )


def test_events_and_raw_bytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each event with its time, and each cut between two chunks."""
    path = write(tmp_path / "it.yaml", *talk(ID, "1+2?", "3"))
    events = _shown(capsys, "show", "--events", path)
    assert [line.split()[:3] for line in events if " ms  " in line] == [
        ["100", "ms", "conversation.response.started"],
        ["300", "ms", "message.output.delta"],
        ["600", "ms", "conversation.response.done"],
    ]
    raw = "\n".join(_shown(capsys, "show", "--raw", path))
    assert raw.count("│") == 2


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"error": {"type": "ConnectError", "message": "refused"}}, "ConnectError: refused"),
        ({"stream": {"closed": True}}, "the app closed the stream before its end"),
        ({"stream": {"error": {"type": "ReadError", "message": ""}}}, "ReadError"),
        ({"status": {"code": 0, "message": None}}, "no response"),
        ({"status": {"code": 429, "message": "Too Many Requests"}}, "429 Too Many Requests"),
        ({"test": "test_a.py::test_b"}, "test_a.py::test_b"),
    ],
)
def test_what_went_wrong(
    more: Data, word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Is there in words."""
    path = write(tmp_path / "it.yaml", interaction("GET", BASE, None, [], **more))
    assert word in "\n".join(_shown(capsys, "show", path))


def test_a_recording_is_hostile(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing in it is a command to the terminal, or mark-up."""
    said = "\x1b[2J\x1b]0;title\x07 [bold red]not red[/bold red] \u202e evil \x9b31m \r over"
    path = write(tmp_path / "it.yaml", *talk(ID, said, said))
    shown = "\n".join(_shown(capsys, "show", "--events", "--raw", path))
    assert "[bold red]not red[/bold red]" in shown
    assert "\\x1b[2J" in shown
    assert not set(shown) & set("\x1b\x07\x9b\r\u202e")


@given(st.text())
def test_what_is_visible(text: str) -> None:
    """No control character is left but tabs and line feeds, and nothing else is changed."""
    shown = visible(text)
    assert all(char in "\n\t" or char.isprintable() or ord(char) >= 0xA0 for char in shown)
    if text.isprintable():
        assert shown == text


@given(st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 5000)), max_size=20))
def test_any_sparkline(pairs: list[tuple[int, int]]) -> None:
    """A bar wherever bytes came, and none elsewhere; never wider than asked for."""
    chunks = [Chunk(ms, b"x" * size) for ms, size in pairs]
    bars = sparkline(chunks, 20)
    assert len(bars) <= 20
    if sum(ms for ms, _ in pairs):
        assert bool(bars.strip()) is any(size for _, size in pairs)


def test_other_apis_and_other_tools(
    corpus: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Real cassettes: all of Mistral's, and those of other services, in whatever they hold."""
    for path in sorted((corpus / "cassettes" / "mistral").glob("*conversations*.yaml")):
        shown = "\n".join(_shown(capsys, "show", path))
        assert "    user " in shown
    answer = {"model": "m", "choices": [{"message": {"content": "Hi"}}], "nothing": None}
    path = write(
        tmp_path / "it.yaml", interaction("POST", "https://x.test/v1/chat", {"a": 1}, answer)
    )
    shown = "\n".join(_shown(capsys, "show", path))
    assert "POST  https://x.test/v1/chat  200 OK" in shown
    assert '"content": "Hi"' in shown
    assert "nothing" not in shown


def _chat(*deltas: str, told: str = "Hi") -> list[Data]:
    """A chat completion, whole and as a stream."""
    url = "https://x.test/v1/chat/completions"
    asked = {"model": "m", "messages": [{"role": "system", "content": told}]}
    answer = {"choices": [{"message": {"role": "assistant", "content": "Good day"}}]}
    events = [{"choices": [{"delta": {"content": each}}]} for each in deltas]
    body = "".join(f"data: {json.dumps(each)}\n\n" for each in events)
    streamed = interaction("POST", url, asked, body)
    streamed["response"]["headers"] = {"content-type": "text/event-stream"}  # type: ignore[index]
    return [interaction("POST", url, asked, answer), streamed]


def test_chat_completions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Are told as conversations, and compared; their streams are put together."""
    old = write(tmp_path / "old.yaml", *_chat("Hel", "lo", told="Be short."))
    lines = _shown(capsys, "show", old)
    title = "POST  https://x.test/v1/chat/completions  m  200 OK"
    start = lines.index(f" 1  {title}")
    assert lines[start : start + 4] == [
        f" 1  {title}",
        "    system     Be short.",
        "    assistant  Good day",
        "",
    ]
    assert lines[start + 4 : start + 8] == [
        f" 2  {title}",
        "    system     Be short.",
        "    assistant  Hello",
        "    2 events in unknown chunks",
    ]
    new = write(tmp_path / "new.yaml", *_chat("Hel", "p", told="Be short."))
    changed = [line for line in _shown(capsys, "diff", old, new, code=1) if line[0] in "+-"]
    assert [line.split() for line in changed[2:]] == [
        ["-", "content:", "Hello"],
        ["+", "content:", "Help"],
    ]


def test_folders(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each cassette in them below its path; one without any is told."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "all" / "b").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    write(tmp_path / "all" / "b" / "two.yaml", *talk(ID, "1+2?", "3"))
    write(tmp_path / "all" / "one.yaml", *talk(ID, "1+1?", "2"))
    lines = _shown(capsys, "show", "all")
    heads = [line for line in lines if line.startswith("all")]
    assert heads == ["all/b/two.yaml · 2 interactions", "all/one.yaml · 2 interactions"]
    assert main(["show", "empty", "all/one.yaml"]) == 1
    out, err = capsys.readouterr()
    assert err == "no cassettes in empty\n"
    assert "1+1?" in out


def test_one_that_is_none_among_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Is named; the others are shown."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "good.yaml", *talk(ID, "1+2?", "3"))
    (tmp_path / "bad.yaml").write_text("no cassette", encoding="utf-8")
    assert main(["show", "bad.yaml", "missing.yaml", "good.yaml"]) == 1
    out, err = capsys.readouterr()
    assert "1+2?" in out
    assert "good.yaml · 2 interactions" in out
    assert "bad.yaml:1: a cassette is a mapping" in err
    assert "missing.yaml: No such file" in err


def test_the_same_again_does_not_differ(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Though its ids are others, and its text came in other pieces."""
    old = write(tmp_path / "old.yaml", *talk(ID, "1+2?", "It ", "is 3."))
    new = write(tmp_path / "new.yaml", *talk(OTHER, "1+2?", "It is", " 3."))
    assert _shown(capsys, "diff", old, new) == []


def test_what_was_said_otherwise(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Is a line away and a line there."""
    old = write(tmp_path / "old.yaml", *talk(ID, "1+2?", "It is 3."))
    new = write(tmp_path / "new.yaml", *talk(OTHER, "1+2?", "It is 4."))
    lines = _shown(capsys, "diff", old, new, code=1)
    changed = [line for line in lines if line[0] in "+-"]
    assert [line.strip() for line in changed[2:]] == [
        "-      content: It is 3.",
        "+      content: It is 4.",
    ]


def _git(*words: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@b.test")
    command = ["git", *who, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - our own


def test_revisions_of_git(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was committed is compared with what is there."""
    monkeypatch.chdir(tmp_path)
    _git("init", "-q")
    write(tmp_path / "it.yaml", *talk(ID, "1+2?", "3"))
    _git("add", ".")
    _git("commit", "-qm", "x")
    assert _shown(capsys, "diff", "HEAD:it.yaml", "it.yaml") == []
    write(tmp_path / "it.yaml", *talk(ID, "1+2?", "4"))
    assert "-      content: '3'" in _shown(capsys, "diff", "HEAD:it.yaml", "it.yaml", code=1)
    for words in (("HEAD~1:it.yaml", "it.yaml"), ("it.yaml", "other.yaml")):
        assert main(["diff", *words]) == 2
    err = capsys.readouterr().err
    assert "there is no file HEAD~1:it.yaml, and git has none: " in err
    assert "cannot read the cassette other.yaml" in err


def test_git_shows_conversations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the lines of the page on the command line, whatever git calls its files."""
    page = (Path(__file__).parent.parent / "docs" / "cli.md").read_text(encoding="utf-8")
    config = re.search(r"^git (config \S+) '(.*)'$", page, re.MULTILINE)
    attributes = re.search(r"^echo '(.*)' >> .gitattributes$", page, re.MULTILINE)
    assert config
    assert attributes
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cassettes" / "test_a").mkdir(parents=True)
    path = tmp_path / "cassettes" / "test_a" / "test_b.yaml"
    _git("init", "-q")
    command = config[2].replace("pytest-conversations", f"{sys.executable} -m pytest_conversations")
    _git(*config[1].split(), command)
    (tmp_path / ".gitattributes").write_text(attributes[1], encoding="utf-8")
    write(path, *talk(ID, "1+2?", "It is 3."))
    _git("add", ".")
    write(path, *talk(ID, "1+2?", "It is 4."))
    changed = [line for line in _git("diff").splitlines() if line.startswith(("+", "-"))]
    assert changed[2:] == ["-    assistant  It is 3.", "+    assistant  It is 4."]
    path.write_text("garbage: [", encoding="utf-8")
    assert "+garbage: [" in _git("diff")


def test_a_pipe(tmp_path: Path) -> None:
    """Gets lines as long as they are, in whatever encoding, and may be closed at any time."""
    long = "word " * 100 + "Köln"
    path = write(tmp_path / "it.yaml", *talk(ID, "1+2?", long))
    command = [sys.executable, "-m", "pytest_conversations", "show", "--events", str(path)]
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "COLUMNS": "40"}
    shown = subprocess.run(  # noqa: S603 - no shell
        command, capture_output=True, check=True, env=environment
    ).stdout.decode("ascii")
    assert long.replace("ö", r"\xf6") in shown
    assert '"usage": {"prompt_tokens": 3' in shown

    with subprocess.Popen(  # noqa: S603 - no shell
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""


@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["at the end", "at once"])
@pytest.mark.parametrize("words", ["--version", "--help", "show --help"])
def test_a_pipe_that_nobody_reads(words: str, unbuffered: str) -> None:
    """As that of `| head -1`, whether it is written to at once, or when the command ends."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(  # noqa: S603 - no shell
            [sys.executable, "-m", "pytest_conversations", *words.split()],
            stdout=writer,
            stderr=subprocess.PIPE,
            check=False,
            env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
        )
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("raw", [False, True], ids=["turns", "raw"])
def test_a_pipe_is_not_filled_with_spaces(tmp_path: Path, *, raw: bool) -> None:
    """Nor is the memory, where one line is long and there are many."""
    path = write(tmp_path / "it.yaml", *talk(ID, "1+2?", *["short "] * 100, "x" * 100_000))
    out = io.StringIO()
    tracemalloc.start()
    try:
        show(path, Console(file=out), raw=raw)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    size = path.stat().st_size
    assert peak < 100 * size
    assert len(out.getvalue()) < 2 * size
    assert all(line == line.rstrip() for line in out.getvalue().splitlines())


@pytest.mark.parametrize("count", [0, 1, 2])
def test_one_is_not_several(count: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Numbers stand with the right form of their words."""
    path = write(tmp_path / "it.yaml", *talk(ID, "1+2?", "3")[:count])
    ending = "" if count == 1 else "s"
    assert _shown(capsys, "show", path)[0] == f"{count} interaction{ending}"
    assert main(["check", str(tmp_path)]) == 0
    assert capsys.readouterr().err == "no problems in 1 file\n"
    assert main(["report", str(path), "-o", str(tmp_path / "it.html")]) == 0
    assert capsys.readouterr().out.endswith("it.html: 1 of 1 cassette\n")
    assert f"<span>{count} interaction{ending}</span>" in (tmp_path / "it.html").read_text("utf-8")
