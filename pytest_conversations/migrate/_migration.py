"""Finds what a project has of other tools, and moves what can be."""

import contextlib
import dataclasses
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pytest_conversations._options import SERVER_URL
from pytest_conversations._rules import Rules
from pytest_conversations.migrate import _files, _lines, _marks, _plan, _telling
from pytest_conversations.migrate._collected import Collected, Test, collect
from pytest_conversations.migrate._found import Found, Mark, Place
from pytest_conversations.migrate._moving import Moved, Mover, State, reason
from pytest_conversations.migrate._old import origin
from pytest_conversations.migrate._source import find
from pytest_conversations.migrate._telling import Report


@dataclasses.dataclass(frozen=True)
class Asked:
    """What the command was asked.

    Attributes:
        paths: files and folders, all of which are there; nothing for the whole project.
        origins: URLs of API origins, beside those that the project configures.
        scrub: lines of ``conversations_scrub``, beside those of the project.
        writes: whether anything is written.
        command: that asks the same, and to write.
    """

    paths: Sequence[Path] = ()
    origins: Sequence[str] = ()
    scrub: Sequence[str] = ()
    writes: bool = False
    command: str = "pytest-conversations migrate --write"


Progress = Callable[[int], contextlib.AbstractContextManager[Callable[[], None]]]


def migrate(asked: Asked, environ: Mapping[str, str], progress: Progress) -> Report:
    """Move a project, or say what would be moved.

    Args:
        asked: what the command was asked.
        environ: the environment.
        progress: is told how many cassettes there are, and then of each.

    Raises:
        ValueError: a line of ``conversations_scrub`` cannot be.
    """
    project = collect(_given(asked.paths), environ.get("MISTRAL_SERVER_URL", ""))
    rules = Rules.of([*project.scrub, *asked.scrub])
    origins = {origin(url) for url in (SERVER_URL, project.server_url, *asked.origins)}
    folder = project.root / project.folder
    files, modules = _files.walk(asked.paths or [project.root])
    modules = list(dict.fromkeys([*modules, *_modules(project)]))
    code, unread = _read_code(modules)
    unnamed = {origin(url) for url in asked.origins if not _is_configured(url, modules)}
    cassettes, own = _files.parted([*files, *_files.walk([folder])[0]])
    planned = _plan.plan(project.tests, code, cassettes, project.root)
    mover = Mover(
        folder, project.root, rules, environ, origins, unnamed=unnamed, writes=asked.writes
    )
    moves = [each for each in planned.moves if _is_asked(each, asked.paths)]
    moves.sort(key=lambda each: each.target)
    moved: list[Moved] = []
    with progress(2 * len(moves)) as step:
        for move in moves:
            for path in move.sources:
                mover.learn(path)
            step()
        for move in moves:
            moved.append(mover.move(move))
            step()
    made = {project.root / name for path in own for name in mover.old(path).migrated_from}
    taken = {path for move in planned.moves for path in move.sources}
    left = [
        old
        for old in (mover.old(path) for path in cassettes if path not in taken | made)
        if old.problem or old.interactions
    ]
    elsewhere = Counter(where for each in moved for old in each.old for where in old.others)
    moved = [each for each in moved if each.state is not State.FOREIGN]
    changes = _changes(project.tests, code, planned, moved)
    if asked.writes:
        changes = _marks.write(changes)
    pending = _pending(project.tests, changes, planned)
    return _telling.tell(
        project,
        moved,
        changes,
        _lines.Leftovers(code, planned, left, unread, made, pending, elsewhere),
        command="" if asked.writes else asked.command,
    )


def _given(paths: Iterable[Path]) -> list[Path]:
    """Of the paths those that have tests; pytest collects them all where there is none."""
    return [
        path
        for path in paths
        if (path.suffix == ".py" if path.is_file() else any(path.rglob("*.py")))
    ]


def _modules(project: Collected) -> Iterator[Path]:
    """The files of the tests, and what configures them."""
    modules = {test.module for test in project.tests}
    yield from sorted(modules)
    for folder in sorted({folder for module in modules for folder in module.parents}):
        path = folder / "conftest.py"
        if folder.is_relative_to(project.root) and path.is_file():
            yield path


def _is_configured(url: str, modules: Iterable[Path]) -> bool:
    """Whether the fixture ``conversations_config`` seems to name an origin."""
    for path in modules:
        with contextlib.suppress(OSError):
            raw = path.read_bytes()
            if b"conversations_config" in raw and url.rstrip("/").encode() in raw:
                return True
    return False


def _is_asked(move: _plan.Move, paths: Sequence[Path]) -> bool:
    scopes = [Path(os.path.normpath(path.absolute())) for path in paths]
    those = [*move.sources, *(test.module for test in move.tests)]
    return not scopes or any(each.is_relative_to(scope) for each in those for scope in scopes)


def _read_code(paths: Iterable[Path]) -> tuple[list[Found], list[tuple[Path, str]]]:
    """What stands in Python files, and which of them cannot be read, with the reason."""
    found: list[Found] = []
    unread = []
    for path in paths:
        try:
            raw = path.read_bytes()
            if _files.speaks_of_cassettes(raw):
                found += find(path, raw)
        except (OSError, SyntaxError, ValueError, RecursionError) as error:
            unread.append((path, str(error)))
    return found, unread


def _changes(
    tests: Sequence[Test],
    code: Iterable[Found],
    planned: _plan.Plan,
    moved: Iterable[Moved],
) -> list[_marks.Change]:
    """What is to be done with the markers of the tests whose cassettes move."""
    names: dict[str, str] = {}
    reasons: dict[str, str] = {}
    takes = {
        (each.path, each.function): each.text
        for each in code
        if isinstance(each, Place) and each.function
    }
    uses = {(use.path, use.function) for use in planned.of_use if use.function}
    for each in moved:
        for test in each.move.tests:
            names[test.nodeid] = each.move.name
            reasons[test.nodeid] = reason(each)
    has_cassette = {test.nodeid for move in planned.moves for test in move.tests}
    for test in tests:
        if reasons.get(test.nodeid):
            continue
        if test.function in takes:
            reasons[test.nodeid] = f"takes the fixture {takes[test.function]}"
        elif test.function in uses:
            reasons[test.nodeid] = "has use_cassette"
        elif test.nodeid not in names and test.nodeid in has_cassette:
            reasons[test.nodeid] = "has a cassette of other APIs"
        elif test.nodeid not in names and test.marks and test.has_own_place:
            reasons[test.nodeid] = "has its cassette where a fixture says, and none was found"
    marks = [each for each in code if isinstance(each, Mark)]
    return _marks.changes(marks, tests, reasons, names)


def _pending(
    tests: Iterable[Test], changes: Sequence[_marks.Change], planned: _plan.Plan
) -> set[str]:
    """The ids of the tests that go on with their old tool until somebody changes them by hand."""
    uses = {(use.path, use.function) for use in planned.of_use}
    changed = Counter(nodeid for change in changes if not change.reason for nodeid in change.tests)
    return {
        test.nodeid for test in tests if changed[test.nodeid] < test.marks or test.function in uses
    }
