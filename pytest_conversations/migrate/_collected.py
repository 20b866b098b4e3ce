"""The tests of a project, as pytest collects them: their names, marks, and where cassettes go.

Names of parameters, classes that inherit tests, and marks that a conftest.py adds are known to
pytest alone. No test and no fixture is run.
"""

import contextlib
import dataclasses
import inspect
import io
import sys
from collections.abc import Generator, Sequence
from pathlib import Path

import pytest

from pytest_conversations import _item
from pytest_conversations._options import SERVER_URL
from pytest_conversations.migrate import _layout

# Of tools that may be gone.
_MARKERS = ("vcr", "default_cassette", "block_network", "allowed_hosts")
_PLACES = {"vcr_cassette_dir", "default_cassette_name", "vcr_cassette_name"}  # fixtures
_TOOLS = ("pytest_recording", "pytest_vcr", "cassetter")


@dataclasses.dataclass(frozen=True)
class Test:
    """A test, and what tells where its cassettes are.

    Attributes:
        nodeid: pytest's name of it.
        module: its file.
        function: file and first line, that of a decorator, where its function is written.
        classes: file and qualified name of the classes whose marks it has.
        default: our default path of its cassette, from the cassette folder.
        folder: the same of the folder that its module's are in.
        names: that other tools give to its cassette, without the ending.
        named: what its marker `default_cassette` says, else nothing.
        extra: what its markers `vcr` name.
        marks: how many markers of the two kinds it has.
        has_own_place: whether the project's own fixtures say where its cassette is.
    """

    nodeid: str
    module: Path
    function: tuple[Path, int]
    classes: frozenset[tuple[Path, str]]
    default: Path
    folder: Path
    names: tuple[str, ...]
    named: str
    extra: tuple[str, ...]
    marks: int
    has_own_place: bool

    __test__ = False  # it is none of pytest's own


@dataclasses.dataclass
class Collected:
    """What pytest says of a project.

    Attributes:
        root: pytest's rootdir.
        folder: of the cassettes.
        server_url: of the API.
        scrub: the lines of ``conversations_scrub``.
        addopts: the words of the ini option.
        inipath: the file that has it, if any.
        tests: all of them that are functions.
        failed: what could not be collected, and the last line of why.
        output: what pytest printed, where it did not even begin.
    """

    root: Path
    folder: Path = Path("cassettes")
    server_url: str = SERVER_URL
    scrub: Sequence[str] = ()
    addopts: Sequence[str] = ()
    inipath: Path | None = None
    tests: list[Test] = dataclasses.field(default_factory=list)
    failed: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    output: str = ""


def collect(paths: Sequence[Path], environ_url: str) -> Collected:
    """Let pytest collect.

    Args:
        paths: what it is given; nothing for what it takes by default.
        environ_url: what the environment says of the server, or nothing.
    """
    collector = _Collector(environ_url)
    output = io.StringIO()
    words = ["--collect-only", "--continue-on-collection-errors", *map(str, paths)]
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        pytest.main(words, plugins=[collector])
    if not collector.is_done:
        collector.collected.output = output.getvalue()
    return collector.collected


class _Collector:
    """A plugin that looks at what was collected."""

    def __init__(self, environ_url: str) -> None:
        self.collected = Collected(Path.cwd())
        self.is_done = False
        self._url = environ_url

    def pytest_configure(self, config: pytest.Config) -> None:
        for name in _MARKERS:
            config.addinivalue_line("markers", f"{name}: of a tool that the project moves from")
        collected = self.collected
        collected.root = config.rootpath
        collected.inipath = config.inipath
        folder = config.getoption("conversations_dir") or config.getini("conversations_dir")
        collected.folder = Path(folder or "cassettes")
        url = config.getoption("conversations_server_url")
        url = url or config.getini("conversations_server_url") or self._url
        collected.server_url = url or SERVER_URL
        collected.scrub = config.getini("conversations_scrub")
        addopts = config.getini("addopts")
        collected.addopts = addopts.split() if isinstance(addopts, str) else addopts

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Generator[None]:
        every = list(items)  # before options such as -m take some away
        yield  # others may add marks
        self.collected.tests = [_test(item) for item in every if isinstance(item, pytest.Function)]
        self.is_done = True

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            lines = [line for line in str(report.longrepr).splitlines() if line.strip()]
            self.collected.failed.append(
                (report.nodeid, lines[-1].removeprefix("E").strip() if lines else "")
            )


def _test(item: pytest.Function) -> Test:
    marks = list(item.iter_markers("vcr"))
    named = item.get_closest_marker("default_cassette")
    first = named.args[0] if named is not None and named.args else ""
    cls = item.cls
    return Test(
        nodeid=item.nodeid,
        module=item.path,
        function=_function(item),
        classes=frozenset(_classes(cls)),
        default=_item.default_cassette(item),
        folder=_item.default_folder(item),
        names=tuple(_layout.names(cls.__name__ if cls else "", item.name)),
        named=first if isinstance(first, str) else "",
        extra=tuple(name for mark in marks for name in mark.args if isinstance(name, str)),
        marks=len(marks) + len(list(item.iter_markers("default_cassette"))),
        has_own_place=_has_own_place(item),
    )


def _function(item: pytest.Function) -> tuple[Path, int]:
    code = getattr(inspect.unwrap(item.function), "__code__", None)
    if code is None:
        return item.path, 0
    return Path(code.co_filename), code.co_firstlineno


def _classes(cls: type | None) -> Generator[tuple[Path, str]]:
    for base in inspect.getmro(cls) if cls else ():
        file = getattr(sys.modules.get(base.__module__), "__file__", None)
        if file is not None and "<locals>" not in base.__qualname__:
            names = base.__qualname__.split(".")
            for depth in range(1, len(names) + 1):  # an outer class's marks count as well
                yield Path(file), ".".join(names[:depth])


def _has_own_place(item: pytest.Function) -> bool:
    definitions = _item.fixture_definitions(item)
    return any(
        not definitions[name][-1].func.__module__.startswith(_TOOLS)
        for name in _PLACES & set(definitions)
    )
