"""Apps on the official SDK, in whichever version: what they see is written down."""

import asyncio
import itertools
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

try:
    from mistralai.client import Mistral
except ImportError:  # version 1
    from mistralai import Mistral  # type: ignore[attr-defined,no-redef]

URL = os.environ["APPS_URL"]
PROMPTS = ["cut", "gzip", "dies", "ends", "slow", "refused", "error"]
Seen = dict[str, list[object]]


def make() -> Mistral:
    """A client of the SDK that gives up soon."""
    key = os.environ.get("MISTRAL_API_KEY", "none")
    return Mistral(api_key=key, server_url=URL, timeout_ms=250)


AT_IMPORT = make()

pytestmark = pytest.mark.conversations


@pytest.fixture
def seen(request: pytest.FixtureRequest) -> Iterator[Seen]:
    """By prompt: the events that came, and the class of an error. Kept in a file."""
    seen: Seen = {}
    yield seen
    Path(os.environ["APPS_SEEN"], f"{request.node.name}.json").write_text(
        json.dumps(seen), encoding="utf-8"
    )


def ask(client: Mistral, prompt: str, seen: Seen) -> None:
    """Read a stream of the SDK to its end, whichever that is."""
    events = seen.setdefault(prompt, [])
    try:
        with client.beta.conversations.start_stream(inputs=prompt, model="m") as stream:
            for event in stream:
                events.append(event.model_dump(mode="json"))
    except Exception as error:  # noqa: BLE001 - this app swallows all
        events.append(f"{type(error).__module__}.{type(error).__name__}")


async def ask_async(client: Mistral, prompt: str, seen: Seen) -> None:
    """The same, async."""
    events = seen.setdefault(prompt, [])
    try:
        stream = await client.beta.conversations.start_stream_async(inputs=prompt, model="m")
        async with stream:
            async for event in stream:
                events.append(event.model_dump(mode="json"))
    except Exception as error:  # noqa: BLE001 - this app swallows all
        events.append(f"{type(error).__module__}.{type(error).__name__}")


@pytest.mark.parametrize("made", ["at import", "in the test"])
@pytest.mark.parametrize("is_async", [False, True])
def test_stream(made: str, *, is_async: bool, seen: Seen) -> None:
    """Each prompt, one after another."""
    client = AT_IMPORT if made == "at import" else make()

    async def ask_each() -> None:
        for prompt in PROMPTS:
            await ask_async(client, prompt, seen)

    if is_async:
        asyncio.run(ask_each())
    else:
        for prompt in PROMPTS:
            ask(client, prompt, seen)


@pytest.mark.parametrize("shared", [True, False])
def test_streams_at_once(*, shared: bool, seen: Seen) -> None:
    """All prompts at once, with one client or with a client each. The SDK needs asyncio."""
    client = make()

    async def ask_all() -> None:
        clients = [client if shared else make() for _ in PROMPTS]
        await asyncio.gather(*map(ask_async, clients, PROMPTS, itertools.repeat(seen)))

    asyncio.run(ask_all())


def test_thread_pool(seen: Seen) -> None:
    """All prompts at once, in threads."""
    client = make()
    with ThreadPoolExecutor(4) as pool:
        for prompt in PROMPTS:
            pool.submit(ask, client, prompt, seen)


def reply(value: Any) -> object:  # noqa: ANN401 - a model of either version
    """A model as JSON."""
    dumped: object = value.model_dump(mode="json")
    return dumped


def test_without_stream(seen: Seen) -> None:
    """The other operations are captured as well."""
    conversations = make().beta.conversations
    seen["list"] = [reply(each) for each in conversations.list()]
    conversations.delete(conversation_id="conv_1")
    asyncio.run(conversations.delete_async(conversation_id="conv_2"))
