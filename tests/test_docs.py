"""The pages in `docs/` are true: their code runs, one block after the other, on the sandbox."""

import importlib.util
import inspect
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from pytest_conversations import ConversationsClient, stable
from pytest_conversations._rules import Rules
from pytest_conversations.sandbox import Sandbox

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
FILE = re.compile(r"<!-- (\w+)\.py -->\n```python\n(.*?)```", re.DOTALL)
EVERY = {path.name: path.read_text(encoding="utf-8") for path in DOCS.glob("*.md")}
EVERY["README.md"] = (ROOT / "README.md").read_text(encoding="utf-8")
WITH_CODE = {name: page for name, page in EVERY.items() if "```python" in page}
# Pages whose blocks are one program. The blocks of others are the files of a project.
PAGES = {name: page for name, page in WITH_CODE.items() if not FILE.search(page)}
# Those have tests of their own.
TOLD_APART = {"tutorial.md", "parser.md", "snapshots.md", "migrate.md"}
RECORD = "--conversations-mode=once --conversations-sandbox --snapshot-update"


def _tour() -> ModuleType:
    """The script that does the steps of the tutorial."""
    spec = importlib.util.spec_from_file_location("tour", DOCS / "tour.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look it up
    spec.loader.exec_module(module)
    return module


def test_the_tutorial_shows_what_is_printed(tmp_path: Path) -> None:
    """Each step, done in an empty folder, prints what the page says (``docs/tour.py --renew``)."""
    assert _tour().differences(EVERY["tutorial.md"], tmp_path) == []


def test_the_readme_is_the_tutorial_in_short() -> None:
    """The same test, the same commands, and the same message when the prompt is changed."""
    tutorial, readme = EVERY["tutorial.md"], EVERY["README.md"]
    assert dict(FILE.findall(readme))["test_memory"] == dict(FILE.findall(tutorial))["test_memory"]
    assert f"\npytest {RECORD}\n" in readme
    assert f"$ pytest -q {RECORD}\n" in tutorial
    for name in ("README.md", "errors.md"):
        message = re.search(r"```text\n(.*?)```", EVERY[name], re.DOTALL)
        assert message
        for line in message[1].splitlines():
            assert line in tutorial, line


@pytest.mark.parametrize(
    "name", [name for name in WITH_CODE if name not in PAGES.keys() | TOLD_APART]
)
def test_each_project_records_and_replays(
    name: str, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the commands of its page where it has any: all tests pass, and the second time offline."""
    page = EVERY[name]
    files = dict(FILE.findall(page))
    # Each block of code is a file, but for one that mends another.
    assert page.count("```python") == len(files)
    pytester.makepyfile(**files)
    if name == "settings.md":
        pytester.makepyfile(
            "def test_it(conversations): conversations.start(model='m', inputs='Hi')"
        )
    shown = re.search(
        r"(?:MISTRAL_API_KEY=(\S+)\s)?pytest (--.*once.*sandbox.*)\npytest$", page, re.MULTILINE
    )
    key, options = shown.groups() if shown else (None, RECORD)
    monkeypatch.setenv("MISTRAL_API_KEY", key or "sandbox-needs-no-real-key")

    recorded = pytester.runpytest(*options.split())
    monkeypatch.delenv("MISTRAL_API_KEY")
    replayed = pytester.runpytest()

    count = sum(code.count("def test_") for code in files.values()) or 1
    recorded.assert_outcomes(passed=count)
    replayed.assert_outcomes(passed=count)
    recorded.stdout.fnmatch_lines(["conversations: *[!0] recorded,*"])
    replayed.stdout.fnmatch_lines(["conversations: *[!0] replayed, 0 recorded,*, 0 unused *"])


@pytest.mark.parametrize("name", PAGES)
def test_each_block_runs(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each takes what those before it left."""
    blocks = re.findall(r"```python\n(.*?)```", PAGES[name], re.DOTALL)
    assert blocks
    names: dict[str, Any] = {}
    with Sandbox() as sandbox:
        monkeypatch.setenv("MISTRAL_SERVER_URL", sandbox.url)
        monkeypatch.setenv("MISTRAL_API_KEY", "any-key-will-do")
        for block in blocks:
            # Compiled at its own line, so that a failure names the place in the page.
            line = PAGES[name][: PAGES[name].index(block)].count("\n")
            exec(compile("\n" * line + block, str(DOCS / name), "exec"), names)  # noqa: S102 - our own


def test_the_client_page_names_every_operation_and_argument() -> None:
    """So that none goes undocumented."""
    page = PAGES["client.md"]
    operations = [
        name
        for name, each in inspect.getmembers(ConversationsClient, inspect.isfunction)
        if not name.startswith("_") and name != "close"
    ]
    assert len(operations) == 11
    for operation in operations:
        assert re.search(rf"^###.*\b{operation}\b", page, re.MULTILINE), operation
        assert re.search(rf"\.{operation}\(", page), operation
        for argument in inspect.signature(getattr(ConversationsClient, operation)).parameters:
            if argument != "self":
                assert re.search(rf"\b{argument}\b", page), argument


def test_the_parser_page_finds_a_bug_and_mends_it(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its commands, with the failures that it shows; the mended parser has none."""
    monkeypatch.setenv("COLUMNS", "80")
    page = EVERY["parser.md"]
    pytester.makepyfile(**dict(FILE.findall(page)))
    record, replay = re.findall(r"^pytest(.*)$", page, re.MULTILINE)
    shown = re.search(r"```text\n(.*?)```", page, re.DOTALL)
    mended = re.search(r"<!-- mended -->\n```python\n(.*?)```", page, re.DOTALL)
    assert shown
    assert mended

    pytester.runpytest(*record.split()).assert_outcomes(passed=1, deselected=5)
    found = pytester.runpytest("-rf", *replay.split())
    (pytester.path / "my_app.py").write_text(
        (pytester.path / "my_app.py").read_text("utf-8").partition("def texts")[0] + mended[1],
        "utf-8",
    )
    after = pytester.runpytest()

    found.assert_outcomes(passed=4, failed=2)
    found.stdout.fnmatch_lines([f"*{line.replace('[', '[[]')}*" for line in shown[1].splitlines()])
    after.assert_outcomes(passed=6)


def test_the_parser_page_names_every_argument() -> None:
    """So that none goes undocumented."""
    for name in ("chunking", "pace", "cut_after"):
        assert f"| `{name}` |" in EVERY["parser.md"]


def test_the_lines_of_the_secrets_page_are_lines() -> None:
    """They are read as they are meant."""
    block = re.search(
        r"```ini\n\[pytest\]\nconversations_scrub =\n(.*?)```", EVERY["secrets.md"], re.DOTALL
    )
    assert block
    rules = Rules.of(block[1].splitlines())
    assert (len(rules.names), len(rules.patterns), len(rules.keep)) == (1, 2, 2)


def test_the_hook_of_the_secrets_page_is_that_of_the_repository() -> None:
    """Whoever takes the one has the other."""
    blocks = re.findall(r"```yaml\n(.*?)```", EVERY["secrets.md"], re.DOTALL)
    (shown,) = yaml.safe_load(blocks[0])["repos"][0]["hooks"]
    (hook,) = yaml.safe_load((DOCS.parent / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert {**shown, "language": "python"} == hook


def test_the_snapshots_page_shows_what_is_written(pytester: pytest.Pytester) -> None:
    """By its command, and the test passes again without the sandbox."""
    page = EVERY["snapshots.md"]
    pytester.makepyfile(**dict(FILE.findall(page)))
    (record,) = re.findall(r"^pytest(.*)$", page, re.MULTILINE)
    shown = re.search(r"```text\n(.*?)```", page, re.DOTALL)
    assert shown

    pytester.runpytest(*record.split()).assert_outcomes(passed=2)
    pytester.runpytest().assert_outcomes(passed=2)

    written = (pytester.path / "__snapshots__/test_sum.conversations").read_text(encoding="utf-8")
    assert shown[1] in written


def test_the_snapshots_page_names_every_argument_and_function() -> None:
    """So that none goes undocumented."""
    for name in inspect.signature(stable).parameters:
        assert re.search(rf"\| `{name}[=(]", EVERY["snapshots.md"]) or name == "conversation"
    for name in ("outline", "text", "tool_calls", "stable"):
        assert f"| `{name}(conversation)` |" in EVERY["snapshots.md"]


def test_workflows_can_be_copied() -> None:
    """Those of the page on CI say when they run and what; GitHub refuses a file that does not."""
    blocks = re.findall(r"```yaml\n(# \.github/.*?)```", EVERY["ci.md"], re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        workflow = yaml.safe_load(block)
        assert workflow[True]  # `on`, which is a boolean of YAML 1.1
        for job in workflow["jobs"].values():
            assert job["runs-on"]
            assert all({"uses", "run"} & step.keys() for step in job["steps"])


def test_files_are_named_for_who_reads_the_source() -> None:
    """The README, and the pages that are followed step by step, say in words what the files are."""
    for page in ("README.md", "tutorial.md", "sdk.md", "parser.md", "processes.md"):
        for name, _ in FILE.findall(EVERY[page]):
            assert f"`{name}.py`" in EVERY[page], f"{page}: {name}.py"
