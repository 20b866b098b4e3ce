"""Keeps clients that cannot be captured from going to the API while its requests are replayed.

It stands at the standard library's sockets and name look-ups, through which ``requests``,
``aiohttp``, ``urllib`` and others connect, and at ``http.client``, for connections that were open
before, or that lead to a proxy. At ``httpcore`` and ``aiohttp`` it stands for the same reason, and
for event loops that connect by other means than Python's sockets.
"""

import contextlib
import http.client
import socket
import sys
import threading
from collections.abc import Callable, Collection, Iterator
from contextvars import ContextVar
from typing import TypeAlias
from urllib.parse import urlsplit

from pytest_conversations.capture._patches import all_replaced, replaced

Origin: TypeAlias = tuple[str, str, int]

# From the arguments of a call: the host and the port that it goes to.
Place: TypeAlias = Callable[..., tuple[object, object]]

_PORTS = {"http": 80, "https": 443}
_EXPECTING: "ContextVar[Guard | None]" = ContextVar("expecting", default=None)
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Guard:
    """Looks at each connection that is about to be opened.

    Args:
        origins: scheme, host and port of each origin that is guarded.
        meet: called with the URL of the origin that a client goes to, its scheme told by the port,
            and with that of the origin that is guarded; what it raises reaches the client.

    Attributes:
        is_over: whether it was installed, and is no longer.
    """

    def __init__(self, origins: Collection[Origin], meet: Callable[[str, str], None]) -> None:
        self._origins = list(origins)
        self._meet = meet
        self._expected = 0
        self.is_over = False
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def expecting(self) -> Iterator[None]:
        """Let connections pass, of a request that is captured and goes out."""
        token = _EXPECTING.set(self)
        with self._lock:
            self._expected += 1
        try:
            yield
        finally:
            _EXPECTING.reset(token)
            with self._lock:
                self._expected -= 1

    @contextlib.contextmanager
    def installed(self) -> Iterator[None]:
        """Guard until the end of the ``with`` block."""
        gates = (
            replaced(owner, name, self._guarded(owner, name, place))
            for owner, name, place in _gates()
        )
        with all_replaced(gates):
            try:
                yield
            finally:
                self.is_over = True

    def _is_expected(self, name: str) -> bool:
        # Event loops look names up in threads that know nothing of the task.
        return _EXPECTING.get() is self or (name == "getaddrinfo" and self._expected > 0)

    def _guarded(self, owner: object, name: str, place: Place) -> Callable[..., object]:
        original: Callable[..., object] = getattr(owner, name)
        # Those that were put back would pile up.
        while isinstance(left := getattr(original, "guard", None), Guard) and left.is_over:
            original = vars(original)["__wrapped__"]

        def guarded(*args: object, **kwargs: object) -> object:
            __tracebackhide__ = True  # pytest: the caller's frames are what matters
            # A patch of another over ours, undone after ours, puts ours back.
            if not self.is_over and not self._is_expected(name):
                self._look(*place(*args, **kwargs))
            return original(*args, **kwargs)

        vars(guarded).update(guard=self, __wrapped__=original)
        return guarded

    def _look(self, host: object, port: object) -> None:
        __tracebackhide__ = True
        name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
        if not isinstance(name, str):
            return
        number = _number(port)
        # The one of that port first: where both are guarded, it is no other's.
        for scheme, its_host, its_port in sorted(self._origins, key=lambda it: it[2] != number):
            # A name that is looked up without a port. Of this machine it says nothing yet.
            any_port = number is None and its_host not in LOOPBACK
            # Who leaves the `s` out of `https` sends the key to the same host, and in the clear.
            is_other = {number, its_port} == set(_PORTS.values())
            if _same_host(name, its_host) and (number == its_port or is_other or any_port):
                shown = "" if its_port == _PORTS.get(scheme) else f":{its_port}"
                guarded = f"{scheme}://{name}{shown}"
                asked = f"{'http' if number == _PORTS['http'] else 'https'}://{name}"
                self._meet(asked if is_other else guarded, guarded)
                return


def _same_host(name: str, host: str) -> bool:
    name = name.lower().rstrip(".")
    return name == host or (name in LOOPBACK and host in LOOPBACK)


def _number(port: object) -> int | None:
    """A port, also by the name of its service; None where none is told."""
    text = port.decode("ascii", "replace") if isinstance(port, bytes) else str(port or "")
    return _PORTS.get(text, int(text) if text.isdecimal() else None)


def _gates() -> Iterator[tuple[object, str, Place]]:
    yield socket.socket, "connect", _address
    yield socket.socket, "connect_ex", _address
    yield socket, "getaddrinfo", _host_and_port
    yield socket, "gethostbyname", _host
    yield socket, "gethostbyname_ex", _host
    yield http.client.HTTPConnection, "set_tunnel", _tunnel
    yield http.client.HTTPConnection, "putrequest", _request
    # Only where it is imported, which takes long. Imported later it goes by sockets, all the same.
    if "aiohttp" in sys.modules:
        yield sys.modules["aiohttp"].BaseConnector, "connect", _client_request
    # Both names may mean that of httpx2.
    for core in {sys.modules.get(name) for name in ("httpcore", "httpcore2")}:
        if core is not None:
            yield core.ConnectionPool, "handle_request", _core_request
            yield core.AsyncConnectionPool, "handle_async_request", _core_request


def _address(_: socket.socket, address: object, *__: object) -> tuple[object, object]:
    # Of a Unix socket it is no tuple.
    return address[:2] if isinstance(address, tuple) and len(address) > 1 else (None, None)


def _host_and_port(host: object, port: object, *_: object, **__: object) -> tuple[object, object]:
    return host, port


def _host(hostname: object) -> tuple[object, object]:
    return hostname, None


def _tunnel(
    connection: http.client.HTTPConnection,
    host: str,
    port: int | None = None,
    *_: object,
    **__: object,
) -> tuple[object, object]:
    with contextlib.suppress(ValueError):  # an IPv6 address without brackets has its own port
        parts = urlsplit(f"//{host}")
        return parts.hostname, port or parts.port or connection.default_port
    return host, port or connection.default_port


def _request(
    connection: http.client.HTTPConnection,
    method: str,  # noqa: ARG001 - so that it may be named
    url: str,
    *_: object,
    **__: object,
) -> tuple[object, object]:
    # To a proxy a tunnel is asked for, or the whole URL is named.
    tunnel: str | None = getattr(connection, "_tunnel_host", None)
    if tunnel:
        return tunnel, getattr(connection, "_tunnel_port", None)
    if url.startswith("/"):
        return connection.host, connection.port
    with contextlib.suppress(ValueError):  # a URL that is none is the client's own affair
        parts = urlsplit(url)
        if parts.hostname:
            return parts.hostname, parts.port or _PORTS.get(parts.scheme)
    return connection.host, connection.port


def _client_request(
    _: object, request: object, *__: object, **___: object
) -> tuple[object, object]:
    url = getattr(request, "url", None)
    return getattr(url, "host", None), getattr(url, "port", None)


def _core_request(_: object, request: object) -> tuple[object, object]:
    # Of a pool that leads to a proxy, too, it is the request's own.
    url = getattr(request, "url", None)
    port = getattr(url, "port", None) or getattr(url, "scheme", None)  # whose service has a number
    return getattr(url, "host", None), port
