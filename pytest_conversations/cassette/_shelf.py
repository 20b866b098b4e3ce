"""Several cassettes that are played as one."""

import bisect
import itertools
from collections.abc import Sequence
from pathlib import Path

from pytest_conversations.cassette import _diagnosis
from pytest_conversations.cassette._cassette import ConversationCassette
from pytest_conversations.cassette._explaining import Hints
from pytest_conversations.cassette._persister import load
from pytest_conversations.cassette._scrub import Scrubber


class Shelf(ConversationCassette):
    """What is played of several files; nothing is recorded.

    Attributes:
        counts: how many interactions each file holds, in their order.

    Args:
        paths: the files, at least one; equal requests are answered in their order.
        scrubber: what takes the secrets out of requests, before they are looked up.
        hints: for messages.

    Raises:
        CassetteFormatError: one of the files is no cassette.
        CassetteError: one of them cannot be read, or is not there.
    """

    def __init__(self, paths: Sequence[str], *, scrubber: Scrubber, hints: Hints) -> None:
        self._paths = paths
        super().__init__(paths[0], mode="none", scrubber=scrubber, hints=hints)

    @property
    def title(self) -> str:
        """What messages call it: its first path, and how many more there are."""
        others = len(self._paths) - 1
        return super().title + (f" and {others} more" if others else "")

    @property
    def _manner(self) -> str:
        return ""  # it has but one

    def place(self, indexes: Sequence[int]) -> str:
        """What messages call interactions: where there are several files, each with its own."""
        if len(self._paths) == 1:
            return super().place(indexes)
        return ", ".join(map(self._with_file, indexes))

    def _with_file(self, index: int) -> str:
        ends = list(itertools.accumulate(self.counts))
        file = bisect.bisect_right(ends, index)
        number = index - ends[file] + self.counts[file] + 1
        return f"interaction {number} of {_diagnosis.shown_path(self._paths[file])}"

    def _read(self) -> None:
        held = [load(Path(path))[0] for path in self._paths]
        self.counts = list(map(len, held))
        self.data = [pair for each in held for pair in each]
        self._loaded_count = len(self.data)
        self.rewound = True
