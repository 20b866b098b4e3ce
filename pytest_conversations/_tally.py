"""What a run did, for the lines at its end; merged from the workers of pytest-xdist."""

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path


@dataclasses.dataclass
class Tally:
    """Counts over all cassettes of a run.

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
    """

    run: str
    cassettes: list[str] = dataclasses.field(default_factory=list)
    replayed: int = 0
    recorded: int = 0
    scrubbed: dict[str, int] = dataclasses.field(default_factory=dict)
    unused: dict[str, int] = dataclasses.field(default_factory=dict)
    idle: list[str] = dataclasses.field(default_factory=list)
    edited: list[str] = dataclasses.field(default_factory=list)
    paths: dict[str, str] = dataclasses.field(default_factory=dict)
    unwritten: dict[str, tuple[str, str]] = dataclasses.field(default_factory=dict)

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

    def note_scrubbed(self, counts: Mapping[str, int]) -> None:
        """Count secrets that were taken out, by rule and place."""
        for what, count in counts.items():
            self.scrubbed[what] = self.scrubbed.get(what, 0) + count

    def lines(self, root: Path, *, verbose: bool = False) -> Iterator[str]:
        """What to print; nothing where no cassette was open.

        Args:
            root: where paths are shown from.
            verbose: whether to say what was scrubbed, and where.
        """
        files = len(set(self.cassettes))
        if not files:
            return
        yield (
            f"conversations: {self.replayed} replayed, {self.recorded} recorded, "
            f"{sum(self.scrubbed.values())} scrubbed, {sum(self.unused.values())} unused "
            f"in {files} {'cassette' if files == 1 else 'cassettes'}"
        )
        for what, count in sorted(self.scrubbed.items() if verbose else ()):
            yield f"  scrubbed: {count} x {what}"
        for path, count in sorted(self.unused.items()):
            idle = (
                ", all of it: delete the file if its test needs none" if path in self.idle else ""
            )
            yield f"  unused: {count} of {_from(root, path)}{idle}"
        for path in sorted(set(self.edited)):
            yield (
                f"  edited: {_from(root, path)} is not what was recorded (if that is meant, delete "
                "its line `checksum`)"
            )
        for path, reason in sorted(set(map(tuple, self.unwritten.values()))):
            yield f"  not written: {_from(root, path)} ({reason})"
        if self.unused.keys() - set(self.idle):
            yield "Re-run with --conversations-mode=rewrite to record without what is unused."


def _from(root: Path, path: str) -> str:
    inside = Path(path).is_relative_to(root)
    return Path(path).relative_to(root).as_posix() if inside else path
