"""What an operation is, and how its path and its body are made of its arguments."""

import dataclasses
from collections.abc import Mapping
from typing import Generic, TypeVar, cast
from urllib.parse import quote

from pydantic import TypeAdapter

from pytest_conversations.client import _inputs
from pytest_conversations.client._kinds import require
from pytest_conversations.client._parameters import CallOptions
from pytest_conversations.models import RequestModel

T = TypeVar("T")

PATH = "/v1/conversations"
_OPTIONS = tuple(CallOptions.__annotations__)
_UNSENT = {"conversation_id", *_OPTIONS}


@dataclasses.dataclass(frozen=True, slots=True)
class Operation(Generic[T]):
    """One call, ready to be sent.

    Attributes:
        method: HTTP method.
        path: path below the server URL, percent-encoded.
        reply: what parses the reply, or one event of it; None where there is no body (204).
        content: JSON body.
        query: names and values of the query, not encoded.
        options: what the caller said about this call alone.
    """

    method: str
    path: str
    reply: TypeAdapter[T] | None
    content: bytes | None = dataclasses.field(default=None, repr=False)  # may hold a secret
    query: tuple[tuple[str, str], ...] = ()
    options: CallOptions = dataclasses.field(default_factory=CallOptions, repr=False)  # likewise

    @property
    def status_code(self) -> int:
        """The one status that means success (gotcha 7)."""
        return 204 if self.reply is None else 200


def conversation_path(conversation_id: str, tail: str = "") -> str:
    """The path of a conversation. Its id is one segment, whatever it holds (gotcha 25)."""
    require(conversation_id, str, "conversation_id", "a text")
    if not conversation_id:
        msg = "conversation_id is empty: it would name the list of all conversations"
        raise ValueError(msg)
    if conversation_id in {".", ".."}:  # a URL has no spelling of these that stays a segment
        msg = f"conversation_id is {conversation_id!r}, which a URL reads as a folder"
        raise ValueError(msg)
    return f"{PATH}/{quote(conversation_id, safe='')}{tail}"


def post(
    path: str, request: type[RequestModel], parameters: Mapping[str, object], reply: TypeAdapter[T]
) -> Operation[T]:
    # `stream` is no argument: the body says it of itself.
    stream = request.__pydantic_fields__["stream"].default
    body = request.to_send({"stream": stream, **body_of(parameters)})
    return Operation("POST", path, reply, body.sent_json(), options=options_of(parameters))


def body_of(parameters: Mapping[str, object]) -> dict[str, object]:
    """The arguments that are about the conversation, as plain data."""
    return {
        name: _inputs.entries(each) if name == "inputs" else _inputs.plain(each)
        for name, each in parameters.items()
        if name not in _UNSENT
    }


def follow_up(parameters: Mapping[str, object]) -> dict[str, object]:
    return {"store": True, "handoff_execution": "server", **parameters}


def options_of(parameters: Mapping[str, object]) -> CallOptions:
    given = {name: parameters[name] for name in _OPTIONS if name in parameters}
    return cast("CallOptions", given)
