"""Changes markers: which can be surely, how, and in their files."""

import ast
import dataclasses
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pytest_conversations.migrate import _options
from pytest_conversations.migrate._collected import Test
from pytest_conversations.migrate._found import Mark

_OURS = "conversations"
_FORM = re.compile(r"(?:\w+\.)*mark\.(?:vcr|default_cassette)(?:\(.*\))?", re.DOTALL)


@dataclasses.dataclass(frozen=True)
class Change:
    """A marker, and what stands for it.

    Attributes:
        mark: the marker.
        new: what is to stand in its place.
        reason: why that is not sure; nothing where it is.
        tests: the ids of those that have it.
    """

    mark: Mark
    new: str
    reason: str
    tests: frozenset[str]


def changes(
    marks: Sequence[Mark],
    tests: Sequence[Test],
    reasons: Mapping[str, str],
    names: Mapping[str, str],
) -> list[Change]:
    """Decide about the markers of tests whose cassettes move.

    A test with a marker of each kind would be refused. So one is changed where all those of its
    tests are.

    Args:
        marks: all that stand in the modules.
        tests: all that were collected.
        reasons: of each test whose cassette moves, by its id, why it cannot have our marker yet;
            nothing where it can. Of one whose cassette is not found, or has nothing of the API, it
            may have a reason, too.
        names: of those that move, what the marker says for their cassette, or nothing.
    """
    covered = {mark: [test for test in tests if _covers(mark, test)] for mark in marks}
    of_test: dict[str, list[Mark]] = {}
    for mark, those in covered.items():
        for test in those:
            of_test.setdefault(test.nodeid, []).append(mark)
    why = {mark: _own_reason(mark, those, names) for mark, those in covered.items()}
    for mark, those in covered.items():
        for test in those:
            unknown = len(of_test[test.nodeid]) < test.marks
            reason = reasons.get(test.nodeid, "") or (_UNKNOWN if unknown else "")
            why[mark] = why[mark] or (f"{_short(test)} {reason}" if reason else "")
    sure = {mark for mark in marks if not why[mark]}
    while True:
        torn = {
            mark: other
            for mark in sure
            for test in covered[mark]
            for other in of_test[test.nodeid]
            if other not in sure
        }
        if not torn:
            break
        for mark, other in torn.items():
            why[mark] = f"together with line {other.line}"
        sure -= set(torn)
    return [
        Change(mark, _new(mark, names, those), why[mark], frozenset(t.nodeid for t in those))
        for mark, those in covered.items()
        if any(test.nodeid in names for test in those) or (names and not mark.is_known)
    ]


_UNKNOWN = "has a marker that code puts there"


def _covers(mark: Mark, test: Test) -> bool:
    if not mark.is_known:
        return False
    if mark.function:
        return test.function == (mark.path, mark.function)
    if mark.class_name:
        return (mark.path, mark.class_name) in test.classes
    return test.module == mark.path


def _own_reason(mark: Mark, tests: Iterable[Test], names: Mapping[str, str]) -> str:
    if not mark.is_known:
        return "code puts it somewhere"
    if mark.options:
        return "its arguments"
    if mark.name == "default_cassette" and len({names.get(test.nodeid) for test in tests}) > 1:
        return "the cassettes of its tests have several names"
    if None in mark.args:
        return "its arguments are made by code"
    return ""


def _new(mark: Mark, names: Mapping[str, str], tests: Iterable[Test]) -> str:
    at = mark.text.find(f"mark.{mark.name}")  # there may be a break in it
    head = mark.text[:at] if at >= 0 else "pytest."
    name = next((names[test.nodeid] for test in tests if names.get(test.nodeid)), "")
    ours, _ = _options.of_marker(mark.options)
    if mark.name == "default_cassette" and name:
        ours = [f'cassette="{name}"', *ours]
    return f"{head}mark.{_OURS}" + (f"({', '.join(ours)})" if ours else "")


def _short(test: Test) -> str:
    return test.nodeid.rpartition("::")[2].partition("[")[0]


def rewritten(raw: bytes, those: Iterable[Change]) -> bytes | None:
    """The bytes of a file with its markers changed; None where that cannot be done surely.

    Args:
        raw: of the file.
        those: the changes in it, each of them sure.
    """
    for change in sorted(those, key=lambda each: -each.mark.start):
        mark = change.mark
        # In a file that is not UTF-8 the places are others.
        if not _FORM.fullmatch(mark.text) or raw[mark.start : mark.end] != mark.text.encode():
            return None
        raw = raw[: mark.start] + change.new.encode() + raw[mark.end :]
    try:
        ast.parse(raw)
    except (SyntaxError, ValueError):
        return None
    return raw


def write(every: Sequence[Change]) -> list[Change]:
    """Change the markers, those that are sure; give what became of each."""
    by_file: dict[Path, list[Change]] = {}
    for change in every:
        if not change.reason:
            by_file.setdefault(change.mark.path, []).append(change)
    failed: dict[Path, str] = {}
    for path, those in by_file.items():
        try:
            raw = rewritten(path.read_bytes(), those)
            if raw is None:
                failed[path] = "the file is not UTF-8"
            else:
                _replace(path.resolve(), raw)
        except OSError as error:
            failed[path] = error.strerror or "it cannot be written"
    return [
        dataclasses.replace(each, reason=each.reason or failed.get(each.mark.path, ""))
        for each in every
    ]


def _replace(path: Path, raw: bytes) -> None:
    """Write a file whole or not at all."""
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        temporary.write_bytes(raw)
        shutil.copymode(path, temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
