"""What is left of a body without its secrets is as well formed as it was."""

import json
from urllib.parse import parse_qs, quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vcr.request import Request

from pytest_conversations._protocol import WORDS
from pytest_conversations.cassette import Scrubber

# Such that begin or end with what may be part of an escape, and such that need escapes themselves.
TRICKY = [
    "nabcdefgh",
    "ab\nabcdefgh",
    '"quoted"key',
    "\\back\\slash9",
    "uabcd1234",
    "u0041bcdefgh",
    "12345678",
    "/slash/key12",
    "tab\tkey1234",
    "2Fabcdefgh",
    "é\u2028key💥é12",
]
secrets = st.one_of(
    st.sampled_from(TRICKY),
    st.text('n\\"/u0\nbé ', min_size=8, max_size=12).filter(
        lambda text: text == text.strip() and text not in WORDS
    ),
)


def _scrubbed(body: bytes, secret: str) -> bytes:
    request = Request("POST", "https://x.test/", body, {})
    scrubbed: bytes = Scrubber({"K": secret}).request(request).body
    return scrubbed


@given(secrets, st.integers(0, 3), st.booleans(), st.text('\n\\"n/u ', max_size=3))
def test_json_in_json(secret: str, depth: int, ascii_only: bool, around: str) -> None:  # noqa: FBT001
    """At each depth, whatever stands before and behind a secret, and of keys, too."""
    data: object = {"a": around + secret + around, secret: [secret, 1, around]}
    for _ in range(depth):
        data = {"in": json.dumps(data, ensure_ascii=ascii_only)}
    scrubbed = json.loads(_scrubbed(json.dumps(data).encode(), secret))
    for _ in range(depth):
        scrubbed = json.loads(scrubbed["in"])
    assert secret not in "".join(_texts(scrubbed))
    assert next(iter(scrubbed)) == "a"
    assert scrubbed["a"].count("<K>") == 1


def _texts(data: object) -> list[str]:
    if isinstance(data, dict):
        return [text for pair in data.items() for each in pair for text in _texts(each)]
    if isinstance(data, list):
        return [text for each in data for text in _texts(each)]
    return [str(data)]


@pytest.mark.parametrize("depth", range(4))
def test_numbers(depth: int) -> None:
    """A string stands in their place, in quotes as they are written there."""
    data: object = {"a": 12345678, "b": [-9123456780.5, "x 12345678"], "password": 1234}
    for _ in range(depth):
        data = {"in": json.dumps(data)}
    scrubbed = json.loads(_scrubbed(json.dumps(data).encode(), "12345678"))
    for _ in range(depth):
        scrubbed = json.loads(scrubbed["in"])
    assert scrubbed == {"a": "<K>", "b": ["<K>", "x <K>"], "password": "<PASSWORD>"}


def test_numbers_of_json_in_a_form() -> None:
    """The quotes are written as a form has them."""
    body = f"a=1&payload={quote(json.dumps({'n': 12345678, 'm': 1}))}".encode()
    (payload,) = parse_qs(_scrubbed(body, "12345678").decode())["payload"]
    assert json.loads(payload) == {"n": "<K>", "m": 1}


@pytest.mark.parametrize("secret", TRICKY)
def test_spellings_in_spellings(secret: str) -> None:
    """Percent-encoded twice, and JSON in a form."""
    twice = quote(quote(secret, safe=""), safe="")
    assert _scrubbed(f"a={twice}&b=2".encode(), secret) == b"a=<K>&b=2"
    payload = quote(json.dumps({"a": secret, "b": 2}))
    scrubbed = parse_qs(_scrubbed(f"payload={payload}".encode(), secret).decode())
    assert json.loads(scrubbed["payload"][0]) == {"a": "<K>", "b": 2}


HOSTILE = (
    *("\\", "%5c", "%25", '\\"', "token\\", "token=", "a=", "sk-", "-sk-", "eyJ-", "eyJaaaaaaaa."),
    *("://", "http://a:", "bearer ", "-----BEGIN PRIVATE KEY-----", "12345678 ", "é"),
    *("?a=", "[", '{"a":', '["a",', "data: \n\n", "\r\n--", 'content-disposition: a; name="a"\r\n'),
)


@pytest.mark.parametrize("unit", HOSTILE)
def test_hostile_bodies(unit: str) -> None:
    """Nothing nests too deep, nothing is lost, and time does not grow faster than the body."""
    secret = '\\"/ab cd\n"'
    body = unit * (50_000 // len(unit))
    inner = json.dumps([body])
    for around in (body, json.dumps({"a": body}), json.dumps({"a": inner}), f'{{"a":"{body}'):
        scrubbed = _scrubbed(f"{around} end".encode(), secret)
        assert scrubbed.endswith(b" end")
        assert len(scrubbed) > len(body) / 8


def test_what_goes_over_several_texts_leaves_what_is_between() -> None:
    """A secret that looks like JSON itself."""
    secret = 'first", "second'
    assert json.loads(_scrubbed(b'["my first", "second thing"]', secret)) == ["my <K>", " thing"]
