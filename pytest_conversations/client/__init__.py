"""A typed client of the Conversations API. It does not know that recording exists."""

from pytest_conversations.client._parameters import (
    AppendParameters,
    CallOptions,
    ConversationParameters,
    ListParameters,
    RestartParameters,
    StartParameters,
)
from pytest_conversations.client._stream import EventStream
from pytest_conversations.client._sync import DEFAULT_SERVER_URL, ConversationsClient

__all__ = [
    "DEFAULT_SERVER_URL",
    "AppendParameters",
    "CallOptions",
    "ConversationParameters",
    "ConversationsClient",
    "EventStream",
    "ListParameters",
    "RestartParameters",
    "StartParameters",
]
