"""What a browser does with `serve`: it shows its page, and is a client itself."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from libraries import HEADERS
from serving_cases import ASKING, PATH, served
from support import CHUNKED, SSE, Connection, Serve, stream_of

from pytest_conversations.capture import Shape

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHUNKS = [b"data: caf\xc3", b"\xa9\n\n", b"data: 2\n\n"]
ASK = """async ([url, body, headers]) => {
  const reply = await fetch(url, { method: "POST", body: JSON.stringify(body), headers });
  const reader = reply.body.getReader();
  const chunks = [];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return [reply.status, chunks, "ended"];
      chunks.push([...value]);
    }
  } catch (error) {
    return [reply.status, chunks, error.name];
  }
}"""


def _app(connection: Connection) -> None:
    connection.head("Content-Type: text/html")
    connection.socket.sendall(b"<!doctype html><title>An app</title>")


def test_an_app_in_a_browser(browser: "Browser", serve: Serve, tmp_path: Path) -> None:
    """A page of another server on this machine gets the chunks, and the death of a stream."""

    def dying(connection: Connection) -> None:
        connection.head(SSE, CHUNKED)
        for chunk in CHUNKS:
            connection.chunk(chunk)
        time.sleep(0.5)  # a browser drops what was not read yet when the stream dies

    page = browser.new_page()
    page.goto(serve(_app))
    headers = {**HEADERS, "Content-Type": "application/json"}
    for name, script, end in (
        ("whole", stream_of(*CHUNKS, pause=0.5), "ended"),  # a busy browser joins chunks
        ("dying", dying, "TypeError"),
    ):
        path = tmp_path / f"{name}.yaml"
        for server, shape in ((serve(script), Shape()), (None, Shape(pace=1.0))):
            with served(path, record=server, shape=shape) as (url, _):
                status, chunks, how = page.evaluate(ASK, [url + PATH, ASKING, headers])
            assert status == 200
            assert b"".join(map(bytes, chunks)) == b"".join(CHUNKS)
            assert how == end
            if name == "whole":
                assert [bytes(chunk) for chunk in chunks] == CHUNKS
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page(browser: "Browser", serve: Serve, tmp_path: Path, scheme: str) -> None:
    """It tells what was asked, a miss unfolded with its reason, and complains of nothing."""
    told: list[str] = []
    path = tmp_path / "a.yaml"
    with served(path, record=serve(stream_of(*CHUNKS))) as (proxy, _):
        httpx.post(proxy + PATH, json=ASKING, headers=HEADERS)
    page = browser.new_page(color_scheme=scheme)  # type: ignore[arg-type] # a parameter
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    with served(path) as (url, _):
        page.goto(url)
        assert page.get_by_text("not played yet").is_visible()
        httpx.post(url + PATH, json=ASKING)
        httpx.post(url + PATH, json=ASKING | {"inputs": "<img src=x onerror=alert(1)>"})
        page.reload()
        asked = page.get_by_role("region", name="What was asked")
        assert asked.locator("summary").all_text_contents()[0].startswith("POST /v1/conversations")
        assert asked.get_by_text("Not recorded: POST").is_visible()
        assert asked.get_by_text("<img src=x onerror=alert(1)>").is_visible()
        assert page.get_by_text("not played yet").count() == 0
    assert told == []
    page.close()
