"""What all commands print alike."""

import sys
from typing import TextIO


def put(text: str, file: TextIO | None = None) -> None:
    """Print a text that may have what the terminal has not, such as the name of a file.

    Args:
        text: a line.
        file: where to; by default what is standard output now.
    """
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding), file=file)


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
