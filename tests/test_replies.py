"""What an operation returns, and what it raises instead (contract sections 10 and 13)."""

import copy
import json
import pickle
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from clients import (
    CALLS,
    CONVERSATION,
    JSON,
    RESPONSE,
    SSE,
    STARTED,
    Call,
    Clients,
    Service,
    answer,
    each_call,
    perform,
    replying,
)

from pytest_conversations import (
    HTTPValidationError,
    MistralError,
    ResponseValidationError,
    SDKError,
    models,
)


class _Broken(httpx.SyncByteStream):
    """A body that breaks off."""

    closed = False

    def __iter__(self) -> Iterator[bytes]:
        yield b"{"
        message = "broken"
        raise httpx.ReadError(message)

    def close(self) -> None:
        self.closed = True


_each_call = each_call()
_each_stream = each_call(lambda call: call.name.endswith("_stream"))
_each_reply = each_call(lambda call: not call.name.endswith("_stream"))
_each_with_id = each_call(lambda call: "conversation_id" in call.arguments)


class TestReplies:
    """What an operation returns, and what it raises instead (contract sections 10 and 13)."""

    @_each_reply
    def test_types(self, clients: Clients, call: Call) -> None:
        """Each operation returns the model of its reply."""
        reply = perform(clients.open(service=Service()), call.name, call.arguments)

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

    def test_unknown_keys(self, clients: Clients) -> None:
        """A reply keeps what this version does not know, in what a request would refuse as well."""
        args = {"temperature": 0.5, "new": 1}
        tools = [{"type": "web_search", "new": 1}]
        found = {**CONVERSATION, "completion_args": args, "tools": tools, "new": {"a": 1}}
        service = replying(200, JSON, json.dumps(found).encode())

        reply = clients.open(service=service).get(conversation_id="conv_1")

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
    def test_content_type(self, clients: Clients, kind: str) -> None:
        """The media type counts, in any case and with any parameters."""
        service = replying(200, {"content-type": kind}, json.dumps(RESPONSE).encode())

        assert clients.open(service=service).start(inputs="Hi").conversation_id == "conv_1"

    @pytest.mark.parametrize(
        ("name", "status", "headers", "content"),
        [
            ("start", 201, JSON, json.dumps(RESPONSE).encode()),
            ("start", 204, {}, b""),
            ("start", 200, {"content-type": "text/plain"}, json.dumps(RESPONSE).encode()),
            ("start", 200, {"content-type": "application/x+json"}, json.dumps(RESPONSE).encode()),
            ("start", 200, {}, json.dumps(RESPONSE).encode()),
            ("start", 200, SSE, STARTED),
            ("start", 200, JSON, b"{"),
            ("start", 200, JSON, b""),
            ("start", 200, JSON, b"\xff"),
            ("start", 200, JSON, b"[]"),
            ("start", 200, JSON, b'{"conversation_id": "conv_1", "outputs": []}'),
            ("list", 200, JSON, json.dumps(CONVERSATION).encode()),
            ("get", 200, JSON, b'{"id": "conv_1"}'),
            ("get_history", 200, JSON, json.dumps(RESPONSE).encode()),
            ("delete", 200, JSON, b"{}"),
            ("delete", 202, {}, b""),
            ("start_stream", 200, JSON, json.dumps(RESPONSE).encode()),
            ("start_stream", 200, {}, STARTED),
            ("start_stream", 201, SSE, STARTED),
            ("append_stream", 200, {"content-type": "text/plain"}, b"hello"),
        ],
    )
    def test_unexpected(
        self, clients: Clients, name: str, status: int, headers: dict[str, str], content: bytes
    ) -> None:
        """A success of another status, type or shape raises ResponseValidationError at once."""
        arguments = next(call.arguments for call in CALLS if call.name == name)
        client = clients.open(service=replying(status, headers, content))

        with pytest.raises(ResponseValidationError) as raised:
            getattr(client, name)(**arguments)

        assert raised.value.status_code == status
        assert raised.value.raw_response.content == content
        assert raised.value.raw_response.is_closed

    @_each_call
    @pytest.mark.parametrize(
        ("status", "headers", "content"),
        [
            pytest.param(401, JSON, b'{"detail":"Invalid API Key"}\n', id="gateway"),
            pytest.param(
                503,
                {"content-type": "text/plain"},
                b"upstream connect error or disconnect/reset before headers",
                id="proxy",
            ),
            pytest.param(
                400,
                JSON,
                b'{"object":"Error","message":"m","type":"invalid_request_error","code":3001}',
                id="envelope",
            ),
            pytest.param(404, {}, b"", id="empty"),
            pytest.param(500, JSON, b"\xff", id="bytes"),
            pytest.param(429, JSON, b'{"message":{"detail":[]},"code":"1300"}', id="inference"),
            pytest.param(403, JSON, b'{"error":{"message":"blocked","status":403}}', id="guard"),
            pytest.param(307, {}, b"", id="redirect that is not followed"),
        ],
    )
    def test_error(
        self, clients: Clients, call: Call, status: int, headers: dict[str, str], content: bytes
    ) -> None:
        """Any other error of the API raises SDKError at call time, with all that came."""
        client = clients.open(service=replying(status, headers, content))

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
    def test_validation_error(self, clients: Clients, call: Call, around: dict[str, Any]) -> None:
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
        client = clients.open(service=replying(422, JSON, content))

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
        assert error.body == content.decode()
        assert error.message == str(error)
        assert error.body in error.message
        assert error.message.endswith("\nbody.inputs.0: Extra inputs are not permitted")

    @pytest.mark.parametrize(
        ("around", "shape"),
        [
            pytest.param({"detail": [{"no": "shape"}]}, {"no": "shape"}, id="in a list"),
            pytest.param(
                {"object": "error", "message": {"detail": [{"loc": ["x"]}]}, "type": "t"},
                {"loc": ["x"]},
                id="in the message",
            ),
            pytest.param(
                {"detail": None, "message": {"detail": [{"loc": ["x"]}]}},
                {"loc": ["x"]},
                id="in the message, beside null",
            ),
            pytest.param({"detail": "Not a list"}, {"msg": "Not a list"}, id="a text"),
            pytest.param({"detail": ["No object"]}, {"msg": "No object"}, id="a list of texts"),
            pytest.param({"detail": [{"loc": 5}]}, {"msg": '{"loc": 5}'}, id="of another kind"),
        ],
    )
    def test_validation_error_of_another_api(
        self, clients: Clients, around: dict[str, Any], shape: dict[str, Any]
    ) -> None:
        """Details are found in the envelope of the inference API too, whatever they hold."""
        content = json.dumps(around).encode()

        with pytest.raises(HTTPValidationError) as raised:
            clients.open(service=replying(422, JSON, content)).start(inputs="Hi")

        (fault,) = raised.value.data.detail or []
        assert fault.model_dump(exclude_unset=True) == shape
        assert fault.type == ""
        assert raised.value.body == content.decode()
        assert set(raised.value.data.model_extra or {}) == around.keys() - {"detail"}

    def test_validation_errors_of_several_shapes(self, clients: Clients) -> None:
        """One that is of another shape hides no other."""
        good = {"loc": ["a"], "msg": "good", "type": "t"}
        content = json.dumps({"detail": [good, "text", {**good, "ctx": "text"}]}).encode()

        with pytest.raises(HTTPValidationError) as raised:
            clients.open(service=replying(422, JSON, content)).start(inputs="Hi")

        first, second, third = raised.value.data.detail or []
        assert first.model_dump(exclude_unset=True) == good
        assert second.msg == "text"
        assert "good" in third.msg

    @_each_call
    @pytest.mark.parametrize(
        ("headers", "content"),
        [
            pytest.param(JSON, b'{"message":"no"}', id="message alone"),
            pytest.param({"content-type": "text/plain"}, b"no", id="no JSON"),
            pytest.param(JSON, b"", id="nothing"),
            pytest.param(JSON, b"[]", id="a list"),
            pytest.param(JSON, b"\xff", id="bytes"),
        ],
    )
    def test_validation_error_without_detail(
        self, clients: Clients, call: Call, headers: dict[str, str], content: bytes
    ) -> None:
        """A 422 that says it in another form has no detail, and keeps its body."""
        client = clients.open(service=replying(422, headers, content))

        with pytest.raises(HTTPValidationError) as raised:
            getattr(client, call.name)(**call.arguments)

        error = raised.value
        assert error.data.detail is None
        assert error.status_code == 422
        assert error.raw_response.content == content
        assert error.body == content.decode("utf-8", "replace")
        assert f"Status 422 Content-Type {headers['content-type']}" in str(error)
        assert error.body in str(error)

    def test_beginning_of_the_body(self, clients: Clients) -> None:
        """A body that is no reply is shown from its beginning, with the first things wrong."""
        content = json.dumps([{"id": number} for number in range(5000)]).encode()

        with pytest.raises(ResponseValidationError) as raised:
            clients.open(service=replying(200, JSON, content)).list()

        message = raised.value.message
        assert 'Body: [{"id": 0}, {"id": 1}' in message
        assert message.index("Body:") < 100
        assert "0.model.created_at: Field required" in message
        assert message.endswith("and 19995 more")
        assert len(message) < 11_000

    @pytest.mark.parametrize("kind", ["text/plain", "application/json ;x", ""])
    def test_body_of_another_type(self, clients: Clients, kind: str) -> None:
        """So is one of another type; white space around the type does not count."""
        service = replying(200, {"content-type": kind}, json.dumps(RESPONSE).encode())
        client = clients.open(service=service)

        if kind.startswith("application/json"):
            assert client.start(inputs="Hi").conversation_id == "conv_1"
        else:
            with pytest.raises(ResponseValidationError) as raised:
                client.start(inputs="Hi")
            assert 'Body: {"object": "conversation.response"' in raised.value.message
            assert raised.value.message.endswith("expected application/json")

    @_each_call
    def test_model_that_will_be_gone(self, clients: Clients, call: Call) -> None:
        """The API announces it in a header; the SDK fails there (gotcha 24)."""

        def announce(request: httpx.Request) -> httpx.Response:
            response = answer(request)
            response.headers["x-model-deprecation-timestamp"] = "2027-01-01T00:00:00Z"
            return response

        client = clients.open(service=Service(announce))

        with pytest.warns(DeprecationWarning, match="will be retired: 2027-01-01") as warned:
            perform(client, call.name, call.arguments)

        if not clients.is_async:  # there it is the event loop's, in these tests
            assert warned[0].filename.endswith("clients.py")

    def test_long_body(self, clients: Clients) -> None:
        """A message shows the start of a long body; the error keeps it all."""
        content = b"x" * 50_000

        with pytest.raises(SDKError) as raised:
            clients.open(service=replying(500, {}, content)).list()

        assert len(raised.value.message) < 11_000
        assert "50000" in raised.value.message
        assert raised.value.body == content.decode()

    @_each_stream
    def test_broken_error(self, clients: Clients, call: Call) -> None:
        """An error whose body breaks off is one of the transport, and frees the connection."""
        body = _Broken()
        client = clients.open(service=Service(lambda _: httpx.Response(500, stream=body)))

        with pytest.raises(httpx.ReadError):
            getattr(client, call.name)(**call.arguments)

        assert body.closed

    @pytest.mark.parametrize(
        ("key", "hint"), [(None, True), ("", True), ("KEY", False)], ids=["none", "empty", "one"]
    )
    def test_unauthorized(self, clients: Clients, key: str | None, hint: bool) -> None:  # noqa: FBT001 - a table
        """Where no key was sent, a 401 says how to give one."""
        service = replying(401, JSON, b'{"detail":"Unauthorized"}')

        with pytest.raises(SDKError, match="401") as raised:
            clients.open(key, service=service).list()

        assert ("set MISTRAL_API_KEY" in raised.value.message) is hint

    def test_recorded(self, clients: Clients, corpus: Path) -> None:
        """Errors of the real API are what their status says, and show what they say."""
        seen = 0
        for path in sorted(corpus.glob("conversations/*error*")):
            lines = path.read_text("utf-8").splitlines()
            content = "\n".join(line for line in lines if not line.startswith("#"))
            (status,) = re.findall(r"error_(\d{3})", path.name) or ["403"]
            kind = JSON if path.suffix == ".json" else {"content-type": "text/plain"}
            service = replying(int(status), kind, content.encode())

            with pytest.raises(MistralError) as raised:
                clients.open(service=service).start(inputs="Hi")

            assert isinstance(raised.value, HTTPValidationError if status == "422" else SDKError)
            assert raised.value.status_code == int(status)
            assert content in raised.value.message
            seen += 1
        assert seen >= 5

    @pytest.mark.parametrize("status", [404, 422, 200])
    def test_copies(self, clients: Clients, status: int) -> None:
        """An error can be sent to another process, or copied."""
        content = b'{"detail":[{"loc":["a"],"msg":"m","type":"t"}]}'

        with pytest.raises(MistralError) as raised:
            clients.open(service=replying(status, JSON, content)).start(inputs="Hi")

        error = raised.value
        for copied in (pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301 - our own
            assert type(copied) is type(error)
            assert str(copied) == str(error)
            assert copied.status_code == status
            assert copied.body == error.body
            assert copied.raw_response.content == content

    @_each_call
    def test_transport_error(self, clients: Clients, call: Call) -> None:
        """Errors of the transport are httpx's own."""

        def refuse(request: httpx.Request) -> httpx.Response:
            message = "refused"
            raise httpx.ConnectError(message, request=request)

        with pytest.raises(httpx.ConnectError):
            perform(clients.open(service=Service(refuse)), call.name, call.arguments)
