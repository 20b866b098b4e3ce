"""Cassettes over real HTTP: `serve`, its proxy that records, and `conversations_server`."""

import contextlib
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import yaml
from libraries import HEADERS, KEY
from recordings import BASE, interaction, write
from serving_cases import ASKING, PATH, served
from support import CHUNKED, SSE, Connection, Serve, stream_of

from pytest_conversations.capture import Chunking, Shape
from pytest_conversations.cli import main
from pytest_conversations.relay import Asked
from pytest_conversations.sandbox import Sandbox

# A character and an event lie over two chunks.
CHUNKS = [b"data: caf\xc3", b"\xa9\n\nda", b'ta: {"a": 1}\n\n']


def record(url: str, path: Path, body: object = ASKING) -> None:
    """Record one request, by way of the proxy."""
    with served(path, record=url, mode="new_episodes") as (proxy, _), contextlib.suppress(OSError):
        ask(proxy, body)


def ask(url: str, body: object = ASKING) -> list[bytes]:
    """Post a question with a client of another kind, and give the chunks as they are framed.

    Raises:
        OSError: the connection was cut, with what came before in its ``args[0]``.
    """
    parts = urlsplit(url)
    content = json.dumps(body).encode()
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: {HEADERS['authorization']}"
        f"\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n"
        "Connection: close\r\n\r\n"
    )
    address = (str(parts.hostname), parts.port or 80)
    with socket.create_connection(address, timeout=10) as wire, wire.makefile("rb") as file:
        wire.sendall(head.encode() + content)
        chunks: list[bytes] = []
        try:
            status = file.readline()
            if not status:
                raise OSError(chunks, "no response")
            while file.readline().strip():
                pass
            while size := int(file.readline().strip() or b"-1", 16):
                if size < 0:
                    raise OSError(chunks, "no last chunk")
                chunks.append(file.read(size))
                file.readline()
        except ConnectionResetError as error:
            raise OSError(chunks, "reset") from error
        return chunks


def interactions(path: Path) -> Any:  # noqa: ANN401 - YAML
    """What a file holds."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))["interactions"]


class TestReplay:
    """What a cassette says over HTTP."""

    def test_the_chunks_are_the_recorded_ones(self, serve: Serve, tmp_path: Path) -> None:
        """Recorded through the proxy and replayed, a stream is framed as its server framed it."""
        path = tmp_path / "a.yaml"
        with served(path, record=serve(stream_of(*CHUNKS))) as (proxy, _):
            assert ask(proxy) == CHUNKS

        with served(path) as (url, _):
            assert ask(url) == CHUNKS

    @pytest.mark.parametrize(
        ("chunking", "expected"),
        [
            ("events", [b"data: caf\xc3\xa9\n\n", b'data: {"a": 1}\n\n']),
            ("whole", [b"".join(CHUNKS)]),
            (16, [b"data: caf\xc3\xa9\n\ndat", b'a: {"a": 1}\n\n']),
        ],
    )
    def test_other_chunks(
        self, serve: Serve, tmp_path: Path, chunking: Chunking, expected: list[bytes]
    ) -> None:
        """A stream can be cut in other pieces."""
        path = tmp_path / "a.yaml"
        record(serve(stream_of(*CHUNKS)), path)

        with served(path, shape=Shape(chunking)) as (url, _):
            assert ask(url) == expected

    def test_the_recorded_pace(self, serve: Serve, tmp_path: Path) -> None:
        """At the recorded pace a stream takes as long as it took."""
        path = tmp_path / "a.yaml"
        record(serve(stream_of(*CHUNKS, pause=0.1)), path)

        with served(path, shape=Shape(pace=1.0)) as (url, _):
            began = time.perf_counter()
            assert ask(url) == CHUNKS
            assert time.perf_counter() - began >= 0.25

    @pytest.mark.parametrize(
        ("end", "reason"),
        [
            pytest.param(lambda connection: connection.reset(), "reset", id="reset"),
            pytest.param(lambda _: None, "no last chunk", id="end"),
        ],
    )
    def test_a_stream_that_dies_dies_likewise(
        self,
        serve: Serve,
        tmp_path: Path,
        end: Callable[[Connection], None],
        reason: str,
    ) -> None:
        """By a real reset, or by an end without the last chunk, behind all that came before."""

        def script(connection: Connection) -> None:
            connection.head(SSE, CHUNKED)
            for chunk in CHUNKS:
                connection.chunk(chunk)
                time.sleep(0.02)
            end(connection)

        path = tmp_path / "a.yaml"
        for server in (serve(script), None):
            with (
                served(path, record=server) as (url, _),
                pytest.raises(OSError, match=reason) as error,
            ):
                ask(url)
            assert error.value.args == (CHUNKS, reason)

    def test_no_response_is_none(self, tmp_path: Path) -> None:
        """Where no connection could be made, the client gets none either."""
        path = tmp_path / "a.yaml"
        asked: list[Asked] = []
        with socket.create_server(("127.0.0.1", 0)) as gone:
            nobody = f"http://127.0.0.1:{gone.getsockname()[1]}"
        for server in (nobody, None):
            with (
                served(path, record=server, note=asked.append) as (url, _),
                pytest.raises(OSError, match="re") as error,
            ):
                ask(url)
            assert error.value.args[0] == []
        live, replayed = [each.fault.splitlines() for each in asked]
        assert live[0].startswith("ConnectError: ")
        assert live[1].startswith(f"No response from {nobody}: is it running, and ")
        assert replayed == live[:1]
        assert interactions(path)[0]["response"]["error"]["type"] == "ConnectError"

    def test_a_client_that_leaves(self, serve: Serve, tmp_path: Path) -> None:
        """The recording ends where it left; who waits on in a replay gets no more, and no end."""

        def script(connection: Connection) -> None:
            connection.head(SSE, CHUNKED)
            connection.chunk(CHUNKS[0])
            connection.socket.recv(1)  # until the other side is gone

        path = tmp_path / "a.yaml"
        asked: list[Asked] = []
        with served(path, record=serve(script), note=asked.append) as (proxy, _):
            with httpx.stream("POST", proxy + PATH, json=ASKING, headers=HEADERS) as response:
                assert next(response.iter_raw()) == CHUNKS[0]
            deadline = time.monotonic() + 10
            while not asked and time.monotonic() < deadline:
                time.sleep(0.01)
        assert [each.fault for each in asked] == ["the client left"]

        with (
            served(path) as (url, _),
            httpx.stream("POST", url + PATH, json=ASKING, headers=HEADERS, timeout=0.2) as response,
            pytest.raises(httpx.ReadTimeout),
        ):
            assert list(response.iter_raw()) == []

    def test_a_client_that_reads_on(self, tmp_path: Path) -> None:
        """Where the recorded one had left is told why there is no more, in words of a server."""
        body = "data: 1\n\n"
        ended = interaction("POST", BASE, ASKING, body, stream={"chunks": "0+9", "closed": True})
        path = write(tmp_path / "a.yaml", ended)
        asked: list[Asked] = []
        with (
            served(path, note=asked.append) as (url, _),
            pytest.raises(OSError, match="no last chunk"),
        ):
            ask(url)
        assert "the client left before the end, and this one reads on" in asked[0].fault
        assert "the test" not in asked[0].fault

    def test_no_answer_in_time(self, tmp_path: Path) -> None:
        """Where the server did not answer in time, nothing comes until the client leaves."""
        path = tmp_path / "a.yaml"
        request = {"method": "POST", "uri": f"https://api.mistral.ai{PATH}", "headers": {}}
        request["body"] = json.dumps(ASKING)
        error = {"type": "ReadTimeout", "message": "timed out"}
        response = {"status": {"code": 0, "message": ""}, "headers": {}, "body": {"string": ""}}
        interaction = {"request": request, "response": response | {"error": error}}
        path.write_text(yaml.safe_dump({"version": 1, "interactions": [interaction]}))

        with served(path) as (url, _), pytest.raises(httpx.ReadTimeout):
            httpx.post(url + PATH, json=ASKING, headers=HEADERS, timeout=0.2)

    def test_a_miss_is_a_404_that_explains_itself(self, serve: Serve, tmp_path: Path) -> None:
        """With the closest recording and what differs, as JSON; and the key is not in it."""
        path = tmp_path / "a.yaml"
        record(serve(stream_of(*CHUNKS)), path)

        asked: list[Asked] = []
        with served(path, note=asked.append) as (url, _):
            other = ASKING | {"inputs": "What is 3+3?"}
            reply = httpx.post(f"{url}{PATH}?api_key={KEY}", json=other, headers=HEADERS)

        told = reply.json()
        assert reply.status_code == 404
        assert (told["object"], told["type"]) == ("error", "UnrecordedRequestError")
        assert '+  "inputs": "What is 3+3?"' in told["message"]
        assert "pytest-conversations serve" in told["message"]
        assert [each.status for each in asked] == [404]
        assert KEY not in reply.text + str(asked)

    def test_what_was_played_is_not_played_again(self, serve: Serve, tmp_path: Path) -> None:
        """Unless that is asked for."""
        path = tmp_path / "a.yaml"
        record(serve(stream_of(*CHUNKS)), path)

        with served(path) as (url, _):
            statuses = [httpx.post(url + PATH, json=ASKING).status_code for _ in range(2)]
        with served(path, repeats=True) as (url, _):
            statuses += [httpx.post(url + PATH, json=ASKING).status_code for _ in range(3)]

        assert statuses == [200, 404, 200, 200, 200]

    def test_several_cassettes(self, serve: Serve, tmp_path: Path) -> None:
        """Equal requests are answered in the order of the files."""
        answers = [[b"data: one\n\n"], [b"data: two\n\n"]]
        for name, chunks in zip("ab", answers, strict=True):
            record(serve(stream_of(*chunks)), tmp_path / f"{name}.yaml")

        with served(tmp_path / "a.yaml", tmp_path / "b.yaml") as (url, cassette):
            assert [ask(url), ask(url)] == answers
            miss = httpx.post(url + PATH, json=ASKING).json()["message"]
            assert "and 1 more, 2 interactions, 2 played" in miss
            first, second = (f"interaction 1 of {tmp_path / name}" for name in ("a.yaml", "b.yaml"))
            assert f"It is recorded as {first}, {second}, which were played already." in miss
            other = httpx.post(url + PATH, json=ASKING | {"inputs": "Bye"}).json()["message"]
            assert f"Closest is {first}, POST " in other
            assert cassette.all_played

    def test_a_cassette_of_another_tool(self, tmp_path: Path) -> None:
        """Its requests may hold credentials: they are found, and never shown."""
        path = tmp_path / "a.yaml"
        body = json.dumps({"password": KEY, "inputs": "Hello"})
        request = {"method": "POST", "uri": f"https://api.mistral.ai{PATH}?api_key={KEY}"}
        response = {
            "status": {"code": 200, "message": "OK"},
            "headers": {},
            "body": {"string": "1"},
        }
        interaction = {"request": request | {"headers": {}, "body": body}, "response": response}
        path.write_text(yaml.safe_dump({"version": 1, "interactions": [interaction]}))

        asked: list[Asked] = []
        with served(path, note=asked.append) as (url, _):
            miss = httpx.post(f"{url}{PATH}?api_key=other", json={"password": "a", "inputs": "Bye"})
            page = httpx.get(url).text
            found = httpx.post(
                f"{url}{PATH}?api_key=other", json={"password": "a", "inputs": "Hello"}
            )
        assert (miss.status_code, found.text) == (404, "1")
        assert KEY not in miss.text + page + str(asked)

    def test_an_edited_body_has_its_own_length(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """A reply that was made longer by hand arrives as a whole."""
        path = tmp_path / "a.yaml"
        with served(path, record=sandbox.url) as (proxy, _):
            httpx.post(proxy + PATH, json=ASKING, headers=HEADERS)
        text = path.read_text(encoding="utf-8")
        assert text.count('"content": "4"') == 1
        path.write_text(text.replace('"content": "4"', '"content": "four, I think"'), "utf-8")

        with served(path) as (url, _):
            reply = httpx.post(url + PATH, json=ASKING)
        assert reply.json()["outputs"][0]["content"] == "four, I think"
        assert reply.headers["content-length"] == str(len(reply.content))

    def test_head_and_no_content(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """Responses without a body keep their headers, and the connection stays usable."""
        path = tmp_path / "a.yaml"
        replies: list[list[tuple[int, str | None]]] = []
        one = ""
        for server in (sandbox.url, None):
            with served(path, record=server) as (url, _), httpx.Client(base_url=url) as client:
                one = (
                    one or client.post(PATH, json=ASKING, headers=HEADERS).json()["conversation_id"]
                )
                seen = [
                    client.head(f"{PATH}/{one}", headers=HEADERS),
                    client.delete(f"{PATH}/{one}", headers=HEADERS),
                    client.get(f"{PATH}/{one}", headers=HEADERS),
                ]
                replies.append([(e.status_code, e.headers.get("content-length")) for e in seen])
        assert replies[0] == replies[1]
        assert [status for status, _ in replies[0]][1:] == [204, 404]

    def test_a_target_goes_on_to_the_byte(self, serve: Serve, tmp_path: Path) -> None:
        """What is escaped in a path or a query stays so."""
        seen: list[str] = []

        def script(connection: Connection) -> None:
            seen.append(connection.received.target)
            connection.head("Content-Length: 2", "Content-Type: application/json")
            connection.socket.sendall(b"{}")

        target = "/v1/files/a%2Fb%20c?name=%C3%A9&q=a+b&q=%2B"
        path = tmp_path / "a.yaml"
        for server in (serve(script), None):
            with served(path, record=server) as (url, _):
                parts = urlsplit(url)
                connection = http.client.HTTPConnection(str(parts.hostname), parts.port)
                connection.request("GET", target, headers=HEADERS)
                assert connection.getresponse().read() == b"{}"
                connection.close()
        assert seen == [target]


class TestWhoMayAsk:
    """The server holds recordings, and other pages are open in the same browser."""

    @pytest.mark.parametrize(
        ("origin", "allowed"),
        [
            ("http://localhost:3000", True),
            ("http://127.0.0.1:8080", True),
            ("https://example.com", False),
            ("http://localhost.example.com", False),
        ],
    )
    def test_pages_of_this_machine(self, tmp_path: Path, origin: str, *, allowed: bool) -> None:
        """A page of this machine may ask, with a key; another page may not read the answer."""
        preflight = {
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type",
        }
        with served(_empty(tmp_path)) as (url, _):
            replies = [
                httpx.options(url + PATH, headers=preflight),
                httpx.post(url + PATH, json=ASKING, headers={"Origin": origin}),
            ]
        for reply in replies:
            assert (reply.headers.get("access-control-allow-origin") == origin) is allowed

    def test_what_a_page_elsewhere_sends_without_asking(self, tmp_path: Path) -> None:
        """Is refused, and uses no recording up."""
        headers = {"Origin": "https://evil.test", "Content-Type": "text/plain"}
        asked: list[Asked] = []
        with served(_empty(tmp_path), note=asked.append) as (url, _):
            assert httpx.post(url + PATH, content="{}", headers=headers).status_code == 403
        assert asked == []

    def test_another_name_for_this_machine(self, tmp_path: Path) -> None:
        """A page whose own name stands for this machine (DNS rebinding) is refused."""
        with served(_empty(tmp_path)) as (url, _):
            reply = httpx.get(url + PATH, headers={"Host": "attacker.example"})
        assert reply.status_code == 400

    def test_other_machines(self, tmp_path: Path) -> None:
        """Who lets other machines in is asked for by other names."""
        with served(_empty(tmp_path), host="0.0.0.0") as (url, _):  # noqa: S104 - what is tested
            port = urlsplit(url).port
            reply = httpx.get(f"http://127.0.0.1:{port}{PATH}", headers={"Host": "box.local"})
        assert reply.status_code == 404


def _empty(folder: Path) -> Path:
    path = folder / "empty.yaml"
    path.write_text("version: 1\ninteractions: []\n", encoding="utf-8")
    return path


class TestRecord:
    """The recording proxy."""

    def test_a_password_in_the_url_of_the_server(
        self, serve: Serve, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Goes to the server, and is neither said nor written."""
        url = serve(lambda wire: wire.head("Content-Length: 0")).replace("://", f"://me:{KEY}@")
        path = tmp_path / "a.yaml"
        with served(path, record=url) as (proxy, _):
            httpx.post(proxy + PATH, json=ASKING, headers=HEADERS)
        with served(path, record=url) as (proxy, _):
            miss = httpx.post(proxy + PATH, json={"inputs": "Bye"}, headers=HEADERS).json()
        assert "--record http://127.0.0.1:" in miss["message"]
        assert KEY not in miss["message"] + path.read_text("utf-8") + str(capsys.readouterr())

    def test_a_server_with_a_path(self, serve: Serve, tmp_path: Path) -> None:
        """The path of the URL stands before that of each request."""
        seen: list[str] = []

        def script(connection: Connection) -> None:
            seen.append(connection.received.target)
            connection.head("Content-Length: 2", "Content-Type: application/json")
            connection.socket.sendall(b"{}")

        path = tmp_path / "a.yaml"
        with served(path, record=f"{serve(script)}/base/") as (proxy, _):
            assert httpx.get(f"{proxy}{PATH}?page=1", headers=HEADERS).json() == {}
        assert seen == [f"/base{PATH}?page=1"]
        assert interactions(path)[0]["request"]["uri"] == f"https://api.mistral.ai{PATH}?page=1"

    @pytest.mark.parametrize("target", ["/a#b", "/" + "a" * 70_000, "//%2F"])
    def test_a_target_that_is_none(self, serve: Serve, tmp_path: Path, target: str) -> None:
        """Is answered, and nothing breaks."""
        server = serve(lambda connection: connection.head("Content-Length: 0"))
        with served(tmp_path / "a.yaml", record=server) as (proxy, _):
            parts = urlsplit(proxy)
            connection = http.client.HTTPConnection(str(parts.hostname), parts.port)
            connection.request("GET", target, headers=HEADERS)
            assert connection.getresponse().status in {200, 400}
            connection.close()
            assert httpx.get(proxy + PATH, headers=HEADERS).status_code == 200

    def test_no_secret_is_written(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """The key of the app is known from its requests, whatever the proxy's own environment."""
        path = tmp_path / "a.yaml"
        key = "another0key1of2an3app4abcdefgh"
        with served(path, record=sandbox.url) as (proxy, _):
            body = ASKING | {"inputs": f"My key is {key}, keep it."}
            httpx.post(proxy + PATH, json=body, headers={"Authorization": f"Bearer {key}"})
        assert len(interactions(path)) == 1
        text = path.read_text(encoding="utf-8")
        assert key not in text
        assert "sandbox: true" in text
        assert f"uri: https://api.mistral.ai{PATH}\n" in text

    def test_without_a_key_nothing_is_sent(self, tmp_path: Path) -> None:
        """To Mistral's own; the app is told why."""
        with served(tmp_path / "a.yaml", record="https://api.mistral.ai") as (proxy, _):
            reply = httpx.post(proxy + PATH, json=ASKING)
        assert reply.status_code == 502
        assert "carries no API key" in reply.json()["message"]
        assert not (tmp_path / "a.yaml").exists()

    def test_it_records_while_its_client_reads(self, serve: Serve, tmp_path: Path) -> None:
        """An event is with the client before its server sends the next."""
        has_first = threading.Event()

        def script(connection: Connection) -> None:
            connection.head(SSE, CHUNKED)
            connection.chunk(b"data: 1\n\n")
            assert has_first.wait(10)
            connection.chunk(b"data: 2\n\n")
            connection.last_chunk()

        with (
            served(tmp_path / "a.yaml", record=serve(script)) as (proxy, _),
            httpx.stream("POST", proxy + PATH, json=ASKING, headers=HEADERS) as response,
        ):
            events = []
            for chunk in response.iter_raw():
                events.append(chunk)
                has_first.set()
        assert events == [b"data: 1\n\n", b"data: 2\n\n"]

    def test_what_is_compressed_reaches_the_client_so(self, serve: Serve, tmp_path: Path) -> None:
        """And is stored readable; a replay is not compressed."""
        import gzip

        def script(connection: Connection) -> None:
            packed = gzip.compress(b'{"a": 1}')
            connection.head("Content-Encoding: gzip", f"Content-Length: {len(packed)}")
            connection.socket.sendall(packed)

        path = tmp_path / "a.yaml"
        codings = []
        for server in (serve(script), None):
            with served(path, record=server) as (url, _):
                reply = httpx.post(url + PATH, json=ASKING, headers=HEADERS)
            assert reply.json() == {"a": 1}
            codings.append(reply.headers.get("content-encoding"))
        assert codings == ["gzip", None]


class TestCommand:
    """The command line, as a process."""

    def test_records_and_replays(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """The first run of a command line records, and its second replays the same."""
        command = ["a.yaml", "--record", sandbox.url, "--pace", "instant"]
        replies = []
        printed = []
        for _ in range(2):
            with _process(tmp_path, *command) as process:
                url = _url(process)
                replies.append(httpx.post(url + PATH, json=ASKING, headers=HEADERS).text)
                process.terminate()
                printed.append(process.communicate(timeout=20)[0])
            assert process.returncode == 0
        assert replies[0] == replies[1]
        assert "POST /v1/conversations  200" in printed[0]
        assert "1 recorded" in printed[0]
        assert printed[1].count("POST") == 1
        assert "recorded" not in printed[1]
        assert KEY not in (tmp_path / "a.yaml").read_text(encoding="utf-8") + "".join(printed)

    def test_a_first_run_that_was_not_answered(self, serve: Serve, tmp_path: Path) -> None:
        """Is not kept, since the same command would replay it ever after; and the rest stays."""
        server = serve(lambda wire: wire.head("Content-Length: 0", status="401 Unauthorized"))
        before = "version: 1\ninteractions: []\n"
        for name, mode in (("a.yaml", "once"), ("empty.yaml", "rewrite")):
            _empty(tmp_path)
            with _process(tmp_path, name, "--record", server, "--mode", mode) as process:
                assert httpx.get(_url(process) + PATH, headers=HEADERS).status_code == 401
                process.terminate()
                errors = process.communicate(timeout=20)[1]
            assert process.returncode == 1
            assert "not written: no request got an answer, only 401: check the key" in errors
        assert not (tmp_path / "a.yaml").exists()
        assert (tmp_path / "empty.yaml").read_text(encoding="utf-8") == before

    @pytest.mark.skipif(not Path("/dev/fd").exists(), reason="a pipe has no name here")
    def test_what_can_be_read_once(self, tmp_path: Path) -> None:
        """Each file is: so it may be a pipe, as of `serve <(gunzip -c it.yaml.gz)`."""
        with _process(tmp_path, "/dev/fd/0", stdin=subprocess.PIPE) as process:
            assert process.stdin is not None
            process.stdin.write("version: 1\ninteractions: []\n")
            process.stdin.close()
            process.stdin = None
            assert httpx.get(_url(process) + PATH).status_code == 404
            process.terminate()
            assert "not served" not in process.communicate(timeout=20)[1]

    def test_one_that_is_no_cassette(self, tmp_path: Path) -> None:
        """It is named, the others are served, and the exit code tells."""
        _empty(tmp_path)
        (tmp_path / "bad.yaml").write_text("interactions: 3\n", encoding="utf-8")
        with _process(tmp_path, "bad.yaml", "empty.yaml") as process:
            url = _url(process)
            assert httpx.get(url + PATH).status_code == 404
            page = httpx.get(url).text
            process.terminate()
            out, errors = process.communicate(timeout=20)
        assert process.returncode == 1
        assert errors.startswith("not served: bad.yaml")
        assert "1 of 2 cassettes cannot be read" in page
        assert "Cannot be read: bad.yaml:1: " in page
        assert "Closest" not in out
        assert "GET /v1/conversations  404" in out

    @pytest.mark.parametrize(
        ("arguments", "code", "message"),
        [
            (["missing.yaml"], 1, "not served: cannot read the cassette missing.yaml: No such"),
            (["empty.yaml", "--pace", "slow"], 2, "pace is 'slow'; choose from"),
            (["empty.yaml", "--chunking", "0"], 2, "chunking is 0; choose from"),
            (["empty.yaml", "--mode", "all"], 2, "--mode is for --record"),
            (["empty.yaml", "--port", "99999"], 2, "--port is 99999; choose one up to 65535"),
            (["a.yaml", "b.yaml", "--record"], 2, "--record takes one cassette"),
            (["empty.yaml", "--scrub", "re:("], 2, "does not compile"),
            (["a.yaml", "--record", "b.yaml"], 2, "; the cassette stands before --record"),
            (["."], 1, "not served: empty.yaml:1: a cassette is a mapping"),
            (["none"], 1, "no cassettes in none"),
            (
                ["empty.yaml", "--record", "ftp://x"],
                2,
                "--record 'ftp://x' is no URL; give one such as",
            ),
        ],
    )
    def test_what_cannot_be(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        arguments: list[str],
        code: int,
        message: str,
    ) -> None:
        """One line says what is wrong."""
        monkeypatch.chdir(_empty(tmp_path).parent)
        (tmp_path / "none").mkdir()
        if arguments == ["."]:
            (tmp_path / "empty.yaml").write_text("", encoding="utf-8")
        assert main(["serve", *arguments]) == code
        assert message in capsys.readouterr().err

    def test_a_port_in_use(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """It is named, and nothing is served."""
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            assert main(["serve", str(_empty(tmp_path)), "--port", str(port)]) == 1
        assert f"serve cannot listen on 127.0.0.1:{port}: Address" in capsys.readouterr().err


@contextlib.contextmanager
def _process(
    folder: Path, *arguments: str, stdin: int | None = None
) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(  # noqa: S603 - no shell
        [sys.executable, "-m", "pytest_conversations", "serve", *arguments],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if "MISTRAL" not in name},
        text=True,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _url(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    return line.partition(" at ")[2].split(" ")[0]


APP = """
import json
import sys
from urllib.request import Request, urlopen

def ask(url, **body):
    headers = {"Authorization": "Bearer KEY", "Content-Type": "application/json"}
    return urlopen(Request(url, json.dumps(body).encode(), headers))

url = sys.argv[1] + "/v1/conversations"
first = json.load(ask(url, model="mistral-small-latest", inputs="Hello"))
with ask(f"{url}/{first['conversation_id']}", inputs="Tell me more", stream=True) as stream:
    print(*[line for line in stream.read().decode().splitlines() if line.startswith("event:")])
""".replace("KEY", KEY)

SUITE = """
    import subprocess
    import sys

    def test_app(conversations_server):
        command = [sys.executable, "app.py", conversations_server]
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert printed.startswith("event: conversation.response.started event: message.output")
        assert printed.endswith("event: conversation.response.done\\n")
"""


_CUT = "import pytest\n\n    @pytest.mark.conversations(cut_after=1)\n    "


SDKS = Path(__file__).parent / "sdks"
needs_node = pytest.mark.skipif(
    shutil.which("node") is None or not (SDKS / "node_modules").exists(),
    reason="needs Node.js and the official TypeScript SDK (make node)",
)


class TestSdks:
    """The official SDKs, as clients in another process."""

    @pytest.mark.parametrize(
        "command",
        [
            pytest.param([sys.executable, SDKS / "talk.py"], id="Python"),
            pytest.param(["node", SDKS / "talk.mjs"], id="TypeScript", marks=needs_node),
        ],
    )
    def test_a_conversation(self, sandbox: Sandbox, tmp_path: Path, command: list[str]) -> None:
        """They record through the proxy, and get from the replay what they got then."""
        path = tmp_path / "a.yaml"
        said = []
        for server in (sandbox.url, None):
            with served(path, record=server) as (url, _):
                made = subprocess.run(  # noqa: S603 - no shell
                    [*command, url],
                    env=os.environ | {"KEY": KEY},
                    capture_output=True,
                    text=True,
                    check=False,
                )
            assert made.returncode == 0, made.stderr
            said.append(json.loads(made.stdout))
        assert said[0] == said[1]
        assert said[0]["content"] == "4"
        assert said[0]["events"][-1] == "conversation.response.done"
        assert [each["request"]["method"] for each in interactions(path)] == ["POST", "POST"]
        assert KEY not in path.read_text(encoding="utf-8")


class TestPage:
    """What a browser sees at `/`."""

    def test_what_was_asked_and_played(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """Each request with what became of it, a miss with its reason, and what is left to play."""
        path = tmp_path / "a.yaml"
        with served(path, record=sandbox.url) as (proxy, _):
            for question in ("What is 2+2?", "What is 3+3?"):
                body = ASKING | {"inputs": question}
                httpx.post(proxy + PATH, json=body, headers=HEADERS)
            assert "What was asked" in httpx.get(proxy).text

        with served(path) as (url, _):
            assert "Nothing yet." in httpx.get(url).text
            httpx.post(url + PATH, json=ASKING | {"inputs": "What is 2+2?"})
            httpx.get(f"{url}/v1/models?api_key={KEY}&x=</script><script>alert(1)")
            page = httpx.get(url)

        assert page.headers["content-type"] == "text/html; charset=utf-8"
        text = page.text
        assert 'POST /v1/conversations</span> <span class="badge good">200</span>' in text
        assert "Not recorded: GET https://api.mistral.ai/v1/models" in text
        assert text.count("not played yet") == 1
        assert "<script>alert(1)" not in text
        assert KEY not in text

    def test_its_icon_is_not_asked_of_the_cassette(self, tmp_path: Path) -> None:
        """A browser wants one by itself."""
        asked: list[Asked] = []
        with served(_empty(tmp_path), note=asked.append) as (url, _):
            assert httpx.get(f"{url}/favicon.ico").status_code == 204
        assert asked == []


class TestFixture:
    """`conversations_server`, for an app in another process."""

    def test_an_app_in_another_process(self, pytester: pytest.Pytester) -> None:
        """Its calls, by a client that is not captured otherwise, are recorded and replayed."""
        pytester.makefile(".py", app=APP)
        pytester.makepyfile(SUITE)

        recording = pytester.runpytest("--conversations-mode=once", "--conversations-sandbox")
        replay = pytester.runpytest()

        recording.assert_outcomes(passed=1)
        replay.assert_outcomes(passed=1)
        replay.stdout.fnmatch_lines(["conversations: 2 replayed, 0 recorded*"])
        (cassette,) = pytester.path.glob("cassettes/**/*.yaml")
        assert KEY not in cassette.read_text(encoding="utf-8")

    def test_what_is_not_recorded_fails_the_test(self, pytester: pytest.Pytester) -> None:
        """Also where the app takes the 404 for an answer."""
        pytester.makepyfile(
            """
            from urllib.error import HTTPError
            from urllib.request import urlopen

            def test_app(conversations_server):
                try:
                    urlopen(conversations_server + "/v1/conversations")
                except HTTPError as error:
                    assert error.code == 404
            """
        )
        result = pytester.runpytest()
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["*Not recorded: GET https://api.mistral.ai/v1/conversations*"])

    def test_the_marker_shapes_it(self, pytester: pytest.Pytester) -> None:
        """`cut_after` of the marker kills the stream of an app in another process, too."""
        pytester.makefile(".py", app=APP)
        pytester.makepyfile(SUITE)
        pytester.runpytest("--conversations-mode=once", "--conversations-sandbox")
        pytester.makepyfile(
            SUITE.replace(
                "def test",
                "import pytest\n    @pytest.mark.conversations(cut_after=1)\n    def test",
            )
        )

        result = pytester.runpytest()

        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["*CalledProcessError*"])
