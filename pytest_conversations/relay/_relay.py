"""Passes requests on, and their responses back: chunk by chunk, and with their faults."""

import asyncio
import time
from collections.abc import Callable
from typing import cast

import httpx
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from pytest_conversations._server import CUT, Cut
from pytest_conversations.capture import WHOLE_LENGTH
from pytest_conversations.errors import CassetteError, UnrecordedRequestError
from pytest_conversations.relay._asked import Asked

# What is said between two neighbours only (RFC 9110, section 7.6.1). A length is counted again.
_HOP_BY_HOP = {
    b"connection",
    b"keep-alive",
    b"proxy-authenticate",
    b"proxy-connection",
    b"te",
    b"trailer",
    b"transfer-encoding",
    b"upgrade",
}
_OF_THE_REQUEST = _HOP_BY_HOP | {b"host", b"content-length", b"expect"}


class Relay:
    """An ASGI app that sends each request to a server, and gives back what that answers.

    A connection that dies there dies here: by a reset, or by an end without the last chunk. Of a
    server that does not answer in time nothing comes, until the client leaves. What a cassette
    cannot answer is a 404 with the explanation as JSON; another error of a cassette is a 502.

    Args:
        client: sends the requests.
        server_url: where to, which a path is appended to.
        note: is told of each request when it is over.
        unreached: what is said where the server itself gave no response.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        server_url: str,
        note: Callable[[Asked], None],
        unreached: str,
    ) -> None:
        self._client = client
        self._server = httpx.URL(server_url)
        self._note = note
        self._unreached = unreached

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, and stop when its client leaves."""
        body = await _body(receive)
        if body is None:
            return
        exchange = _Exchange(scope, receive, send)
        answer = asyncio.ensure_future(self._answer(exchange, body))
        leaving = asyncio.ensure_future(_leaving(receive))
        try:
            await asyncio.wait({answer, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                exchange.fault = "the client left"
        finally:
            for task in (answer, leaving):
                task.cancel()
            await asyncio.gather(answer, leaving, return_exceptions=True)
            self._note(exchange.asked())
        if not answer.cancelled() and (error := answer.exception()) is not None:
            raise error

    async def _answer(self, exchange: "_Exchange", body: bytes) -> None:
        try:
            response = await self._client.send(self._request(exchange.scope, body), stream=True)
            try:
                await exchange.give(response)
            finally:
                await response.aclose()
        except CassetteError as error:
            await exchange.refuse(error)
        except httpx.InvalidURL as error:
            await exchange.answer(400, type(error).__name__, "the target of the request is no URL")
        except httpx.TimeoutException as error:
            exchange.fault = self._fault(error)
            await asyncio.Event().wait()
        except httpx.RequestError as error:
            exchange.fault = self._fault(error)
            # What ends without a reset is an end too early.
            await exchange.cut(reset=isinstance(error, httpx.NetworkError))

    def _fault(self, error: httpx.RequestError) -> str:
        told = f"{type(error).__name__}: {error}".removesuffix(": ")
        # One that is replayed has no cause, and httpx's own one of httpcore.
        return f"{told}\n{self._unreached}".rstrip() if error.__cause__ else told

    def _request(self, scope: Scope, body: bytes) -> httpx.Request:
        query = b"?" + scope["query_string"] if scope["query_string"] else b""
        path = self._server.raw_path.rstrip(b"/") + scope["raw_path"] + query
        headers = [pair for pair in scope["headers"] if pair[0] not in _OF_THE_REQUEST]
        url = self._server.copy_with(raw_path=path)
        return httpx.Request(scope["method"], url, headers=headers, content=body)


class _Exchange:
    """A request under way.

    Attributes:
        fault: why it does not end well.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.fault = ""
        self._receive = receive
        self._send = send
        self._status = 0
        self._sent = 0
        self._began = time.perf_counter()

    def asked(self) -> Asked:
        query = self.scope["query_string"].decode("latin-1")
        return Asked(
            self.scope["method"],
            self.scope["raw_path"].decode("latin-1") + (f"?{query}" if query else ""),
            self._status,
            self._sent,
            round((time.perf_counter() - self._began) * 1000),
            self.fault,
        )

    async def give(self, response: httpx.Response) -> None:
        length = str(response.extensions.get(WHOLE_LENGTH) or "").encode()
        headers = [
            (name, length if length and name.lower() == b"content-length" else value)
            for name, value in response.headers.raw
            if name.lower() not in _HOP_BY_HOP
        ]
        self._status = response.status_code
        start = {"type": "http.response.start", "status": response.status_code}
        await self._send({**start, "headers": headers})
        async for chunk in response.aiter_raw():
            self._sent += len(chunk)
            await self._send({"type": "http.response.body", "body": chunk, "more_body": True})
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def refuse(self, error: CassetteError) -> None:
        self.fault = str(error)
        if self._status:
            await self.cut(reset=False)
            return
        status = 404 if isinstance(error, UnrecordedRequestError) else 502
        await self.answer(status, type(error).__name__, self.fault)

    async def answer(self, status: int, kind: str, message: str) -> None:
        self.fault, self._status = message, status
        response = JSONResponse({"object": "error", "type": kind, "message": message}, status)
        self._sent = len(response.body)
        await response(self.scope, self._receive, self._send)

    async def cut(self, *, reset: bool) -> None:
        await cast("Cut", self.scope["extensions"][CUT])(reset=reset)


async def _body(receive: Receive) -> bytes | None:
    """All of a request's body; None where its client left before."""
    parts: list[bytes] = []
    while (message := await receive())["type"] != "http.disconnect":
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)
    return None


async def _leaving(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
