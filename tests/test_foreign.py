"""Cassettes of other tools play, in each form that they ever had, or are refused by name."""

import gzip
import json
import shutil
from pathlib import Path

import pytest
import yaml
from record_foreign import REPLY

from pytest_conversations.cassette import ConversationCassette, Scrubber
from pytest_conversations.cli import main
from pytest_conversations.errors import CassetteError, CassetteFormatError

FOLDER = Path(__file__).parent / "foreign"
FILES = sorted(FOLDER.iterdir())
WITHOUT_TYPES = [path for path in FILES if not path.name.startswith("cassetter")]


def _open(path: Path, mode: str = "none") -> ConversationCassette:
    return ConversationCassette(str(path), mode=mode, scrubber=Scrubber({}))


def _replayed(path: Path) -> list[tuple[object, ...]]:
    return [
        (request.method, request.uri, request.body, dict(request.headers), response)
        for request, response in _open(path).interactions
    ]


def _said(path: Path) -> list[tuple[object, ...]]:
    said: list[tuple[object, ...]] = []
    for request, response in _open(path).interactions:
        body: bytes = response["body"]["string"]
        plain = gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
        said.append((request.method, request.uri, response["status"]["code"], plain))
    return said


@pytest.mark.parametrize("library", ["httpx", "httpx2"])
def test_they_play(pytester: pytest.Pytester, library: str) -> None:
    """Those of vcrpy 1 to 9, YAML and JSON, of pytest-recording, and of cassetter, all of them."""
    pytest.importorskip(library)
    shutil.copytree(FOLDER, pytester.path / "cassettes")
    names = [path.name for path in FILES]
    pytester.makepyfile(
        f"""
        import json
        import {library}, pytest
        from record_foreign import REPLY, STREAM, ask

        def named(name):
            return pytest.param(name, marks=pytest.mark.conversations(cassette=name))

        @pytest.mark.parametrize("name", [named(name) for name in {names!r}])
        def test_it(name, conversation_cassette):
            reply, stream, compressed = ask({library}, "https://api.mistral.ai/v1/conversations")
            assert stream == STREAM
            if name.startswith("cassetter"):  # which keeps what the JSON means
                assert json.loads(reply) == json.loads(compressed) == json.loads(REPLY)
            else:
                assert reply == compressed == REPLY
            assert conversation_cassette.all_played
        """
    )
    pytester.runpytest("-W", "error").assert_outcomes(passed=len(FILES))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_one_that_is_cut_anywhere_is_found(path: Path, tmp_path: Path) -> None:
    """Or plays what is left of it as it was, so that the rest is missed: cassetter's has no end."""
    whole, before = path.read_bytes(), _replayed(path)
    cut = tmp_path / path.name
    found = 0
    for part in range(1, 100):
        cut.write_bytes(whole[: len(whole) * part // 100])
        try:
            left = _replayed(cut)
        except CassetteFormatError:
            found += 1
        else:
            assert left == before[: len(left)]
            assert len(left) == len(before) or path not in WITHOUT_TYPES
    assert found > 90


def test_a_whole_number_cut_in_two_is_no_status(tmp_path: Path) -> None:
    """Vcrpy plays 20 where 200 was recorded; a file that it wrote to its end has a version."""
    path = tmp_path / "it.yaml"
    text = (FOLDER / "vcrpy-9.4.2.yaml").read_text(encoding="utf-8")
    path.write_text(text[: text.rindex("0\n      message")], encoding="utf-8")
    assert yaml.safe_load(path.read_bytes())["interactions"][2]["response"]["status"]["code"] == 20
    with pytest.raises(CassetteFormatError, match=r"it\.yaml:1: cut short: `version: 1` is missi"):
        _open(path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_they_are_checked_and_recorded_into(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command finds nothing in them; what is written of them again says the same."""
    copy = tmp_path / path.name
    shutil.copy(path, copy)
    assert main(["check", str(copy)]) == 0
    assert not capsys.readouterr().out
    before = _said(copy)
    cassette = _open(copy, "new_episodes")
    request, response = cassette.interactions[0]
    cassette.record(request).response = response
    cassette.write()
    assert _said(copy) == [*before, before[0]]
    assert "metadata" in copy.read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ["request", "response"])
def test_a_body_that_was_parsed_is_refused_by_name(tmp_path: Path, kind: str) -> None:
    """Pydantic-ai's form, in which either message may have one."""
    document = yaml.safe_load((FOLDER / "vcrpy-9.4.2.yaml").read_bytes())
    message = document["interactions"][0][kind]
    message["parsed_body"] = json.loads(REPLY)
    del message["body"]
    path = tmp_path / "it.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    with pytest.raises(CassetteFormatError, match="dialect that is not vcrpy's: pydantic-ai's"):
        _open(path)


def test_one_that_is_compressed_is_refused_by_name(tmp_path: Path) -> None:
    """LangChain's, under the name that they have."""
    path = tmp_path / "it.yaml.gz"
    path.write_bytes(gzip.compress((FOLDER / "vcrpy-9.4.2.yaml").read_bytes()))
    with pytest.raises(CassetteFormatError, match="compressed, as LangChain's are: unpack it"):
        _open(path)


def test_json_may_escape_any_character(tmp_path: Path) -> None:
    """As Python does one that is beyond U+FFFF, in two halves, which YAML does not take."""
    path = tmp_path / "it.json"
    texts = ["🚀", "\\ud83d\\ude80", "\\🚀", "\\\\🚀", "é\u2028\x7f\x00"]
    document = yaml.safe_load((FOLDER / "vcrpy-9.4.2.yaml").read_bytes())
    interactions = document["interactions"] = document["interactions"][:1]
    for text in texts:
        interactions[0]["response"]["body"]["string"] = text
        path.write_text(json.dumps(document), encoding="utf-8")
        (interaction,) = _open(path).interactions
        assert interaction.response["body"]["string"] == text.encode()


def test_a_stream_of_cassetter_has_its_times(tmp_path: Path) -> None:
    """It writes YAML 1.2, where a date, a clock, and `=` are texts, also in a header."""
    path = tmp_path / "it.yaml"
    text = (FOLDER / "cassetter-0.16.1.yaml").read_text(encoding="utf-8")
    text = text.replace('"72"', "2026-01-01").replace("clock: 12:30", "clock: =")
    path.write_text(text.replace("content: Grüße 🚀", "content: <<", 1), encoding="utf-8")
    first, *_ = _open(path).interactions
    reply = json.loads(first.response["body"]["string"])
    assert (reply["created_at"], reply["clock"]) == ("2026-11-27T16:01:45Z", "=")
    assert reply["content"] == "<<"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("status: 200", "status: OK", "a `status` with a whole number `code`"),
        ("type: text", "type: binary", "non-hexadecimal number"),
        ("type: json", "type: text", "a `body` with a text `string`"),
        ("  recorded_at", "  made_at", "`recorded_at` is missing, with which cassetter ends"),
    ],
)
def test_what_is_wrong_in_one_of_cassetter_is_said(
    tmp_path: Path, old: str, new: str, reason: str
) -> None:
    """And no error is another than of the file."""
    path = tmp_path / "it.yaml"
    text = (FOLDER / "cassetter-0.16.1.yaml").read_text(encoding="utf-8")
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(CassetteError, match=reason):
        _open(path)
