"""Recording and replaying at the transports of httpx and httpx2; Mistral is unknown to it."""

from pytest_conversations.capture._capture import Capture

__all__ = ["Capture"]
