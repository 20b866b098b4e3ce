"""The lines that the command prints, each with its place."""

import dataclasses
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pytest_conversations._plural import counted, noun
from pytest_conversations.migrate import _options
from pytest_conversations.migrate._collected import Collected
from pytest_conversations.migrate._found import Found, Mark, Place, Use
from pytest_conversations.migrate._marks import Change
from pytest_conversations.migrate._moving import Moved, State, shown
from pytest_conversations.migrate._old import Old
from pytest_conversations.migrate._plan import Plan


@dataclasses.dataclass(frozen=True)
class Leftovers:
    """What is beside the moves.

    Attributes:
        code: what stands in Python files.
        planned: whose cassettes are whose.
        unused: cassettes that no test uses, as far as that is known.
        unread: Python files that cannot be read, and why.
        made: old cassettes that an earlier run made new ones of.
        pending: ids of the tests that go on with their old tool, until they are changed by hand.
        elsewhere: how many cassettes of tests ask other origins, by origin.
    """

    code: Sequence[Found]
    planned: Plan
    unused: Sequence[Old]
    unread: Sequence[tuple[Path, str]]
    made: Collection[Path]
    pending: Collection[str]
    elsewhere: Mapping[str, int]


class Teller:
    """Puts what was found, and what became of it, in lines."""

    def __init__(self, project: Collected, moved: Sequence[Moved], leftovers: Leftovers) -> None:
        self._project = project
        self._moved = moved
        self._leftovers = leftovers
        self._of_source = {path: each for each in moved for path in each.move.sources}
        modules = {test.module for each in moved for test in each.move.tests}
        self._modules = modules | {
            use.path for use, path in leftovers.planned.of_use.items() if path in self._of_source
        }
        self._functions = {test.function for each in moved for test in each.move.tests}

    def _shown(self, path: Path) -> str:
        return shown(path, self._project.root)

    def cassette(self, moved: Moved) -> str:
        """The line of one that moves."""
        sources = " + ".join(map(self._shown, moved.move.sources))
        count = sum(moved.others.values())
        rest = f", {count} to other origins {noun(count, 'stays', 'stay')} behind" if count else ""
        return (
            f"{sources} -> {self._shown(moved.path)}: {counted(moved.count, 'interaction')}{rest}"
        )

    def change(self, change: Change) -> str:
        """The line of a marker."""
        mark = change.mark
        _, rest = _options.of_marker(mark.options)
        why = f" ({change.reason})" if change.reason else ""
        old = " ".join(mark.text.split())
        told = f"{self._shown(mark.path)}:{mark.line}: @{old} -> @{change.new}{why}"
        for name in rest:
            told += f"; {name} -> {_options.equal_of(name, mark.options[name])}"
        return told

    def cassettes_by_hand(self) -> Iterator[str]:
        """What is to be known of cassettes."""
        for each in self._moved:
            names = ", ".join(map(self._shown, each.move.sources))
            path = self._shown(each.path)
            if each.state is State.TAKEN:
                yield f"{names}: not moved, since there is {path}; to make it anew, delete that"
            if each.state is State.IN_PLACE and each.secrets:
                fix = shlex.join(["pytest-conversations", "check", "--fix", path])
                held = counted(each.secrets, "secret")
                yield f"{path}: it plays as it is, with {held} in it: {fix}"
            for warning in each.warnings:
                yield f"{names}: {warning}"
            for old in each.old:
                if old.lost:
                    kinds = ", ".join(old.lost)
                    yield f"{self._shown(old.path)}: {kinds} stay behind; only HTTP is replayed"
        yield from self._other_origins()
        yield from self._collisions()
        unused = [old for old in self._leftovers.unused if not old.problem]
        if unused:
            folder = self._project.folder.as_posix()
            advice = (
                f"no test was found that uses {noun(len(unused), 'this', 'these')}; one that is "
                f"wanted plays as it is from {folder}/, where "
                '@pytest.mark.conversations(cassette="...") names it:'
            )
            yield "\n    ".join([advice, *(self._shown(old.path) for old in unused)])

    def _collisions(self) -> Iterator[str]:
        tests: dict[Path, list[str]] = {}
        for each in self._moved:
            if not each.move.name and len(each.move.sources) == 1:
                names = (test.nodeid for test in each.move.tests if not test.extra)
                tests.setdefault(each.move.sources[0], []).extend(names)
        for path, nodeids in tests.items():
            if len(nodeids) > 1:
                yield (
                    f"{self._shown(path)}: {' and '.join(nodeids)} had it together, since their "
                    "names became the same; each gets all of it, and fails where it holds the "
                    "answers of another: record that anew"
                )

    def _other_origins(self) -> Iterator[str]:
        where: dict[str, list[str]] = {}
        for each in self._moved:
            for name in each.others:
                where.setdefault(name, []).extend(map(self._shown, each.move.sources))
        for name, paths in sorted(where.items()):
            yield (
                f"{', '.join(dict.fromkeys(paths))}: requests to {name} stay behind. To move them, "
                f'too: --origin {name}, and origins=["{name}"] in conversations_config; or else '
                "they need their old tool, or go out"
            )

    def code(self, changes: Iterable[Change]) -> Iterator[str]:
        """What is to be changed in Python files, in the order of their lines."""
        mine = {change.mark: change for change in changes}
        every = (*mine, *(each for each in self._leftovers.code if not isinstance(each, Mark)))
        for each in sorted(every, key=lambda one: (one.path, one.line)):
            match each:
                case Mark():
                    yield self.change(mine[each])
                case Use():
                    yield from self._use(each)
                case Place():
                    yield from self._place(each)

    def _use(self, use: Use) -> Iterator[str]:
        start = f"{self._shown(use.path)}:{use.line}: "
        path = self._leftovers.planned.of_use.get(use)
        moved = None if path is None else self._of_source.get(path)
        if moved is None:
            if path is None and use.path in self._modules:
                yield f"{start}{use.text} -> the marker, with the cassette that it means"
            return
        name = next(
            (
                each.move.name
                for each in self._moved
                if path in each.move.sources
                and (
                    not use.function
                    or any(t.function == (use.path, use.function) for t in each.move.tests)
                )
            ),
            moved.move.name,
        )
        marker = "@pytest.mark.conversations" + (f'(cassette="{name}")' if name else "")
        on = f"on {use.name}" if use.function else "on the tests that use it"
        yield f"{start}{use.text} -> {marker} {on}"
        for option, value in use.options.items():
            if option not in _options.NEEDLESS:
                yield f"{start}{option}={value} -> {_options.equal_of(option, value)}"

    def _place(self, place: Place) -> Iterator[str]:
        start = f"{self._shown(place.path)}:{place.line}: "
        if place.kind == "argument":
            if (place.path, place.function) in self._functions:
                yield f"{start}argument {place.text} -> conversation_cassette"
            return
        folder = place.path.parent
        below = any(
            module.is_relative_to(folder)
            if place.path.name == "conftest.py"
            else module == place.path
            for module in self._modules
        )
        if not (below or (place.kind == "VCR" and self._modules)):
            return
        if place.kind in {"vcr_config", "VCR"}:
            if not place.options and place.kind == "vcr_config":
                yield f"{start}{place.text} -> the fixture conversations_config"
            for line, name, value in place.options:
                at = f"{self._shown(place.path)}:{line}: "
                yield f"{at}{name}={value} -> {_options.equal_of(name, value)}"
        elif place.kind == "add_marker":
            yield f"{start}{place.text} -> {place.text.replace('vcr', 'conversations')}"
        elif place.kind == "pytest_recording_configure":
            yield f"{start}{place.text} -> match_on and the hooks of conversations_config"
        else:
            yield (
                f"{start}{place.text} -> nothing, cassettes are in {self._project.folder}/ by the "
                "path of their test; conversations_dir says another folder"
            )

    def words(self) -> Iterator[str]:
        """What stands in the ini file."""
        if self._project.inipath is None or not self._moved:
            return
        for word in self._project.addopts:
            equal = _options.equal_of_word(word)
            if equal is not None:
                yield f"{self._shown(self._project.inipath)}: {word} -> {equal}"

    def failed(self) -> Iterator[str]:
        """What went wrong."""
        if self._project.output:
            yield f"pytest did not collect the tests:\n{self._project.output.rstrip()}"
        for nodeid, why in self._project.failed:
            yield f"{nodeid}: pytest cannot collect it, so its cassettes do not move: {why}"
        for path, why in self._leftovers.unread:
            yield f"{self._shown(path)}: not read: {why}"
        told = {
            old.path: old
            for old in (*(old for each in self._moved for old in each.old), *self._leftovers.unused)
            if old.problem
        }
        for path, old in told.items():
            line = f"{old.line}:" if old.line else ""
            yield f"{self._shown(path)}:{line} {old.problem}"
        for each in self._moved:
            if each.problem:
                names = ", ".join(map(self._shown, each.move.sources))
                yield f"{names}: {each.problem}"
