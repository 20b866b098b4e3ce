"""The fixtures of the plugin. Whatever is heavy is imported by the one that needs it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_conversations import _stash
from pytest_conversations.errors import CassetteError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx
    from syrupy.assertion import SnapshotAssertion

    from pytest_conversations._settings import ConversationsConfig, Settings
    from pytest_conversations.cassette import ConversationCassette
    from pytest_conversations.client import AsyncConversationsClient, ConversationsClient
    from pytest_conversations.snapshot import Scrub

__all__ = [
    "_conversations_async_http_client",
    "_conversations_http_client",
    "_conversations_wider",
    "async_conversations",
    "conversation_cassette",
    "conversation_snapshot",
    "conversations",
    "conversations_config",
    "conversations_server",
]

_INSTALL = "pip install 'pytest-conversations[sandbox]'"

# What the client of the fixture sends to the sandbox where no key is set: it wants any key at all.
_SANDBOX_KEY = "sandbox-needs-no-real-key"


@pytest.fixture(scope="session")
def conversations_config() -> ConversationsConfig:
    """Settings of the project. Override it in conftest.py to return a ConversationsConfig."""
    from pytest_conversations._settings import ConversationsConfig

    return ConversationsConfig()


@pytest.fixture
def _conversations_wider(
    request: pytest.FixtureRequest, conversations_config: object
) -> Iterator[None]:
    """Stands before fixtures of wider scope, which are made before the cassette is open."""
    from pytest_conversations._applied import prepared
    from pytest_conversations._wider import Making, Wider

    item: pytest.Item = request.node
    settings, _ = prepared(item, conversations_config)
    wider = Wider(settings, Making.of(request.config), lambda words: _warn(item, words))
    item.stash[_stash.WIDER] = wider
    yield
    wider.close()
    del item.stash[_stash.WIDER]


@pytest.fixture
def conversation_cassette(
    request: pytest.FixtureRequest, conversations_config: object
) -> Iterator[ConversationCassette]:
    """The open cassette of this test: ``path``, ``mode``, ``interactions``, ``play_count``."""
    from pytest_conversations import _item
    from pytest_conversations._applied import prepared
    from pytest_conversations._lifecycle import cassette_of_test
    from pytest_conversations._neighbours import Neighbours
    from pytest_conversations.cassette import Hints, Sharing

    item: pytest.Item = request.node
    config = request.config
    item.stash[_stash.OUTCOME] = ""  # where a plugin runs a test again, that of the run before
    _end_wider(item)
    settings, scrubber = prepared(item, conversations_config)
    tally, neighbours = config.stash[_stash.TALLY], Neighbours.of(item)
    is_known = settings.cassette is not None or neighbours.name(item)
    cassette: ConversationCassette | None = None
    problem = ""
    with contextlib.ExitStack() as stack:
        try:
            _item.refuse_vcr(item)
            cassette = stack.enter_context(
                cassette_of_test(
                    _item.cassette_path(item, settings),
                    settings,
                    sharing=Sharing(item.nodeid, tally.run, is_known),
                    scrubber=scrubber,
                    sandbox_url=lambda: _sandbox_url(config),
                    hints=Hints(
                        lambda exists, from_sandbox: _item.record_command(
                            item,
                            settings,
                            exists=exists,
                            is_shared=is_known,
                            from_sandbox=from_sandbox,
                        ),
                        lambda place: neighbours.leave(
                            item, Path(_item.cassette_folder(item, settings)), place
                        ),
                        warn=lambda words: _warn(item, words),
                        failed=_on_failure(item),
                        missing=lambda: _item.elsewhere(config, settings),
                    ),
                    outcome=lambda: item.stash.get(_stash.OUTCOME, "") or "did not run",
                    tally=tally,
                )
            )
        except ValueError as error:
            problem = f"{item.nodeid.partition('[')[0]}: {error}"
        except CassetteError as error:
            problem = f"{type(error).__name__}: {error}"
        if cassette is None:
            raise _stash.failure(item, problem)
        item.stash[_stash.SETTINGS] = settings
        if (folder := _item.cassette_folder(item, settings)) not in tally.folders:
            tally.folders.append(folder)
        item.stash[_stash.CASSETTE] = cassette
        yield cassette
        del item.stash[_stash.CASSETTE]
        try:
            stack.close()
        except CassetteError as error:
            problem = f"{type(error).__name__}: {error}"
        if problem:
            raise _stash.failure(item, problem)


@pytest.fixture(scope="session")
def _conversations_http_client() -> Iterator[httpx.Client]:
    """One for the session: making one reads all certificates, which takes longer than a test."""
    import httpx

    # A test that leaves a stream open keeps its connection, and that is no other test's trouble.
    limits = httpx.Limits(max_connections=None)
    with httpx.Client(follow_redirects=True, limits=limits) as client:
        yield client


@pytest.fixture
def conversations(
    request: pytest.FixtureRequest,
    conversation_cassette: ConversationCassette,  # noqa: ARG001 - it has to be open
    _conversations_http_client: httpx.Client,
) -> Iterator[ConversationsClient]:
    """A client of the Conversations API whose calls are in this test's cassette."""
    from pytest_conversations.client import ConversationsClient

    settings = request.node.stash[_stash.SETTINGS]
    _conversations_http_client.cookies.clear()
    with ConversationsClient(
        _client_key(settings),
        server_url=settings.server_url,
        http_client=_conversations_http_client,
    ) as client:
        yield client


@pytest.fixture(scope="session")
def _conversations_async_http_client() -> httpx.AsyncClient:
    """One for the session. It keeps no connection, which would be of one event loop."""
    import httpx

    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    return httpx.AsyncClient(follow_redirects=True, limits=limits)


@pytest.fixture
def async_conversations(
    request: pytest.FixtureRequest,
    conversation_cassette: ConversationCassette,  # noqa: ARG001 - it has to be open
    _conversations_async_http_client: httpx.AsyncClient,
) -> AsyncConversationsClient:
    """An async client of the Conversations API whose calls are in this test's cassette."""
    from pytest_conversations.client import AsyncConversationsClient

    settings = request.node.stash[_stash.SETTINGS]
    _conversations_async_http_client.cookies.clear()
    return AsyncConversationsClient(
        _client_key(settings),
        server_url=settings.server_url,
        http_client=_conversations_async_http_client,
    )


@pytest.fixture
def conversations_server(
    request: pytest.FixtureRequest,
    conversation_cassette: ConversationCassette,  # noqa: ARG001 - it has to be open
) -> Iterator[str]:
    """The URL of a server whose answers are in this test's cassette, for an app of any kind."""
    settings = request.node.stash[_stash.SETTINGS]
    try:
        from pytest_conversations._server import Server
        from pytest_conversations.relay import create_app
    except ImportError as error:
        raise _missing(error, "conversations_server") from error
    with Server(create_app(settings.server_url), name="conversations_server", date=False) as server:
        yield server.url


@pytest.fixture
def conversation_snapshot(
    request: pytest.FixtureRequest, snapshot: SnapshotAssertion, conversations_config: object
) -> Iterator[SnapshotAssertion]:
    """The assertion of syrupy, for conversations: readable, and equal for equal conversations."""
    from pytest_conversations._applied import prepared
    from pytest_conversations.snapshot import ConversationSnapshotAssertion

    item: pytest.Item = request.node
    _, own = prepared(item, conversations_config)
    scrub_with: Scrub = own.data

    def scrub(data: object, *, only_known: bool = False) -> object:
        nonlocal scrub_with
        cassette = item.stash.get(_stash.CASSETTE, None)
        if cassette is not None:  # which knows what the app carries, also when it is closed
            scrub_with = cassette.scrub
        return scrub_with(data, only_known=only_known)

    assertion = ConversationSnapshotAssertion.of(snapshot, scrub)
    yield assertion
    assertion.finish(keep=not _loses_recording(item))


def _loses_recording(item: pytest.Item) -> bool:
    """Whether what a test recorded is not written, since it failed."""
    from pytest_conversations._lifecycle import is_kept

    cassette = item.stash.get(_stash.CASSETTE, None)
    if cassette is None or not cassette.recorded_count:
        return False
    return not is_kept(item.stash[_stash.OUTCOME], item.stash[_stash.SETTINGS])


def _missing(error: ImportError, what: str) -> Exception:
    from pytest_conversations._settings import SettingsError

    return SettingsError(f"{what} needs {error.name}: {_INSTALL}")


def _on_failure(item: pytest.Item) -> str:
    compares = "snapshot" in getattr(item, "fixturenames", ())
    if not compares or item.config.getoption("update_snapshots", default=False):
        return ""
    return "; where its snapshots are new or may change, add --snapshot-update"


def _warn(item: pytest.Item, words: str) -> None:
    """Give a warning that points at a test, and not at whatever HTTP library runs just now."""
    item.warn(UserWarning(words))


def _end_wider(item: pytest.Item) -> None:
    """From here on what is sent is the test's own; what was refused before fails it, if caught."""
    wider = item.stash.get(_stash.WIDER, None)
    if wider is not None:
        wider.close()
        if wider.refusals:
            raise _stash.failure(item, str(wider.refusals[0]))


def _client_key(settings: Settings) -> Callable[[], str]:
    # A function, since pytest can show the arguments of each frame.
    return lambda: os.environ.get("MISTRAL_API_KEY") or (_SANDBOX_KEY if settings.sandbox else "")


def _sandbox_url(config: pytest.Config) -> str:
    if _stash.SANDBOX not in config.stash:
        try:
            from pytest_conversations.sandbox import Sandbox
        except ImportError as error:
            raise _missing(error, "--conversations-sandbox") from error
        config.stash[_stash.SANDBOX] = Sandbox()
    return config.stash[_stash.SANDBOX].url
