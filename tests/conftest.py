"""Fixtures of the whole suite: a scripted server on a real socket, and the recorded corpus."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import httpcore  # noqa: F401 - see below
import pytest
from support import Script, Serve, listening

# pytester forgets what a run in this process imports, and neither C extensions nor httpx's map of
# httpcore's errors survive a second import: so all of it is imported here, once.
import pytest_conversations.capture
import pytest_conversations.client
import pytest_conversations.sandbox
import pytest_conversations.snapshot  # noqa: F401 - see above

with contextlib.suppress(ImportError):
    import httpcore2  # noqa: F401 - see above

pytest_plugins = ["pytester"]


@pytest.fixture
def pytester(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Run pytest inside a test as if it were alone, where this suite runs under pytest-xdist."""
    for name in [name for name in os.environ if name.startswith("PYTEST_XDIST")]:
        monkeypatch.delenv(name)
    return pytester


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
