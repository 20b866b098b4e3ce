"""Real recorded traffic: it replays through every kind of client, with equal results."""

import json
import shutil
import types
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import vcr
from pydantic import BaseModel

from pytest_conversations import ConversationsClient
from pytest_conversations.capture import Capture
from pytest_conversations.cassette import ConversationCassette, Interaction, Scrubber

ORIGIN = "https://api.mistral.ai"


def _open(path: Path) -> ConversationCassette:
    return ConversationCassette(str(path), mode="none", scrubber=Scrubber({}))


def _cassettes(folder: Path) -> Iterator[Path]:
    """Those that vcrpy loads, and can play."""
    for path in sorted(folder.glob("*.yaml")):
        try:
            responses = vcr.cassette.Cassette.load(path=str(path)).responses
        except (TypeError, KeyError, ValueError):
            continue
        if all("status" in each or "status_code" in each for each in responses):
            yield path


@pytest.mark.parametrize("library", ["httpx", "httpx2"])
@pytest.mark.parametrize("folder", ["mistral", "foreign"])
def test_recordings_of_vcrpy_replay_as_vcrpy_replays_them(
    corpus: Path, library: str, folder: str
) -> None:
    """Each request of each cassette gets the status, headers and bytes that vcrpy would give."""
    client: types.ModuleType = pytest.importorskip(library)
    paths = list(_cassettes(corpus / "cassettes" / folder))
    assert len(paths) >= 6
    for path in paths:
        requests = [each.request for each in _open(path).interactions]
        with vcr.use_cassette(str(path), record_mode="none", match_on=["method", "uri"]):
            theirs = [_send(client, request) for request in requests]
        origins = [request.uri for request in requests]
        with Capture(_open(path), origins).installed():
            ours = [_send(client, request) for request in requests]
        for recorded, mine, its in zip(_open(path).interactions, ours, theirs, strict=True):
            # vcrpy takes a header that is a text in place of a list apart, letter by letter.
            lists = {k for k, v in recorded.response["headers"].items() if isinstance(v, list)}
            assert mine[0::2] == its[0::2]
            assert [h for h in mine[1] if h[0] in lists] == [h for h in its[1] if h[0] in lists]


def _send(
    client: types.ModuleType, request: vcr.request.Request
) -> tuple[int, list[tuple[str, str]], bytes]:
    kept = {name: value for name, value in request.headers.items() if name.lower() != "host"}
    reply = client.request(request.method, request.uri, content=request.body, headers=kept)
    return reply.status_code, reply.headers.multi_items(), reply.content


def test_conversations_replay_through_both_clients_with_equal_results(
    corpus: Path, tmp_path: Path
) -> None:
    """Ours and the official SDK's read the same out of each recording; ours keeps what it drops."""
    sdk = pytest.importorskip("mistralai.client")
    seen = 0
    for source in sorted((corpus / "cassettes" / "mistral").glob("*conversations*.yaml")):
        path = Path(shutil.copy(source, tmp_path))
        before = path.read_bytes()
        interactions = _open(path).interactions
        with (
            Capture(_open(path), [ORIGIN]).installed(),
            ConversationsClient("any", server_url=ORIGIN) as ours,
        ):
            own = [_call(ours, each) for each in interactions]
        with Capture(_open(path), [ORIGIN]).installed(), sdk.Mistral(api_key="any") as theirs:
            official = [_call(theirs.beta.conversations, each) for each in interactions]
        for mine, its in zip(own, official, strict=True):
            _assert_holds(mine, its)
            seen += 1
        assert path.read_bytes() == before
    assert seen == 6


def _call(client: object, interaction: Interaction) -> object:
    """Repeat a recorded call on a client: its method by the request, its arguments by the body."""
    path = httpx.URL(interaction.request.uri).path
    arguments = json.loads(interaction.request.body)
    stream = arguments.pop("stream")
    operation = "start" if path == "/v1/conversations" else "append"
    if operation == "append":
        arguments["conversation_id"] = path.rpartition("/")[2]
    if not stream:
        return _plain(getattr(client, operation)(**arguments))
    with getattr(client, f"{operation}_stream")(**arguments) as events:
        return [_plain(event) for event in events]


def _plain(model: BaseModel) -> object:
    return model.model_dump(mode="json", by_alias=True, exclude_unset=True)


def _assert_holds(ours: object, theirs: object) -> None:
    """Everything that the SDK read is in ours; what ours has more is what the SDK does not know."""
    if isinstance(theirs, dict):
        assert isinstance(ours, dict)
        assert ours.keys() - theirs.keys() <= {"function"}
        for key, value in theirs.items():
            _assert_holds(ours[key], value)
    elif isinstance(theirs, list):
        assert isinstance(ours, list)
        for mine, its in zip(ours, theirs, strict=True):
            _assert_holds(mine, its)
    else:
        assert ours == theirs
