"""What is a secret by its form, by the place it stands in, or because the project says so."""

import json
import re
from pathlib import Path
from typing import get_args

import pydantic
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from vcr.request import Request

from pytest_conversations import models
from pytest_conversations._protocol import WORDS
from pytest_conversations._rules import Rules
from pytest_conversations.cassette import ConversationCassette, Response, Scrubber

JWT = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0."
    "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
)
PRIVATE = (
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQ==\n-----END RSA PRIVATE KEY-----"
)
# Dummies, put together so that no scanner takes this file for a leak.
CREDENTIALS = {
    "JWT": JWT,
    "AWS_ACCESS_KEY_ID": "AKIA" + "IOSFODNN7EXAMPLE",
    "GITHUB_TOKEN": "ghp_" + "a1B2" * 9,
    "GITHUB_TOKEN fine": "github_pat_" + "11ABCDEFG0" + "a1B2c3D4" * 8,
    "GITLAB_TOKEN": "glpat-" + "a1B2c3D4e5F6g7H8i9J0",
    "SLACK_TOKEN": "xoxb-" + "123456789012-abcdefABCDEF",
    "GOOGLE_API_KEY": "AIza" + "Sy" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q",
    "SK_KEY": "sk-" + "proj-abcdEFGH1234567890abcdEFGH",
    "HUGGING_FACE_TOKEN": "hf_" + "abcdefghijklmnopqrstuvwxyzABCDEFGH",
    "SK_KEY anthropic": "sk-ant-" + "api03-" + "Ab1" * 30,
    "SK_KEY stripe": "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc",
    "NPM_TOKEN": "npm_" + "a1B2" * 9,
    "PYPI_TOKEN": "pypi-" + "AgEIcHlwaS5vcmc" + "a1B2" * 20,
    "SENDGRID_KEY": "SG." + "a1B2c3D4e5F6g7H8i9J0ab" + "." + "a1B2c3D4e5F6g7H8i9J0abcdefghijk",
    "GOOGLE_TOKEN": "ya29." + "a0AfH6SMBx1B2c3D4e5F6g7H8i9J0",
}
CONTEXTS = [
    "{}",
    "`{}`",
    '"{}"',
    "[{}]",
    "[see] {}",
    "(x={})",
    "https://x.test/?q={}&b=1",
    "export X={}; ls",
    "line\\n{}",
    "**{}**",
    "<{}>",
    "a/{}",
]


def _scrubbed(text: str, *lines: str) -> str:
    """A text in the reply to a request, as a cassette keeps it."""
    return str(_reply({"content": text}, *lines)["content"])


def _response(body: bytes, headers: dict[str, list[str]] | None = None) -> Response:
    return {
        "status": {"code": 200, "message": "OK"},
        "headers": headers or {},
        "body": {"string": body},
    }


def _reply(data: dict[str, object], *lines: str) -> dict[str, object]:
    scrubber = Scrubber({}, Rules.of(lines))
    response = _response(json.dumps(data).encode())
    _, answer = scrubber.interaction(Request("GET", "https://x.test/", b"", {}), response)
    scrubbed: dict[str, object] = json.loads(answer["body"]["string"])
    return scrubbed


@pytest.mark.parametrize("name", CREDENTIALS)
def test_known_forms(name: str) -> None:
    """Wherever they stand in a text, with what is around them kept."""
    placeholder = f"<{name.split(maxsplit=1)[0]}>"
    assert _scrubbed(f"It is {CREDENTIALS[name]}, he said.") == f"It is {placeholder}, he said."
    assert _scrubbed(CREDENTIALS[name]) == placeholder


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("name", CREDENTIALS)
def test_known_forms_in_any_text(name: str, context: str) -> None:
    """Of prose, code, a URL, JSON in JSON; in a body of its own, in JSON, and in a stream."""
    credential = CREDENTIALS[name]
    text = context.format(credential)
    assert credential not in _scrubbed(text)
    assert credential not in json.loads(_scrubbed(json.dumps({"a": text})))["a"]
    for body in (text, _stream(text), _stream(*_cut(text, 7))):
        response = _response(body.encode())
        _, response = Scrubber({}).interaction(Request("GET", "", b"", {}), response)
        scrubbed = response["body"]["string"].decode()
        assert credential not in _said(scrubbed)


def _cut(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


def _stream(*contents: str, field: str = "content") -> str:
    return "".join(
        f"data: {json.dumps({'output_index': 0, field: content})}\n\n" for content in contents
    )


def _said(body: str, field: str = "content") -> str:
    """What a stream says, or another body."""
    lines = [line[6:] for line in body.splitlines() if line.startswith("data: ")]
    return "".join(json.loads(line)[field] for line in lines) if lines else body


def test_arguments_that_come_in_pieces() -> None:
    """Their fields are known by name all the same, and they stay JSON."""
    pieces = ['{"api_', 'key": "hun', 'ter2", "pass', 'word": 12', '34, "n": 1', "2}"]
    response = _response(_stream(*pieces, field="arguments").encode())
    _, response = Scrubber({}).interaction(Request("GET", "", b"", {}), response)
    arguments = _said(response["body"]["string"].decode(), "arguments")
    assert json.loads(arguments) == {"api_key": "<API_KEY>", "password": "<PASSWORD>", "n": 12}


@pytest.mark.parametrize("text", ["My password: hunter2hunter2", *CREDENTIALS.values()])
def test_a_form_does_not_go_on_into_the_next_message(text: str) -> None:
    """Of a request or a history: another answer to it must not match this one."""
    reply = _reply({"entries": [{"content": text}, {"content": "yes1"}, {"text": "yes2"}]})
    assert "yes1" in json.dumps(reply)
    assert "yes2" in json.dumps(reply)
    assert text not in json.dumps(reply)


def test_forms_with_something_to_keep() -> None:
    """What shows what it was stays."""
    assert _scrubbed(f"Key:\n{PRIVATE}\nEnd") == (
        "Key:\n-----BEGIN RSA PRIVATE KEY-----<PRIVATE_KEY>-----END RSA PRIVATE KEY-----\nEnd"
    )
    assert _scrubbed("Use Bearer zK4dummy0key1for2tests") == "Use Bearer <BEARER_TOKEN>"
    assert _scrubbed("Authorization: Basic dXNlcjpwYXNzd29yZDE=") == (
        "Authorization: Basic <BASIC_CREDENTIALS>"
    )
    assert _scrubbed("https://me:hunter2@x.test/a") == "https://me:<URL_PASSWORD>@x.test/a"
    assert _scrubbed("https://x.test/a?X-Amz-Signature=0a1b2c3d4e5f&b=1") == (
        "https://x.test/a?X-Amz-Signature=<X_AMZ_SIGNATURE>&b=1"
    )
    assert _scrubbed("https://hooks.slack.com/services/T00000000/B00000000/XXXX1234") == (
        "https://hooks.slack.com/services/<SLACK_WEBHOOK>"
    )
    assert _scrubbed('{"api_key": "a1b2c3d4e5f6"}') == '{"api_key": "<API_KEY>"}'
    assert _scrubbed("MISTRAL_X=1 client_secret=a1b2c3d4e5f6&x") == (
        "MISTRAL_X=1 client_secret=<CLIENT_SECRET>&x"
    )
    assert _scrubbed("password: 'p@ss(1)word,12!X9'") == "password: '<PASSWORD>'"
    assert _scrubbed("postgres://me:p:ss@db.test/x") == "postgres://me:<URL_PASSWORD>@db.test/x"
    died = PRIVATE.partition("-----END")[0].replace("DANBg", "DANBgkqhkiG9w0BAQ")
    assert _scrubbed(died) == "-----BEGIN RSA PRIVATE KEY-----<PRIVATE_KEY>"


@pytest.mark.parametrize(
    "text",
    [
        "What is a bearer token, and what is basic authentication?",
        "Basic Introduction to Networking",
        "The password: see the manual. The secret of the sauce is butter.",
        "password = os.environ['DATABASE_PASSWORD']",
        "conv_01a20eeba1c47b7c871fe89726add5f0 msg_01a20eeba1c478afa171fa5ce9dcba09",
        "sk-learn and risk-averse task-force people",
        "https://x.test/a?page_token=12&sig=a",
        "token: <TOKEN>, api_key: ****, secret=REDACTED",
        "eyJ is how JSON begins in Base64",
        "Send Authorization: Bearer YOUR_API_KEY_HERE, or api_key=your_api_key_here",
        "secret = secrets.token_hex(16); token: CancellationToken = Depends(oauth2_scheme)",
        "credentials = Credentials.from_service_account_file('key1.json')",
        "sk-learn-is-a-great-library-for-2020 and risk_assessment_of_2024_projects_a1",
        "next_page_token: abc123def456ghi and pad_token_id=50256 and max_tokens=4096",
        "-----BEGIN PRIVATE KEY----- is how a PEM file starts; what follows is Base64.",
        "https://x.test:8080/ git@github.com:user/repo.git http://a.b/c?d=e:f@g",
        "Authorization: Basic base64(username:password)",
        "conv_019fa20eeba1c47b7c871fe89726add5f0 session_id=01a20eeba1c478afa171fa5ce9dcba09",
    ],
)
def test_what_people_talk_about_is_no_secret(text: str) -> None:
    """Words that are also names of credentials, ids of the API, and masks."""
    assert _scrubbed(text) == text


def test_fields_by_name() -> None:
    """A sure name, whatever it holds; an unsure one, where it looks like a credential."""
    data: dict[str, object] = {
        "api_key": "short",
        "API-Key": "x1",
        "password": "correct horse",
        "token": "a1b2c3d4e5f6",
        "access_token": "abc",
        "authorization": {"type": "oauth2-token", "value": "abc"},
        "clientSecret": "a1b2c3d4",
        "OPENAI_API_KEY": "abc",
        "githubToken": "a1b2c3d4e5f6",
        "db.password": 123456,
        "arguments": json.dumps({"password": "abc", "pwd": [1], "token": "hello"}),
    }
    kept: dict[str, object] = {
        "token": "hello",
        "max_tokens": 7,
        "secret": "of the sauce",
        "password": "",
        "key": "value",
        "signature": "a1b2c3d4e5f6",
        "next_page_token": "a1b2c3d4e5f6",
        "logprobs": [{"token": "a1b2c3d4e5f6"}],
        "properties": {"password": {"type": "string"}},
    }
    assert _reply(data) == {
        "api_key": "<API_KEY>",
        "API-Key": "<API_KEY>",
        "password": "<PASSWORD>",
        "token": "<TOKEN>",
        "access_token": "<ACCESS_TOKEN>",
        "authorization": {"type": "oauth2-token", "value": "<AUTHORIZATION>"},
        "clientSecret": "<CLIENT_SECRET>",
        "OPENAI_API_KEY": "<API_KEY>",
        "githubToken": "<TOKEN>",
        "db.password": "<PASSWORD>",
        "arguments": json.dumps({"password": "<PASSWORD>", "pwd": ["<PWD>"], "token": "hello"}),
    }
    assert _reply(kept) == kept


# How a cookie was told from other text at first: simple, and slow where there is much of it.
COOKIE = re.compile(r"(?<![^\s;])[^\s=;]{1,64}=(?=[^;]*\d)(?=[^;]*[A-Za-z])[^\s;]{8,}(?:;|\Z)")


@given(
    st.lists(
        st.sampled_from([*"a1=;- \n", "é٣", "x" * 7, "x" * 8, "12345678", "n" * 63, "sid=a1b2c3d4"])
    ).map("".join)
)
@example("sid=abcdefg1")
@example("sid=abcdefg1; a=b")
@example("sid=abcdefg1 a=b")
@example("sid=abcdefgh 1")
@example("sid=abcdefgh; a=1")
@example("sid=a=b=c=d=1;")
@example("n" * 64 + "=abcdefg1")
@example("n" * 65 + "=abcdefg1")
def test_a_field_that_may_hold_a_cookie(text: str) -> None:
    """Loses its value where one is in it, wherever that is."""
    text = f"; {text}"  # so it looks like nothing else
    assert _reply({"secret": text}) == {"secret": "<SECRET>" if COOKIE.search(text) else text}


def test_a_field_with_more_names_than_a_cookie_has() -> None:
    """To look through all that follows at each of them would never end."""
    text = "a=b " * 1_000_000
    assert _reply({"secret": text}) == {"secret": text}
    assert _reply({"secret": f"{text}sid=a1b2c3d4"}) == {"secret": "<SECRET>"}


@pytest.mark.parametrize(
    "body",
    [
        "password=hunter2&user=me",
        "user=me&password=hunter2",
        "https://x.test/a?x=1&access_token=hunter2#b",
        '--b\r\nContent-Disposition: form-data; name="password"\r\n\r\nhunter2\r\n--b--\r\n',
        '--b\r\nContent-Disposition: form-data; name="f"; filename="a.json"\r\n'
        'Content-Type: application/json\r\n\r\n{"password": "hunter2"}\r\n--b--\r\n',
        '{"a": 1, "password" : "hunter2',
        'data: {"password": "hunter2"}\n\n',
    ],
)
def test_fields_of_other_bodies(body: str) -> None:
    """Of forms, of the query of a URL, of parts, of JSON that was cut."""
    request = Request("POST", "https://x.test/", body.encode(), {})
    scrubbed = Scrubber({}).request(request).body
    assert re.fullmatch(re.escape(body).replace("hunter2", r"<\w+>"), scrubbed.decode())


def test_headers_by_name() -> None:
    """What nobody knows is not kept; what is useful is, with the credentials in it taken out."""
    headers: dict[str, list[str]] = {
        "x-of-somebody": ["a", "b"],
        "x-ratelimit-limit-tokens-minute": ["500000"],
        "retry-after": ["3"],
        "content-type": ["application/json"],
        "access-control-allow-credentials": ["true"],
        "location": ["https://x.test/?access_token=a1b2c3d4e5f6"],
    }
    response = _response(b"", headers)
    scrubber = Scrubber({}, Rules.of(["keep:x-mine: .*"]))
    request = Request("GET", "https://x.test/", b"", {"x-session": "a", "x-mine": "b"})
    request, response = scrubber.interaction(request, response)
    assert dict(request.headers) == {"x-session": "<X-SESSION>", "x-mine": "b"}
    assert response["headers"] == headers | {
        "x-of-somebody": ["<X-OF-SOMEBODY>"] * 2,
        "location": ["https://x.test/?access_token=<ACCESS_TOKEN>"],
    }


def test_patterns_of_the_project() -> None:
    """All of a match, or a group that has a name; and what is to be kept."""
    text = "order-123 of customer 456, sk-" + "a1b2c3d4e5f6g7h8i9j0"
    assert _scrubbed(text, r"re:order-\d+") == "<PATTERN> of customer 456, <SK_KEY>"
    named = _scrubbed(text, r"re:customer (?P<customer>\d+)", "keep:sk-.*")
    assert named == text.replace("456", "<CUSTOMER>")
    two = _scrubbed(text, r"re:order-(?P<order>\d+)|of customer (?P<customer>\d+)", "keep:sk-.*")
    assert two == text.replace("456", "<CUSTOMER>").replace("123", "<ORDER>")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("re:(", "does not compile: missing ), unterminated subpattern"),
        ("keep:[", "does not compile: unterminated character set"),
        ("re:.*", "matches words of the API itself"),
        ("re:x?", "matches words of the API itself"),
        ("re:[a-z]+", "matches words of the API itself"),
    ],
)
def test_wrong_lines(line: str, message: str) -> None:
    """Are named."""
    with pytest.raises(ValueError, match=re.escape(repr(line)) + ".*" + re.escape(message)):
        Rules.of(["NAME", line])


@pytest.mark.parametrize(
    "line", ["not a name", "sk-a1b2c3d4e5f6", "zK4dummy0key1for2tests3only4xyzw"]
)
def test_a_line_that_may_be_a_secret_is_not_shown(line: str) -> None:
    """Somebody may have put it there in place of a name."""
    with pytest.raises(
        ValueError, match="is no name of an environment variable; a pattern"
    ) as raised:
        Rules.of(["NAME", "Name_2", line])
    assert line not in str(raised.value)
    assert repr(line[:3]) in str(raised.value)


@pytest.mark.parametrize("value", ["conversation", "message.output", "response", "content-type"])
def test_words_of_the_api_are_no_secrets(value: str) -> None:
    """What stands in place of a key does not break the recording."""
    scrubber = Scrubber({"MISTRAL_API_KEY": value})
    assert scrubber.finder.unsearched == {"MISTRAL_API_KEY": "it is a word of the API itself"}
    assert scrubber.data({"type": "conversation.response.done"}) == {
        "type": "conversation.response.done"
    }


def test_all_words_of_the_models_are_known() -> None:
    """So that none of them is ever taken for a secret."""
    names: set[str] = set()
    for each in vars(models).values():
        if isinstance(each, type) and issubclass(each, pydantic.BaseModel):
            for name, field in each.model_fields.items():
                names |= {field.alias or name, *_words(field.annotation)}
    assert {"conversation.response.done", "code_interpreter", "completion_tokens"} <= names
    assert {name for name in names if len(name) >= 8 and name not in WORDS} == set()


def _words(annotation: object) -> set[str]:
    """The texts that a field may hold, where they are named."""
    found: set[str] = set()
    for each in get_args(annotation):
        found |= {each} if isinstance(each, str) else _words(each)
    return found


def test_overlapping_secrets_leave_nothing() -> None:
    """The longest gives its name, and what it overlaps goes with it."""
    scrubber = Scrubber({"SHORT": "abcdefgh", "LONG": "abcdefghijkl", "OTHER": "ijklmnopq"})
    assert scrubber.data("abcdefghijkl abcdefgh") == "<LONG> <SHORT>"
    assert scrubber.data("--abcdefghijklmnopq--") == "--<LONG>--"


def test_a_number_stays_json() -> None:
    """A secret that is a number, as a value of its own: in quotes."""
    scrubber = Scrubber({"PIN": "12345678"})
    body = b'{"a": 12345678, "b": [-9123456780, "x 12345678"], "12345678": 1}'
    response = _response(body)
    _, response = scrubber.interaction(Request("GET", "https://x.test/", b"", {}), response)
    assert json.loads(response["body"]["string"]) == {
        "a": "<PIN>",
        "b": ["<PIN>", "x <PIN>"],
        "<PIN>": 1,
    }


def test_an_escape_before_a_secret_goes_with_it() -> None:
    """What is left is JSON, although a letter of the escape is one of the secret."""
    body = rb'{"a": "\nabcdefgh", "b": "\\nabcdefgh"}'
    scrubber = Scrubber({"K": "nabcdefgh"})
    response = _response(body)
    _, response = scrubber.interaction(Request("GET", "https://x.test/", b"", {}), response)
    assert json.loads(response["body"]["string"]) == {"a": "<K>", "b": "\\<K>"}


@pytest.mark.parametrize("made", ["x", "not-a-real-key", "another-key-1234567890", JWT])
def test_whatever_stands_in_place_of_a_credential_matches(tmp_path: Path, made: str) -> None:
    """By value, by its form, or by its field: on replay another rule may find it, or none."""

    def request(value: str) -> Request:
        body = json.dumps({"inputs": "Hi", "tools": [{"api_key": value}]}).encode()
        headers = {"authorization": f"Bearer {value}"}
        return Request("POST", "https://x.test/", body, headers)

    path = str(tmp_path / "cassette.yaml")
    key = "zK4dummy0key1for2tests3only4xyzw"
    cassette = ConversationCassette(path, mode="once", scrubber=Scrubber({"MISTRAL_API_KEY": key}))
    cassette.admit(request(key))
    cassette.record(request(key)).response = _response(b"{}")
    cassette.write()
    replay = ConversationCassette(path, mode="none", scrubber=Scrubber({}))
    admitted = replay.admit(request(made))
    assert admitted is not None
    assert replay.play(admitted) is not None
