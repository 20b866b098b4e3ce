"""What is public is listed, and what is listed is told: options, fixtures, names, commands."""

import ast
import contextlib
import dataclasses
import importlib
import inspect
import io
import pkgutil
import re
from pathlib import Path
from types import ModuleType

import pydantic
import pytest
import yaml

import pytest_conversations
from pytest_conversations import ConversationsConfig, _fixtures, _options, cli, errors, models
from pytest_conversations.cassette._metadata import MIGRATED_FROM

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PUBLIC = [pytest_conversations, errors, models]


def _page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def _table(page: str, title: str) -> list[str]:
    """The first cells of the table below a heading, without their backquotes."""
    section = page.partition(f"## {title}\n")[2].partition("\n## ")[0]
    assert section, title
    cells = re.findall(r"^\| (`[^|]*)\|", section, re.MULTILINE)
    return re.findall(r"`([^`]+)`", " ".join(cells))


def test_each_option_is_told(pytester: pytest.Pytester) -> None:
    """What pytest lists is in the table, and the other way round; so are the modes."""
    told = pytester.runpytest("--help").stdout.str()
    table = _page("settings.md").partition("## Options")[2].partition("\n## ")[0]
    options = set(re.findall(r"(?<![\w-])--conversations-[a-z-]+", told))
    inis = set(re.findall(r"^  (conversations_\w+) \(", told, re.MULTILINE))
    assert options
    assert options == set(re.findall(r"^\| `(--conversations-[a-z-]+)", table, re.MULTILINE))
    assert inis
    assert inis == set(re.findall(r"\| `(conversations_\w+)` \|", table))
    assert _table(_page("record.md"), "Modes") == list(_options.MODES)


def test_each_fixture_argument_and_field_is_told() -> None:
    """In the tables, and in the order of the code where it has one."""
    page = _page("settings.md")
    fixtures = {name for name in _fixtures.__all__ if not name.startswith("_")}
    assert set(_table(page, "Fixtures")) - {"path", "mode"} >= fixtures
    arguments = re.findall(r"(\w+)=", _options.MARKER)
    assert f"conversations({', '.join(f'{name}=...' for name in arguments)})" in page
    assert set(_table(page, "The marker")) == set(arguments)
    block = page.partition("```python\n")[2].partition("```")[0]
    for field in dataclasses.fields(ConversationsConfig):
        assert re.search(rf"\b{field.name}\b", block), field.name


@pytest.mark.parametrize("module", PUBLIC, ids=lambda module: module.__name__)
def test_what_is_exported_is_listed(module: ModuleType) -> None:
    """Sorted, once each, all there; and nothing public is there that is not listed."""
    assert list(module.__all__) == sorted(set(module.__all__))
    for name in module.__all__:
        assert getattr(module, name) is not None
    assert module.__file__
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("pytest_conversations")
        for alias in node.names
    }
    defined = {
        node.name
        for node in tree.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    }
    if module is errors:  # its one import is for an annotation
        imported = set()
    assert imported | defined == set(module.__all__)
    if module is pytest_conversations:
        assert set(dir(module)) == set(module.__all__)


def test_no_model_is_forgotten() -> None:
    """Each class of a model, in whichever module of the models it is, has a public name."""
    for info in pkgutil.iter_modules(models.__path__, f"{models.__name__}."):
        module = importlib.import_module(info.name)
        for name, each in inspect.getmembers(module, inspect.isclass):
            ours = each.__module__ == info.name and issubclass(each, pydantic.BaseModel)
            # Bases have no fields of their own, and a generic one with its parameter is none.
            if (
                ours
                and vars(each)["__pydantic_fields__"]
                and not name.startswith("_")
                and "[" not in name
            ):
                assert name in models.__all__, name


@pytest.mark.parametrize("module", PUBLIC, ids=lambda module: module.__name__)
def test_each_public_name_is_told(module: ModuleType) -> None:
    """By a docstring of its own, and so is each of its public methods."""
    assert module.__doc__
    for name in module.__all__:
        each = getattr(module, name)
        if not (inspect.isclass(each) or inspect.isfunction(each)):
            continue
        assert each.__doc__, name
        if name == "ConversationCassette":  # the page says which few of its names are public
            continue
        for method, function in inspect.getmembers(each, inspect.isfunction):
            if method in vars(each) and not method.startswith("_"):
                assert function.__doc__, f"{name}.{method}"


def test_each_key_of_a_cassette_is_told() -> None:
    """Those that our own recordings have, and that only some have."""
    page = _page("cassette.md")
    keys = {MIGRATED_FROM}
    for path in [*ROOT.glob("cassettes/**/*.yaml"), *ROOT.glob("examples/*/cassettes/**/*.yaml")]:
        keys |= yaml.safe_load(path.read_text(encoding="utf-8"))["metadata"].keys()
    assert len(keys) > 5
    assert keys <= set(_table(page, "Metadata"))


def test_each_error_is_told() -> None:
    """When it comes, and what to do."""
    page = _page("errors.md")
    assert set(_table(page, "Of a cassette") + _table(page, "Of the API")) >= set(errors.__all__)


def _help(*words: str) -> str:
    told = io.StringIO()
    with contextlib.redirect_stdout(told), pytest.raises(SystemExit):
        cli.main([*words, "--help"])
    return told.getvalue()


COMMANDS = re.findall(r"^    (\w+)  ", _help(), re.MULTILINE)


def test_each_command_is_told() -> None:
    """With the exit codes that it has."""
    assert "sandbox" in COMMANDS
    for command in COMMANDS:
        assert re.search(rf"^\| `{command}\b.*` \| \D*\d", _page("cli.md"), re.MULTILINE), command


@pytest.mark.parametrize("command", COMMANDS)
def test_each_option_of_a_command_is_told(command: str) -> None:
    """On the page of the command line, or on the one that it points to."""
    pages = _page("cli.md") + _page("secrets.md") + _page("sandbox.md")
    for option in set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", _help(command))) - {"--help"}:
        assert option in pages or option == "--output", option  # it is told by its letter


@pytest.mark.parametrize(
    "client",
    [pytest_conversations.ConversationsClient, pytest_conversations.AsyncConversationsClient],
)
def test_each_operation_says_what_it_returns(client: type) -> None:
    """To those who ask for its annotations, as documentation does: a model or a stream."""
    for name in ("start", "append_stream", "get_history"):
        returned = inspect.signature(getattr(client, name)).return_annotation
        assert getattr(client, name).__annotations__["return"] is returned
        assert "Operation" not in str(returned)
