"""The events of a streamed reply (contract section 12)."""

import gc
import gzip
import json
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from clients import (
    DONE,
    MODEL,
    SSE,
    STARTED,
    Call,
    Clients,
    Service,
    each_call,
    event,
    perform,
)
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from support import Connection, Serve

from pytest_conversations import (
    AsyncConversationsClient,
    ConversationsClient,
    EventStream,
    ResponseValidationError,
    SDKError,
    models,
)
from pytest_conversations.sandbox import Sandbox

DELTA = event("message.output.delta", id="msg_1", content="Hi")


_each_stream = each_call(lambda call: call.name.endswith("_stream"))


class TestEventStream:
    """The events of a streamed reply (contract section 12)."""

    def test_once(self, clients: Clients) -> None:
        """A stream is an iterator, once through."""
        stream = clients.stream(STARTED, event("conversation.response.done", usage={}))

        assert iter(stream) is stream
        events = list(stream)
        assert [event.event for event in events] == [
            "conversation.response.started",
            "conversation.response.done",
        ]
        assert stream.events == events
        with pytest.raises(
            httpx.StreamConsumed, match="read to its end; `events` has what was read"
        ):
            list(stream)

    def test_in_two_goes(self, clients: Clients) -> None:
        """A loop that was left goes on where it stopped."""
        stream = clients.stream(STARTED + DELTA, DELTA + DONE)

        for _ in stream:
            break
        rest = list(stream)

        assert len(rest) == 3
        assert stream.events[1:] == rest

    @pytest.mark.parametrize("cut", [1, 7, 10_000])
    def test_compressed(self, clients: Clients, cut: int) -> None:
        """What a proxy packed is unpacked, however it is cut."""
        packed = gzip.compress(STARTED + DELTA + DONE)
        parts = [packed[at : at + cut] for at in range(0, len(packed), cut)]
        headers = SSE | {"content-encoding": "gzip"}
        service = Service(lambda _: httpx.Response(200, headers=headers, content=iter(parts)))

        stream = clients.open(service=service).start_stream(inputs="Hi")

        assert [event.data.type for event in stream] == [
            "conversation.response.started",
            "message.output.delta",
            "conversation.response.done",
        ]

    def test_read_by_a_hook(self, clients: Clients) -> None:
        """A hook of the caller's client, as of one that logs, may read the body before."""

        def read(response: httpx.Response) -> None:
            response.read()

        async def aread(response: httpx.Response) -> None:
            await response.aread()

        service = Service(lambda _: httpx.Response(200, headers=SSE, content=iter([STARTED, DONE])))
        client = clients.open(
            http_client=httpx.AsyncClient(
                transport=httpx.MockTransport(service), event_hooks={"response": [aread]}
            )
            if clients.is_async
            else httpx.Client(
                transport=httpx.MockTransport(service), event_hooks={"response": [read]}
            )
        )

        assert len(list(client.start_stream(inputs="Hi"))) == 2

    def test_equal_to_a_parsed_event(self, clients: Clients) -> None:
        """An event equals the one that its parts make."""
        expected = models.ConversationEvents(
            event="conversation.response.started",
            data=models.ResponseStartedEvent(conversation_id="conv_1"),
        )

        assert list(clients.stream(STARTED)) == [expected]

    def test_context_manager(self, clients: Clients) -> None:
        """Leaving the block releases the connection, read or not."""
        with clients.stream(STARTED, STARTED) as stream:
            next(stream)
            assert not stream.raw_response.is_closed

        assert stream.raw_response.is_closed

    def test_context_manager_on_error(self, clients: Clients) -> None:
        """An error inside the block passes, and the connection is released."""
        with pytest.raises(KeyError), clients.stream(STARTED) as stream:
            raise KeyError

        assert stream.raw_response.is_closed

    @pytest.mark.parametrize("read", [0, 1])
    def test_closed(self, clients: Clients, read: int) -> None:
        """After the end of the block no event comes, not even one that had arrived."""
        with clients.stream(STARTED * 2, STARTED) as stream:
            for _ in range(read):
                next(stream)

        events = []
        with pytest.raises((StopIteration, httpx.StreamClosed)):
            events.append(next(stream))
        assert events == []

    @pytest.mark.anyio
    # Those of httpx, of which trio complains, whoever uses it.
    @pytest.mark.filterwarnings(r"ignore:[^$]*object (BoundAsyncStream|Response)\.")
    async def test_left_in_the_middle(self) -> None:
        """Nothing of ours is left behind that an event loop would have to clear away."""
        service = Service(lambda _: httpx.Response(200, headers=SSE, content=iter([STARTED, DONE])))
        http_client = httpx.AsyncClient(transport=httpx.MockTransport(service))
        client = AsyncConversationsClient("KEY", http_client=http_client)
        async with await client.start_stream(inputs="Hi") as stream:
            await anext(stream)
        del stream
        gc.collect()

    def test_closed_by_another_thread(self, serve: Serve) -> None:
        """A watchdog may close a stream that another thread waits for."""
        over = threading.Event()

        def script(connection: Connection) -> None:
            connection.head("Content-Type: text/event-stream")
            connection.socket.sendall(STARTED)
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

            assert stream.raw_response.is_closed
            error = reading.exception(10)
            assert error is None or isinstance(error, httpx.HTTPError | httpx.StreamError), error
            assert len(stream.events) == 1

    def test_read_to_the_end(self, clients: Clients) -> None:
        """A stream that was read to its end holds no connection."""
        stream = clients.stream(STARTED)
        list(stream)

        assert stream.raw_response.is_closed

    def test_events_come_as_they_arrive(self, serve: Serve) -> None:
        """An event is there before the next one is sent."""

        def script(connection: Connection) -> None:
            connection.head("Content-Type: text/event-stream")
            connection.socket.sendall(STARTED)
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
                with client.start_stream(model=MODEL, inputs="Hi") as stream:
                    next(stream)
                with pytest.raises(SDKError):
                    client.append_stream(conversation_id="conv_0", inputs="Hi")

            assert client.start(model=MODEL, inputs="Hi").outputs

    def test_name_from_data(self, clients: Clients) -> None:
        """An event without a name has that of its data (gotcha 17)."""
        events = list(
            clients.stream(
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

    def test_name_against_data(self, clients: Clients) -> None:
        """The type of the data decides what it is; the name stays as it was sent."""
        (event,) = clients.stream(b"event: other\n" + STARTED.partition(b"\n")[2])

        assert event.event == "other"
        assert isinstance(event.data, models.ResponseStartedEvent)

    def test_unknown_event(self, clients: Clients) -> None:
        """Events that this version does not know come like any other."""
        events = list(
            clients.stream(
                event("new.kind", x=[1, {"y": None}]),
                event("tool.execution.delta", id="i", name="n"),
                STARTED,
            )
        )

        new, misshaped, known = (event.data for event in events)
        assert isinstance(new, models.UnknownConversationEventsData)
        assert new.raw == {"type": "new.kind", "x": [1, {"y": None}]}
        assert isinstance(misshaped, models.UnknownConversationEventsData)
        assert misshaped.type == "tool.execution.delta"
        assert isinstance(known, models.ResponseStartedEvent)

    def test_unknown_fields(self, clients: Clients) -> None:
        """Fields that this version does not know are kept."""
        (done,) = clients.stream(event("tool.execution.done", id="i", name="n", function="f"))

        assert done.data.model_extra == {"function": "f"}

    @pytest.mark.parametrize(
        "data",
        [
            b"no JSON",
            b"",
            b'{"type":',
            b"\xff",
            b"no JSON " * 1000,
            b"{'type': 'x'}",
            b'{"a": 1} {"b": 2}',
        ],
    )
    def test_no_json(self, clients: Clients, data: bytes) -> None:
        """Data that is no JSON raises ResponseValidationError, after the events before it."""
        stream = clients.stream(STARTED, b"data: " + data + b"\n\n", STARTED)

        assert next(stream).event == "conversation.response.started"
        with pytest.raises(ResponseValidationError) as raised:
            next(stream)
        assert raised.value.status_code == 200
        assert raised.value.raw_response is stream.raw_response
        assert data.decode("utf-8", "replace")[:900] in raised.value.message
        assert len(raised.value.message) < 1100
        shown = "".join(traceback.format_exception(raised.value))
        assert "pydantic" not in shown  # whose error tells of our models

    def test_no_json_over_a_socket(self, serve: Serve) -> None:
        """The same over a real connection, where the body was not kept."""

        def script(connection: Connection) -> None:
            connection.head("Content-Type: text/event-stream")
            connection.socket.sendall(STARTED + b"data: no JSON\n\n")

        with (
            ConversationsClient("KEY", server_url=serve(script)) as client,
            client.start_stream(inputs="Hi") as stream,
        ):
            next(stream)
            with pytest.raises(ResponseValidationError, match="no JSON"):
                next(stream)

    def test_without_a_last_blank_line(self, clients: Clients) -> None:
        """The event that the end of the stream left open still comes (gotcha 18)."""
        events = list(clients.stream(STARTED, STARTED.rstrip(b"\n")))

        assert len(events) == 2
        assert events[0] == events[1]

    def test_empty(self, clients: Clients) -> None:
        """A stream without events is empty, and no error."""
        assert list(clients.stream()) == []

    def test_truncated(self, serve: Serve) -> None:
        """A connection that breaks raises httpx's error, after the events that were complete."""

        def script(connection: Connection) -> None:
            connection.head("Content-Type: text/event-stream", "Transfer-Encoding: chunked")
            connection.chunk(STARTED)
            connection.chunk(STARTED[:10])

        with (
            ConversationsClient("KEY", server_url=serve(script)) as client,
            client.start_stream(inputs="Hi") as stream,
        ):
            assert next(stream).event == "conversation.response.started"
            with pytest.raises(httpx.RemoteProtocolError):
                next(stream)

    @_each_stream
    @pytest.mark.parametrize("size", [1, 5, 10_000])
    def test_chunks(self, clients: Clients, call: Call, size: int) -> None:
        """The events of each operation are the same, however the network cuts them."""
        body = event("message.output.delta", id="msg_1", content="Grüße 日本 🚀") + STARTED
        chunks = [body[place : place + size] for place in range(0, len(body), size)]
        service = Service(lambda _: httpx.Response(200, headers=SSE, content=iter(chunks)))

        delta, started = perform(clients.open(service=service), call.name, call.arguments)

        assert delta.data.content == "Grüße 日本 🚀"
        assert started.data.conversation_id == "conv_1"

    @pytest.mark.parametrize(
        "end", [b"data: [DONE]\n\n", b"data:[DONE]\n\n", b"data: [DONE]\n", b"data: [DONE]"]
    )
    def test_sentinel(self, clients: Clients, end: bytes) -> None:
        """The end mark of other APIs, which a proxy may add, is no event (gotcha 16)."""
        stream = clients.stream(STARTED, DONE, end)

        assert [event.event for event in stream] == [
            "conversation.response.started",
            "conversation.response.done",
        ]
        assert stream.outcome == "done"


class TestOutcome:
    """How a stream ended, and what it said (contract section 16, gotchas 15 and 18)."""

    def test_done(self, clients: Clients) -> None:
        """The event that ends a reply makes it done, as soon as it was read."""
        stream = clients.stream(STARTED, DELTA, DONE, DELTA)

        outcomes = [stream.outcome]
        outcomes += [stream.outcome for _ in stream]

        assert outcomes == [None, None, None, "done", "done"]
        stream.raise_for_error()

    @pytest.mark.parametrize("after", [(), (STARTED,), (DONE,)])
    def test_error_event(self, clients: Clients, after: tuple[bytes, ...]) -> None:
        """An error in the stream is an event, the stream goes on, and it is raised on demand."""
        failed = event("conversation.response.error", message="it broke", code=3000)
        stream = clients.stream(STARTED, failed, *after)

        events = list(stream)

        assert isinstance(events[1].data, models.ResponseErrorEvent)
        assert (events[1].data.message, events[1].data.code) == ("it broke", 3000)
        assert len(events) == 2 + len(after)
        assert stream.outcome == "error"
        with pytest.raises(SDKError, match=r"it broke \(3000\)") as raised:
            stream.raise_for_error()
        assert raised.value.status_code == 200
        assert raised.value.raw_response is stream.raw_response
        assert json.loads(raised.value.body) == {
            "type": "conversation.response.error",
            "message": "it broke",
            "code": 3000,
        }
        with pytest.raises(SDKError, match="it broke"):
            stream.response()

    @pytest.mark.parametrize(
        ("chunks", "count"),
        [
            pytest.param((), 0, id="nothing"),
            pytest.param((STARTED, DELTA), 2, id="without an end"),
            pytest.param((STARTED, DONE.rstrip(b"\n")), 2, id="in the last event"),
            pytest.param((STARTED, event("conversation.response.done")), 2, id="another shape"),
        ],
    )
    def test_cut(self, clients: Clients, chunks: tuple[bytes, ...], count: int) -> None:
        """A stream that ends without its end is no error for the network, but it is cut."""
        stream = clients.stream(*chunks)

        assert len(list(stream)) == count
        assert stream.outcome == "cut"
        with pytest.raises(ResponseValidationError, match=f"cut short after {count} events"):
            stream.raise_for_error()
        with pytest.raises(ResponseValidationError, match="cut short"):
            stream.response()

    def test_broken(self, clients: Clients, serve: Serve) -> None:
        """A connection that breaks raises httpx's error, and the stream knows that it was cut."""

        def script(connection: Connection) -> None:
            connection.head("Content-Type: text/event-stream", "Transfer-Encoding: chunked")
            connection.chunk(STARTED)
            connection.chunk(STARTED[:10])

        with (
            clients.open(server_url=serve(script)) as client,
            client.start_stream(inputs="Hi") as stream,
        ):
            with pytest.raises(httpx.RemoteProtocolError):
                list(stream)
            assert stream.outcome == "cut"
            assert len(stream.events) == 1
            with pytest.raises(httpx.StreamConsumed, match="broke off: RemoteProtocolError"):
                list(stream)

    def test_no_json(self, clients: Clients) -> None:
        """So does a stream with an event that is none."""
        stream = clients.stream(STARTED, b"data: no JSON\n\n", DONE)

        with pytest.raises(ResponseValidationError, match="no JSON"):
            stream.response()

        assert stream.outcome == "cut"

    def test_cut_in_an_event(self, clients: Clients) -> None:
        """What is left of an event says where the stream ended."""
        stream = clients.stream(STARTED, DELTA[:60])

        with pytest.raises(ResponseValidationError, match=r"It ends in an event: '\{"):
            list(stream)
        assert stream.outcome == "cut"
        with pytest.raises(ResponseValidationError, match=r"cut short after 1 event: .* It ends"):
            stream.raise_for_error()

    def test_not_read(self, clients: Clients) -> None:
        """Nobody knows how a stream ends that was not read to its end; that is no good news."""
        failed = event("conversation.response.error", message="it broke", code=3000)
        stream = clients.stream(STARTED, failed)
        next(stream)

        with pytest.raises(RuntimeError, match="not read to its end"):
            stream.raise_for_error()

    def test_events_are_a_copy(self, clients: Clients) -> None:
        """What is done to the list does nothing to the stream."""
        stream = clients.stream(STARTED, DELTA, DONE)
        list(stream)

        stream.events.clear()

        assert stream.text == "Hi"
        assert len(stream.events) == 3

    def test_closed_early(self, clients: Clients) -> None:
        """What was closed by the caller has no outcome, and says so when it is read again."""
        with clients.stream(STARTED + DELTA, DONE) as stream:
            next(stream)

        assert stream.outcome is None
        with pytest.raises(RuntimeError, match="not read to its end"):
            stream.raise_for_error()
        for read in (lambda: list(stream), stream.response):
            with pytest.raises(httpx.StreamClosed, match="The stream was closed"):
                read()

    def test_text(self, clients: Clients) -> None:
        """The text grows with what is read; chunks of other kinds are left out."""
        chunk = {"type": "tool_reference", "tool": "web_search", "title": "t"}
        said: tuple[object, ...] = ("Grü", "ße", chunk, {"type": "text", "text": "!"})
        deltas = [event("message.output.delta", id="m", content=each) for each in said]
        stream = clients.stream(STARTED, *deltas, DONE)

        texts = [stream.text for _ in stream]

        assert texts == ["", "Grü", "Grüße", "Grüße", "Grüße!", "Grüße!"]
        assert stream.text == "Grüße!"

    def test_text_of_several_outputs(self, clients: Clients) -> None:
        """The messages follow each other as in the reply, however their pieces came."""
        pieces = [(1, "c"), (0, "a"), (1, "d"), (0, "b")]
        deltas = [
            event("message.output.delta", id=f"m{index}", output_index=index, content=text)
            for index, text in pieces
        ]

        stream = clients.stream(*deltas)
        list(stream)

        assert stream.text == "abcd"

    def test_response(self, clients: Clients) -> None:
        """The reply is put together, from what was read and from what is left."""
        stream = clients.stream(STARTED, DELTA, DELTA, DONE)
        next(stream)

        reply = stream.response()

        assert reply == models.ConversationResponse(
            conversation_id="conv_1",
            outputs=[models.MessageOutputEntry(id="msg_1", content="HiHi")],
            usage=models.ConversationUsageInfo(
                prompt_tokens=1, completion_tokens=2, total_tokens=3
            ),
        )
        assert stream.response() == reply
        assert len(stream.events) == 4

    def test_response_after_the_last_event(self, clients: Clients) -> None:
        """The whole reply is there with its last event, though the stream was left then."""
        with clients.stream(STARTED, DELTA, DONE) as stream:
            for each in stream:
                if isinstance(each.data, models.ResponseDoneEvent):
                    break

        assert stream.response().outputs == [models.MessageOutputEntry(id="msg_1", content="Hi")]

    def test_no_utf8(self, clients: Clients) -> None:
        """What is no UTF-8 is read as the standard reads it."""
        stream = clients.stream(STARTED, DELTA.replace(b"Hi", b"a\xffb \xf0\x9f"), DONE)

        stream.response()

        assert stream.text == "a\ufffdb \ufffd"

    def test_response_without_a_beginning(self, clients: Clients) -> None:
        """Events that make no whole reply are an error that says what is missing."""
        with pytest.raises(
            ResponseValidationError, match=r"no event conversation\.response\.started"
        ):
            clients.stream(DELTA, DONE).response()


FIELDS = {
    "type": st.sampled_from(
        ["message.output.delta", "function.call.delta", "tool.execution.done", "x", None, 1]
    ),
    "output_index": st.sampled_from([0, 1, None, "1", "a"]),
    "content_index": st.sampled_from([0, None]),
    "role": st.sampled_from(["assistant", None]),
    "content": st.sampled_from(["Hi", None, {"type": "text", "text": "Hi"}, {"type": "x"}, 1]),
    "created_at": st.sampled_from(["2026-11-24T10:00:00Z", None, "never"]),
    "name": st.sampled_from(["web_search", "mine", None]),
    "tool_call_id": st.just("t"),
    "arguments": st.sampled_from(["{}", None]),
    "info": st.sampled_from([{}, None]),
    "mine": st.sampled_from([1, None]),
}


@given(st.fixed_dictionaries({"id": st.just("m")}, optional=FIELDS))
def test_what_is_tried_first_is_what_the_union_takes(sent: dict[str, object]) -> None:
    """An event of a stream is read as its union reads it, whatever it is."""
    text = json.dumps(sent).encode()
    response = httpx.Response(200, content=b"data: %b\n\n" % text)
    adapter: TypeAdapter[object] = TypeAdapter(models.ConversationEventsData)
    expected = adapter.validate_json(text, extra="allow")
    (event,) = EventStream(response)
    assert event.data == expected
    assert type(event.data) is type(expected)


def test_an_event_is_made_as_pydantic_makes_it() -> None:
    """What takes a shorter way gives the same: equal, written alike, and copied alike."""
    data = models.MessageOutputEvent(id="msg_1", content="Hi")
    quick = models.ConversationEvents.of("message.output.delta", data)
    slow = models.ConversationEvents.model_construct(event="message.output.delta", data=data)
    assert quick == slow
    assert quick.model_dump_json() == slow.model_dump_json()
    assert quick.model_copy(deep=True) == slow
