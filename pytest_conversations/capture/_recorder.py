"""Records one request that goes out: its failure, or its response while the caller reads it."""

import contextlib
import time
from collections.abc import Iterator

import httpx

from pytest_conversations.capture._failures import failure, is_cancellation
from pytest_conversations.capture._library import Library
from pytest_conversations.capture._streams import as_stream
from pytest_conversations.capture._tape import Tape
from pytest_conversations.cassette import Chunk, Recording, table


class Recorder:
    """Fills one place of a cassette. Make it right before the request is sent.

    Args:
        recording: the place.
        library: the caller's library.
        label: the request in a few words, without secrets, for messages.
    """

    def __init__(self, recording: Recording, library: Library, label: str) -> None:
        self._recording = recording
        self._label = label
        self._library = library
        self._sent = time.perf_counter()
        self._tape: Tape | None = None

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Record what happens to the request in the ``with`` block, if no response comes."""
        try:
            yield
        except self._library.TransportError as error:
            self._recording.response = failure(error)
            error.add_note(f"No response came to {self._label}, which was to be recorded.")
            raise
        except BaseException as error:
            if is_cancellation(error):
                waited = round((time.perf_counter() - self._sent) * 1000)
                self._recording.response = failure(error, table([Chunk(waited, b"")]))
            raise

    def listen(self, response: httpx.Response, tee: type) -> httpx.Response:
        """Record a response while its body is read; give the caller the response itself."""
        self._tape = Tape(self._recording, self._library, response, self._sent)
        response.stream = as_stream(tee, self._library)(response.stream, self._tape)
        return response

    def end(self) -> None:
        """Complete the recording with what there is; where it is complete, do nothing."""
        if self._tape is not None:
            self._tape.end(closed=True)
