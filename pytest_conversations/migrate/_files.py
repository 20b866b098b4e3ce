"""The files of a project: cassettes of other tools, what was made of them, what speaks of them."""

import contextlib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from pytest_conversations._paths import SUFFIXES
from pytest_conversations.cassette import MIGRATED_FROM

_NO_PROJECT = {"node_modules", "__pycache__", "site-packages", "build", "dist"}
_HEAD = 1000  # bytes of a file that tell whose it is
_OWN = b"recorder: pytest-conversations"
_SPEAKS = re.compile(rb"vcr|cassett")
_URI = re.compile(rb"(?m)^[ \t-]*[\"']?uri[\"']?:|[{,]\s*\"uri\"\s*:")


def walk(paths: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    """The files that may be cassettes, and the Python files, each once and in order.

    Folders that are no part of a project's own text are left out: hidden ones, environments.

    Args:
        paths: files and folders; all of these are there.
    """
    every = {os.path.normpath(file): None for path in paths for file in _files(path)}
    files = [Path(file) for file in sorted(every)]
    cassettes = [path for path in files if path.suffix in SUFFIXES]
    return cassettes, [path for path in files if path.suffix == ".py"]


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path.absolute()
        return
    for folder, below, names in os.walk(path.absolute()):
        below[:] = [
            name
            for name in below
            if not name.startswith(".")
            and name not in _NO_PROJECT
            and not (Path(folder) / name / "pyvenv.cfg").exists()
        ]
        yield from (Path(folder) / name for name in names)


def speaks_of_cassettes(raw: bytes) -> bool:
    """Whether a Python file may have something to do with other tools' cassettes."""
    return _SPEAKS.search(raw) is not None


def parted(files: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    """The files that look like cassettes of other tools, and those that were made of such."""
    others, own = [], []
    for path in dict.fromkeys(files):
        with contextlib.suppress(OSError):
            raw = path.read_bytes()
            if _OWN in raw[:_HEAD]:
                own += [path] if MIGRATED_FROM.encode() in raw[:_HEAD] else []
            elif _may_be_cassette(raw):
                others.append(path)
    return others, own


def _may_be_cassette(raw: bytes) -> bool:
    """Whether a file looks like a cassette, also where it is damaged."""
    return _URI.search(raw) is not None and b"interactions" in raw
