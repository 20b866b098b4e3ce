"""What differs between two recordings of one test."""

import difflib
import subprocess
from collections.abc import Sequence
from pathlib import Path

from pydantic import JsonValue
from rich.console import Console
from rich.text import Text

from pytest_conversations.cassette import load, loads
from pytest_conversations.errors import CassetteError
from pytest_conversations.snapshot import stable, written
from pytest_conversations.transcript import Exchange, exchanges, visible

_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def differences(old: str, new: str) -> list[str]:
    """The lines of a unified diff of two recordings; none where they say the same.

    Ids, times, token counts, and how streams were cut, are set aside.

    Args:
        old: a path, or a revision of git's and a path, as ``git show`` takes it.
        new: likewise.

    Raises:
        CassetteError: one of them cannot be read.
    """
    before, after = (_lines(_exchanges(place)) for place in (old, new))
    return list(difflib.unified_diff(before, after, old, new, lineterm=""))


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
    return exchanges(loads(shown.stdout.decode("utf-8", "replace"), place)[0])


def _lines(conversation: Sequence[Exchange]) -> list[str]:
    # As one, so that an id has one name in all of it.
    whole = stable([_data(exchange) for exchange in conversation])
    return written(whole).splitlines()


def _data(exchange: Exchange) -> dict[str, JsonValue]:
    answered: list[JsonValue] = [*exchange.answered]
    data: dict[str, JsonValue] = {
        "name": exchange.operation or f"{exchange.method} {exchange.url}",
        "error": exchange.error,
        "request": exchange.request,
        "response": answered or exchange.response,
        "status": exchange.status,
    }
    return {key: value for key, value in data.items() if value not in ("", None)}
