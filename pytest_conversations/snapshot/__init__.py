"""Snapshots of histories and event sequences, on syrupy, and what people look at without one."""

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from pytest_conversations.snapshot._assertion import ConversationSnapshotAssertion, Scrub
from pytest_conversations.snapshot._extension import ConversationSnapshotExtension
from pytest_conversations.snapshot._options import Deltas, Options, Usage, View
from pytest_conversations.snapshot._outline import ToolCall, outline, text, tool_calls
from pytest_conversations.snapshot._plain import plain
from pytest_conversations.snapshot._text import text as written

__all__ = [
    "ConversationSnapshotAssertion",
    "ConversationSnapshotExtension",
    "Scrub",
    "ToolCall",
    "outline",
    "stable",
    "text",
    "tool_calls",
    "written",
]


def stable(
    conversation: object,
    *,
    keep: Sequence[str] = (),
    drop: Sequence[str] = (),
    replace: Mapping[str, str] | None = None,
    deltas: Deltas = "recorded",
    view: View = "full",
    usage: Usage = "dropped",
) -> JsonValue:
    """A conversation as JSON data that is the same for each recording of it.

    It is what `conversation_snapshot` writes, for other tools that compare. Secrets are not taken
    out of it.

    Args:
        conversation: events, a stream that was read, a reply, a history, an entry, as our models,
            the official SDK's, or JSON data.
        keep: JSON Pointers to ids and times that stay as they are; ``*`` is any key or index.
        drop: to what is left out.
        replace: a text for what stands at a pointer.
        deltas: ``merged`` joins the pieces of one output.
        view: ``outline`` gives types, roles and names alone.
        usage: what becomes of the counts of tokens: ``dropped``, ``rounded`` to one digit, or
            ``kept``.

    Raises:
        TypeError: it is something else.
        ValueError: it is a stream that was not read to its end; or a pointer is none, or a value
            none of those that there are.
    """
    options = Options().with_(
        keep=keep, drop=drop, replace=replace or {}, deltas=deltas, view=view, usage=usage
    )
    return options.applied(plain(conversation))
