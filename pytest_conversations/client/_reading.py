"""What is read of a streamed reply: bytes to events, and what they say (contract section 12)."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Literal, get_args

import httpx
import pydantic
from pydantic import TypeAdapter

from pytest_conversations import _reassembly
from pytest_conversations._plural import counted
from pytest_conversations._sse import Decoder, ServerSentEvent
from pytest_conversations.errors import ResponseValidationError, SDKError
from pytest_conversations.models import (
    ConversationEvents,
    ConversationEventsData,
    ConversationResponse,
    ResponseDoneEvent,
    ResponseErrorEvent,
)
from pytest_conversations.models._events import KnownConversationEventsData

_SHOWN = 1000  # characters of an event that an error message shows
_DATA: TypeAdapter[ConversationEventsData] = TypeAdapter(ConversationEventsData)
_KNOWN: TypeAdapter[ConversationEventsData] = TypeAdapter(KnownConversationEventsData)
# What an adapter's own method calls, which looks at its arguments first, for each event.
_validated: Callable[[bytes | str], ConversationEventsData] = functools.partial(
    _DATA.validator.validate_json, extra="allow"
)
# The same for what that union tries first, and which nearly all events are.
_known: Callable[[bytes], ConversationEventsData] = functools.partial(
    _KNOWN.validator.validate_json, extra="allow"
)
_made = ConversationEvents.of
_Last = ResponseDoneEvent | ResponseErrorEvent
_LAST = set(get_args(_Last))
_SENTINEL = b"[DONE]"  # ends the streams of other APIs; a proxy may add it here (gotcha 16)


class BaseEventStream:
    """What both kinds of stream share: all but the I/O.

    Attributes:
        raw_response: the ``httpx.Response`` that is being read.
    """

    def __init__(self, response: httpx.Response) -> None:
        self.raw_response = response
        self._events: list[ConversationEvents] = []
        self._text = _reassembly.Text()
        self._decoder = Decoder()
        self._last: _Last | None = None
        self._ended = False
        self._failure = ""
        self._closed = False

    @property
    def events(self) -> list[ConversationEvents]:
        """The events that were read so far."""
        return list(self._events)

    @property
    def outcome(self) -> Literal["done", "error", "cut"] | None:
        """How the stream ended; None as long as it was not read to its end.

        ``done``: with the event that ends a reply. ``error``: with an error event, which came like
        any other. ``cut``: with neither, or in the middle of an event, whether the connection broke
        off or not; or because it could not be read on.
        """
        if self._last is None:
            return "cut" if self._ended else None
        return "done" if isinstance(self._last, ResponseDoneEvent) else "error"

    @property
    def text(self) -> str:
        """The text of the messages in the events that were read so far."""
        return self._text.of(event.data for event in self._events[self._text.taken :])

    def raise_for_error(self) -> None:
        """Raise an error if the stream ended with one, or was cut.

        Raises:
            SDKError: it ended with an error event, whose data is the ``body``.
            ResponseValidationError: it was cut.
            RuntimeError: it was not read to its end, so nobody knows.
        """
        if isinstance(self._last, ResponseErrorEvent):
            msg = (
                f"The API ended the stream with an error: {self._last.message} ({self._last.code})"
            )
            raise SDKError(msg, self.raw_response, self._last.model_dump_json())
        if self.outcome == "cut":
            why = self._failure or "it ended without a whole event conversation.response.done"
            msg = f"The stream was cut short after {counted(len(self._events), 'event')}: {why}"
            raise ResponseValidationError(msg, self.raw_response, "")
        if self.outcome is None:
            msg = "The stream was not read to its end, so that it may still end with an error"
            raise RuntimeError(msg)

    def _is_plain(self) -> bool:
        """Whether httpx has nothing to decode, which takes it a tenth of the time of an event."""
        response = self.raw_response
        # An event hook of the caller's client may have read it, and then it is no stream any more.
        return not (response.is_stream_consumed or "content-encoding" in response.headers)

    def _rest(self) -> Iterator[ConversationEvents]:
        """The event that the end of the stream left open (gotcha 18)."""
        last = self._decoder.flush()
        if last is not None and (event := self._typed(last)) is not None:
            yield event

    def _typed(self, event: ServerSentEvent) -> ConversationEvents | None:
        """An event as it is given to the caller; None for `_SENTINEL`."""
        name, sent, _, _, is_complete = event
        try:
            data = _known(sent)
        except pydantic.ValidationError:
            if sent == _SENTINEL:
                return None
            data = self._looked_at_again(event)
        # An event without its blank line is of a stream that was cut, whatever it says.
        # (That it is a last one by its very type takes a tenth of the time of `isinstance`.)
        if type(data) in _LAST and isinstance(data, _Last) and is_complete:
            self._last = self._last if isinstance(self._last, ResponseErrorEvent) else data
        # The type of the data stands in for a name that was not sent (gotcha 17).
        typed = _made(name or data.type or "message", data)
        self._events.append(typed)
        return typed

    def _looked_at_again(self, event: ServerSentEvent) -> ConversationEventsData:
        """The data of an event that is none of the known, or no JSON at first sight."""
        with contextlib.suppress(pydantic.ValidationError):
            return _validated(event.data)
        text = event.data.decode("utf-8", "replace")  # the standard reads no UTF-8 as U+FFFD
        try:
            return _validated(text)
        except pydantic.ValidationError:
            what = "An event of the stream is no JSON" if event.complete else "It ends in an event"
            msg = f"{what}: {text[:_SHOWN]!r}"
            # pydantic's own error tells of our models, and not of the event.
            raise ResponseValidationError(msg, self.raw_response, text) from None

    def _fail(self, error: BaseException) -> None:
        # Not the error itself, whose traceback holds this stream.
        self._ended, self._failure = True, f"{type(error).__name__}: {error}"

    def _refuse_second_reading(self) -> None:
        """Raise httpx's error where nothing would come, as if the reply were empty."""
        error: httpx.StreamError | None = None
        if self._failure:
            error = httpx.StreamConsumed()
            error.args = (f"The stream broke off: {self._failure}. `events` has what was read.",)
        elif self._ended:
            error = httpx.StreamConsumed()
            error.args = ("The stream was read to its end; `events` has what was read.",)
        elif self._closed:
            error = httpx.StreamClosed()
            error.args = ("The stream was closed; `events` has what was read.",)
        if error is not None:
            raise error

    def _reassembled(self) -> ConversationResponse:
        self.raise_for_error()
        try:
            return _reassembly.response(event.data for event in self._events)
        except ValueError as incomplete:
            msg = f"The events of the stream make no whole reply: {incomplete}"
            raise ResponseValidationError(msg, self.raw_response, "") from incomplete
