"""Both clients behind one synchronous face, and a far end for them: a test is written once."""

import contextlib
import functools
import json
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Self, cast
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from pytest_conversations import AsyncConversationsClient, ConversationsClient, EventStream
from pytest_conversations.client import AsyncEventStream
from pytest_conversations.sandbox import Sandbox

KINDS = ("sync", "async")

MODEL = "mistral-small-latest"
ORIGIN = "https://api.mistral.ai"
TIME = "2026-09-07T12:56:55.249877Z"
ENTRY = {
    "object": "entry",
    "type": "message.output",
    "created_at": TIME,
    "completed_at": TIME,
    "model": MODEL,
    "id": "msg_1",
    "role": "assistant",
    "content": "Hello",
}
RESPONSE = {
    "object": "conversation.response",
    "conversation_id": "conv_1",
    "outputs": [ENTRY],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
    "guardrails": None,
}
CONVERSATION = {
    "object": "conversation",
    "id": "conv_1",
    "created_at": TIME,
    "updated_at": TIME,
    "model": MODEL,
}
FOUND: dict[str, object] = {
    "conversations": [CONVERSATION],
    "history": {"conversation_id": "conv_1", "entries": [ENTRY]},
    "messages": {"conversation_id": "conv_1", "messages": [ENTRY]},
}
WEATHER: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}

SENTINEL = '"~?~unset~?~sentinel~?~"'
"""What the official SDK sends for ``metadata`` that was not given (gotcha 1)."""

# What `start` takes as null (contract section 4).
NULLS = {
    "store": None,
    "handoff_execution": None,
    "instructions": None,
    "tools": None,
    "completion_args": None,
    "name": None,
    "description": None,
    "metadata": None,
    "agent_id": None,
    "agent_version": None,
    "model": None,
}

JSON = {"content-type": "application/json"}
SSE = {"content-type": "text/event-stream; charset=utf-8"}

ApiKey = str | Callable[[], str]
Handler = Callable[[httpx.Request], httpx.Response]


def event(kind: str, **fields: object) -> bytes:
    """A server-sent event as the API frames it."""
    data = json.dumps({"type": kind, **fields}).encode()
    return b"event: %s\ndata: %s\n\n" % (kind.encode(), data)


STARTED = event("conversation.response.started", conversation_id="conv_1")
DONE = event("conversation.response.done", usage=RESPONSE["usage"])


class Call(NamedTuple):
    """An operation with its least arguments, and the request that they make (section 4)."""

    name: str
    arguments: dict[str, Any]
    method: str
    target: str
    body: dict[str, Any] | None = None
    accept: str = "application/json"


AFTERWARDS = {"store": True, "handoff_execution": "server"}
CALLS = (
    Call("start", {"inputs": "Hi"}, "POST", "/v1/conversations", {"inputs": "Hi", "stream": False}),
    Call("list", {}, "GET", "/v1/conversations?page=0&page_size=100"),
    Call("get", {"conversation_id": "conv_1"}, "GET", "/v1/conversations/conv_1"),
    Call("delete", {"conversation_id": "conv_1"}, "DELETE", "/v1/conversations/conv_1"),
    Call(
        "append",
        {"conversation_id": "conv_1", "inputs": "Hi"},
        "POST",
        "/v1/conversations/conv_1",
        {"inputs": "Hi", "stream": False, **AFTERWARDS},
    ),
    Call("get_history", {"conversation_id": "conv_1"}, "GET", "/v1/conversations/conv_1/history"),
    Call("get_messages", {"conversation_id": "conv_1"}, "GET", "/v1/conversations/conv_1/messages"),
    Call(
        "restart",
        {"conversation_id": "conv_1", "from_entry_id": "msg_1", "inputs": "Hi"},
        "POST",
        "/v1/conversations/conv_1/restart",
        {"from_entry_id": "msg_1", "inputs": "Hi", "stream": False, **AFTERWARDS},
    ),
    Call(
        "start_stream",
        {"inputs": "Hi"},
        "POST",
        "/v1/conversations",
        {"inputs": "Hi", "stream": True},
        "text/event-stream",
    ),
    Call(
        "append_stream",
        {"conversation_id": "conv_1", "inputs": "Hi"},
        "POST",
        "/v1/conversations/conv_1",
        {"inputs": "Hi", "stream": True, **AFTERWARDS},
        "text/event-stream",
    ),
    Call(
        "restart_stream",
        {"conversation_id": "conv_1", "from_entry_id": "msg_1", "inputs": "Hi"},
        "POST",
        "/v1/conversations/conv_1/restart",
        {"from_entry_id": "msg_1", "inputs": "Hi", "stream": True, **AFTERWARDS},
        "text/event-stream",
    ),
)


def each_call(wanted: Callable[[Call], bool] = bool) -> pytest.MarkDecorator:
    """Run a test for each operation, or for those that are wanted."""
    calls = [pytest.param(call, id=call.name) for call in CALLS if wanted(call)]
    return pytest.mark.parametrize("call", calls)


def answer(request: httpx.Request) -> httpx.Response:
    """What each operation should return, in its least form."""
    if request.method == "DELETE":
        return httpx.Response(204)
    if request.method == "GET":
        return httpx.Response(200, json=FOUND.get(request.url.path.split("/")[-1], CONVERSATION))
    if json.loads(request.content)["stream"]:
        return httpx.Response(200, headers=SSE, content=iter([STARTED]))
    return httpx.Response(200, json=RESPONSE)


class Service:
    """The far end of a client, without a socket: keeps the requests, and answers them."""

    def __init__(self, handler: Handler = answer) -> None:
        self.requests: list[httpx.Request] = []
        self._handler = handler

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        self.requests.append(request)
        response = self._handler(request)
        response.stream = _EitherStream(cast("httpx.SyncByteStream", response.stream))
        return response

    @property
    def request(self) -> httpx.Request:
        """The one request that came."""
        (request,) = self.requests
        return request


class _EitherStream(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body for either kind of client."""

    def __init__(self, stream: httpx.SyncByteStream) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        yield from self._stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._stream:
            yield chunk

    def close(self) -> None:
        self._stream.close()

    async def aclose(self) -> None:
        self.close()


def replying(
    status: int = 200, headers: Mapping[str, str] | None = None, content: bytes = b""
) -> Service:
    """A service that always answers the same, with a body that has to be read first."""
    return Service(lambda _: httpx.Response(status, headers=headers, content=iter([content])))


class Clients:
    """Makes clients of one kind; the async ones run on an event loop in a thread of its own."""

    def __init__(self, kind: str, portal: BlockingPortal | None) -> None:
        self.is_async = kind == "async"
        self._portal = portal

    def open(
        self,
        api_key: ApiKey | None = "KEY",
        *,
        service: Handler | None = None,
        **options: Any,  # noqa: ANN401 - as the client
    ) -> ConversationsClient:
        """A client, over a socket or with a service at its far end; it need not be closed."""
        if service is not None:
            # A transport of its own holds nothing that would have to be closed.
            make = httpx.AsyncClient if self.is_async else httpx.Client
            options["http_client"] = make(transport=httpx.MockTransport(service))
        if self._portal is None:
            return ConversationsClient(api_key, **options)
        client = AsyncConversationsClient(api_key, **options)
        return cast("ConversationsClient", _Face(client, self._portal))

    def stream(self, *chunks: bytes) -> EventStream:
        """A stream of these chunks."""
        service = Service(lambda _: httpx.Response(200, headers=SSE, content=iter(chunks)))
        return self.open(service=service).start_stream(inputs="Hi")


@contextlib.contextmanager
def clients_of(kind: str) -> Iterator[Clients]:
    """Clients of a kind, ``sync`` or ``async``."""
    if kind == "sync":
        yield Clients(kind, None)
    else:
        with start_blocking_portal() as portal:
            yield Clients(kind, portal)


class _Face:
    """What an async client or stream has, called synchronously."""

    def __init__(
        self, inner: AsyncConversationsClient | AsyncEventStream, portal: BlockingPortal
    ) -> None:
        self._inner = inner
        self._portal = portal

    def __getattr__(self, name: str) -> object:
        found = getattr(self._inner, name)
        if not callable(found) or name == "raise_for_error":
            return found

        @functools.wraps(found)
        def call(*args: object, **kwargs: object) -> object:
            result = self._portal.call(functools.partial(found, *args, **kwargs))
            return _Face(result, self._portal) if isinstance(result, AsyncEventStream) else result

        return call

    def __enter__(self) -> Self:
        self._portal.call(self._inner.__aenter__)
        return self

    def __exit__(self, *error: object) -> None:
        leave = functools.partial(self._inner.__aexit__, *error)  # type: ignore[arg-type]
        self._portal.call(leave)

    def __iter__(self) -> Self:
        assert isinstance(self._inner, AsyncEventStream)
        assert self._inner.__aiter__() is self._inner
        return self

    def __next__(self) -> object:
        async def following() -> object:
            assert isinstance(self._inner, AsyncEventStream)
            return await anext(self._inner, None)

        event = self._portal.call(following)
        if event is None:
            raise StopIteration
        return event


def perform(client: object, name: str, arguments: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as the operation
    """Call an operation by its name; a stream is read to its end."""
    reply = getattr(client, name)(**arguments)
    if name.endswith("_stream"):
        with reply:
            return list(reply)
    return reply


def sent(
    clients: Clients,
    name: str,
    arguments: Mapping[str, Any],
    **options: Any,  # noqa: ANN401 - as the client
) -> httpx.Request:
    """The request that a call makes."""
    service = Service()
    perform(clients.open(service=service, **options), name, arguments)
    return service.request


def target_of(request: httpx.Request) -> str:
    """Path and query as they go over the wire."""
    return request.url.raw_path.decode("ascii")


def path_and_query(request: httpx.Request) -> tuple[str, dict[str, list[str]]]:
    """Path, and the query by its meaning; without the marker that the SDK sends for nothing."""
    parts = urlsplit(target_of(request))
    query = parse_qs(parts.query)
    if query.get("metadata") == [SENTINEL]:
        del query["metadata"]
    return parts.path, query


def body_of(request: httpx.Request) -> Any:  # noqa: ANN401 - any JSON
    """The JSON body; None where there is none."""
    return json.loads(request.content) if request.content else None


def post(sandbox: Sandbox, path: str, body: dict[str, Any]) -> httpx.Response:
    """Send to the stand-in without a client."""
    response = httpx.post(sandbox.url + path, json=body, headers={"authorization": "Bearer key"})
    assert response.status_code == 200, response.text
    return response


def agent(sandbox: Sandbox, **fields: object) -> str:
    """The id of a new agent."""
    agent_id: str = post(sandbox, "/v1/agents", {"model": MODEL, **fields}).json()["id"]
    return agent_id


def cuts(body: bytes, size: int) -> Iterable[bytes]:
    """A body in pieces of a size."""
    return (body[place : place + size] for place in range(0, len(body), size))
