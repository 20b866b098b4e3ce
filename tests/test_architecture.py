"""The layers of the package: a module knows only what lies before it. See ARCHITECTURE.md."""

import ast
import graphlib
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import pytest_conversations

PACKAGE = Path(pytest_conversations.__file__).parent
NAME = "pytest_conversations"

# What each part may import of the others. A part is a folder, or a module beside the folders.
MAY_IMPORT: dict[str, set[str]] = {
    "_version": set(),
    "_yaml": set(),
    "_sse": set(),
    "errors": set(),
    "models": set(),
    "_plural": set(),
    "_protocol": set(),
    "_rules": {"_plural", "_protocol"},
    "_pointers": set(),
    "cassette": {
        "_plural",
        "_pointers",
        "_protocol",
        "_rules",
        "_sse",
        "_version",
        "_yaml",
        "errors",
    },
    "_reassembly": {"models"},
    "client": {"_plural", "_version", "_reassembly", "_sse", "errors", "models"},
    "capture": {"_plural", "cassette", "errors"},
    "snapshot": {"_plural", "_pointers", "_reassembly", "_yaml", "cassette", "errors", "models"},
    "_server": set(),
    "sandbox": {"_server", "_version", "models"},
    "relay": {"_server", "capture", "errors"},
    "transcript": {"_reassembly", "_sse", "cassette", "models"},
    "_show": {"_plural", "cassette", "transcript"},
    "_changes": {"snapshot", "transcript"},
    "_diff": {"_changes", "cassette", "errors", "transcript"},
    "report": {"_plural", "cassette", "errors", "transcript"},
    "_age": set(),
    "_shapes": set(),
    "_options": set(),
    "_settings": {"_age", "_options", "_plural", "_rules", "_shapes"},
    "_paths": set(),
    "_tally": {"_plural"},
    "_item": {"_paths", "_settings"},
    "_orphans": {"_item", "_tally"},
    "_redaction": set(),
    "_lifecycle": {
        "_age",
        "_options",
        "_plural",
        "_settings",
        "_tally",
        "capture",
        "cassette",
        "errors",
    },
    "_wider": {"_options", "_settings", "capture", "errors"},
    "_aside": {"_redaction", "_stash"},
    "_applied": {"_aside", "_settings", "_stash", "cassette"},
    "_stash": {"_settings", "_tally"},
    "_neighbours": {"_item", "_stash", "cassette"},
    "_telling": {"_changes", "_lifecycle", "_stash", "cassette", "errors", "transcript"},
    "_reporting": {
        "_check",
        "_orphans",
        "_plural",
        "_settings",
        "_stash",
        "_tally",
        "_telling",
        "_version",
        "errors",
        "report",
    },
    "_fixtures": {
        "_applied",
        "_item",
        "_lifecycle",
        "_neighbours",
        "_server",
        "_settings",
        "_stash",
        "_wider",
        "cassette",
        "client",
        "errors",
        "relay",
        "sandbox",
        "snapshot",
    },
    "plugin": {
        "_age",
        "_applied",
        "_fixtures",
        "_item",
        "_options",
        "_orphans",
        "_redaction",
        "_reporting",
        "_settings",
        "_stash",
        "_tally",
        "errors",
    },
    "_check": {"_paths", "_rules", "cassette", "errors"},
    "_keeping": {"cassette", "errors"},
    "_project": set(),
    "migrate": {
        "_check",
        "_item",
        "_options",
        "_paths",
        "_plural",
        "_rules",
        "cassette",
        "errors",
    },
    "_serve": {
        "_check",
        "_options",
        "_plural",
        "_rules",
        "_server",
        "_version",
        "capture",
        "cassette",
        "errors",
        "relay",
        "report",
    },
    "cli": {
        "_check",
        "_diff",
        "_keeping",
        "_plural",
        "_project",
        "_rules",
        "_serve",
        "_settings",
        "_shapes",
        "_show",
        "_version",
        "capture",
        "cassette",
        "errors",
        "migrate",
        "relay",
        "report",
        "sandbox",
    },
    "__main__": {"cli"},
    "__init__": {"_version"},
}

# Which of the libraries that are heavy, or somebody else's business, each part may use.
GUARDED = {
    "filelock",
    "httpx",
    "httpx2",
    "jinja2",
    "pydantic",
    "pytest",
    "rich",
    "starlette",
    "syrupy",
    "tenacity",
    "uvicorn",
    "vcr",
    "yaml",
}
MAY_USE: dict[str, set[str]] = {
    "_yaml": {"yaml"},
    "models": {"pydantic"},
    "cassette": {"filelock", "vcr", "yaml"},
    "client": {"httpx", "pydantic", "tenacity"},
    "capture": {"httpx", "vcr"},
    "snapshot": {"pydantic", "syrupy"},
    "_server": {"starlette", "uvicorn"},
    "sandbox": {"pydantic", "starlette"},
    "migrate": {"pytest", "vcr"},
    "relay": {"httpx", "starlette"},
    "transcript": {"pydantic"},
    "_show": {"pydantic", "rich"},
    "_changes": {"pydantic"},
    "_diff": {"rich"},
    "report": {"jinja2", "pydantic"},
    "cli": {"rich"},
    "_applied": {"pytest"},
    "_aside": {"pytest"},
    "_item": {"pytest"},
    "_neighbours": {"pytest"},
    "_options": {"pytest"},
    "_orphans": {"pytest"},
    "_redaction": {"pytest"},
    "_reporting": {"pytest"},
    "_telling": {"pytest"},
    "_stash": {"pytest"},
    "_fixtures": {"httpx", "pytest"},
    "_wider": {"pytest"},
    "plugin": {"pytest"},
}

# Only these import inside functions: they are what every pytest run and every command loads; and
# few who make a client turn retries on.
MAY_IMPORT_LATE = {
    "__init__.py",
    "_fixtures.py",
    "_serve.py",
    "cassette/_locks.py",
    "cli/_check.py",
    "cli/_diff.py",
    "cli/_migrate.py",
    "cli/_output.py",
    "cli/_report.py",
    "cli/_sandbox.py",
    "cli/_serve.py",
    "cli/_show.py",
    "client/_waiting.py",
    "plugin.py",
}

MODULES = sorted(PACKAGE.rglob("*.py"))


def _part(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    return parts[0].removesuffix(".py")


def _imports(tree: ast.AST) -> Iterator[str]:
    """The modules that are imported while the program runs, late ones included."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from _imports(ast.Module(node.orelse, []))
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            module = node.module or ""
            below = [f"{module}.{alias.name}" for alias in node.names]
            yield from (below if module == NAME else [module])
        else:
            yield from _imports(node)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_what_lies_before_it(path: Path) -> None:
    """Of the package, and of the libraries that only some parts may know."""
    part = _part(path)
    for name in _imports(ast.parse(path.read_text(encoding="utf-8"))):
        top, *rest = name.split(".")
        if top == NAME:
            assert rest[0] == part or rest[0] in MAY_IMPORT[part], f"{part} imports {name}"
        elif top in GUARDED:
            assert top in MAY_USE.get(part, set()), f"{part} uses {top}"


def test_the_parts_have_no_cycle() -> None:
    """Each is listed, and they can be put in an order."""
    assert {_part(path) for path in MODULES} == set(MAY_IMPORT)
    assert list(graphlib.TopologicalSorter(MAY_IMPORT).static_order())


def test_the_modules_have_no_cycle() -> None:
    """Nor do the modules of a part among each other."""
    graph: dict[str, set[str]] = {}
    names = {
        ".".join([NAME, *path.relative_to(PACKAGE).with_suffix("").parts]): path for path in MODULES
    }
    for name, path in names.items():
        if path.name != "__init__.py":
            graph[name] = set(_imports(ast.parse(path.read_text(encoding="utf-8")))) & set(names)
    assert list(graphlib.TopologicalSorter(graph).static_order())


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_stand_at_the_top(path: Path) -> None:
    """Late imports are for what must start fast, and nothing else."""
    if path.relative_to(PACKAGE).as_posix() in MAY_IMPORT_LATE:
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert not [name for function in functions for name in _imports(function)]


def test_modules_are_small() -> None:
    """300 lines is where a module is likely two."""
    long = {
        path.name: count
        for path in MODULES
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > 300
    }
    assert not long


def test_public_names_are_sorted_and_there() -> None:
    """`__all__` of the package and of its folders is sorted, and each name can be had."""
    folders = [path for path in MODULES if path.name == "__init__.py"]
    for path in folders:
        name = ".".join([NAME, *path.relative_to(PACKAGE).parent.parts])
        module = importlib.import_module(name)
        names = module.__all__
        assert list(names) == sorted(names, key=lambda n: (not n.isupper(), n[0].islower(), n))
        assert len(names) == len(set(names))
        assert all(getattr(module, each) is not None for each in names)


def test_a_name_that_is_not_public_is_an_attribute_error() -> None:
    """The lazy look-up does not make up names."""
    with pytest.raises(AttributeError, match="has no attribute 'Nope'"):
        getattr(sys.modules[NAME], "Nope")  # noqa: B009 - mypy knows that it is not there
