"""Cassettes that are there: whether they are whole, what is secret in them, and without it."""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from pytest_conversations._paths import SUFFIXES
from pytest_conversations._rules import Rules
from pytest_conversations.cassette import (
    API_KEY,
    ConversationCassette,
    Finding,
    Interaction,
    Scrubber,
    edited_line,
    inspect,
    inspect_damaged,
    is_json,
    misfits,
    other_keys,
    read,
    read_raw,
)
from pytest_conversations.errors import CassetteError, CassetteFormatError


class Problem(NamedTuple):
    """What is wrong with a file.

    Attributes:
        path: the file.
        line: from 1; 0 where it is not known.
        what: the reason, or the rule and the place of a secret.
        is_secret: whether it is one, which scrubbing takes out.
        is_note: whether it is nothing wrong by itself, but worth to be known.
    """

    path: Path
    line: int
    what: str
    is_secret: bool
    is_note: bool = False

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


def files(paths: Iterable[Path]) -> Iterator[Path]:
    """The files to check: those that are named, and in folders all that may be cassettes.

    Raises:
        FileNotFoundError: one of the paths is not there.
    """
    for path in paths:
        if path.is_dir():
            yield from sorted(
                each for each in path.rglob("*") if each.suffix in SUFFIXES and each.is_file()
            )
        elif path.exists():
            yield path
        else:
            raise FileNotFoundError(path)


def check(path: Path, rules: Rules, environ: Mapping[str, str]) -> list[Problem]:
    """Find what is wrong with a file.

    Args:
        path: of the file.
        rules: what the project says of secrets.
        environ: the environment, where their values are.
    """
    scrubber = scrubber_of(rules, environ)
    return [*_named(path, scrubber), *_in_file(path, scrubber)]


def _named(path: Path, scrubber: Scrubber) -> list[Problem]:
    """What is wrong with the name of a file, which is not shown then."""
    found = scrubber.finder.by_value(os.fsencode(path.name))
    shown = path.with_name(scrubber.known(path.name)) if found else path
    return [
        Problem(shown, 0, f"{each.rule}, the name of the file", is_secret=False) for each in found
    ]


def _in_file(path: Path, scrubber: Scrubber) -> list[Problem]:
    try:
        text, interactions = read(path)
    except CassetteFormatError as error:
        reason = scrubber.finder.shown(error.reason)
        damage = Problem(path, error.line or 0, reason, is_secret=False)
        return [damage, *_problems(path, inspect_damaged(read_raw(path), scrubber.finder))]
    except CassetteError as error:
        return [Problem(path, 0, scrubber.finder.shown(str(error)), is_secret=False)]
    for each in interactions:
        scrubber.finder.learn(each.request)
    line = edited_line(text.encode())
    notes = [(line, _EDITED)] if line else []
    notes += [(place, _MISFIT) for place in misfits(text, interactions)]
    told = [Problem(path, line, what, is_secret=False, is_note=True) for line, what in notes]
    return [*told, *_problems(path, inspect(text, scrubber.finder))]


_EDITED = (
    "note: edited, it is not what was recorded (if that is meant, delete this line, `checksum`)"
)
_MISFIT = (
    "note: the table of chunks does not add up to the body, as after an edit by hand, so one event "
    "a chunk is played (if that is not meant, record it again)"
)


def _problems(path: Path, findings: Iterable[Finding]) -> list[Problem]:
    return [
        Problem(path, line, f"{rule}, {place}", is_secret=is_secret)
        for line, rule, place, is_secret in findings
    ]


def fix(path: Path, rules: Rules, environ: Mapping[str, str]) -> None:
    """Write a cassette again without its secrets, as YAML or JSON as it was; it plays as before.

    One that was edited is known as such further on.

    Raises:
        CassetteError: it cannot be read or written, a secret is left, or something would be lost;
            the file is as it was.
    """
    scrubber = scrubber_of(rules, environ)
    text, interactions = read(path)
    lost = other_keys(text)
    if lost:
        names = scrubber.finder.shown(", ".join(lost))
        msg = (
            f"not fixed, since keys of another tool would be lost: {names}; "
            "take the secrets out by hand, or record it again"
        )
        raise CassetteError(msg)
    for each in interactions:
        scrubber.finder.learn(each.request)
    ConversationCassette(str(path), mode="none", scrubber=scrubber).rewrite(as_json=is_json(text))


def scrubbed(
    interactions: Iterable[Interaction], rules: Rules, environ: Mapping[str, str]
) -> Iterator[Interaction]:
    """The interactions of a file without their secrets, in order; the given ones are changed.

    Args:
        interactions: all of the file.
        rules: what the project says of secrets.
        environ: the environment, where their values are.

    Raises:
        CassetteError: a secret is left.
    """
    scrubber = scrubber_of(rules, environ)
    held = list(interactions)
    for each in held:
        scrubber.finder.learn(each.request)
    for each in held:
        yield Interaction(*scrubber.interaction(*each))


def unsearched(rules: Rules, environ: Mapping[str, str]) -> dict[str, str]:
    """By the name of a variable that the project names, why its value is not searched for.

    Not for the API key, which is not there where files are only looked at, as in CI.

    Args:
        rules: what the project says of secrets.
        environ: the environment, where their values are.
    """
    reasons = scrubber_of(rules, environ).finder.unsearched
    return {name: reason for name, reason in reasons.items() if name != API_KEY}


def scrubber_of(rules: Rules, environ: Mapping[str, str]) -> Scrubber:
    """What takes out the secrets of a project.

    Args:
        rules: what the project says of them.
        environ: the environment, where their values are.
    """
    return Scrubber({name: environ.get(name, "") for name in (API_KEY, *rules.names)}, rules)
