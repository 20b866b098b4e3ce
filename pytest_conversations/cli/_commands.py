"""What commands are added to."""

import argparse
from typing import Protocol


class Commands(Protocol):
    """The sub-commands of a parser, as argparse gives them."""

    def add_parser(self, name: str, *, help: str, description: str) -> argparse.ArgumentParser:  # noqa: A002 - argparse's
        """Add a command and return its parser."""
        ...
