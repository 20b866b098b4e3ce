"""What the plugin keeps with pytest's own objects; there is no other state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_conversations._settings import Settings
from pytest_conversations._tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_conversations._wider import Wider
    from pytest_conversations.cassette import ConversationCassette
    from pytest_conversations.sandbox import Sandbox

# With the configuration: of the whole run.
TALLY = pytest.StashKey[Tally]()
SANDBOX: pytest.StashKey[Sandbox] = pytest.StashKey()

# With an item: of one test.
SETTINGS = pytest.StashKey[Settings]()
CASSETTE: pytest.StashKey[ConversationCassette] = pytest.StashKey()
WIDER: pytest.StashKey[Wider] = pytest.StashKey()
OUTCOME = pytest.StashKey[str]()
SHOWN: pytest.StashKey[Callable[[str], str]] = pytest.StashKey()  # gives texts without secrets
PROBLEM = pytest.StashKey[str]()
