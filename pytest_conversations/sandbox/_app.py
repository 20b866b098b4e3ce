"""The routes: eleven operations on conversations, and as much of agents as they need."""

import asyncio
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from pytest_conversations.models import (
    ConversationAppendRequest,
    ConversationRequest,
    ConversationRestartRequest,
)
from pytest_conversations.sandbox import _requests, _shapes, _stream
from pytest_conversations.sandbox._errors import (
    not_found,
    nothing_to_confirm,
    reply_to_error,
)
from pytest_conversations.sandbox._gateway import Gateway
from pytest_conversations.sandbox._store import TOKENS_PER_MINUTE, Agent, Conversation, Store
from pytest_conversations.sandbox._turn import Asked, Turn, take
from pytest_conversations.sandbox._wire import Object, dump


def create_app(*, pace: float = 0.0) -> Starlette:
    """The stand-in as an ASGI app, with state of its own, for embedding in another server.

    Args:
        pace: Seconds between two events of a stream.

    Raises:
        ValueError: `pace` is below 0 or no number.
    """
    if not pace >= 0:
        message = f"pace has to be 0 or more seconds, not {pace}"
        raise ValueError(message)
    store = Store()
    handlers = {HTTPException: reply_to_error}
    routes = [*_Conversations(store, pace).routes(), *_Agents(store).routes()]
    app = Starlette(routes=routes, middleware=[Middleware(Gateway)], exception_handlers=handlers)
    # A redirect would hide that the SDK puts an empty id into the path (contract section 2.2).
    app.router.redirect_slashes = False
    return app


class _Conversations:
    def __init__(self, store: Store, pace: float) -> None:
        self._store = store
        self._pace = pace

    def routes(self) -> list[Route]:
        root = "/v1/conversations"
        one = f"{root}/{{id}}"
        return [
            Route(root, self.start, methods=["POST"]),
            Route(root, self.list_all, methods=["GET"]),
            Route(one, self.get, methods=["GET"]),
            Route(one, self.delete, methods=["DELETE"]),
            Route(one, self.append, methods=["POST"]),
            Route(f"{one}/history", self.history, methods=["GET"]),
            Route(f"{one}/messages", self.messages, methods=["GET"]),
            Route(f"{one}/restart", self.restart, methods=["POST"]),
        ]

    async def start(self, request: Request) -> Response:
        body = await _requests.read(request, ConversationRequest)
        _requests.check_origin(body)
        return self._reply(body, Conversation(_shapes.conversation(body)), new=True)

    async def append(self, request: Request) -> Response:
        body = await _requests.read(request, ConversationAppendRequest, closed=True)
        conversation = self._find(request)
        if body.tool_confirmations:
            raise nothing_to_confirm([one.tool_call_id for one in body.tool_confirmations])
        return self._reply(body, conversation, new=False)

    async def restart(self, request: Request) -> Response:
        body = await _requests.read(request, ConversationRestartRequest, closed=True)
        before = self._find(request)
        ids = [entry["id"] for entry in before.entries]
        if body.from_entry_id not in ids:
            raise not_found(body.from_entry_id, "Entry")
        # The documents want at least one append before; nothing shows that the API checks it.
        copied = before.entries[: ids.index(body.from_entry_id) + 1]
        after = Conversation(_shapes.restarted(before.shown, body), copied)
        return self._reply(body, after, new=True)

    async def list_all(self, request: Request) -> Response:
        page, page_size = _requests.paging(request.query_params)
        wanted = _requests.metadata_filter(request.query_params).items()
        shown = [
            conversation.shown
            for conversation in self._store.conversations.newest_first()
            # Each pair has to be there: an inference, like the whole filter (section 17).
            if all(pair in (conversation.shown["metadata"] or {}).items() for pair in wanted)
        ]
        return _json(shown[page * page_size : (page + 1) * page_size])

    async def get(self, request: Request) -> Response:
        return _json(self._find(request).shown)

    async def delete(self, request: Request) -> Response:
        self._store.conversations.remove(request.path_params["id"])
        return Response(status_code=204)

    async def history(self, request: Request) -> Response:
        found = self._find(request)
        return _json(_entries_of(found, "conversation.history", "entries", found.entries))

    async def messages(self, request: Request) -> Response:
        found = self._find(request)
        messages = [one for one in found.entries if one["type"].startswith("message.")]
        return _json(_entries_of(found, "conversation.messages", "messages", messages))

    def _find(self, request: Request) -> Conversation:
        return self._store.conversations.get(request.path_params["id"])

    def _reply(
        self, body: _requests.AnyRequest, conversation: Conversation, *, new: bool
    ) -> Response:
        asked = Asked(
            conversation,
            _requests.input_entries(body),
            body.completion_args,
            handoffs=body.handoff_execution != "client",
            store=body.store is not False,
        )
        turn = take(self._store, asked, new=new)
        left = self._store.budget.spend(turn.usage["total_tokens"])
        # The body alone decides: the path of a stream ends in "#stream" in the SDK, which never
        # gets here, and Accept is "*/*" in recordings of other clients (gotcha 2).
        if body.stream:
            return StreamingResponse(self._paced(turn), media_type="text/event-stream")
        turn.keep()
        reply = {
            "object": "conversation.response",
            "conversation_id": turn.conversation_id,
            "outputs": turn.outputs,
            "usage": turn.usage,
            "guardrails": None,
        }
        response = _json(reply)
        response.headers["x-ratelimit-limit-tokens-minute"] = str(TOKENS_PER_MINUTE)
        response.headers["x-ratelimit-remaining-tokens-minute"] = str(left)
        return response

    async def _paced(self, turn: Turn) -> AsyncIterator[bytes]:
        for number, event in enumerate(_stream.events(turn)):
            if number:
                # Even a pace of 0 lets other requests in, and a disconnect through.
                await asyncio.sleep(self._pace)
            yield _stream.encode(event)


class _Agents:
    def __init__(self, store: Store) -> None:
        self._agents = store.agents

    def routes(self) -> list[Route]:
        return [
            Route("/v1/agents", self.create, methods=["POST"]),
            Route("/v1/agents/{id}", self.get, methods=["GET"]),
            Route("/v1/agents/{id}", self.delete, methods=["DELETE"]),
        ]

    async def create(self, request: Request) -> Response:
        agent = Agent(_shapes.agent(await _requests.read(request, _shapes.AgentRequest)))
        self._agents.add(agent)
        return _json(agent.shown)

    async def get(self, request: Request) -> Response:
        return _json(self._agents.get(request.path_params["id"]).shown)

    async def delete(self, request: Request) -> Response:
        self._agents.remove(request.path_params["id"])
        return Response(status_code=204)


def _entries_of(conversation: Conversation, kind: str, name: str, entries: list[Object]) -> Object:
    return {"object": kind, "conversation_id": conversation.id, name: entries}


def _json(value: object) -> Response:
    return Response(dump(value), media_type="application/json")
