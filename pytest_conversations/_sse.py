"""Server-sent events: bytes to events, whatever the cut of the bytes.

The rules are those of the WHATWG HTML standard, section 9.2.6, "Interpreting an event stream",
with one exception that the Conversations API wants (gotcha 18): an event that the end of the
stream left without its blank line is kept, and marked, instead of being dropped.
"""

import re
from typing import NamedTuple

_BOM = b"\xef\xbb\xbf"
_LONGEST_RETRY = 18  # digits; a time in ms that no client waits, in an int that any language has


# What nearly all events are, so that most need no look at each of their lines.
_PLAIN = re.compile(rb"(?:event: ?(.*+)\n)?+data: ?(.*+)\n\n")


class ServerSentEvent(NamedTuple):
    """One event.

    Attributes:
        event: its name; None where the stream gave none.
        data: the ``data`` lines joined with line feeds, UTF-8.
        id: the last event id that the stream gave; empty where none.
        retry: reconnection time in ms, if this event gave one.
        complete: False where the stream ended before the blank line that closes an event.
    """

    event: str | None
    data: bytes
    id: str = ""
    retry: int | None = None
    complete: bool = True


_new = tuple.__new__


class Decoder:
    """Decodes one stream. Costs time linear in the bytes, one byte at a time included."""

    def __init__(self) -> None:
        self._is_between = False  # two events, with nothing left of the one before
        self._start: bytes | None = b""  # what may be a byte order mark; None once that is settled
        self._after_cr = False
        self._line: list[bytes] = []  # the pieces of the line that is still open
        self._event: str | None = None
        self._data: list[bytes] = []
        self._id = ""
        self._retry: int | None = None
        self._name: tuple[bytes | None, str | None] = (None, None)  # the last that was decoded

    def feed(self, chunk: bytes) -> list[ServerSentEvent]:
        """Take the next bytes; give the events that they complete, in order."""
        if self._start is not None:
            chunk = self._begun(self._start + chunk)
        events = []
        at = 0
        has_cr = self._after_cr or chunk.find(b"\r") >= 0  # `in` is slower, of bytes
        if self._is_between and not has_cr:
            length = len(chunk)
            while at < length and (plain := _PLAIN.match(chunk, at)) is not None:
                name, data = plain.groups()
                if name != self._name[0]:
                    self._name = name, name.decode("utf-8", "replace") if name else None
                # As `ServerSentEvent(...)`, in half of the time.
                events.append(_new(ServerSentEvent, (self._name[1], data, self._id, None, True)))
                at = plain.end()
            if at == length:
                return events
            chunk = chunk[at:]
        if has_cr:
            chunk = self._normalise(chunk)
        if chunk.find(b"\n") < 0:
            if chunk:
                self._line.append(chunk)
                self._is_between = False
            return events
        *lines, rest = (b"".join(self._line) + chunk).split(b"\n")
        self._line = [rest] if rest else []
        events.extend(event for line in lines if (event := self._take(line)) is not None)
        is_open = self._after_cr or self._line or self._data or self._event is not None
        self._is_between = not is_open and self._retry is None
        return events

    def flush(self) -> ServerSentEvent | None:
        """End the stream; give the event that it left open, if it had any data."""
        line = (self._start or b"") + b"".join(self._line)
        self._start, self._line = None, []
        if line:
            self._take(line)
        return self._dispatch(complete=False)

    def _begun(self, chunk: bytes) -> bytes:
        """The first bytes without a byte order mark; none as long as they may be one."""
        if len(chunk) < len(_BOM) and _BOM.startswith(chunk):
            self._start = chunk
            return b""
        self._start = None
        self._is_between = True
        return chunk.removeprefix(_BOM)

    def _normalise(self, chunk: bytes) -> bytes:
        """Make every line end a line feed; CR LF may be cut over two chunks."""
        if self._after_cr and chunk:
            self._after_cr = False
            chunk = chunk.removeprefix(b"\n")
        if b"\r" in chunk:
            self._after_cr = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return chunk

    def _take(self, line: bytes) -> ServerSentEvent | None:
        if not line:
            return self._dispatch()
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            self._data.append(value)
        elif field == b"event":
            self._event = value.decode("utf-8", "replace")
        elif field == b"id" and b"\0" not in value:
            self._id = value.decode("utf-8", "replace")
        elif field == b"retry" and value.isdigit() and len(value) <= _LONGEST_RETRY:
            self._retry = int(value)
        return None  # a comment, or a field that the standard does not know: ignored

    def _dispatch(self, *, complete: bool = True) -> ServerSentEvent | None:
        event = None
        if self._data:
            data = b"\n".join(self._data)
            event = ServerSentEvent(self._event or None, data, self._id, self._retry, complete)
        self._event, self._data, self._retry = None, [], None
        return event
