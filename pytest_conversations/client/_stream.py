"""Events of a streamed reply: bytes to server-sent events to typed events (contract section 12)."""

from collections.abc import Iterator
from types import TracebackType
from typing import Self

import httpx
import pydantic
from pydantic import TypeAdapter

from pytest_conversations._sse import Decoder, ServerSentEvent
from pytest_conversations.errors import ResponseValidationError
from pytest_conversations.models import ConversationEvents, ConversationEventsData

_SHOWN = 1000  # characters of an event that an error message shows
_DATA: TypeAdapter[ConversationEventsData] = TypeAdapter(ConversationEventsData)


class EventStream:
    """The events of one reply: an iterator, once through, and a context manager.

    Leaving the ``with`` block or calling `close` releases the connection.

    Attributes:
        response: the ``httpx.Response`` that is being read.
    """

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._events = self._read()
        self._closed = False

    def __iter__(self) -> Iterator[ConversationEvents]:
        return self

    def __next__(self) -> ConversationEvents:
        if self._closed:
            raise StopIteration
        return next(self._events)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the connection. What was not read is lost."""
        self._closed = True  # not by closing the generator: another thread may be inside of it
        self.response.close()

    def _read(self) -> Iterator[ConversationEvents]:
        decoder = Decoder()
        for chunk in self.response.iter_bytes():
            for event in decoder.feed(chunk):
                yield self._typed(event)
        last = decoder.flush()
        if last is not None:
            yield self._typed(last)

    def _typed(self, event: ServerSentEvent) -> ConversationEvents:
        try:
            data = _DATA.validate_json(event.data, extra="allow")
        except pydantic.ValidationError as invalid:
            text = event.data.decode("utf-8", "replace")
            msg = f"An event of the stream is no JSON: {text[:_SHOWN]!r}"
            raise ResponseValidationError(msg, self.response, text) from invalid
        # The type of the data stands in for a name that was not sent (gotcha 17).
        name = event.event or data.type or "message"
        return ConversationEvents.model_construct(event=name, data=data)
