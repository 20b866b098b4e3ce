"""Moves a project from vcrpy, pytest-recording, pytest-vcr or cassetter to this package.

``pytest-conversations migrate`` is this.
"""

from pytest_conversations.migrate._migration import Asked, Progress, migrate
from pytest_conversations.migrate._telling import Report

__all__ = ["Asked", "Progress", "Report", "migrate"]
