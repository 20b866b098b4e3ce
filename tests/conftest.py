"""Fixtures of the whole suite: a scripted server on a real socket, and the recorded corpus."""

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpcore  # noqa: F401 - see below
import hypothesis
import pytest
from clients import KINDS, Clients, clients_of
from libraries import Capturing, Client, capturing_into
from support import Script, Serve, listening

# pytester forgets what a run in this process imports, and neither C extensions nor httpx's map of
# httpcore's errors survive a second import: so all of it is imported here, once.
import pytest_conversations._reporting
import pytest_conversations.capture
import pytest_conversations.client
import pytest_conversations.sandbox
import pytest_conversations.snapshot  # noqa: F401 - see above
from pytest_conversations.sandbox import Sandbox

if TYPE_CHECKING:
    from playwright.sync_api import Browser

with contextlib.suppress(ImportError):
    import httpcore2  # noqa: F401 - see above

pytest_plugins = ["pytester", "wheels"]

# Full disks, killed processes and missing rights are made by the means of Unix.
collect_ignore = ["test_durability.py"] if sys.platform == "win32" else []

hypothesis.settings.register_profile("nightly", max_examples=10_000, deadline=None)
# In CI they are the same each time, so many of them find nothing more.
hypothesis.settings.register_profile("ci", hypothesis.settings.get_profile("ci"), max_examples=50)
if os.environ.get("CI"):
    hypothesis.settings.load_profile("ci")


@pytest.fixture
def pytester(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    _no_environment: None,
) -> pytest.Pytester:
    """Run pytest inside a test as if it were alone, where this suite runs under pytest-xdist."""
    for name in [name for name in os.environ if name.startswith("PYTEST_XDIST")]:
        monkeypatch.delenv(name)
    # Installed here for some tests of this suite, which set this again; no project needs them.
    neighbours = ("asyncio", "hypothesispytest", "pytest_httpx", "randomly", "recording", "respx")
    monkeypatch.setenv("PYTEST_ADDOPTS", " ".join(f"-p no:{name}" for name in neighbours))
    return pytester


@pytest.fixture(autouse=True)
def _no_environment(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test depends on what is set on the developer's machine."""
    if request.node.get_closest_marker("live") is None:
        for name in ("MISTRAL_API_KEY", "MISTRAL_SERVER_URL", "PYTEST_ADDOPTS"):
            monkeypatch.delenv(name, raising=False)
        # What pytest shows, and how much of it, goes by these.
        for name in ("BUILD_NUMBER", "CI", "FORCE_COLOR", "NO_COLOR", "PY_COLORS", "TERM"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("COLUMNS", "80")
        # No server here has a certificate, and reading those of all authorities takes each client
        # of httpx longer than most tests take; here are none.
        monkeypatch.delenv("SSL_CERT_FILE", raising=False)
        monkeypatch.setenv("SSL_CERT_DIR", str(Path(__file__).parent))


@pytest.fixture(params=KINDS)
def clients(request: pytest.FixtureRequest) -> Iterator[Clients]:
    """Makes clients, of each kind in turn."""
    with clients_of(request.param) as made:
        yield made


@pytest.fixture(params=["httpx-sync", "httpx-async", "httpx2-sync", "httpx2-async"])
def client(request: pytest.FixtureRequest) -> Client:
    """A client of each library that is captured, in turn."""
    name, _, kind = request.param.partition("-")
    return Client(pytest.importorskip(name), is_async=kind == "async")


@pytest.fixture
def capturing(tmp_path: Path) -> Capturing:
    """Capture into, or from, the test's cassette."""
    return capturing_into(tmp_path / "cassette.yaml")


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """One stand-in of the API for all."""
    with Sandbox() as running:
        yield running


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """The event loops on which async tests run."""
    name: str = request.param
    return name


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start servers that answer by a script; each call gives a URL."""
    with contextlib.ExitStack() as stack:

        def start(script: Script) -> str:
            return stack.enter_context(listening(script))

        yield start


@pytest.fixture(scope="session")
def corpus() -> Path:
    """A folder of real recorded traffic, which is not part of the project."""
    folder = os.environ.get("CONVERSATIONS_CORPUS")
    if not folder:
        pytest.skip("needs CONVERSATIONS_CORPUS, a folder of recorded traffic")
    return Path(folder)


_CHROMIUM = (
    *("--no-sandbox", "--headless", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """One for all tests of a module, and not running in those of others."""
    api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("needs chromium, which is not on PATH (apt-get install chromium)")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_CHROMIUM))
        yield browser
        browser.close()
