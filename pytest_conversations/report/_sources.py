"""What a report is made of: cassettes, and the tests that used them. Nobody has read them yet."""

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from pytest_conversations.cassette import Interaction

Scrub = Callable[[Sequence[Interaction]], Iterator[Interaction]]
"""Gives the interactions of a cassette, in order, without their secrets."""


@dataclasses.dataclass(frozen=True)
class Test:
    """A test of a run.

    Attributes:
        name: its id.
        outcome: ``passed``, ``failed``, ``skipped``, or another word of pytest's.
        seconds: how long it took.
        mode: in which its cassette was open; empty where it was not.
        recorded: interactions that it recorded and that were written.
        misses: what the errors of its cassette said, scrubbed.
        failure: what else it failed with, in a line, without what may be secret.
    """

    __test__ = False  # it is none of pytest's

    name: str
    outcome: str
    seconds: float = 0.0
    mode: str = ""
    recorded: int = 0
    misses: tuple[str, ...] = ()
    failure: str = ""

    @property
    def has_failed(self) -> bool:
        """Whether it, its setup or its teardown failed."""
        return self.outcome in {"failed", "error"}


@dataclasses.dataclass(frozen=True)
class Source:
    """A cassette that goes into a report.

    Attributes:
        path: of the file; it need not be there.
        name: what to call it.
        tests: those of the run that used it.
        unused: by the place of each interaction from 0, those that no test played.
        changes: of one that was there and was recorded again, the lines of a diff; None else.
        is_orphan: whether no test of the whole suite uses it.
        problem: why it is not to be read, where that is known; without secrets.
    """

    path: Path
    name: str
    tests: tuple[Test, ...] = ()
    unused: frozenset[int] = frozenset()
    changes: tuple[str, ...] | None = None
    is_orphan: bool = False
    problem: str = ""

    @property
    def has_failed(self) -> bool:
        """Whether one of its tests failed."""
        return any(test.has_failed for test in self.tests)


@dataclasses.dataclass(frozen=True)
class Asked:
    """A request that a server was asked.

    Attributes:
        request: method and target, scrubbed.
        status: of the response, or what there was in its place.
        facts: how much was sent, and how long it took.
        fault: why it did not end well, of several lines; empty where it did.
    """

    request: str
    status: str
    facts: tuple[str, ...]
    fault: str

    @property
    def lines(self) -> list[str]:
        """The fault, line by line."""
        return self.fault.splitlines()


@dataclasses.dataclass(frozen=True)
class About:
    """What a report says of itself.

    Attributes:
        made_at: when it is made, in a time zone; the day is that of *recorded today*.
        is_run: whether it is about a run of pytest, or about files.
        version: of this package.
        asked: of a server that plays the cassettes, what it was asked, the last one first; None
            where there is none.
    """

    made_at: dt.datetime
    is_run: bool
    version: str
    asked: tuple[Asked, ...] | None = None
