"""The clients against the stand-in API over a real socket, and who closes what."""

import contextlib
import itertools
import json
import threading
from collections.abc import Iterator, Sequence

import anyio
import httpx
import pydantic
import pytest
from clients import (
    MODEL,
    RESPONSE,
    STARTED,
    WEATHER,
    Clients,
    Service,
    agent,
)
from support import Connection, Serve

from pytest_conversations import (
    AsyncConversationsClient,
    ConversationsClient,
    HTTPValidationError,
    SDKError,
    models,
)
from pytest_conversations.client import AsyncEventStream
from pytest_conversations.sandbox import Sandbox


@pytest.fixture
def client(clients: Clients, sandbox: Sandbox) -> Iterator[ConversationsClient]:
    """A client of the stand-in, over a real socket."""
    with clients.open("key", server_url=sandbox.url) as open_client:
        yield open_client


class TestSandbox:
    """The eleven operations against an API with a state, over a real socket."""

    def test_start(self, client: ConversationsClient) -> None:
        """A start gives the new entries, the id of the conversation and the usage."""
        reply = client.start(model=MODEL, inputs="Hi")

        assert isinstance(reply, models.ConversationResponse)
        assert reply.conversation_id.startswith("conv_")
        (output,) = reply.outputs
        assert isinstance(output, models.MessageOutputEntry)
        assert output.content == "You said: Hi"
        assert output.model == MODEL
        assert reply.usage.total_tokens > 0

    def test_append(self, client: ConversationsClient) -> None:
        """An append knows what was said before."""
        first = client.start(model=MODEL, inputs="My name is Ada.")

        reply = client.append(conversation_id=first.conversation_id, inputs="What is my name?")

        assert reply.conversation_id == first.conversation_id
        (output,) = reply.outputs
        assert isinstance(output, models.MessageOutputEntry)
        assert output.content == "Your name is Ada."

    def test_function(self, client: ConversationsClient) -> None:
        """A function call comes as an entry; its result goes back as one."""
        first = client.start(model=MODEL, inputs="The weather in Paris?", tools=[WEATHER])
        (call,) = first.outputs
        assert isinstance(call, models.FunctionCallEntry)
        result = models.FunctionResultEntry(tool_call_id=call.tool_call_id, result="rain")

        reply = client.append(conversation_id=first.conversation_id, inputs=[result])

        assert isinstance(reply.outputs[0], models.MessageOutputEntry)

    def test_get(self, client: ConversationsClient) -> None:
        """A conversation with a model shows what it was started with."""
        started = client.start(
            model=MODEL,
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
        assert (found.model, found.instructions, found.name) == (MODEL, "Be brief.", "n")
        assert found.tools == [models.WebSearchTool()]
        assert found.completion_args is not None
        assert found.completion_args.temperature == 0.5
        assert found.metadata == {"run": 1}

    def test_get_of_an_agent(self, sandbox: Sandbox, client: ConversationsClient) -> None:
        """A conversation with an agent shows the agent."""
        agent_id = agent(sandbox, name="agent")
        started = client.start(agent_id=agent_id, inputs="Hi")

        found = client.get(conversation_id=started.conversation_id)

        assert isinstance(found, models.AgentConversation)
        assert found.agent_id == agent_id

    def test_list(self, clients: Clients, client: ConversationsClient) -> None:
        """A list can be filtered and paged, and holds typed conversations."""
        metadata: dict[str, pydantic.JsonValue] = {
            "test": "test_list é &+",
            "is_async": clients.is_async,
        }
        ids = {
            client.start(model=MODEL, inputs="Hi", metadata=metadata).conversation_id
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
        first = client.start(model=MODEL, inputs="The weather in Paris?", tools=[WEATHER])

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
        first = client.start(model=MODEL, inputs="My name is Ada.")
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
        gone = client.start(model=MODEL, inputs="Hi").conversation_id

        result = client.delete(conversation_id=gone)

        assert result is None
        with pytest.raises(SDKError) as raised:
            client.get(conversation_id=gone)
        assert raised.value.status_code == 404

    def test_streams(self, client: ConversationsClient) -> None:
        """Each operation that streams gives a reply of typed events, piece by piece."""
        with client.start_stream(model=MODEL, inputs="My name is Ada.") as stream:
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
            model=MODEL, inputs="What is 2+3?", tools=[{"type": "code_interpreter"}]
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
            client.start(inputs="Hi", model=MODEL, agent_id="ag_1")

        (fault,) = raised.value.data.detail or []
        assert fault.loc == ["body"]
        assert raised.value.status_code == 422

    def test_refused_stream(self, client: ConversationsClient) -> None:
        """A stream that does not come about raises at once, and leaves the client usable."""
        with pytest.raises(SDKError) as raised:
            client.append_stream(conversation_id="conv_0", inputs="Hi")

        assert raised.value.status_code == 404
        assert json.loads(raised.value.body)["object"] == "Error"
        assert client.start(model=MODEL, inputs="Hi").outputs


class TestClosing:
    """Who closes the connections, and what comes after."""

    def test_own_client(self, clients: Clients, sandbox: Sandbox) -> None:
        """A client closes the connections that it made, and says so when it is used again."""
        with clients.open("key", server_url=sandbox.url) as client:
            client.list()

        with pytest.raises(RuntimeError, match="the client has been closed"):
            client.list()
        with pytest.raises(RuntimeError, match="the client has been closed"):
            client.start_stream(model=MODEL, inputs="Hi")

    def test_given_client(self) -> None:
        """A client leaves the ``httpx.Client`` of its caller open, and is closed all the same."""
        with httpx.Client(transport=httpx.MockTransport(Service())) as http:
            with ConversationsClient("KEY", http_client=http) as client:
                client.list()
            assert not http.is_closed
            with pytest.raises(RuntimeError, match="the client has been closed"):
                client.list()

        assert http.is_closed

    @pytest.mark.anyio
    async def test_given_async_client(self) -> None:
        """So does the async one."""
        async with httpx.AsyncClient(transport=httpx.MockTransport(Service())) as http:
            async with AsyncConversationsClient("KEY", http_client=http) as client:
                await client.list()
            assert not http.is_closed
            with pytest.raises(RuntimeError, match="the client has been closed"):
                await client.list()

        assert http.is_closed

    def test_redirect(self, clients: Clients, serve: Serve) -> None:
        """A redirect is followed with the same request, as the SDK does."""
        seen = []

        def script(connection: Connection) -> None:
            seen.append((connection.received.target, json.loads(connection.received.body)))
            if len(seen) == 1:
                connection.head("Location: /other/v1/conversations", status="307 Redirect")
            else:
                connection.head("Content-Type: application/json")
                connection.socket.sendall(json.dumps(RESPONSE).encode())

        with clients.open(server_url=serve(script)) as client:
            reply = client.start(inputs="Hi")

        body = {"inputs": "Hi", "stream": False}
        assert seen == [("/v1/conversations", body), ("/other/v1/conversations", body)]
        assert reply.conversation_id == "conv_1"


class TestAsync:
    """What only async apps do, on each event loop."""

    @pytest.mark.anyio
    async def test_together(self, sandbox: Sandbox) -> None:
        """Calls of one client at the same time each get their own reply."""
        answers: dict[int, object] = {}

        async def ask(client: AsyncConversationsClient, number: int) -> None:
            reply = await client.start(model=MODEL, inputs=f"What is {number}+{number}?")
            (output,) = reply.outputs
            assert isinstance(output, models.MessageOutputEntry)
            answers[number] = output.content

        async with (
            AsyncConversationsClient("key", server_url=sandbox.url) as client,
            anyio.create_task_group() as tasks,
        ):
            for number in range(8):
                tasks.start_soon(ask, client, number)

        assert answers == {number: str(2 * number) for number in range(8)}

    # trio warns of httpx's own generators, which nobody outside of it can close.
    @pytest.mark.filterwarnings("ignore:Async generator 'httpx:ResourceWarning")
    @pytest.mark.anyio
    async def test_stream(self, sandbox: Sandbox) -> None:
        """A stream is awaited, then iterated; leaving it half read leaves nothing behind."""
        async with AsyncConversationsClient("key", server_url=sandbox.url) as client:
            async with await client.start_stream(model=MODEL, inputs="Hi there, you") as stream:
                events = [event.event async for event in stream]
            async with await client.start_stream(model=MODEL, inputs="Hi there, you") as half:
                async for _ in half:
                    break

        assert events[0] == "conversation.response.started"
        assert events[-1] == "conversation.response.done"
        assert stream.outcome == "done"
        assert half.outcome is None
        assert half.raw_response.is_closed
        with pytest.raises(httpx.StreamClosed):
            [event async for event in half]

    @pytest.mark.anyio
    async def test_cancelled(self, serve: Serve) -> None:
        """A task that is cancelled while it waits for an event frees its connection."""

        def script(connection: Connection) -> None:
            connection.head("Content-Type: text/event-stream")
            connection.socket.sendall(STARTED)
            connection.socket.recv(1)  # until the client goes away

        async with AsyncConversationsClient("KEY", server_url=serve(script)) as client:
            with anyio.move_on_after(0.2) as scope:
                async with await client.start_stream(inputs="Hi") as stream:
                    async for _ in stream:
                        pass

        assert scope.cancelled_caught
        assert stream.raw_response.is_closed
        assert [event.event for event in stream.events] == ["conversation.response.started"]

    @pytest.mark.anyio
    async def test_closed_by_another_task(self, serve: Serve) -> None:
        """A watchdog may close a stream that another task waits for."""
        over = threading.Event()

        def script(connection: Connection) -> None:
            connection.head("Content-Type: text/event-stream")
            connection.socket.sendall(STARTED)
            over.wait(10)

        async def read(stream: AsyncEventStream) -> None:
            with contextlib.suppress(httpx.HTTPError, anyio.ClosedResourceError):
                async for _ in stream:
                    pass

        async with AsyncConversationsClient("KEY", server_url=serve(script)) as client:
            stream = await client.start_stream(inputs="Hi")
            try:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(read, stream)
                    await anyio.sleep(0.1)  # it waits for the next event by now
                    await stream.close()
                    over.set()
            finally:
                over.set()

        assert stream.raw_response.is_closed
        assert len(stream.events) == 1
