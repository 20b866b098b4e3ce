"""What is said about the project, to people and to machines, is so: versions, commands, paths."""

import ast
import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml

from pytest_conversations import __version__
from pytest_conversations.cli import main

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "pytest_conversations"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
NOXFILE = ast.parse((ROOT / "noxfile.py").read_text(encoding="utf-8"))
PAGES = ["CONTRIBUTING.md", "SECURITY.md", "README.md", "ARCHITECTURE.md", "CHANGELOG.md"]
PAGES += [path.relative_to(ROOT).as_posix() for path in ROOT.glob("examples/**/README.md")]
PAGES += [".github/PULL_REQUEST_TEMPLATE.md"]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
NAMES = [*PAGES, *(path.relative_to(ROOT).as_posix() for path in WORKFLOWS)]

PYTHONS = [
    each.rpartition(" ")[2]
    for each in PROJECT["project"]["classifiers"]
    if re.search(r":: 3\.\d+$", each)
]


def _text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _sessions() -> dict[str, ast.FunctionDef]:
    """The sessions of nox, which need not be installed."""
    return {
        node.name: node
        for node in NOXFILE.body
        if isinstance(node, ast.FunctionDef) and node.decorator_list
    }


def test_the_versions_of_python_are_the_same_everywhere() -> None:
    """What the classifiers promise is what is tested, linted for, and named to newcomers."""
    oldest, newest = PYTHONS[0], PYTHONS[-1]
    assert PROJECT["project"]["requires-python"] == f">={oldest}"
    assert PROJECT["tool"]["ruff"]["target-version"] == f"py{oldest.replace('.', '')}"
    assert f"Python {oldest} or newer" in _text("README.md")
    assert f"Python {oldest} or newer" in _text("CONTRIBUTING.md")
    assert f"Python {oldest} to {newest}" in _text("CONTRIBUTING.md")
    matrix = yaml.safe_load(_text(".github/workflows/ci.yml"))["jobs"]["tests"]["strategy"][
        "matrix"
    ]
    assert matrix["session"] == [*(f"tests-{version}" for version in PYTHONS), "lowest"]
    assert all(each["experimental"] for each in matrix["include"])


@pytest.mark.parametrize("name", NAMES)
def test_the_commands_that_are_named_are_there(name: str) -> None:
    """Each `make` target, and each session of nox."""
    phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert phony
    targets = re.findall(r"(?:`|^|run: )make ([a-z][\w-]*)", _text(name), re.MULTILINE)
    assert set(targets) <= set(phony[1].split())
    given = re.findall(r"nox (?:-s|--session)((?: [a-z][\w.-]*)+)", _text(name))
    sessions = {re.sub(r"-[\d.]+$", "", each) for words in given for each in words.split()}
    assert sessions <= _sessions().keys()


@pytest.mark.parametrize("name", NAMES)
def test_the_files_that_are_named_are_there(name: str) -> None:
    """Links, and paths from the root, from the package, or of a test."""
    text = _text(name)
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    paths = re.findall(r"`((?:\w+/)*\w+\.(?:py|toml|yml))`", text) if name in PAGES[:2] else []
    for path in links:
        assert (ROOT / name).parent.joinpath(path).exists(), path
    for path in paths:
        folders = (ROOT, PACKAGE, PACKAGE / "client", ROOT / "tests")
        assert any((folder / path).exists() for folder in folders), path


def test_the_changelog_has_its_form() -> None:
    """Keep a Changelog's: what is to come, then versions with their dates; and its sections."""
    versions = re.findall(r"^## (.*)$", _text("CHANGELOG.md"), re.MULTILINE)
    assert versions[0] == "[Unreleased]"
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", each) for each in versions[1:])
    sections = set(re.findall(r"^### (.*)$", _text("CHANGELOG.md"), re.MULTILINE))
    assert sections <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_make_and_nox_lint_alike() -> None:
    """So that what passes here passes there."""
    rule = re.search(r"^lint:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    assert rule
    made = [
        re.sub(
            r"^\$\(RUN\) -m |^\$\(VENV\)/bin/| --pythonpath \$\(RUN\)$", "", line.strip()
        ).replace("$(RUN)", "python")
        for line in rule[1].splitlines()
    ]
    runs = [
        " ".join(str(ast.literal_eval(word)) for word in node.args)
        for node in ast.walk(_sessions()["lint"])
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "session.run"
    ]
    assert made == runs


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned(path: Path) -> None:
    """By the commit, with its version beside it; the rest zizmor looks at."""
    used = re.findall(r"uses: (.*)", path.read_text(encoding="utf-8"))
    assert used
    for each in used:
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each)


def test_the_command_for_versions_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """The form for bugs asks for what it prints."""
    form = yaml.safe_load(_text(".github/ISSUE_TEMPLATE/bug.yml"))
    (asked,) = [each for each in form["body"] if each.get("id") == "versions"]
    assert "`pytest-conversations --version`" in asked["attributes"]["description"]
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert not ended.value.code
    first, *others = capsys.readouterr().out.splitlines()
    assert first == f"pytest-conversations {__version__}"
    assert others[0].startswith(f"Python {sys.version.split()[0]}, ")
    told = dict(line.split() for line in others[1:])
    names = {"pytest", "vcrpy", "httpx", "pydantic", "syrupy"}
    assert {name: told[name] for name in names} == {name: metadata.version(name) for name in names}


# Only where Python runs on something like Unix.
POSIX_MODULES = {"curses", "fcntl", "grp", "pty", "pwd", "readline", "resource", "termios", "tty"}
POSIX_NAMES = {"chown", "fork", "getpgid", "geteuid", "killpg", "mkfifo", "setitimer", "SIGKILL"}


def test_nothing_is_for_one_system_alone() -> None:
    """Neither a module of Unix, nor a text in the machine's own encoding or line ends."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                assert not POSIX_MODULES & {alias.name for alias in node.names}, path
            elif isinstance(node, ast.ImportFrom):
                assert node.module not in POSIX_MODULES, path
            elif isinstance(node, ast.Attribute):
                assert node.attr not in POSIX_NAMES, path
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                assert (
                    _keywords_of(node.func.attr, node)
                    <= {each.arg: ast.unparse(each.value) for each in node.keywords}.items()
                ), f"{path}:{node.lineno}"


def _keywords_of(name: str, call: ast.Call) -> set[tuple[str, str]]:
    """What a call that reads or writes a text has to say."""
    modes = [each.value for each in call.args if isinstance(each, ast.Constant)]
    encoding, ends = ("encoding", "'utf-8'"), ("newline", "''")
    if ast.unparse(call.func) == "os.open":
        return set()
    if name in {"open", "TemporaryFile"} and "b" not in str(modes[:1]):
        return {encoding} | ({ends} if set("wax") & set(str(modes[:1])) else set())
    return {encoding} if name in {"read_text", "write_text"} else set()
