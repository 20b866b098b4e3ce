"""No secret reaches the disk: planted anywhere, in any spelling, cut anywhere."""

import base64
import itertools
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus, unquote, unquote_plus

import pytest
import yaml
from hypothesis import given, note, settings
from hypothesis import strategies as st
from vcr.request import Request

from pytest_conversations._protocol import WORDS
from pytest_conversations.cassette import Chunk, ConversationCassette, Scrubber, table
from pytest_conversations.cassette._spelling import SHORTEST

NAME = "MISTRAL_API_KEY"
ALPHABETS = (
    st.sampled_from("abcXYZ019"),
    st.sampled_from("0123456789"),
    st.sampled_from('+/=%"\\ab0'),
    st.sampled_from("-_.~ab0"),
    st.characters(min_codepoint=0x20, max_codepoint=0x7E),
    st.characters(exclude_categories=["Cs"]),
)
secrets = st.sampled_from(ALPHABETS).flatmap(
    lambda alphabet: st.text(alphabet, min_size=8, max_size=40)
)


def _json(secret: str, draw: st.DrawFn) -> str:
    """Each character as it is, where it may be, or escaped."""
    pieces = []
    for char in secret:
        units = char.encode("utf-16-be")
        escaped = "".join(
            f"\\u{a:02x}{b:02x}" for a, b in zip(units[::2], units[1::2], strict=True)
        )
        ways = [escaped, escaped.upper().replace("\\U", "\\u"), json.dumps(char)[1:-1]]
        ways += ["\\/"] if char == "/" else []
        pieces.append(draw(st.sampled_from(ways)))
    return "".join(pieces)


def _percent(secret: str, draw: st.DrawFn) -> str:
    ways: tuple[Callable[[str], str], ...] = (
        lambda char: quote(char, safe=""),
        lambda char: quote(char, safe="").lower(),
        quote_plus,
        lambda char: "".join(f"%{byte:02X}" for byte in char.encode()),
    )
    way = draw(st.sampled_from(ways))
    return "".join(map(way, secret))


def _base64(secret: str, draw: st.DrawFn) -> str:
    encode = draw(st.sampled_from([base64.b64encode, base64.urlsafe_b64encode]))
    around = st.binary(max_size=4)
    text = encode(draw(around) + secret.encode() + draw(around)).decode()
    return text if draw(st.booleans()) else text.rstrip("=")


def _hex(secret: str, draw: st.DrawFn) -> str:
    text = secret.encode().hex()
    return draw(st.sampled_from([text, text.upper()]))


SPELLINGS = {
    "plain": lambda secret, _: secret,
    "percent": _percent,
    "json": _json,
    "base64": _base64,
    "hex": _hex,
}


@st.composite
def exchanges(draw: st.DrawFn) -> tuple[str, Request, dict[str, Any]]:
    """A secret, and a request and a response with it somewhere."""
    secret = draw(secrets)
    way = draw(st.sampled_from(sorted(SPELLINGS)))
    spelled = SPELLINGS[way](secret, draw)
    note(f"{way}: {spelled!r}")
    # In JSON a text is escaped, unless its spelling is an escape already.
    inside = spelled if way == "json" else json.dumps(spelled)[1:-1]
    words = st.text(st.sampled_from("abc "), max_size=6)
    before, after = draw(words), draw(words)
    places = draw(st.sets(st.sampled_from(["url", "header", "request", "key", "reply", "deltas"])))
    text = f'{{"inputs": "{before}{inside if "request" in places else ""}{after}"}}'
    if "key" in places:
        text = f'{{"{inside}": {text}}}'
    url = "https://x.test/v1/conversations" + (f"?q={quote(spelled)}" if "url" in places else "")
    request = Request("POST", "", text.encode(), {})
    request.uri = url
    headers = {"content-type": ["application/json"]}
    if "header" in places:
        headers["server"] = [spelled.encode().decode("latin-1")]
    body = f'{{"content": "{before}{inside if "reply" in places else ""}{after}", "n": 1}}'.encode()
    if "deltas" in places:
        cuts = sorted(draw(st.lists(st.integers(0, len(secret)), max_size=3)))
        pieces = [secret[a:b] for a, b in itertools.pairwise((0, *cuts, len(secret)))]
        body = b"".join(
            b"event: message.output.delta\ndata: %s\n\n"
            % json.dumps({"output_index": 0, "content": piece}).encode()
            for piece in (before, *pieces, after)
        )
    edges = sorted({0, len(body), *draw(st.lists(st.integers(0, len(body)), max_size=4))})
    chunks = [Chunk(0, body[a:b]) for a, b in itertools.pairwise(edges)]
    response = {
        "status": {"code": 200, "message": "OK"},
        "headers": headers,
        "body": {"string": body},
        "stream": {"chunks": table(chunks)},
    }
    return secret, request, response


def _joined(body: str) -> str:
    """What the deltas of a stream say together; the body must be as well formed as it was."""
    if not body.startswith("event:"):
        json.loads(body)
        return body
    return "".join(
        json.loads(line[6:])["content"] for line in body.splitlines() if line[:5] == "data:"
    )


@settings(max_examples=max(300, settings().max_examples))  # more by --hypothesis-profile=nightly
@given(exchanges())
def test_a_planted_secret_is_nowhere_on_the_disk(
    tmp_path_factory: pytest.TempPathFactory, exchange: tuple[str, Request, dict[str, Any]]
) -> None:
    """As it is, decoded in any way, or put together again."""
    secret, request, response = exchange
    path = tmp_path_factory.mktemp("leaks") / "cassette.yaml"
    cassette = ConversationCassette(str(path), mode="once", scrubber=Scrubber({NAME: secret}))
    cassette.record(request).response = response
    cassette.write()

    text = path.read_text(encoding="utf-8")
    (interaction,) = yaml.safe_load(text)["interactions"]
    body = interaction["response"]["body"]["string"]
    everything = "\n".join(
        [text, str(interaction["request"]["body"]), body, _joined(body), *_texts(interaction)]
    )
    secret = secret.strip(" \t\r\n")
    if secret in WORDS or len(secret) < SHORTEST:
        return
    for decode in (str, unquote, unquote_plus, _unescaped, lambda it: _unescaped(unquote(it))):
        assert secret not in decode(everything)
    for encoded in _encoded(secret):
        assert encoded.lower() not in everything.lower() or len(encoded) < 8
    assert sum(size for _, size in _pairs(interaction)) == len(body.encode())


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for pair in value.items() for each in pair for text in _texts(each)]
    return (
        [text for each in value for text in _texts(each)]
        if isinstance(value, list)
        else [str(value)]
    )


def _unescaped(text: str) -> str:
    return re.sub(
        r'\\u[dD][89abAB]\w\w\\u[dD]\w{3}|\\u\w{4}|\\["\\/bfnrt]',
        lambda m: json.loads(f'"{m[0]}"'),
        text,
    )


def _encoded(secret: str) -> list[str]:
    """What is left of it in hexadecimal, and in the middle of Base64."""
    raw = secret.encode()
    cores = [base64.b64encode(bytes(n) + raw).decode()[4:-4] for n in range(3)]
    return [raw.hex(), *cores, *(core.translate(str.maketrans("+/", "-_")) for core in cores)]


def _pairs(interaction: dict[str, Any]) -> list[tuple[int, int]]:
    chunks: str = interaction["response"]["stream"]["chunks"]
    return [tuple(map(int, pair.split("+"))) for pair in chunks.split()]  # type: ignore[misc]
