"""What is done in a shorter way, for speed, gives what the long way gives."""

import os
from collections import Counter
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
import vcr.serialize
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from vcr.request import Request

from pytest_conversations import ConversationsConfig, _applied
from pytest_conversations._settings import resolve
from pytest_conversations.capture import _exchange, _library
from pytest_conversations.cassette import (
    CassetteRequest,
    Matching,
    Sharing,
    _serializer,
    _written,
)
from pytest_conversations.cassette._index import Index
from pytest_conversations.cassette._interactions import Interactions, Opened

HARD = "/?#&=%:;@[]+ab.Z0^`<>\"'\\ é\t~{}|"
urls = st.builds(
    "{}://{}{}".format,
    st.sampled_from(["https", "http", "HTTPS", "ftp"]),
    st.sampled_from(["api.test", "127.0.0.1:54321", "a:b@h", "[::1]", "H", ""]),
    st.lists(st.sampled_from(["/", "/a", "?", "?b=c", "#", *HARD]), max_size=5).map("".join),
)
names = st.text(st.sampled_from("aAxX-"), min_size=1, max_size=3)
spelled = st.sampled_from([b'{"a":1}', b'{ "a": 1.0 }', b'{"a":2}', b"", b"a=1", b"[1]", b"[ 1 ]"])
requests = st.builds(
    Request,
    st.sampled_from(["POST", "GET"]),
    st.sampled_from(["http://h/a", "http://h/a?b=1&c=2", "http://h/a?c=2&b=1", "http://h/b"]),
    spelled,
    st.dictionaries(
        st.sampled_from(["Content-Type", "content-encoding", "accept"]),
        st.sampled_from(["application/json", "multipart/form-data; boundary=1", "identity"]),
    ),
)


PARTS = b"--1\r\n\r\nx\r\n--1--\r\n"


@example(  # the same bytes, and another body
    [Request("POST", "http://h/a", PARTS, {"Content-Type": "multipart/form-data; boundary=1"})],
    [Request("POST", "http://h/a", PARTS, {"Content-Type": "multipart/form-data; boundary=2"})],
    ["body"],
)
@given(
    st.lists(requests, max_size=6),
    st.lists(requests, max_size=9),
    st.lists(st.sampled_from(["method", "path", "query", "body", "headers"]), unique=True),
)
def test_a_request_is_found_where_a_search_finds_it(
    recorded: list[Request], sent: list[Request], match_on: list[str]
) -> None:
    """The first that is equal, and was not played."""
    matching = Matching(match_on)
    index = Index(Interactions((each, {}) for each in recorded), matching, None)
    counts = Counter[int]()
    for request in sent:
        key = matching.key(request)
        equal = [at for at, each in enumerate(recorded) if matching.key(each) == key]
        assert list(index.of(request)) == equal
        unplayed = [at for at in equal if not counts[at]]
        found = index.next(request, counts, repeats=False)
        assert found == (unplayed[0] if unplayed else None)
        if found is not None:
            counts[found] += 1


@given(
    st.lists(st.tuples(requests, st.sampled_from(["own", "other", None])), min_size=1, max_size=6),
    st.lists(requests, max_size=4),
    st.integers(0, 2),
    st.integers(0, 6),
)
def test_what_a_shared_file_holds_is_found_in_its_order(
    recorded: list[tuple[Request, str | None]], sent: list[Request], start: int, stop: int
) -> None:
    """What is the test's own first, and of what may be played; also when another had it open."""
    written = _written.written(_sealed(recorded))
    assert written is not None
    for test, names in (("own", ["method", "body"]), ("other", ["path", "body"]), ("own", [])):
        opened = Opened(written, lambda _: {}, is_shared=True)
        matching, sharing = Matching(names), Sharing(test, "run")
        index = Index(Interactions.opened(opened)[start:stop], matching, sharing)
        for request in sent:
            key = matching.key(request)
            places = enumerate(recorded[start:stop])
            equal = [(at, whose) for at, (each, whose) in places if matching.key(each) == key]
            equal.sort(key=lambda place: place[1] not in {test, None})
            assert list(index.of(request)) == [at for at, _ in equal]


def _sealed(recorded: list[tuple[Request, str | None]]) -> bytes:
    """The bytes of a file of some requests, each with the test that it was recorded for."""
    response = {"status": {"code": 200, "message": "OK"}, "headers": {}, "body": {"string": b"{}"}}
    document = {
        "requests": [each for each, _ in recorded],
        "responses": [response | ({"test": test} if test else {}) for _, test in recorded],
        "metadata": {"recorder": "pytest-conversations 0", "end_mark": True},
    }
    text: str = vcr.serialize.serialize(document, _serializer)
    return text.encode()


@given(urls)
@example("https://api.test/a?b=c&d=#e?f")
@example("http://127.0.0.1:54321?b=/c")
def test_the_parts_of_a_url(url: str) -> None:
    """As the standard library has them."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return
    request = CassetteRequest("GET", url, b"", {})
    assert Matching(["path"]).key_but_body(request) == (parts.path or "/",)
    query = tuple(sorted(parse_qsl(parts.query, keep_blank_values=True)))
    assert Matching(["query"]).key_but_body(request) == (query,)


@given(urls, st.none() | st.binary(max_size=3), st.dictionaries(names, st.text(max_size=3)))
def test_a_request_is_that_of_vcrpy(url: str, body: bytes | None, headers: dict[str, str]) -> None:
    """With its parts, and one name for several spellings of it."""
    try:
        slow = Request("POST", url, body, {name: [value] for name, value in headers.items()})
    except ValueError:
        return
    quick = CassetteRequest("POST", url, body, headers)
    for request in (quick, slow):
        request.uri += "x"
    assert vars(quick).keys() == vars(slow).keys()
    assert (quick.method, quick.uri, quick.body) == (slow.method, slow.uri, slow.body)
    assert (quick.path, quick.query, quick.scheme) == (slow.path, slow.query, slow.scheme)
    assert dict(quick.headers) == dict(slow.headers)


@given(st.lists(st.tuples(names, st.text(st.sampled_from("aé, \xff"), max_size=3)), max_size=4))
def test_headers_are_those_of_the_library(headers: list[tuple[str, str]]) -> None:
    """Several of one name are one, and what is not ASCII is guessed as there."""
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    for library in _library.installed():
        sent = library.Request("GET", "http://h/", headers=raw)
        made = _exchange.cassette_request(sent, b"", library)
        assert dict(made.headers) == dict(sent.headers.items())


def test_headers_stay_as_they_were_sent() -> None:
    """Also where the app changes them afterwards, to send again."""
    headers = httpx.Headers({"a": "b"})
    sent = httpx.Request("GET", "http://h/", headers=headers)
    made = _exchange.cassette_request(sent, b"", _library.installed()[0])
    sent.headers["a"] = "c"
    assert made.headers["a"] == "b"


URL = "MISTRAL_SERVER_URL"
CONFIGS = [
    ConversationsConfig(),
    ConversationsConfig(mode="once", scrub=["re:pass"]),
    {"mode": "all", "dir": "given"},
    None,
]
OPTIONS: dict[str, object] = {
    "mode": "verify",
    "dir": "other",
    "unused": "error",
    "max_age": "7",
    "sandbox": True,
    "server_url": "http://127.0.0.1:8",
}
steps = st.tuples(
    st.sampled_from(CONFIGS),
    st.sampled_from([[], [{}], [{"mode": "none"}], [{}, {"cassette": "a.yaml"}]]),
    st.sampled_from([None, "http://127.0.0.1:9"]),
    st.sampled_from(["", *OPTIONS]),
)


Steps = list[tuple[object, list[dict[str, str]], str | None, str]]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(run=st.lists(steps, min_size=2, max_size=6))
@example(run=[(CONFIGS[0], [], url, "") for url in (None, "http://127.0.0.1:9", None)])
@example(run=[(CONFIGS[0], [], None, option) for option in ("", *OPTIONS)])
@example(run=[(config, [], None, "") for config in (*CONFIGS, *CONFIGS)])
@example(
    run=[(CONFIGS[1], [{"mode": mode}] if mode else [], None, "") for mode in ("", "none", "")]
)
def test_settings_that_are_known_are_those_of_the_test(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, run: Steps
) -> None:
    """Whatever changed since they were worked out: config, marker, environment or option."""
    config = pytester.parseconfig()
    for returned, kwargs, url, option in run:
        monkeypatch.delenv(URL, raising=False)
        if url is not None:
            monkeypatch.setenv(URL, url)
        if option:
            monkeypatch.setattr(config.option, f"conversations_{option}", OPTIONS[option])
        marks = [pytest.mark.conversations(**each).mark for each in kwargs]
        item: Any = SimpleNamespace(config=config, iter_markers=lambda _, marks=marks: iter(marks))
        of = ConversationsConfig.of(returned)
        assert _applied._resolved(item, returned) == resolve(config, marks, of, os.environ)  # noqa: SLF001 - its way round `resolve` is what is tried
