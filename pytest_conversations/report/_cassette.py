"""A cassette as the page shows it: what there is to say of it before its exchanges."""

import dataclasses
import datetime as dt
import re
from collections.abc import Container, Mapping, Sequence
from pathlib import PurePath

from pytest_conversations._plural import noun
from pytest_conversations.cassette import Interaction, Response, is_own
from pytest_conversations.report._bodies import is_stream
from pytest_conversations.report._exchange import is_bad
from pytest_conversations.report._limits import Limits, counted
from pytest_conversations.report._sources import About, Source, Test

_NO_ANCHOR = re.compile(r"[^\w./-]+")
_LONGEST_DIFF = 1_000  # lines
_INDENT = "  "  # of a diff in the message of an error


@dataclasses.dataclass(frozen=True)
class Line:
    """A line of a message or of a diff, with what it is: ``add``, ``del``, ``at`` or nothing."""

    kind: str
    text: str


@dataclasses.dataclass(frozen=True)
class Ran:
    """A test, with what its cassette said.

    Attributes:
        anchor: of its link.
        name: its id.
        outcome: in a word.
        has_failed: whether that is a failure.
        facts: in words.
        misses: what the errors of its cassette said.
        failure: what else it failed with; may be empty.
    """

    anchor: str
    name: str
    outcome: str
    has_failed: bool
    facts: tuple[str, ...]
    misses: tuple[tuple[Line, ...], ...]
    failure: str


@dataclasses.dataclass(frozen=True)
class Card:
    """A cassette.

    Attributes:
        anchor: of its link.
        title: the name of its test, or of its file.
        module: the folder that it is in, by which two of one name are told apart.
        folder: where it is; what is listed under one head has the same.
        name: of the file, in full.
        facts: about it, in words.
        flags: by which it is found: ``failed``, ``streamed``, ``today``, ``unused``, ``errors``,
            ``changed``, ``unreadable``.
        problem: why it cannot be shown; may be empty.
        tests: of the run.
        changes: the lines of a diff with the recording before; None where it is not a new one.
        changes_note: a sentence about lines that are not there.
        is_orphan: whether no test uses it.
        count: of interactions.
    """

    anchor: str
    title: str
    module: str
    folder: str
    name: str
    facts: tuple[str, ...]
    flags: tuple[str, ...]
    problem: str
    tests: tuple[Ran, ...]
    changes: tuple[Line, ...] | None
    changes_note: str
    is_orphan: bool
    count: int


def card(
    source: Source,
    interactions: Sequence[Interaction],
    metadata: Mapping[str, object],
    *,
    problem: str,
    about: About,
    anchor: str,
    limits: Limits,
) -> Card:
    """Prepare the head of a cassette.

    Args:
        source: the cassette.
        interactions: that it holds.
        metadata: what it says of itself.
        problem: why it cannot be shown; empty where it can.
        about: the report.
        anchor: of its link.
        limits: of the page.
    """
    changes = None if source.changes is None else lines(source.changes[:_LONGEST_DIFF])
    rest = len(source.changes or ()) - _LONGEST_DIFF
    flags = {
        "failed": source.has_failed,
        "unreadable": bool(problem),
        "changed": source.changes is not None,
        "unused": bool(source.unused) or source.is_orphan,
        "errors": any(is_bad(each.response) for each in interactions),
        "streamed": any(map(is_stream, interactions)),
        "today": _is_of(about.made_at, interactions, metadata),
    }
    return Card(
        anchor=anchor,
        title=PurePath(source.name).stem,
        module=PurePath(source.name).parent.name,
        folder=PurePath(source.name).parent.as_posix(),
        name=source.name,
        facts=() if problem else tuple(_facts(source, interactions, metadata, about)),
        flags=tuple(flag for flag, is_set in flags.items() if is_set),
        problem=problem,
        tests=tuple(_ran(test, f"{anchor}::{n}", limits) for n, test in enumerate(source.tests, 1)),
        changes=changes,
        changes_note=f"{counted(rest, 'more line')} of the diff "
        f"{noun(rest, 'is', 'are')} left out here."
        if rest > 0
        else "",
        is_orphan=source.is_orphan,
        count=len(interactions),
    )


def anchor_of(name: str, taken: Container[str]) -> str:
    """A name for links to a cassette, from its path, that no other has."""
    base = _NO_ANCHOR.sub("-", PurePath(name).with_suffix("").as_posix()).strip("-./") or "cassette"
    number, made = 1, base
    while made in taken:
        number += 1
        made = f"{base}-{number}"
    return made


def lines(texts: Sequence[str], indent: str = "") -> tuple[Line, ...]:
    """Lines of a diff, or of a message that holds one, with what each is.

    Args:
        texts: the lines.
        indent: of the diff in its message.
    """
    kinds = {"+": "add", "-": "del", "@": "at"}
    made = []
    for text in texts:
        head = text[len(indent) :][:3] if text.startswith(indent) else ""
        kind = "head" if head in ("+++", "---") else kinds.get(head[:1], "")
        made.append(Line(kind, text))
    return tuple(made)


def _ran(test: Test, anchor: str, limits: Limits) -> Ran:
    facts = [f"{test.seconds:.2f} s", *([f"mode {test.mode}"] if test.mode else [])]
    if test.recorded:
        facts.append(f"{counted(test.recorded, 'interaction')} recorded")
    return Ran(
        anchor=anchor,
        name=test.name,
        outcome=test.outcome,
        has_failed=test.has_failed,
        facts=tuple(facts),
        misses=tuple(lines(miss[: limits.text].splitlines(), _INDENT) for miss in test.misses),
        failure=test.failure,
    )


def _facts(
    source: Source,
    interactions: Sequence[Interaction],
    metadata: Mapping[str, object],
    about: About,
) -> list[str]:
    facts = [counted(len(interactions), "interaction")]
    streams = sum(map(is_stream, interactions))
    facts += [counted(streams, "stream")] if streams else []
    if isinstance(at := metadata.get("recorded_at"), dt.datetime):
        facts.append(f"recorded {_local(at, about.made_at):%Y-%m-%d %H:%M}")
    facts += ["from the sandbox"] if metadata.get("sandbox") else []
    recorder = str(metadata.get("recorder", ""))
    facts += [recorder] if recorder and not is_own(metadata) else []
    facts += [f"{len(source.unused)} unused"] if source.unused else []
    return facts


def _is_of(
    day: dt.datetime, interactions: Sequence[Interaction], metadata: Mapping[str, object]
) -> bool:
    """Whether anything was recorded on a day."""
    responses: list[Response] = [each.response for each in interactions]
    times = [each.get("recorded_at", metadata.get("recorded_at")) for each in responses]
    return any(isinstance(at, dt.datetime) and _local(at, day).date() == day.date() for at in times)


def _local(at: dt.datetime, like: dt.datetime) -> dt.datetime:
    aware = at if at.tzinfo is not None else at.replace(tzinfo=dt.UTC)
    return aware.astimezone(like.tzinfo)
