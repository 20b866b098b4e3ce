"""Credentials that nobody named, where apps and servers put them; and words that are none."""

import json
import re

import pytest
from vcr.request import Request

from pytest_conversations._rules import Rules
from pytest_conversations.cassette import Response, Scrubber

TOKEN = "9944b09199c62bcf9418ad846dd0e4bb"
KEY = "zK4hf8Wq2LmP0xVb7TnYc3RdJ6sGaE91"
URL = "https://x.test/v1/conversations"
PEM = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"
PRIVATE = f"-----BEGIN PRIVATE KEY-----\n{PEM}\n{PEM}\n-----END PRIVATE KEY-----"


def _sent(body: bytes | str, *, key: str = KEY, headers: dict[str, str] | None = None) -> str:
    """The body of a request as it is kept."""
    scrubber = Scrubber({"MISTRAL_API_KEY": key})
    raw = body.encode() if isinstance(body, str) else body
    request = Request("POST", URL, raw, headers or {})
    scrubber.finder.learn(request)
    kept = scrubber.request(request).body
    assert isinstance(kept, bytes)
    return kept.decode()


def _received(body: str, *, key: str = KEY, lines: tuple[str, ...] = (), **stream: object) -> str:
    """The body of a reply as it is kept."""
    response: Response = {
        "status": {"code": 200, "message": "OK"},
        "headers": {},
        "body": {"string": body.encode()},
        **({"stream": stream} if stream else {}),
    }
    scrubber = Scrubber({"MISTRAL_API_KEY": key}, Rules.of(lines))
    kept = scrubber.response(Request("GET", URL, b"", {}), response)["body"]["string"]
    assert isinstance(kept, bytes)
    return kept.decode()


@pytest.mark.parametrize(
    "data",
    [
        {"headers": {"Authorization": f"Token {TOKEN}"}},
        {"headers": {"authorization": f"ApiKey {TOKEN}"}},
        {"headers": {"Cookie": f"theme=dark; session={TOKEN}"}},
        {"headers": {"Cookie": f"session={TOKEN}"}},
        {"headers": [{"name": "X-Api-Key", "value": TOKEN}]},
        {"headers": [{"key": "Authorization", "value": f"Bot {TOKEN}", "enabled": True}]},
        {"command": f"curl -H 'Authorization: Token {TOKEN}' https://x.test"},
        {"url": f"https://x.test/?h=Token+x&token={TOKEN}"},
    ],
)
def test_credentials_of_other_schemes(data: object) -> None:
    """In headers of a tool, as data or in a command; its JSON stays JSON."""
    kept = _sent(json.dumps({"tool": data}))
    assert TOKEN not in kept
    assert json.loads(kept)


@pytest.mark.parametrize(
    "body",
    [
        r'{"dsn": "postgres:\/\/user:hunter2hunter2@db.test\/x"}',
        "dsn=postgres%3A%2F%2Fuser%3Ahunter2hunter2%40db.test%2Fx",
        f"h=Bearer+{TOKEN}",
    ],
)
def test_however_a_body_escapes_it(body: str) -> None:
    """Slashes, colons and spaces may be written in several ways."""
    kept = _sent(body)
    assert "hunter2hunter2" not in kept
    assert TOKEN not in kept


@pytest.mark.parametrize("line", ["data:", "data: x"])
def test_a_line_that_looks_like_an_event(line: str) -> None:
    """A file with a line `data:` is no stream: what stands over several lines is found."""
    manifest = f"kind: Secret\n{line}\n  key: |\n    {PRIVATE}\n"
    form = (
        '--b\r\nContent-Disposition: form-data; name="token"\r\n\r\n'
        f'{TOKEN}\r\n--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n{manifest}\r\n--b--'
    )
    for kept in (_sent(manifest), _sent(form)):
        assert PEM not in kept
        assert line in kept
        assert TOKEN not in kept


def test_a_bearer_with_an_equals_sign() -> None:
    """It is a token, not a parameter of a scheme, and known wherever it is repeated."""
    bearer = "abc12345=def67890ghi"
    kept = _sent(f"you sent {bearer}", headers={"Authorization": f"Bearer {bearer}"})
    assert bearer not in kept
    digest = f'Digest username="ada", response="{TOKEN}"'
    assert TOKEN not in _sent(f"you sent {TOKEN}", headers={"Authorization": digest})


@pytest.mark.parametrize(
    ("key", "reply"),
    [
        ("invalid-api-key", '{"detail": "The API key is invalid"}'),
        ("secret-key", '{"text": "I will never tell you the secret"}'),
        ("assistant-key", '{"role": "assistant", "type": "message.output"}'),
        ("functional-key", '{"type":"function"}'),
        ("secret-key", '{"a": "data:image/png;base64,AAAA", "b": "the secret"}'),
        ("gpt-4o-dummy", '{"text": "I am gpt-4o"}'),
    ],
)
def test_a_reply_may_end_in_a_word_of_a_dummy(key: str, reply: str) -> None:
    """As long as it came to its end; of one that was cut, such a word may be half of the key."""
    assert _received(reply, key=key) == reply
    assert _received(reply[:-2], key=key, error={"type": "ReadError", "message": ""}) != reply[:-2]


@pytest.mark.parametrize(
    "text",
    [
        "[click]({})",
        "{{{{ {} }}}}",
        "[[{}]]",
        "['{}']",
        "password: {}:8080",
        "My config is `token={}`.",
        "export API_KEY={}|cat",
        "Use api_key={}/v1 please",
    ],
)
def test_any_key_in_a_prompt_makes_the_same_request(text: str) -> None:
    """Also one that begins with a digit, and whatever stands around it."""
    keys = (KEY, f"8{KEY}", "not-a-real-key")
    made = {_sent(json.dumps({"inputs": text.format(key)}), key=key) for key in keys}
    assert made == {json.dumps({"inputs": text.format("<MISTRAL_API_KEY>")})}


@pytest.mark.parametrize("dummy", ["dummy", "xxx", "REDACTED", "********", "<token>", "..."])
@pytest.mark.parametrize(
    "body",
    [
        {"api_key": "{}"},
        {"authorization": {"type": "oauth2-token", "value": "{}"}},
        {"headers": {"Authorization": "Bearer {}"}},
        {"password": "{}"},
    ],
)
def test_a_dummy_that_looks_like_a_mask(body: dict[str, object], dummy: str) -> None:
    """In the field of a credential it makes the same request as a credential does."""
    texts = [json.dumps(body).replace("{}", each) for each in (TOKEN, dummy)]
    assert len({_sent(text) for text in texts}) == 1


def test_digits_in_a_text_are_no_numbers() -> None:
    """A text that begins with a bracket keeps its form; in JSON a number becomes a string."""
    line = r"re:\d{8}"
    assert _received('{"a": "[#12345678]?"}', lines=(line,)) == '{"a": "[#<PATTERN>]?"}'
    assert _received('{"a": [12345678]}', lines=(line,)) == '{"a": ["<PATTERN>"]}'
    inner = json.dumps({"a": json.dumps({"pin": 12345678})})
    assert json.loads(json.loads(_received(inner, lines=(line,)))["a"]) == {"pin": "<PATTERN>"}


def test_a_long_text_beyond_ascii() -> None:
    """Where its characters stand is counted once, not for each match: that would take minutes."""
    text = f"L'été à Nîmes. {KEY} " * 1500
    deltas = [{"content": text, "output_index": 0}, {"content": text, "output_index": 0}]
    body = "".join(f"data: {json.dumps(each, ensure_ascii=False)}\n\n" for each in deltas)
    assert _received(body).count("<MISTRAL_API_KEY>") == 3000


def test_half_of_a_character_hides_nothing() -> None:
    """In a message of an error, beside a lone surrogate."""
    response: Response = {
        "status": {"code": 0, "message": ""},
        "headers": {},
        "body": {"string": b""},
        "error": {"type": "ReadError", "message": f"\ud800 {KEY}"},
    }
    kept = Scrubber({"MISTRAL_API_KEY": KEY}).response(Request("GET", URL, b"", {}), response)
    assert kept["error"]["message"] == "\ud800 <MISTRAL_API_KEY>"


def test_ordinary_names_and_values_stay() -> None:
    """A schema of a tool, words behind a scheme, numbers: none of it is a credential."""
    data = {
        "tools": [{"name": "lookup", "value": "a1b2c3d4e5f6a1b2", "key": "name"}],
        "required": ["username", "password", "email"],
        "cookie": "chocolate chip",
        "authorization": "required",
        "text": "Authorization: the act of allowing; cookie: a biscuit",
    }
    assert _sent(json.dumps(data)) == json.dumps(data)
    assert not re.search("<[A-Z]", _received(json.dumps(data)))
