"""Snapshots of histories and event sequences, on syrupy."""

from pytest_conversations.snapshot._assertion import ConversationSnapshotAssertion
from pytest_conversations.snapshot._extension import ConversationSnapshotExtension

__all__ = ["ConversationSnapshotAssertion", "ConversationSnapshotExtension"]
