"""The app: one endpoint, and what it keeps of each browser.

Run it by ``uvicorn chat:app``, with ``MISTRAL_API_KEY`` set.
"""

import logging
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, TypeAlias

import httpx2
from fastapi import Cookie, Depends, FastAPI, HTTPException, Request, Response, status
from fastapi.sse import EventSourceResponse, ServerSentEvent
from mistralai.client import Mistral
from mistralai.client.errors import MistralError
from mistralai.client.models import (
    ConversationEvents,
    MessageOutputEvent,
    ResponseDoneEvent,
    ResponseErrorEvent,
    ResponseStartedEvent,
    TextChunk,
)
from mistralai.client.utils.eventstreaming import EventStreamAsync
from pydantic import BaseModel, Field

MODEL = "mistral-medium-latest"
_RETRY_AFTER_S = "10"  # where the API does not say how long

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class State:
    """What the app keeps as long as it runs.

    Attributes:
        mistral: The client of all requests.
        conversations: By session, the id of its conversation. In memory: a second process, or a
            restart, does not know them.
    """

    mistral: Mistral
    conversations: dict[str, str] = field(default_factory=dict)


class Message(BaseModel):
    """What a browser sends."""

    message: str = Field(min_length=1, max_length=4000)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open the client when the app starts, and close it when it ends.

    Raises:
        KeyError: There is no ``MISTRAL_API_KEY``.
    """
    key, server_url = os.environ["MISTRAL_API_KEY"], os.environ.get("MISTRAL_SERVER_URL")
    async with Mistral(api_key=key, server_url=server_url) as mistral:
        app.state.chat = State(mistral)
        yield


app = FastAPI(lifespan=lifespan)


def state_of(request: Request) -> State:
    """The state of the app that a request came to."""
    state: State = request.app.state.chat
    return state


def session_of(response: Response, chat_session: Annotated[str | None, Cookie()] = None) -> str:
    """The session of a browser, known by a cookie; one without it gets it."""
    session = chat_session or secrets.token_urlsafe()
    response.set_cookie("chat_session", session, httponly=True, samesite="lax")
    return session


Kept: TypeAlias = Annotated[State, Depends(state_of)]
Session: TypeAlias = Annotated[str, Depends(session_of)]
Stream: TypeAlias = EventStreamAsync[ConversationEvents]


async def reply_to(message: Message, state: Kept, session: Session) -> AsyncIterator[Stream]:
    """The streamed reply to a message, closed when the browser has it or is gone.

    It is opened before the endpoint answers, so that a refusal still has a status of its own.

    Raises:
        HTTPException: 410, the conversation is no longer there; 502, the API failed or is out of
            reach; 503, the API has no capacity for us.
    """
    try:
        stream = await _ask(state, session, message.message)
    except MistralError as error:
        if error.status_code == status.HTTP_404_NOT_FOUND:
            state.conversations.pop(session, None)
        raise _refusal(error) from error
    except httpx2.TransportError as error:
        _log.exception("The API is out of reach")
        raise HTTPException(status.HTTP_502_BAD_GATEWAY, "The model is out of reach.") from error
    async with stream:
        yield stream


@app.post("/chat", response_class=EventSourceResponse)
async def chat(
    stream: Annotated[Stream, Depends(reply_to)], state: Kept, session: Session
) -> AsyncIterator[ServerSentEvent]:
    """Answer a message: events ``text`` with pieces of the answer, then ``done`` or ``error``.

    After an ``error`` the text is no answer, and the browser may send the message again.
    """
    conversation_id, is_done = "", False
    try:
        async for event in stream:
            match event.data:
                case ResponseStartedEvent(conversation_id=started):
                    conversation_id = started
                case MessageOutputEvent(content=str(text) | TextChunk(text=text)):
                    yield ServerSentEvent(event="text", data=text)
                case ResponseErrorEvent(code=code, message=reason):
                    _log.error("The API ended the stream: %d, %s", code, reason)
                case ResponseDoneEvent():
                    # Not before: a conversation whose first reply died may not be kept there.
                    state.conversations[session] = conversation_id
                    is_done = True
    except httpx2.TransportError:
        _log.exception("The stream died")
    if is_done:
        yield ServerSentEvent(event="done", data={})
    else:  # it died, or just ended, which is no error for HTTP
        yield ServerSentEvent(event="error", data={"detail": "The answer was cut off."})


async def _ask(state: State, session: str, message: str) -> Stream:
    api = state.mistral.beta.conversations
    conversation_id = state.conversations.get(session)
    if conversation_id is None:
        return await api.start_stream_async(model=MODEL, inputs=message)
    return await api.append_stream_async(conversation_id=conversation_id, inputs=message)


def _refusal(error: MistralError) -> HTTPException:
    """What the browser is told; what the API said is for the log alone."""
    match error.status_code:
        case status.HTTP_404_NOT_FOUND:
            return HTTPException(status.HTTP_410_GONE, "This conversation is over; begin anew.")
        case status.HTTP_429_TOO_MANY_REQUESTS:
            wait = error.headers.get("retry-after", _RETRY_AFTER_S)
            busy = "The model is busy."
            return HTTPException(
                status.HTTP_503_SERVICE_UNAVAILABLE, busy, headers={"Retry-After": wait}
            )
        case code:
            _log.error("The API refused: %d, %s", code, error.body)
            return HTTPException(status.HTTP_502_BAD_GATEWAY, "The model did not answer.")
