"""What the plugin keeps with pytest's own objects; there is no other state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_conversations._neighbours import Neighbours
    from pytest_conversations._settings import ConversationsConfig, Settings
    from pytest_conversations._tally import Tally
    from pytest_conversations._wider import Wider
    from pytest_conversations.cassette import ConversationCassette
    from pytest_conversations.sandbox import Sandbox

# With the configuration: of the whole run.
TALLY: pytest.StashKey[Tally] = pytest.StashKey()
SANDBOX: pytest.StashKey[Sandbox] = pytest.StashKey()
COLLECTED: pytest.StashKey[list[pytest.Item]] = pytest.StashKey()
NEIGHBOURS: pytest.StashKey[Neighbours] = pytest.StashKey()

# What applies to a test whose marker says nothing, and what that was found from.
PLAIN: pytest.StashKey[tuple[ConversationsConfig, tuple[object, ...], Settings]] = pytest.StashKey()

# The test that has a cassette or a snapshot now, and what gives texts without its secrets. With the
# test itself it would be kept to the end of the run, with all that the test has sent.
SHOWN: pytest.StashKey[tuple[pytest.Item, Callable[[str], str]] | tuple[None, None]] = (
    pytest.StashKey()
)
NOTHING_SHOWN = (None, None)

# With an item: of one test.
SETTINGS: pytest.StashKey[Settings] = pytest.StashKey()
CASSETTE: pytest.StashKey[ConversationCassette] = pytest.StashKey()
WIDER: pytest.StashKey[Wider] = pytest.StashKey()
OUTCOME = pytest.StashKey[str]()
PROBLEM = pytest.StashKey[str]()


def shown_of(item: pytest.Item) -> Callable[[str], str] | None:
    """What gives texts without the secrets of a test; None where it has no cassette or snapshot."""
    test, shown = item.config.stash[SHOWN]
    return shown if test is item else None


def failure(item: pytest.Item, problem: str) -> BaseException:
    """Make the failure of a test by a message that the report of the run shows, too.

    To be raised outside of any ``except``: else pytest shows the error there again, as its cause.
    """
    item.stash[PROBLEM] = problem
    return pytest.fail.Exception(problem, pytrace=False)
