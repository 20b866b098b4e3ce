"""What reads our own files quickly reads what YAML reads, or leaves them to YAML."""

import contextlib
import copy
import io
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import vcr.serialize
from hypothesis import given, settings
from hypothesis import strategies as st
from vcr.request import Request

from pytest_conversations import _yaml
from pytest_conversations.cassette import (
    ConversationCassette,
    Response,
    Scrubber,
    Sharing,
    _checksum,
    _written,
)
from pytest_conversations.cassette import _serializer as serializer
from pytest_conversations.cassette._interactions import Interactions, Opened
from pytest_conversations.cassette._structure import FormatError
from pytest_conversations.errors import CassetteFormatError

CASSETTES = Path(__file__).parent.parent / "cassettes"
URL = "https://api.mistral.ai/v1/conversations"
HARD = "\n\n  ab12:#-'\"{}[]\r\t\x00\x85\u2028\ufeffé🚀|>%@`!&*,.<=?+~"
WORDS = (
    "no",
    "True",
    "null",
    "~",
    "1.0",
    "0x1f",
    "1e3",
    "2026-01-01",
    "12:30",
    "=",
    "<<",
    "- a",
    "",
)

texts = st.text(st.sampled_from(HARD), max_size=12) | st.sampled_from(WORDS)
names = st.text(st.sampled_from("abX-_.: é'1"), min_size=1, max_size=6) | st.sampled_from(WORDS)
headers = st.dictionaries(names, st.lists(texts, min_size=1, max_size=3), max_size=3)
bodies = (
    st.binary(max_size=9)
    | texts.map(str.encode)
    | st.sampled_from(
        [
            b'{"a":1}',
            b'{"a": "x\\ny", "b": [1, {}]}',
            b"event: a\ndata: {}\n\n",
            b"\n",
            b" x",
            b"a\n\n\n",
        ]
    )
)
# Lists of mappings, as other tools keep them beside.
lists = st.lists(st.dictionaries(st.sampled_from(["n", "who"]), texts, min_size=1), max_size=2)
extra = st.fixed_dictionaries(
    {},
    optional={
        "retried": st.just(value=True),
        "attempts": lists,
        "test": texts,
        "error": st.fixed_dictionaries({"type": texts, "message": texts}),
        "stream": st.fixed_dictionaries(
            {"chunks": st.sampled_from(["1+2 3+4", "1+2", "", "0+0"])},
            optional={"closed": st.just(value=True)},
        ),
    },
)


# As nearly all cassettes are.
USUAL = """\
version: 1
metadata:
  recorder: pytest-conversations 0
  end_mark: true
  interactions: 2
  checksum: '00000000'
interactions:
- request:
    method: POST
    uri: https://api.mistral.ai/v1/conversations?a=b#c
    headers:
      accept: [application/json]
      content-length: ['9']
    body: |
      {
        "a": "b"
      }
  response:
    status: {code: 200, message: OK}
    headers:
      content-type: [text/event-stream]
      date: ['Tue, 24 Nov 2026 10:00:00 GMT']
    body:
      string: |+
        data: {"a": 1}

    stream:
      chunks: 1+16
    test: tests/test_a.py::test_b
- request:
    method: GET
    uri: https://api.mistral.ai/v1/conversations
    headers:
      accept: [application/json]
    body: null
  response:
    status: {code: 404, message: Not Found}
    headers:
      content-type: [text/plain]
    body:
      string: |-
        no
         such
...
"""
# As nobody of us writes them.
OTHER_LINES = [
    *("    test: \n", "    status: {code: 200, message: OK}\n", "    method: POST\n"),
    *("    uri: https://a.test/b #c\n", "    body: null\n", "      string: |-\n"),
    *("    body: |2\n", "      a: ['x\x85y']\n", "      b: [c, d]\n", "        e\n"),
    *("          f\n", "\n", "        \n", "      # g\n", "    headers: {}\n", "    body: |+\n"),
]


@st.composite
def documents(draw: st.DrawFn) -> dict[str, object]:
    """A cassette with whatever one may hold."""
    requests, responses = [], []
    for _ in range(draw(st.integers(0, 3))):
        held = {name: values[0] for name, values in draw(headers).items()}
        requests.append(
            Request("POST", URL + draw(st.sampled_from(["", "?a=b#c", "/x y"])), draw(bodies), held)
        )
        response: Response = {
            "status": {"code": draw(st.integers(0, 599)), "message": draw(texts)},
            "headers": draw(headers),
            "body": {"string": draw(bodies)},
            **draw(extra),
        }
        responses.append(response)
    metadata = {
        "recorder": "pytest-conversations 0",
        "end_mark": True,
        "note": draw(texts),
        "attempts": draw(lists),
    }
    return {"requests": requests, "responses": responses, "metadata": metadata}


def _text(document: dict[str, object]) -> str:
    text: str = vcr.serialize.serialize(document, serializer)
    return text


def cassettes() -> st.SearchStrategy[str]:
    """The text of one."""
    return documents().map(_text)


class _AtOnce:
    """Writes a whole document by one call of YAML."""

    @staticmethod
    def serialize(document: dict[str, Any]) -> str:
        interactions = [
            {"request": serializer._request(request), "response": serializer._response(response)}  # noqa: SLF001
            for request, response in (each.values() for each in document["interactions"])
        ]
        count = {"interactions": len(interactions), "checksum": "00000000"}
        stream = io.StringIO()
        metadata = document["metadata"] | count
        _yaml.dump({"version": 1, "metadata": metadata, "interactions": interactions}, stream)
        text = stream.getvalue()
        return _checksum.sealed(text if text.endswith("\n...\n") else f"{text}...\n")


@settings(deadline=None)
@given(documents())
def test_what_is_written_in_parts_is_the_whole(document: dict[str, object]) -> None:
    """To the byte, the first time and again."""
    whole = vcr.serialize.serialize(document, _AtOnce)
    assert _text(document) == whole
    assert _text(document) == whole


def _by_yaml(text: str) -> tuple[object, ...]:
    return _shown(vcr.serialize.deserialize(text, serializer))


def _shown(loaded: tuple[list[Request], list[Response], dict[str, object]]) -> tuple[object, ...]:
    requests, *rest = loaded
    shown = [(each.method, each.uri, each.body, dict(each.headers)) for each in requests]
    return shown, *rest


@settings(deadline=None)
@given(cassettes())
def test_both_read_the_same(text: str) -> None:
    """Whatever a cassette holds."""
    assert _checksum.is_right(text.encode())
    quick = _written.read(text.encode())
    assert quick is None or _shown(quick) == _by_yaml(text)


@settings(deadline=None)
@given(cassettes(), st.booleans())
def test_a_response_is_the_same_when_it_is_read_later(text: str, is_shared: bool) -> None:  # noqa: FBT001 - hypothesis gives it
    """With the test that it was recorded for told before; what is not as expected is YAML's."""
    requests, responses, *metadata = vcr.serialize.deserialize(text, serializer)
    later = _written.written(text.encode())
    if later is None:  # something else than a response is not as expected
        return
    opened = Opened(later, lambda number: responses[number], is_shared=is_shared)
    unread = [opened[place][1] for place in range(len(opened))]
    assert [each.test for each in unread] == [each.get("test") for each in responses]
    held = Interactions.opened(opened)
    assert [pair[1] for pair in held[1:]] == responses[1:]
    assert [each.response for each in unread] == responses
    assert [pair[1] for pair in held.with_requests(lambda request: request)] == responses
    assert [each.test for each in unread] == [each.get("test") for each in responses]
    loaded = [pair[0] for pair in held], responses, opened.metadata
    assert _shown(loaded) == _shown((requests, responses, *metadata))


@settings(deadline=None)
@given(cassettes(), st.integers(0, 10_000), st.sampled_from(["", "\n", " ", "x", "- ", ": ", "'"]))
def test_a_file_that_was_edited_is_read_as_yaml(text: str, place: int, put: str) -> None:
    """And where its checksum happens to be right, both read the same of it, if it is YAML."""
    place %= len(text)
    edited = text[:place] + put + text[place + 1 :]
    raw = edited.encode()
    if _checksum.is_right(raw):  # as without quotes around the checksum
        quick = _written.read(raw)
        assert quick is None or _shown(quick) == _by_yaml(edited)


def _resealed(lines: list[str]) -> str:
    text = re.sub(r"(?m)^(  checksum: )'\w+'$", r"\1'00000000'", "".join(lines))
    return _checksum.sealed(text)


@pytest.mark.parametrize("other", OTHER_LINES)
def test_what_others_have_sealed_is_read_as_yaml(other: str) -> None:
    """A right checksum alone makes no file ours: it is read the same, or left to YAML."""
    lines = USUAL.splitlines(keepends=True)
    assert _written.read(_resealed(lines).encode()) is not None
    for at, line in enumerate(lines):
        changed = {
            "in its place": [other],
            "before it": [other, line],
            "again at the end": [line],
            "with a space behind it": [f"{line[:-1]} \n"],
            "deeper": [f" {line}"],
        }
        for how, new in changed.items():
            after = [*lines[at + 1 :], *([line] if how == "again at the end" else [])]
            text = _resealed([*lines[:at], *new, *after])
            quick = _written.read(text.encode())
            with contextlib.suppress(FormatError):  # it is no cassette
                assert quick is None or _shown(quick) == _by_yaml(text), (how, line)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:54321/v1", "http://a_b:8000/?c=d", "http://[::1]"]
)
def test_any_url_is_read_quickly(url: str) -> None:
    """That of a server on this machine, too."""
    text = _written_with(url)
    quick = _written.read(text.encode())
    assert quick is not None
    assert _shown(quick) == _by_yaml(text)


def test_what_is_no_url_is_left_to_yaml() -> None:
    """Which tells what is wrong with it."""
    assert _written.read(_written_with("http://127.0.0.1:70000/").encode()) is None


def test_the_id_of_a_test_may_have_line_breaks() -> None:
    """Then it stands in several lines."""
    text = _written_with(URL, test="tests/a.py::t[a\nb]")
    later = _written.written(text.encode())
    assert later is not None
    opened = Opened(later, lambda number: _by_yaml(text)[1][number], is_shared=False)  # type: ignore[index]
    unread = opened[0][1]
    assert unread.test == "tests/a.py::t[a\nb]"


@pytest.mark.parametrize("mode", ["none", "new_episodes"])
def test_a_response_that_cannot_be_read(tmp_path: Path, mode: str) -> None:
    """It is told before anything is sent where the run records, else when it would be played."""
    path = tmp_path / "a.yaml"
    text = _written_with(URL, headers={"1": ["a"], "date": []})
    path.write_text(text, encoding="utf-8")
    refusal = pytest.raises(CassetteFormatError, match="has a mapping `headers`")
    if mode != "none":
        with refusal:
            ConversationCassette(str(path), mode=mode, scrubber=Scrubber({}))
        return
    cassette = ConversationCassette(str(path), mode=mode, scrubber=Scrubber({}))
    with refusal as refused:
        cassette.play_as_sent(Request("POST", URL, b"{}", {}))
    assert cassette.refusals == [refused.value]
    assert cassette.play_count == 0


def _written_with(url: str, **response: object) -> str:
    """The text of a cassette of one interaction."""
    held: Response = {
        "status": {"code": 200, "message": "OK"},
        "headers": {},
        "body": {"string": b"{}"},
        **response,
    }
    metadata = {"recorder": "pytest-conversations 0", "end_mark": True}
    requests = [Request("POST", url, b"{}", {})]
    document = {"requests": requests, "responses": [held], "metadata": metadata}
    text: str = vcr.serialize.serialize(document, serializer)
    return text


@pytest.mark.parametrize("path", sorted(CASSETTES.rglob("*.yaml")), ids=lambda path: path.stem)
def test_our_own_are_read_quickly(path: Path) -> None:
    """Files as they are recorded need no YAML."""
    text = path.read_text(encoding="utf-8")
    quick = _written.read(text.encode())
    assert quick is not None
    assert _shown(quick) == _by_yaml(text)


@pytest.mark.parametrize("test", [None, "tests/a.py::test_one"])
def test_what_is_read_is_nobody_elses(tmp_path: Path, test: str | None) -> None:
    """Who changes what was read changes it for no other cassette; nor for one that shares it."""
    path = tmp_path / "cassette.yaml"
    sharing = None if test is None else Sharing(test, "run")

    def opened(mode: str = "none") -> ConversationCassette:
        return ConversationCassette(str(path), mode=mode, scrubber=Scrubber({}), sharing=sharing)

    new = opened("once")
    new.record(Request("GET", URL, b"", {"accept": "text/plain"})).response = {
        "status": {"code": 200, "message": "OK"},
        "headers": {"content-type": ["application/json"]},
        "body": {"string": b"{}"},
        "stream": {"chunks": "0+2", "closed": True},
    }
    new.write()

    def held() -> tuple[object, ...]:
        cassette = opened()
        played = cassette.play_as_sent(Request("GET", URL, b"", {}))
        shown = _shown((cassette.requests, cassette.responses, cassette._metadata))  # noqa: SLF001
        return played, *shown

    before = copy.deepcopy(held())
    cassette = opened()
    cassette._metadata.clear()  # noqa: SLF001 - where a caller of vcrpy's `get_metadata` writes
    for request, response in cassette.data:
        request.headers["accept"] = request.uri = request.method = "changed"
        request.body = b"changed"
        response["status"]["code"] = 1
        for values in response["headers"].values():
            values[0] = "changed"
        response["headers"].clear()
        response.get("stream", {}).clear()
    assert held() == before


def test_a_shared_file_that_changes_is_read_anew(tmp_path: Path) -> None:
    """Whatever was read of it before, by a test that is over or by one that is not."""
    path = tmp_path / "cassette.yaml"
    texts = [_written_with(url) for url in (URL, f"{URL}/other", URL)]
    opened = []
    for text in texts:
        path.write_text(text, encoding="utf-8")
        sharing = Sharing("a", "run")
        opened.append(
            ConversationCassette(str(path), mode="none", scrubber=Scrubber({}), sharing=sharing)
        )
    assert [cassette.requests[0].uri for cassette in opened] == [URL, f"{URL}/other", URL]
    path.write_text(texts[0].replace("OK", "KO"), encoding="utf-8")
    edited = ConversationCassette(str(path), mode="none", scrubber=Scrubber({}), sharing=sharing)
    assert edited.is_edited
    assert edited.responses[0]["status"]["message"] == "KO"


def test_a_response_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where two threads ask for it at a time."""
    raw = next(CASSETTES.rglob("*.yaml")).read_bytes()
    later = _written.written(raw)
    assert later is not None
    unread = later.response(0, lambda _: {}, threading.RLock())
    read, both, count = _written._response, threading.Barrier(2), 0  # noqa: SLF001

    def slow(*where: object) -> Response:
        nonlocal count
        count += 1
        time.sleep(0.1)
        return read(*where)  # type: ignore[arg-type]

    def ask() -> Response:
        both.wait(10)
        return unread.response

    monkeypatch.setattr(_written, "_response", slow)
    with ThreadPoolExecutor(2) as pool:
        first, second = [each.result(10) for each in [pool.submit(ask), pool.submit(ask)]]
    assert first is second
    assert count == 1
