"""The client: what it sends, what it makes of the replies, and how it compares with the SDK's."""

import inspect
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

import httpx
import pydantic
import pytest
from support import Connection, Serve

from pytest_conversations import (
    ConversationsClient,
    HTTPValidationError,
    MistralError,
    ResponseValidationError,
    SDKError,
    __version__,
    models,
)
from pytest_conversations.client import EventStream
from pytest_conversations.sandbox import Sandbox

_MODEL = "mistral-small-latest"
_ORIGIN = "https://api.mistral.ai"
_SENTINEL = '"~?~unset~?~sentinel~?~"'
_WEATHER: dict[str, pydantic.JsonValue] = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}

_TIME = "2026-09-07T12:56:55.249877Z"
_ENTRY = {
    "object": "entry",
    "type": "message.output",
    "created_at": _TIME,
    "completed_at": _TIME,
    "model": _MODEL,
    "id": "msg_1",
    "role": "assistant",
    "content": "Hello",
}
_RESPONSE = {
    "object": "conversation.response",
    "conversation_id": "conv_1",
    "outputs": [_ENTRY],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
    "guardrails": None,
}
_CONVERSATION = {
    "object": "conversation",
    "id": "conv_1",
    "created_at": _TIME,
    "updated_at": _TIME,
    "model": _MODEL,
}
_STARTED = {"type": "conversation.response.started", "conversation_id": "conv_1"}
_STREAM = b"event: conversation.response.started\ndata: %s\n\n" % json.dumps(_STARTED).encode()

_FOUND = {
    "conversations": [_CONVERSATION],
    "history": {"conversation_id": "conv_1", "entries": [_ENTRY]},
    "messages": {"conversation_id": "conv_1", "messages": [_ENTRY]},
}

_JSON = {"content-type": "application/json"}
_SSE = {"content-type": "text/event-stream; charset=utf-8"}

# What `start` takes as null (contract section 4).
_NULLS = {
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

_Handler = Callable[[httpx.Request], httpx.Response]


class _Call(NamedTuple):
    """An operation with its least arguments, and the request that they make (section 4)."""

    name: str
    arguments: dict[str, Any]
    method: str
    target: str
    body: dict[str, Any] | None = None
    accept: str = "application/json"


_AFTERWARDS = {"store": True, "handoff_execution": "server"}
_CALLS = (
    _Call(
        "start",
        {"inputs": "Hi"},
        "POST",
        "/v1/conversations",
        {"inputs": "Hi", "stream": False},
    ),
    _Call("list", {}, "GET", "/v1/conversations?page=0&page_size=100"),
    _Call("get", {"conversation_id": "conv_1"}, "GET", "/v1/conversations/conv_1"),
    _Call("delete", {"conversation_id": "conv_1"}, "DELETE", "/v1/conversations/conv_1"),
    _Call(
        "append",
        {"conversation_id": "conv_1", "inputs": "Hi"},
        "POST",
        "/v1/conversations/conv_1",
        {"inputs": "Hi", "stream": False, **_AFTERWARDS},
    ),
    _Call("get_history", {"conversation_id": "conv_1"}, "GET", "/v1/conversations/conv_1/history"),
    _Call(
        "get_messages", {"conversation_id": "conv_1"}, "GET", "/v1/conversations/conv_1/messages"
    ),
    _Call(
        "restart",
        {"conversation_id": "conv_1", "from_entry_id": "msg_1", "inputs": "Hi"},
        "POST",
        "/v1/conversations/conv_1/restart",
        {"from_entry_id": "msg_1", "inputs": "Hi", "stream": False, **_AFTERWARDS},
    ),
    _Call(
        "start_stream",
        {"inputs": "Hi"},
        "POST",
        "/v1/conversations",
        {"inputs": "Hi", "stream": True},
        "text/event-stream",
    ),
    _Call(
        "append_stream",
        {"conversation_id": "conv_1", "inputs": "Hi"},
        "POST",
        "/v1/conversations/conv_1",
        {"inputs": "Hi", "stream": True, **_AFTERWARDS},
        "text/event-stream",
    ),
    _Call(
        "restart_stream",
        {"conversation_id": "conv_1", "from_entry_id": "msg_1", "inputs": "Hi"},
        "POST",
        "/v1/conversations/conv_1/restart",
        {"from_entry_id": "msg_1", "inputs": "Hi", "stream": True, **_AFTERWARDS},
        "text/event-stream",
    ),
)


def _each(wanted: Callable[[_Call], bool]) -> pytest.MarkDecorator:
    calls = [pytest.param(call, id=call.name) for call in _CALLS if wanted(call)]
    return pytest.mark.parametrize("call", calls)


_each_call = _each(lambda call: bool(call.name))
_each_stream = _each(lambda call: call.name.endswith("_stream"))
_each_reply = _each(lambda call: not call.name.endswith("_stream"))
_each_with_id = _each(lambda call: "conversation_id" in call.arguments)


class _Service:
    """The far end of a client: keeps the requests, and answers each as its operation should."""

    def __init__(self, handler: _Handler | None = None) -> None:
        self.requests: list[httpx.Request] = []
        self._handler = handler or _answer

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self._handler(request)

    @property
    def request(self) -> httpx.Request:
        """The one request that came."""
        (request,) = self.requests
        return request

    def http_client(self) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(self))


class _Broken(httpx.SyncByteStream):
    """A body that breaks off."""

    closed = False

    def __iter__(self) -> Iterator[bytes]:
        yield b"{"
        message = "broken"
        raise httpx.ReadError(message)

    def close(self) -> None:
        self.closed = True


def _answer(request: httpx.Request) -> httpx.Response:
    if request.method == "DELETE":
        return httpx.Response(204)
    if request.method == "GET":
        return httpx.Response(200, json=_FOUND.get(request.url.path.split("/")[-1], _CONVERSATION))
    if json.loads(request.content)["stream"]:
        return httpx.Response(200, headers=_SSE, content=iter([_STREAM]))
    return httpx.Response(200, json=_RESPONSE)


def _call(client: object, name: str, arguments: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as the operation
    """Call an operation by its name; a stream is read to its end."""
    reply = getattr(client, name)(**arguments)
    if name.endswith("_stream"):
        with reply:
            return list(reply)
    return reply


def _sent(name: str, arguments: Mapping[str, Any], **options: Any) -> httpx.Request:  # noqa: ANN401 - as the client
    """The request that a call makes."""
    service = _Service()
    with service.http_client() as http:
        client = ConversationsClient(**{"api_key": "KEY", "http_client": http, **options})
        _call(client, name, arguments)
    return service.request


def _sent_by_sdk(name: str, arguments: Mapping[str, Any]) -> httpx.Request:
    """The request that the official SDK makes of the same call."""
    sdk = pytest.importorskip("mistralai.client")
    service = _Service()
    with (
        service.http_client() as http,
        sdk.Mistral(api_key="KEY", client=http, server_url=_ORIGIN) as client,
    ):
        _call(client.beta.conversations, name, arguments)
    return service.request


def _target(request: httpx.Request) -> str:
    """Path and query as they go over the wire."""
    return request.url.raw_path.decode("ascii")


def _path_and_query(request: httpx.Request) -> tuple[str, dict[str, list[str]]]:
    """Path, and the query by its meaning; without the marker that the SDK sends for nothing."""
    parts = urlsplit(_target(request))
    query = parse_qs(parts.query)
    if query.get("metadata") == [_SENTINEL]:
        del query["metadata"]
    return parts.path, query


def _body(request: httpx.Request) -> Any:  # noqa: ANN401 - any JSON
    return json.loads(request.content) if request.content else None


def _replying(
    status: int = 200, headers: Mapping[str, str] | None = None, content: bytes = b""
) -> _Service:
    """A service that always answers the same, with a body that has to be read first."""
    return _Service(lambda _: httpx.Response(status, headers=headers, content=iter([content])))


def _client(service: _Service) -> ConversationsClient:
    # MockTransport holds nothing that would have to be closed.
    return ConversationsClient("KEY", http_client=service.http_client())


def _streaming(*chunks: bytes) -> EventStream:
    """A stream of these chunks."""
    service = _Service(lambda _: httpx.Response(200, headers=_SSE, content=iter(chunks)))
    return _client(service).start_stream(inputs="Hi")


def _event(kind: str, **fields: object) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (
        kind.encode(),
        json.dumps({"type": kind, **fields}).encode(),
    )


def _post(sandbox: Sandbox, path: str, body: dict[str, Any]) -> httpx.Response:
    """Send to the stand-in without the client."""
    response = httpx.post(sandbox.url + path, json=body, headers={"authorization": "Bearer key"})
    assert response.status_code == 200, response.text
    return response


def _agent(sandbox: Sandbox, **fields: object) -> str:
    """The id of a new agent."""
    agent_id: str = _post(sandbox, "/v1/agents", {"model": _MODEL, **fields}).json()["id"]
    return agent_id


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables that the client reads are not set, whatever the machine has."""
    for name in ("MISTRAL_API_KEY", "MISTRAL_SERVER_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One stand-in of the API for this file."""
    with Sandbox() as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[ConversationsClient]:
    """A client of the stand-in, over a real socket."""
    with ConversationsClient("key", server_url=sandbox.url) as open_client:
        yield open_client


class TestSandbox:
    """The eleven operations against an API with a state, over a real socket."""

    def test_start(self, client: ConversationsClient) -> None:
        """A start gives the new entries, the id of the conversation and the usage."""
        reply = client.start(model=_MODEL, inputs="Hi")

        assert isinstance(reply, models.ConversationResponse)
        assert reply.conversation_id.startswith("conv_")
        (output,) = reply.outputs
        assert isinstance(output, models.MessageOutputEntry)
        assert output.content == "You said: Hi"
        assert output.model == _MODEL
        assert reply.usage.total_tokens > 0

    def test_append(self, client: ConversationsClient) -> None:
        """An append knows what was said before."""
        first = client.start(model=_MODEL, inputs="My name is Ada.")

        reply = client.append(conversation_id=first.conversation_id, inputs="What is my name?")

        assert reply.conversation_id == first.conversation_id
        (output,) = reply.outputs
        assert isinstance(output, models.MessageOutputEntry)
        assert output.content == "Your name is Ada."

    def test_function(self, client: ConversationsClient) -> None:
        """A function call comes as an entry; its result goes back as one."""
        first = client.start(model=_MODEL, inputs="The weather in Paris?", tools=[_WEATHER])
        (call,) = first.outputs
        assert isinstance(call, models.FunctionCallEntry)
        result = models.FunctionResultEntry(tool_call_id=call.tool_call_id, result="rain")

        reply = client.append(conversation_id=first.conversation_id, inputs=[result])

        assert isinstance(reply.outputs[0], models.MessageOutputEntry)

    def test_get(self, client: ConversationsClient) -> None:
        """A conversation with a model shows what it was started with."""
        started = client.start(
            model=_MODEL,
            inputs="Hi",
            instructions="Be brief.",
            tools=[{"type": "web_search"}],
            completion_args={"temperature": 0.5},
            metadata={"run": 1},
            name="n",
        )

        found = client.get(conversation_id=started.conversation_id)

        assert isinstance(found, models.ModelConversation)
        assert found.id == started.conversation_id
        assert (found.model, found.instructions, found.name) == (_MODEL, "Be brief.", "n")
        assert found.tools == [models.WebSearchTool()]
        assert found.completion_args is not None
        assert found.completion_args.temperature == 0.5
        assert found.metadata == {"run": 1}

    def test_get_of_an_agent(self, sandbox: Sandbox, client: ConversationsClient) -> None:
        """A conversation with an agent shows the agent."""
        agent_id = _agent(sandbox, name="agent")
        started = client.start(agent_id=agent_id, inputs="Hi")

        found = client.get(conversation_id=started.conversation_id)

        assert isinstance(found, models.AgentConversation)
        assert found.agent_id == agent_id

    def test_list(self, client: ConversationsClient) -> None:
        """A list can be filtered and paged, and holds typed conversations."""
        metadata = {"test": "test_list é &+"}
        ids = {
            client.start(model=_MODEL, inputs="Hi", metadata=metadata).conversation_id
            for _ in range(3)
        }

        found = client.list(metadata=metadata)
        pages = [client.list(metadata=metadata, page=page, page_size=2) for page in range(3)]

        assert {one.id for one in found} == ids
        assert all(isinstance(one, models.ModelConversation) for one in found)
        assert [len(page) for page in pages] == [2, 1, 0]
        assert ids <= {one.id for one in client.list()}

    def test_history_and_messages(self, client: ConversationsClient) -> None:
        """The history has every entry, oldest first; the messages leave out what is none."""
        first = client.start(model=_MODEL, inputs="The weather in Paris?", tools=[_WEATHER])

        history = client.get_history(conversation_id=first.conversation_id)
        messages = client.get_messages(conversation_id=first.conversation_id)

        assert isinstance(history, models.ConversationHistory)
        kinds = [type(entry) for entry in history.entries]
        assert kinds == [models.MessageInputEntry, models.FunctionCallEntry]
        assert history.entries[1] == first.outputs[0]
        assert isinstance(messages, models.ConversationMessages)
        assert messages.messages == history.entries[:1]
        assert {history.conversation_id, messages.conversation_id} == {first.conversation_id}

    def test_restart(self, client: ConversationsClient) -> None:
        """A restart is a new conversation that knows the old one up to an entry."""
        first = client.start(model=_MODEL, inputs="My name is Ada.")
        client.append(conversation_id=first.conversation_id, inputs="My name is Bob.")
        entry = first.outputs[0]
        assert isinstance(entry, models.MessageOutputEntry)
        assert entry.id is not None

        reply = client.restart(
            conversation_id=first.conversation_id,
            from_entry_id=entry.id,
            inputs="What is my name?",
        )

        assert reply.conversation_id != first.conversation_id
        assert isinstance(reply.outputs[0], models.MessageOutputEntry)
        assert reply.outputs[0].content == "Your name is Ada."

    def test_delete(self, client: ConversationsClient) -> None:
        """A deleted conversation is gone."""
        gone = client.start(model=_MODEL, inputs="Hi").conversation_id

        result = client.delete(conversation_id=gone)

        assert result is None
        with pytest.raises(SDKError) as raised:
            client.get(conversation_id=gone)
        assert raised.value.status_code == 404

    def test_streams(self, client: ConversationsClient) -> None:
        """Each operation that streams gives a reply of typed events, piece by piece."""
        with client.start_stream(model=_MODEL, inputs="My name is Ada.") as stream:
            first = list(stream)
        started = first[0].data
        assert isinstance(started, models.ResponseStartedEvent)
        conversation_id = started.conversation_id
        with client.append_stream(conversation_id=conversation_id, inputs="My name?") as stream:
            second = list(stream)
        message = first[1].data
        assert isinstance(message, models.MessageOutputEvent)
        with client.restart_stream(
            conversation_id=conversation_id, from_entry_id=message.id, inputs="What is my name?"
        ) as stream:
            third = list(stream)

        assert self._text(first) == "Nice to meet you, Ada."
        assert self._text(second) == "You said: My name?"
        assert self._text(third) == "Your name is Ada."
        for events in (first, second, third):
            assert len(events) > 3
            assert [event.event for event in events] == [event.data.type for event in events]
            assert isinstance(events[0].data, models.ResponseStartedEvent)
            assert isinstance(events[-1].data, models.ResponseDoneEvent)
            assert events[-1].data.usage.total_tokens > 0

    def test_tool_in_a_stream(self, client: ConversationsClient) -> None:
        """The events of a hosted tool are typed, and keep what the contract does not name."""
        with client.start_stream(
            model=_MODEL, inputs="What is 2+3?", tools=[{"type": "code_interpreter"}]
        ) as stream:
            events = [event.data for event in stream]

        kinds = [kind for kind, _ in itertools.groupby(events, type)]
        assert kinds == [
            models.ResponseStartedEvent,
            models.ToolExecutionStartedEvent,
            models.ToolExecutionDeltaEvent,
            models.ToolExecutionDoneEvent,
            models.MessageOutputEvent,
            models.ResponseDoneEvent,
        ]
        assert (events[1].model_extra or {}) == {"function": "code_interpreter"}

    @staticmethod
    def _text(events: Sequence[models.ConversationEvents]) -> str:
        pieces = [event.data for event in events]
        return "".join(
            piece.content
            for piece in pieces
            if isinstance(piece, models.MessageOutputEvent) and isinstance(piece.content, str)
        )

    @pytest.mark.parametrize(
        ("key", "detail"), [("invalid", "Invalid API Key"), ("", "Unauthorized")]
    )
    def test_refused_key(self, sandbox: Sandbox, key: str, detail: str) -> None:
        """The gateway's 401 is an error with a body of its own shape."""
        with (
            ConversationsClient(key, server_url=sandbox.url) as client,
            pytest.raises(SDKError) as raised,
        ):
            client.list()

        assert raised.value.status_code == 401
        assert json.loads(raised.value.body) == {"detail": detail}

    def test_refused_request(self, client: ConversationsClient) -> None:
        """A 422 says what was refused and where."""
        with pytest.raises(HTTPValidationError) as raised:
            client.start(inputs="Hi", model=_MODEL, agent_id="ag_1")

        (fault,) = raised.value.data.detail or []
        assert fault.loc == ["body"]
        assert raised.value.status_code == 422

    def test_refused_stream(self, client: ConversationsClient) -> None:
        """A stream that does not come about raises at once, and leaves the client usable."""
        with pytest.raises(SDKError) as raised:
            client.append_stream(conversation_id="conv_0", inputs="Hi")

        assert raised.value.status_code == 404
        assert json.loads(raised.value.body)["object"] == "Error"
        assert client.start(model=_MODEL, inputs="Hi").outputs


class TestRequests:
    """What goes over the wire (contract section 4)."""

    @_each_call
    def test_exact(self, call: _Call) -> None:
        """Method, path, query, headers and body are those of the contract."""
        request = _sent(call.name, call.arguments)

        assert request.method == call.method
        assert str(request.url) == _ORIGIN + call.target
        assert _target(request) == call.target
        assert _body(request) == call.body
        assert request.headers["accept"] == call.accept
        assert request.headers["authorization"] == "Bearer KEY"
        assert request.headers["user-agent"] == f"pytest-conversations/{__version__}"
        assert request.headers.get("content-type") == (call.body and "application/json")
        assert request.headers.get("content-length") == (call.body and str(len(request.content)))
        names = {"host", "accept-encoding", "connection", "accept", "user-agent", "authorization"}
        posted = {"content-type", "content-length"}
        assert set(request.headers) == (names | posted if call.body else names)

    @pytest.mark.parametrize(
        ("arguments", "target"),
        [
            ({}, "?page=0&page_size=100"),
            ({"page": 2, "page_size": 5}, "?page=2&page_size=5"),
            ({"page": None, "page_size": None}, ""),
            ({"page": None}, "?page_size=100"),
            ({"metadata": None}, "?page=0&page_size=100&metadata=null"),
            ({"metadata": {}}, "?page=0&page_size=100&metadata=%7B%7D"),
            (
                {"page": None, "page_size": None, "metadata": {"a": 1, "b": "x y&=+"}},
                "?metadata=%7B%22a%22%3A1%2C%22b%22%3A%22x%20y%26%3D%2B%22%7D",
            ),
        ],
    )
    def test_list(self, arguments: dict[str, Any], target: str) -> None:
        """The query of a list has what was given, ``metadata`` as one JSON parameter."""
        assert _target(_sent("list", arguments)) == "/v1/conversations" + target

    @pytest.mark.parametrize(
        ("conversation_id", "segment"),
        [
            ("a/b", "a%2Fb"),
            ("a?b", "a%3Fb"),
            ("a#b", "a%23b"),
            ("a b", "a%20b"),
            ("a%2Fb", "a%252Fb"),
            ("%2e%2e", "%252e%252e"),
            ("../agents", "..%2Fagents"),
            ("...", "..."),
            ("é", "%C3%A9"),
            ("a&b=c+d;e:f@g", "a%26b%3Dc%2Bd%3Be%3Af%40g"),
            ("\n", "%0A"),
        ],
    )
    @_each_with_id
    def test_conversation_id(self, call: _Call, conversation_id: str, segment: str) -> None:
        """An id is one segment of the path, whatever it holds (gotcha 25)."""
        request = _sent(call.name, call.arguments | {"conversation_id": conversation_id})

        assert _target(request) == call.target.replace("conv_1", segment)
        assert unquote(segment) == conversation_id

    @_each_call
    def test_headers_of_a_call(self, call: _Call) -> None:
        """Headers of a call replace the client's whatever their case, and end with the call."""
        service = _Service()
        client = _client(service)
        headers = {
            "AUTHORIZATION": "Bearer other",
            "Accept": "text/plain",
            "User-agent": "mine",
            "X-New": "1",
        }

        _call(client, call.name, {**call.arguments, "http_headers": headers})
        _call(client, call.name, call.arguments)

        first, second = service.requests
        for name, value in headers.items():
            assert first.headers.get_list(name) == [value]
        assert second.headers["authorization"] == "Bearer KEY"
        assert "x-new" not in second.headers
        assert _body(first) == call.body

    @pytest.mark.parametrize(
        ("api_key", "environment", "header"),
        [
            ("KEY", "ENV", "Bearer KEY"),
            (None, "ENV", "Bearer ENV"),
            (None, None, None),
            (None, "", None),
            ("", "ENV", None),
            ("bearer x", None, "bearer x"),
            ("Bearer KEY", None, "Bearer KEY"),
            ("BEARER x", None, "BEARER x"),
            (None, "bearer env", "bearer env"),
            ("bearerx", None, "Bearer bearerx"),
        ],
    )
    def test_api_key(
        self,
        monkeypatch: pytest.MonkeyPatch,
        api_key: str | None,
        environment: str | None,
        header: str | None,
    ) -> None:
        """The key is the argument, else the environment's; without one there is no header."""
        if environment is not None:
            monkeypatch.setenv("MISTRAL_API_KEY", environment)

        request = _sent("list", {}, api_key=api_key)

        assert request.headers.get("authorization") == header

    @pytest.mark.parametrize(
        ("environment", "of_client", "of_call", "url"),
        [
            (None, None, None, "https://api.mistral.ai/v1/conversations/c"),
            ("https://env.test", None, None, "https://env.test/v1/conversations/c"),
            ("https://env.test", "http://a.test", None, "http://a.test/v1/conversations/c"),
            (None, "http://a.test:8080/", None, "http://a.test:8080/v1/conversations/c"),
            (None, "http://a.test/base", None, "http://a.test/base/v1/conversations/c"),
            (None, "http://a.test/base/x/", None, "http://a.test/base/x/v1/conversations/c"),
            (None, "http://a.test", "http://b.test", "http://b.test/v1/conversations/c"),
            (
                "http://e.test",
                "http://a.test",
                "http://b.test/p/",
                "http://b.test/p/v1/conversations/c",
            ),
        ],
    )
    def test_server_url(
        self,
        monkeypatch: pytest.MonkeyPatch,
        environment: str | None,
        of_client: str | None,
        of_call: str | None,
        url: str,
    ) -> None:
        """The server is the call's, else the client's, else the environment's; a prefix is kept."""
        if environment is not None:
            monkeypatch.setenv("MISTRAL_SERVER_URL", environment)
        arguments = {"conversation_id": "c"} | ({"server_url": of_call} if of_call else {})

        assert str(_sent("get", arguments, server_url=of_client).url) == url

    @pytest.mark.parametrize(
        ("of_client", "of_call", "seconds"),
        [
            ({}, {}, 300.0),
            ({"timeout_ms": None}, {"timeout_ms": None}, 300.0),
            ({"timeout_ms": 1500}, {}, 1.5),
            ({"timeout_ms": 1500}, {"timeout_ms": None}, 1.5),
            ({"timeout_ms": 1500}, {"timeout_ms": 250}, 0.25),
            ({}, {"timeout_ms": 10}, 0.01),
        ],
    )
    @pytest.mark.parametrize("name", ["start", "start_stream"])
    def test_timeout(
        self, name: str, of_client: dict[str, Any], of_call: dict[str, Any], seconds: float
    ) -> None:
        """The time limit is the call's, else the client's, else 300 seconds, for each step."""
        request = _sent(name, {"inputs": "Hi", **of_call}, **of_client)

        steps = ("connect", "read", "write", "pool")
        assert request.extensions["timeout"] == dict.fromkeys(steps, seconds)

    def test_timeout_passes(self, serve: Serve) -> None:
        """A server that says nothing is given up after the time limit."""

        def wait(connection: Connection) -> None:
            connection.socket.recv(1)

        with ConversationsClient("KEY") as client, pytest.raises(httpx.ReadTimeout):
            client.list(server_url=serve(wait), timeout_ms=50)

    @pytest.mark.parametrize(
        ("name", "arguments", "body"),
        [
            pytest.param(
                "start",
                {"inputs": "x", **_NULLS},
                {"inputs": "x", "stream": False, **_NULLS},
                id="nulls of start",
            ),
            pytest.param(
                "append",
                {
                    "conversation_id": "c",
                    "inputs": "x",
                    "store": None,
                    "handoff_execution": None,
                    "completion_args": None,
                },
                {"inputs": "x", "stream": False},
                id="None in append",
            ),
            pytest.param(
                "append",
                {
                    "conversation_id": "c",
                    "tool_confirmations": [{"tool_call_id": "t", "confirmation": "allow"}],
                },
                {
                    "stream": False,
                    **_AFTERWARDS,
                    "tool_confirmations": [{"tool_call_id": "t", "confirmation": "allow"}],
                },
                id="confirmations only",
            ),
            pytest.param(
                "append",
                {
                    "conversation_id": "c",
                    "inputs": "x",
                    "store": False,
                    "handoff_execution": "client",
                },
                {"inputs": "x", "stream": False, "store": False, "handoff_execution": "client"},
                id="other than the defaults of append",
            ),
            pytest.param(
                "restart",
                {
                    "conversation_id": "c",
                    "from_entry_id": "e",
                    "inputs": "x",
                    "metadata": None,
                    "agent_version": None,
                },
                {
                    "from_entry_id": "e",
                    "inputs": "x",
                    "stream": False,
                    **_AFTERWARDS,
                    "metadata": None,
                    "agent_version": None,
                },
                id="nulls of restart",
            ),
            pytest.param(
                "start",
                {"inputs": [{"role": "user", "content": "x"}]},
                {
                    "inputs": [
                        {
                            "role": "user",
                            "content": "x",
                            "object": "entry",
                            "type": "message.input",
                            "prefix": False,
                        }
                    ],
                    "stream": False,
                },
                id="an entry as a dict",
            ),
            pytest.param(
                "start",
                {"inputs": ({"tool_call_id": "t", "result": "é 🚀"},)},
                {
                    "inputs": [
                        {
                            "tool_call_id": "t",
                            "result": "é 🚀",
                            "object": "entry",
                            "type": "function.result",
                        }
                    ],
                    "stream": False,
                },
                id="entries in a tuple",
            ),
            pytest.param(
                "start",
                {
                    "inputs": [models.MessageInputEntry(role="user", content="x")],
                    "completion_args": models.CompletionArgs(max_tokens=5),
                    "tools": [models.WebSearchTool()],
                    "guardrails": [models.GuardrailConfig(block_on_error=True)],
                },
                {
                    "inputs": [
                        {
                            "role": "user",
                            "content": "x",
                            "object": "entry",
                            "type": "message.input",
                            "prefix": False,
                        }
                    ],
                    "stream": False,
                    "completion_args": {"max_tokens": 5},
                    "tools": [{"type": "web_search"}],
                    "guardrails": [{"block_on_error": True}],
                },
                id="models",
            ),
        ],
    )
    def test_body(self, name: str, arguments: dict[str, Any], body: dict[str, Any]) -> None:
        """The bodies are those that the contract saw on the wire."""
        request = _sent(name, arguments)
        streamed = _sent(f"{name}_stream", arguments)

        assert _body(request) == body
        assert _body(streamed) == body | {"stream": True}

    @pytest.mark.parametrize(
        ("argument", "value"),
        [
            ("inputs", [MappingProxyType({"role": "user", "content": "x"})]),
            ("completion_args", MappingProxyType({"temperature": 0.5})),
            ("tools", [MappingProxyType({"type": "web_search"})]),
            ("guardrails", [MappingProxyType({"block_on_error": True})]),
            ("metadata", MappingProxyType({"a": 1})),
        ],
    )
    def test_mappings(self, argument: str, value: object) -> None:
        """Any mapping will do where the signature says so, not only a dict."""
        request = _sent("start", {"inputs": "x", argument: value})

        assert argument in _body(request)

    def test_mapping_in_a_query(self) -> None:
        """The metadata of a list may be any mapping, too."""
        request = _sent("list", {"metadata": MappingProxyType({"a": 1})})

        assert _path_and_query(request)[1]["metadata"] == ['{"a":1}']


class TestRefusedArguments:
    """Wrong arguments raise before anything is sent."""

    @staticmethod
    def _refused(
        error: type[Exception], name: str, *positional: object, **arguments: object
    ) -> str:
        """The message of the error that a call raises."""
        service = _Service()
        client = _client(service)
        with pytest.raises(error) as raised:
            getattr(client, name)(*positional, **arguments)
        assert service.requests == []
        return str(raised.value)

    @_each_call
    @pytest.mark.parametrize("unknown", ["stream", "model_name", "retry"])
    def test_unknown_argument(self, call: _Call, unknown: str) -> None:
        """An argument that an operation does not have is a TypeError that names both."""
        message = self._refused(TypeError, call.name, **call.arguments, **{unknown: True})

        assert unknown in message
        assert f"{call.name}()" in message

    @_each_call
    def test_positional_argument(self, call: _Call) -> None:
        """Arguments go by keyword only."""
        self._refused(TypeError, call.name, "Hi", **call.arguments)

    @pytest.mark.parametrize(
        ("name", "given", "missing"),
        [
            ("start", {"model": "m"}, "inputs"),
            ("start_stream", {"model": "m"}, "inputs"),
            ("get", {}, "conversation_id"),
            ("delete", {}, "conversation_id"),
            ("get_history", {}, "conversation_id"),
            ("get_messages", {}, "conversation_id"),
            ("append", {"inputs": "Hi"}, "conversation_id"),
            ("append_stream", {"inputs": "Hi"}, "conversation_id"),
            ("restart", {"conversation_id": "c"}, "from_entry_id"),
            ("restart", {"from_entry_id": "e"}, "conversation_id"),
            ("restart_stream", {"conversation_id": "c"}, "from_entry_id"),
        ],
    )
    def test_missing_argument(self, name: str, given: dict[str, Any], missing: str) -> None:
        """An argument that an operation needs is a TypeError that names both."""
        message = self._refused(TypeError, name, **given)

        assert missing in message
        assert f"{name}()" in message

    @pytest.mark.parametrize("conversation_id", ["", ".", ".."])
    @_each_with_id
    def test_conversation_id(self, call: _Call, conversation_id: str) -> None:
        """An id that would change the path is refused."""
        arguments = call.arguments | {"conversation_id": conversation_id}

        assert "conversation_id" in self._refused(ValueError, call.name, **arguments)

    @pytest.mark.parametrize(
        "arguments",
        [
            {"inputs": "x", "handoff_execution": "nobody"},
            {"inputs": "x", "completion_args": {"temprature": 1}},
            {"inputs": "x", "tools": [{"type": "new"}]},
            {"inputs": "x", "tools": [{"function": {"name": "f", "parameters": {}}}]},
            {"inputs": [{"type": "new"}]},
            {"inputs": None},
            {"inputs": 5},
        ],
    )
    def test_value(self, arguments: dict[str, Any]) -> None:
        """A value that the API does not know is refused."""
        self._refused(pydantic.ValidationError, "start", **arguments)

    @pytest.mark.parametrize(
        "owner", [ConversationsClient, _client(_Service())], ids=["class", "instance"]
    )
    @_each_call
    def test_signature(self, call: _Call, owner: object) -> None:
        """An operation shows its arguments to help() and to editors, bound or not."""
        signature = inspect.signature(getattr(owner, call.name))

        shown = signature.parameters
        assert {*call.arguments, "server_url", "timeout_ms", "http_headers"} <= shown.keys()
        keyword_only = {parameter.kind for name, parameter in shown.items() if name != "self"}
        assert keyword_only == {inspect.Parameter.KEYWORD_ONLY}


_SDK_CALLS: list[tuple[str, dict[str, Any]]] = [
    *((call.name, call.arguments) for call in _CALLS),
    ("list", {"page": 3, "page_size": 7}),
    ("list", {"page": None, "page_size": None}),
    ("list", {"metadata": None}),
    ("list", {"metadata": {}}),
    ("list", {"metadata": {"a": 1, "b": "x y", "é": "ü&=+"}}),
    ("get", {"conversation_id": "a b"}),
    ("get", {"conversation_id": "é"}),
    (
        "start",
        {
            "inputs": "é 🚀",
            "store": False,
            "handoff_execution": "client",
            "instructions": "",
            "name": "n",
            "description": "d",
            "metadata": {"a": [1, 2.5, None, {"b": True}]},
            "agent_id": "ag_1",
            "agent_version": "3",
        },
    ),
    ("start", {"inputs": "x", "agent_id": "ag_1", "agent_version": 3}),
    ("start", {"inputs": "x", **_NULLS, "guardrails": None}),
    (
        "start",
        {
            "inputs": [
                {"role": "user", "content": "x"},
                {"role": "assistant", "content": "x", "prefix": True, "type": "message.input"},
                {"content": "x"},
                {"content": "x", "agent_id": None, "model": "m", "type": "message.output"},
                {"tool_call_id": "t", "name": "n", "arguments": {"a": 1}},
                {"tool_call_id": "t", "name": "n", "arguments": "{}", "type": "function.call"},
                {"tool_call_id": "t", "result": "r", "created_at": _TIME, "completed_at": None},
                {
                    "previous_agent_id": "a",
                    "previous_agent_name": "A",
                    "next_agent_id": "b",
                    "next_agent_name": "B",
                },
            ]
        },
    ),
    (
        "start",
        {
            "inputs": [
                {
                    "role": "user",
                    "content": [
                        {"text": "x"},
                        {"type": "text", "text": "x"},
                        {"image_url": "https://a.test/i.png"},
                        {"type": "image_url", "image_url": {"url": "u", "detail": "low"}},
                        {"type": "document_url", "document_url": "u", "document_name": None},
                        {"type": "thinking", "thinking": [{"type": "text", "text": "t"}]},
                        {"type": "tool_file", "tool": "image_generation", "file_id": "f"},
                    ],
                }
            ]
        },
    ),
    (
        "start",
        {
            "inputs": "x",
            "tools": [
                _WEATHER,
                {"type": "web_search"},
                {"type": "web_search_premium", "tool_configuration": None},
                {"type": "code_interpreter", "tool_configuration": {"include": ["a"]}},
                {"type": "image_generation"},
                {"type": "document_library", "library_ids": ["l"]},
                {
                    "type": "connector",
                    "connector_id": "gmail",
                    "authorization": {"type": "api-key", "value": "v"},
                    "tool_configuration": {"exclude": None, "requires_confirmation": ["b"]},
                },
                {
                    "type": "connector",
                    "connector_id": "drive",
                    "authorization": {"type": "oauth2-token", "value": "v"},
                },
            ],
        },
    ),
    ("start", {"inputs": "x", "tools": [], "completion_args": {}, "metadata": {}}),
    (
        "start",
        {
            "inputs": "x",
            "completion_args": {
                "stop": ["a"],
                "presence_penalty": 1,
                "frequency_penalty": -0.5,
                "temperature": 0.5,
                "top_p": None,
                "max_tokens": 5,
                "random_seed": 1,
                "prediction": {},
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "n", "schema": {"type": "object"}, "strict": True},
                },
                "tool_choice": "any",
                "reasoning_effort": "high",
            },
        },
    ),
    (
        "start",
        {
            "inputs": "x",
            "guardrails": [
                {},
                {"moderation_llm_v1": {}, "moderation_llm_v2": None},
                {
                    "block_on_error": True,
                    "moderation_llm_v2": {
                        "custom_category_thresholds": {"sexual": 0.1, "health": None},
                        "action": "block",
                    },
                },
            ],
        },
    ),
    (
        "append",
        {
            "conversation_id": "c",
            "inputs": None,
            "store": None,
            "handoff_execution": None,
            "completion_args": None,
            "tool_confirmations": None,
        },
    ),
    (
        "append",
        {
            "conversation_id": "c",
            "tool_confirmations": [
                {"tool_call_id": "t", "confirmation": "allow"},
                {"tool_call_id": "u", "confirmation": "deny"},
            ],
        },
    ),
    ("append_stream", {"conversation_id": "c", "inputs": [], "store": False}),
    (
        "restart",
        {
            "conversation_id": "c",
            "from_entry_id": "e",
            "inputs": None,
            "store": None,
            "handoff_execution": None,
            "completion_args": None,
            "guardrails": None,
            "metadata": None,
            "agent_version": None,
        },
    ),
    (
        "restart_stream",
        {
            "conversation_id": "c",
            "from_entry_id": "e",
            "inputs": "x",
            "guardrails": [{"block_on_error": True}],
            "metadata": {"a": 1},
            "agent_version": "3",
            "completion_args": {"temperature": 1},
        },
    ),
]


_TOOL_EVENTS = {"ToolExecutionStartedEvent", "ToolExecutionDeltaEvent", "ToolExecutionDoneEvent"}


class TestOfficialSDK:
    """The same calls as those of the official SDK make the same requests and events."""

    @pytest.mark.parametrize(("name", "arguments"), _SDK_CALLS)
    def test_request(self, name: str, arguments: dict[str, Any]) -> None:
        """Method, path, query and JSON body are the SDK's, but for its marker for nothing."""
        ours = _sent(name, arguments)
        theirs = _sent_by_sdk(name, arguments)

        assert _body(ours) == _body(theirs)
        assert ours.method == theirs.method
        assert _path_and_query(ours) == _path_and_query(theirs)
        for header in ("accept", "content-type", "authorization"):
            assert ours.headers.get(header) == theirs.headers.get(header)

    @pytest.mark.parametrize(
        "arguments",
        [
            {"completion_args": {"tool_choice": None}},
            {"completion_args": {"response_format": {"type": None}}},
            {"guardrails": [{"moderation_llm_v1": {"action": None}}]},
            {
                "tools": [
                    {
                        "type": "function",
                        "function": {
                            "name": "f",
                            "parameters": {},
                            "description": None,
                            "strict": None,
                        },
                    }
                ]
            },
            {"inputs": [{"role": "user", "content": "x", "created_at": None, "id": None}]},
        ],
        ids=["tool_choice", "response_format", "guardrail", "function", "entry"],
    )
    def test_none_inside(self, arguments: dict[str, Any]) -> None:
        """None is not sent for what the API wants to be no null (contract section 8)."""
        arguments = {"inputs": "x", **arguments}

        assert _body(_sent("start", arguments)) == _body(_sent_by_sdk("start", arguments))

    @pytest.mark.parametrize(
        ("body", "kinds"),
        [
            pytest.param(
                {"inputs": "One two three four five. Grüße 日本 🚀"},
                {"MessageOutputEvent"},
                id="text",
            ),
            pytest.param(
                {"inputs": "The weather in Paris?", "tools": [_WEATHER]},
                {"FunctionCallEvent"},
                id="function",
            ),
            pytest.param(
                {"inputs": "What is 2+3?", "tools": [{"type": "code_interpreter"}]},
                {*_TOOL_EVENTS, "MessageOutputEvent"},
                id="code",
            ),
            pytest.param(
                {"inputs": "Who won?", "tools": [{"type": "web_search"}]},
                {*_TOOL_EVENTS, "MessageOutputEvent"},
                id="search, with chunks that are no text",
            ),
            pytest.param(
                {"inputs": "Hi", "model": None},
                {"AgentHandoffStartedEvent", "AgentHandoffDoneEvent", "MessageOutputEvent"},
                id="agents",
            ),
        ],
    )
    def test_events(self, sandbox: Sandbox, body: dict[str, Any], kinds: set[str]) -> None:
        """The events of the same bytes are the SDK's, field by field."""
        sdk = pytest.importorskip("mistralai.client")
        if "model" in body:
            other = _agent(sandbox, name="other")
            body = body | {"agent_id": _agent(sandbox, name="front", handoffs=[other])}
        body = {"model": _MODEL, "stream": True, **body}
        stream = _post(sandbox, "/v1/conversations", body).content
        chunks = [stream[place : place + 7] for place in range(0, len(stream), 7)]
        service = _Service(lambda _: httpx.Response(200, headers=_SSE, content=iter(chunks)))

        ours = _call(_client(service), "start_stream", {"inputs": "x"})
        with (
            service.http_client() as http,
            sdk.Mistral(api_key="KEY", client=http) as official,
        ):
            theirs = _call(official.beta.conversations, "start_stream", {"inputs": "x"})

        assert [event.event for event in ours] == [event.event for event in theirs]
        names = [type(event.data).__name__ for event in ours]
        assert names == [type(event.data).__name__ for event in theirs]
        assert set(names) == {"ResponseStartedEvent", "ResponseDoneEvent", *kinds}
        for mine, one in zip(ours, theirs, strict=True):
            _assert_holds(mine.model_dump(mode="json"), one.model_dump(mode="json"))

    @_each_reply
    def test_reply(self, call: _Call) -> None:
        """The reply of the same bytes has the fields of the SDK's."""
        sdk = pytest.importorskip("mistralai.client")
        service = _Service()

        ours = _call(_client(service), call.name, call.arguments)
        with (
            service.http_client() as http,
            sdk.Mistral(api_key="KEY", client=http) as official,
        ):
            theirs = _call(official.beta.conversations, call.name, call.arguments)

        _assert_holds(_plain(ours), _plain(theirs))


def _plain(reply: object) -> object:
    if isinstance(reply, list):
        return [_plain(one) for one in reply]
    return reply.model_dump(mode="json") if isinstance(reply, pydantic.BaseModel) else reply


def _assert_holds(whole: Any, part: Any) -> None:  # noqa: ANN401 - any JSON
    """A JSON value has all that another has; null is as good as nothing there (gotcha 14)."""
    if isinstance(part, dict):
        for key, value in part.items():
            _assert_holds(whole.get(key), value)
    elif isinstance(part, list):
        for mine, other in zip(whole, part, strict=True):
            _assert_holds(mine, other)
    else:
        assert whole == part


class TestReplies:
    """What an operation returns, and what it raises instead (contract sections 10 and 13)."""

    @_each_reply
    def test_types(self, call: _Call) -> None:
        """Each operation returns the model of its reply."""
        reply = _call(_client(_Service()), call.name, call.arguments)

        kinds = {
            "start": models.ConversationResponse,
            "append": models.ConversationResponse,
            "restart": models.ConversationResponse,
            "list": list,
            "get": models.ModelConversation,
            "delete": type(None),
            "get_history": models.ConversationHistory,
            "get_messages": models.ConversationMessages,
        }
        assert type(reply) is kinds[call.name]

    def test_unknown_keys(self) -> None:
        """A reply keeps what this version does not know, in what a request would refuse as well."""
        args = {"temperature": 0.5, "new": 1}
        tools = [{"type": "web_search", "new": 1}]
        found = {**_CONVERSATION, "completion_args": args, "tools": tools, "new": {"a": 1}}
        service = _replying(200, _JSON, json.dumps(found).encode())

        reply = _client(service).get(conversation_id="conv_1")

        assert isinstance(reply, models.ModelConversation)
        assert reply.model_extra == {"new": {"a": 1}}
        dumped = reply.model_dump(mode="json")
        assert dumped["completion_args"] == args
        assert dumped["tools"] == tools

    @pytest.mark.parametrize(
        "kind",
        [
            "application/json",
            "application/json; charset=utf-8",
            "Application/JSON",
            "APPLICATION/JSON;x",
        ],
    )
    def test_content_type(self, kind: str) -> None:
        """The media type counts, in any case and with any parameters."""
        service = _replying(200, {"content-type": kind}, json.dumps(_RESPONSE).encode())

        assert _client(service).start(inputs="Hi").conversation_id == "conv_1"

    @pytest.mark.parametrize(
        ("name", "status", "headers", "content"),
        [
            ("start", 201, _JSON, json.dumps(_RESPONSE).encode()),
            ("start", 204, {}, b""),
            ("start", 200, {"content-type": "text/plain"}, json.dumps(_RESPONSE).encode()),
            ("start", 200, {"content-type": "application/x+json"}, json.dumps(_RESPONSE).encode()),
            ("start", 200, {}, json.dumps(_RESPONSE).encode()),
            ("start", 200, _SSE, _STREAM),
            ("start", 200, _JSON, b"{"),
            ("start", 200, _JSON, b""),
            ("start", 200, _JSON, b"\xff"),
            ("start", 200, _JSON, b"[]"),
            ("start", 200, _JSON, b'{"conversation_id": "conv_1", "outputs": []}'),
            ("list", 200, _JSON, json.dumps(_CONVERSATION).encode()),
            ("get", 200, _JSON, b'{"id": "conv_1"}'),
            ("get_history", 200, _JSON, json.dumps(_RESPONSE).encode()),
            ("delete", 200, _JSON, b"{}"),
            ("delete", 202, {}, b""),
            ("start_stream", 200, _JSON, json.dumps(_RESPONSE).encode()),
            ("start_stream", 200, {}, _STREAM),
            ("start_stream", 201, _SSE, _STREAM),
            ("append_stream", 200, {"content-type": "text/plain"}, b"hello"),
        ],
    )
    def test_unexpected(
        self, name: str, status: int, headers: dict[str, str], content: bytes
    ) -> None:
        """A success of another status, type or shape raises ResponseValidationError at once."""
        arguments = next(call.arguments for call in _CALLS if call.name == name)
        client = _client(_replying(status, headers, content))

        with pytest.raises(ResponseValidationError) as raised:
            getattr(client, name)(**arguments)

        assert raised.value.status_code == status
        assert raised.value.raw_response.content == content
        assert raised.value.raw_response.is_closed

    @_each_call
    @pytest.mark.parametrize(
        ("status", "headers", "content"),
        [
            pytest.param(401, _JSON, b'{"detail":"Invalid API Key"}\n', id="gateway"),
            pytest.param(
                503,
                {"content-type": "text/plain"},
                b"upstream connect error or disconnect/reset before headers",
                id="proxy",
            ),
            pytest.param(
                400,
                _JSON,
                b'{"object":"Error","message":"m","type":"invalid_request_error","code":3001}',
                id="envelope",
            ),
            pytest.param(404, {}, b"", id="empty"),
            pytest.param(500, _JSON, b"\xff", id="bytes"),
            pytest.param(429, _JSON, b'{"message":{"detail":[]},"code":"1300"}', id="inference"),
            pytest.param(403, _JSON, b'{"error":{"message":"blocked","status":403}}', id="guard"),
            pytest.param(422, _JSON, b'{"detail":"Not a list"}', id="422 with text"),
            pytest.param(422, _JSON, b'{"detail":[{"no":"shape"}]}', id="422 of another shape"),
            pytest.param(422, {"content-type": "text/plain"}, b"no", id="422 without JSON"),
            pytest.param(422, _JSON, b"", id="422 without a body"),
            pytest.param(422, _JSON, b"[]", id="422 with a list"),
            pytest.param(307, {}, b"", id="redirect that is not followed"),
        ],
    )
    def test_error(self, call: _Call, status: int, headers: dict[str, str], content: bytes) -> None:
        """Any other error of the API raises SDKError at call time, with all that came."""
        client = _client(_replying(status, headers, content))

        with pytest.raises(SDKError) as raised:
            getattr(client, call.name)(**call.arguments)

        error = raised.value
        assert isinstance(error, MistralError)
        assert error.status_code == status
        assert error.body == content.decode("utf-8", "replace")
        assert error.headers.get("content-type") == headers.get("content-type")
        assert error.raw_response.content == content
        assert error.raw_response.is_closed
        assert str(error) == error.message
        assert f"Status {status}" in error.message
        assert error.body in error.message

    @_each_call
    @pytest.mark.parametrize(
        "around",
        [
            pytest.param({}, id="plain"),
            pytest.param(
                {"object": "Error", "message": [{"x": 1}], "type": "t", "code": 3001}, id="envelope"
            ),
        ],
    )
    def test_validation_error(self, call: _Call, around: dict[str, Any]) -> None:
        """A 422 with a list of details raises HTTPValidationError, details and all."""
        detail = [
            {
                "type": "extra_forbidden",
                "loc": ["body", "inputs", 0],
                "msg": "Extra inputs are not permitted",
                "input": {"a": [1]},
                "url": "https://errors.pydantic.dev",
            }
        ]
        content = json.dumps({**around, "detail": detail}).encode()
        client = _client(_replying(422, _JSON, content))

        with pytest.raises(HTTPValidationError) as raised:
            getattr(client, call.name)(**call.arguments)

        error = raised.value
        (fault,) = error.data.detail or []
        assert fault.loc == ["body", "inputs", 0]
        assert fault.type == "extra_forbidden"
        assert fault.msg == "Extra inputs are not permitted"
        assert fault.input == {"a": [1]}
        assert fault.model_extra == {"url": "https://errors.pydantic.dev"}
        assert error.data.model_extra == around
        assert error.status_code == 422
        assert str(error) == error.body == content.decode()

    def test_validation_error_without_detail(self) -> None:
        """A 422 in the envelope of another API has no detail, and keeps its body."""
        content = b'{"object":"error","message":{"detail":[]},"type":"t","code":null}'

        with pytest.raises(HTTPValidationError) as raised:
            _client(_replying(422, _JSON, content)).start(inputs="Hi")

        assert raised.value.data.detail is None
        assert raised.value.body == content.decode()

    def test_long_body(self) -> None:
        """A message shows the start of a long body; the error keeps it all."""
        content = b"x" * 50_000

        with pytest.raises(SDKError) as raised:
            _client(_replying(500, {}, content)).list()

        assert len(raised.value.message) < 11_000
        assert "50000" in raised.value.message
        assert raised.value.body == content.decode()

    @_each_stream
    def test_broken_error(self, call: _Call) -> None:
        """An error whose body breaks off is one of the transport, and frees the connection."""
        body = _Broken()
        client = _client(_Service(lambda _: httpx.Response(500, stream=body)))

        with pytest.raises(httpx.ReadError):
            getattr(client, call.name)(**call.arguments)

        assert body.closed

    @_each_call
    def test_transport_error(self, call: _Call) -> None:
        """Errors of the transport are httpx's own."""

        def refuse(request: httpx.Request) -> httpx.Response:
            message = "refused"
            raise httpx.ConnectError(message, request=request)

        with pytest.raises(httpx.ConnectError):
            _call(_client(_Service(refuse)), call.name, call.arguments)


class TestEventStream:
    """The events of a streamed reply (contract section 12)."""

    def test_once(self) -> None:
        """A stream is an iterator, once through."""
        stream = _streaming(_STREAM, _event("conversation.response.done", usage={}))

        assert iter(stream) is stream
        assert [event.event for event in stream] == [
            "conversation.response.started",
            "conversation.response.done",
        ]
        assert list(stream) == []

    def test_equal_to_a_parsed_event(self) -> None:
        """An event equals the one that its parts make."""
        expected = models.ConversationEvents(
            event="conversation.response.started",
            data=models.ResponseStartedEvent(conversation_id="conv_1"),
        )

        assert list(_streaming(_STREAM)) == [expected]

    def test_context_manager(self) -> None:
        """Leaving the block releases the connection, read or not."""
        with _streaming(_STREAM, _STREAM) as stream:
            next(stream)
            assert not stream.response.is_closed

        assert stream.response.is_closed

    def test_context_manager_on_error(self) -> None:
        """An error inside the block passes, and the connection is released."""
        with pytest.raises(KeyError), _streaming(_STREAM) as stream:
            raise KeyError

        assert stream.response.is_closed

    @pytest.mark.parametrize("read", [0, 1])
    def test_closed(self, read: int) -> None:
        """After the end of the block no event comes, not even one that had arrived."""
        with _streaming(_STREAM * 2, _STREAM) as stream:
            for _ in range(read):
                next(stream)

        events = []
        with pytest.raises((StopIteration, httpx.StreamClosed)):
            events.append(next(stream))
        assert events == []

    def test_closed_by_another_thread(self, serve: Serve) -> None:
        """A watchdog may close a stream that another thread waits for."""
        over = threading.Event()

        def script(connection: Connection) -> None:
            connection.head("Content-Type: text/event-stream")
            connection.socket.sendall(_STREAM)
            over.wait(10)

        with (
            ConversationsClient("KEY", server_url=serve(script)) as client,
            ThreadPoolExecutor() as threads,
        ):
            stream = client.start_stream(inputs="Hi")
            next(stream)
            reading = threads.submit(list, stream)
            time.sleep(0.1)  # it waits for the next event by now
            try:
                stream.close()
            finally:
                over.set()

            assert stream.response.is_closed
            events = [] if reading.exception() else reading.result()
            assert events == []

    def test_read_to_the_end(self) -> None:
        """A stream that was read to its end holds no connection."""
        stream = _streaming(_STREAM)
        list(stream)

        assert stream.response.is_closed

    def test_events_come_as_they_arrive(self, serve: Serve) -> None:
        """An event is there before the next one is sent."""

        def script(connection: Connection) -> None:
            connection.head("Content-Type: text/event-stream")
            connection.socket.sendall(_STREAM)
            connection.socket.recv(1)  # until the client goes away

        with (
            ConversationsClient("KEY", server_url=serve(script), timeout_ms=5000) as client,
            client.start_stream(inputs="Hi") as stream,
        ):
            event = next(stream)

        assert event.event == "conversation.response.started"

    def test_connections_are_given_back(self, sandbox: Sandbox) -> None:
        """A stream that was closed half read, or that failed, frees its connection."""
        limits = httpx.Limits(max_connections=1)
        with httpx.Client(limits=limits) as http:
            client = ConversationsClient(
                "key", server_url=sandbox.url, http_client=http, timeout_ms=5000
            )
            for _ in range(3):
                with client.start_stream(model=_MODEL, inputs="Hi") as stream:
                    next(stream)
                with pytest.raises(SDKError):
                    client.append_stream(conversation_id="conv_0", inputs="Hi")

            assert client.start(model=_MODEL, inputs="Hi").outputs

    def test_name_from_data(self) -> None:
        """An event without a name has that of its data (gotcha 17)."""
        events = list(
            _streaming(
                b'data: {"type":"conversation.response.started","conversation_id":"c"}\n\n'
                b'data: {"type":"new.kind"}\n\n'
                b'data: {"no":"type"}\n\n'
            )
        )

        assert [event.event for event in events] == [
            "conversation.response.started",
            "new.kind",
            "message",
        ]
        assert isinstance(events[0].data, models.ResponseStartedEvent)

    def test_name_against_data(self) -> None:
        """The type of the data decides what it is; the name stays as it was sent."""
        (event,) = _streaming(b"event: other\n" + _STREAM.partition(b"\n")[2])

        assert event.event == "other"
        assert isinstance(event.data, models.ResponseStartedEvent)

    def test_unknown_event(self) -> None:
        """Events that this version does not know come like any other."""
        events = list(
            _streaming(
                _event("new.kind", x=[1, {"y": None}]),
                _event("tool.execution.delta", id="i", name="n"),
                _STREAM,
            )
        )

        new, misshaped, known = (event.data for event in events)
        assert isinstance(new, models.UnknownConversationEventsData)
        assert new.raw == {"type": "new.kind", "x": [1, {"y": None}]}
        assert isinstance(misshaped, models.UnknownConversationEventsData)
        assert misshaped.type == "tool.execution.delta"
        assert isinstance(known, models.ResponseStartedEvent)

    def test_unknown_fields(self) -> None:
        """Fields that this version does not know are kept."""
        (event,) = _streaming(_event("tool.execution.done", id="i", name="n", function="f"))

        assert event.data.model_extra == {"function": "f"}

    def test_error_event(self) -> None:
        """An error in the stream is an event, and the stream goes on (gotcha 15)."""
        events = list(
            _streaming(_event("conversation.response.error", message="m", code=3000), _STREAM)
        )

        assert isinstance(events[0].data, models.ResponseErrorEvent)
        assert (events[0].data.message, events[0].data.code) == ("m", 3000)
        assert len(events) == 2

    @pytest.mark.parametrize(
        "data", [b"no JSON", b"", b'{"type":', b"\xff", b"{'type': 'x'}", b'{"a": 1} {"b": 2}']
    )
    def test_no_json(self, data: bytes) -> None:
        """Data that is no JSON raises ResponseValidationError, after the events before it."""
        stream = _streaming(_STREAM, b"data: " + data + b"\n\n", _STREAM)

        assert next(stream).event == "conversation.response.started"
        with pytest.raises(ResponseValidationError) as raised:
            next(stream)
        assert raised.value.status_code == 200
        assert raised.value.raw_response is stream.response
        assert data.decode("utf-8", "replace") in raised.value.message

    def test_no_json_over_a_socket(self, serve: Serve) -> None:
        """The same over a real connection, where the body was not kept."""

        def script(connection: Connection) -> None:
            connection.head("Content-Type: text/event-stream")
            connection.socket.sendall(_STREAM + b"data: no JSON\n\n")

        with (
            ConversationsClient("KEY", server_url=serve(script)) as client,
            client.start_stream(inputs="Hi") as stream,
        ):
            next(stream)
            with pytest.raises(ResponseValidationError, match="no JSON"):
                next(stream)

    def test_without_a_last_blank_line(self) -> None:
        """The event that the end of the stream left open still comes (gotcha 18)."""
        events = list(_streaming(_STREAM, _STREAM.rstrip(b"\n")))

        assert len(events) == 2
        assert events[0] == events[1]

    def test_empty(self) -> None:
        """A stream without events is empty, and no error."""
        assert list(_streaming()) == []

    def test_truncated(self, serve: Serve) -> None:
        """A connection that breaks raises httpx's error, after the events that were complete."""

        def script(connection: Connection) -> None:
            connection.head("Content-Type: text/event-stream", "Transfer-Encoding: chunked")
            connection.chunk(_STREAM)
            connection.chunk(_STREAM[:10])

        with (
            ConversationsClient("KEY", server_url=serve(script)) as client,
            client.start_stream(inputs="Hi") as stream,
        ):
            assert next(stream).event == "conversation.response.started"
            with pytest.raises(httpx.RemoteProtocolError):
                next(stream)

    @_each_stream
    @pytest.mark.parametrize("size", [1, 5, 10_000])
    def test_chunks(self, call: _Call, size: int) -> None:
        """The events of each operation are the same, however the network cuts them."""
        body = _event("message.output.delta", id="msg_1", content="Grüße 日本 🚀") + _STREAM
        chunks = [body[place : place + size] for place in range(0, len(body), size)]
        service = _Service(lambda _: httpx.Response(200, headers=_SSE, content=iter(chunks)))

        delta, started = _call(_client(service), call.name, call.arguments)

        assert delta.data.content == "Grüße 日本 🚀"
        assert started.data.conversation_id == "conv_1"


class TestClosing:
    """Who closes the connections."""

    def test_own_client(self, sandbox: Sandbox) -> None:
        """A client closes the connections that it made."""
        with ConversationsClient("key", server_url=sandbox.url) as client:
            client.list()

        with pytest.raises(RuntimeError, match="closed"):
            client.list()

    def test_given_client(self) -> None:
        """A client leaves the ``httpx.Client`` of its caller open."""
        service = _Service()
        with service.http_client() as http:
            with ConversationsClient("KEY", http_client=http) as client:
                client.list()
            assert not http.is_closed

        assert http.is_closed

    def test_redirect(self, serve: Serve) -> None:
        """A redirect is followed with the same request, as the SDK does."""
        seen = []

        def script(connection: Connection) -> None:
            seen.append((connection.received.target, json.loads(connection.received.body)))
            if len(seen) == 1:
                connection.head("Location: /other/v1/conversations", status="307 Redirect")
            else:
                connection.head("Content-Type: application/json")
                connection.socket.sendall(json.dumps(_RESPONSE).encode())

        with ConversationsClient("KEY", server_url=serve(script)) as client:
            reply = client.start(inputs="Hi")

        body = {"inputs": "Hi", "stream": False}
        assert seen == [("/v1/conversations", body), ("/other/v1/conversations", body)]
        assert reply.conversation_id == "conv_1"
