"""A damaged cassette is found, never replayed as if it were whole, and never recorded over."""

import gzip
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from vcr.request import Request

from pytest_conversations.cassette import Chunk, ConversationCassette, Scrubber, _limits, table
from pytest_conversations.errors import CassetteError, CassetteFormatError

URL = "https://api.mistral.ai/v1/conversations"


def _open(path: Path, mode: str = "none") -> ConversationCassette:
    return ConversationCassette(str(path), mode=mode, scrubber=Scrubber({}))


@pytest.fixture(params=["stream-json", "json-stream"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A cassette with a stream and a reply in JSON, of which either is the last."""
    stream = b"".join(
        b"event: message.output.delta\ndata: %s\n\n" % json.dumps({"content": f"w{n} é"}).encode()
        for n in range(12)
    )
    chunks = table([Chunk(3, stream[:99]), Chunk(12, stream[99:])])
    path = tmp_path / "it.yaml"
    cassette = _open(path, "once")
    exchanges = [
        ("POST", URL, b'{"inputs":"Hi","model":"m"}', stream),
        ("GET", URL + "/conv_1", b"", b'{"id":"conv_1","name":null,"n":[1,2,{"a":"b"}]}'),
    ]
    for method, uri, body, reply in exchanges[:: -1 if request.param == "json-stream" else 1]:
        cassette.record(Request(method, uri, body, {"accept": "*/*"})).response = {
            "status": {"code": 200, "message": "OK"},
            "headers": {"content-type": ["a/b"]},
            "body": {"string": reply},
            **({"stream": {"chunks": chunks}} if reply == stream else {}),
        }
    cassette.write()
    return path


def _opened(path: Path) -> ConversationCassette | str:
    """The cassette, or the message of the error."""
    try:
        return _open(path)
    except CassetteError as error:
        return str(error)


def _replayed(path: Path) -> list[tuple[object, ...]]:
    return [
        (request.method, request.uri, request.body, dict(request.headers), response)
        for request, response in _open(path).interactions
    ]


def _cut(whole: bytes) -> Iterator[bytes]:
    """At every half percent."""
    for part in range(200):
        yield whole[: len(whole) * part // 200]


def _flipped(whole: bytes) -> Iterator[bytes]:
    """One bit each."""
    where = random.Random(1)  # noqa: S311 - no secret
    for _ in range(300):
        flipped = bytearray(whole)
        flipped[where.randrange(len(whole))] ^= 1 << where.randrange(8)
        yield bytes(flipped)


def _without_a_line(whole: bytes) -> Iterator[bytes]:
    lines = whole.splitlines(keepends=True)
    for at in range(len(lines)):
        yield b"".join((*lines[:at], *lines[at + 1 :]))


def _with_lines_swapped(whole: bytes) -> Iterator[bytes]:
    lines = whole.splitlines(keepends=True)
    for at in range(len(lines) - 1):
        yield b"".join((*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]))


def _in_conflict(whole: bytes) -> Iterator[bytes]:
    """As git leaves it, at each line."""
    lines = whole.splitlines(keepends=True)
    for at, line in enumerate(lines):
        both = (b"<<<<<<< HEAD\n", line, b"=======\n", line, b">>>>>>> other\n")
        yield b"".join((*lines[:at], *both, *lines[at + 1 :]))


@pytest.mark.parametrize(
    "damage", [_cut, _flipped, _without_a_line, _with_lines_swapped, _in_conflict]
)
def test_damage_is_found_or_changes_nothing(
    path: Path, damage: Callable[[bytes], Iterator[bytes]]
) -> None:
    """By an error with the path, or as a file that is not what was recorded; no other error."""
    whole, before = path.read_bytes(), _replayed(path)
    found = 0
    for damaged in damage(whole):
        path.write_bytes(damaged)
        cassette = _opened(path)
        if isinstance(cassette, str):
            found += 1
            assert str(path) in cassette
            with pytest.raises(CassetteError):
                _open(path, "once")
            assert path.read_bytes() == damaged
        else:
            found += cassette.is_edited
            assert cassette.is_edited or _replayed(path) == before
    assert found


def test_a_run_tells_of_what_is_not_what_was_recorded(pytester: pytest.Pytester) -> None:
    """A damage that leaves a cassette plays, and is told at the end."""
    pytester.makepyfile(
        test_it="""
        def test_it(conversations):
            reply = conversations.start(model="m", inputs="My name is Ada.")
            assert reply.outputs
        """
    )
    record = ("--conversations-mode=once", "--conversations-sandbox")
    pytester.runpytest(*record).assert_outcomes(passed=1)
    path = pytester.path / "cassettes" / "test_it" / "test_it.yaml"
    path.write_bytes(path.read_bytes().replace(b"meet you, Ada", b"meet you, Adb"))
    result = pytester.runpytest()
    result.assert_outcomes(passed=1)
    told = "  edited: cassettes/test_it/test_it.yaml is not what was recorded *"
    result.stdout.fnmatch_lines([told])


def test_line_ends_of_windows_change_nothing(path: Path) -> None:
    """As git checks a file out there."""
    before = _replayed(path)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert not _open(path).is_edited
    assert _replayed(path) == before


def test_an_edit_by_hand_works(path: Path) -> None:
    """It is told until its line `checksum` is gone; writing makes a new one."""
    text = path.read_text(encoding="utf-8").replace('"name": null', '"name": "Ada"')
    path.write_text(text, encoding="utf-8")
    cassette = _open(path)
    assert cassette.is_edited
    (edited,) = (each for each in cassette.interactions if each.request.method == "GET")
    assert b'"name":"Ada"' in edited.response["body"]["string"]
    lines = [line for line in text.splitlines(keepends=True) if "checksum" not in line]
    path.write_text("".join(lines), encoding="utf-8")
    assert not _open(path).is_edited
    _open(path).rewrite()
    assert "checksum" in path.read_text(encoding="utf-8")
    assert not _open(path).is_edited


BOMB = "a0: &a0 [x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (BOMB.encode() + b"interactions: []\n", "its aliases stand for more than a million nodes"),
        (gzip.compress(b"interactions: []\n"), "compressed, as LangChain's are: unpack it with"),
        (b"metadata: {recorded_at: 2026-11-67}\ninteractions: []\n", "day is out of range"),
        (b"interactions: []\n\xff", "not UTF-8 text"),
        (b"!!python/object/apply:os.abort []\n", "could not determine a constructor for the tag"),
    ],
    ids=["bomb", "gzip", "date", "UTF-8", "tag"],
)
def test_what_is_no_cassette_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    """With the reason, and it is never written over."""
    path = tmp_path / "it.yaml"
    path.write_bytes(content)
    for mode in ("none", "once", "new_episodes", "all", "rewrite"):
        with pytest.raises(CassetteFormatError, match=reason):
            _open(path, mode)
    assert path.read_bytes() == content


def test_a_file_that_is_too_large_is_not_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The size comes first."""
    monkeypatch.setattr(_limits, "LARGEST", 1000)
    with pytest.raises(CassetteFormatError, match="it has 0 MiB; 0 are read"):
        _open(path)


def test_aliases_that_stand_for_little_are_read(tmp_path: Path) -> None:
    """As vcrpy writes them for what it has twice."""
    path = tmp_path / "it.yaml"
    path.write_text(
        "version: 1\ninteractions:\n- request: {method: GET, uri: 'http://x/', body: null, "
        "headers: &h {accept: [a]}}\n  response: {status: {code: 200, message: OK}, headers: *h, "
        "body: {string: a}}\n",
        encoding="utf-8",
    )
    (interaction,) = _open(path).interactions
    assert interaction.response["headers"] == {"accept": ["a"]}


def test_a_character_that_no_yaml_may_hold(tmp_path: Path) -> None:
    """It is told with its line, also behind characters of several bytes."""
    path = tmp_path / "cassette.yaml"
    path.write_text("version: 1\nnote: Grüße 🚀\nother: \x01\n", encoding="utf-8")
    with pytest.raises(CassetteFormatError, match=r"cassette\.yaml:3: .*control.*\(U\+0001\)"):
        _open(path)
