"""The short way to a recording, without scrubbing a request, leads where the long one does."""

import json
import tempfile
import threading
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vcr.request import Request

from pytest_conversations.cassette import ConversationCassette, Response, Scrubber
from pytest_conversations.errors import UnrecordedRequestError

URL = "https://x.test/v1/conversations"
KEY = "zK4hf8Wq2LmP0xVb7TnYc3RdJ6sGaE91"
DUMMY = "not-a-real-key"
OTHER = "qW3eRt5yUi7oPa9sDf1gHj"

# What a test sends, by the key that it has.
REQUESTS: list[Callable[[str], Request]] = [
    lambda key: _post({"inputs": "Hello"}, key),
    lambda key: _post({"inputs": "Hello", "stream": False}, key),
    lambda key: _post({"stream": False, "inputs": "Hello"}, key),
    lambda key: _post({"inputs": f"My key is {key}"}, key),
    lambda key: _post({"inputs": "My key is <MISTRAL_API_KEY>"}, key),
    lambda key: _post({"inputs": f"My key is {DUMMY}"}, key),
    lambda key: _post({"inputs": f"password: {OTHER}"}, key),
    lambda key: _post({"inputs": "password: <PASSWORD>"}, key),
    lambda key: _post({"inputs": OTHER}, key),
    lambda key: _post({"inputs": "Hello", "api_key": OTHER}, key),
    lambda key: Request("GET", f"{URL}?page=1", b"", _headers(key)),
    lambda key: Request("GET", f"{URL}?api_key={OTHER}", b"", _headers(key)),
    lambda key: Request("GET", f"{URL}?api_key=<API_KEY>", b"", _headers(key)),
]


def _headers(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def _post(body: dict[str, object], key: str) -> Request:
    return Request("POST", URL, json.dumps(body).encode(), _headers(key))


def _open(path: Path, mode: str, key: str) -> ConversationCassette:
    return ConversationCassette(str(path), mode=mode, scrubber=Scrubber({"MISTRAL_API_KEY": key}))


def _record(path: Path, sent: list[int]) -> None:
    cassette = _open(path, "once", KEY)
    for number, which in enumerate(sent):
        request = REQUESTS[which](KEY)
        response: Response = {
            "status": {"code": 200, "message": "OK"},
            "headers": {},
            "body": {"string": b"%d" % number},
        }
        cassette.record(request, cassette.admit(request)).response = response
    with warnings.catch_warnings():  # of what only a later request shows to be a credential
        warnings.simplefilter("ignore")
        cassette.write()


def _played(cassette: ConversationCassette, request: Request, *, short: bool) -> object:
    response = cassette.play_as_sent(request) if short else None
    if response is None:
        made = cassette.admit(request)
        assert made is not None
        try:
            response = cassette.play(made)
        except UnrecordedRequestError as error:
            return str(error)
    assert response is not None
    return response["body"]["string"]


numbers = st.integers(0, len(REQUESTS) - 1)


@settings(deadline=None)
@given(
    sent=st.lists(numbers, min_size=1, max_size=6),
    again=st.lists(numbers, max_size=7),
    key=st.sampled_from([KEY, DUMMY, "another-dummy-1"]),
)
def test_both_ways_lead_to_the_same(sent: list[int], again: list[int], key: str) -> None:
    """Whatever was recorded, and whatever is asked for then, in any order, with any key."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "cassette.yaml")
        _record(path, sent)
        short, long = _open(path, "none", key), _open(path, "none", key)
    for which in [*again, *sent]:
        request = REQUESTS[which](key)
        expected = _played(long, REQUESTS[which](key), short=False)
        assert _played(short, request, short=True) == expected


def test_the_short_way_is_taken(tmp_path: Path) -> None:
    """Where a request is what was recorded; and not where it holds the key."""
    path = tmp_path / "cassette.yaml"
    _record(path, [0, 3])
    cassette = _open(path, "none", DUMMY)
    hello, with_key = REQUESTS[0](DUMMY), REQUESTS[3](DUMMY)
    played = cassette.play_as_sent(hello)
    assert played is not None
    assert played["body"]["string"] == b"0"
    assert cassette.play_as_sent(with_key) is None
    assert _played(cassette, with_key, short=True) == b"1"


def test_what_a_request_carried_is_no_less_known(tmp_path: Path) -> None:
    """A request that was played by the short way teaches what its credential is, all the same."""
    path = tmp_path / "cassette.yaml"
    _record(path, [0])
    cassette = _open(path, "none", "")
    assert cassette.play_as_sent(REQUESTS[0](OTHER)) is not None
    made = cassette.admit(_post({"inputs": f"Is it {OTHER}?"}, ""))
    assert made is not None
    with pytest.raises(UnrecordedRequestError) as caught:
        cassette.play(made)
    assert OTHER not in str(caught.value)


def test_threads_that_scrub_at_once(tmp_path: Path) -> None:
    """One that looks at the cassette does not let another miss what is recorded."""
    path = tmp_path / "cassette.yaml"
    _record(path, [1] * 300 + [8])  # the last one holds OTHER as it is
    for _ in range(5):
        scrubber = Scrubber({"OTHER_KEY": OTHER})  # known only now
        cassette = ConversationCassette(str(path), mode="none", scrubber=scrubber)
        looking = threading.Thread(target=lambda: cassette.interactions)  # noqa: B023 - joined
        looking.start()
        assert _played(cassette, REQUESTS[8](KEY), short=True) == b"300"
        looking.join()


def test_vcrpy_finds_what_has_to_be_scrubbed_first(tmp_path: Path) -> None:
    """Its own look-up sees both sides alike, too."""
    path = tmp_path / "cassette.yaml"
    _record(path, [8])
    scrubber = Scrubber({"OTHER_KEY": OTHER})
    cassette = ConversationCassette(str(path), mode="none", scrubber=scrubber)
    assert REQUESTS[8](KEY) in cassette


def test_equal_requests_after_a_rewind(tmp_path: Path) -> None:
    """They are answered in their order, and once more from the first one on."""
    path = tmp_path / "cassette.yaml"
    _record(path, [0, 0, 1, 0])
    cassette = _open(path, "none", KEY)
    for _ in range(2):
        played = [_played(cassette, REQUESTS[0](KEY), short=True) for _ in range(3)]
        assert played == [b"0", b"1", b"3"]
        assert cassette.play_as_sent(REQUESTS[0](KEY)) is None
        cassette.rewind()  # type: ignore[no-untyped-call] # vcrpy's
