"""Checks cassettes that are there: whether they are whole, and whether they hold secrets."""

import configparser
import contextlib
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from pytest_conversations._rules import Rules
from pytest_conversations.cassette import (
    API_KEY,
    ConversationCassette,
    Finding,
    Interaction,
    Scrubber,
    inspect,
    inspect_damaged,
    is_json,
    other_keys,
    read,
    read_raw,
)
from pytest_conversations.errors import CassetteError, CassetteFormatError

_ENDINGS = {".yaml", ".yml", ".json"}
_TOML = (
    ("pytest.toml", ("pytest",)),
    ("pyproject.toml", ("tool", "pytest")),
    ("pyproject.toml", ("tool", "pytest", "ini_options")),
)
_INI = (
    ("pytest.ini", "pytest"),
    (".pytest.ini", "pytest"),
    ("tox.ini", "pytest"),
    ("setup.cfg", "tool:pytest"),
)


class Problem(NamedTuple):
    """What is wrong with a file.

    Attributes:
        path: the file.
        line: from 1; 0 where it is not known.
        what: the reason, or the rule and the place of a secret.
        is_secret: whether it is one, which scrubbing takes out.
    """

    path: Path
    line: int
    what: str
    is_secret: bool

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
                each for each in path.rglob("*") if each.suffix in _ENDINGS and each.is_file()
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
    scrubber = _scrubber(rules, environ)
    try:
        text, requests = read(path)
    except CassetteFormatError as error:
        reason = scrubber.finder.shown(error.reason)
        damage = Problem(path, error.line or 0, reason, is_secret=False)
        return [damage, *_problems(path, inspect_damaged(read_raw(path), scrubber.finder))]
    except CassetteError as error:
        return [Problem(path, 0, scrubber.finder.shown(str(error)), is_secret=False)]
    for request in requests:
        scrubber.finder.learn(request)
    return _problems(path, inspect(text, scrubber.finder))


def _problems(path: Path, findings: Iterable[Finding]) -> list[Problem]:
    return [
        Problem(path, line, f"{rule}, {place}", is_secret=is_secret)
        for line, rule, place, is_secret in findings
    ]


def fix(path: Path, rules: Rules, environ: Mapping[str, str]) -> None:
    """Write a cassette again without its secrets, as YAML or JSON as it was; it plays as before.

    Raises:
        CassetteError: it cannot be read or written, a secret is left, or something would be lost;
            the file is as it was.
    """
    scrubber = _scrubber(rules, environ)
    text, requests = read(path)
    lost = other_keys(text)
    if lost:
        names = scrubber.finder.shown(", ".join(lost))
        msg = (
            f"not fixed, since keys of another tool would be lost: {names}; "
            "take the secrets out by hand, or record it again"
        )
        raise CassetteError(msg)
    for request in requests:
        scrubber.finder.learn(request)
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
    scrubber = _scrubber(rules, environ)
    held = list(interactions)
    for each in held:
        scrubber.finder.learn(each.request)
    for each in held:
        yield Interaction(*scrubber.interaction(*each))


def project_lines(folder: Path) -> list[str]:
    """The lines of ``conversations_scrub`` in the file in which a project configures pytest."""
    for name, keys in _TOML:
        with contextlib.suppress(FileNotFoundError, KeyError):
            table = tomllib.loads((folder / name).read_text(encoding="utf-8"))
            for key in keys:
                table = table[key]
            lines = table["conversations_scrub"]
            return lines.splitlines() if isinstance(lines, str) else list(lines)
    for name, section in _INI:
        parser = configparser.ConfigParser(interpolation=None)
        parser.read(folder / name, encoding="utf-8")
        text = parser.get(section, "conversations_scrub", fallback=None)
        if text is not None:
            return text.splitlines()
    return []


def _scrubber(rules: Rules, environ: Mapping[str, str]) -> Scrubber:
    return Scrubber({name: environ.get(name, "") for name in (API_KEY, *rules.names)}, rules)
