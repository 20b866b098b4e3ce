"""What reads our own files quickly reads what YAML reads, or leaves them to YAML."""

from pathlib import Path

import pytest
import vcr.serialize
from hypothesis import given, settings
from hypothesis import strategies as st
from vcr.request import Request

from pytest_conversations.cassette import Response, _checksum, _written
from pytest_conversations.cassette import _serializer as serializer
from pytest_conversations.cassette._interactions import Interactions

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


@st.composite
def cassettes(draw: st.DrawFn) -> str:
    """The text of a cassette with whatever one may hold."""
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
    document = {"requests": requests, "responses": responses, "metadata": metadata}
    text: str = vcr.serialize.serialize(document, serializer)
    return text


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
@given(cassettes())
def test_a_response_is_the_same_when_it_is_read_later(text: str) -> None:
    """With the test that it was recorded for told before; what is not as expected is YAML's."""
    requests, responses, *metadata = vcr.serialize.deserialize(text, serializer)
    later = _written.read_requests(text.encode(), lambda number: responses[number])
    if later is None:  # something else than a response is not as expected
        return
    assert [each.test for each in later[1]] == [each.get("test") for each in responses]
    held = Interactions(zip(later[0], later[1], strict=True))  # type: ignore[arg-type]
    assert [pair[1] for pair in held[1:]] == responses[1:]
    assert [each.response for each in later[1]] == responses
    assert [pair[1] for pair in held.with_requests(lambda request: request)] == responses
    assert [each.test for each in later[1]] == [each.get("test") for each in responses]
    assert _shown((later[0], responses, later[2])) == _shown((requests, responses, *metadata))


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


@pytest.mark.parametrize("path", sorted(CASSETTES.rglob("*.yaml")), ids=lambda path: path.stem)
def test_our_own_are_read_quickly(path: Path) -> None:
    """Files as they are recorded need no YAML."""
    text = path.read_text(encoding="utf-8")
    quick = _written.read(text.encode())
    assert quick is not None
    assert _shown(quick) == _by_yaml(text)
