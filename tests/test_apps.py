"""One suite of apps, run with a server and then without it: each app sees the same again."""

import gzip
import itertools
import json
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from libraries import KEY
from support import CHUNKED, SSE, Connection, Script, listening

APPS = Path(__file__).parent / "apps"

EVENTS = [
    b'event: conversation.response.started\ndata: {"type":"conversation.response.started",'
    b'"created_at":"2026-11-24T10:00:00Z","conversation_id":"conv_1"}\n\n',
    'event: message.output.delta\ndata: {"type":"message.output.delta","created_at":'
    '"2026-11-24T10:00:01Z","output_index":0,"content_index":0,"id":"msg_1","model":"m",'
    '"role":"assistant","content":"Grüße, 🚀"}\n\n'.encode(),
    b'event: conversation.response.done\ndata: {"type":"conversation.response.done","created_at":'
    b'"2026-11-24T10:00:02Z","usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}'
    b"}\n\n",
]
BODY = b"".join(EVENTS)
# Cut inside of a character, and each event over two chunks.
ROCKET = BODY.index("🚀".encode()) + 2
CUTS = [0, 30, len(EVENTS[0]) + 7, ROCKET, len(BODY) - 9, len(BODY)]
CHUNKS = [BODY[a:b] for a, b in itertools.pairwise(CUTS)]


def _stream(connection: Connection) -> None:
    connection.head(SSE, CHUNKED)
    for chunk in CHUNKS:
        connection.chunk(chunk)
        time.sleep(0.01)
    connection.last_chunk()


def _gzip(connection: Connection) -> None:
    packed = gzip.compress(BODY)
    connection.head(SSE, CHUNKED, "Content-Encoding: gzip")
    for at in range(0, len(packed), 50):
        connection.chunk(packed[at : at + 50])
        time.sleep(0.005)
    connection.last_chunk()


def _half(end: Callable[[Connection], None]) -> Script:
    def script(connection: Connection) -> None:
        connection.head(SSE, CHUNKED)
        for chunk in CHUNKS[:4]:
            connection.chunk(chunk)
            time.sleep(0.01)
        end(connection)

    return script


def _wait(connection: Connection) -> None:
    connection.socket.recv(1)  # until the client goes away


def _error(connection: Connection) -> None:
    body = b'{"object":"error","message":"no such model","type":"invalid","code":"1500"}'
    connection.head(
        "Content-Type: application/json", f"Content-Length: {len(body)}", status="400 Bad Request"
    )
    connection.socket.sendall(body)


SCRIPTS: dict[str, Script] = {
    "cut": _stream,
    "gzip": _gzip,
    "dies": _half(lambda connection: connection.reset()),
    "ends": _half(lambda _: None),
    "slow": _half(_wait),
    "refused": lambda connection: connection.reset(),
    "error": _error,
}


class Api:
    """Answers by the path, or where that is the API's own, by the prompt."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0

    def __call__(self, connection: Connection) -> None:
        """Answer one request."""
        received = connection.received
        name = received.target.rpartition("/")[2]
        if received.method == "POST" and name == "conversations":
            name = json.loads(received.body)["inputs"]
        if name in SCRIPTS:
            SCRIPTS[name](connection)
        elif received.method == "DELETE":
            connection.head(status="204 No Content")
        elif received.method == "GET":
            connection.head("Content-Type: application/json", "Content-Length: 2")
            connection.socket.sendall(b"[]")
        else:
            with self._lock:
                self._count += 1
            connection.head("Content-Length: 4")
            connection.socket.sendall(b"%4d" % self._count)


INI = """
[pytest]
filterwarnings =
    error
    ignore:unclosed:ResourceWarning
    ignore:The configuration option .asyncio_default_fixture_loop_scope.
    ignore:ast\\.\\w+ is deprecated:DeprecationWarning
"""
# The runs of these tests do without these, unless a test is about one.
PLUGINS = {"asyncio", "hypothesispytest", "pytest_httpx", "randomly", "recording", "respx"}


class App:
    """One of `tests/apps` in a project of its own."""

    def __init__(self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
        self._pytester = pytester
        self._environment = monkeypatch

    def prepare(self, name: str, plugin: str = "") -> None:
        """Make it the project's test module; one of the plugins may be active."""
        source = (APPS / f"{name}.py").read_text(encoding="utf-8")
        self._pytester.makepyfile(**{f"test_{name}": source})
        self._pytester.makeini(INI)
        options = " ".join(f"-p no:{name}" for name in sorted(PLUGINS - {plugin}))
        self._environment.setenv("PYTEST_ADDOPTS", options)

    def run(self, *options: str, said: str) -> tuple[dict[str, object], int]:
        """Run it; gives what its tests saw, and how many they are."""
        seen = Path(tempfile.mkdtemp(dir=self._pytester.path))
        self._environment.setenv("APPS_SEEN", str(seen))
        result = self._pytester.runpytest_subprocess(*options)
        assert result.ret == 0
        result.stdout.fnmatch_lines([f"conversations: {said} in *"])
        return (
            {path.name: json.loads(path.read_bytes()) for path in seen.iterdir()},
            result.parseoutcomes()["passed"],
        )

    def record(self, *options: str) -> tuple[dict[str, object], int]:
        """Run it with a key."""
        self._environment.setenv("MISTRAL_API_KEY", KEY)
        return self.run(*options, "--conversations-mode=once", said="0 replayed, *, 0 unused")

    def replay(self, *options: str) -> tuple[dict[str, object], int]:
        """Run it without a key; nothing may be left over of what is recorded."""
        self._environment.delenv("MISTRAL_API_KEY", raising=False)
        return self.run(*options, said="* replayed, 0 recorded, *, 0 unused")


@pytest.fixture
def app(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> App:
    """An app, to be chosen."""
    return App(pytester, monkeypatch)


@pytest.mark.parametrize(("name", "recorded_by"), [("bare", ("-n", "2")), ("official_sdk", ())])
def test_each_app_sees_the_same_again(
    app: App,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    recorded_by: tuple[str, ...],
) -> None:
    """Chunk for chunk and error for error, in any order and process, though the server is gone."""
    app.prepare(name)
    with listening(Api()) as url:
        monkeypatch.setenv("APPS_URL", url)
        server = f"--conversations-server-url={url}"
        recorded = app.record(*recorded_by, server)

    assert app.replay("-n", "2", "-p", "randomly", server) == recorded
    seen = json.dumps(recorded)
    for error in ("ReadError", "RemoteProtocolError", "ReadTimeout"):
        assert error in seen
    if name == "bare":
        assert json.dumps([repr(chunk) for chunk in CHUNKS]) in seen
    else:
        assert json.dumps("Grüße, 🚀") in seen


@pytest.mark.parametrize(
    ("name", "plugin", "tests"), [("sdk_loops", "", 2), ("async_fixture", "asyncio", 6)]
)
def test_on_the_sandbox(app: App, name: str, plugin: str, tests: int) -> None:
    """Conversations that go on from what the API answered, so the sandbox answers them."""
    app.prepare(name, plugin)

    recorded = app.record("--conversations-sandbox")

    assert recorded[1] == tests
    assert app.replay() == recorded
