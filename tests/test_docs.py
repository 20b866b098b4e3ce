"""The pages in `docs/` are true: their code runs, one block after the other, on the sandbox."""

import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_conversations import ConversationsClient
from pytest_conversations.sandbox import Sandbox

DOCS = Path(__file__).parent.parent / "docs"
PAGES = {path.name: path.read_text(encoding="utf-8") for path in DOCS.glob("*.md")}


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


def test_the_blocks_are_typed(tmp_path: Path) -> None:
    """What the pages show passes mypy in its strictest form."""
    for name, page in PAGES.items():
        blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
        (tmp_path / f"{name}.py").write_text("\n".join(blocks), encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", str(tmp_path)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    assert checked.returncode == 0, checked.stdout + checked.stderr


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
