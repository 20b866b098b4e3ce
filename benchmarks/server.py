"""A server of streams in a process of its own, so that it takes no time from who reads them.

Run as ``python -m benchmarks.server``; it prints its port. The path of a request is the number of
events, which come `PAUSE` s apart, the first at once.
"""

import contextlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

from benchmarks import traffic

PAUSE = 0.005
_HEAD = (
    b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n"
    b"Content-Type: text/event-stream; charset=utf-8\r\n\r\n"
)


@contextlib.contextmanager
def running() -> Iterator[str]:
    """Start the server; gives its URL, and stops it at the end."""
    command = [sys.executable, "-m", "benchmarks.server"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


def _serve() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            accepted, _ = listener.accept()
            threading.Thread(target=_answer, args=(accepted,), daemon=True).start()


def _answer(accepted: socket.socket) -> None:
    with accepted:
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        received = b""
        while b"\r\n\r\n" not in received:
            received += accepted.recv(65536)
        count = int(received.split(b" ", 2)[1].strip(b"/"))
        chunks = list(traffic.events(1, count - 2))
        accepted.sendall(_HEAD)
        began = time.perf_counter()
        for number, chunk in enumerate(chunks):
            time.sleep(max(0.0, began + number * PAUSE - time.perf_counter()))
            accepted.sendall(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        accepted.sendall(b"0\r\n\r\n")


if __name__ == "__main__":
    _serve()
