"""Capture: while it is installed, requests to the API are recorded or replayed, whoever sends them.

It stands at the transports of httpx and httpx2, below every client object, so nothing has to be
injected into an app, and retries, redirects and hooks of a client work as they do without it.
"""

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import anyio.lowlevel
import httpx
from vcr.request import Request

from pytest_conversations.capture import _exchange
from pytest_conversations.capture._guard import LOOPBACK, Guard, Origin
from pytest_conversations.capture._library import Library, installed
from pytest_conversations.capture._meeting import meet
from pytest_conversations.capture._patches import all_replaced, replaced
from pytest_conversations.capture._recorder import Recorder
from pytest_conversations.capture._shape import Shape
from pytest_conversations.capture._streams import AsyncTee, Hang, Tee
from pytest_conversations.capture._waits import Waits
from pytest_conversations.cassette import ConversationCassette, Response
from pytest_conversations.errors import CassetteError

_CREDENTIALS = ("authorization", "proxy-authorization", "x-api-key", "api-key", "cookie")


class Capture:
    """Connects one cassette with the requests to some origins.

    Args:
        cassette: where interactions come from and go to.
        origins: URLs whose origins (RFC 6454: scheme, host and port) are captured; requests to
            all others pass untouched.
        send_to: URL of a server to send to instead; the cassette keeps the request's own URL.
        shape: how recorded responses are given.
        waiting: names of modules in which clients wait before they try again.
        ends: what is said where a recording ends.
        keyed: URLs of origins that refuse who has no key, so it is asked for before they are.
    """

    def __init__(
        self,
        cassette: ConversationCassette,
        origins: Sequence[str],
        *,
        send_to: str | None = None,
        shape: Shape | None = None,
        waiting: Sequence[str] = (),
        ends: _exchange.Ends | None = None,
        keyed: Sequence[str] = (),
    ) -> None:
        self._cassette = cassette
        self._origins = set(map(_origin_of, origins))
        self._keyed = set(map(_origin_of, keyed))
        self._send_to = None if send_to is None else httpx.URL(send_to)
        self._over = threading.Event()
        self._replay = _exchange.Replay(
            cassette.warn_of_it, shape or Shape(), self._over, ends or _exchange.Ends()
        )
        self._recorders: list[Recorder] = []
        # By no methods of this object, which could not be freed with its test then.
        self._guard = Guard(self._origins, functools.partial(meet, cassette, set()))
        self._until = contextlib.ExitStack()
        self._waits = Waits(waiting, self._replay.shape.pace, self._until)

    @contextlib.contextmanager
    def installed(self) -> Iterator[None]:
        """Capture until the end of the ``with`` block."""
        with self._until as stack:
            stack.callback(self._end)
            kinds = (self._patch, self._patch_async)
            stack.enter_context(all_replaced(kind(each) for each in installed() for kind in kinds))
            stack.enter_context(self._guard.installed())
            yield

    def _patch(self, library: Library) -> replaced:
        original = library.HTTPTransport.handle_request

        def handle_request(
            transport: httpx.HTTPTransport, request: httpx.Request
        ) -> httpx.Response:
            __tracebackhide__ = True  # pytest: the caller's frames are what matters
            if not self._captures(request):
                return original(transport, request)
            body = _exchange.body_of(request, library)
            if body is None:
                body = b"".join(cast("httpx.SyncByteStream", request.stream))
                request = _exchange.with_body(request, body, library)
            answer = self._answer(library, request, body)
            if isinstance(answer, Hang):
                raise answer.wait()
            if answer is not None and not isinstance(answer, Recorder):
                return answer
            if self._send_to is not None:
                transport = library.HTTPTransport(**_straight(library))
            with self._guard.expecting():
                if answer is None:
                    return original(transport, self._outgoing(library, request))
                with answer.watching():
                    response = original(transport, self._outgoing(library, request))
            return answer.listen(response, Tee)

        return replaced(library.HTTPTransport, "handle_request", handle_request)

    def _patch_async(self, library: Library) -> replaced:
        original = library.AsyncHTTPTransport.handle_async_request

        async def handle_async_request(
            transport: httpx.AsyncHTTPTransport, request: httpx.Request
        ) -> httpx.Response:
            __tracebackhide__ = True  # pytest: the caller's frames are what matters
            if not self._captures(request):
                return await original(transport, request)
            body = _exchange.body_of(request, library)
            if body is None:
                stream = cast("httpx.AsyncByteStream", request.stream)
                body = b"".join([part async for part in stream])
                request = _exchange.with_body(request, body, library)
            answer = self._answer(library, request, body)
            if isinstance(answer, Hang):
                raise await answer.wait_async()
            if answer is not None and not isinstance(answer, Recorder):
                # Other tasks have their turn, and this one can be cancelled, as by the network.
                await anyio.lowlevel.checkpoint()
                return answer
            if self._send_to is not None:
                transport = library.AsyncHTTPTransport(**_straight(library))
            with self._guard.expecting():
                if answer is None:
                    return await original(transport, self._outgoing(library, request))
                with answer.watching():
                    response = await original(transport, self._outgoing(library, request))
            return answer.listen(response, AsyncTee)

        return replaced(library.AsyncHTTPTransport, "handle_async_request", handle_async_request)

    def _captures(self, request: httpx.Request) -> bool:
        # A patch of another plugin over ours, undone after ours, puts ours back.
        return not self._guard.is_over and _origin(request.url) in self._origins

    def _answer(
        self, library: Library, request: httpx.Request, body: bytes
    ) -> httpx.Response | Recorder | Hang | None:
        """A recorded response, or what records the live one; None where the hook says neither."""
        __tracebackhide__ = True
        sent = _exchange.cassette_request(request, body, library)
        try:
            made, recorded = self._looked_up(sent)
        except CassetteError:
            raise
        except Exception as error:
            # An app may take it for an error of the API, and then nothing would be recorded.
            msg = _NOT_LOOKED_UP.format(sent.method, type(error).__name__)
            raise self._cassette.refuse(CassetteError(msg)) from error
        if made is None:
            return None
        if recorded is not None:
            return self._played(recorded, made, library)
        if self._lacks_key(request):
            raise self._cassette.refuse(CassetteError(_NO_KEY.format(made.method, made.uri)))
        recording = self._cassette.record(sent, made)
        self._waits.note(recording.retry)
        recorder = Recorder(
            recording,
            library,
            f"{made.method} {made.uri}",
            self._cassette.refuse,
        )
        self._recorders.append(recorder)
        return recorder

    def _looked_up(self, sent: Request) -> tuple[Request | None, Response | None]:
        """A request as it was looked up, and the recorded response to it, if there is one."""
        __tracebackhide__ = True
        recorded = self._cassette.play_as_sent(sent)
        if recorded is not None:
            return sent, recorded
        made = self._cassette.admit(sent)
        return made, None if made is None else self._cassette.play(made)

    def _lacks_key(self, request: httpx.Request) -> bool:
        return (
            self._send_to is None
            and not any(request.headers.get(name) for name in _CREDENTIALS)
            and _origin(request.url) in self._keyed
        )

    def _played(self, recorded: Response, made: Request, library: Library) -> httpx.Response | Hang:
        __tracebackhide__ = True
        code = recorded["status"]["code"]
        if code in _SUCCESS:
            self._waits.done()
        elif code not in _ON_THE_WAY:
            self._waits.replay(last=self._cassette.was_last(made, recorded))
        return self._replay.response(recorded, library, self._cassette.ends)

    def _outgoing(self, library: Library, request: httpx.Request) -> httpx.Request:
        """The request as it is sent: the caller's, unless it goes to another server."""
        if self._send_to is None:
            return request
        url = request.url.copy_with(
            scheme=self._send_to.scheme,
            host=self._send_to.host,
            port=self._send_to.port,
            raw_path=self._send_to.raw_path.rstrip(b"/") + request.url.raw_path,
        )
        headers = [pair for pair in request.headers.raw if pair[0].lower() != b"host"]
        return library.Request(
            request.method,
            url,
            headers=[(b"Host", url.netloc), *headers],
            stream=request.stream,
            extensions=request.extensions,
        )

    def _end(self) -> None:
        self._over.set()
        self._waits.end()
        for recorder in self._recorders:
            recorder.end()


def guarding(
    origins: Sequence[str], meet: Callable[[str, str], None]
) -> contextlib.AbstractContextManager[None]:
    """Capture nothing, and look at each client that is about to go to some origins.

    Args:
        origins: URLs whose origins these are.
        meet: as `Guard` takes it.
    """
    installed()
    return Guard(set(map(_origin_of, origins)), meet).installed()


_NO_KEY = (
    "Cannot record {} {}: the request carries no API key. Set the environment variable "
    "MISTRAL_API_KEY, or record from the sandbox with --conversations-sandbox. "
    "Nothing was sent or written."
)
_NOT_LOOKED_UP = (
    "A {} request could not be looked up in the cassette, and was not sent: {} was raised, shown "
    "above, by a hook of yours such as before_record_request, or by an error of this package"
)


def _straight(library: Library) -> dict[str, Any]:
    """How to send elsewhere: not by the caller's proxy, which would get to see what it sends.

    Of itself a transport has none. Without connections that are kept, nothing has to be closed but
    the response.
    """
    return {"verify": False, "limits": library.module.Limits(max_keepalive_connections=0)}


_SUCCESS = range(200, 300)
# To which the HTTP library itself may make the next request, with no wait and within one attempt:
# redirects, and challenges for credentials (RFC 9110, sections 15.4, 15.5.2 and 15.5.8).
_ON_THE_WAY = {*range(300, 400), 401, 407}


@functools.lru_cache(maxsize=64)
def _origin_of(url: str) -> Origin:
    return _origin(httpx.URL(url))


def _origin(url: httpx.URL) -> Origin:
    # httpx drops a port that is the scheme's own. This machine has several names.
    host = url.host.rstrip(".")
    host = "localhost" if host in LOOPBACK else host
    return url.scheme, host, url.port or (443 if url.scheme == "https" else 80)
