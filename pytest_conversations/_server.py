"""An ASGI app as a server on a socket, in a thread of this process."""

import asyncio
import errno
import functools
import logging
import os
import socket
import struct
import threading
from types import TracebackType
from typing import Protocol, Self

import uvicorn
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK = "127.0.0.1"
# Clients keep connections in pools; closing one under them would look like a fault of theirs.
_KEEP_ALIVE_SECONDS = 300
# How long a stop waits for open streams before it cuts them.
_GRACE_SECONDS = 1

# In the extensions of a request's scope: its `Cut`.
CUT = "pytest_conversations.cut"

# A reset throws away what the other side has not been sent yet.
_STEP_SECONDS = 0.02
_NO_LINGER = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)


class Cut(Protocol):
    """Ends the connection of a request in the middle of its response."""

    async def __call__(self, *, reset: bool) -> None:
        """End it: by a reset, or as a server does that has no more to say."""


class Server:
    """A running server; a context manager that stops it.

    It listens from the moment it is made.

    Args:
        app: what answers.
        name: what it is, for messages and the name of its thread.
        host: the address to listen on.
        port: the port; 0 takes a free one.
        date: whether to add the header ``Date`` to responses.

    Attributes:
        url: where it listens, ``http://HOST:PORT``.

    Raises:
        OSError: the port is taken, not allowed, or none at all.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        name: str,
        host: str = LOOPBACK,
        port: int = 0,
        date: bool = True,
    ) -> None:
        self._app = app
        config = uvicorn.Config(
            self._with_cut,
            loop="asyncio",
            http="h11",
            ws="none",
            interface="asgi3",
            lifespan="on",
            proxy_headers=False,
            log_config=None,
            server_header=False,
            date_header=date,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        self._server = _Uvicorn(config)
        # It listens at once: a request that is faster than the thread waits in the backlog.
        self._socket = _listen(name, host, port)
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._run, name=f"{name} {self.url}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop, and wait until the port is free again: at most some 1.5 seconds, for open streams.

        Closing twice does nothing.
        """
        self._server.should_exit = True
        self._thread.join()

    def __enter__(self) -> Self:
        """Itself; it runs already."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop."""
        self.close()

    async def _with_cut(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["extensions"] = {CUT: functools.partial(self._cut, scope["client"])}
        await self._app(scope, receive, send)

    async def _cut(self, client: tuple[str, int], *, reset: bool) -> None:
        transports = [each.transport for each in self._server.server_state.connections]
        for transport in (each for each in transports if _peer(each) == client):
            if reset:
                while transport.get_write_buffer_size() and not transport.is_closing():  # noqa: ASYNC110 - a transport tells nobody
                    await asyncio.sleep(_STEP_SECONDS)
                await asyncio.sleep(_STEP_SECONDS)
                transport.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER
                )
                transport.abort()
            else:
                transport.close()
        await asyncio.sleep(0)  # they close in the next round of the loop

    def _run(self) -> None:
        quiet = _Quiet(threading.get_ident())
        loggers = [logging.getLogger(name) for name in ("uvicorn.error", "uvicorn.access")]
        for logger in loggers:
            logger.addFilter(quiet)
        try:
            with self._socket:
                self._server.run(sockets=[self._socket])
        finally:
            for logger in loggers:
                logger.removeFilter(quiet)


def _peer(transport: asyncio.Transport) -> tuple[str, int]:
    host, port, *_ = transport.get_extra_info("peername")
    return host, port


class _Uvicorn(uvicorn.Server):
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        # Who does not read what was sent would keep the connection open, and wait forever.
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)  # it closes in the next round of the loop


def _listen(name: str, host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio turns Nagle's algorithm off for each connection;
    # socket.create_server does not name it, which costs 40 ms a reply.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # On Windows the option would let two servers share a port.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(os.name != "nt"))
        listener.bind((host, port))
        listener.listen()
    except (OSError, OverflowError) as error:
        listener.close()
        known = error if isinstance(error, OSError) else OSError(errno.EINVAL, str(error))
        message = f"{name} cannot listen on {host}:{port}: {known.strerror}"
        raise OSError(known.errno, message) from error
    return listener


class _Quiet(logging.Filter):
    """Drops what uvicorn logs in one thread; another server in the process logs as before.

    A fault of the stand-in itself still comes through: an exception that is more than the end of
    a connection.
    """

    def __init__(self, thread_id: int) -> None:
        super().__init__()
        self._thread_id = thread_id

    def filter(self, record: logging.LogRecord) -> bool:
        if threading.get_ident() != self._thread_id:
            return True
        error = record.exc_info[1] if record.exc_info else None
        ended = (asyncio.CancelledError, ClientDisconnect)
        return error is not None and not isinstance(error, ended)
