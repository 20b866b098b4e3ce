"""Makes the new cassettes, or says why not."""

import dataclasses
import enum
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from vcr.request import Request

from pytest_conversations._check import check, scrubber_of
from pytest_conversations._rules import Rules
from pytest_conversations.cassette import MIGRATED_FROM, ConversationCassette
from pytest_conversations.errors import CassetteError
from pytest_conversations.migrate._old import Old, joined, origin, read_old
from pytest_conversations.migrate._plan import Move

# Headers that hold the key of an account, and not of a session.
_KEYS = {"authorization", "x-api-key", "api-key"}


class State(enum.Enum):
    """What became of a cassette, or is to."""

    NEW = "new"
    DONE = "done"  # by an earlier run
    IN_PLACE = "in place"  # what is there is the old one
    TAKEN = "taken"  # there is another
    FAILED = "failed"
    FOREIGN = "foreign"  # it has nothing of the API, or was this package's from the start


@dataclasses.dataclass
class Moved:
    """What became of a cassette, or is to.

    Attributes:
        move: what it is.
        path: of the new file.
        state: what became of it.
        old: its sources, read.
        problem: why it failed, where none of its sources tells.
        secrets: how many are in a file that stays in its place.
        warnings: what else there is to know.
        unnamed: origins of what moves that nobody has told the plugin of.
    """

    move: Move
    path: Path
    state: State
    old: list[Old]
    problem: str = ""
    secrets: int = 0
    warnings: list[str] = dataclasses.field(default_factory=list)
    unnamed: list[str] = dataclasses.field(default_factory=list)

    @property
    def count(self) -> int:
        """How many interactions move."""
        return sum(len(each.interactions) for each in self.old)

    @property
    def others(self) -> dict[str, int]:
        """How many interactions stay behind, by origin."""
        every: dict[str, int] = {}
        for each in self.old:
            for where, count in each.others.items():
                every[where] = every.get(where, 0) + count
        return every


class Mover:
    """Makes them, one after the other.

    Args:
        folder: of the cassettes.
        root: of the project.
        rules: what it says of secrets.
        environ: the environment, where their values are.
        origins: of the API.
        unnamed: those of these that the project's configuration does not name.
        writes: whether anything is written.
    """

    def __init__(
        self,
        folder: Path,
        root: Path,
        rules: Rules,
        environ: Mapping[str, str],
        origins: Iterable[str],
        *,
        unnamed: Collection[str],
        writes: bool,
    ) -> None:
        self._folder = folder
        self._root = root
        self._rules = rules
        self._environ = environ
        self._origins = frozenset(origins)
        self._unnamed = unnamed
        self._writes = writes
        self._taken: dict[Path, Path] = {}
        self._read: dict[Path, Old] = {}
        self._keys: dict[tuple[tuple[str, str], ...], Request] = {}

    def old(self, path: Path) -> Old:
        """A cassette of another tool, read once."""
        if path not in self._read:
            self._read[path] = read_old(path, self._origins)
        return self._read[path]

    def learn(self, path: Path) -> None:
        """Keep the keys that a cassette shows out of all others, too."""
        for each in self.old(path).every:
            headers = [(k, v) for k, v in each.request.headers.items() if k.lower() in _KEYS]
            if headers:
                keyed = Request("GET", each.request.uri.partition("?")[0], b"", dict(headers))
                self._keys.setdefault(tuple(headers), keyed)

    def move(self, move: Move) -> Moved:
        """Make a cassette, unless there is one."""
        path = self._folder / move.target
        moved = Moved(move, path, State.NEW, [self.old(each) for each in move.sources])
        urls = {origin(each.request.uri) for old in moved.old for each in old.interactions}
        moved.unnamed = sorted(urls & set(self._unnamed))
        wrong = next((each for each in moved.old if each.problem), None)
        if wrong is not None:
            moved.state = State.FAILED
        elif path in move.sources:
            self._leave(moved)
        elif not moved.count:
            moved.state = State.FOREIGN
        elif path.exists():
            moved.state = State.DONE if self._is_made_of(moved) else State.TAKEN
        elif path in self._taken:
            moved.state = State.FAILED
            moved.problem = f"{self._shown(self._taken[path])} goes there as well"
        else:
            self._taken[path] = move.sources[0]
            self._make(moved)
        return moved

    def _is_made_of(self, moved: Moved) -> bool:
        """Whether the file that is there is what an earlier run made of the same, and as much."""
        made = read_old(moved.path, self._origins)
        names = {self._shown(each) for each in moved.move.sources}
        return names <= made.migrated_from and len(made.every) == moved.count

    def _leave(self, moved: Moved) -> None:
        """What is there already is the old one, which plays as it is."""
        old = next(each for each in moved.old if each.path == moved.path)
        others = [each for each in moved.old if each.path != moved.path and each.interactions]
        if not moved.count or (old.is_own and not any(test.marks for test in moved.move.tests)):
            moved.state = State.FOREIGN
        elif others:
            moved.state = State.FAILED
            moved.problem = (
                f"{self._shown(moved.path)} is where the new one goes, which is to hold "
                f"{self._shown(others[0].path)} as well: copy the interactions of that into it"
            )
        else:
            moved.state = State.DONE if old.is_own else State.IN_PLACE
            problems = check(moved.path, self._rules, self._environ)
            moved.secrets = sum(each.is_secret for each in problems)

    def _make(self, moved: Moved) -> None:
        scrubber = scrubber_of(self._rules, self._environ)
        for old in moved.old:
            for each in old.every:
                scrubber.finder.learn(each.request)
        for keyed in self._keys.values():
            scrubber.finder.learn(keyed)
        interactions, metadata = joined(moved.old)
        try:
            cassette = ConversationCassette(str(moved.path), mode="none", scrubber=scrubber)
            names = [self._shown(each) for each in moved.move.sources]
            cassette.take(interactions, {**metadata, MIGRATED_FROM: names})
            if self._writes:
                cassette.rewrite()
            else:
                for each in interactions:
                    scrubber.interaction(*each)
        except CassetteError as error:
            moved.state, moved.problem = State.FAILED, scrubber.known(str(error))
        for coding in sorted(scrubber.unread):
            moved.warnings.append(
                f"nothing was searched for in a body with the content coding {coding}, which "
                "cannot be undone here"
            )

    def _shown(self, path: Path) -> str:
        return shown(path, self._root)


def shown(path: Path, root: Path) -> str:
    """A path as messages have it: from the root, where it is below."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def reason(moved: Moved) -> str:
    """Why a test cannot have our marker yet; nothing where it can."""
    return next(_reasons(moved), "")


def _reasons(moved: Moved) -> Iterator[str]:
    clients = sorted({each for old in moved.old for each in old.clients})
    if moved.state is State.FAILED:
        yield "has a cassette that could not be moved"
    if moved.state is State.TAKEN:
        yield "has a cassette that was not made of its old one"
    if moved.others:
        yield f"asks {' and '.join(sorted(moved.others))} as well"
    if moved.unnamed:
        names = " and ".join(moved.unnamed)
        yield f"asks {names}, which `origins` of conversations_config does not name yet"
    if clients:
        yield f"was recorded through {', '.join(clients)}, which cannot be captured"
    if any(old.lost for old in moved.old):
        yield "has more in its old cassette than HTTP"
