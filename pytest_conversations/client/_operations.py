"""The eleven operations as data: arguments in, an `Operation` out. No I/O (contract section 2).

`takes` adds to each docstring what holds for all of them.
"""

import json
from typing import Unpack

from pydantic import TypeAdapter

from pytest_conversations.client._parameters import (
    AppendParameters,
    ConversationParameters,
    ListParameters,
    RestartParameters,
    StartParameters,
)
from pytest_conversations.client._requests import (
    PATH,
    Operation,
    body_of,
    conversation_path,
    follow_up,
    options_of,
    post,
)
from pytest_conversations.client._signatures import takes
from pytest_conversations.models import (
    AgentsAPIV1ConversationsListRequest,
    ConversationAppendRequest,
    ConversationAppendStreamRequest,
    ConversationEvents,
    ConversationHistory,
    ConversationMessages,
    ConversationRequest,
    ConversationResponse,
    ConversationRestartRequest,
    ConversationRestartStreamRequest,
    ConversationStreamRequest,
    ResponseV1ConversationsGet,
)

_Conversations = list[ResponseV1ConversationsGet]


_RESPONSE = TypeAdapter(ConversationResponse)
_EVENT = TypeAdapter(ConversationEvents)
_CONVERSATION: TypeAdapter[ResponseV1ConversationsGet] = TypeAdapter(ResponseV1ConversationsGet)
_CONVERSATIONS: TypeAdapter[_Conversations] = TypeAdapter(_Conversations)
_HISTORY = TypeAdapter(ConversationHistory)
_MESSAGES = TypeAdapter(ConversationMessages)


@takes(StartParameters)
def start(**parameters: Unpack[StartParameters]) -> Operation[ConversationResponse]:
    """Create a conversation, with a model or an agent, and run it (contract section 3.1).

    What is not given is not sent; None is sent as null.

    Args:
        inputs: a text, or entries: models, dicts, or what an earlier call returned.
        store: whether the service keeps the conversation.
        handoff_execution: who runs a hand-off to another agent, ``"server"`` or ``"client"``.
        completion_args: how the model samples.
        instructions: what the model is told beforehand.
        tools: functions of the app, and tools that the service runs.
        guardrails: moderation of the inputs.
        name: of the conversation.
        description: of the conversation.
        metadata: JSON data that is kept with the conversation.
        agent_id: the agent that answers; this or ``model``.
        agent_version: a version of the agent, by number or alias.
        model: the model that answers.

    Returns:
        The id of the conversation, what the model added to it, and the tokens that it took.
    """
    return post(PATH, ConversationRequest, parameters, _RESPONSE)


@takes(StartParameters)
def start_stream(**parameters: Unpack[StartParameters]) -> Operation[ConversationEvents]:
    """Like ``start``, with the reply as a stream of events while it is made (contract section 12).

    Args:
        **parameters: those of ``start``.

    Returns:
        The stream of events. It has to be closed, or read to its end.
    """
    return post(PATH, ConversationStreamRequest, parameters, _EVENT)


@takes(AppendParameters)
def append(**parameters: Unpack[AppendParameters]) -> Operation[ConversationResponse]:
    """Append ``inputs`` to a conversation, and run it (contract section 3.2).

    None is not sent. Where they are not given, ``store`` is true and ``handoff_execution`` is
    ``"server"``.

    Args:
        conversation_id: the conversation.
        inputs: a text, or entries; may be left out where ``tool_confirmations`` are given.
        tool_confirmations: answers to calls that wait for one (contract section 3.4).
        store: whether the service keeps what is added.
        handoff_execution: who runs a hand-off to another agent, ``"server"`` or ``"client"``.
        completion_args: how the model samples.

    Returns:
        What the model added, and the tokens that it took.
    """
    path = conversation_path(parameters["conversation_id"])
    return post(path, ConversationAppendRequest, follow_up(parameters), _RESPONSE)


@takes(AppendParameters)
def append_stream(**parameters: Unpack[AppendParameters]) -> Operation[ConversationEvents]:
    """Like ``append``, with the reply as a stream of events while it is made (section 12).

    Args:
        **parameters: those of ``append``.

    Returns:
        The stream of events. It has to be closed, or read to its end.
    """
    path = conversation_path(parameters["conversation_id"])
    return post(path, ConversationAppendStreamRequest, follow_up(parameters), _EVENT)


@takes(RestartParameters)
def restart(**parameters: Unpack[RestartParameters]) -> Operation[ConversationResponse]:
    """Start a new conversation from an entry of an earlier one, and run it (section 3.3).

    Args:
        conversation_id: the earlier conversation.
        from_entry_id: its last entry that the new one keeps.
        inputs: a text, or entries.
        store: whether the service keeps the new conversation.
        handoff_execution: who runs a hand-off to another agent, ``"server"`` or ``"client"``.
        completion_args: how the model samples.
        guardrails: moderation of the inputs.
        metadata: JSON data that is kept with the new conversation.
        agent_version: a version of the agent, by number or alias.

    Returns:
        The id of the new conversation, what the model added to it, and the tokens that it took.
    """
    path = conversation_path(parameters["conversation_id"], "/restart")
    return post(path, ConversationRestartRequest, follow_up(parameters), _RESPONSE)


@takes(RestartParameters)
def restart_stream(**parameters: Unpack[RestartParameters]) -> Operation[ConversationEvents]:
    """Like ``restart``, with the reply as a stream of events while it is made (section 12).

    Args:
        **parameters: those of ``restart``.

    Returns:
        The stream of events. It has to be closed, or read to its end.
    """
    path = conversation_path(parameters["conversation_id"], "/restart")
    return post(path, ConversationRestartStreamRequest, follow_up(parameters), _EVENT)


@takes(ListParameters)
def list_(**parameters: Unpack[ListParameters]) -> Operation[_Conversations]:
    """List conversations, sorted by their time of creation (contract section 2.1).

    Args:
        page: number of the page, from 0.
        page_size: conversations a page; 100 where it is not given.
        metadata: only conversations with this metadata. Not sent where it is not given; the
            official SDK sends a marker of its own then.

    Returns:
        The conversations of the page, each of a model or of an agent.
    """
    asked = AgentsAPIV1ConversationsListRequest.to_send(body_of(parameters))
    paging = {"page": asked.page, "page_size": asked.page_size}
    query = [(name, str(value)) for name, value in paging.items() if value is not None]
    if "metadata" in parameters:
        query.append(("metadata", json.dumps(asked.metadata, separators=(",", ":"))))
    options = options_of(parameters)
    return Operation("GET", PATH, _CONVERSATIONS, query=tuple(query), options=options)


@takes(ConversationParameters)
def get(**parameters: Unpack[ConversationParameters]) -> Operation[ResponseV1ConversationsGet]:
    """Get one conversation: its model or agent, its settings (contract section 10).

    Args:
        conversation_id: the conversation.

    Returns:
        The conversation, of a model or of an agent.
    """
    path = conversation_path(parameters["conversation_id"])
    return Operation("GET", path, _CONVERSATION, options=options_of(parameters))


@takes(ConversationParameters)
def delete(**parameters: Unpack[ConversationParameters]) -> Operation[None]:
    """Delete a conversation (contract section 2).

    Args:
        conversation_id: the conversation.

    Returns:
        Nothing.
    """
    path = conversation_path(parameters["conversation_id"])
    return Operation("DELETE", path, None, options=options_of(parameters))


@takes(ConversationParameters)
def get_history(**parameters: Unpack[ConversationParameters]) -> Operation[ConversationHistory]:
    """Get all entries of a conversation, oldest first (contract section 10).

    Args:
        conversation_id: the conversation.

    Returns:
        The entries.
    """
    path = conversation_path(parameters["conversation_id"], "/history")
    return Operation("GET", path, _HISTORY, options=options_of(parameters))


@takes(ConversationParameters)
def get_messages(**parameters: Unpack[ConversationParameters]) -> Operation[ConversationMessages]:
    """Get the messages of a conversation, oldest first (contract section 10).

    Args:
        conversation_id: the conversation.

    Returns:
        The messages.
    """
    path = conversation_path(parameters["conversation_id"], "/messages")
    return Operation("GET", path, _MESSAGES, options=options_of(parameters))
