"""What a cassette says when it cannot answer."""

import dataclasses
import functools
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import vcr.cassette
from vcr.request import Request

from pytest_conversations._plural import counted, noun
from pytest_conversations.cassette import _diagnosis, _metadata
from pytest_conversations.cassette._matching import Matching
from pytest_conversations.errors import CassetteError, UnrecordedRequestError

E = TypeVar("E", bound=CassetteError)

_HINT = "To record it: {}"


@dataclasses.dataclass(frozen=True)
class Hints:
    """What a cassette knows for its messages alone.

    Attributes:
        record: gives the command that records; it is told whether the file exists, and whether it
            was recorded from the sandbox.
        beside: gives the cassettes of a folder that may be those of a test that was renamed: all
            of them, unless somebody knows whose they are.
        warn: gives a warning. Where it is given from is the middle of a client, or the end of a
            test; so whoever knows the test says where it belongs.
        failed: what is said behind a recording that was not written, since its test failed.
        missing: gives what is said further of a file that does not exist.
        renamed: what is said of a cassette ``old`` that has the request, where ``new`` has not.
    """

    record: Callable[[bool, bool], str] = lambda *_: "use a mode that records"
    beside: Callable[[Path], Iterable[Path]] = _diagnosis.cassettes_in
    warn: Callable[[str], None] = warnings.warn
    failed: str = ""
    missing: Callable[[], str] = str
    renamed: str = "If the test was renamed: {old} has this request, so rename it to {new}."


def hint_without(path: str, hints: Hints) -> str:
    """How to record a cassette when its file, which cannot be read, is out of the way."""
    exists = False
    return _HINT.format(hints.record(exists, _diagnosis.beside_is_from_sandbox(Path(path))))


class ExplainingCassette(vcr.cassette.Cassette):
    """vcrpy's cassette, which also explains its misses, and remembers them.

    Attributes:
        mode: one of `MODES`.
        refusals: the errors that requests were refused with, in order.
    """

    def _start_explaining(
        self,
        mode: str,
        matching: Matching,
        hints: Hints,
    ) -> None:
        self.mode = mode
        self.refusals: list[CassetteError] = []
        self._matching = matching
        self._hints = hints

    @functools.cached_property
    def _file(self) -> Path:
        return Path(self.path)

    @property
    def title(self) -> str:
        """What messages call it: its path, from the working folder."""
        return _diagnosis.shown_path(self.path)

    @property
    def _manner(self) -> str:
        """How it is open, behind its title."""
        return f" (mode {self.mode})"

    def place(self, indexes: Sequence[int]) -> str:
        """What messages call interactions, which stand at these indexes of `data`."""
        numbers = ", ".join(str(index + 1) for index in indexes)
        return f"{noun(len(indexes), 'interaction')} {numbers}"

    def miss(self, made: Request) -> UnrecordedRequestError:
        """Make the error for a request that is not recorded, and remember it.

        Args:
            made: the request, scrubbed.
        """
        details = _diagnosis.explain(
            made, self.requests, self._matching, self.play_counts, self.place
        ) or self._namesake(made)
        return self._refused(f"Not recorded: {made.method} {made.uri}", details)

    def ends(self, reason: str) -> UnrecordedRequestError:
        """Make the error for a caller that wants more than is recorded, and remember it.

        Args:
            reason: why there is no more.
        """
        return self._refused(reason, "")

    def refuse(self, error: E) -> E:
        """Remember an error that a request is refused with, and give it back to be raised."""
        self.refusals.append(error)
        return error

    def warn(self, message: str) -> None:
        """Give a warning."""
        self._hints.warn(message)

    def warn_of_it(self, message: str) -> None:
        """Give a warning that begins with its title."""
        self.warn(f"{self.title}: {message}")

    def hint(self) -> str:
        """How to record it, in a line."""
        return _HINT.format(self.command())

    def command(self) -> str:
        """What records it."""
        if not self.rewound:  # as those beside it
            from_sandbox = _diagnosis.beside_is_from_sandbox(self._file)
        elif _metadata.is_own(self._metadata):  # whose responses need not be read for that
            from_sandbox = bool(self._metadata.get("sandbox"))
        else:
            from_sandbox = _metadata.from_sandbox(self.responses)
        return self._hints.record(self.rewound, from_sandbox)

    def _refused(self, reason: str, details: str) -> UnrecordedRequestError:
        found = f"{counted(len(self.data), 'interaction')}, {self.play_count} played"
        found = found if self.rewound else f"which does not exist{self._hints.missing()}"
        where = f"Cassette: {self.title}{self._manner}, {found}"
        lines = filter(None, [reason, where, details, self.hint()])
        return self.refuse(UnrecordedRequestError("\n".join(lines)))

    def _namesake(self, made: Request) -> str:
        beside = self._hints.beside(self._file.parent)
        other = _diagnosis.namesake(made, self._matching, beside)
        if other is None:
            return ""
        old, new = _diagnosis.shown_path(str(other)), _diagnosis.shown_path(str(self._file))
        return self._hints.renamed.format(old=old, new=new)
