"""Other plugins for the same libraries, next to us: nothing of theirs breaks, nor of ours."""

from pathlib import Path

import pytest
from support import Connection, Serve

APP = Path(__file__).parent / "apps" / "neighbours.py"


def _other(connection: Connection) -> None:
    connection.head("Content-Length: 5")
    connection.socket.sendall(b"other")


def _with_neighbours(monkeypatch: pytest.MonkeyPatch, *without: str) -> None:
    """Let the runs of pytester load them all, but for some."""
    for name in ("pytest_httpx", "respx", "pytest_recording"):
        pytest.importorskip(name)
    monkeypatch.setenv(
        "PYTEST_ADDOPTS", " ".join(f"-p no:{name}" for name in ("asyncio", *without))
    )


@pytest.mark.parametrize("options", [(), ("-n", "2")])
def test_next_to_them(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    serve: Serve,
    options: tuple[str, ...],
) -> None:
    """In one module, and in one test; in order and in any other."""
    _with_neighbours(monkeypatch)
    pytester.makepyfile(test_neighbours=APP.read_text(encoding="utf-8"))
    monkeypatch.setenv("APPS_URL", serve(_other))
    record = ("--conversations-mode=once", "--conversations-sandbox", "--record-mode=once")

    recorded = pytester.runpytest_subprocess(*options, *record, "--snapshot-update")
    replayed = pytester.runpytest_subprocess(*options, "--block-network", "-W", "error")

    recorded.assert_outcomes(passed=8)
    replayed.assert_outcomes(passed=8)
    replayed.stdout.fnmatch_lines(["conversations: 4 replayed, 0 recorded, *0 unused in 4 *"])
    cassettes = pytester.path / "cassettes" / "test_neighbours"
    assert len(list(cassettes.glob("*.yaml"))) == 5
    assert "pytest-conversations" not in (cassettes / "test_recording.yaml").read_text("utf-8")


def test_one_recorder_for_a_test(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A test with pytest-recording's marker, and ours, is refused: it would write the key."""
    _with_neighbours(monkeypatch)
    pytester.makepyfile(
        test_it="""
        import pytest

        @pytest.mark.vcr
        def test_it(conversations):
            conversations.start(model="m", inputs="Hello")
        """
    )
    record = ("--conversations-mode=once", "--conversations-sandbox", "--record-mode=once")

    refused = pytester.runpytest(*record)

    refused.assert_outcomes(errors=1)
    refused.stdout.fnmatch_lines(["*::test_it: *marker vcr*do not go together*"])
    assert not (pytester.path / "cassettes").exists()
    pytester.runpytest(*record[:2], "--disable-recording").assert_outcomes(passed=1)
    _with_neighbours(monkeypatch, "recording")
    pytester.runpytest("-W", "ignore::pytest.PytestUnknownMarkWarning").assert_outcomes(passed=1)
