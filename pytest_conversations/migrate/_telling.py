"""What the command says: what moves, what is changed, what is left to do by hand."""

import dataclasses
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pytest_conversations._plural import counted
from pytest_conversations.migrate._collected import Collected
from pytest_conversations.migrate._lines import Leftovers, Teller
from pytest_conversations.migrate._marks import Change
from pytest_conversations.migrate._moving import Moved, State, reason, shown


@dataclasses.dataclass
class Report:
    """What is printed.

    Attributes:
        cassettes: a line for each that moves.
        markers: a line for each marker that is changed.
        by_hand: lines of what is left to do.
        failed: lines of what could not be read, written, or collected.
        summary: in one line.
        commands: to run next, each with what it is for.
    """

    cassettes: list[str]
    markers: list[str]
    by_hand: list[str]
    failed: list[str]
    summary: str
    commands: list[tuple[str, str]]


def tell(
    project: Collected,
    moved: Sequence[Moved],
    changes: Sequence[Change],
    leftovers: Leftovers,
    *,
    command: str,
) -> Report:
    """Put all of it in words.

    Args:
        project: what pytest said.
        moved: what became of the cassettes, or is to.
        changes: likewise of the markers.
        leftovers: what else there is.
        command: that writes; nothing where this one did.
    """
    teller = Teller(project, moved, leftovers)
    sure = [change for change in changes if not change.reason]
    report = Report(
        cassettes=[teller.cassette(each) for each in moved if each.state is State.NEW],
        markers=[teller.change(each) for each in sure],
        by_hand=[
            *teller.cassettes_by_hand(),
            *teller.code(each for each in changes if each.reason),
            *teller.words(),
        ],
        failed=[*teller.failed()],
        summary="",
        commands=[],
    )
    done = sum(each.state in {State.DONE, State.IN_PLACE} for each in moved)
    report.summary = _summary(report, done, writes=not command) or _nothing(leftovers.elsewhere)
    report.commands = list(_commands(project, report, moved, leftovers, command))
    return report


def _summary(report: Report, done: int, *, writes: bool) -> str:
    made, changed = len(report.cassettes), len(report.markers)
    if not (made or done or changed or report.by_hand or report.failed):
        return ""
    verb = "" if writes else "to be "
    parts = [
        f"{counted(made, 'cassette')} {verb}written",
        *([f"{done} there already"] if done else []),
        f"{counted(changed, 'marker')} {verb}changed",
        *([f"{counted(len(report.by_hand), 'line')} to see to by hand"] if report.by_hand else []),
        *([f"{counted(len(report.failed), 'failure')}"] if report.failed else []),
    ]
    return ", ".join(parts)


def _nothing(elsewhere: Mapping[str, int]) -> str:
    none = "No test was found whose cassette of another tool has requests to the API"
    most = sorted(elsewhere, key=lambda where: -elsewhere[where])[:_SHOWN]
    origins = ", ".join(f"{where} ({counted(elsewhere[where], 'cassette')})" for where in most)
    return (
        f"{none}. Others ask {origins}: what moves as well is named by --origin" if most else none
    )


def _commands(
    project: Collected,
    report: Report,
    moved: Sequence[Moved],
    leftovers: Leftovers,
    command: str,
) -> Iterator[tuple[str, str]]:
    if command and (report.cassettes or report.markers):
        yield command, "nothing is changed yet"
        return
    if not moved:
        return
    modules = sorted(
        {shown(test.module, project.root) for each in moved for test in each.move.tests}
    )
    some = modules[:_SHOWN] if len(modules) <= _SHOWN else []
    when = "when the lines above are seen to: replays" if report.by_hand else "replays"
    yield shlex.join(["pytest", *some]), f"{when}, without a key or the network"
    stale = _stale(moved, leftovers, project.root)
    if stale:
        is_kept = any(
            (folder / ".git").exists() for folder in (project.root, *project.root.parents)
        )
        removal = ["git", "rm", "-rq"] if is_kept else ["rm", "-r"]
        yield shlex.join([*removal, *stale]), "when they pass: the old cassettes that none needs"


_SHOWN = 5


def _stale(moved: Iterable[Moved], leftovers: Leftovers, root: Path) -> list[str]:
    """The old cassettes that are of no use any more, once the tests have our marker.

    Where they are all that a folder has, it is the folder.
    """
    every = [(path, each) for each in moved for path in each.move.sources]
    kept = {
        path
        for path, each in every
        if reason(each)
        or each.state is State.IN_PLACE
        or not each.move.tests
        or any(test.nodeid in leftovers.pending for test in each.move.tests)
    }
    every_path = {*leftovers.made, *(path for path, _ in every)}
    stale = {path for path in every_path - kept if path.is_file()}
    while True:
        folders = {path.parent for path in stale if path.parent != root}
        whole = {folder for folder in folders if set(folder.iterdir()) <= stale}
        if not whole:
            return sorted(shown(path, root) for path in stale)
        stale = {path for path in stale if path.parent not in whole} | whole
