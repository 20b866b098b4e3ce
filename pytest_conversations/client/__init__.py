"""Typed clients of the Conversations API. They do not know that recording exists."""

from pytest_conversations.client._async import AsyncConversationsClient
from pytest_conversations.client._base import DEFAULT_SERVER_URL
from pytest_conversations.client._parameters import (
    AppendParameters,
    CallOptions,
    ConversationParameters,
    ListParameters,
    RestartParameters,
    StartParameters,
)
from pytest_conversations.client._retries import BackoffStrategy, RetryConfig
from pytest_conversations.client._stream import AsyncEventStream, EventStream
from pytest_conversations.client._sync import ConversationsClient

__all__ = [
    "DEFAULT_SERVER_URL",
    "AppendParameters",
    "AsyncConversationsClient",
    "AsyncEventStream",
    "BackoffStrategy",
    "CallOptions",
    "ConversationParameters",
    "ConversationsClient",
    "EventStream",
    "ListParameters",
    "RestartParameters",
    "RetryConfig",
    "StartParameters",
]
