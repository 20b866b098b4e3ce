"""What differs between two recordings of one test, in files or in git, for the terminal."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from pytest_conversations import _changes
from pytest_conversations.cassette import load, loads
from pytest_conversations.errors import CassetteError
from pytest_conversations.transcript import Exchange, exchanges, visible

_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def differences(old: str, new: str) -> list[str]:
    """The lines of a unified diff of two recordings; none where they say the same.

    Args:
        old: a path, or a revision of git's and a path, as ``git show`` takes it.
        new: likewise.

    Raises:
        CassetteError: one of them cannot be read.
    """
    return _changes.lines(_exchanges(old), _exchanges(new), old, new)


def print_to(console: Console, lines: Sequence[str]) -> None:
    """Print the lines of a diff, in colours where that is a terminal."""
    for line in lines:
        style = "bold" if line[:3] in ("+++", "---") else _STYLES.get(line[:1], "")
        console.print(Text(visible(line), style=style), soft_wrap=True, highlight=False)


def _exchanges(place: str) -> list[Exchange]:
    revision, _, _ = place.partition(":")
    if Path(place).exists() or revision == place:
        return exchanges(load(Path(place))[0])
    command = ["git", "show", place]
    try:
        shown = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - no shell
    except OSError as error:
        msg = f"there is no file {place}, and git does not run: {error.strerror}"
        raise CassetteError(msg) from error
    if shown.returncode:
        told = shown.stderr.decode("utf-8", "replace").strip()
        msg = f"there is no file {place}, and git has none: {told}"
        raise CassetteError(msg)
    return exchanges(loads(shown.stdout, place)[0])
