"""The same calls, against the same server, as those of the official SDK; see `official`.

It runs with the version of the SDK that is installed, and is run with two of them: 3.x on httpx2,
and 2.x on httpx.
"""

import ast
import contextlib
import inspect
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pydantic
import pytest
from clients import (
    CALLS,
    CONVERSATION,
    DONE,
    FOUND,
    MODEL,
    RESPONSE,
    SENTINEL,
    STARTED,
    Call,
    Clients,
    agent,
    cuts,
    event,
    perform,
    post,
)
from official import Official, assert_same, official
from sdk_cases import (
    BETTER_FRAMINGS,
    EVENTS,
    MAY_BE_LEFT_OUT,
    OPERATIONS,
    REPLIES,
    RESENT,
    SAME_FRAMINGS,
    SANDBOX_STREAMS,
    SDK_CALLS,
    WHAT_THE_SDK_DROPS,
)
from support import Connection, Received, Serve

from pytest_conversations import (
    AsyncConversationsClient,
    BackoffStrategy,
    ConversationsClient,
    HTTPValidationError,
    MistralError,
    RetryConfig,
    SDKError,
    models,
)
from pytest_conversations.sandbox import Sandbox


@pytest.fixture(scope="module")
def both() -> Iterator[dict[bool, Official]]:
    """The SDK, by whether it is async; making its client takes longer than a test."""
    with official(is_async=False) as sync, official(is_async=True) as async_:
        yield {False: sync, True: async_}


@pytest.fixture
def sdk(both: dict[bool, Official], clients: Clients) -> Official:
    """The SDK, of the kind that our client is."""
    return both[clients.is_async]


def _answering(
    *bodies: bytes, kind: str = "application/json", status: str = "200 OK"
) -> Callable[[Connection], None]:
    def script(connection: Connection) -> None:
        connection.head(f"Content-Type: {kind}", "Transfer-Encoding: chunked", status=status)
        for body in bodies:
            connection.chunk(body)
        connection.last_chunk()

    return script


def _streaming(*chunks: bytes) -> Callable[[Connection], None]:
    return _answering(*chunks, kind="text/event-stream; charset=utf-8")


def _receiving(requests: list[Received]) -> Callable[[Connection], None]:
    """Keep the request, and answer as its operation should, in the least form."""

    def script(connection: Connection) -> None:
        received = connection.received
        requests.append(received)
        if received.method == "DELETE":
            connection.head(status="204 No Content")
        elif received.method == "POST":
            streams = json.loads(received.body)["stream"]
            body = STARTED + DONE if streams else json.dumps(RESPONSE).encode()
            (_streaming if streams else _answering)(body)(connection)
        else:
            last = received.target.partition("?")[0].split("/")[-1]
            _answering(json.dumps(FOUND.get(last, CONVERSATION)).encode())(connection)

    return script


def _event_of(data: dict[str, Any]) -> bytes:
    return event(data["type"], **{name: data[name] for name in data if name != "type"})


def _query(target: str) -> tuple[str, dict[str, list[str]]]:
    """Path, and the query by its meaning; without the marker that the SDK sends for nothing."""
    parts = urlsplit(target)
    query = parse_qs(parts.query)
    if query.get("metadata") == [SENTINEL]:
        del query["metadata"]
    return parts.path, query


class TestRequests:
    """What is sent."""

    @pytest.mark.parametrize(("name", "arguments"), SDK_CALLS)
    def test_same(
        self, clients: Clients, sdk: Official, serve: Serve, name: str, arguments: dict[str, Any]
    ) -> None:
        """Method, path, query and JSON body are the SDK's, but for its marker for nothing."""
        requests: list[Received] = []
        url = serve(_receiving(requests))

        perform(clients.open(server_url=url), name, arguments)
        sdk.perform(name, {**arguments, "server_url": url})

        ours, theirs = requests
        assert ours.body == theirs.body or json.loads(ours.body) == json.loads(theirs.body)
        assert ours.method == theirs.method
        assert _query(ours.target) == _query(theirs.target)
        for header in ("accept", "content-type", "authorization"):
            assert ours.headers.get(header) == theirs.headers.get(header)

    @pytest.mark.filterwarnings("ignore:Pydantic serializer warnings:UserWarning")  # of the SDK
    @pytest.mark.parametrize("entry", RESENT, ids=lambda entry: entry.get("type"))
    def test_reply_as_input(
        self, clients: Clients, sdk: Official, serve: Serve, entry: dict[str, Any]
    ) -> None:
        """An entry of a reply is sent back as the SDK sends it, as an object or as JSON."""
        requests: list[Received] = []
        url = serve(_receiving(requests))
        given = {"id": "x_1", **entry}
        reply = {"conversation_id": "c", "entries": [given]}
        recorded = serve(_answering(json.dumps(reply).encode()))
        client = clients.open(server_url=url)

        ours = client.get_history(conversation_id="c", server_url=recorded).entries
        arguments = {"conversation_id": "c", "server_url": recorded}
        theirs = sdk.perform("get_history", arguments).entries
        client.append(conversation_id="c", inputs=ours)
        client.append(conversation_id="c", inputs=[given])
        client.append(conversation_id="c", inputs=theirs)
        sdk.perform("append", {"conversation_id": "c", "inputs": theirs, "server_url": url})

        bodies = [json.loads(request.body) for request in requests]
        assert len(bodies) == 4
        for body in bodies[1:]:
            assert body == bodies[0]

    @pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
    def test_parameters(self, sdk: Official, call: Call) -> None:
        """Every argument that the SDK takes, ours take as well, and no other."""
        theirs = inspect.signature(sdk.operation(call.name)).parameters

        for client in (ConversationsClient, AsyncConversationsClient):
            ours = inspect.signature(getattr(client, call.name)).parameters
            assert set(ours) - {"self"} == set(theirs)
            needed = {name for name, one in ours.items() if one.default is one.empty}
            assert needed - {"self"} == {
                name for name, one in theirs.items() if one.default is one.empty
            }

    @pytest.mark.parametrize(("done", "arguments"), WHAT_THE_SDK_DROPS)
    def test_never_dropped(
        self,
        clients: Clients,
        sdk: Official,
        serve: Serve,
        done: str,
        arguments: dict[str, Any],
    ) -> None:
        """What the SDK drops in silence is refused, or sent (contract section 16)."""
        requests: list[Received] = []
        url = serve(_receiving(requests))
        arguments = {"inputs": "x", **arguments}

        sdk.perform("start", {**arguments, "server_url": url})
        if done == "refused":
            with pytest.raises(pydantic.ValidationError):
                clients.open(server_url=url).start(**arguments)
            assert len(requests) == 1
        else:
            clients.open(server_url=url).start(**arguments)
            theirs, ours = (json.loads(request.body) for request in requests)
            assert ours == {"stream": False, **arguments}
            assert theirs != ours


class TestReplies:
    """What comes back."""

    @pytest.mark.parametrize(("name", "reply"), REPLIES)
    def test_same(
        self, clients: Clients, sdk: Official, serve: Serve, name: str, reply: dict[str, Any]
    ) -> None:
        """A reply of the same bytes has the fields and the classes of the SDK's."""
        url = serve(_answering(json.dumps(reply).encode()))
        (call,) = (call for call in CALLS if call.name == name)

        ours = perform(clients.open(server_url=url), name, call.arguments)
        theirs = sdk.perform(name, {**call.arguments, "server_url": url})

        assert_same(ours, theirs)

    @pytest.mark.skipif(not hasattr(pytest, "Subtests"), reason="needs pytest 9")
    def test_recorded(
        self,
        clients: Clients,
        sdk: Official,
        serve: Serve,
        corpus: Path,
        subtests: "pytest.Subtests",
    ) -> None:
        """So have the recorded replies of the real API, where the SDK can read them."""
        for path in sorted(corpus.glob("conversations/*.json")):
            reply = json.loads(path.read_text("utf-8"))
            name = OPERATIONS.get(reply.get("object"))
            if name is None or "createdAt" in reply:
                continue
            with subtests.test(path.name):
                url = serve(_answering(json.dumps(reply).encode()))
                arguments = {"conversation_id": "c"} if name != "start" else {"inputs": "x"}
                ours = perform(clients.open(server_url=url), name, arguments)
                try:
                    theirs = sdk.perform(name, {**arguments, "server_url": url})
                except sdk.errors.ResponseValidationError:
                    continue  # a form of 2025 that it does not know; ours is better
                assert_same(ours, theirs)

    @pytest.mark.parametrize(
        ("status", "kind", "body", "same"),
        [
            ("400 Bad Request", "application/json", b'{"object":"Error","code":3001}', True),
            ("401 Unauthorized", "application/json", b'{"detail":"Invalid API Key"}\n', True),
            ("403 Forbidden", "application/json", b'{"message":"no"}', True),
            ("404 Not Found", "text/plain", b"\n", True),
            (
                "422 Unprocessable",
                "application/json",
                b'{"detail":[{"loc":["a",1],"msg":"m","type":"t","input":{},"ctx":{}}]}',
                True,
            ),
            (
                "422 Unprocessable",
                "application/json",
                b'{"object":"error","message":{"detail":[]},"code":null}',
                True,
            ),
            ("422 Unprocessable", "application/json", b'{"detail":"text"}', False),
            ("422 Unprocessable", "text/plain", b"no", False),
            ("429 Too Many", "application/json", b'{"message":"slow down"}', True),
            ("500 Broken", "application/json", b'{"object":"Error","code":3000}', True),
            ("503 Unavailable", "text/plain", b"upstream connect error", True),
            ("201 Created", "application/json", json.dumps(RESPONSE).encode(), False),
            ("200 OK", "text/plain", json.dumps(RESPONSE).encode(), False),
            ("200 OK", "application/json", b'{"conversation_id":"c"}', True),
            ("200 OK", "application/json", b"{", True),
        ],
    )
    @pytest.mark.parametrize("name", ["start", "append_stream"])
    def test_errors(
        self,
        clients: Clients,
        sdk: Official,
        serve: Serve,
        name: str,
        status: str,
        kind: str,
        body: bytes,
        same: bool,  # noqa: FBT001 - a column of the table
    ) -> None:
        """Errors have the SDK's class, but where our classes are narrower than its own."""
        url = serve(_answering(body, kind=kind, status=status))
        (call,) = (call for call in CALLS if call.name == name)

        with pytest.raises(MistralError) as ours:
            perform(clients.open(server_url=url), name, call.arguments)
        with pytest.raises(sdk.errors.MistralError) as theirs:
            sdk.perform(name, {**call.arguments, "server_url": url})

        if same and not (name == "append_stream" and status.startswith("200")):
            assert type(ours.value).__name__ == type(theirs.value).__name__
        for attribute in ("status_code", "body"):
            assert getattr(ours.value, attribute) == getattr(theirs.value, attribute)
        if isinstance(ours.value, HTTPValidationError) and hasattr(theirs.value, "data"):
            mine, other = (data.detail or [] for data in (ours.value.data, theirs.value.data))
            assert [one.loc for one in mine] == [one.loc for one in other]
            assert [one.msg for one in mine] == [one.msg for one in other]


class TestEvents:
    """What a stream gives."""

    def _both(
        self, clients: Clients, sdk: Official, url: str
    ) -> tuple[list[Any], Exception | None, list[Any], Exception | None]:
        """The events of ours and of the SDK's, and the errors that they ended with."""
        ours: list[Any] = []
        theirs: list[Any] = []
        failures: list[Exception | None] = [None, None]
        try:
            with clients.open(server_url=url).start_stream(inputs="x") as stream:
                for one in stream:
                    ours.append(one)  # noqa: PERF402 - what came before an error stays
        except Exception as error:  # noqa: BLE001 - whatever it is, it is compared
            failures[0] = error
        try:
            sdk.collect("start_stream", {"inputs": "x", "server_url": url}, theirs)
        except Exception as error:  # noqa: BLE001 - likewise
            failures[1] = error
        return ours, failures[0], theirs, failures[1]

    @pytest.mark.parametrize(("body", "kinds"), SANDBOX_STREAMS)
    def test_sandbox(
        self,
        clients: Clients,
        sdk: Official,
        serve: Serve,
        sandbox: Sandbox,
        body: dict[str, Any],
        kinds: set[str],
    ) -> None:
        """The events of whole replies are the SDK's, field by field."""
        if "model" in body:
            other = agent(sandbox, name="other")
            body = body | {"agent_id": agent(sandbox, name="front", handoffs=[other])}
        body = {"model": MODEL, "stream": True, **body}
        stream = post(sandbox, "/v1/conversations", body).content

        ours, failed, theirs, also_failed = self._both(
            clients, sdk, serve(_streaming(*cuts(stream, 7)))
        )

        assert (failed, also_failed) == (None, None)
        names = [type(one.data).__name__ for one in ours]
        assert set(names) == {"ResponseStartedEvent", "ResponseDoneEvent", *kinds}
        assert_same(ours, theirs)

    @pytest.mark.parametrize("data", EVENTS, ids=lambda data: str(data["type"]))
    def test_every_type(
        self, clients: Clients, sdk: Official, serve: Serve, data: dict[str, Any]
    ) -> None:
        """Every type of event, with all that it may have and with the least, and unknown ones."""
        least = {name: value for name, value in data.items() if name not in MAY_BE_LEFT_OUT}
        url = serve(_streaming(_event_of(data), _event_of(least)))

        ours, failed, theirs, also_failed = self._both(clients, sdk, url)

        assert (failed, also_failed) == (None, None)
        assert len(ours) == 2
        assert_same(ours, theirs)

    @pytest.mark.parametrize("content", [{"type": "new", "x": 1}, ["no", "list"]])
    def test_unknown_content(
        self, clients: Clients, sdk: Official, serve: Serve, content: pydantic.JsonValue
    ) -> None:
        """Of a message with something unknown in it the SDK keeps nothing typed, ours the rest."""
        delta = event("message.output.delta", id="m", content=content)

        ours, failed, theirs, also_failed = self._both(clients, sdk, serve(_streaming(delta)))

        assert (failed, also_failed) == (None, None)
        assert isinstance(ours[0].data, models.MessageOutputEvent)
        assert ours[0].data.content == models.UnknownContentChunk(content)
        assert type(theirs[0].data).__name__ == "UnknownConversationEventsData"
        assert ours[0].data.model_dump(mode="json", exclude_unset=True) == theirs[0].data.raw

    @pytest.mark.parametrize("chunks", SAME_FRAMINGS.values(), ids=SAME_FRAMINGS)
    def test_framing(
        self, clients: Clients, sdk: Official, serve: Serve, chunks: tuple[bytes, ...]
    ) -> None:
        """Where the SDK reads a framing right, ours reads the same (contract section 12.2)."""
        ours, failed, theirs, also_failed = self._both(clients, sdk, serve(_streaming(*chunks)))

        assert type(failed).__name__ == type(also_failed).__name__
        assert_same(ours, theirs)
        assert ours

    @pytest.mark.parametrize(("chunks", "names"), BETTER_FRAMINGS.values(), ids=BETTER_FRAMINGS)
    def test_better_framing(
        self,
        clients: Clients,
        sdk: Official,
        serve: Serve,
        chunks: tuple[bytes, ...],
        names: list[str],
    ) -> None:
        """Where the SDK gives up, ours reads on."""
        ours, failed, theirs, also_failed = self._both(clients, sdk, serve(_streaming(*chunks)))

        assert [one.event for one in ours] == names
        assert failed is None
        assert len(theirs) < len(ours)
        assert isinstance(also_failed, sdk.errors.ResponseValidationError)

    def test_error_without_a_body(self, clients: Clients, sdk: Official, serve: Serve) -> None:
        """Of an error without a body, in place of a stream, the SDK makes one of the transport."""
        url = serve(_answering(kind="text/plain", status="404 Not Found"))

        _, failed, _, also_failed = self._both(clients, sdk, url)

        assert isinstance(failed, SDKError)
        assert type(also_failed).__name__ == "ResponseNotRead"

    def test_broken(self, clients: Clients, sdk: Official, serve: Serve) -> None:
        """A connection that breaks gives the same events, and the error of the same name."""

        def script(connection: Connection) -> None:
            connection.head("Content-Type: text/event-stream", "Transfer-Encoding: chunked")
            connection.chunk(STARTED)
            connection.chunk(DONE[:10])

        ours, failed, theirs, also_failed = self._both(clients, sdk, serve(script))

        assert_same(ours, theirs)
        assert [type(failed).__name__, type(also_failed).__name__] == ["RemoteProtocolError"] * 2


class TestRetries:
    """What is tried again, and what is not (contract section 13)."""

    @pytest.mark.parametrize(
        ("statuses", "headers", "options"),
        [
            ([429, 500, 502, 503, 504, 200], (), {}),
            ([503, 408], (), {}),
            ([409], (), {}),
            ([425], (), {}),
            ([501], (), {}),
            ([505], (), {}),
            ([422], (), {}),
            ([503, 200], ("Retry-After: 0",), {}),
            ([503, 200], ("Retry-After: -5",), {}),
            ([503, 200], ("Retry-After: soon",), {}),
            ([503, 200], ("Retry-After: Sun, 06 Nov 1994 08:49:37 GMT",), {}),
            ([503, 200], ("retry-after-ms: 5", "Retry-After: 3600"), {}),
            ([503, 200], ("Retry-After: 0.01",), {}),
            ([404, 418, 200], (), {"status_codes_override": ["4XX"]}),
            ([503, 404], (), {"status_codes_override": ["503"]}),
            ([429], (), {"status_codes_override": ["503"]}),
            ([503, 503], (), {"strategy": "none"}),
        ],
    )
    @pytest.mark.parametrize("name", ["start", "delete", "start_stream"])
    def test_statuses(
        self,
        clients: Clients,
        sdk: Official,
        serve: Serve,
        name: str,
        statuses: list[int],
        headers: tuple[str, ...],
        options: dict[str, Any],
    ) -> None:
        """The same responses make the same number of requests."""
        (call,) = (call for call in CALLS if call.name == name)
        requests: list[Received] = []

        def script(connection: Connection) -> None:
            status = left.pop(0)
            if status == 200:
                _receiving(requests)(connection)
            else:
                requests.append(connection.received)
                connection.head(*headers, status=f"{status} No")
                connection.socket.sendall(b"no")  # of an empty body the SDK makes another error

        url = serve(script)
        counts = []
        config = {"strategy": "backoff", "retry_connection_errors": False, **options}
        for take, made in (
            (BackoffStrategy, RetryConfig),
            (sdk.utils.BackoffStrategy, sdk.utils.RetryConfig),
        ):
            left = list(statuses)
            requests.clear()
            retries = made(backoff=take(1, 5, 1.5, 60_000, jitter_ms=0), **config)
            arguments = {**call.arguments, "server_url": url, "retries": retries}
            with contextlib.suppress(MistralError, sdk.errors.MistralError):
                if made is RetryConfig:
                    perform(clients.open(), name, arguments)
                else:
                    sdk.perform(name, arguments)
            counts.append((len(requests), left))

        assert counts[0] == counts[1]

    @pytest.mark.parametrize("retried", [True, False])
    def test_connections(
        self,
        clients: Clients,
        sdk: Official,
        serve: Serve,
        retried: bool,  # noqa: FBT001 - a table
    ) -> None:
        """A timeout is tried again where that was asked for, a server that hangs up never is."""
        left: list[str] = []

        def script(connection: Connection) -> None:
            if left.pop(0) == "slow":
                connection.socket.recv(1)  # until the client gives up
            # else: hang up without a word

        url = serve(script)
        counts = []
        for take, made in (
            (BackoffStrategy, RetryConfig),
            (sdk.utils.BackoffStrategy, sdk.utils.RetryConfig),
        ):
            left[:] = ["slow", "slow", "hang up", "never"]
            retries = made("backoff", take(1, 5, 1.5, 60_000, 0), retried)
            arguments = {"inputs": "x", "server_url": url, "retries": retries, "timeout_ms": 200}
            try:
                if made is RetryConfig:
                    perform(clients.open(), "start", arguments)
                else:
                    sdk.perform("start", arguments)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is compared
                counts.append((type(error).__name__, len(left)))

        assert counts[0] == counts[1]
        assert counts[0] == (("RemoteProtocolError", 1) if retried else ("ReadTimeout", 3))


# Of version 2, by their names in version 3.
_RENAMED = {
    "Authorization": "CustomConnectorAuthorization",
    "Role": "MessageInputEntryRole",
    "UnknownAuthorization": "UnknownCustomConnectorAuthorization",
}


def test_names() -> None:
    """Every model and union of the SDK that the operations have to do with has its name in ours."""
    package = Path(pytest.importorskip("mistralai.client.models").__file__ or "").parent
    todo = ["validationerror", *(path.stem for path in package.glob("conversation*.py"))]
    todo += ["agents_api_v1_conversations_listop"]
    names: dict[str, list[str]] = {}
    while todo:
        module = todo.pop()
        if module in names:
            continue
        tree = ast.parse((package / f"{module}.py").read_text("utf-8"))
        todo += [
            node.module or ""
            for node in tree.body
            if isinstance(node, ast.ImportFrom) and node.level
        ]
        names[module] = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
        names[module] += [
            target.id
            for node in tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        ]
    public = {
        name
        for each in names.values()
        for name in each
        if not name.startswith("_") and not name.endswith("TypedDict")
    }
    assert len(public) > 100
    assert {_RENAMED.get(name, name) for name in public} - set(models.__all__) == set()
