"""Cassettes behind a server, for tests."""

import contextlib
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pytest_conversations._rules import Rules
from pytest_conversations._serve import Options, serving
from pytest_conversations.capture import Shape
from pytest_conversations.cassette import ConversationCassette
from pytest_conversations.relay import Asked

PATH = "/v1/conversations"
ASKING = {"model": "mistral-small-latest", "inputs": "What is 2+2? Reply with just the number."}


@contextlib.contextmanager
def served(
    *paths: Path,
    record: str | None = None,
    note: Callable[[Asked], None] = lambda _: None,
    **options: Any,  # noqa: ANN401 - of several types
) -> Iterator[tuple[str, ConversationCassette]]:
    """Serve cassettes, at once unless told otherwise; gives the URL, and writes at the end."""
    defaults: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": 0,
        "shape": Shape(),
        "repeats": False,
        "mode": "once",
        "rules": Rules(),
    }
    of_all = Options(paths=list(map(str, paths)), record=record, **(defaults | options))
    with serving(of_all, note, warnings.warn) as (server, cassette, _):
        yield server.url, cassette
    cassette.write()
