"""A new recording replaces the old one, although the API makes new ids in each run."""

import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vcr.request import Request

from pytest_conversations.cassette import ConversationCassette, Response, Scrubber, Sharing

URL = "https://api.mistral.ai/v1/conversations"
AGENT = "ag_0198f7b2c1d24e5f"

Exchange = tuple[Request, Response]


def _exchange(method: str, path: str, body: object, reply: str) -> Exchange:
    request = Request(method, URL + path, json.dumps(body).encode() if body else b"", {})
    return request, {
        "status": {"code": 200, "message": "OK"},
        "headers": {},
        "body": {"string": reply.encode()},
    }


def _conversation(run: str, prompt: str) -> list[Exchange]:
    """A conversation whose later requests carry ids of earlier replies, one of them a stream's."""
    conversation, entry, call = (f"{kind}_{run}{prompt:0>12}" for kind in ("conv", "msg", "call"))
    started = {"conversation_id": conversation, "outputs": [{"id": entry, "agent_id": AGENT}]}
    events = [
        {"type": "conversation.response.started", "conversation_id": conversation},
        {
            "type": "function.call.delta",
            "id": f"fc_{entry}",
            "tool_call_id": call,
            "arguments": "{",
        },
        {
            "type": "function.call.delta",
            "id": f"fc_{entry}",
            "tool_call_id": call,
            "arguments": "}",
        },
    ]
    stream = "".join(f"event: {each['type']}\ndata: {json.dumps(each)}\n\n" for each in events)
    result = {"inputs": [{"tool_call_id": call, "result": "4"}], "agent_id": AGENT}
    return [
        _exchange("POST", "", {"inputs": prompt, "agent_id": AGENT}, json.dumps(started)),
        _exchange("POST", f"/{conversation}#stream", {"inputs": "2+2?"}, stream),
        _exchange("POST", f"/{conversation}", result, "{}"),
        _exchange("POST", f"/{conversation}/restart", {"from_entry_id": entry}, "{}"),
        _exchange("GET", f"/{conversation}/history", None, "{}"),
    ]


def _record(path: Path, *exchanges: Exchange, sharing: Sharing | None = None) -> None:
    cassette = ConversationCassette(str(path), mode="all", scrubber=Scrubber({}), sharing=sharing)
    for request, response in exchanges:
        cassette.record(request).response = response
    cassette.write()


def _requests(path: Path) -> list[tuple[str, bytes]]:
    cassette = ConversationCassette(str(path), mode="none", scrubber=Scrubber({}))
    return [(each.request.uri, each.request.body) for each in cassette.interactions]


def _of(*exchanges: Exchange) -> list[tuple[str, bytes]]:
    return [(request.uri, json.loads(request.body or "0")) for request, _ in exchanges]


def _held(path: Path) -> list[tuple[str, bytes]]:
    return [(uri, json.loads(body or b"0")) for uri, body in _requests(path)]


def test_follow_ups_are_replaced(tmp_path: Path) -> None:
    """Nothing of the old run is left behind its new ids."""
    path = tmp_path / "it.yaml"
    _record(path, *_conversation("a", "1"), *_conversation("a", "2"))
    again = [*_conversation("b", "1"), *_conversation("b", "2")]
    _record(path, *again)
    assert _held(path) == _of(*again)


def test_what_was_not_asked_again_stays(tmp_path: Path) -> None:
    """Mode `all` replaces what matches; a conversation that is over earlier loses its end only."""
    path = tmp_path / "it.yaml"
    first, other = _conversation("a", "1"), _conversation("a", "2")
    _record(path, *first, *other)
    again = _conversation("b", "1")[:3]
    _record(path, *again)
    assert _held(path) == _of(*first[3:], *other, *again)


def test_another_prompt_is_another_conversation(tmp_path: Path) -> None:
    """With all that follows it."""
    path = tmp_path / "it.yaml"
    _record(path, *_conversation("a", "1"))
    _record(path, *_conversation("b", "2"))
    assert _held(path) == _of(*_conversation("a", "1"), *_conversation("b", "2"))


def test_an_equal_conversation_of_another_test_stays(tmp_path: Path) -> None:
    """Tests that share a cassette ask the same, and one of them is recorded again."""
    path = tmp_path / "it.yaml"
    for run, test in [("a", "one"), ("b", "two"), ("c", "one")]:
        _record(path, *_conversation(run, "1"), sharing=Sharing(test, run))
    assert _held(path) == _of(*_conversation("b", "1"), *_conversation("c", "1"))


@settings(max_examples=40)  # each writes two files
@given(
    prompts=st.lists(st.sampled_from("123"), min_size=1, max_size=4),
    order=st.randoms(use_true_random=False),
)
def test_conversations_that_run_side_by_side(
    tmp_path_factory: pytest.TempPathFactory, prompts: list[str], order: random.Random
) -> None:
    """Equal ones, too, and in another order in each run: each request is replaced once."""
    path = tmp_path_factory.mktemp("again") / "it.yaml"
    for run in "ab":
        ids = [_conversation(f"{run}{number}", prompt) for number, prompt in enumerate(prompts)]
        turns = [number for number in range(len(ids)) for _ in range(5)]
        order.shuffle(turns)
        conversations = [iter(each) for each in ids]
        exchanges = [next(conversations[turn]) for turn in turns]
        _record(path, *exchanges)
    assert _held(path) == _of(*exchanges)
