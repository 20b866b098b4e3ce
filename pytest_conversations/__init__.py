"""Record and replay Mistral's Conversations API in pytest, streams chunk by chunk.

The names below are looked up when they are first used, since pytest imports this module in every
run, whether or not a test has to do with conversations.
"""

from typing import TYPE_CHECKING

from pytest_conversations._version import __version__

if TYPE_CHECKING:
    from pytest_conversations._settings import ConversationsConfig
    from pytest_conversations.cassette import ConversationCassette
    from pytest_conversations.client import (
        AsyncConversationsClient,
        AsyncEventStream,
        BackoffStrategy,
        ConversationsClient,
        EventStream,
        RetryConfig,
    )
    from pytest_conversations.errors import (
        CassetteError,
        CassetteFormatError,
        HTTPValidationError,
        MistralError,
        ResponseValidationError,
        SDKError,
        SecretLeakError,
        UnrecordedRequestError,
    )
    from pytest_conversations.snapshot import (
        ConversationSnapshotAssertion,
        ConversationSnapshotExtension,
        ToolCall,
        outline,
        stable,
        text,
        tool_calls,
    )

__all__ = [
    "AsyncConversationsClient",
    "AsyncEventStream",
    "BackoffStrategy",
    "CassetteError",
    "CassetteFormatError",
    "ConversationCassette",
    "ConversationSnapshotAssertion",
    "ConversationSnapshotExtension",
    "ConversationsClient",
    "ConversationsConfig",
    "EventStream",
    "HTTPValidationError",
    "MistralError",
    "ResponseValidationError",
    "RetryConfig",
    "SDKError",
    "SecretLeakError",
    "ToolCall",
    "UnrecordedRequestError",
    "__version__",
    "outline",
    "stable",
    "text",
    "tool_calls",
]

if not TYPE_CHECKING:  # a type checker that saw this would take every misspelt name for one

    def __getattr__(name: str) -> object:
        import importlib

        homes = {
            "AsyncConversationsClient": "client",
            "AsyncEventStream": "client",
            "BackoffStrategy": "client",
            "ConversationCassette": "cassette",
            "ConversationSnapshotAssertion": "snapshot",
            "ConversationSnapshotExtension": "snapshot",
            "ConversationsClient": "client",
            "ConversationsConfig": "_settings",
            "EventStream": "client",
            "RetryConfig": "client",
            "ToolCall": "snapshot",
            "outline": "snapshot",
            "stable": "snapshot",
            "text": "snapshot",
            "tool_calls": "snapshot",
        }
        if name not in __all__:
            message = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(message)
        home = importlib.import_module(f"{__name__}.{homes.get(name, 'errors')}")
        return getattr(home, name)

    def __dir__() -> list[str]:
        return __all__
