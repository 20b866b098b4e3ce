"""A streamed reply, put together from its events (contract section 12.1).

There is no event that holds a whole entry: messages come as pieces of text and as chunks, the
arguments of tools and functions as fragments. What comes out is what the same call without a stream
would have returned: an entry was begun with its first event, and completed with its last.
"""

import itertools
from collections.abc import Iterable, Sequence
from typing import TypeAlias, get_args

from pytest_conversations.models import (
    AgentHandoffDoneEvent,
    AgentHandoffEntry,
    AgentHandoffStartedEvent,
    ContentChunk,
    ConversationEventsData,
    ConversationResponse,
    ConversationResponseOutput,
    FunctionCallEntry,
    FunctionCallEvent,
    MessageOutputEntry,
    MessageOutputEvent,
    ResponseDoneEvent,
    ResponseStartedEvent,
    TextChunk,
    ThinkChunk,
    Thinking,
    ToolExecutionDeltaEvent,
    ToolExecutionDoneEvent,
    ToolExecutionEntry,
    ToolExecutionStartedEvent,
    UnknownConversationEventsData,
)

_Output: TypeAlias = (
    MessageOutputEvent
    | FunctionCallEvent
    | ToolExecutionStartedEvent
    | ToolExecutionDeltaEvent
    | ToolExecutionDoneEvent
    | AgentHandoffStartedEvent
    | AgentHandoffDoneEvent
)

_TYPES = {
    kind.model_fields["type"].default
    for kind in (*get_args(_Output), ResponseStartedEvent, ResponseDoneEvent)
}
_Key: TypeAlias = tuple[int, str]

# What is told of an event; the rest is told of its entry.
_OF_THE_EVENT = {"type", "created_at", "output_index", "content_index", "content", "arguments"}


def response(events: Iterable[ConversationEventsData]) -> ConversationResponse:
    """The reply that the events of a whole stream make.

    Args:
        events: the data of all events, in order. Those of unknown types are left out: which entry
            they make is unknown, too.

    Raises:
        ValueError: an event that it takes is not there, or is of an unknown shape.
    """
    data = list(events)
    for each in data:
        if isinstance(each, UnknownConversationEventsData) and each.type in _TYPES:
            msg = f"an event {each.type} is of an unknown shape"
            raise ValueError(msg)
    started = next((each for each in data if isinstance(each, ResponseStartedEvent)), None)
    done = next((each for each in data if isinstance(each, ResponseDoneEvent)), None)
    if started is None or done is None:
        missing = "started" if started is None else "done"
        msg = f"there is no event conversation.response.{missing}"
        raise ValueError(msg)
    return ConversationResponse(
        object="conversation.response",  # as a reply says it, and not only by default
        conversation_id=started.conversation_id,
        outputs=outputs(data),
        usage=done.usage,
        guardrails=None,  # no stream tells of them
    )


def outputs(events: Iterable[ConversationEventsData]) -> list[ConversationResponseOutput]:
    """The entries that events make, in order.

    Args:
        events: of a stream, which need not be whole.
    """
    return [_entry(group) for group in _groups(events)]


class Text:
    """The text of the messages that events make, as they come; other chunks are left out.

    Attributes:
        taken: how many events it was given.
    """

    def __init__(self) -> None:
        self.taken = 0
        self._pieces: dict[_Key, list[str]] = {}

    def of(self, events: Iterable[ConversationEventsData]) -> str:
        """Take more events, and give the text of all."""
        for event in events:
            self.taken += 1
            if isinstance(event, MessageOutputEvent):
                piece = event.content
                piece = piece.text if isinstance(piece, TextChunk) else piece
                if isinstance(piece, str):
                    self._pieces.setdefault(_key(event), []).append(piece)
        return "".join(piece for key in _ordered(self._pieces) for piece in self._pieces[key])


def _key(event: _Output) -> _Key:
    """What the events of an entry have in common: the index, or where they tell none, the id."""
    told = "output_index" in event.model_fields_set
    return event.output_index, "" if told else event.id


def _ordered(keys: Iterable[_Key]) -> list[_Key]:
    # Where they tell no index, entries stay as they came: the sort leaves equals in their order.
    return sorted(keys, key=lambda key: key[0])


def _groups(events: Iterable[ConversationEventsData]) -> list[list[_Output]]:
    """The events of each entry, the entries in their order."""
    groups: dict[_Key, list[_Output]] = {}
    for event in events:
        if isinstance(event, _Output):
            groups.setdefault(_key(event), []).append(event)
    return [groups[key] for key in _ordered(groups)]


def _messages(events: Sequence[_Output]) -> list[MessageOutputEvent]:
    return [each for each in events if isinstance(each, MessageOutputEvent)]


def _entry(events: Sequence[_Output]) -> ConversationResponseOutput:
    fields = _shared(events)
    match events[0]:
        case MessageOutputEvent():
            fields |= {"type": "message.output", "content": _content(_messages(events))}
            return MessageOutputEntry.model_validate(fields)
        case FunctionCallEvent():
            # It waits for its result, so it is not completed.
            fields |= {"type": "function.call", "completed_at": None}
            return FunctionCallEntry.model_validate(fields | _arguments(events))
        case AgentHandoffStartedEvent() | AgentHandoffDoneEvent():
            return AgentHandoffEntry.model_validate(fields | {"type": "agent.handoff"})
        case _:
            fields["type"] = "tool.execution"
            return ToolExecutionEntry.model_validate(fields | _arguments(events))


def _shared(events: Sequence[_Output]) -> dict[str, object]:
    """What the events of an entry say of it, each thing as it was said first."""
    fields: dict[str, object] = {"object": "entry"}
    times = [event.created_at for event in events if event.created_at is not None]
    if times:
        fields |= {"created_at": times[0], "completed_at": times[-1]}
    for event in events:
        for name in event.model_fields_set & type(event).model_fields.keys() - _OF_THE_EVENT:
            if fields.get(name) is None:
                fields[name] = getattr(event, name)
    extras = [event.model_extra or {} for event in events]
    for name, value in extras[0].items():  # of the entry is what all of its events say alike
        if all(name in extra and extra[name] == value for extra in extras):
            fields.setdefault(name, value)
    return fields


def _arguments(events: Sequence[_Output]) -> dict[str, object]:
    """The fragments together; nothing where no event has any, as in 2025."""
    fragments = [getattr(event, "arguments", None) for event in events]
    given = [fragment for fragment in fragments if fragment is not None]
    return {"arguments": "".join(given)} if given else {}


def _content(events: Sequence[MessageOutputEvent]) -> str | list[ContentChunk]:
    """Text alone is a text; where other chunks come between, or beside it, all are chunks."""
    events = sorted(events, key=lambda event: event.content_index)
    places = {event.content_index for event in events}
    pieces = [event.content for event in events]
    texts = [piece for piece in pieces if isinstance(piece, str)]
    if len(texts) == len(pieces) and len(places) == 1:
        return "".join(texts)
    chunks = [
        TextChunk(type="text", text=piece) if isinstance(piece, str) else piece for piece in pieces
    ]
    # What stands in one place, and is of one kind, is a chunk in pieces.
    runs = itertools.groupby(
        zip(events, chunks, strict=True), lambda pair: (pair[0].content_index, type(pair[1]))
    )
    return [chunk for _, run in runs for chunk in _joined([chunk for _, chunk in run])]


def _joined(pieces: Sequence[ContentChunk]) -> Sequence[ContentChunk]:
    texts = [piece for piece in pieces if isinstance(piece, TextChunk)]
    thoughts = [piece for piece in pieces if isinstance(piece, ThinkChunk)]
    if texts:
        return [_joined_texts(texts)]
    if thoughts:
        parts = [part for thought in thoughts for part in thought.thinking]
        runs = (list(run) for _, run in itertools.groupby(parts, type))
        thinking: list[Thinking] = []
        for run in runs:
            of_text = [part for part in run if isinstance(part, TextChunk)]
            thinking += [_joined_texts(of_text)] if of_text else run
        said = [thought.model_dump(include={"signature", "closed"}) for thought in thoughts]
        last = {name: value for each in said for name, value in each.items() if value is not None}
        return [thoughts[0].model_copy(update={"thinking": thinking, **last})]
    return pieces


def _joined_texts(pieces: Sequence[TextChunk]) -> TextChunk:
    return pieces[0].model_copy(update={"text": "".join(piece.text for piece in pieces)})
