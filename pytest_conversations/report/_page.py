"""Writes the page: one file, which needs no other, cassette by cassette."""

import contextlib
import dataclasses
import errno
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

from markupsafe import Markup

from pytest_conversations.cassette import Interaction, is_own, load
from pytest_conversations.errors import CassetteError
from pytest_conversations.report._bodies import Clipped, clipped
from pytest_conversations.report._cassette import Card, anchor_of, card
from pytest_conversations.report._exchange import shown
from pytest_conversations.report._limits import LeftOut, Limits, counted
from pytest_conversations.report._sources import About, Scrub, Source
from pytest_conversations.report._templates import environment, own_text, paragraph, policy_hash

_PIECE = 1 << 16  # characters that are copied at once
_FEW = 4  # cassettes that are unfolded from the start
_FILTERS = {
    "failed": "Failed",
    "errors": "With errors",
    "unreadable": "Unreadable",
    "streamed": "Streamed",
    "today": "Recorded today",
    "changed": "Recorded anew",
    "unused": "Unused",
}
_OF_SERVER = {"unused": "Not played"}
_OF_RUNS = {"failed", "changed", "unused"}  # filters that only a run of tests can fill


@dataclasses.dataclass(frozen=True)
class Filter:
    """A button that leaves only some cassettes: how it is called, and how many they are."""

    flag: str
    label: str
    count: int


@dataclasses.dataclass(frozen=True)
class Group:
    """Cassettes of one folder, for the index."""

    folder: str
    cards: tuple[Card, ...]


def write(
    file: Path | TextIO,
    sources: Sequence[Source],
    about: About,
    *,
    scrub: Scrub,
    limits: Limits | None = None,
    step: Callable[[], None] = lambda: None,
) -> list[str]:
    """Write the report; a file is the old one or the new one, whole.

    Args:
        file: where to; or what it is written into.
        sources: the cassettes.
        about: what the report says of itself.
        scrub: takes the secrets out of a cassette that another tool has recorded.
        limits: how much goes into the page.
        step: called after each cassette.

    Returns:
        Of each cassette that cannot be read, why.

    Raises:
        OSError: the file cannot be written.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as spool:
        is_short = len(sources) <= _FEW
        page = _Page(spool, about, limits or Limits(), scrub, is_short=is_short)
        for source in sorted(sources, key=lambda each: (not each.has_failed, each.name)):
            page.add(source)
            step()
        into = _replacing(file) if isinstance(file, Path) else contextlib.nullcontext(file)
        with into as target:
            for piece in page.pieces():
                target.write(piece)
    return page.problems


class _Page:
    """A page that grows by cassettes.

    Attributes:
        problems: of cassettes that cannot be read.

    Args:
        spool: where the cassettes go until the head of the page is known.
        about: what the report says of itself.
        limits: how much goes into the page.
        scrub: takes the secrets out.
        is_short: whether the cassettes are unfolded from the start.
    """

    def __init__(
        self, spool: TextIO, about: About, limits: Limits, scrub: Scrub, *, is_short: bool
    ) -> None:
        self.problems: list[str] = []
        self._spool = spool
        self._about = about
        self._limits = limits
        self._scrub = scrub
        self._is_short = is_short
        self._left_out = LeftOut()
        self._cards: list[Card] = []
        self._outcomes: Counter[str] = Counter()
        self._written = 0  # characters
        self._environment = environment()

    def add(self, source: Source) -> None:
        """Add a cassette."""
        self._outcomes.update(test.outcome for test in source.tests)
        if self._written > self._limits.page:
            self._left_out.cassettes += 1
            return
        interactions: list[Interaction] = []
        metadata: dict[str, object] = {}
        problem = source.problem
        if problem:
            self.problems.append(problem)
        elif source.path.exists() or not source.tests:
            try:
                interactions, metadata = load(source.path)
            except CassetteError as error:
                problem = str(error)
                self.problems.append(problem)
        made = card(
            source,
            interactions,
            metadata,
            problem=problem,
            about=self._about,
            anchor=anchor_of(source.name, {each.anchor for each in self._cards}),
            limits=self._limits,
        )
        self._cards.append(made)
        short = [clipped(each, self._limits) for each in interactions]
        if not is_own(metadata):
            scrubbed = self._scrub([each.interaction for each in short])
            self._render(made, source, map(_with, short, scrubbed))
        else:
            self._render(made, source, iter(short))

    def _render(self, made: Card, source: Source, interactions: Iterator[Clipped]) -> None:
        for piece in self._environment.get_template("cassette.html").generate(
            card=made,
            exchanges=self._exchanges(made, source, interactions),
            is_missing=not source.path.exists(),
            is_open=source.has_failed or bool(made.problem) or self._is_short,
        ):
            self._spool.write(piece)
            self._written += len(piece)

    def _exchanges(
        self, made: Card, source: Source, interactions: Iterator[Clipped]
    ) -> Iterator[Markup]:
        """The exchanges of a cassette, rendered one by one, as far as there is room."""
        template = self._environment.get_template("exchange.html")
        is_served = self._about.asked is not None
        most = self._written + self._limits.cassette
        for number in range(1, made.count + 1):
            rest = made.count - number + 1
            if self._written > most:
                self._left_out.exchanges += rest
                yield paragraph("note", f"{counted(rest, 'more interaction')}, left out here.")
                return
            try:
                interaction = next(interactions)
            except CassetteError as error:
                words = f"Interaction {number} and those behind it are not shown: {error}"
                yield paragraph("problem", words)
                return
            try:
                view = shown(
                    number,
                    interaction,
                    anchor=made.anchor,
                    is_unused=number - 1 in source.unused,
                    limits=self._limits,
                    left_out=self._left_out,
                )
                yield Markup(template.render(x=view, is_served=is_served))  # noqa: S704 - the template escapes
            except RecursionError:
                words = f"Interaction {number} is not shown: its JSON is nested too deep."
                yield paragraph("problem", words)

    def pieces(self) -> Iterator[str]:
        """The page, from its beginning; call it once, when all is added."""
        counts = Counter(flag for each in self._cards for flag in each.flags)
        filters = [
            Filter(flag, label, counts[flag])
            for flag, label in self._labels().items()
            if counts[flag] or flag in ("streamed", "today") or self._is_asked_for(flag)
        ]
        style, script = own_text("style.css"), own_text("script.js")
        return self._environment.get_template("page.html").generate(
            about=self._about,
            style=Markup(style),  # noqa: S704 - our own
            script=Markup(script),  # noqa: S704 - our own
            style_hash=policy_hash(style),
            script_hash=policy_hash(script),
            groups=_groups(self._cards),
            filters=filters,
            summary=self._summary(),
            left_out=self._left_out.words(),
            problems=self.problems,
            body=self._copied(),
            total=len(self._cards),
        )

    def _labels(self) -> dict[str, str]:
        return _FILTERS | (_OF_SERVER if self._about.asked is not None else {})

    def _is_asked_for(self, flag: str) -> bool:
        return self._about.is_run and flag in _OF_RUNS

    def _summary(self) -> list[str]:
        count = len(self._cards) + self._left_out.cassettes
        tests = sum(self._outcomes.values())
        of_run = counted(tests, "test with a cassette", "tests with a cassette")
        words = [of_run] if self._about.is_run else []
        words += [f"{number} {outcome}" for outcome, number in sorted(self._outcomes.items())]
        interactions = sum(each.count for each in self._cards)
        return [*words, counted(count, "cassette"), counted(interactions, "interaction")]

    def _copied(self) -> Iterator[Markup]:
        self._spool.seek(0)
        while piece := self._spool.read(_PIECE):
            yield Markup(piece)  # noqa: S704 - templates have made it


def _with(one: Clipped, interaction: Interaction) -> Clipped:
    return one._replace(interaction=interaction)


def _groups(cards: Sequence[Card]) -> list[Group]:
    groups: dict[str, list[Card]] = {}
    for each in cards:
        groups.setdefault(each.folder, []).append(each)
    return [Group(folder, tuple(held)) for folder, held in groups.items()]


@contextlib.contextmanager
def _replacing(file: Path) -> Iterator[TextIO]:
    """A file to write, which takes its place when it is whole."""
    file = file.resolve()  # a link stays one
    if file.exists() and not file.is_file():  # a folder, or a device, which must not be replaced
        code = errno.EISDIR if file.is_dir() else errno.EINVAL
        raise OSError(code, os.strerror(code), str(file))
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8", newline="") as target:
            yield target
        temporary.replace(file)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
