"""Cassettes that no test uses: whose are there, and what is left when the whole suite ran."""

import itertools
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from pytest_conversations import _settings
from pytest_conversations._item import cassette_path
from pytest_conversations._settings import ConversationsConfig
from pytest_conversations._tally import Tally

_HEAD = 1000  # characters of a file that tell whose it is
_RECORDER = "recorder: pytest-conversations"
# Options of pytest with which a run is not of the whole suite.
_PARTIAL = (
    *("keyword", "markexpr", "deselect", "lf", "failedfirst", "stepwise", "ignore", "ignore_glob"),
    *("collectonly", "continue_on_collection_errors", "pyargs"),
)


def claims(session: pytest.Session) -> Iterator[str]:
    """The paths of the cassettes of all tests that were collected, whether they ran or not.

    Raises:
        ValueError: of one test it is not known.
    """
    for item in session.items:
        marked = item.get_closest_marker("conversations")
        if marked or "conversation_cassette" in getattr(item, "fixturenames", ()):
            settings = _settings.resolve(
                item.config,
                item.iter_markers("conversations"),
                ConversationsConfig(),  # what a fixture says is known of tests that ran
                os.environ,
            )
            yield str(cassette_path(item, settings))


def orphans(config: pytest.Config, tally: Tally) -> list[str]:
    """The cassettes that no test uses, where that is known.

    Args:
        config: of the run.
        tally: what it did.
    """
    if tally.is_partial or any(config.getoption(name, default=None) for name in _PARTIAL):
        return []
    used = {*tally.cassettes, *tally.claims}
    places = [_below(config, Path(folder)) for folder in dict.fromkeys(tally.folders)]
    files = dict.fromkeys(itertools.chain.from_iterable(map(_files, itertools.chain(*places))))
    return sorted(path for path in map(str, files) if path not in used and _is_ours(path))


def _below(config: pytest.Config, folder: Path) -> list[Path]:
    """The folders whose cassettes are of tests that this run has collected, if they are at all."""
    root = config.rootpath
    given = [_absolute(config, each) for each in config.args]
    if config.args_source is not pytest.Config.ArgsSource.ARGS or root in given:
        whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS or root in given
        return [folder] if whole else []
    if not all(each.is_dir() and each.is_relative_to(root) for each in given):
        return []
    # Where each has no other tests than these: the cassettes of a folder of tests.
    return [folder / each.relative_to(root) for each in given]


def _absolute(config: pytest.Config, argument: str) -> Path:
    return Path(os.path.normpath(config.invocation_params.dir / argument))


def _files(folder: Path) -> Iterable[Path]:
    return folder.rglob("*.yaml") if folder.is_dir() else ()


def _is_ours(path: str) -> bool:
    try:
        with Path(path).open(encoding="utf-8") as file:
            return _RECORDER in file.read(_HEAD)
    except (OSError, UnicodeDecodeError):
        return False
