"""The stand-in as a server on loopback, in a thread of this process."""

import asyncio
import errno
import logging
import os
import socket
import threading
from types import TracebackType
from typing import Self

import uvicorn
from starlette.requests import ClientDisconnect

from pytest_conversations.sandbox._app import create_app

_HOST = "127.0.0.1"
# Clients keep connections in pools; closing one under them would look like a fault of theirs.
_KEEP_ALIVE_SECONDS = 300
# How long a stop waits for open streams before it cuts them.
_GRACE_SECONDS = 1


class Sandbox:
    """A running stand-in of the Conversations API; a context manager that stops it.

    It listens from the moment it is made, on 127.0.0.1 only, and forgets everything when it
    stops. Several may run in one process, each with state of its own.

    Args:
        port: The port; 0 takes a free one.
        pace: Seconds between two events of a stream.

    Attributes:
        url: Where it listens, ``http://127.0.0.1:PORT``: the ``server_url`` for a client. Any
            API key will do, but for ``invalid``.

    Raises:
        OSError: The port is taken, not allowed, or none at all.
        ValueError: `pace` is below 0 or no number.
    """

    def __init__(self, *, port: int = 0, pace: float = 0.0) -> None:
        config = uvicorn.Config(
            create_app(pace=pace),
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        self._server = _Server(config)
        # It listens at once: a request that is faster than the thread waits in the backlog.
        self._socket = _listen(port)
        self.url = f"http://{_HOST}:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._run, name=f"sandbox {self.url}", daemon=True)
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


class _Server(uvicorn.Server):
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        # Who does not read what was sent would keep the connection open, and wait forever.
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)  # it closes in the next round of the loop


def _listen(port: int) -> socket.socket:
    # With the protocol named, asyncio turns Nagle's algorithm off for each connection;
    # socket.create_server does not name it, which costs 40 ms a reply.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # On Windows the option would let two servers share a port.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(os.name != "nt"))
        listener.bind((_HOST, port))
        listener.listen()
    except (OSError, OverflowError) as error:
        listener.close()
        known = error if isinstance(error, OSError) else OSError(errno.EINVAL, str(error))
        message = f"the sandbox cannot listen on {_HOST}:{port}: {known.strerror}"
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
