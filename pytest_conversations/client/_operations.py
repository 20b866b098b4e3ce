"""The eleven operations as data: arguments in, an `Operation` out. No I/O (contract section 2)."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar, Unpack, cast
from urllib.parse import quote

from pydantic import TypeAdapter

from pytest_conversations.client._parameters import (
    AppendParameters,
    CallOptions,
    ConversationParameters,
    ListParameters,
    RestartParameters,
    StartParameters,
)
from pytest_conversations.client._signatures import takes
from pytest_conversations.models import (
    Conversation,
    ConversationAppendRequest,
    ConversationEvents,
    ConversationHistory,
    ConversationMessages,
    ConversationRequest,
    ConversationResponse,
    ConversationRestartRequest,
    RequestModel,
)

T = TypeVar("T")
_Conversations = list[Conversation]

_PATH = "/v1/conversations"


@dataclasses.dataclass(frozen=True, slots=True)
class Operation(Generic[T]):
    """One call, ready to be sent.

    Attributes:
        method: HTTP method.
        path: path below the server URL, percent-encoded, with its query.
        reply: what parses the reply, or one event of it; None where there is no body (204).
        content: JSON body.
        options: what the caller said about this call alone.
    """

    method: str
    path: str
    reply: TypeAdapter[T] | None
    content: bytes | None = None
    options: CallOptions = dataclasses.field(default_factory=CallOptions)

    @property
    def status_code(self) -> int:
        """The one status that means success (gotcha 7)."""
        return 204 if self.reply is None else 200


_RESPONSE = TypeAdapter(ConversationResponse)
_EVENT = TypeAdapter(ConversationEvents)
_CONVERSATION: TypeAdapter[Conversation] = TypeAdapter(Conversation)
_CONVERSATIONS: TypeAdapter[_Conversations] = TypeAdapter(_Conversations)
_HISTORY = TypeAdapter(ConversationHistory)
_MESSAGES = TypeAdapter(ConversationMessages)


@takes(StartParameters)
def start(**parameters: Unpack[StartParameters]) -> Operation[ConversationResponse]:
    """Create a conversation, with a model or an agent, and run it on ``inputs``.

    Args:
        **parameters: see `StartParameters`; ``inputs`` is required.

    Returns:
        What the model added, and the id of the conversation.
    """
    return _post(_PATH, ConversationRequest, parameters, _RESPONSE, stream=False)


@takes(StartParameters)
def start_stream(**parameters: Unpack[StartParameters]) -> Operation[ConversationEvents]:
    """Like ``start``, but the reply arrives as a stream of events while it is made."""
    return _post(_PATH, ConversationRequest, parameters, _EVENT, stream=True)


@takes(AppendParameters)
def append(**parameters: Unpack[AppendParameters]) -> Operation[ConversationResponse]:
    """Append ``inputs`` to a conversation and run it.

    Args:
        **parameters: see `AppendParameters`; ``conversation_id`` is required. ``store`` is true
            and ``handoff_execution`` "server" where they are not given (gotcha 4).

    Returns:
        What the model added.
    """
    path = _conversation(parameters["conversation_id"])
    return _post(path, ConversationAppendRequest, _follow_up(parameters), _RESPONSE, stream=False)


@takes(AppendParameters)
def append_stream(**parameters: Unpack[AppendParameters]) -> Operation[ConversationEvents]:
    """Like ``append``, but the reply arrives as a stream of events while it is made."""
    path = _conversation(parameters["conversation_id"])
    return _post(path, ConversationAppendRequest, _follow_up(parameters), _EVENT, stream=True)


@takes(RestartParameters)
def restart(**parameters: Unpack[RestartParameters]) -> Operation[ConversationResponse]:
    """Start a new conversation from an entry of an earlier one, and run it.

    Args:
        **parameters: see `RestartParameters`; ``conversation_id`` and ``from_entry_id`` are
            required.

    Returns:
        What the model added, and the id of the new conversation.
    """
    path = _conversation(parameters["conversation_id"], "/restart")
    return _post(path, ConversationRestartRequest, _follow_up(parameters), _RESPONSE, stream=False)


@takes(RestartParameters)
def restart_stream(**parameters: Unpack[RestartParameters]) -> Operation[ConversationEvents]:
    """Like ``restart``, but the reply arrives as a stream of events while it is made."""
    path = _conversation(parameters["conversation_id"], "/restart")
    return _post(path, ConversationRestartRequest, _follow_up(parameters), _EVENT, stream=True)


@takes(ListParameters)
def list_(**parameters: Unpack[ListParameters]) -> Operation[_Conversations]:
    """List conversations, sorted by their time of creation.

    Args:
        **parameters: see `ListParameters`. ``metadata`` that is not given is not sent; the
            official SDK sends a marker of its own there (gotcha 1).
    """
    query = {"page": parameters.get("page", 0), "page_size": parameters.get("page_size", 100)}
    pairs = [f"{name}={value}" for name, value in query.items() if value is not None]
    if "metadata" in parameters:
        metadata = json.dumps(_plain(parameters["metadata"]), separators=(",", ":"))
        pairs.append(f"metadata={quote(metadata, safe='')}")
    path = f"{_PATH}?{'&'.join(pairs)}" if pairs else _PATH
    return Operation("GET", path, _CONVERSATIONS, options=_options(parameters))


@takes(ConversationParameters)
def get(**parameters: Unpack[ConversationParameters]) -> Operation[Conversation]:
    """Get one conversation: its model or agent, instructions, tools and so on."""
    path = _conversation(parameters["conversation_id"])
    return Operation("GET", path, _CONVERSATION, options=_options(parameters))


@takes(ConversationParameters)
def delete(**parameters: Unpack[ConversationParameters]) -> Operation[None]:
    """Delete a conversation."""
    path = _conversation(parameters["conversation_id"])
    return Operation("DELETE", path, None, options=_options(parameters))


@takes(ConversationParameters)
def get_history(**parameters: Unpack[ConversationParameters]) -> Operation[ConversationHistory]:
    """Get all entries of a conversation, oldest first."""
    path = _conversation(parameters["conversation_id"], "/history")
    return Operation("GET", path, _HISTORY, options=_options(parameters))


@takes(ConversationParameters)
def get_messages(**parameters: Unpack[ConversationParameters]) -> Operation[ConversationMessages]:
    """Get the messages of a conversation, oldest first."""
    path = _conversation(parameters["conversation_id"], "/messages")
    return Operation("GET", path, _MESSAGES, options=_options(parameters))


def _conversation(conversation_id: str, tail: str = "") -> str:
    """The path of a conversation. Its id is one segment, whatever it holds (gotcha 25)."""
    if not conversation_id:
        msg = "conversation_id is empty: it would name the list of all conversations"
        raise ValueError(msg)
    if conversation_id in {".", ".."}:  # a URL has no spelling of these that stays a segment
        msg = f"conversation_id is {conversation_id!r}, which a URL reads as a folder"
        raise ValueError(msg)
    return f"{_PATH}/{quote(conversation_id, safe='')}{tail}"


def _post(
    path: str,
    request: type[RequestModel],
    parameters: Mapping[str, object],
    reply: TypeAdapter[T],
    *,
    stream: bool,
) -> Operation[T]:
    unsent = {"conversation_id", *CallOptions.__annotations__}
    given = {name: value for name, value in parameters.items() if name not in unsent}
    body = request.model_validate(_plain({**given, "stream": stream}))
    return Operation("POST", path, reply, body.sent_json(), _options(parameters))


def _plain(value: object) -> object:
    """Any mapping as a dict, any sequence as a list: pydantic and json take no others."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_plain(item) for item in value]
    return value


def _follow_up(parameters: Mapping[str, object]) -> dict[str, object]:
    return {"store": True, "handoff_execution": "server", **parameters}


def _options(parameters: Mapping[str, object]) -> CallOptions:
    given = {name: parameters[name] for name in CallOptions.__annotations__ if name in parameters}
    return cast("CallOptions", given)
