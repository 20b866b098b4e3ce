"""What the process that runs a test tells of it, for the report of the run."""

import contextlib
from pathlib import Path
from typing import TypedDict, cast

import pytest

from pytest_conversations import _changes, _stash
from pytest_conversations._lifecycle import WITH_UNUSED
from pytest_conversations.cassette import ConversationCassette, Interaction, load
from pytest_conversations.errors import CassetteError
from pytest_conversations.transcript import Exchange, exchanges

_LARGEST = 4 * 1024 * 1024  # bytes of a cassette that is compared with the one before
_LONGEST = 2_000  # lines of a diff, and characters of one


class Told(TypedDict, total=False):
    """What a process says of a test, beside its report; pytest-xdist sends it as it is.

    Attributes:
        name: of the test, without secrets.
        title: what to call the cassette, likewise.
        path: of the cassette.
        mode: in which it was open.
        is_shared: whether other tests use it, too.
        played: places of the interactions that the test played.
        unused: of those that it passed without.
        recorded: how many it recorded and wrote.
        changes: lines of a diff, where there was a recording before.
        misses: what the errors of its cassette said.
        failure: what it failed with else.
    """

    name: str
    title: str
    path: str
    mode: str
    is_shared: bool
    played: list[int]
    unused: list[int]
    recorded: int
    changes: list[str] | None
    misses: list[str]
    failure: str


def told(item: pytest.Item, cassette: ConversationCassette) -> Told:
    """What a test did with its cassette, as far as it is known before its teardown."""
    settings = item.stash[_stash.SETTINGS]
    is_shared = cassette.is_shared
    passed = item.stash.get(_stash.OUTCOME, "") == "passed" and not cassette.refusals
    counts = passed and settings.mode in WITH_UNUSED and settings.unused != "ignore"
    responses = list(enumerate(cassette.responses))
    return {
        "path": str(cassette.path),
        "mode": cassette.mode,
        "is_shared": is_shared,
        "played": [place for place, _ in responses if cassette.play_counts[place]],
        "unused": [
            place
            for place, response in responses
            if counts
            and not cassette.play_counts[place]
            and (not is_shared or response.get("test") == item.nodeid)
        ],
    }


def stamp(file: Path) -> tuple[int, int, int] | None:
    """What changes when a file is written."""
    try:
        stat = file.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns, stat.st_size


def held(file: Path) -> list[Interaction] | None:
    """What a cassette holds; None where there is none, or it is too large to be compared."""
    with contextlib.suppress(CassetteError, OSError):
        if file.stat().st_size <= _LARGEST:
            return load(file)[0]
    return None


def differences(
    item: pytest.Item,
    cassette: ConversationCassette,
    before: list[Interaction] | None,
    file: Path,
) -> list[str] | None:
    """What a test has recorded anew, as the lines of a diff, without secrets.

    Args:
        item: the test.
        cassette: its.
        before: what the file held.
        file: as it is now.

    Returns:
        The lines; None where nothing was there before, or it cannot be compared.
    """
    after = None if before is None else held(file)
    if before is None or after is None:
        return None

    def own(interactions: list[Interaction]) -> list[Exchange]:
        made = exchanges(interactions)
        return [each for each in made if not cassette.is_shared or each.test == item.nodeid]

    try:
        lines = _changes.lines(own(before), own(after), "before", "now")
        short = [line[:_LONGEST] for line in lines[:_LONGEST]]
        # Another tool may have recorded the old one.
        return cast("list[str]", cassette.scrub(short))
    except Exception as error:  # noqa: BLE001 - a picture of a test is not to fail it
        return [f"The recordings cannot be compared: {type(error).__name__}"]


def place(item: pytest.Item, info: pytest.ExceptionInfo[BaseException]) -> str:
    """What a test failed with, and where. What it says may be secret, and is not told."""
    own = [entry for entry in info.traceback if Path(entry.path) == item.path]
    where = f" in line {own[-1].lineno + 1} of {item.path.name}" if own else ""
    return f"{info.typename}{where}. Its message is in the output of pytest."
