"""What all commands print alike."""

import contextlib
import sys
from collections.abc import Callable, Iterator


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
