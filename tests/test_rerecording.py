"""A new recording replaces the old one, although the API makes new ids in each run."""

import json
import random
from pathlib import Path

import pytest
from effort import Counter
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


@pytest.mark.parametrize(
    "text",
    [
        "{0}",
        "It is {0}.",
        "Lines:\n{0}\t{1}\n",
        "{0}{1}",
        "{1}:{0}-x",
        "x{0}x{1}x",
        "{2} {0} {2}{1}{0}",
        "a-long-word-before {0} conversations:{1}.history, and no_other_id {0}",
    ],
)
def test_ids_anywhere_in_what_follows(tmp_path: Path, text: str) -> None:
    """Alone or within a word, behind an escape, and also where one begins with another."""
    path = tmp_path / "it.yaml"
    runs = []
    for run in "ab":
        ids = [f"msg_{run}0000000", f"call_{run}0000000", f"msg_{run}0000000{run}"]
        reply = json.dumps({"outputs": [{"id": each} for each in ids]})
        runs.append(
            [
                _exchange("POST", "", {"inputs": "Hi"}, reply),
                _exchange("POST", f"/{ids[0]}", {"inputs": text.format(*ids)}, "{}"),
            ]
        )
        _record(path, *runs[-1])
    assert _held(path) == _of(*runs[-1])


def test_a_turn_takes_no_more_than_one_before(tmp_path: Path) -> None:
    """Though each has ids of its own, and the last could have any of them."""
    counter = Counter()
    for turns in (5, 40, 80):  # what is only done the first time is not counted
        path = tmp_path / f"{turns}.yaml"
        for run in "ab":
            turn = [_conversation(f"{run}{turns}_{number}", "1")[:2] for number in range(turns)]
            exchanges = [exchange for each in turn for exchange in each]
            with counter.counting(f"{run}{turns}"):
                _record(path, *exchanges)
        assert _held(path) == _of(*exchanges)
    assert counter.counts["b80"] < 2.5 * counter.counts["b40"]


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
