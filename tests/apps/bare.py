"""Apps on bare httpx and httpx2: what each of them sees is written down, to be compared."""

import asyncio
import importlib
import importlib.util
import json
import os
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anyio
import pytest

URL = os.environ["APPS_URL"]
HEADERS = {"authorization": f"Bearer {os.environ.get('MISTRAL_API_KEY', 'none')}"}
PATHS = ["cut", "gzip", "dies", "ends", "slow", "refused"]
LIBRARIES = {
    name: importlib.import_module(name)
    for name in ("httpx", "httpx2")
    if importlib.util.find_spec(name)
}
KINDS = [f"{name}.{kind}" for name in LIBRARIES for kind in ("Client", "AsyncClient")]

Seen = dict[str, list[str]]


def make(kind: str) -> Any:  # noqa: ANN401 - a client of one of four classes
    """A client that gives up soon."""
    name, _, cls = kind.partition(".")
    return getattr(LIBRARIES[name], cls)(timeout=0.25, headers=HEADERS)


AT_IMPORT = {kind: make(kind) for kind in KINDS}

pytestmark = pytest.mark.conversations


@pytest.fixture(scope="session")
def of_session() -> dict[str, Any]:
    """Clients that are older than each test."""
    return {kind: make(kind) for kind in KINDS}


@pytest.fixture
def seen(request: pytest.FixtureRequest) -> Iterator[Seen]:
    """By path: the chunks that came, and the class of an error. Kept in a file."""
    seen: Seen = {}
    yield seen
    name = request.node.name.replace("/", "_")
    Path(os.environ["APPS_SEEN"], f"{name}.json").write_text(json.dumps(seen), encoding="utf-8")


def ask(client: Any, path: str, seen: Seen) -> None:  # noqa: ANN401 - of either library
    """Read a stream to its end, whichever that is."""
    chunks = seen.setdefault(path, [])
    try:
        with client.stream("POST", f"{URL}/v1/{path}") as response:
            for chunk in response.iter_bytes():
                chunks.append(repr(chunk))
    except Exception as error:  # noqa: BLE001 - this app swallows all
        chunks.append(f"{type(error).__module__}.{type(error).__name__}")


async def ask_async(client: Any, path: str, seen: Seen) -> None:  # noqa: ANN401 - of either library
    """The same, async."""
    chunks = seen.setdefault(path, [])
    try:
        async with client.stream("POST", f"{URL}/v1/{path}") as response:
            async for chunk in response.aiter_bytes():
                chunks.append(repr(chunk))
    except Exception as error:  # noqa: BLE001 - this app swallows all
        chunks.append(f"{type(error).__module__}.{type(error).__name__}")


async def ask_each(client: Any, seen: Seen) -> None:  # noqa: ANN401 - of either library
    """One after another."""
    for path in PATHS:
        await ask_async(client, path, seen)


async def ask_all(client: Any, seen: Seen) -> None:  # noqa: ANN401 - of either library
    """All at once."""
    async with anyio.create_task_group() as group:
        for path in PATHS:
            group.start_soon(ask_async, client, path, seen)


async def gather(client: Any, seen: Seen) -> None:  # noqa: ANN401 - of either library
    """All at once, in the words of asyncio."""
    await asyncio.gather(*(ask_async(client, path, seen) for path in PATHS))


@pytest.mark.parametrize("made", ["at import", "before", "in the test", "in a thread"])
@pytest.mark.parametrize("kind", KINDS)
def test_one_after_another(kind: str, made: str, of_session: dict[str, Any], seen: Seen) -> None:
    """A client, wherever it was made."""
    by_thread: list[Any] = []
    if made == "in a thread":
        thread = threading.Thread(target=lambda: by_thread.append(make(kind)))
        thread.start()
        thread.join()
    clients = {"at import": AT_IMPORT, "before": of_session, "in a thread": dict.fromkeys(KINDS)}
    client = (by_thread or [clients.get(made, {}).get(kind) or make(kind)])[0]
    if kind.endswith(".AsyncClient"):
        asyncio.run(ask_each(client, seen))
    else:
        for path in PATHS:
            ask(client, path, seen)


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("name", LIBRARIES)
def test_thread_pool(name: str, *, shared: bool, seen: Seen) -> None:
    """Threads that share a client, or have one each."""
    client = make(f"{name}.Client")
    with ThreadPoolExecutor(4) as pool:
        for path in PATHS:
            pool.submit(ask, client if shared else make(f"{name}.Client"), path, seen)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("together", [ask_each, ask_all, gather])
@pytest.mark.parametrize("name", LIBRARIES)
def test_tasks(
    name: str, together: Callable[[Any, Seen], Awaitable[None]], backend: str, seen: Seen
) -> None:
    """Tasks of both event loops."""
    if backend == "trio" and together is gather:
        pytest.skip("gather is asyncio's")
    anyio.run(together, make(f"{name}.AsyncClient"), seen, backend=backend)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_again(kind: str, seen: Seen) -> None:
    """Each time the API answers otherwise: the order is kept."""
    for _ in range(3):
        if kind.endswith(".AsyncClient"):
            asyncio.run(ask_async(make(kind), "count", seen))
        else:
            ask(make(kind), "count", seen)
