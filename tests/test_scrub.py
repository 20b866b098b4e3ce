"""Secrets never reach the disk: by value wherever they stand, some headers by name."""

import base64
import itertools
import json
import logging
import re
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from vcr.request import Request

from pytest_conversations._protocol import WORDS
from pytest_conversations.cassette import (
    Chunk,
    ConversationCassette,
    Response,
    Scrubber,
    _carried,
    as_recorded,
    cut_at_events,
    table,
)
from pytest_conversations.errors import SecretLeakError, UnrecordedRequestError

KEY = 'zK4+/="%\\key1for2tests3only é'
PLACEHOLDER = "<MISTRAL_API_KEY>"

SPELLINGS = {
    "plain": KEY,
    "percent-encoded": quote(KEY, safe=""),
    "JSON": json.dumps(KEY)[1:-1],
    "JSON with non-ASCII": json.dumps(KEY, ensure_ascii=False)[1:-1],
    "Base64": base64.b64encode(KEY.encode()).decode().rstrip("="),
}


def _response(
    body: bytes, headers: dict[str, list[str]] | None = None, **more: object
) -> dict[str, object]:
    return {
        "status": {"code": 200, "message": "OK"},
        "headers": headers or {},
        "body": {"string": body},
        **more,
    }


def _scrubbed(
    request: Request, response: dict[str, object], key: str = KEY
) -> tuple[Request, Response]:
    scrubbed, answer = Scrubber({"MISTRAL_API_KEY": key}).interaction(request, response)
    return scrubbed, answer


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_a_value_is_found_wherever_it_stands(spelling: str, tmp_path: Path) -> None:
    """In the URL, in headers, in the bodies of both sides, and in an error: it is replaced."""
    path = tmp_path / "cassette.yaml"
    cassette = ConversationCassette(
        str(path), mode="once", scrubber=Scrubber({"MISTRAL_API_KEY": KEY})
    )
    body = f'{{"a": "{spelling}", "{spelling}": 1}}'.encode()
    header = spelling.encode().decode("latin-1")
    request = Request(
        "POST", f"https://x.test/v1/{spelling}?q={spelling}", body, {"user-agent": header}
    )
    cassette.record(request).response = _response(
        body, {"server": [header, "other"]}, stream={"error": {"type": "E", "message": spelling}}
    )
    cassette.write()
    text = path.read_text(encoding="utf-8")
    assert spelling not in text
    assert spelling.encode() not in path.read_bytes()
    assert text.count(PLACEHOLDER) == 9


def test_credentials_and_request_ids_go_by_the_name_of_their_header() -> None:
    """Whatever their value is; what is worth reading stays."""
    request = Request(
        "GET",
        "https://x.test/",
        b"",
        {"Authorization": "Bearer short", "Cookie": "a=b", "X-Api-Key": "k", "Accept": "*/*"},
    )
    response = _response(
        b"",
        {
            "set-cookie": ["__cf_bm=1", "_cfuvid=2"],
            "mistral-correlation-id": ["019f"],
            "cf-ray": ["a1"],
            "x-ratelimit-limit-tokens-minute": ["500000"],
        },
    )
    scrubbed, answer = _scrubbed(request, response)
    assert dict(scrubbed.headers.items()) == {
        "Authorization": "<AUTHORIZATION>",
        "Cookie": "<COOKIE>",
        "X-Api-Key": "<X-API-KEY>",
        "Accept": "*/*",
    }
    assert answer["headers"] == {
        "set-cookie": ["<SET-COOKIE>", "<SET-COOKIE>"],
        "mistral-correlation-id": ["<MISTRAL-CORRELATION-ID>"],
        "cf-ray": ["<CF-RAY>"],
        "x-ratelimit-limit-tokens-minute": ["500000"],
    }


def test_a_key_that_only_the_app_knows_is_learned_from_its_header() -> None:
    """A credential that a request carries is a secret, with no variable that holds it."""
    scrubber = Scrubber({})
    scrubber.finder.learn(
        Request("GET", "https://x.test/", b"", {"authorization": f"Bearer {KEY}"})
    )
    _, response = scrubber.interaction(
        Request("GET", "https://x.test/", b"", {}), _response(f"you sent {KEY}".encode())
    )
    assert response["body"]["string"] == b"you sent <MISTRAL_API_KEY>"


@pytest.mark.parametrize(
    ("uri", "header"),
    [
        ("https://x.test/", f"Bearer first-key-1234, Bearer {KEY}"),
        ("https://x.test/", f"Basic {base64.b64encode(f'user:{KEY}'.encode()).decode()}"),
        (f"https://user:{quote(KEY, safe='')}@x.test/", "Bearer other"),
    ],
)
def test_credentials_of_every_kind_are_learned(uri: str, header: str) -> None:
    """Several headers of one name, the password of Basic, and that of the URL."""
    scrubber = Scrubber({})
    request = Request("GET", uri, b"", {"authorization": header})
    scrubber.finder.learn(request)
    scrubbed, response = scrubber.interaction(request, _response(f"you sent {KEY}".encode()))
    assert response["body"]["string"] == b"you sent <MISTRAL_API_KEY>"
    assert quote(KEY, safe="") not in scrubbed.uri


def test_the_credential_of_a_connector_is_learned(tmp_path: Path) -> None:
    """It stands in the request, in the reply that echoes it, and in no file or message."""
    token = "ghp_dummyTokenOfAConnector"
    tool = {
        "type": "connector",
        "connector_id": "github",
        "authorization": {"type": "oauth2-token", "value": token},
    }
    body = json.dumps({"inputs": "x", "tools": [tool]}).encode()
    path = tmp_path / "cassette.yaml"
    request = Request("POST", "https://x.test/", body, {"content-type": "application/json"})

    cassette = ConversationCassette(str(path), mode="once", scrubber=Scrubber({}))
    cassette.admit(request)
    cassette.record(request).response = _response(json.dumps({"tools": [tool]}).encode())
    cassette.write()

    text = path.read_text(encoding="utf-8")
    assert token not in text
    assert text.count("<AUTHORIZATION>") == 2
    replaying = ConversationCassette(str(path), mode="none", scrubber=Scrubber({}))
    other = json.dumps({"inputs": "y", "tools": [tool]}).encode()
    made = replaying.admit(Request("POST", "https://x.test/", body, {}))
    assert made is not None
    assert replaying.play(made) is not None
    missed = replaying.admit(Request("POST", "https://x.test/", other, {}))
    assert missed is not None
    with pytest.raises(UnrecordedRequestError) as raised:
        replaying.play(missed)
    assert token not in str(raised.value)


@pytest.mark.parametrize("value", [f"{KEY}\n", f"  {KEY} \r\n"])
def test_white_space_around_a_value_does_not_hide_it(value: str) -> None:
    """A variable was filled from a file, and the app, or its client, strips what it sends."""
    request = Request("GET", "https://x.test/", b"", {})
    _, response = _scrubbed(request, _response(KEY.encode()), value)
    assert response["body"]["string"] == PLACEHOLDER.encode()


def test_threads_lose_no_credential() -> None:
    """Many requests at once, each with a key of its own: all of them are searched for."""
    keys = [f"a-key-of-thread-{number:03}" for number in range(64)]
    scrubber = Scrubber({})
    start = threading.Barrier(len(keys))

    def learn(key: str) -> None:
        request = Request("GET", "https://x.test/", b"", {"authorization": f"Bearer {key}"})
        start.wait()
        scrubber.finder.learn(request)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=learn, args=(key,)) for key in keys]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    _, response = scrubber.interaction(
        Request("GET", "https://x.test/", b"", {}), _response(" ".join(keys).encode())
    )
    assert response["body"]["string"] == b" ".join([PLACEHOLDER.encode()] * len(keys))


@given(st.binary(max_size=9), st.binary(max_size=9))
def test_a_value_is_found_in_base64_of_a_longer_text(before: bytes, after: bytes) -> None:
    """Wherever it begins there; of the value itself less than a byte is left at either end."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        encoded = encode(before + KEY.encode() + after)
        _, response = _scrubbed(Request("GET", "https://x.test/", b"", {}), _response(encoded))
        start, _, end = response["body"]["string"].partition(PLACEHOLDER.encode())
        assert len(start) - len(before) * 8 // 6 in (0, 1)
        assert len(end) <= len(after) * 8 // 6 + 4
        assert encoded.startswith(start)
        assert encoded.endswith(end)


def _is_plain(data: bytes) -> bool:
    # The key has a quote in it, which in what begins as JSON parts two strings, and stays.
    return KEY.encode() not in data and not data.lstrip().startswith((b"{", b"["))


@given(
    before=st.binary(max_size=40).filter(_is_plain),
    cuts=st.lists(st.integers(0, 120), max_size=8).map(sorted),
    times=st.integers(0, 2),
)
def test_a_value_cut_over_chunks_is_found(before: bytes, cuts: list[int], times: int) -> None:
    """The chunk table still adds up, keeps its chunks and times, and no chunk holds a part."""
    body = before + KEY.encode() * times + b" end"
    edges = [0, *(min(at, len(body)) for at in cuts), len(body)]
    chunks = [Chunk(n, body[a:b]) for n, (a, b) in enumerate(itertools.pairwise(edges))]
    _, response = _scrubbed(
        Request("GET", "https://x.test/", b"", {}),
        _response(body, stream={"chunks": table(chunks)}),
    )
    scrubbed = response["body"]["string"]
    assert scrubbed == before + PLACEHOLDER.encode() * times + b" end"
    again = as_recorded(scrubbed, response["stream"]["chunks"])
    assert again is not None
    assert [chunk.ms for chunk in again] == [chunk.ms for chunk in chunks]
    if not times:
        assert list(again) == chunks


letters = st.text(st.characters(codec="ascii", categories=["L", "Zs"]), max_size=20)


@given(st.text(min_size=8), letters, letters)
def test_any_value_of_eight_characters_is_found(key: str, before: str, after: str) -> None:
    """Whatever characters it is made of; JSON around it stays JSON."""
    key = key.strip(" \t\r\n")
    assume(key not in WORDS and len(key) >= 8)
    body = json.dumps({"text": before + key + after}).encode()
    _, response = _scrubbed(Request("GET", "https://x.test/", b"", {}), _response(body), key)
    scrubbed = response["body"]["string"]
    assert json.dumps(key)[1:-1].encode() not in scrubbed
    json.loads(scrubbed)


def _events(*contents: str, **fields: object) -> bytes:
    return b"".join(
        b"event: message.output.delta\ndata: %s\n\n"
        % json.dumps({**fields, "content": content}).encode()
        for content in contents
    )


def test_a_value_spelled_out_over_events_is_taken_out(tmp_path: Path) -> None:
    """No event holds it, but all of them together do; and a snapshot of them, too."""
    path = tmp_path / "cassette.yaml"
    cassette = ConversationCassette(
        str(path), mode="once", scrubber=Scrubber({"MISTRAL_API_KEY": KEY})
    )
    body = _events("Your key is ", KEY[:9], KEY[9:] + "!", " Keep it.")
    chunks = cut_at_events(body)
    cassette.record(Request("POST", "https://x.test/", b"", {})).response = _response(
        body, stream={"chunks": table(chunks)}
    )
    cassette.write()
    written = ConversationCassette(str(path), mode="none", scrubber=Scrubber({}))
    response = written.interactions[0].response
    kept = response["body"]["string"]
    assert kept == _events("Your key is ", PLACEHOLDER, "!", " Keep it.")
    assert list(as_recorded(kept, response["stream"]["chunks"]) or ()) == cut_at_events(kept)

    events = [{"event": "a", "data": {"content": piece}} for piece in (KEY[:9], KEY[9:])]
    assert cassette.scrub(events) == [
        {"event": "a", "data": {"content": PLACEHOLDER}},
        {"event": "a", "data": {"content": ""}},
    ]


def test_outputs_that_come_at_the_same_time_are_put_together_each() -> None:
    """Two calls of a function, whose arguments come piece by piece and in turn."""
    halves = zip((KEY[:9], KEY[9:]), (KEY[:5], KEY[5:]), strict=True)
    body = b"".join(
        _events(half, output_index=index) for pair in halves for index, half in enumerate(pair)
    )
    _, response = _scrubbed(Request("GET", "https://x.test/", b"", {}), _response(body))
    contents = re.findall(rb'"content": "(.*?)"', response["body"]["string"])
    assert contents == [PLACEHOLDER.encode()] * 2 + [b""] * 2


def test_a_short_value_is_not_searched_for() -> None:
    """Under eight characters a value would shred every text that it happens to stand in."""
    _, response = _scrubbed(
        Request("GET", "https://x.test/", b"", {}), _response(b"the answer"), "answer"
    )
    assert response["body"]["string"] == b"the answer"


def test_matching_happens_on_scrubbed_requests(tmp_path: Path) -> None:
    """Another developer's key finds the same recording, also where the prompt holds the key."""
    path = tmp_path / "cassette.yaml"

    def request(key: str) -> Request:
        headers = {"authorization": f"Bearer {key}"}
        return Request("POST", "https://x.test/", f'{{"inputs": "{key}"}}'.encode(), headers)

    cassette = ConversationCassette(str(path), mode="once", scrubber=Scrubber({}))
    assert cassette.admit(request("the-first-key")) is not None
    cassette.record(request("the-first-key")).response = _response(b"answer")
    cassette.write()
    assert "the-first-key" not in path.read_text(encoding="utf-8")
    replay = ConversationCassette(str(path), mode="none", scrubber=Scrubber({}))
    made = replay.admit(request("the-second-key"))
    assert made is not None
    played = replay.play(made)
    assert played is not None
    assert played["body"]["string"] == b"answer"


def test_no_log_line_shows_a_secret(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Vcrpy logs requests and responses; ours are scrubbed before it sees them."""
    key = "a-key-that-is-not-for-logs"
    with caplog.at_level(logging.DEBUG):
        cassette = ConversationCassette(
            str(tmp_path / "cassette.yaml"), mode="all", scrubber=Scrubber({"K": key})
        )
        request = Request("POST", "", key.encode(), {"authorization": f"Bearer {key}"})
        request.uri = f"https://x.test/{key}"
        cassette.record(request).response = _response(key.encode())
        cassette.write()
    assert key not in caplog.text


def test_what_could_not_be_learned_is_not_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error in the middle stops each later search, and no secret is let through."""
    finder = Scrubber({}).finder
    for headers in ({"authorization": "Bearer first-1-of-two"}, {"x-api-key": KEY}):
        finder.learn(Request("POST", "https://api.test/", b"", headers))
    learn = _carried.in_headers

    def fail(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        if "authorization" in headers:
            raise RecursionError
        return learn(headers)

    with monkeypatch.context() as patch:
        patch.setattr(_carried, "in_headers", fail)
        for _ in range(2):
            with pytest.raises(RecursionError):
                finder.by_value(KEY.encode())
    assert finder.by_value(KEY.encode())
    assert finder.by_value(b"first-1-of-two")


@pytest.mark.parametrize("rule", ["by value", "spelled out"])
def test_a_body_is_looked_at_again(monkeypatch: pytest.MonkeyPatch, rule: str) -> None:
    """What a first look left in it, in one piece or over several events, is not written."""
    scrubber = Scrubber({"MISTRAL_API_KEY": KEY})
    pieces = [KEY] if rule == "by value" else [KEY[:9], KEY[9:]]
    body = b"".join(b"data: %s\n\n" % json.dumps({"content": each}).encode() for each in pieces)
    found = scrubber.finder.in_body(body, is_reply=True)
    assert found.known
    end = len(body)
    other = found._replace(known=[found.known[0]._replace(start=end, end=end)])
    monkeypatch.setattr(scrubber.finder, "in_body", lambda *_, **__: other)
    with pytest.raises(SecretLeakError, match="response to POST"):
        scrubber.interaction(Request("POST", "https://api.test/", b"", {}), _response(body))


def test_no_thread_searches_for_less(monkeypatch: pytest.MonkeyPatch) -> None:
    """While one learns what a request carried, another waits for it."""
    finder = Scrubber({}).finder
    finder.learn(Request("POST", "https://api.test/", b"", {"x-api-key": KEY}))
    learn, began, go_on = _carried.in_headers, threading.Event(), threading.Event()

    def slow(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        began.set()
        go_on.wait(10)
        return learn(headers)

    monkeypatch.setattr(_carried, "in_headers", slow)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(finder.by_value, KEY.encode())
        began.wait(10)
        second = pool.submit(finder.by_value, KEY.encode())
        threading.Timer(0.1, go_on.set).start()
        assert second.result(10)
        assert first.result(10)
