"""Fixtures of the whole suite: a scripted server on a real socket, and the recorded corpus."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import Script, Serve, listening

pytest_plugins = ["pytester"]


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
