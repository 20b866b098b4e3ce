"""``pytest-conversations --version``: what a report of a fault has to tell."""

import argparse
import contextlib
import importlib.metadata
import platform
import sys
from collections.abc import Iterator

from pytest_conversations._version import __version__

# What this package stands on, what it captures, and what it stands beside.
_NAMES = (
    *("pytest", "vcrpy", "syrupy", "pydantic", "anyio"),
    *("httpx", "httpcore", "httpx2", "mistralai"),
    *("pytest-xdist", "pytest-asyncio", "pytest-recording"),
)


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the option to a parser."""
    parser.add_argument(
        "--version",
        action=_Print,
        nargs=0,
        help="print the versions of this package, of Python and of what it works with",
    )


class _Print(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object, **__: object) -> None:
        print("\n".join([f"{parser.prog} {__version__}", *_others()]))
        parser.exit()


def _others() -> Iterator[str]:
    yield f"Python {sys.version.split()[0]}, {platform.platform()}"
    for name in _NAMES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            yield f"{name} {importlib.metadata.version(name)}"
