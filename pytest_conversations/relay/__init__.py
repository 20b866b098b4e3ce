"""HTTP for clients of any kind: each request goes on through httpx, to where it is captured."""

from pytest_conversations.relay._app import create_app
from pytest_conversations.relay._asked import Asked
from pytest_conversations.relay._local import is_loopback

__all__ = ["Asked", "create_app", "is_loopback"]
