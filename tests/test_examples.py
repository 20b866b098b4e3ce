"""The examples, each run from a copy outside of the repository, against the built wheel."""

import importlib.metadata
import re
import shutil
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from wheels import ROOT, run

EXAMPLES = ROOT / "examples"
PASSED = {"fastapi_chat": 6, "function_calling": 9, "handoff": 5}

# Installed here for other tests; whoever copies an example has none of them.
NEIGHBOURS = ("hypothesispytest", "pytest_httpx", "randomly", "recording", "respx", "xdist")


def _skip_without(project: Path) -> None:
    """Older versions of what an example stands on are tested against, too."""
    own = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for line in own["dependencies"]:
        needed = Requirement(line)
        try:
            version = importlib.metadata.version(needed.name)
        except importlib.metadata.PackageNotFoundError:
            version = "0"
        if version not in needed.specifier:
            pytest.skip(f"needs {line}")


def _files(folder: Path) -> dict[Path, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {path: path.read_bytes() for path in files}


def test_each_example_is_run() -> None:
    """None is left out below, or in the list that leads to them."""
    assert {path.parent.name for path in EXAMPLES.glob("*/pyproject.toml")} == PASSED.keys()
    page = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| \[(\w+)\]", page, re.MULTILINE)) == PASSED.keys()


def test_they_are_run_apart(apart: Path, site: Path, tmp_path: Path) -> None:
    """With the wheel, without the sources, and without a network."""
    code = """if True:
        import socket, sys
        import pytest_conversations

        print(pytest_conversations.__file__, *sys.path, sep="\\n")
        socket.create_connection(("192.0.2.1", 443), 1)
    """
    done = run("-c", code, cwd=tmp_path, python=apart)
    package, *path = done.stdout.splitlines()
    assert Path(package).is_relative_to(site)
    assert str(ROOT) not in path
    assert done.stderr.rstrip().endswith("OSError: 192.0.2.1 is out of reach")


@pytest.mark.parametrize("name", PASSED)
def test_an_example_passes(name: str, apart: Path, tmp_path: Path) -> None:
    """Its tests replay, without a key, and leave all files as they were."""
    _skip_without(EXAMPLES / name)
    project = tmp_path / name
    shutil.copytree(EXAMPLES / name, project, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    before = _files(project)
    others = [f"-pno:{each}" for each in (*NEIGHBOURS, "cacheprovider")]
    done = run("-m", "pytest", *others, cwd=project, python=apart)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(rf"^=+ {PASSED[name]} passed in [^,]*=$", done.stdout, re.MULTILINE)
    told = r"^conversations: \d+ replayed, 0 recorded, \d+ scrubbed, 0 unused in \d+ cassettes$"
    assert re.search(told, done.stdout, re.MULTILINE)
    assert _files(project) == before


def test_the_recordings_say_that_they_are_of_the_sandbox() -> None:
    """So that nobody takes one for the real API's."""
    paths = [*EXAMPLES.glob("*/cassettes/**/*.yaml")]
    assert {path.relative_to(EXAMPLES).parts[0] for path in paths} == PASSED.keys()
    for path in paths:
        assert "\n  sandbox: true\n" in path.read_text(encoding="utf-8"), path
