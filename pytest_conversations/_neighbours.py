"""The other tests of a run, as far as the cassette of one has to do with them."""

import functools
import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from pytest_conversations import _stash
from pytest_conversations._item import default_cassette, named_cassette
from pytest_conversations.cassette import cassettes_in


class Neighbours:
    """What the tests of a run say of their cassettes, worked out once for all of them.

    Args:
        items: all that were collected, also those that do not run: what they recorded is there.
    """

    def __init__(self, items: Iterable[pytest.Item]) -> None:
        self._items = items
        self._left: dict[tuple[Path, Path], list[Path]] = {}

    @classmethod
    def of(cls, item: pytest.Item) -> "Neighbours":
        """Those of a test, the same for each test of the run."""
        stash = item.config.stash
        if _stash.NEIGHBOURS not in stash:
            collected = stash.get(_stash.COLLECTED, [])
            stash[_stash.NEIGHBOURS] = cls([*collected, *item.session.items])
        return stash[_stash.NEIGHBOURS]

    def name(self, item: pytest.Item) -> bool:
        """Whether the marker of any of them names the cassette that a test has by default."""
        return bool(self._named) and os.path.normpath(default_cassette(item)) in self._named

    def leave(self, item: pytest.Item, folder: Path, place: Path) -> list[Path]:
        """The cassettes in a place that none of them has by default; and a test's own.

        Args:
            item: the test.
            folder: of the cassettes.
            place: a folder in that.
        """
        if (left := self._left.get((folder, place))) is None:
            files, inside = cassettes_in(place), os.path.relpath(place, folder)
            left = [each for each in files if Path(inside, each.name) not in self._defaults]
            self._left[folder, place] = left
        own = folder / default_cassette(item)
        return [*left, own] if own.parent == place and own.is_file() else left

    @functools.cached_property
    def _defaults(self) -> frozenset[Path]:
        return frozenset(map(default_cassette, self._items))

    @functools.cached_property
    def _named(self) -> frozenset[str]:
        return frozenset(filter(None, map(named_cassette, self._items)))
