"""What applies to a test that pytest runs: its settings, and what takes the secrets out."""

import os
from collections.abc import Iterator, Mapping, Sequence

import pytest

from pytest_conversations import _aside, _settings, _stash
from pytest_conversations._settings import ConversationsConfig, Settings
from pytest_conversations.cassette import API_KEY, Scrubber


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
        scrubber = Scrubber(_Environment([API_KEY, *settings.scrub.names]), settings.scrub)
        if _stash.CASSETTE not in item.stash:  # whose scrubber knows more
            item.config.stash[_stash.SHOWN] = item, scrubber.known
            _aside.watch(item.config)
        _refuse_secret_names(item, settings, scrubber)
    except ValueError as error:
        problem = f"{item.nodeid.partition('[')[0]}: {error}"
    else:
        return settings, scrubber
    raise _stash.failure(item, problem)


def scrubber_of_run(config: pytest.Config) -> Scrubber:
    """What takes the secrets out where there is no test yet.

    Args:
        config: of the run, whose ini file names them.
    """
    rules = _settings.scrub_rules(config.getini("conversations_scrub"))
    return Scrubber(_Environment([API_KEY, *rules.names]), rules)


def _resolved(item: pytest.Item, conversations_config: object) -> Settings:
    config = ConversationsConfig.of(conversations_config)
    marks = [mark for mark in item.iter_markers("conversations") if mark.args or mark.kwargs]
    if marks:
        return _settings.resolve(item.config, marks, config, os.environ)
    # The same as for the test before, nearly always.
    options = vars(item.config.option)
    others = (os.environ.get("MISTRAL_SERVER_URL"), *map(options.get, _OPTIONS))
    known = item.config.stash.get(_stash.PLAIN, None)
    if known is None or known[0] is not config or known[1] != others:
        settings = _settings.resolve(item.config, (), config, os.environ)
        known = item.config.stash[_stash.PLAIN] = config, others, settings
    return known[2]


_OPTIONS = tuple(
    f"conversations_{name}"
    for name in ("mode", "server_url", "dir", "sandbox", "unused", "max_age")
)


def _refuse_secret_names(item: pytest.Item, settings: Settings, scrubber: Scrubber) -> None:
    """Refuse a test that is named by a secret, as its files would be.

    Raises:
        ValueError: it is.
    """
    for where, name, hint in (
        ("the id of a parameter of this test", item.name.partition("[")[2], _ID_HINT),
        ("the name of the cassette", settings.cassette or "", "name it otherwise"),
    ):
        for found in scrubber.finder.by_value(name.encode("utf-8", "replace")):
            msg = f"{where} holds a secret ({found.rule}), and stands in the names of files: {hint}"
            raise ValueError(msg)


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
