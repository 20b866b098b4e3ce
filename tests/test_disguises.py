"""Where a secret hides that scrubbing has to find, and what it has to leave for a replay."""

import base64
import json
import warnings
from pathlib import Path
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vcr.request import Request

from pytest_conversations._rules import Rules
from pytest_conversations.cassette import ConversationCassette, Scrubber, read
from pytest_conversations.errors import UnrecordedRequestError

KEY = "zK4hf8Wq2LmP0xVb7TnYc3RdJ6sGaE91"
FORM = "application/x-www-form-urlencoded"
DUMMY = "not-a-real-key"
URL = "https://x.test/v1/conversations"


def _response(body: bytes = b"", **more: object) -> dict[str, object]:
    return {
        "status": {"code": 200, "message": "OK"},
        "headers": {},
        "body": {"string": body},
        **more,
    }


def _body(body: bytes, *, key: str = KEY, lines: tuple[str, ...] = ()) -> bytes:
    scrubbed = Scrubber({"MISTRAL_API_KEY": key}, Rules.of(lines)).request(
        Request("POST", URL, body, {})
    )
    assert isinstance(scrubbed.body, bytes)
    return scrubbed.body


def _reply(body: bytes, *, key: str = KEY) -> bytes:
    scrubber = Scrubber({"MISTRAL_API_KEY": key})
    _, response = scrubber.interaction(Request("GET", URL, b"", {}), _response(body))
    kept = response["body"]["string"]
    assert isinstance(kept, bytes)
    return kept


def _events(*events: dict[str, object]) -> bytes:
    return b"".join(b"data: %s\n\n" % json.dumps(event).encode() for event in events)


@pytest.mark.parametrize(
    ("uri", "headers", "body"),
    [
        (f"{URL}?api_key={KEY}", {}, b""),
        (f"{URL}?user%5Bpassword%5D={KEY}", {}, b""),
        (f"{URL}?user[api_key]={KEY}", {}, b""),
        (f"https://{KEY}@x.test/", {}, b""),
        (f"https://{KEY}:@x.test/", {}, b""),
        (URL, {"authorization": "Basic " + base64.b64encode(f"{KEY}:".encode()).decode()}, b""),
        (URL, {"Ocp-Apim-Subscription-Key": KEY}, b""),
        (URL, {"X-Access-Key": KEY}, b""),
        (URL, {"x-secret-key": KEY}, b""),
        (URL, {"content-type": FORM}, b"user[password]=%s" % KEY.encode()),
        (URL, {}, b'{"config": "os.environ[\'API_KEY\'] = \'%s\'"}' % KEY.encode()),
    ],
)  # fmt: skip
def test_what_a_request_carries_is_learned(uri: str, headers: dict[str, str], body: bytes) -> None:
    """Wherever it stands there, it is taken out, and out of an answer that repeats it, too."""
    scrubber = Scrubber({})
    request = Request("POST", uri, body, headers)
    scrubber.finder.learn(request)
    request, response = scrubber.interaction(request, _response(b"you sent " + KEY.encode()))
    kept = repr((request.uri, request.headers, request.body, response))
    assert KEY not in kept
    assert KEY[8:] not in kept


@pytest.mark.parametrize(
    "whole", [KEY, KEY.encode().hex(), base64.b64encode(KEY.encode()).decode()]
)
def test_a_reply_that_ends_within_a_secret(whole: str) -> None:
    """Half of it or more is taken out, of a body as it is and of the last delta of a stream."""
    half = whole[: len(whole) // 2 + 3]
    assert half.encode() not in _reply(b"Your key is " + half.encode())
    assert half.encode() not in _reply(b'{"content": "Your key is ' + half.encode())
    pieces = [half[at : at + 4] for at in range(0, len(half), 4)]
    deltas = [{"content": piece, "output_index": 0} for piece in ("Your key is ", *pieces)]
    kept = [json.loads(line[6:])["content"] for line in _reply(_events(*deltas)).splitlines()[::2]]
    assert kept == ["Your key is ", "<MISTRAL_API_KEY>", *[""] * (len(pieces) - 1)]


def test_less_than_half_of_a_secret_stays() -> None:
    """A text may end as a secret begins; and a request ends as a replay, with another key, will."""
    body = b"Your key is " + KEY[: len(KEY) // 2 - 1].encode()
    assert _reply(body) == body
    half = b'{"inputs": "%s"}' % KEY[:20].encode()
    assert _body(half) == half


def test_texts_of_several_kinds_between_those_of_another_output() -> None:
    """A delta may be a text, or a chunk of its own; each output is read by itself."""
    body = _events(
        {"id": "m1", "content": KEY[:10]},
        {"id": "m2", "content": "other"},
        {"id": "m1", "content_index": 1, "content": {"type": "text", "text": KEY[10:20]}},
        {"id": "m2", "content": "words"},
        {"id": "m1", "content_index": 2, "content": {"type": "text", "text": KEY[20:]}},
    )
    kept = _reply(body)
    for piece in (KEY[:10], KEY[10:20], KEY[20:]):
        assert piece.encode() not in kept
    assert b"other" in kept
    assert b"words" in kept


def test_choices_of_one_event_are_messages_of_their_own() -> None:
    """What is only like a credential does not go on from one choice into the other."""
    choices = [
        {"index": 0, "delta": {"content": "password: hunter2hunter2"}},
        {"index": 1, "delta": {"content": "yes"}},
    ]
    kept = _reply(_events({"id": "c", "choices": choices}, {"id": "c", "choices": choices}))
    assert kept.count(b'"yes"') == 2


@pytest.mark.parametrize(
    "prompt",
    [
        "My api_key: {}.",
        "Is api_key={}!",
        "password: {}:8080",
        "secret='{}'-x",
        "Use Bearer {}.",
        "https://user:{}@host:5432/db",
        "it is {b64} in Base64",
        "it is {named} in Base64",
    ],
)
def test_a_dummy_finds_what_a_key_recorded(prompt: str) -> None:
    """Whether it looks like a credential or not, the rest of the text is the same."""
    matched = []
    for key in (KEY, DUMMY):
        text = prompt.format(
            key,
            b64=base64.b64encode(key.encode()).decode(),
            named=base64.b64encode(f"user:{key}".encode()).decode(),
        )
        matched.append(_body(json.dumps({"inputs": text}).encode(), key=key))
    assert matched[0] == matched[1]


@pytest.mark.parametrize("field", ["api_key", "token", "password", "authorization"])
@pytest.mark.parametrize("value", ["{}", "org:{}", "{}/", "Bearer {}"])
def test_a_dummy_in_a_field_finds_what_a_key_recorded(field: str, value: str) -> None:
    """Also with something beside it, whether the name of the field is sure or not."""
    bodies = {
        _body(json.dumps({field: value.format(key)}).encode(), key=key)
        for key in (KEY, DUMMY, "dummykey")
    }
    assert len(bodies) == 1
    forms = {_body(f"{field}={value.format(key)}".encode(), key=key) for key in (KEY, DUMMY)}
    assert len(forms) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [("<auth>", "<secret>"), ("<token>", "<password>"), ("<API_KEY>", "<DB_PASSWORD>")],
)
def test_tags_of_a_prompt_are_no_placeholders(one: str, other: str) -> None:
    """Another prompt never plays this one's recording."""
    assert _body(f'{{"inputs": "in {one} tags"}}'.encode()) != _body(
        f'{{"inputs": "in {other} tags"}}'.encode()
    )


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (r"re:(?i)(?P<customer>customer\S+)", "for customer42 here"),
        (r"re:(?i)api_?key\d\S*", "an api_key1"),
        (r"re:(?i)pattern\w*", "PATTERNS"),
    ],
)
def test_a_pattern_does_not_match_its_own_placeholder(line: str, text: str) -> None:
    """What was scrubbed stays as it is, however often it is scrubbed again."""
    once = _body(json.dumps({"inputs": text}).encode(), lines=(line,))
    assert once != json.dumps({"inputs": text}).encode()
    assert _body(once, lines=(line,)) == once


def test_a_pattern_takes_what_stands_beside_a_placeholder() -> None:
    """Of a match that holds a placeholder, too, the rest is a secret all the same."""
    body = _body(b"key=<MISTRAL_API_KEY>-and-more", lines=(r"re:key=(?P<value>\S+)",))
    assert body == b"key=<MISTRAL_API_KEY><VALUE>"
    assert _body(body, lines=(r"re:key=(?P<value>\S+)",)) == body


def test_a_pattern_of_digits_leaves_the_length_of_a_body() -> None:
    """A client could not read the recording any more."""
    scrubber = Scrubber({}, Rules.of([r"re:\b\d{3,4}\b"]))
    body = b"x" * 123
    request = Request("POST", URL, body, {"Content-Length": "123"})
    response = _response(body) | {"headers": {"Content-Length": ["123"]}}
    request, response = scrubber.interaction(request, response)
    assert request.headers["Content-Length"] == "123"
    assert response["headers"] == {"Content-Length": ["123"]}


def test_a_value_that_is_its_own_name_is_no_secret() -> None:
    """Its placeholder would hold it, and nothing could ever be written."""
    scrubber = Scrubber({"DATABASE_PASSWORD": "DATABASE_PASSWORD"})
    assert scrubber.finder.unsearched == {"DATABASE_PASSWORD": "it is its own name"}


def test_a_reason_phrase_is_scrubbed() -> None:
    """It is a text of the server's, too."""
    scrubber = Scrubber({"MISTRAL_API_KEY": KEY})
    response = _response() | {"status": {"code": 400, "message": f"no {KEY}"}}
    _, scrubbed = scrubber.interaction(Request("GET", URL, b"", {}), response)
    assert scrubbed["status"]["message"] == "no <MISTRAL_API_KEY>"


def _credential(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def test_a_credential_that_is_known_too_late_is_warned_of(tmp_path: Path) -> None:
    """What was looked for is not what is written, so a replay would not find it."""
    path = tmp_path / "cassette.yaml"
    cassette = ConversationCassette(str(path), mode="once", scrubber=Scrubber({}))
    early = Request("POST", URL, b'{"inputs": "It is %s"}' % KEY.encode(), _credential("first-key"))
    for request in (early, Request("GET", URL, b"", _credential(KEY))):
        made = cassette.admit(request)
        assert made is not None
        cassette.record(request, made).response = _response(b"{}")
    with pytest.warns(UserWarning, match="a POST request holds what only a later request showed"):
        cassette.write()
    assert KEY not in path.read_text(encoding="utf-8")

    replay = ConversationCassette(str(path), mode="none", scrubber=Scrubber({}))
    again = replay.admit(early)
    assert again is not None
    with pytest.raises(UnrecordedRequestError, match="name its own in") as caught:
        replay.play(again)
    assert KEY not in str(caught.value)

    def named(mode: str, key: str) -> ConversationCassette:
        return ConversationCassette(str(path), mode=mode, scrubber=Scrubber({"OTHER_KEY": key}))

    recording = named("rewrite", KEY)
    recording.record(early, recording.admit(early)).response = _response(b"{}")
    recording.write()
    dummy = Request("POST", URL, b'{"inputs": "It is %s"}' % DUMMY.encode(), _credential("x" * 9))
    playing = named("none", DUMMY)
    made = playing.admit(dummy)
    assert made is not None
    assert playing.play(made) is not None


def test_no_warning_where_all_is_known_in_time(tmp_path: Path) -> None:
    """One app, one key: what is made is what is kept."""
    cassette = ConversationCassette(
        str(tmp_path / "cassette.yaml"), mode="once", scrubber=Scrubber({})
    )
    request = Request("POST", URL, b'{"inputs": "It is %s"}' % KEY.encode(), _credential(KEY))
    made = cassette.admit(request)
    cassette.record(request, made).response = _response(b"{}")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cassette.write()
    assert len(read(Path(cassette.path))[1]) == 1


NAMES = ["inputs", "content", "api_key", "token", "password", "authorization", "of-{}", "x", "sig"]
PIECES = [
    "{}",
    "{}",
    "Bearer ",
    "api_key=",
    "password: ",
    "sk-",
    "org:",
    "/",
    ".",
    " ",
    "a1b2c3d4",
    "AKIA",
]
PIECES += [
    "https://u:",
    "@h:80/",
    "?token=",
    "&",
    '"',
    "'",
    "\\",
    "ABCD1234EFGH5678",
    "é",
    "{{",
    "]",
    "eyJ",
]
said = st.lists(st.sampled_from(PIECES), max_size=6).map("".join)
data = st.recursive(
    said,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(data, st.sampled_from(["json", "form", "url", "text", "events", "json in json"]))
def test_any_key_finds_the_recording(said: object, kind: str) -> None:
    """Whatever stands beside it, wherever: a real key and dummies make the same request."""

    def filled(value: object, key: str) -> object:
        if isinstance(value, dict):
            return {name.replace("{}", key): filled(item, key) for name, item in value.items()}
        if isinstance(value, list):
            return [filled(item, key) for item in value]
        return str(value).replace("{}", key)

    made = set()
    for key in (KEY, f"8{KEY}", DUMMY, "dummykey"):
        whole = filled(said, key)
        body, url = b"", URL
        if kind == "json":
            body = json.dumps({"a": whole}).encode()
        elif kind == "json in json":
            body = json.dumps({"a": json.dumps({"b": whole})}).encode()
        elif kind == "events":
            body = _events({"content": "x"}, {"content": whole})
        elif kind == "text":
            body = str(whole).encode()
        else:
            encoded = urlencode({"a": str(whole), "token": str(whole)})
            body, url = (encoded.encode(), URL) if kind == "form" else (b"", f"{URL}?{encoded}")
        scrubber = Scrubber({"MISTRAL_API_KEY": key})
        request = Request("POST", url, body, {})
        scrubber.finder.learn(request)
        request = scrubber.request(request)
        made.add((request.uri, request.body))
    assert len(made) == 1
