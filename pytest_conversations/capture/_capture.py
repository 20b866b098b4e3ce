"""Capture: while it is installed, requests to the API are recorded or replayed, whoever sends them.

It stands at the transports of httpx and httpx2, below every client object, so nothing has to be
injected into an app, and retries, redirects and hooks of a client work as they do without it.
"""

import contextlib
import functools
from collections.abc import Iterator, Sequence
from typing import TypeAlias

import httpx

from pytest_conversations.capture import _exchange
from pytest_conversations.capture._library import Library, installed
from pytest_conversations.capture._recorder import Recorder
from pytest_conversations.capture._streams import AsyncTee, Tee
from pytest_conversations.cassette import ConversationCassette
from pytest_conversations.errors import CassetteError

Origin: TypeAlias = tuple[str, str, int | None]

_CREDENTIALS = ("authorization", "proxy-authorization", "x-api-key", "api-key", "cookie")


class Capture:
    """Connects one cassette with the requests to some origins.

    Args:
        cassette: where interactions come from and go to.
        origins: URLs whose origins (RFC 6454: scheme, host and port) are captured; requests to
            all others pass untouched.
        send_to: URL of a server to send to instead; the cassette keeps the request's own URL.
    """

    def __init__(
        self, cassette: ConversationCassette, origins: Sequence[str], *, send_to: str | None = None
    ) -> None:
        self._cassette = cassette
        self._origins = {_origin(httpx.URL(url)) for url in origins}
        self._send_to = None if send_to is None else httpx.URL(send_to)
        self._recorders: list[Recorder] = []

    @contextlib.contextmanager
    def installed(self) -> Iterator[None]:
        """Capture until the end of the ``with`` block."""
        with contextlib.ExitStack() as stack:
            stack.callback(self._end_recordings)
            for library in installed():
                stack.enter_context(self._patch(library))
                stack.enter_context(self._patch_async(library))
            yield

    def _patch(self, library: Library) -> contextlib.AbstractContextManager[None]:
        original = library.HTTPTransport.handle_request

        @functools.wraps(original)
        def handle_request(
            transport: httpx.HTTPTransport, request: httpx.Request
        ) -> httpx.Response:
            __tracebackhide__ = True  # pytest: the caller's frames are what matters
            if _origin(request.url) not in self._origins:
                return original(transport, request)
            answer = self._answer(library, request, request.read())
            if not isinstance(answer, Recorder):
                return answer or original(transport, request)
            try:
                response = original(transport, self._outgoing(library, request))
            except library.TransportError as error:
                answer.fail(error)
                raise
            return answer.listen(response, Tee)

        return _replaced(library.HTTPTransport, "handle_request", handle_request)

    def _patch_async(self, library: Library) -> contextlib.AbstractContextManager[None]:
        original = library.AsyncHTTPTransport.handle_async_request

        @functools.wraps(original)
        async def handle_async_request(
            transport: httpx.AsyncHTTPTransport, request: httpx.Request
        ) -> httpx.Response:
            __tracebackhide__ = True  # pytest: the caller's frames are what matters
            if _origin(request.url) not in self._origins:
                return await original(transport, request)
            answer = self._answer(library, request, await request.aread())
            if not isinstance(answer, Recorder):
                return answer or await original(transport, request)
            try:
                response = await original(transport, self._outgoing(library, request))
            except library.TransportError as error:
                answer.fail(error)
                raise
            return answer.listen(response, AsyncTee)

        return _replaced(library.AsyncHTTPTransport, "handle_async_request", handle_async_request)

    def _answer(
        self, library: Library, request: httpx.Request, body: bytes
    ) -> httpx.Response | Recorder | None:
        """A recorded response, or what records the live one; None where the hook says neither."""
        __tracebackhide__ = True
        sent = _exchange.cassette_request(request, body)
        made = self._cassette.admit(sent)
        if made is None:
            return None
        recorded = self._cassette.play(made)
        if recorded is not None:
            path = self._cassette.path
            return _exchange.library_response(
                recorded, library, path, lambda: self._cassette.miss(made, _CLOSED)
            )
        if self._send_to is None and not any(name in request.headers for name in _CREDENTIALS):
            raise self._cassette.refuse(CassetteError(_NO_KEY.format(made.method, made.uri)))
        recorder = Recorder(self._cassette.record(sent), library, f"{made.method} {made.uri}")
        self._recorders.append(recorder)
        return recorder

    def _outgoing(self, library: Library, request: httpx.Request) -> httpx.Request:
        """The request as it is sent: the caller's, unless it goes to another server."""
        if self._send_to is None:
            return request
        url = request.url.copy_with(
            scheme=self._send_to.scheme, host=self._send_to.host, port=self._send_to.port
        )
        headers = [pair for pair in request.headers.raw if pair[0].lower() != b"host"]
        return library.Request(
            request.method,
            url,
            headers=[(b"Host", url.netloc), *headers],
            stream=request.stream,
            extensions=request.extensions,
        )

    def _end_recordings(self) -> None:
        for recorder in self._recorders:
            recorder.end()


_CLOSED = (
    "The recording ends here: when it was made, the test closed this response before its end, and "
    "now it reads on."
)
_NO_KEY = (
    "Cannot record {} {}: the request carries no API key. Set the environment variable "
    "MISTRAL_API_KEY, or record from the sandbox with --conversations-sandbox. "
    "Nothing was sent or written."
)


def _origin(url: httpx.URL) -> Origin:
    return url.scheme, url.host, url.port  # httpx drops a port that is the scheme's own


@contextlib.contextmanager
def _replaced(owner: type, name: str, function: object) -> Iterator[None]:
    original = getattr(owner, name)
    setattr(owner, name, function)
    try:
        yield
    finally:
        setattr(owner, name, original)
