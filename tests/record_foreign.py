"""Records the cassettes in the folder `foreign`, each with another tool, or another version of it.

In an environment of Python 3.11 with ``vcrpy==4.1.1 httpx==0.18.2``, for instance:
``python record_foreign.py vcr httpx foreign/vcrpy-4.1.1.yaml`` (the recorder, the client, the
file). With vcrpy 1.0.3 went requests 2.5.3, with 6.0.2 httpx 0.27.2, with later ones 0.28.1. The
files of 1.13.0, 2.1.1 and 3.0.0 are that of 1.0.3, to the byte; those of 4.4.0 and 5.1.0 are that
of 4.1.1. For pytest-recording a test with its marker did what `main` does.
"""

import asyncio
import collections.abc
import contextlib
import gzip
import http.server
import importlib
import json
import sys
import threading
from collections.abc import Iterator
from typing import Any

URL = "http://127.0.0.1:8765/v1/conversations"
AGENT = {"User-Agent": "an-app"}
ASKED = {"model": "m", "inputs": "Grüße 🚀"}
STREAM = 'event: message.output.delta\ndata: {"content":"Grüße"}\n\ndata: {"content":" 🚀"}\n\n'
REPLY = (
    '{"conversation_id":"conv_1","content":"Grüße 🚀","created_at":"2026-11-27T16:01:45Z",'
    '"clock":"12:30","yes":[1.50,null,true]}'
)


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if asked.get("stream"):
            self._answer(STREAM.encode(), ("Content-Type", "text/event-stream"))
        else:
            self._answer(REPLY.encode(), ("Content-Type", "application/json"))

    def do_GET(self) -> None:
        coding = ("Content-Encoding", "gzip")
        body = gzip.compress(REPLY.encode(), mtime=0)
        self._answer(body, ("Content-Type", "application/json"), coding)

    def _answer(self, body: bytes, *headers: tuple[str, str]) -> None:
        self.send_response_only(200)
        for header in (*headers, ("Content-Length", str(len(body)))):
            self.send_header(*header)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def serving() -> Iterator[None]:
    """Answer with a JSON text, with a stream, and with a JSON text that is compressed."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 8765), _Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield
        server.shutdown()


def ask(client: Any, url: str = URL) -> tuple[str, str, str]:  # noqa: ANN401 - requests, or httpx
    """Make the three requests; gives the texts of the replies."""
    replies = [
        client.post(url, json=body, headers=AGENT) for body in (ASKED, {**ASKED, "stream": True})
    ]
    replies.append(client.get(url + "/conv_1", headers=AGENT))
    first, stream, last = (reply.content.decode() for reply in replies)
    return first, stream, last


def main(recorder: str, client: str, file: str) -> None:
    """Record a cassette."""
    for name in collections.abc.__all__:  # vcrpy 1 and its requests look for them there
        setattr(collections, name, getattr(collections.abc, name))
    vars(asyncio)["coroutine"] = lambda function: function
    words = {"serializer": "json"} if file.endswith(".json") else {}
    with serving(), importlib.import_module(recorder).use_cassette(file, **words):
        assert ask(importlib.import_module(client)) == (REPLY, STREAM, REPLY)


if __name__ == "__main__":
    main(*sys.argv[1:])
