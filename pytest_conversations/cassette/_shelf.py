"""Several cassettes that are played as one."""

import bisect
import itertools
from collections.abc import Sequence
from pathlib import Path

from pytest_conversations.cassette import _diagnosis
from pytest_conversations.cassette._cassette import ConversationCassette
from pytest_conversations.cassette._explaining import Hints
from pytest_conversations.cassette._reading import load
from pytest_conversations.cassette._recording import Interaction
from pytest_conversations.cassette._scrub import Scrubber
from pytest_conversations.errors import CassetteError


class Shelf(ConversationCassette):
    """What is played of several files; nothing is recorded.

    Attributes:
        paths: the files that could be read.
        counts: how many interactions each of them holds, in their order.
        unread: by its path, why another one could not be; without what is secret in it.

    Args:
        paths: the files, at least one; equal requests are answered in their order.
        scrubber: what takes the secrets out of requests, before they are looked up.
        hints: for messages.
    """

    def __init__(self, paths: Sequence[str], *, scrubber: Scrubber, hints: Hints) -> None:
        self.paths: list[str] = []
        self.unread: dict[str, str] = {}
        self._held: list[list[Interaction]] = []
        for path in paths:
            try:
                self._held.append(load(Path(path))[0])
            except CassetteError as error:
                self.unread[path] = scrubber.finder.shown(str(error))
            else:
                self.paths.append(path)
        super().__init__((self.paths or paths)[0], mode="none", scrubber=scrubber, hints=hints)

    @property
    def title(self) -> str:
        """What messages call it: its first path, and how many more there are."""
        others = len(self.paths) - 1
        return super().title + (f" and {others} more" if others else "")

    @property
    def _manner(self) -> str:
        return ""  # it has but one

    def place(self, indexes: Sequence[int]) -> str:
        """What messages call interactions: where there are several files, each with its own."""
        if len(self.paths) == 1:
            return super().place(indexes)
        return ", ".join(map(self._with_file, indexes))

    def _with_file(self, index: int) -> str:
        ends = list(itertools.accumulate(self.counts))
        file = bisect.bisect_right(ends, index)
        number = index - ends[file] + self.counts[file] + 1
        return f"interaction {number} of {_diagnosis.shown_path(self.paths[file])}"

    def _read(self) -> None:
        self.counts = list(map(len, self._held))
        self.data = [pair for each in self._held for pair in each]
        self._loaded_count = len(self.data)
        self.rewound = True
