"""The built wheel, in a project outside of the repository, against a server in another process."""

import contextlib
import email
import os
import subprocess
import sys
import tarfile
import textwrap
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import vcr
from wheels import ROOT, run

FOLDERS = [".github", "benchmarks", "cassettes", "docs", "examples"]
FOLDERS += ["pytest_conversations", "tests"]
LEFT_BEHIND = {".pytest_cache", "__pycache__", "node_modules"}
KEY = "zK4dummy0key1for2tests3only4xyzw"

PROJECT = '''
    """A user's tests."""

    import pytest_conversations


    def test_eight_kinds_of_call(conversations, conversation_snapshot):
        model = "mistral-medium-latest"
        first = conversations.start(model=model, inputs="My name is Ada.")
        id_ = first.conversation_id
        with conversations.append_stream(conversation_id=id_, inputs="What is my name?") as stream:
            events = list(stream)
        second = conversations.append(conversation_id=id_, inputs="What is 6*7?")
        history = conversations.get_history(conversation_id=id_)
        messages = conversations.get_messages(conversation_id=id_)
        one = conversations.get(conversation_id=id_)
        found = conversations.list()
        conversations.delete(conversation_id=id_)
        assert events == conversation_snapshot(name="events")
        assert [first, second, history, messages, one, found] == conversation_snapshot(name="rest")


    def test_it_is_the_wheel():
        assert "site" in pytest_conversations.__file__
'''


@contextlib.contextmanager
def _server(site: Path, cwd: Path) -> Iterator[str]:
    """A server in another process, by the command of the wheel; gives its URL."""
    command = [sys.executable, "-u", "-m", "pytest_conversations", "sandbox"]
    with subprocess.Popen(  # noqa: S603 - our own words
        command,
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(site)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split(" at ")[1].split()[0]
        finally:
            process.terminate()


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    """Each module and template, the typing marker, and the licence; no tests, no recordings."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    package = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "pytest_conversations").rglob("*")
        if path.suffix in {".py", ".typed", ".html", ".css", ".js"}
    }
    assert {name for name in names if ".dist-info/" not in name} == package
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_sdist_holds_the_repository_and_nothing_else(dist: Path) -> None:
    """What the tests need to run from it; nothing that a run has left behind."""
    (path,) = dist.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for folder in FOLDERS:
        files = {
            file.relative_to(ROOT).as_posix()
            for file in (ROOT / folder).rglob("*")
            if file.is_file() and not LEFT_BEHIND & set(file.relative_to(ROOT).parts)
        }
        assert {name for name in names if name.startswith(f"{folder}/")} == files
    tops = {name for name in names if "/" not in name}
    pages = {path.name for path in ROOT.glob("*.md")}
    made = {"LICENSE", "Makefile", "PKG-INFO", "demo.py", "noxfile.py", "pyproject.toml"}
    hidden = {".gitignore", ".pre-commit-config.yaml", ".pre-commit-hooks.yaml"}
    assert tops == pages | made | hidden


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    """To those who look for it, to installers, to type checkers and to pytest."""
    with zipfile.ZipFile(wheel) as archive:
        (path,) = [name for name in archive.namelist() if name.endswith("/METADATA")]
        metadata = email.message_from_bytes(archive.read(path))
        entries = archive.read(path.replace("METADATA", "entry_points.txt")).decode()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Requires-Python"] == project["requires-python"]
    classifiers = set(metadata.get_all("Classifier", []))
    assert classifiers >= {"Framework :: Pytest", "Typing :: Typed"}
    required = metadata.get_all("Requires-Dist", [])
    assert {each for each in required if ";" not in each} == set(project["dependencies"])
    assert not [each for each in required if "<" in each or "==" in each.partition(";")[0]]
    assert "[pytest11]\nconversations = pytest_conversations.plugin\n" in entries
    # What a page on the index shows is all of the README.
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert metadata.get_payload() == (ROOT / "README.md").read_text(encoding="utf-8")


def test_a_project_records_and_replays(site: Path, tmp_path: Path) -> None:
    """Recorded once from a server it has never seen; replayed with neither server nor key."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "test_it.py").write_text(textwrap.dedent(PROJECT), encoding="utf-8")
    pytest_ = ("-B", "-m", "pytest", "-q", "-p", "no:cacheprovider")
    record = ("--conversations-mode=once", "--snapshot-update")
    with _server(site, tmp_path) as server:
        url = f"--conversations-server-url={server}"
        environ = {"PYTHONPATH": str(site), "MISTRAL_API_KEY": KEY}
        recorded = run(*pytest_, url, *record, cwd=project, **environ)
    assert recorded.returncode == 0, recorded.stdout + recorded.stderr
    cassette = project / "cassettes" / "test_it" / "test_eight_kinds_of_call.yaml"
    files = {path: path.read_bytes() for path in project.rglob("*.*") if path.is_file()}
    assert cassette in files
    assert not any(KEY.encode() in data for data in files.values())

    with pytest.raises(httpx.ConnectError):  # there is nothing that replay could fall back on
        httpx.get(server)
    replayed = run(*pytest_, url, cwd=project, PYTHONPATH=str(site))
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
    assert "conversations: 8 replayed, 0 recorded, 0 scrubbed, 0 unused" in replayed.stdout
    assert {path: path.read_bytes() for path in project.rglob("*.*") if path.is_file()} == files

    with vcr.use_cassette(str(cassette), record_mode="none") as stock:
        for request in stock.requests:
            reply = httpx.request(request.method, request.uri, content=request.body)
            assert reply.is_success
        assert stock.all_played
