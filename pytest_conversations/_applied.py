"""What applies to a test that pytest runs: its settings, and what takes the secrets out."""

import os
from collections.abc import Iterator, Mapping, Sequence

import pytest

from pytest_conversations import _settings, _stash
from pytest_conversations._settings import ConversationsConfig, Settings
from pytest_conversations.cassette import Scrubber


def prepared(item: pytest.Item, conversations_config: object) -> tuple[Settings, Scrubber]:
    """What applies to a test, and what takes the secrets out; fails it where that cannot be.

    From here on pytest shows nothing of the test that is secret.

    Args:
        item: the test.
        conversations_config: what the fixture of that name returned.
    """
    problem = ""
    try:
        settings = _resolved(item, conversations_config)
        return settings, _scrubber(item, settings)
    except ValueError as error:
        problem = f"{item.nodeid.partition('[')[0]}: {error}"
    # Out here, so that pytest does not show the error again as its cause.
    item.stash[_stash.PROBLEM] = problem
    pytest.fail(problem, pytrace=False)


def _resolved(item: pytest.Item, conversations_config: object) -> Settings:
    return _settings.resolve(
        item.config,
        item.iter_markers("conversations"),
        ConversationsConfig.of(conversations_config),
        os.environ,
    )


def _scrubber(item: pytest.Item, settings: Settings) -> Scrubber:
    """What takes the secrets out.

    Raises:
        ValueError: the test is named by one, and so would be its files.
    """
    scrubber = Scrubber(_Environment(["MISTRAL_API_KEY", *settings.scrub.names]), settings.scrub)
    if _stash.CASSETTE not in item.stash:  # whose scrubber knows more
        item.config.stash[_stash.SHOWN] = item, scrubber.known
    for where, name, hint in (
        ("the id of a parameter of this test", item.name.partition("[")[2], _ID_HINT),
        ("the name of the cassette", settings.cassette or "", "name it otherwise"),
    ):
        for found in scrubber.finder.by_value(name.encode("utf-8", "replace")):
            msg = f"{where} holds a secret ({found.rule}), and stands in the names of files: {hint}"
            raise ValueError(msg)
    return scrubber


_ID_HINT = "give the parameter another id, as in pytest.param(..., id='key')"


class _Environment(Mapping[str, str]):
    """Some variables as they are when they are asked for: fixtures set them, too.

    Its text does not show them: pytest can show the arguments of each frame.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names

    def __getitem__(self, name: str) -> str:
        return os.environ.get(name, "")

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
