"""What `serve --record` writes: while it runs, beside others, and when it is stopped."""

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import yaml
from libraries import HEADERS
from recordings import BASE, interaction, write
from serving_cases import ASKING, PATH, served
from vcr.request import Request

from pytest_conversations._keeping import Keeper
from pytest_conversations.cassette import GrowingCassette, Hints, Scrubber
from pytest_conversations.cli import main
from pytest_conversations.errors import CassetteError
from pytest_conversations.sandbox import Sandbox


def ask(url: str, question: str) -> None:
    """Ask a server something."""
    body = ASKING | {"inputs": question}
    assert httpx.post(url + PATH, json=body, headers=HEADERS).status_code == 200


def questions(path: Path) -> list[str]:
    """What is asked in a cassette, in order."""
    held = yaml.safe_load(path.read_text(encoding="utf-8"))["interactions"]
    return [yaml.safe_load(each["request"]["body"])["inputs"] for each in held]


def old(path: Path, *asked: str) -> Path:
    """A cassette that is there before."""
    return write(
        path, *(interaction("POST", BASE, ASKING | {"inputs": each}, {"a": 1}) for each in asked)
    )


def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def stopped(number: int, command: str, *words: str, meanwhile: Callable[[str], None]) -> int:
    """Run a command in here, do something while it runs, and stop it by a signal."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    failed: list[BaseException] = []

    def listens() -> bool:
        with socket.socket() as tried:
            return tried.connect_ex(("127.0.0.1", port)) == 0

    def drive() -> None:
        try:
            until(listens)
            try:
                meanwhile(f"http://127.0.0.1:{port}")
            finally:
                os.kill(os.getpid(), number)
        except BaseException as error:  # noqa: BLE001 - for the thread of the test
            failed.append(error)

    # Where the tests run in the background, the shell had SIGINT ignored, and so has the command.
    before = signal.signal(number, signal.default_int_handler)
    try:
        thread = threading.Thread(target=drive)
        thread.start()
        code = main([command, *words, "--port", str(port)])
        thread.join()
    finally:
        signal.signal(number, before)
    if failed:
        raise failed[0]
    return code


def opened(path: Path, mode: str) -> GrowingCassette:
    """A cassette that a server records into."""
    return GrowingCassette(str(path), mode=mode, scrubber=Scrubber({}), hints=Hints())


def put(cassette: GrowingCassette, question: str, code: int = 200) -> None:
    """Record an answer, or play it, as when a server is asked."""
    request = Request("POST", BASE, json.dumps(ASKING | {"inputs": question}), {})
    made = cassette.admit(request)
    assert made is not None
    if cassette.play(made) is None:
        cassette.record(request, made).response = {
            "status": {"code": code, "message": "OK"},
            "headers": {"content-type": ["application/json"]},
            "body": {"string": b'{"a": 1}'},
        }


class TestOthers:
    """What somebody else writes into the file while it is recorded."""

    @pytest.mark.parametrize(
        ("mode", "kept"),
        [("once", []), ("new_episodes", ["old", "same"]), ("all", ["old"]), ("rewrite", [])],
    )
    def test_two_servers(self, tmp_path: Path, mode: str, kept: list[str]) -> None:
        """Each keeps what the other has recorded, whichever saves first."""
        path = tmp_path / "a.yaml"
        if mode != "once":
            old(path, "old", "same")
        one, two = opened(path, mode), opened(path, mode)
        for cassette, question in ((one, "1"), (two, "2"), (one, "3"), (two, "same")):
            put(cassette, question)
            cassette.save()
        two.write()
        one.write()
        # One of what is recorded already is played in this mode.
        again = [] if mode == "new_episodes" else ["same"]
        held = questions(path)
        assert held[: len(kept)] == kept
        assert sorted(held[len(kept) :]) == sorted(["1", "2", "3", *again])
        assert [each.name for each in tmp_path.iterdir()] == ["a.yaml"]

    @pytest.mark.parametrize("mode", ["new_episodes", "rewrite"])
    def test_an_editor(self, tmp_path: Path, mode: str) -> None:
        """A recording that was put in, changed or taken out by hand is so afterwards."""
        path = old(tmp_path / "a.yaml", "old", "changed", "gone")
        cassette = opened(path, mode)
        put(cassette, "1")
        cassette.save()
        had = ["1"] if mode == "new_episodes" else []
        assert questions(path) == ["old", "changed", "gone", *had]
        old(path, "old", "changed by hand", "put in")
        put(cassette, "2")
        cassette.write()
        assert questions(path) == [
            *(["old"] if mode == "new_episodes" else []),
            "changed by hand",
            "put in",
            "1",
            "2",
        ]

    def test_a_file_that_is_no_cassette_any_more(self, tmp_path: Path) -> None:
        """As with the marks of a merge: it stays as it is, and the recording goes beside it."""
        path = tmp_path / "a.yaml"
        told: list[str] = []
        cassette = opened(path, "once")
        keeper = Keeper(cassette, Scrubber({}), told.append)
        put(cassette, "1")
        path.write_text("<<<<<<< ours", encoding="utf-8")
        keeper.save()
        keeper.save()
        with pytest.raises(CassetteError, match=r"in .*a\.recorded-1\.yaml"):
            keeper.finish()
        assert path.read_text(encoding="utf-8") == "<<<<<<< ours"
        assert questions(tmp_path / "a.recorded-1.yaml") == ["1"]
        assert len(told) == 1
        assert told[0].startswith("not saved yet: ")

    def test_failures_do_not_replace_replies(self, tmp_path: Path) -> None:
        """Where some requests got no answer the old recording stays, and the new one, too."""
        path = old(tmp_path / "a.yaml", "old")
        before = path.read_bytes()
        cassette = opened(path, "rewrite")
        put(cassette, "1")
        put(cassette, "2", code=0)
        with pytest.raises(CassetteError, match=r"old recording stays.*a\.recorded-1\.yaml"):
            Keeper(cassette, Scrubber({}), print).finish()
        assert path.read_bytes() == before
        assert questions(tmp_path / "a.recorded-1.yaml") == ["1", "2"]


class TestWhileItRuns:
    """A kill loses what came in the last second."""

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_each_is_saved(
        self, sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str], number: int
    ) -> None:
        """The file has it before the server is stopped, and is whole after it."""
        path = tmp_path / "new" / "a.yaml"

        def meanwhile(url: str) -> None:
            ask(url, "1")
            until(path.exists)
            assert questions(path) == ["1"]
            ask(url, "2")

        words = ("serve", str(path), "--record", sandbox.url)
        assert stopped(number, *words, meanwhile=meanwhile) == 0
        assert questions(path) == ["1", "2"]
        assert "2 recorded" in capsys.readouterr().out

    def test_an_old_recording_stays_until_the_end(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """What replaces it is beside it until then, and can be played from there."""
        path = old(tmp_path / "a.yaml", "old")
        beside = tmp_path / "a.recorded-1.yaml"
        before = path.read_bytes()

        def meanwhile(url: str) -> None:
            ask(url, "1")
            until(beside.exists)
            assert questions(beside) == ["1"]
            assert path.read_bytes() == before

        words = ("serve", str(path), "--record", sandbox.url, "--mode", "rewrite")
        assert stopped(signal.SIGTERM, *words, meanwhile=meanwhile) == 0
        assert questions(path) == ["1"]
        assert not beside.exists()

    def test_one_that_is_there(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Is replayed, and how to record it again is said."""
        path = old(tmp_path / "a.yaml", "old")
        words = ("serve", str(path), "--record")
        assert stopped(signal.SIGTERM, *words, meanwhile=lambda url: ask(url, "old")) == 0
        out = capsys.readouterr().out
        assert out.startswith(f"replaying {path} at ")
        assert "It is there already: --mode new_episodes adds to it" in out

    def test_the_sandbox_ends_likewise(self) -> None:
        """With 0, when it is asked to."""
        assert stopped(signal.SIGTERM, "sandbox", meanwhile=lambda _: None) == 0


@pytest.mark.parametrize("below", ["file/a.yaml", "file/new/a.yaml"])
def test_a_target_that_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], below: str
) -> None:
    """Is told before anything is recorded."""
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    assert main(["serve", str(tmp_path / below), "--record"]) == 1
    assert f"cannot write the cassette {tmp_path / below}: Not a dir" in capsys.readouterr().err


def test_looking_whether_it_can_leaves_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    """Neither a file nor a folder, where nothing is recorded."""
    with served(tmp_path / "new" / "b" / "a.yaml", record=sandbox.url):
        assert list(tmp_path.iterdir()) == []
