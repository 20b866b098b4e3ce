"""What several commands say and take alike."""

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path


def missing(command: str, error: ImportError, extra: str) -> int:
    """Say which extra of the package a command needs.

    Args:
        command: as it is called.
        error: what came of importing it.
        extra: of ``pyproject.toml``.

    Returns:
        The exit code.
    """
    print(
        f"{command} needs {error.name}: pip install 'pytest-conversations[{extra}]'",
        file=sys.stderr,
    )
    return 1


def expanded(paths: Iterable[Path]) -> tuple[list[Path], bool]:
    """The files that are named, and those in folders; says which folder has none.

    Args:
        paths: a file need not be there; whoever reads it tells.

    Returns:
        The files, and whether there was such a folder.
    """
    from pytest_conversations._check import files

    found: list[Path] = []
    has_empty = False
    for path in paths:
        inside = list(files([path])) if path.is_dir() else [path]
        if not inside:
            print(f"no cassettes in {path}", file=sys.stderr)
            has_empty = True
        found += inside
    return found, has_empty


def port_problem(port: int) -> str:
    """Why a number is no port to listen on; empty where it is one."""
    if 0 <= port <= _LAST_PORT:
        return ""
    return f"--port is {port}; choose one up to {_LAST_PORT}, or 0 for any free one"


_LAST_PORT = 65535


@contextlib.contextmanager
def progress(count: int) -> Iterator[Callable[[], None]]:
    """A bar on standard error, where that is a terminal and rich is there; gives what moves it."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    try:
        from rich.console import Console
        from rich.progress import Progress
    except ImportError:
        yield lambda: None
        return
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("cassettes", total=count)
        yield lambda: bar.advance(task)
