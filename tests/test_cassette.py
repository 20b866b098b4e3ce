"""The cassette file: exact, readable, vcrpy's, and never half written."""

import errno
import json
import os
import re
from pathlib import Path

import httpx
import pytest
import vcr
import yaml
from hypothesis import given
from hypothesis import strategies as st
from vcr.request import Request

from pytest_conversations.cassette import (
    MODES,
    Chunk,
    ConversationCassette,
    Matching,
    Scrubber,
    as_recorded,
    cut_at_events,
    data_of,
    table,
)
from pytest_conversations.cassette import _serializer as serializer
from pytest_conversations.errors import CassetteError, CassetteFormatError, SecretLeakError

URL = "https://api.mistral.ai/v1/conversations"


def _open(path: Path, mode: str = "once", key: str = "") -> ConversationCassette:
    return ConversationCassette(str(path), mode=mode, scrubber=Scrubber({"MISTRAL_API_KEY": key}))


def _response(body: bytes, **more: object) -> dict[str, object]:
    return {
        "status": {"code": 200, "message": "OK"},
        "headers": {"content-type": ["application/json"]},
        "body": {"string": body},
        **more,
    }


def _record(path: Path, *pairs: tuple[bytes, dict[str, object]], mode: str = "once") -> None:
    cassette = _open(path, mode)
    for body, response in pairs:
        request = Request("POST", URL, body, {"content-type": "application/json"})
        cassette.record(request).response = response
    cassette.write()


def _meaning(body: bytes) -> object:
    return Matching(["body"]).key(Request("POST", URL, body, {}))


def _bodies(path: Path) -> list[tuple[bytes, bytes]]:
    return [
        (each.request.body, each.response["body"]["string"])
        for each in _open(path, "none").interactions
    ]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
json_texts = st.builds(
    json.dumps,
    json_values,
    separators=st.sampled_from([(",", ":"), (", ", ": ")]),
    ensure_ascii=st.booleans(),
    indent=st.sampled_from([None, 1, 2]),
)
awkward = st.text(
    st.sampled_from("\n\n ab:#-'\"{}[]\r\t\x00\x85\u2028\ufeff\U0001f680é|>%@`!&*")
    | st.characters(exclude_categories=["Cs"])
)
bodies = st.binary() | st.one_of(json_texts, awkward).map(str.encode)


@given(bodies)
def test_response_bodies_come_back_to_the_byte(body: bytes) -> None:
    """Whatever the body is, JSON in any layout included, reading the file gives the same bytes."""
    request = {"method": "POST", "uri": URL, "headers": {}, "body": ""}
    document = {
        "version": 1,
        "metadata": {"recorder": "pytest-conversations 0"},
        "interactions": [{"request": request, "response": _response(body)}],
    }
    text = vcr.serialize.serialize(
        {
            "requests": [Request("POST", URL, b"", {})],
            "responses": [_response(body)],
            "metadata": document["metadata"],
        },
        serializer,
    )
    _, (response,), _ = vcr.serialize.deserialize(text, serializer)
    assert response["body"]["string"] == body


@given(json_texts)
def test_request_bodies_keep_their_meaning(text: str) -> None:
    """A JSON request is written for people; it means what was sent."""
    written = vcr.serialize.serialize(
        {
            "requests": [Request("POST", URL, text.encode(), {})],
            "responses": [_response(b"")],
            "metadata": {"recorder": "pytest-conversations 0"},
        },
        serializer,
    )
    (request,), _, _ = vcr.serialize.deserialize(written, serializer)
    assert json.loads(request.body) == json.loads(text)


@given(bodies)
def test_request_bodies_that_are_no_json_come_back_to_the_byte(body: bytes) -> None:
    """Also where they begin as our layout of JSON does."""
    for sent in (body, b"{\n  " + body):
        written = vcr.serialize.serialize(
            {
                "requests": [Request("POST", URL, sent, {})],
                "responses": [_response(b"")],
                "metadata": {"recorder": "pytest-conversations 0"},
            },
            serializer,
        )
        (request,), _, _ = vcr.serialize.deserialize(written, serializer)
        read = request.body if isinstance(request.body, bytes) else request.body.encode()
        assert _meaning(read) == _meaning(sent)


def test_the_file_is_made_for_people(tmp_path: Path) -> None:
    """Metadata first, JSON indented with non-ASCII as itself, SSE as a literal block."""
    path = tmp_path / "cassette.yaml"
    sse = 'event: a\ndata: {"x":"é🚀"}\n\n'.encode()
    stream = {"chunks": table([Chunk(12, sse)])}
    _record(
        path,
        (b'{"inputs":"caf\\u00e9"}', _response(b'{"a":[1,2.50],"b":{}}')),
        (b"{}", _response(sse, stream=stream)),
    )
    text = path.read_text(encoding="utf-8")
    assert text.startswith("version: 1\nmetadata:\n  recorder: pytest-conversations ")
    assert '    body: |\n      {\n        "inputs": "café"\n      }\n' in text
    assert '"a": [\n            1,\n            2.50\n          ],\n          "b": {}\n' in text
    assert '      string: |+\n        event: a\n        data: {"x":"é🚀"}\n\n' in text
    assert "    stream:\n      chunks: 12+31\n" in text
    assert re.search(r"^  recorded_at: \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", text, re.MULTILINE)
    metadata = yaml.safe_load(text)["metadata"]
    assert metadata["interactions"] == 2
    assert metadata["recorded_at"].tzinfo is not None


def test_stock_vcrpy_plays_the_file(tmp_path: Path) -> None:
    """`vcr.use_cassette` loads and plays our files, and saves them without losing a stream."""
    path = tmp_path / "cassette.yaml"
    stream = {"chunks": "3+4 5+4"}
    answer = _response(b"data: x\n", stream=stream)
    _record(path, (b'{"inputs":"a"}', _response(b'{"a":1}')), (b'{"inputs":"b"}', answer))
    with vcr.use_cassette(str(path), record_mode="none", match_on=["method", "uri", "body"]):
        headers = {"content-type": "application/json"}
        second = httpx.post(URL, content=b'{"inputs":"b"}', headers=headers)
        first = httpx.post(URL, content=b'{"inputs":"a"}', headers=headers)
    assert first.json() == {"a": 1}
    assert second.content == b"data: x\n"
    stock = vcr.cassette.Cassette.load(path=str(path))
    stock._save(force=True)  # noqa: SLF001 - vcrpy's `use_cassette` calls it on leaving
    assert _open(path, "none").interactions[1].response["stream"] == stream


def test_recorded_traffic_of_others_loads(corpus: Path) -> None:
    """Vcrpy's own cassettes load, with the bytes that vcrpy would replay."""
    paths = sorted((corpus / "cassettes" / "mistral").glob("*.yaml"))
    assert paths
    for path in paths:
        theirs = vcr.cassette.Cassette.load(path=str(path))
        ours = _open(path, "none")
        assert [r["body"] for r in theirs.responses] == [
            each.response["body"] for each in ours.interactions
        ]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "this is empty"),
        ("just words", 1, "this is a text"),
        ("- a\n- b\n", 1, "this is a list"),
        ("version: 1\nhttp_interactions: []\n", 1, "a cassette of Ruby's VCR"),
        ("version: 2\ninteractions: []\n", 1, "version 2 of the format"),
        ("interactions:\n- request: {}\n", 2, "a `request` and a `response`"),
        ("a: [\n", 2, "not YAML"),
        ("interactions: []\n<<<<<<< HEAD\n=======\n", 2, "holds the marks of a merge"),
        ("a: !!python/object/apply:os.system [id]\ninteractions: []", 1, "not YAML"),
        ("metadata: {interactions: 2}\ninteractions: []\n", 1, "cut short: it should have 2"),
        (
            "interactions:\n- request: {method: GET, uri: u, headers: {}, parsed_body: 1}\n"
            "  response: {}\n",
            2,
            "in a dialect that is not vcrpy's",
        ),
        (
            "interactions:\n- request: {method: GET, uri: u, headers: {}, body: ''}\n"
            "  response: {status: {code: 200}, headers: {}}\n",
            3,
            "a `body` with a text `string`",
        ),
        (
            "interactions:\n- request: {method: GET, uri: u, headers: {a: [1]}, body: ''}\n"
            "  response: {status: {code: 200}, headers: {}, body: {string: ''}}\n",
            2,
            "the headers of a request are texts",
        ),
        (
            "interactions:\n- request: {method: GET, uri: u, headers: {}, body: ''}\n"
            "  response: {status: {code: 200}, headers: {a: }, body: {string: ''}}\n",
            3,
            "a mapping `headers`, of texts",
        ),
    ],
)
def test_what_is_no_cassette_is_refused_and_left_alone(
    tmp_path: Path, text: str, line: int | None, reason: str
) -> None:
    """Path, line and reason are named in every mode that reads; the file stays as it is."""
    path = tmp_path / "cassette.yaml"
    path.write_text(text, encoding="utf-8")
    for mode in MODES:
        with pytest.raises(CassetteFormatError) as caught:
            _open(path, mode)
        assert caught.value.path == str(path)
        assert caught.value.line == line
        assert reason in str(caught.value)
        assert str(caught.value).endswith("delete it first.\nTo record it: use a mode that records")
    assert path.read_text(encoding="utf-8") == text


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    """A binary file is no cassette; its first wrong line is named."""
    path = tmp_path / "cassette.yaml"
    path.write_bytes(b"version: 1\n\xff\xfe\n")
    with pytest.raises(CassetteFormatError, match=r"cassette\.yaml:2: not UTF-8"):
        _open(path)


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk is one clear error, and leaves neither a half file nor litter."""
    path = tmp_path / "cassette.yaml"
    _record(path, (b"{}", _response(b"old")))
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CassetteError, match="No space left on device; nothing was written"):
        _record(path, (b"{}", _response(b"new")), mode="rewrite")
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    """Where a file stands in the way of the folder, the error names the cassette."""
    (tmp_path / "file").touch()
    with pytest.raises(CassetteError, match=r"cannot write the cassette .*cassette\.yaml"):
        _record(tmp_path / "file" / "cassette.yaml", (b"{}", _response(b"new")))


def test_the_gate_stops_a_secret_that_scrubbing_missed(tmp_path: Path) -> None:
    """The text about to be written is searched again; a hit names place and rule, not the value."""
    path = tmp_path / "cassette.yaml"
    secret = "a-secret-that-slips-through"
    cassette = _open(path, key=secret)
    cassette.record(Request(secret, URL, b"", {})).response = _response(b"")
    with pytest.raises(
        SecretLeakError,
        match="by the rule `value of MISTRAL_API_KEY`, in the request method of interaction 1",
    ) as caught:
        cassette.write()
    assert secret not in str(caught.value)
    assert not path.exists()


def test_a_cut_anywhere_is_found(tmp_path: Path) -> None:
    """Also inside the last interaction, where YAML and the count of interactions are right."""
    path = tmp_path / "cassette.yaml"
    sse = b"event: a\ndata: 1\n\n" * 5
    stream = {"chunks": table(cut_at_events(sse))}
    _record(
        path,
        (b'{"n":1}', _response(b'{"a":[1,2]}')),
        (b'{"n":2}', _response(sse, stream=stream)),
    )
    text = path.read_text(encoding="utf-8")
    assert text.endswith("\n...\n")
    for length in range(len(text) - 1):
        path.write_text(text[:length], encoding="utf-8")
        if text[:length] + "\n" != text:
            with pytest.raises(CassetteFormatError):
                _open(path, "none")


def test_a_line_after_the_end_is_no_cut(tmp_path: Path) -> None:
    """As an editor adds one, or a checkout changes the line breaks."""
    path = tmp_path / "cassette.yaml"
    _record(path, (b'{"n":1}', _response(b'{"a":[1,2]}')))
    text = path.read_text(encoding="utf-8")
    for changed in (f"{text}\n", f"{text}# seen\n", text.replace("\n", "\r\n")):
        path.write_bytes(changed.encode())
        assert _bodies(path) == [(b'{"n":1}', b'{"a":[1,2]}')]


def test_a_hook_may_change_a_streamed_body(tmp_path: Path) -> None:
    """The chunk table is made anew, so that replay has nothing to complain about."""
    path = tmp_path / "cassette.yaml"
    cassette = ConversationCassette(
        str(path),
        mode="once",
        scrubber=Scrubber({}),
        before_record_response=lambda response: {**response, "body": {"string": b"data: xyz\n\n"}},
    )
    stream = {"chunks": "3+4 1+6"}
    request = Request("POST", URL, b"", {})
    cassette.record(request).response = _response(b"data: abcd", stream=stream)
    cassette.write()
    (interaction,) = _open(path, "none").interactions
    assert interaction.response["stream"]["chunks"] == "0+11"


def test_nothing_recorded_writes_nothing(tmp_path: Path) -> None:
    """A test that made no request leaves no file."""
    path = tmp_path / "cassette.yaml"
    for mode in ("once", "all", "rewrite"):
        _open(path, mode).write()
    assert not path.exists()


def test_all_replaces_what_it_records_again_and_keeps_the_rest(tmp_path: Path) -> None:
    """Vcrpy's `all`: matching interactions are replaced, others stay."""
    path = tmp_path / "cassette.yaml"
    _record(path, (b'{"n":1}', _response(b"old 1")), (b'{"n":2}', _response(b"old 2")))
    _record(path, (b'{"n": 2}', _response(b"new 2")), mode="all")
    assert sorted(body for _, body in _bodies(path)) == [b"new 2", b"old 1"]


def test_rewrite_starts_from_nothing(tmp_path: Path) -> None:
    """`rewrite` keeps nothing of the old file."""
    path = tmp_path / "cassette.yaml"
    _record(path, (b'{"n":1}', _response(b"old")))
    _record(path, (b'{"n":2}', _response(b"new")), mode="rewrite")
    assert _bodies(path) == [(b'{"n":2}', b"new")]


def test_new_episodes_adds_behind_what_is_there(tmp_path: Path) -> None:
    """What was recorded stays as it is, the rest follows it."""
    path = tmp_path / "cassette.yaml"
    _record(path, (b'{"n":1}', _response(b"1")))
    _record(path, (b'{"n":2}', _response(b"2")), mode="new_episodes")
    assert [body for _, body in _bodies(path)] == [b"1", b"2"]


@given(st.lists(st.tuples(st.integers(0, 9999), st.binary())))
def test_a_chunk_table_restores_the_cut(pieces: list[tuple[int, bytes]]) -> None:
    """Writing, reading and cutting by a table gives the chunks again."""
    chunks = [Chunk(ms, data) for ms, data in pieces]
    body = b"".join(chunk.data for chunk in chunks)
    again = as_recorded(body, table(chunks))
    assert again is not None
    assert list(again) == [again[place] for place in range(len(again))] == again[:] == chunks
    assert list(data_of(again)) == list(data_of(chunks)) == [data for _, data in pieces]
    assert as_recorded(body + b"x", table(chunks)) is None


@given(st.lists(st.sampled_from(["a: 1\n", "data: x\r\n", "\n", "\r\n", "\r"])))
def test_cutting_at_events_loses_nothing(lines: list[str]) -> None:
    """One chunk an event; joined they are the body."""
    body = "".join(lines).encode()
    assert b"".join(chunk.data for chunk in cut_at_events(body)) == body


def test_the_same_run_writes_the_same_bytes(tmp_path: Path) -> None:
    """Interactions stand as they were sent, however the replies came; only the time may differ."""
    written = []
    for name, order in (("a", (0, 1, 2)), ("b", (2, 0, 1))):
        cassette = _open(tmp_path / f"{name}.yaml", "once")
        requests = [Request("POST", URL, b'{"inputs":"%d"}' % n, {}) for n in range(3)]
        recordings = [cassette.record(request) for request in requests]
        for n in order:
            recordings[n].response = _response(b'{"answer":"%d"}' % n)
        cassette.write()
        lines = (tmp_path / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
        written.append(
            [line for line in lines if "recorded_at:" not in line and "checksum:" not in line]
        )
    assert written[0] == written[1]
    assert [line for line in written[0] if '"inputs"' in line] == [
        f'        "inputs": "{n}"' for n in range(3)
    ]
