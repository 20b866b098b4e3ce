"""What the operations send, and what they refuse to send (contract sections 2 to 4)."""

import inspect
from collections import deque
from collections.abc import Callable
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

import httpx
import pydantic
import pytest
from clients import (
    AFTERWARDS,
    NULLS,
    ORIGIN,
    Call,
    Clients,
    Service,
    body_of,
    each_call,
    path_and_query,
    perform,
    sent,
    target_of,
)
from support import Connection, Serve

from pytest_conversations import (
    AsyncConversationsClient,
    ConversationsClient,
    __version__,
    models,
)

_each_call = each_call()
_each_stream = each_call(lambda call: call.name.endswith("_stream"))
_each_reply = each_call(lambda call: not call.name.endswith("_stream"))
_each_with_id = each_call(lambda call: "conversation_id" in call.arguments)


class TestRequests:
    """What goes over the wire (contract section 4)."""

    @_each_call
    def test_exact(self, clients: Clients, call: Call) -> None:
        """Method, path, query, headers and body are those of the contract."""
        request = sent(clients, call.name, call.arguments)

        assert request.method == call.method
        assert str(request.url) == ORIGIN + call.target
        assert target_of(request) == call.target
        assert body_of(request) == call.body
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
                "?metadata=%7B%22a%22%3A1%2C%22b%22%3A%22x+y%26%3D%2B%22%7D",
            ),
        ],
    )
    def test_list(self, clients: Clients, arguments: dict[str, Any], target: str) -> None:
        """The query of a list has what was given, ``metadata`` as one JSON parameter."""
        assert target_of(sent(clients, "list", arguments)) == "/v1/conversations" + target

    def test_query_of_the_http_client(self, clients: Clients) -> None:
        """Parameters that an ``http_client`` adds to each request stand beside the call's."""
        seen: list[str] = []

        def answer(request: httpx.Request) -> httpx.Response:
            seen.append(target_of(request))
            return httpx.Response(200, json=[])

        make = httpx.AsyncClient if clients.is_async else httpx.Client
        http = make(transport=httpx.MockTransport(answer), params={"z": "1"})
        clients.open(http_client=http).list(page=3, page_size=7)

        assert seen == ["/v1/conversations?z=1&page=3&page_size=7"]

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
    def test_conversation_id(
        self, clients: Clients, call: Call, conversation_id: str, segment: str
    ) -> None:
        """An id is one segment of the path, whatever it holds (gotcha 25)."""
        request = sent(clients, call.name, call.arguments | {"conversation_id": conversation_id})

        assert target_of(request) == call.target.replace("conv_1", segment)
        assert unquote(segment) == conversation_id

    @_each_call
    def test_headers_of_a_call(self, clients: Clients, call: Call) -> None:
        """Headers of a call replace the client's whatever their case, and end with the call."""
        service = Service()
        client = clients.open(service=service)
        headers = {
            "AUTHORIZATION": "Bearer other",
            "Accept": "text/plain",
            "User-agent": "mine",
            "X-New": "1",
        }

        perform(client, call.name, {**call.arguments, "http_headers": headers})
        perform(client, call.name, call.arguments)

        first, second = service.requests
        for name, value in headers.items():
            assert first.headers.get_list(name) == [value]
        assert second.headers["authorization"] == "Bearer KEY"
        assert "x-new" not in second.headers
        assert body_of(first) == call.body

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
        clients: Clients,
        monkeypatch: pytest.MonkeyPatch,
        api_key: str | None,
        environment: str | None,
        header: str | None,
    ) -> None:
        """The key is the argument, else the environment's; without one there is no header."""
        if environment is not None:
            monkeypatch.setenv("MISTRAL_API_KEY", environment)

        request = sent(clients, "list", {}, api_key=api_key)

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
        clients: Clients,
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

        assert str(sent(clients, "get", arguments, server_url=of_client).url) == url

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
        self,
        clients: Clients,
        name: str,
        of_client: dict[str, Any],
        of_call: dict[str, Any],
        seconds: float,
    ) -> None:
        """The time limit is the call's, else the client's, else 300 seconds, for each step."""
        request = sent(clients, name, {"inputs": "Hi", **of_call}, **of_client)

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
                {"inputs": "x", **NULLS},
                {"inputs": "x", "stream": False, **NULLS},
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
                    **AFTERWARDS,
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
                    **AFTERWARDS,
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
    def test_body(
        self, clients: Clients, name: str, arguments: dict[str, Any], body: dict[str, Any]
    ) -> None:
        """The bodies are those that the contract saw on the wire."""
        request = sent(clients, name, arguments)
        streamed = sent(clients, f"{name}_stream", arguments)

        assert body_of(request) == body
        assert body_of(streamed) == body | {"stream": True}

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
    def test_mappings(self, clients: Clients, argument: str, value: object) -> None:
        """Any mapping will do where the signature says so, not only a dict."""
        request = sent(clients, "start", {"inputs": "x", argument: value})

        assert argument in body_of(request)

    def test_mapping_in_a_query(self, clients: Clients) -> None:
        """The metadata of a list may be any mapping, too."""
        request = sent(clients, "list", {"metadata": MappingProxyType({"a": 1})})

        assert path_and_query(request)[1]["metadata"] == ['{"a":1}']


def _refused(
    clients: Clients, error: type[Exception], name: str, *positional: object, **arguments: object
) -> str:
    """The message of the error that a call raises."""
    service = Service()
    client = clients.open(service=service)
    with pytest.raises(error) as raised:
        getattr(client, name)(*positional, **arguments)
    assert service.requests == []
    return str(raised.value)


class TestRefusedArguments:
    """Wrong arguments raise before anything is sent."""

    @_each_call
    @pytest.mark.parametrize("unknown", ["stream", "model_name", "retry"])
    def test_unknown_argument(self, clients: Clients, call: Call, unknown: str) -> None:
        """An argument that an operation does not have is a TypeError that names both."""
        message = _refused(clients, TypeError, call.name, **call.arguments, **{unknown: True})

        assert f"{call.name}() has no argument '{unknown}'" in message

    @pytest.mark.parametrize(
        ("given", "meant"),
        [
            ("input", "inputs"),
            ("instruction", "instructions"),
            ("completion_arg", "completion_args"),
        ],
    )
    def test_misspelt_argument(self, clients: Clients, given: str, meant: str) -> None:
        """The argument that was meant is named, also where it is one that is needed."""
        message = _refused(clients, TypeError, "start", model="m", **{given: "x"})

        assert message == f"start() has no argument {given!r}; did you mean {meant!r}?"

    @_each_call
    def test_positional_argument(self, clients: Clients, call: Call) -> None:
        """Arguments go by keyword only."""
        message = _refused(clients, TypeError, call.name, "Hi", **call.arguments)

        assert message.startswith(f"{call.name}() takes its arguments by keyword: ")

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
    def test_missing_argument(
        self, clients: Clients, name: str, given: dict[str, Any], missing: str
    ) -> None:
        """An argument that an operation needs is a TypeError that names both."""
        message = _refused(clients, TypeError, name, **given)

        assert missing in message
        assert f"{name}()" in message

    @pytest.mark.parametrize("conversation_id", ["", ".", ".."])
    @_each_with_id
    def test_conversation_id(self, clients: Clients, call: Call, conversation_id: str) -> None:
        """An id that would change the path is refused."""
        arguments = call.arguments | {"conversation_id": conversation_id}

        assert "conversation_id" in _refused(clients, ValueError, call.name, **arguments)

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
    def test_value(self, clients: Clients, arguments: dict[str, Any]) -> None:
        """A value that the API does not know is refused."""
        _refused(clients, pydantic.ValidationError, "start", **arguments)

    @pytest.mark.parametrize(
        "owner",
        [ConversationsClient, AsyncConversationsClient, Clients("sync", None).open()],
        ids=["class", "async class", "instance"],
    )
    @_each_call
    def test_signature(self, call: Call, owner: object) -> None:
        """An operation shows its arguments to help() and to editors, bound or not."""
        signature = inspect.signature(getattr(owner, call.name))

        shown = signature.parameters
        assert {
            *call.arguments,
            "retries",
            "server_url",
            "timeout_ms",
            "http_headers",
        } <= shown.keys()
        keyword_only = {parameter.kind for name, parameter in shown.items() if name != "self"}
        assert keyword_only == {inspect.Parameter.KEYWORD_ONLY}
        names = [name for name in shown if name != "self"]
        assert names[-4:] == ["retries", "server_url", "timeout_ms", "http_headers"]
        needed = [name for name in names if shown[name].default is inspect.Parameter.empty]
        assert needed == names[: len(needed)]
        assert all(repr(shown[name].default) == "UNSET" for name in names[len(needed) :])
        assert signature.return_annotation is not inspect.Signature.empty
        assert "Operation" not in str(signature.return_annotation)


_UNKNOWN: dict[str, Any] = {"type": "new.entry", "id": "new_1", "x": [1]}
_TOOL: dict[str, Any] = {
    "object": "entry",
    "type": "tool.execution",
    "created_at": "2026-09-07T12:56:55.249877Z",
    "id": "tool_exec_1",
    "name": "web_search",
    "arguments": "{}",
}


class TestInputs:
    """Whose entries are sent, and what of them."""

    def test_of_a_reply(self, clients: Clients) -> None:
        """Entries of a reply go back without what the API adds to them, whoever holds them."""
        content = [{"type": "tool_reference", "tool": "t", "title": "t", "source": "brave"}]
        message = {"type": "message.output", "id": "msg_1", "content": content, "new": None}
        history = models.ConversationHistory.model_validate(
            {
                "conversation_id": "c",
                "entries": [{**_TOOL, "function": "open_url"}, message, _UNKNOWN],
            }
        )

        as_models = sent(clients, "start", {"inputs": history.entries})

        tool, output, unknown = body_of(as_models)["inputs"]
        assert tool == _TOOL
        assert output["content"] == [{"type": "tool_reference", "tool": "t", "title": "t"}]
        assert "new" not in output
        assert unknown == _UNKNOWN

    def test_of_a_reply_as_json(self, clients: Clients) -> None:
        """As dicts they are the caller's; what live replies have, and no request, is left out."""
        content = [{"type": "tool_reference", "tool": "t", "title": "t", "source": "brave"}]
        message = {"type": "message.output", "id": "msg_1", "content": content}

        sent_back = sent(clients, "start", {"inputs": [{**_TOOL, "function": "open_url"}, message]})

        tool, output = body_of(sent_back)["inputs"]
        assert tool == _TOOL
        assert output["content"] == [{"type": "tool_reference", "tool": "t", "title": "t"}]

    @pytest.mark.parametrize(
        ("entry", "place"),
        [
            ({"role": "user", "content": "x", "typo": 1}, "inputs.0.`message.input`.typo"),
            (
                {"role": "user", "content": [{"type": "text", "text": "x", "typo": 1}]},
                "inputs.0.`message.input`.content.0.text.typo",
            ),
            (
                {"role": "user", "content": [{"type": "typo", "text": "x"}]},
                "inputs.0.`message.input`.content.0\n",
            ),
            (
                {"role": "user", "content": [{"type": "thinking", "thinking": [{"type": "typo"}]}]},
                "inputs.0.`message.input`.content.0.thinking.thinking.0\n",
            ),
            ({"role": "user", "content": "x", "id": "i", "typo": 1}, "message.input`.typo"),
            ({"type": "typo", "content": "x"}, "inputs.0\n"),
            ({"type": "typo", "content": "x", "id": "i"}, "inputs.0\n"),
            ({"role": "user"}, "inputs.0.`message.input`.content"),
            ({"role": "user", "content": "x", "a[0]": 1}, "inputs.0.`message.input`.a[0]"),
            ({}, "inputs.0\n  No entry that the API knows; there are agent.handoff, "),
            ("hello", "inputs.0\n  No entry that the API knows"),
            (
                {"type": "function.call", "id": "fc_1", "name": "n", "arguments": ""},
                "inputs.0.`function.call`.tool",
            ),
            (models.FunctionResultEntry(tool_call_id="t", result="r", typo=1), "result`.typo"),  # type: ignore[call-arg]
            (
                models.MessageInputEntry(
                    role="user",
                    content=[models.TextChunk(text="x", typo=1)],  # type: ignore[call-arg]
                ),
                "inputs.0.`message.input`.content.0.text.typo",
            ),
        ],
    )
    def test_of_the_caller(self, clients: Clients, entry: object, place: str) -> None:
        """What the caller made is refused where the API does not know it; only that is named."""
        message = _refused(clients, pydantic.ValidationError, "start", inputs=[entry])

        assert place in message
        assert "1 validation error for ConversationRequest" in message
        assert "For further information" not in message

    @pytest.mark.parametrize("name", ["created_at", "completed_at"])
    @pytest.mark.parametrize(
        "naive",
        [datetime(2026, 9, 7, 12, 30), date(2026, 9, 7), "2026-09-07T12:30:00"],  # noqa: DTZ001 - that is the point
        ids=["datetime", "date", "text"],
    )
    def test_naive_time(self, clients: Clients, name: str, naive: object) -> None:
        """A time of the caller's needs a zone, since the API would have to guess one."""
        fields: dict[str, Any] = {"role": "user", "content": "x", name: naive}

        for entry in (fields, models.MessageInputEntry(**fields)):
            message = _refused(clients, pydantic.ValidationError, "start", inputs=[entry])
            assert (
                f"inputs.0.`message.input`.{name}\n  A naive time: give it a time zone" in message
            )

    def test_naive_time_of_the_api(self, clients: Clients) -> None:
        """One of the API's goes back as it came."""
        entry = models.MessageOutputEntry.model_validate(
            {"id": "msg_1", "content": "x", "created_at": "2026-09-07T12:30:00"}
        )

        (sent_back,) = body_of(sent(clients, "start", {"inputs": [entry]}))["inputs"]

        assert sent_back["created_at"] == "2026-09-07T12:30:00"

    @pytest.mark.parametrize(
        "make",
        [list, tuple, iter, deque, lambda items: dict(enumerate(items)).values()],
        ids=["list", "tuple", "iterator", "deque", "view"],
    )
    def test_kinds_of_lists(self, clients: Clients, make: Callable[[list[object]], object]) -> None:
        """Entries and tools may come in any order that has one."""
        entry = models.MessageInputEntry(role="user", content="x")
        arguments = {"inputs": make([entry]), "tools": make([models.WebSearchTool()])}

        body = body_of(sent(clients, "start", arguments))

        assert [one["content"] for one in body["inputs"]] == ["x"]
        assert body["tools"] == [{"type": "web_search"}]


class TestBadInput:
    """What cannot be sent is refused before it is, with a message that shows no secret."""

    @pytest.mark.parametrize(
        ("key", "code"),
        [
            ("sEcReT-key\n", "U+000A"),
            ("sEcReT\r\nX-Injected: 1", "U+000D"),
            ("sEcReT\0key", "U+0000"),
            ("sEcReT\x7f", "U+007F"),
            ("sEcReTé", "U+00E9"),
            ("bearer sEcReT\n", "U+000A"),
            ("sEcReT ", "U+0020 at one end"),
            ("sEcReT\t", "U+0009 at one end"),
        ],
    )
    @pytest.mark.parametrize("source", ["argument", "environment", "function"])
    def test_key(
        self,
        clients: Clients,
        monkeypatch: pytest.MonkeyPatch,
        key: str,
        code: str,
        source: str,
    ) -> None:
        """A key with a line break, as it is read from a file, or with another sign of no header."""
        if source == "environment":
            if "\0" in key:
                pytest.skip("no environment can hold it")
            monkeypatch.setenv("MISTRAL_API_KEY", key)
        given = {"argument": key, "environment": None, "function": lambda: key}[source]
        service = Service()

        with pytest.raises(ValueError, match="the API key holds") as raised:
            clients.open(given, service=service).start(inputs="Hi")

        assert code in str(raised.value)
        assert "sEcReT" not in repr(raised.value)
        assert service.requests == []

    @pytest.mark.parametrize(
        ("headers", "message"),
        [
            ({"X-Run": "sEcReT\n"}, "the header X-Run holds U+000A"),
            ({"Authorization": "Bearer sEcReT\n"}, "the header Authorization holds U+000A"),
            ({"X-Run": "sEcReTé"}, "the header X-Run holds U+00E9"),
            ({"X-Run": " sEcReT"}, "the header X-Run holds U+0020 at one end"),
            ({"X Run": "1"}, "'X Run' is no name of a header"),
            ({"": "1"}, "'' is no name of a header"),
            ({"X:": "1"}, "'X:' is no name of a header"),
        ],
    )
    @_each_call
    def test_header(
        self, clients: Clients, call: Call, headers: dict[str, str], message: str
    ) -> None:
        """A header that HTTP does not have (RFC 9110, section 5)."""
        found = _refused(clients, ValueError, call.name, **call.arguments, http_headers=headers)

        assert message in found
        assert "sEcReT" not in found

    def test_key_of_each_request(self, clients: Clients) -> None:
        """A key may be a function, which is asked for each request."""
        keys = iter(["first", "second"])
        service = Service()
        client = clients.open(lambda: next(keys), service=service)

        client.list()
        client.list()

        headers = [request.headers["authorization"] for request in service.requests]
        assert headers == ["Bearer first", "Bearer second"]

    @pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
    @pytest.mark.parametrize(
        ("name", "argument", "value", "place"),
        [
            ("start", "metadata", {"a": [{"b": 0}]}, "metadata.a"),
            ("list", "metadata", {"a": 0}, "metadata.a"),
            ("start", "completion_args", {"temperature": 0}, "completion_args.temperature"),
            (
                "start",
                "inputs",
                [{"tool_call_id": "t", "name": "n", "arguments": {"a": 0}}],
                "inputs.0.`function.call`.arguments.a",
            ),
            (
                "start",
                "inputs",
                [{"name": "n", "arguments": "", "info": {"a": [0]}}],
                "inputs.0.`tool.execution`.info.a",
            ),
            (
                "start",
                "guardrails",
                [{"moderation_llm_v1": {"custom_category_thresholds": {"pii": 0}}}],
                "guardrails.0.moderation_llm_v1.custom_category_thresholds.pii",
            ),
            (
                "start",
                "tools",
                [{"type": "function", "function": {"name": "f", "parameters": {"x": 0}}}],
                "tools.0.function.function.parameters.x",
            ),
        ],
    )
    def test_no_number(
        self, clients: Clients, number: float, name: str, argument: str, value: object, place: str
    ) -> None:
        """JSON has no NaN and no infinity; the SDK sends null for them."""
        arguments: dict[str, object] = {"inputs": "x"} if name == "start" else {}
        arguments[argument] = _with_number(value, number)

        message = _refused(clients, pydantic.ValidationError, name, **arguments)

        assert place in message
        assert "Input should be a finite number" in message

    def test_no_json(self, clients: Clients) -> None:
        """A value that JSON does not have is refused by its place."""
        metadata = {"when": datetime.now(UTC)}

        message = _refused(
            clients, pydantic.ValidationError, "start", inputs="x", metadata=metadata
        )

        assert "metadata.when" in message

    def test_lone_surrogate(self, clients: Clients) -> None:
        """Half a character, which UTF-8 does not have, is sent as the escape that JSON has."""
        arguments = {"inputs": "half \ud83d", "metadata": {"\ud83d": "\ud83d"}}

        body = body_of(sent(clients, "start", arguments))

        assert body == {**arguments, "stream": False}

    @pytest.mark.parametrize(
        ("url", "message"),
        [
            ("https://u:sEcReT@a.test/?x=1", "has a query or a fragment"),
            ("https://a.test#x", "has a query or a fragment"),
            ("u:sEcReT@a.test", "is no URL of a server; give one such as https://"),
            ("ftp://a.test", "is no URL of a server"),
            ("https://", "is no URL of a server"),
        ],
    )
    def test_server_url(self, clients: Clients, url: str, message: str) -> None:
        """More than an origin and a path would swallow the path of the operation."""
        found = _refused(clients, ValueError, "list", server_url=url)

        assert message in found
        assert "sEcReT" not in found

    @pytest.mark.parametrize(
        ("name", "arguments", "message"),
        [
            ("get", {"conversation_id": 3}, "conversation_id is of type int, not a text"),
            (
                "append",
                {"conversation_id": models.ConversationHistory(conversation_id="c", entries=[])},
                "conversation_id is of type pytest_conversations.ConversationHistory, not a text",
            ),
            ("list", {"timeout_ms": "10"}, "timeout_ms is of type str, not a number of ms"),
            ("list", {"retries": 3}, "retries is of type int, not a RetryConfig"),
            ("list", {"http_headers": ["x"]}, "http_headers is of type list, not a mapping"),
            ("list", {"http_headers": {"x": 5}}, "the header x is of type int, not a text"),
            ("list", {"http_headers": {5: "x"}}, "the name of a header is of type int"),
            ("start", {"inputs": {"role": "user"}}, "inputs is one dict; give a text or entries"),
            (
                "start",
                {"inputs": models.ConversationHistory(conversation_id="c", entries=[])},
                "inputs is one ConversationHistory; give a text or entries: its `.entries`",
            ),
            (
                "start",
                {"inputs": models.MessageInputEntry(role="user", content="x")},
                "inputs is one MessageInputEntry; give a text or entries: a list of it",
            ),
        ],
    )
    def test_kind(
        self, clients: Clients, name: str, arguments: dict[str, Any], message: str
    ) -> None:
        """An argument of another kind is named, with the kind that it should have."""
        assert message in _refused(clients, TypeError, name, **arguments)

    @pytest.mark.parametrize("timeout_ms", [0, -1, float("nan")])
    def test_timeout(self, clients: Clients, timeout_ms: float) -> None:
        """No time limit is 0."""
        message = _refused(clients, ValueError, "list", timeout_ms=timeout_ms)

        assert "has to be above 0" in message

    def test_arguments_of_a_client(self) -> None:
        """A client says at once what it cannot work with."""
        for key in (b"sEcReT", 5):
            with pytest.raises(TypeError, match="api_key is of type") as raised:
                ConversationsClient(key)  # type: ignore[arg-type]
            assert "sEcReT" not in str(raised.value)
        with pytest.raises(
            TypeError, match=r"http_client is of type httpx\.AsyncClient, not an httpx\.Cl"
        ):
            ConversationsClient("key", http_client=httpx.AsyncClient())  # type: ignore[arg-type]
        with (
            httpx.Client() as http,
            pytest.raises(
                TypeError, match=r"http_client is of type httpx\.Client, not an httpx\.Async"
            ),
        ):
            AsyncConversationsClient("key", http_client=http)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="retries is of type int"):
            ConversationsClient("key", retry_config=3)  # type: ignore[arg-type]

    def test_no_secret_in_a_refusal(self, clients: Clients) -> None:
        """A key of a connector is in no message about it."""
        connector = {
            "type": "connector",
            "connector_id": 5,
            "authorization": {"type": "api-key", "value": ["sEcReT"]},
        }

        message = _refused(
            clients, pydantic.ValidationError, "start", inputs="x", tools=[connector]
        )

        assert "tools.0.connector.authorization.api-key.value" in message
        assert "sEcReT" not in message

    @pytest.mark.parametrize("kind", [models.APIKeyAuth, models.OAuth2TokenAuth])
    def test_no_secret_in_a_model(self, kind: type[models.APIKeyAuth]) -> None:
        """Nor in the representation of one, nor in the error of a wrong one."""
        assert "sEcReT" not in repr(kind(value="sEcReT"))
        assert kind(value="sEcReT").model_dump()["value"] == "sEcReT"
        with pytest.raises(pydantic.ValidationError) as raised:
            kind(valu="sEcReT")  # type: ignore[call-arg]
        assert "sEcReT" not in str(raised.value)


def _with_number(value: object, number: float) -> object:
    if isinstance(value, dict):
        return {key: _with_number(item, number) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_number(item, number) for item in value]
    return number if value == 0 else value
