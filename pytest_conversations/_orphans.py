"""Cassettes that no test uses: whose are there, and what is left when the whole suite ran."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

import pytest

from pytest_conversations._item import default_cassette, default_folder, named_cassette
from pytest_conversations._tally import Tally

_HEAD = 1000  # characters of a file that tell whose it is
_RECORDER = "recorder: pytest-conversations"
# Options of pytest with which a run is not of the whole suite.
_PARTIAL = (
    *("keyword", "markexpr", "deselect", "lf", "failedfirst", "stepwise", "ignore", "ignore_glob"),
    *("collectonly", "continue_on_collection_errors", "pyargs"),
)


def claim(items: Iterable[pytest.Item], tally: Tally) -> None:
    """Note the cassettes of all tests that were collected, whether they ran or not.

    Args:
        items: the tests.
        tally: where to note it.
    """
    claims, modules = set(tally.claims), set(tally.modules)  # the workers', too
    known: set[Path] = set()
    for item in items:
        if item.path not in known:
            known.add(item.path)
            modules.add(default_folder(item).as_posix())
        marked = item.get_closest_marker("conversations")
        if marked or "conversation_cassette" in getattr(item, "fixturenames", ()):
            named = named_cassette(item)
            # The fixture may have said another folder, but no other name in it.
            claims.add((default_cassette(item) if named is None else Path(named)).as_posix())
    tally.claims, tally.modules = sorted(claims), sorted(modules)


def orphans(config: pytest.Config, tally: Tally) -> list[str]:
    """The cassettes that no test uses, where that is known.

    Args:
        config: of the run.
        tally: what it did.
    """
    if tally.is_partial or any(config.getoption(name, default=None) for name in _PARTIAL):
        return []
    claims, modules = set(tally.claims), set(tally.modules)
    folders = [Path(os.path.normpath(each)) for each in dict.fromkeys(tally.folders)]
    places = _places(config)
    # Else other tests, which were not collected, may name any file in their marker, though hardly
    # one that stands where the default cassettes of the tests of another module are.
    is_whole = places == [Path()] and not tally.lacks_modules

    def may_be_one(name: PurePosixPath) -> bool:
        module = name.parent.as_posix()
        if name.as_posix() in claims:
            return False
        if module in modules:
            return True
        return is_whole and not (config.rootpath / f"{module}.py").is_file()

    files = {file for folder in folders for place in places for file in _files(folder / place)}
    left = [file for file in files if all(map(may_be_one, _names(file, folders)))]
    used = {os.path.realpath(path) for path in tally.cassettes} if left else set()
    return sorted(
        str(file) for file in left if os.path.realpath(file) not in used and _is_ours(file)
    )


def _places(config: pytest.Config) -> list[Path]:
    """Where in the cassette folders the cassettes of the tests are that this run is of."""
    root = config.rootpath
    given = [_absolute(config, each) for each in config.args]
    source = config.args_source
    if source is pytest.Config.ArgsSource.TESTPATHS or root in given:
        return [Path()]
    if source is not pytest.Config.ArgsSource.ARGS:
        return []  # the folder that pytest was started in, below rootdir
    if not all(each.is_dir() and each.is_relative_to(root) for each in given):
        return []
    testpaths = {root / each for each in config.getini("testpaths")}
    if testpaths and testpaths <= set(given):
        return [Path()]
    return [each.relative_to(root) for each in given]


def _absolute(config: pytest.Config, argument: str) -> Path:
    return Path(os.path.normpath(config.invocation_params.dir / argument))


def _files(folder: Path) -> Iterable[Path]:
    return folder.rglob("*.yaml") if folder.is_dir() else ()


def _names(file: Path, folders: Iterable[Path]) -> Iterator[PurePosixPath]:
    """The paths of a file in each of the cassette folders that it is in."""
    for folder in folders:
        if file.is_relative_to(folder):
            yield PurePosixPath(file.relative_to(folder).as_posix())


def _is_ours(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8") as file:
            return _RECORDER in file.read(_HEAD)
    except (OSError, UnicodeDecodeError):
        return False
