"""What a cassette says when it cannot answer."""

import dataclasses
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TypeVar

import vcr.cassette
from vcr.request import Request

from pytest_conversations._plural import counted
from pytest_conversations.cassette import _diagnosis, _metadata
from pytest_conversations.cassette._matching import Matching
from pytest_conversations.errors import CassetteError, UnrecordedRequestError

E = TypeVar("E", bound=CassetteError)


@dataclasses.dataclass(frozen=True)
class Hints:
    """What a cassette knows for its messages alone.

    Attributes:
        record: gives the command that records; it is told whether the file exists, and whether it
            was recorded from the sandbox.
        others: gives the cassettes of other tests.
    """

    record: Callable[[bool, bool], str] = lambda *_: "use a mode that records"
    others: Callable[[], Collection[Path]] = tuple


class ExplainingCassette(vcr.cassette.Cassette):
    """vcrpy's cassette, which also explains its misses, and remembers them.

    Attributes:
        mode: one of `MODES`.
        refusals: the errors that requests were refused with, in order.
    """

    def _start_explaining(
        self,
        path: str,
        mode: str,
        matching: Matching,
        hints: Hints,
    ) -> None:
        self.mode = mode
        self.refusals: list[CassetteError] = []
        self._file = Path(path)
        self._matching = matching
        self._hints = hints

    @property
    def title(self) -> str:
        """What messages call it: its path, from the working folder."""
        return _diagnosis.shown_path(self.path)

    def miss(self, made: Request, reason: str = "") -> UnrecordedRequestError:
        """Make the error for a request that cannot be answered, and remember it.

        Args:
            made: what `admit` returned.
            reason: why, where it is another than that it is not recorded.
        """
        return self.refuse(UnrecordedRequestError(self._explain(made, reason)))

    def refuse(self, error: E) -> E:
        """Remember an error that a request is refused with, and give it back to be raised."""
        self.refusals.append(error)
        return error

    def hint(self) -> str:
        """How to record it, in a line."""
        from_sandbox = _metadata.from_sandbox(self.responses)
        if not self.rewound:  # as those beside it
            from_sandbox = _diagnosis.beside_is_from_sandbox(self._file)
        hint = self._hints.record(self.rewound, from_sandbox)
        return f"To record it: {hint}"

    def _explain(self, made: Request, reason: str) -> str:
        found = f"{counted(len(self.data), 'interaction')}, {self.play_count} played"
        found = found if self.rewound else "which does not exist"
        lines = [reason, f"Cassette: {self.title} (mode {self.mode}), {found}", self.hint()]
        if not reason:
            lines[0] = f"Not recorded: {made.method} {made.uri}"
            details = _diagnosis.explain(made, self.requests, self._matching, self.play_counts)
            others = self._hints.others()
            lines.insert(
                2, details or _diagnosis.namesake(made, self._file, self._matching, others)
            )
        return "\n".join(filter(None, lines))
