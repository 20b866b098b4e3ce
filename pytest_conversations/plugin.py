"""The pytest plugin: options, hooks and fixtures.

It is loaded in every pytest run of every project that has it installed. So at module level it
imports nothing but pytest and the settings; whatever is heavy is imported by the fixture that needs
it, in a test that really opens a cassette.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
from typing import TYPE_CHECKING

import pytest

from pytest_conversations import _settings
from pytest_conversations._item import cassette_path, own_frames, record_command
from pytest_conversations._settings import ConversationsConfig, Settings
from pytest_conversations._tally import Tally
from pytest_conversations.errors import CassetteError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    import httpx
    from syrupy.assertion import SnapshotAssertion

    from pytest_conversations.cassette import ConversationCassette
    from pytest_conversations.client import ConversationsClient
    from pytest_conversations.sandbox import Sandbox

_TALLY = pytest.StashKey[Tally]()
_SANDBOX: pytest.StashKey[Sandbox] = pytest.StashKey()
_SETTINGS = pytest.StashKey[Settings]()
_CASSETTE: pytest.StashKey[ConversationCassette] = pytest.StashKey()
_OUTCOME = pytest.StashKey[str]()

_WORKER_OUTPUT = "pytest_conversations"
# What the client of the fixture sends to the sandbox where no key is set: it wants any key at all.
_SANDBOX_KEY = "sandbox-needs-no-real-key"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, on the command line and in the ini file."""
    group = parser.getgroup("conversations", "Conversations API: record and replay")
    group.addoption(
        "--conversations-mode",
        choices=_settings.MODES,
        help="none: replay only (default). once: record where there is no cassette. "
        "new_episodes: record what is not in it. all: record everything again. "
        "rewrite: the same, from an empty cassette.",
    )
    group.addoption(
        "--conversations-server-url",
        metavar="URL",
        help=f"Origin of the API (default: MISTRAL_SERVER_URL or {_settings.SERVER_URL}).",
    )
    group.addoption(
        "--conversations-dir",
        metavar="DIR",
        help="Folder of the cassettes, from rootdir (default: cassettes).",
    )
    group.addoption(
        "--conversations-sandbox",
        action="store_true",
        help="Send requests to the API origin to the embedded sandbox API instead.",
    )
    parser.addini("conversations_mode", "default value for --conversations-mode")
    parser.addini("conversations_server_url", "default value for --conversations-server-url")
    parser.addini("conversations_dir", "default value for --conversations-dir")
    parser.addini(
        "conversations_keep_failed",
        "write the recording of a failing test, too",
        type="bool",
        default=False,
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker; refuse a mode in the ini file that does not exist."""
    config.addinivalue_line(
        "markers",
        f"{_settings.MARKER}: replay this test's requests to the Conversations API from its "
        "cassette, or record them",
    )
    mode = config.getini("conversations_mode")
    if mode and mode not in _settings.MODES:
        msg = f"conversations_mode is {mode!r}; choose from {', '.join(_settings.MODES)}"
        raise pytest.UsageError(msg)
    try:
        config.getini("conversations_keep_failed")
    except (ValueError, pytest.UsageError) as error:
        msg = f"conversations_keep_failed: {error}"
        raise pytest.UsageError(msg) from None
    config.stash[_TALLY] = Tally()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the sandbox, if it ran."""
    sandbox = config.stash.get(_SANDBOX, None)
    if sandbox is not None:
        sandbox.close()


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say that this run records, in a form that can be pasted back."""
    mode = config.getoption("conversations_mode") or config.getini("conversations_mode")
    if not mode or mode == "none":
        return None
    sandbox = " --conversations-sandbox" if config.getoption("conversations_sandbox") else ""
    return f"conversations: --conversations-mode={mode}{sandbox}"


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Open the cassette of a test that has one, before its other fixtures call the API."""
    names: list[str] | None = getattr(item, "fixturenames", None)
    first = "conversation_cassette"
    if names is not None and (first in names or item.get_closest_marker("conversations")):
        # Not in place: the parameters of a test function share the list.
        vars(item)["fixturenames"] = [first, *(name for name in names if name != first)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Fail the test for a request that was refused, even if the app swallowed the error."""
    try:
        yield
    except CassetteError as error:
        raise error.with_traceback(own_frames(error.__traceback__, item)) from None
    cassette = item.stash.get(_CASSETTE, None)
    if cassette is not None and cassette.refusals:
        raise cassette.refusals[0].with_traceback(None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note how the test went; show a refusal where the test failed with another error."""
    report = yield
    cassette = item.stash.get(_CASSETTE, None)
    if report.when == "call" and cassette is not None:
        if item.stash.get(_OUTCOME, "") != "failed":  # a subtest that failed came before
            item.stash[_OUTCOME] = report.outcome
        shown = None if call.excinfo is None else call.excinfo.value
        if report.failed and cassette.refusals and shown not in cassette.refusals:
            report.sections.append(("conversations", str(cassette.refusals[0])))
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the counts of an xdist worker to the controller."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[_WORKER_OUTPUT] = dataclasses.asdict(session.config.stash[_TALLY])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    """Add the counts of an xdist worker (a hook of pytest-xdist)."""
    counts = getattr(node, "workeroutput", {}).get(_WORKER_OUTPUT)
    if counts:
        config: pytest.Config = node.config  # type: ignore[attr-defined] # xdist's WorkerController
        config.stash[_TALLY].add(Tally(**counts))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say what was replayed and recorded, and what there is to act on."""
    if not hasattr(config, "workerinput"):
        for line in config.stash[_TALLY].lines(config.rootpath):
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def conversations_config() -> ConversationsConfig:
    """Settings of the project. Override it in conftest.py to return a ConversationsConfig."""
    return ConversationsConfig()


@pytest.fixture
def conversation_cassette(
    request: pytest.FixtureRequest, conversations_config: object
) -> Iterator[ConversationCassette]:
    """The open cassette of this test: ``path``, ``mode``, ``interactions``, ``play_count``."""
    from pytest_conversations._lifecycle import cassette_of_test
    from pytest_conversations.cassette import API_KEY, Scrubber

    item: pytest.Item = request.node
    config = request.config
    problem = ""
    item.stash[_OUTCOME] = ""  # where a plugin runs a test again, that of the run before
    with contextlib.ExitStack() as stack:
        try:
            settings = _settings.resolve(
                config,
                item.iter_markers("conversations"),
                ConversationsConfig.of(conversations_config),
                os.environ,
            )
            cassette = stack.enter_context(
                cassette_of_test(
                    cassette_path(item, settings),
                    settings,
                    # Not its values: pytest can show the arguments of each frame.
                    scrubber=Scrubber({API_KEY: os.environ.get(API_KEY, "")}),
                    sandbox_url=lambda: _sandbox_url(config),
                    record_hint=lambda exists, from_sandbox: record_command(
                        item, settings, exists=exists, from_sandbox=from_sandbox
                    ),
                    outcome=lambda: item.stash.get(_OUTCOME, "") or "did not run",
                    tally=config.stash[_TALLY],
                )
            )
        except ValueError as error:
            problem = f"{item.nodeid}: {error}"
        except CassetteError as error:
            problem = f"{type(error).__name__}: {error}"
        if problem:  # out here, so that pytest does not show the error again as its cause
            pytest.fail(problem, pytrace=False)
        item.stash[_SETTINGS] = settings
        item.stash[_CASSETTE] = cassette
        yield cassette
        del item.stash[_CASSETTE]
        try:
            stack.close()
        except CassetteError as error:
            problem = f"{type(error).__name__}: {error}"
        if problem:
            pytest.fail(problem, pytrace=False)


@pytest.fixture(scope="session")
def _conversations_http_client() -> Iterator[httpx.Client]:
    """One for the session: making one reads all certificates, which takes longer than a test."""
    import httpx

    with httpx.Client(follow_redirects=True) as client:
        yield client


@pytest.fixture
def conversations(
    request: pytest.FixtureRequest,
    conversation_cassette: ConversationCassette,  # noqa: ARG001 - it has to be open
    _conversations_http_client: httpx.Client,
) -> Iterator[ConversationsClient]:
    """A client of the Conversations API whose calls are in this test's cassette."""
    from pytest_conversations.client import ConversationsClient

    settings = request.node.stash[_SETTINGS]
    key = os.environ.get("MISTRAL_API_KEY") or (_SANDBOX_KEY if settings.sandbox else "")
    _conversations_http_client.cookies.clear()
    with ConversationsClient(
        key, server_url=settings.server_url, http_client=_conversations_http_client
    ) as client:
        yield client


@pytest.fixture
def conversation_snapshot(
    request: pytest.FixtureRequest, snapshot: SnapshotAssertion
) -> SnapshotAssertion:
    """The assertion of syrupy, for conversations: readable, and equal for equal conversations."""
    from pytest_conversations.snapshot import ConversationSnapshotExtension

    def scrub(data: object) -> object:
        cassette = request.node.stash.get(_CASSETTE, None)
        return data if cassette is None else cassette.scrub(data)

    assertion = snapshot.use_extension(ConversationSnapshotExtension)
    extension = assertion.extension
    if isinstance(extension, ConversationSnapshotExtension):  # which the type checker cannot know
        extension.scrub = scrub  # the test sees secrets live where it sees placeholders in replay
    return assertion


def _sandbox_url(config: pytest.Config) -> str:
    if _SANDBOX not in config.stash:
        try:
            from pytest_conversations.sandbox import Sandbox
        except ImportError as error:
            msg = (
                f"--conversations-sandbox needs {error.name}: "
                "pip install 'pytest-conversations[sandbox]'"
            )
            raise _settings.SettingsError(msg) from error
        config.stash[_SANDBOX] = Sandbox()
    return config.stash[_SANDBOX].url
