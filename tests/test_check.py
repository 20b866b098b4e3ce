"""The command `check`: secrets and damage in files that are there, with their lines."""

import gzip
import json
import os
import re
from pathlib import Path

import pytest
import vcr
import yaml
from recordings import BASE, interaction, write

from pytest_conversations._project import project_lines
from pytest_conversations.cassette import ConversationCassette, Scrubber
from pytest_conversations.cli import main

KEY = "zK4dummy0key1for2tests3only4xyzw"

VCRPY = f"""
interactions:
- request:
    body: '{{"inputs":"Hi","api_key":"{KEY}"}}'
    headers:
      authorization:
      - Bearer {KEY}
      cookie:
      - __cf_bm=a
    method: POST
    uri: https://api.mistral.ai/v1/conversations?token={KEY}
  response:
    body:
      string: |
        event: a
        data: {{"content":"{KEY[:9]}"}}

        event: a
        data: {{"content":"{KEY[9:]}"}}
    headers:
      Set-Cookie:
      - __cf_bm=b
      - _cfuvid=c
      x-request-id:
      - '1'
    status:
      code: 200
      message: OK
version: 1
""".lstrip()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of its own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cassettes").mkdir()
    return tmp_path


def test_each_finding_has_its_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its rule and its place, but never the secret; what the network makes up is none."""
    path = folder / "cassettes" / "it.yaml"
    path.write_text(VCRPY, encoding="utf-8")

    assert main(["check", "cassettes"]) == 1

    out, err = capsys.readouterr()
    where = "cassettes/it.yaml"
    assert out.splitlines() == [
        f"{where}:3: value of MISTRAL_API_KEY, request body",
        f"{where}:6: header authorization, request headers authorization",
        f"{where}:8: header cookie, request headers cookie",
        f"{where}:10: value of MISTRAL_API_KEY, request uri",
        f"{where}:15: value of MISTRAL_API_KEY, over several events, response body string",
        f"{where}:21: header set-cookie, response headers Set-Cookie",
        f"{where}:22: header set-cookie, response headers Set-Cookie",
    ]
    assert err == "1 of 1 file has problems\n"
    assert KEY not in out


def test_fix_keeps_it_playable(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By vcrpy and by us, with whatever key; and there is nothing left to find."""
    path = folder / "cassettes" / "it.yaml"
    path.write_text(VCRPY, encoding="utf-8")

    assert main(["check", "--fix", "cassettes"]) == 0

    assert "took out 7 secrets" in capsys.readouterr().out
    text = path.read_text(encoding="utf-8")
    assert KEY not in text
    assert KEY[:9] not in text
    assert "recorded_at" not in text  # which nobody knows
    assert main(["check", "cassettes"]) == 0
    (interaction,) = yaml.safe_load(text)["interactions"]
    body = interaction["response"]["body"]["string"]
    contents = [json.loads(line[6:])["content"] for line in body.splitlines() if "data:" in line]
    assert contents == ["<MISTRAL_API_KEY>", ""]
    replaying = ConversationCassette(str(path), mode="none", scrubber=Scrubber({}))
    made = replaying.admit(
        vcr.request.Request(
            "POST",
            "https://api.mistral.ai/v1/conversations?token=another-token-123",
            b'{"inputs": "Hi", "api_key": "another"}',
            {},
        )
    )
    assert made is not None
    assert replaying.play(made) is not None
    with vcr.use_cassette(str(path), record_mode="none") as cassette:
        assert len(cassette) == 1


def test_damage_is_a_problem(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And no `--fix` touches a file that is damaged."""
    path = folder / "cassettes" / "it.yaml"
    path.write_text("interactions:\n- request: 1\n", encoding="utf-8")
    before = path.read_bytes()
    for words in (["check", "cassettes"], ["check", "--fix", str(path)]):
        assert main(words) == 1
        assert "it.yaml:2: an interaction is a mapping with a `request`" in capsys.readouterr().out
    assert path.read_bytes() == before


def test_a_folder_without_cassettes(capsys: pytest.CaptureFixture[str]) -> None:
    """Is said to be one, and has no problems."""
    assert main(["check", "cassettes"]) == 0
    assert capsys.readouterr().err == "no cassettes in cassettes\n"


def test_an_edit_by_hand_stays_known(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is a note, and no finding; and it is one also of the file that was fixed."""
    path = folder / "cassettes" / "it.yaml"
    path.write_text(VCRPY, encoding="utf-8")
    assert main(["check", "--fix", "cassettes"]) == 0
    assert "edited" not in capsys.readouterr().out
    text = path.read_text(encoding="utf-8")
    line = text[: text.index("checksum")].count("\n") + 1
    note = f"cassettes/it.yaml:{line}: note: edited, it is not what was recorded"

    path.write_text(text.replace('"Hi"', '"Bye"'), encoding="utf-8")
    assert main(["check", "cassettes"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(note)
    assert err == "no problems in 1 file\n"

    path.write_text(text.replace('"Hi"', f'"Bearer {KEY}"'), encoding="utf-8")
    assert main(["check", "--fix", "cassettes"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0] == "cassettes/it.yaml: took out 1 secret"
    assert out.splitlines()[1].startswith(note)
    fixed = path.read_text(encoding="utf-8")
    assert KEY not in fixed

    path.write_text(re.sub(r"  checksum: .*\n", "", fixed), encoding="utf-8")
    assert main(["check", "cassettes"]) == 0
    assert capsys.readouterr().out == ""


def test_a_table_of_chunks_that_does_not_fit_is_a_note(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With its line: such a file plays, but not in the chunks in which it came."""
    tables = ("0+9", "0+8", "nine")
    asked = [
        interaction("POST", BASE, {"inputs": table}, "data: 1\n\n", stream={"chunks": table})
        for table in tables
    ]
    path = write(folder / "cassettes" / "it.yaml", *asked)
    lines = path.read_text(encoding="utf-8").splitlines()
    wrong = [number for number, line in enumerate(lines, 1) if line.endswith(("0+8", "nine"))]
    assert main(["check", "cassettes"]) == 0
    told = capsys.readouterr().out.splitlines()
    start = "note: the table of chunks does not add up to the body"
    assert [line.partition(", as after")[0] for line in told] == [
        f"cassettes/it.yaml:{number}: {start}" for number in wrong
    ]


def test_a_secret_in_a_damaged_file_is_found(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is in the repository all the same."""
    (folder / "cassettes" / "it.yaml").write_text("<<<<<<< HEAD\n" + VCRPY, encoding="utf-8")
    assert main(["check", "cassettes"]) == 1
    first, *others = capsys.readouterr().out.splitlines()
    assert first.startswith("cassettes/it.yaml:1: it holds the marks of a merge")
    assert "cassettes/it.yaml:7: form of BEARER_TOKEN, text of the file" in others


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "a.json",
            '{"a": 1}',
            "1: a cassette has a list `interactions`, this has only `a`; name a",
        ),
        (
            "a.json",
            '{"a": \n',
            "2: not JSON that can be read: did not find expected node content; get",
        ),
        (
            "a.yaml",
            "just: [",
            "1: not YAML that can be read: did not find expected node content; get",
        ),
        (
            "a.yaml",
            "",
            "1: a cassette is a mapping with `interactions`, this is empty; get it back",
        ),
        ("a.yaml", "- 1", "1: a cassette is a mapping with `interactions`, this is a list; name a"),
    ],
)
@pytest.mark.parametrize(
    ("words", "code"),
    [("check F", 1), ("show F", 1), ("report -o p.html F", 1), ("serve F", 1), ("diff F F", 2)],
)
def test_what_is_no_cassette_is_told_in_a_line(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    *,
    name: str,
    text: str,
    said: str,
    words: str,
    code: int,
) -> None:
    """Each command names path, line and reason, and what to do next."""
    (folder / name).write_text(text, encoding="utf-8")
    assert main([name if word == "F" else word for word in words.split()]) == code
    out, err = capsys.readouterr()
    (line,) = (line for line in (out + err).splitlines() if said in line)
    assert line.removeprefix("not served: ").startswith(f"{name}:{said}")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["check", "nowhere"], "there is no nowhere"),
        (["check", "--scrub", "re:(", "cassettes"], "conversations_scrub: 're:(' does not compile"),
    ],
)
def test_wrong_words(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One clear line, and the exit code of a wrong use."""
    assert main(words) == 2
    assert capsys.readouterr().err.startswith(message)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pytest.ini", "[pytest]\nconversations_scrub =\n    OTHER\n    re:order-\\d+%%\n"),
        ("tox.ini", "[pytest]\nconversations_scrub =\n    OTHER\n    re:order-\\d+%%\n"),
        ("setup.cfg", "[tool:pytest]\nconversations_scrub =\n    OTHER\n    re:order-\\d+%%\n"),
        (
            "pyproject.toml",
            "[tool.pytest.ini_options]\nconversations_scrub = ['OTHER', 're:order-\\d+%%']\n",
        ),
        ("pyproject.toml", "[tool.pytest]\nconversations_scrub = ['OTHER', 're:order-\\d+%%']\n"),
        ("pytest.toml", "[pytest]\nconversations_scrub = '''OTHER\nre:order-\\d+%%'''\n"),
    ],
)
def test_the_lines_of_the_project_count(folder: Path, name: str, text: str) -> None:
    """Wherever pytest is configured."""
    assert project_lines(folder) == []
    (folder / name).write_text(text, encoding="utf-8")
    assert [line for line in project_lines(folder) if line] == ["OTHER", r"re:order-\d+%%"]


def test_lines_and_variables(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those of the project, and those of the command."""
    monkeypatch.setenv("OTHER", "correct horse")
    (folder / "pytest.ini").write_text("[pytest]\nconversations_scrub = OTHER", encoding="utf-8")
    text = VCRPY.replace('"inputs":"Hi"', '"inputs":"correct horse order-1 ghp_1"')
    (folder / "cassettes" / "it.yaml").write_text(text, encoding="utf-8")
    main(["check", "cassettes", "--scrub", r"re:order-\d", "--scrub", f"keep:{KEY}"])
    assert capsys.readouterr().out.splitlines()[:3] == [
        "cassettes/it.yaml:3: form of PATTERN, request body",
        "cassettes/it.yaml:3: value of MISTRAL_API_KEY, request body",
        "cassettes/it.yaml:3: value of OTHER, request body",
    ]


def test_a_name_without_a_value_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the project or the command, unset or too short; the files are not to blame for it."""
    monkeypatch.setenv("SHORT", "hunter2")
    monkeypatch.setenv("OTHER", "correct horse")
    (folder / "pytest.ini").write_text("[pytest]\nconversations_scrub = MINE", encoding="utf-8")
    write(folder / "cassettes" / "it.yaml", interaction("GET", BASE, None, {"content": "Hi"}))
    words = ["check", "cassettes", "--scrub", "SHORT", "--scrub", "OTHER", "--scrub", "re:order-1"]
    assert main(words) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "note: the value of MINE was not searched for, since it has none: the variable is not set, "
        "or its name is another",
        "note: the value of SHORT was not searched for, since it has under 8 characters",
        "no problems in 1 file",
    ]


@pytest.mark.parametrize("key", [None, "", "dummy"])
def test_a_key_that_is_not_there_is_not_told(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    key: str | None,
) -> None:
    """Nobody expects it where files are only looked at, as in CI, nor that a dummy is found."""
    if key is not None:
        monkeypatch.setenv("MISTRAL_API_KEY", key)
    write(folder / "cassettes" / "it.yaml", interaction("GET", BASE, None, {"content": "Hi"}))
    assert main(["check", "cassettes", "--scrub", "MISTRAL_API_KEY"]) == 0
    assert capsys.readouterr().err == "no problems in 1 file\n"


def test_json_stays_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A cassette in vcrpy's other format is fixed in that; vcrpy plays it."""
    path = folder / "cassettes" / "it.json"
    path.write_text(json.dumps(yaml.safe_load(VCRPY), indent=4), encoding="utf-8")
    assert main(["check", "--fix", "cassettes"]) == 0
    assert "took out" in capsys.readouterr().out
    text = path.read_text(encoding="utf-8")
    assert KEY[:9] not in text
    assert json.loads(text).keys() == {"version", "interactions"}
    with vcr.use_cassette(str(path), serializer="json", record_mode="none") as cassette:
        assert len(cassette) == 1


def test_what_is_compressed_is_searched(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Vcrpy stores a body as it came; without the secret it is readable."""
    document = yaml.safe_load(VCRPY)
    (interaction,) = document["interactions"]
    request, response = interaction["request"], interaction["response"]
    request["body"] = gzip.compress(request["body"].encode())
    request["headers"]["Content-Encoding"] = ["gzip"]
    response["body"]["string"] = gzip.compress(response["body"]["string"].encode())
    response["headers"]["content-encoding"] = ["gzip"]
    response["headers"]["Content-Length"] = [str(len(response["body"]["string"]))]
    path = folder / "cassettes" / "it.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")

    assert main(["check", "cassettes"]) == 1
    out = capsys.readouterr().out
    assert "value of MISTRAL_API_KEY, request body, compressed" in out
    assert "value of MISTRAL_API_KEY, over several events, response body, compressed" in out

    assert main(["check", "--fix", "cassettes"]) == 0
    (interaction,) = yaml.safe_load(path.read_text(encoding="utf-8"))["interactions"]
    assert json.loads(interaction["request"]["body"]) == {
        "inputs": "Hi",
        "api_key": "<API_KEY>",
    }
    response = interaction["response"]
    assert response["body"]["string"].count("<MISTRAL_API_KEY>") == 1
    assert response["headers"]["Content-Length"] == [str(len(response["body"]["string"]))]
    assert "content-encoding" not in response["headers"]


def test_keys_and_comments(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A secret may stand where no value is."""
    path = folder / "cassettes" / "it.yaml"
    text = VCRPY.replace("version: 1", f"version: 1 # {KEY}\n# password: a1b2c3d4e5f6g7")
    path.write_text(text.replace("Set-Cookie:", f"X-{KEY}:"), encoding="utf-8")
    assert main(["check", "cassettes"]) == 1
    out = capsys.readouterr().out
    last = text.count("\n") - 1
    assert f":{last}: value of MISTRAL_API_KEY, text of the file" in out
    assert f":{last + 1}: form of PASSWORD, text of the file" in out


def test_a_link_stays_one(folder: Path) -> None:
    """What it leads to is fixed."""
    real = folder / "real.yaml"
    real.write_text(VCRPY, encoding="utf-8")
    link = folder / "cassettes" / "it.yaml"
    link.symlink_to(real)
    assert main(["check", "--fix", "cassettes"]) == 0
    assert link.is_symlink()
    assert KEY not in real.read_text(encoding="utf-8")


def test_nothing_of_another_tool_is_lost(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What would be is named, and nothing is written."""
    path = folder / "cassettes" / "it.yaml"
    path.write_text(VCRPY + "recorded_with: Other 1.0\n", encoding="utf-8")
    before = path.read_bytes()
    assert main(["check", "--fix", "cassettes"]) == 1
    assert "keys of another tool would be lost: recorded_with; take" in capsys.readouterr().out
    assert path.read_bytes() == before


def test_an_alias_of_itself(folder: Path) -> None:
    """Does not lead around in circles."""
    path = folder / "cassettes" / "it.yaml"
    path.write_text(VCRPY + "other: &a [*a]\n", encoding="utf-8")
    assert main(["check", "cassettes"]) == 1


SECRET_IN = {
    "a key of another tool": (
        "    status:",
        f"    url: https://x.test/?api_key={KEY}\n    status:",
    ),
    "the name of a header": ("Set-Cookie:", f"X-{KEY}:"),
    "a key of metadata": ("version: 1", f"version: 1\nmetadata:\n  {KEY}: x"),
    "a name in JSON": ('"inputs":"Hi"', f'"inputs":"Hi","of-{KEY}":"v"'),
    "the reason phrase": ("message: OK", f"message: no {KEY}"),
    "metadata": ("version: 1", f"version: 1\nmetadata:\n  note: [{KEY}]"),
}


@pytest.mark.parametrize(("old", "new"), SECRET_IN.values(), ids=SECRET_IN)
def test_places_that_fix_reaches(old: str, new: str, folder: Path) -> None:
    """What is found can be taken out."""
    path = folder / "cassettes" / "it.yaml"
    path.write_text(VCRPY.replace(old, new), encoding="utf-8")
    assert main(["check", "--fix", "cassettes"]) == 0
    assert KEY not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("indent", [None, "\t"])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_json_that_is_no_yaml(bom: str, indent: str | None, ascii_only: bool, folder: Path) -> None:  # noqa: FBT001 - a parameter of the test
    """Escapes of surrogate pairs, tabs, a byte order mark: it is read, fixed, and stays JSON."""
    document = yaml.safe_load(VCRPY)
    body = document["interactions"][0]["response"]["body"]
    body["string"] += "data: \U0001f600 \x7f \u2028 \\ud83d\n\n"
    path = folder / "cassettes" / "it.json"
    text = json.dumps(document, indent=indent, ensure_ascii=ascii_only)
    path.write_text(bom + text, encoding="utf-8")
    assert main(["check", "cassettes"]) == 1
    assert main(["check", "--fix", "cassettes"]) == 0
    fixed = json.loads(path.read_text(encoding="utf-8"))
    string = fixed["interactions"][0]["response"]["body"]["string"]
    assert string.endswith("data: \U0001f600 \x7f \u2028 \\ud83d\n\n")
    assert KEY not in path.read_text(encoding="utf-8")
    assert main(["check", "cassettes"]) == 0


def test_fields_that_another_tool_stored_as_data(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Their names tell what they hold, as in JSON."""
    foreign = Path(__file__).parent / "foreign" / "cassetter-0.16.1.yaml"
    text = foreign.read_text(encoding="utf-8")
    path = folder / "cassettes" / "it.yaml"
    path.write_text(text.replace("clock: 12:30", "password: hunter2hunter2x"), encoding="utf-8")
    assert "clock: 12:30" in text
    assert main(["check", "cassettes"]) == 1
    assert "it.yaml:29: form of PASSWORD, response body" in capsys.readouterr().out


def test_bodies_that_vcrpy_stored_as_objects(folder: Path) -> None:
    """A file or an iterator that an app gave: fixed, it is a text."""
    body = f'\'{{"inputs":"Hi","api_key":"{KEY}"}}\''
    for tag in (
        "!!python/object/new:_io.BytesIO {state: !!python/tuple [%s, 0, null]}",
        "!!python/object/apply:builtins.iter {args: [[%s]], state: 0}",
    ):
        path = folder / "cassettes" / "it.yaml"
        path.write_text(VCRPY.replace(body, tag % body), encoding="utf-8")
        assert main(["check", "cassettes"]) == 1
        assert main(["check", "--fix", "cassettes"]) == 0
        (interaction,) = yaml.safe_load(path.read_text(encoding="utf-8"))["interactions"]
        assert json.loads(interaction["request"]["body"])["api_key"] == "<API_KEY>"


NONSENSE = {
    "a URL that is none": ("https://api.mistral.ai", "http://[::1", "the uri of a request is no"),
    "a port that is none": ("https://api.mistral.ai", "http://x.test:a", "the uri of a request"),
    "a number": (f'\'{{"inputs":"Hi","api_key":"{KEY}"}}\'', "5", "a text, this is a int"),
    "a mapping": (f'\'{{"inputs":"Hi","api_key":"{KEY}"}}\'', "{a: 1}", "this is a mapping"),
    "a date": (f'\'{{"inputs":"Hi","api_key":"{KEY}"}}\'', "2026-01-01", "this is a date"),
}


@pytest.mark.parametrize(("old", "new", "reason"), NONSENSE.values(), ids=NONSENSE)
def test_nonsense_stops_no_other_file(
    old: str, new: str, reason: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each file is one problem of its own, with the secrets that are in it."""
    (folder / "cassettes" / "a.yaml").write_text(VCRPY.replace(old, new), encoding="utf-8")
    (folder / "cassettes" / "b.yaml").write_text(VCRPY, encoding="utf-8")
    assert main(["check", "--fix", "cassettes"]) == 1
    out = capsys.readouterr().out
    assert reason in out
    assert "a.yaml:6: form of BEARER_TOKEN, text of the file" in out
    assert "b.yaml: took out 7 secrets" in out


@pytest.mark.parametrize("table", ["garbage", "5", "null", "0+1"])
def test_a_chunk_table_that_is_none(table: str, folder: Path) -> None:
    """A stream that was edited by hand is cut at its events; it can be fixed."""
    path = folder / "cassettes" / "it.yaml"
    text = VCRPY.replace("    status:", f"    stream: {{chunks: {table}}}\n    status:")
    path.write_text(text, encoding="utf-8")
    assert main(["check", "--fix", "cassettes"]) == 0
    (interaction,) = yaml.safe_load(path.read_text(encoding="utf-8"))["interactions"]
    assert len(interaction["response"]["stream"]["chunks"].split()) == 2


def test_patterns_count_in_messages_alone(folder: Path) -> None:
    """Dates and digits of the file's own are none of a conversation; what is fixed is clean."""
    path = folder / "cassettes" / "it.yaml"
    path.write_text(VCRPY, encoding="utf-8")
    lines = ["--scrub", r"re:20\d\d-\d\d-\d\d", "--scrub", r"re:\b\d{2,4}\b"]
    assert main(["check", "--fix", "cassettes", *lines]) == 0
    assert main(["check", "cassettes", *lines]) == 0


def test_names_are_printed_without_secrets(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The name of a header may hold one; the name of a file may be no text."""
    path = os.path.join(os.fsencode(folder), b"cassettes", b"\xff.yaml")  # noqa: PTH118 - bytes
    text = VCRPY.replace("Set-Cookie:", f"X-{KEY}:")
    with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123 - bytes
        file.write(text)
    assert main(["check", "cassettes"]) == 1
    out = capsys.readouterr().out
    assert KEY not in out
    where = "\\udcff.yaml:21: header"
    assert f"{where} X-<MISTRAL_API_KEY>, response headers X-<MISTRAL_API_KEY>" in out


def test_keys_that_yaml_cannot_have(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file of JSON is judged all the same."""
    document = yaml.safe_load(VCRPY)
    document["interactions"][0]["response"]["headers"]["x" * 2000] = ["1"]
    (folder / "cassettes" / "it.json").write_text(json.dumps(document), encoding="utf-8")
    assert main(["check", "cassettes"]) == 1
    out = capsys.readouterr().out
    for rule in (
        "header cookie",
        "header set-cookie",
        "header authorization",
        "over several events",
    ):
        assert rule in out


@pytest.mark.parametrize(
    "text",
    [
        f"{KEY}: 1\nversion: 1\n",
        f"version: {KEY}\ninteractions: []\n",
        f'interactions: !!int "{KEY}"\n',
        VCRPY.replace("    method: POST", f"    {KEY}: 1\n    method: POST"),
        VCRPY.replace("  response:", f"  {KEY}: 1\n  response:"),
    ],
)
def test_no_message_shows_a_secret(
    text: str, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever damage has put it."""
    monkeypatch.setenv("MISTRAL_API_KEY", KEY)
    (folder / "cassettes" / "it.yaml").write_text(text, encoding="utf-8")
    assert main(["check", "--fix", "cassettes"]) == 1
    assert KEY not in "".join(capsys.readouterr())


def test_lines_are_those_of_an_editor(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Characters that only YAML takes for ends of lines do not count."""
    path = folder / "cassettes" / "it.yaml"
    text = VCRPY.replace("method: POST", 'method: "POST" # \u2028 \x85')
    path.write_text(text, encoding="utf-8")
    assert main(["check", "cassettes"]) == 1
    assert "it.yaml:10: value of MISTRAL_API_KEY, request uri" in capsys.readouterr().out


def test_the_cassettes_of_this_project(monkeypatch: pytest.MonkeyPatch) -> None:
    """They have no problems."""
    monkeypatch.chdir(Path(__file__).parent.parent)
    assert main(["check", "cassettes"]) == 0


def test_real_cassettes(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The cookies that are really there are found, in each line that has one; and are fixed."""
    expected = set()
    for path in (corpus / "cassettes" / "mistral").glob("*.yaml"):
        copied = tmp_path / path.name
        copied.write_bytes(path.read_bytes())
        for number, line in enumerate(copied.read_text(encoding="utf-8").splitlines(), 1):
            if re.match(r"\s*- (__cf_bm|_cfuvid)=", line):  # two of a request are one text
                expected.add(f"{copied}:{number}")

    assert main(["check", str(tmp_path)]) == 1

    found = {":".join(line.split(":")[:2]) for line in capsys.readouterr().out.splitlines()}
    assert found == expected
    assert main(["check", "--fix", str(tmp_path)]) == 0
    assert main(["check", str(tmp_path)]) == 0
