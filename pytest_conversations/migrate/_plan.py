"""Which cassettes of other tools are whose, and where they go."""

import ast
import collections
import dataclasses
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from pytest_conversations import _paths
from pytest_conversations.migrate import _layout
from pytest_conversations.migrate._collected import Test
from pytest_conversations.migrate._found import Found, Place, Use

_SUFFIX = ".yaml"  # of what is made


@dataclasses.dataclass
class Move:
    """A cassette that is to be made.

    Attributes:
        target: its path from the cassette folder.
        sources: the cassettes of other tools that it is made of, in order.
        name: what the marker has to say for it; nothing where it is the default of its test.
        tests: that use it.
    """

    target: Path
    sources: tuple[Path, ...]
    name: str
    tests: list[Test]


@dataclasses.dataclass
class Plan:
    """What goes where.

    Attributes:
        moves: the cassettes to be made.
        of_use: the cassette that a ``use_cassette`` names, where there is one.
    """

    moves: list[Move]
    of_use: dict[Use, Path]


@dataclasses.dataclass
class _Sources:
    default: list[Path]
    used: list[Path]

    @property
    def every(self) -> tuple[Path, ...]:
        return tuple(dict.fromkeys([*self.default, *self.used]))


def plan(
    tests: Sequence[Test], code: Sequence[Found], cassettes: Sequence[Path], root: Path
) -> Plan:
    """Find what belongs to each test.

    Args:
        tests: all that there are.
        code: what stands in Python files.
        cassettes: of other tools that the project has, to look through where one is not where its
            tool has it by default.
        root: of the project.
    """
    search = _Search(cassettes)
    libraries = list(_libraries(code, root))
    uses = [each for each in code if isinstance(each, Use)]
    of_use = {
        use: path for use in uses if (path := _of_use(use, search, [root, *libraries])) is not None
    }
    in_function: dict[tuple[Path, int], list[Path]] = collections.defaultdict(list)
    for use, path in of_use.items():
        if use.function:
            in_function[use.path, use.function].append(path)
    of_test = {
        test.nodeid: _Sources(
            list(_of_marks(test, search, root)), in_function.get(test.function, [])
        )
        for test in tests
    }
    counts = collections.Counter(path for each in of_test.values() for path in each.used)
    moves: dict[tuple[Path, tuple[Path, ...]], Move] = {}
    for test in tests:
        every = of_test[test.nodeid].every
        if every:
            shared = any(counts[path] > 1 for path in of_test[test.nodeid].used)
            name = _marker_name(test, every, moves.values()) if test.named or shared else ""
            target = Path(name) if name else test.default
            move = moves.setdefault((target, every), Move(target, every, name, []))
            move.tests.append(test)
    taken = {path for each in moves.values() for path in each.sources}
    for use, path in of_use.items():
        if path not in taken:  # in a fixture, or a function that tests call
            taken.add(path)
            folder = _paths.default_folder(Path(os.path.relpath(use.path, root)))
            name = _inside(folder, use.cassette or path.name)
            moves[Path(name), (path,)] = Move(Path(name), (path,), name, [])
    return Plan(list(moves.values()), of_use)


class _Search:
    """Looks for files by the end of their path."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._by_name: dict[str, list[Path]] = collections.defaultdict(list)
        for path in paths:
            self._by_name[path.name].append(path)

    def only(self, name: str, *, prefer: str = "") -> Path | None:
        """The one file whose path ends so; of several, that in a folder of the name ``prefer``."""
        tail = PurePosixPath(name).parts
        if not tail or ".." in tail or PurePosixPath(name).is_absolute():
            return None
        hits = [
            path
            for ending in _layout.ENDINGS
            for path in self._by_name.get(tail[-1] + ending, ())
            if path.parts[-len(tail) : -1] == tail[:-1]
        ]
        preferred = [path for path in hits if path.parent.name == prefer]
        for some in (preferred, hits):
            if len(some) == 1:
                return some[0]
        return None


def _of_marks(test: Test, search: _Search, root: Path) -> Iterator[Path]:
    """The cassettes that the markers of a test give it, by the rules of their tools."""
    places = _layout.folders(test.module)[: 2 if test.marks else 1]
    names = (test.named,) if test.named else test.names
    first = next(_layout.existing(places, names), None)
    if first is None and test.marks:
        hits = (search.only(name, prefer=test.module.stem) for name in names)
        first = next(filter(None, hits), None)
    if first is not None:
        yield first
        places = [first.parent, *places]
    for name in test.extra:
        extra = next(_layout.existing([*places, root], [name]), None) or search.only(name)
        if extra is not None:
            yield extra


def _libraries(code: Iterable[Found], root: Path) -> Iterator[Path]:
    """The folders that instances of ``VCR`` say, as far as they are written out."""
    for place in code:
        for _, name, value in place.options if isinstance(place, Place) else ():
            if name == "cassette_library_dir" and value[:1] in {"'", '"'}:
                folder = str(ast.literal_eval(value))
                yield from (root / folder, place.path.parent / folder)


def _of_use(use: Use, search: _Search, places: Sequence[Path]) -> Path | None:
    if use.cassette is None:
        return None
    if not use.cassette:  # the name of the function, beside its module
        path = next(_layout.existing([use.path.parent, *places], [use.name]), None)
        return path or search.only(use.name)
    path = next(_layout.existing([*places, use.path.parent], [use.cassette]), None)
    return path or search.only(use.cassette)


def _marker_name(test: Test, sources: Sequence[Path], moves: Iterable[Move]) -> str:
    """What the marker is to say for a cassette that has a name: in the folder of its module's."""
    for move in moves:  # another module may use the same
        if move.name and move.sources == tuple(sources):
            return move.name
    return _inside(test.folder, test.named or sources[0].name)


def _inside(folder: Path, name: str) -> str:
    """The path of a cassette of that name, in a folder and never outside of it."""
    given = PurePosixPath(name)
    inside = not given.is_absolute() and ".." not in given.parts
    kept = given if inside else PurePosixPath(given.name)
    if kept.suffix in {*_layout.ENDINGS, ".yml"}:
        kept = kept.with_suffix("")
    return (PurePosixPath(folder.as_posix()) / f"{kept}{_SUFFIX}").as_posix()
