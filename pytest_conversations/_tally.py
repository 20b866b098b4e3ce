"""What a run did, for the lines at its end; merged from the workers of pytest-xdist."""

import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from pytest_conversations._plural import counted


class Tally:
    """Counts over all cassettes of a run. No dataclass, since those take a while to be made.

    Attributes:
        run: names it, the same in all its processes.
        cassettes: the paths that were open.
        replayed: interactions played.
        recorded: interactions recorded.
        scrubbed: by rule and place, how many secrets were taken out of recordings.
        unused: by path, how many interactions a passing test did not play.
        idle: paths of those of which it played none.
        edited: paths of those whose file is another than was written.
        paths: those that were open, by what a file system sees of them that ignores case.
        unwritten: by test, the path of a recording that was not written, and why.
        old: by path, how many days old the recordings are that are older than they may be.
        again: by path, the commands that record what is unused or old anew, one a test.
        verified: replies that came, to be compared with recorded ones.
        sharing: by path, how many tests used a cassette that tests share.
        folders: where the cassettes are.
        claims: in their folder, whichever it is, the paths of the cassettes of all tests that were
            collected.
        modules: the paths there of the default cassettes of the modules of those tests.
        is_partial: whether other tests may use other cassettes than those.
        lacks_modules: whether all tests of some modules were skipped before they were collected.

    Args:
        run: names it.
    """

    def __init__(self, run: str) -> None:
        self.run = run
        self.cassettes: list[str] = []
        self.replayed = 0
        self.recorded = 0
        self.scrubbed: dict[str, int] = {}
        self.unused: dict[str, int] = {}
        self.idle: list[str] = []
        self.edited: list[str] = []
        self.paths: dict[str, str] = {}
        self.unwritten: dict[str, tuple[str, str]] = {}
        self.old: dict[str, int] = {}
        self.again: dict[str, list[str]] = {}
        self.verified = 0
        self.sharing: dict[str, int] = {}
        self.folders: list[str] = []
        self.claims: list[str] = []
        self.modules: list[str] = []
        self.is_partial = False
        self.lacks_modules = False

    @classmethod
    def of(cls, counts: Mapping[str, object]) -> "Tally":
        """That of another process, by what its `counts` gave there."""
        tally = cls("")
        vars(tally).update(counts)
        return tally

    def counts(self) -> dict[str, object]:
        """All of it, as plain data that can be sent to another process."""
        return dict(vars(self))

    def add(self, other: "Tally") -> None:
        """Add the counts of another part of the run."""
        self.cassettes += other.cassettes
        self.replayed += other.replayed
        self.recorded += other.recorded
        self.note_scrubbed(other.scrubbed)
        self.unused |= other.unused
        self.idle += other.idle
        self.edited += other.edited
        self.unwritten |= other.unwritten
        for path, days in other.old.items():
            self.note_old(path, days)
        for path, commands in other.again.items():
            self.again.setdefault(path, []).extend(commands)
        self.verified += other.verified
        self.folders += other.folders
        self.claims += other.claims
        self.modules += other.modules
        self.is_partial |= other.is_partial
        self.lacks_modules |= other.lacks_modules
        for path, count in other.sharing.items():
            self.note_sharing(path, count)

    def note_scrubbed(self, counts: Mapping[str, int]) -> None:
        """Count secrets that were taken out, by rule and place."""
        for what, count in counts.items():
            self.scrubbed[what] = self.scrubbed.get(what, 0) + count

    def note_old(self, path: str, days: int) -> None:
        """Note how old a recording is; the oldest part of it counts."""
        self.old[path] = max(days, self.old.get(path, 0))

    def note_again(self, path: str, command: str) -> None:
        """Note what records a test's part of a cassette anew."""
        self.again.setdefault(path, []).append(command)

    def note_sharing(self, path: str, count: int = 1) -> None:
        """Count tests that used a cassette that tests share."""
        self.sharing[path] = self.sharing.get(path, 0) + count

    def lines(
        self, root: Path, orphans: Sequence[str] = (), *, verbose: bool = False
    ) -> Iterator[str]:
        """What to print; nothing where no cassette was open.

        Args:
            root: where paths are shown from.
            orphans: paths of cassettes that no test uses.
            verbose: whether to say what was scrubbed, and where, and which cassettes are shared.
        """
        files = len(set(self.cassettes))
        if not files:
            return
        yield (
            f"conversations: {self.replayed} replayed, {self.recorded} recorded, "
            f"{sum(self.scrubbed.values())} scrubbed, {sum(self.unused.values())} unused "
            f"in {counted(files, 'cassette')}"
        )
        for what, count in sorted(self.scrubbed.items() if verbose else ()):
            yield f"  scrubbed: {count} x {what}"
        for path, count in sorted(self.sharing.items() if verbose else ()):
            yield f"  shared: {from_root(root, path)} by {counted(count, 'test')}"
        if self.verified:
            replies = "1 reply was" if self.verified == 1 else f"{self.verified} replies were"
            yield f"  verified: {replies} asked for again, nothing was written"
        yield from self._to_act_on(root, orphans)

    def _to_act_on(self, root: Path, orphans: Sequence[str]) -> Iterator[str]:
        for path, count in sorted(self.unused.items()):
            idle = (
                ", all of it: delete the file if its test needs none" if path in self.idle else ""
            )
            yield f"  unused: {count} of {from_root(root, path)}{idle}"
        for path in sorted(set(self.edited)):
            yield (
                f"  edited: {from_root(root, path)} is not what was recorded (if that is meant, "
                "delete its line `checksum`)"
            )
        for path in orphans:
            yield f"  not used by any test: {from_root(root, path)} (delete it, if so)"
        for path, days in sorted(self.old.items()):
            yield f"  old: {from_root(root, path)} was recorded {counted(days, 'day')} ago"
        for path, reason in sorted(set(map(tuple, self.unwritten.values()))):
            yield f"  not written: {from_root(root, path)} ({reason})"
        if unused := self.unused.keys() - set(self.idle):
            yield f"To record without what is unused: {self._command(unused)}"
        elif self.old:
            yield f"To record again what is old: {self._command(self.old.keys())}"

    def _command(self, paths: Collection[str]) -> str:
        """What records several cassettes anew: the tests of their commands, with all options."""
        commands = (command for path in sorted(paths) for command in self.again[path])
        words = [shlex.split(each.partition("\n")[0]) for each in commands]
        tests = dict.fromkeys(word for each in words for word in each if "::" in word)
        options = dict.fromkeys(word for each in words for word in each if word.startswith("--"))
        # What tests that are not run again recorded into a cassette they share stays by `all`.
        if len(modes := [each for each in options if each.startswith(_MODE)]) > 1:
            options = dict.fromkeys(
                [f"{_MODE}all", *(each for each in options if each not in modes)]
            )
        some = list(tests)
        if len(some) > _SHOWN:
            some = sorted({each.partition("::")[0] for each in some})
        return shlex.join(["pytest", *some, *options])


_MODE = "--conversations-mode="
_SHOWN = 5  # tests; of more their modules are named


def from_root(root: Path, path: str) -> str:
    """A path as messages have it: from a folder, where it is below."""
    inside = Path(path).is_relative_to(root)
    return Path(path).relative_to(root).as_posix() if inside else path
