"""Recording and replaying at the transports of httpx and httpx2; Mistral is unknown to it."""

from pytest_conversations.capture._capture import Capture, guarding
from pytest_conversations.capture._exchange import WHOLE_LENGTH, Ends
from pytest_conversations.capture._shape import Chunking, Shape

__all__ = ["WHOLE_LENGTH", "Capture", "Chunking", "Ends", "Shape", "guarding"]
