"""What a recorded interaction was: which operation, what was asked, what was answered, and when."""

import dataclasses
import itertools
import json
import re
from collections.abc import Sequence
from typing import cast
from urllib.parse import urlsplit

from pydantic import JsonValue, TypeAdapter, ValidationError

from pytest_conversations import _reassembly
from pytest_conversations._sse import Decoder, ServerSentEvent
from pytest_conversations.cassette import (
    Chunk,
    Interaction,
    Response,
    as_recorded,
    body_bytes,
    cut_at_events,
    decoded,
    event_ends,
    header_values,
)
from pytest_conversations.models import ConversationEventsData
from pytest_conversations.transcript import _chats
from pytest_conversations.transcript._chats import Data, objects

# Of a path behind `/v1/conversations`, which operation it is (contract section 1).
_OPERATIONS = (
    ("POST", re.compile(r""), "start"),
    ("GET", re.compile(r""), "list"),
    ("GET", re.compile(r"/[^/]+/history"), "get_history"),
    ("GET", re.compile(r"/[^/]+/messages"), "get_messages"),
    ("POST", re.compile(r"/[^/]+/restart"), "restart"),
    ("POST", re.compile(r"/[^/]+"), "append"),
    ("GET", re.compile(r"/[^/]+"), "get"),
    ("DELETE", re.compile(r"/[^/]+"), "delete"),
)
_BASE = "/v1/conversations"
_LISTS = ("outputs", "entries", "messages")
_DATA: TypeAdapter[list[ConversationEventsData]] = TypeAdapter(list[ConversationEventsData])


@dataclasses.dataclass(frozen=True)
class Event:
    """A server-sent event.

    Attributes:
        ms: since the request was sent, when its last byte came.
        name: of the event; empty where it has none.
        data: as JSON data; a text where it is none.
        start: of its first byte in the body.
        end: behind its last byte.
    """

    ms: int
    name: str
    data: JsonValue
    start: int
    end: int


@dataclasses.dataclass(frozen=True)
class Exchange:
    """A recorded request with its response.

    Attributes:
        number: from 1, in the order of the cassette.
        method: of HTTP.
        url: the whole of it.
        operation: the method of a client that makes such a request; empty for another API.
        request: its body, as JSON data; a text where it is none, None where there is none.
        status: of the response; 0 where none came.
        reason: the phrase beside it.
        response: the body, as JSON data, or a text; None for a stream.
        body: its bytes.
        chunks: in which pieces it came, and when; none where that is not recorded.
        events: of a stream.
        is_stream: whether it is one.
        error: how it failed, in a few words; empty where it did not.
        test: whose it is, in a cassette that tests share; else empty.
    """

    number: int
    method: str
    url: str
    operation: str
    request: JsonValue
    status: int
    reason: str
    response: JsonValue
    body: bytes
    chunks: tuple[Chunk, ...]
    events: tuple[Event, ...]
    is_stream: bool
    error: str
    test: str

    @property
    def place(self) -> str:
        """Which conversation it is about, and what of it; of another API, the whole URL."""
        if not self.operation:
            return self.url
        url = urlsplit(self.url)
        parts = [part for part in url.path.split("/")[3:] if part not in self.operation]
        return f"{'/'.join(parts)}{'?' * bool(url.query)}{url.query}"

    @property
    def asked(self) -> list[Data]:
        """The entries of the request; of a chat completion its messages, as such."""
        inputs = self.request.get("inputs") if isinstance(self.request, dict) else None
        if isinstance(inputs, str):
            return [{"type": "message.input", "role": "user", "content": inputs}]
        return objects(inputs) or ([] if self.operation else _chats.asked(self.request))

    @property
    def answered(self) -> list[Data]:
        """The entries of the response; those of a stream put together, as far as it goes."""
        if self.is_stream:
            whole = _of_events(self.events)
            if whole or self.operation:
                return whole
            return list(_chats.streamed(event.data for event in self.events))
        reply = self.response if isinstance(self.response, dict) else {}
        of_chat = [] if self.operation or not self.asked else _chats.answered(reply)
        return of_chat or next((objects(reply[key]) for key in _LISTS if key in reply), [])

    @property
    def usage(self) -> Data:
        """The counts of tokens; empty where nothing tells them."""
        told = [self.response, *(event.data for event in self.events)]
        for each in reversed(told):
            usage = each.get("usage") if isinstance(each, dict) else None
            if isinstance(usage, dict):
                return usage
        return {}

    @property
    def ms(self) -> int:
        """How long the response took, from the request on."""
        return sum(chunk.ms for chunk in self.chunks)


def exchanges(interactions: Sequence[Interaction]) -> list[Exchange]:
    """The exchanges of a cassette, in order."""
    return [exchange(number, each) for number, each in enumerate(interactions, 1)]


def exchange(number: int, interaction: Interaction) -> Exchange:
    """One exchange of a cassette.

    Args:
        number: from 1, in the order of the cassette.
        interaction: as it stands there.
    """
    request, response = interaction
    body = decoded(
        response["body"].get("string") or b"", _header(response, "content-encoding")
    ).body
    stream = response.get("stream", {})
    kind = _header(response, "content-type").partition(";")[0].strip().lower()
    is_stream = kind == "text/event-stream"
    recorded = as_recorded(body, stream.get("chunks")) if "chunks" in stream else None
    chunks = tuple(recorded or ())
    sent = body_bytes(request).decode("utf-8", "replace")
    return Exchange(
        number=number,
        method=request.method,
        url=request.uri,
        operation=_operation(request.method, request.uri, sent, is_stream=is_stream),
        request=_data(sent) if sent else None,
        status=response["status"]["code"],
        reason=response["status"].get("message") or "",
        response=None if is_stream else _data(body.decode("utf-8", "replace")) if body else None,
        body=body,
        chunks=chunks,
        events=_events(body, chunks or tuple(cut_at_events(body))) if is_stream else (),
        is_stream=is_stream,
        error=_error(response),
        test=str(response.get("test", "")),
    )


def _operation(method: str, url: str, sent: str, *, is_stream: bool) -> str:
    path = urlsplit(url).path.rstrip("/")
    if not path.startswith(_BASE):
        return ""
    rest = path.removeprefix(_BASE)
    name = next(
        (name for verb, form, name in _OPERATIONS if verb == method and form.fullmatch(rest)), ""
    )
    data = _data(sent)
    streams = is_stream or (isinstance(data, dict) and data.get("stream") is True)
    return f"{name}_stream" if streams and name in {"start", "append", "restart"} else name


def _header(response: Response, wanted: str) -> str:
    return ", ".join(
        value
        for name, values in header_values(response)
        if name.lower() == wanted
        for value in values
    )


def _data(text: str) -> JsonValue:
    try:
        return cast("JsonValue", json.loads(text))
    except (ValueError, RecursionError):
        return text


def _error(response: Response) -> str:
    stream = response.get("stream", {})
    error = response.get("error") or stream.get("error")
    if error:
        return f"{error['type']}: {error['message']}" if error["message"] else str(error["type"])
    return "the app closed the stream before its end" if stream.get("closed") else ""


def _events(body: bytes, chunks: Sequence[Chunk]) -> tuple[Event, ...]:
    decoder = Decoder()
    whole: list[ServerSentEvent] = [*decoder.feed(body)]
    last = decoder.flush()
    ends = event_ends(body)
    if last is not None:
        whole.append(last)
        ends.append(len(body))
    arrivals = list(itertools.accumulate(len(chunk.data) for chunk in chunks))
    times = list(itertools.accumulate(chunk.ms for chunk in chunks))
    events = []
    start = at = 0
    for event, end in zip(whole, ends, strict=False):
        while at < len(arrivals) - 1 and arrivals[at] < end:
            at += 1
        data = _data(event.data.decode("utf-8", "replace"))
        events.append(Event(times[at] if times else 0, event.event or "", data, start, end))
        start = end
    return tuple(events)


def _of_events(events: Sequence[Event]) -> list[Data]:
    try:
        typed = _DATA.validate_python([event.data for event in events], extra="allow")
        entries = _reassembly.outputs(typed)
    except (ValidationError, ValueError):
        return []
    return [entry.model_dump(mode="json", exclude_unset=True) for entry in entries]
