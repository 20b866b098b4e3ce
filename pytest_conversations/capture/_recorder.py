"""Records one request that goes out: its failure, or its response while the caller reads it."""

import contextlib
import time
from asyncio import CancelledError
from collections.abc import Callable, Iterator

import httpx

from pytest_conversations.capture._failures import failure, is_cancellation
from pytest_conversations.capture._library import Library
from pytest_conversations.capture._streams import as_stream
from pytest_conversations.capture._tape import Tape
from pytest_conversations.cassette import Chunk, Recording, table
from pytest_conversations.errors import CassetteError


class Recorder:
    """Fills one place of a cassette. Make it right before the request is sent.

    Args:
        recording: the place.
        library: the caller's library.
        label: the request in a few words, without secrets, for messages.
        refuse: takes the error that the test has to fail with.
    """

    def __init__(
        self,
        recording: Recording,
        library: Library,
        label: str,
        refuse: Callable[[CassetteError], object],
    ) -> None:
        self._recording = recording
        self._label = label
        self._library = library
        self._refuse = refuse
        self._sent = time.perf_counter()
        self._tape: Tape | None = None
        self._was_interrupted = False

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
                self._leave(error)
            else:
                self._interrupted(error)
            raise

    def listen(self, response: httpx.Response, tee: type) -> httpx.Response:
        """Record a response while its body is read; give the caller the response itself."""
        self._tape = Tape(self._recording, self._library, response, self._sent, self._interrupted)
        response.stream = as_stream(tee, self._library)(response.stream, self._tape)
        return response

    def end(self) -> None:
        """Complete the recording at the end of the test; where it is complete, do nothing."""
        if self._tape is not None:
            self._tape.leave()
        elif self._recording.response is None and not self._was_interrupted:
            self._leave(CancelledError())  # a thread still waits

    def _leave(self, error: BaseException) -> None:
        waited = round((time.perf_counter() - self._sent) * 1000)
        self._recording.response = failure(error, table([Chunk(max(0, waited), b"")]))

    def _interrupted(self, error: BaseException) -> None:
        """Note an error that comes from outside, such as a handler of a signal."""
        self._was_interrupted = True
        if isinstance(error, Exception):
            self._refuse(CassetteError(_INTERRUPTED.format(self._label, type(error).__name__)))


_INTERRUPTED = (
    "{} was interrupted by a {}, which is no error of the network: a replay could not do the same, "
    "so nothing is written. Let the app give up by a timeout of its client, or of its event loop"
)
