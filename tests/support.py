"""A server on a real socket that answers to the byte as a script says."""

import contextlib
import dataclasses
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator


@dataclasses.dataclass(frozen=True)
class Received:
    """A request as it came over the socket."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclasses.dataclass(frozen=True)
class Connection:
    """The server's side of one connection: what came, and ways to answer to the byte."""

    received: Received
    socket: socket.socket

    def head(self, *headers: str, status: str = "200 OK") -> None:
        """Send a status line and headers; the end of the connection will end the body."""
        lines = [f"HTTP/1.1 {status}", "Connection: close", *headers, "", ""]
        self.socket.sendall("\r\n".join(lines).encode("latin-1"))

    def chunk(self, data: bytes) -> None:
        """Send one chunk of a ``Transfer-Encoding: chunked`` body (RFC 9112, section 7.1)."""
        self.socket.sendall(b"%x\r\n%s\r\n" % (len(data), data))

    def last_chunk(self) -> None:
        """End a chunked body."""
        self.socket.sendall(b"0\r\n\r\n")

    def reset(self) -> None:
        """Drop the connection so that the client sees a reset."""
        self.socket.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00"
        )
        self.socket.close()


Script = Callable[[Connection], None]
Serve = Callable[[Script], str]


@contextlib.contextmanager
def listening(script: Script) -> Iterator[str]:
    """Answer each connection by a script, in a thread of its own; gives the server's URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # Only Linux wakes `accept` when its socket is shut down, and none does when it is closed.
        ours, its = socket.socketpair()
        thread = threading.Thread(target=_accept, args=(listener, its, script))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            ours.close()
            thread.join()


def _accept(listener: socket.socket, stop: socket.socket, script: Script) -> None:
    threads = []
    with stop, selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        selector.register(stop, selectors.EVENT_READ)
        while stop not in [key.fileobj for key, _ in selector.select()]:
            accepted, _ = listener.accept()
            threads.append(threading.Thread(target=_answer, args=(accepted, script)))
            threads[-1].start()
    for thread in threads:
        thread.join()


def _answer(accepted: socket.socket, script: Script) -> None:
    with accepted, contextlib.suppress(OSError):  # the client may be gone; that is its affair
        received = _receive(accepted)
        if received is not None:
            script(Connection(received, accepted))


def _receive(accepted: socket.socket) -> Received | None:
    data = b""
    while b"\r\n\r\n" not in data:
        more = accepted.recv(65536)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    line, *rest = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (h.partition(":") for h in rest)}
    while len(body) < int(headers.get("content-length", 0)):
        body += accepted.recv(65536)
    method, target, _ = line.split(" ")
    return Received(method, target, headers, body)


SSE = "Content-Type: text/event-stream; charset=utf-8"
CHUNKED = "Transfer-Encoding: chunked"


def stream_of(*chunks: bytes, pause: float = 0.0) -> Script:
    """Answer with a stream of these chunks, each after a pause in s."""

    def script(connection: Connection) -> None:
        connection.head(SSE, CHUNKED)
        for chunk in chunks:
            time.sleep(pause)
            connection.chunk(chunk)
        connection.last_chunk()

    return script


@contextlib.contextmanager
def full_queue() -> Iterator[str]:
    """A server that accepts nobody, and whose queue is full; gives its URL."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(8):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)  # noqa: FBT003 - the name of the method says it
            waiting.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
