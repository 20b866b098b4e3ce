"""What a pytest item tells: where its cassette is, what records it, which frames are its own."""

import functools
import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

import pytest

from pytest_conversations import _paths
from pytest_conversations._settings import Settings


def elsewhere(config: pytest.Config, settings: Settings) -> str:
    """What to say where cassettes are in a folder above, since pytest took another for rootdir."""
    if config.inipath is None and not Path(settings.dir).is_absolute():
        for above in config.rootpath.parents:
            if (folder := above / settings.dir).is_dir():
                return (
                    f". Is it in {folder}? Without an ini file, be it an empty pytest.ini, rootdir "
                    f"depends on where pytest is called; now it is {config.rootpath}"
                )
    return ""


def in_order(item: pytest.Item, names: Sequence[str], *, wider: str, own: str) -> list[str]:
    """The names of a test's fixtures, with two more.

    Args:
        item: the test.
        names: in pytest's order, those of the session first; they may be among them.
        wider: a fixture that comes before those of wider scope than the test, unless all of these
            are there already, made for a test before this one.
        own: one that comes before those that are made for this test alone.
    """
    definitions = fixture_definitions(item)
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    before: list[str] = []
    others = [name for name in names if name not in {wider, own}]
    for at, name in enumerate(others):
        if name in definitions:
            definition = definitions[name][-1]
            if definition.scope == "function":
                return [*before, *others[:at], own, *others[at:]]
            made = definition.cached_result  # pytest has no public way to it
            # What failed is told again of each test.
            if made is None or made[2] is not None or made[1] is not parameters.get(name):
                before = [wider]
    return [*before, *others, own]


def fixture_definitions(item: pytest.Item) -> Mapping[str, Sequence[pytest.FixtureDef[object]]]:
    """By the name of each of a test's fixtures where it is defined, the closest last."""
    # pytest has no public way to it.
    known = getattr(item, "_fixtureinfo", None)
    return {} if known is None else known.name2fixturedefs


def refuse_late_marker(item: pytest.Item) -> None:
    """Fail a test that has the marker and no cassette: a fixture put it there."""
    if hasattr(item, "fixturenames"):  # or it is no function, and has no fixtures
        pytest.fail(
            "A fixture put the marker conversations on this test, and that is too late: with the "
            "test's first fixture its cassette would have been opened. Put it on the test, its "
            "class or its module, or in pytest_collection_modifyitems; or let the fixture ask for "
            "the fixture conversation_cassette",
            pytrace=False,
        )


def refuse_vcr(item: pytest.Item) -> None:
    """Refuse a test that pytest-recording would record as well.

    Its patches would stand over ours, so it would take the API's requests, and write them with
    their credentials, and that to the file that we write, too.

    Raises:
        ValueError: the test has such a marker.
    """
    active = "vcr" in getattr(item, "fixturenames", ()) and item.get_closest_marker("vcr")
    if active and not item.config.getoption("disable_recording", default=False):
        msg = (
            "pytest-recording's marker vcr and a conversation cassette do not go together: it "
            "would record the API's requests as well, with their credentials. Take the marker away "
            "from this test; where it is the module's, move the test to another module"
        )
        raise ValueError(msg)


def cassette_path(item: pytest.Item, settings: Settings) -> str:
    """Where the cassette of a test is."""
    folder = cassette_folder(item, settings)
    if settings.cassette is not None:
        return str(_paths.named_path(Path(folder), settings.cassette))
    return os.path.join(folder, _default_cassette(item))  # noqa: PTH118 - for each test


def cassette_folder(item: pytest.Item, settings: Settings) -> str:
    """Where the cassettes are that a test may have."""
    return _joined(item.config.rootpath, settings.dir)


@functools.lru_cache(maxsize=16)  # of a run there are few
def _joined(root: Path, folder: str) -> str:
    return str(root / folder)


def default_cassette(item: pytest.Item) -> Path:
    """Where in the cassette folder the cassette of a test is that names none."""
    return Path(_default_cassette(item))


def _default_cassette(item: pytest.Item) -> str:
    names = [node.name for node in item.listchain() if isinstance(node, pytest.Class)]
    name = _paths.file_name([*names, item.name])
    return os.path.join(default_folder(item), name)  # noqa: PTH118 - for each test


def named_cassette(item: pytest.Item) -> str | None:
    """The path in the cassette folder that the marker of a test names; None where it names none."""
    marks = [mark.kwargs for mark in item.iter_markers("conversations")]
    named = next((each["cassette"] for each in marks if "cassette" in each), None)
    return os.path.normpath(named) if isinstance(named, str) else None


def default_folder(item: pytest.Item) -> Path:
    """Where in the cassette folder the cassettes of its module's tests are that name none."""
    return _folder_of(item.path, item.config.rootpath)


@functools.lru_cache(maxsize=16)  # a module has many tests
def _folder_of(module: Path, root: Path) -> Path:
    return _paths.default_folder(Path(os.path.relpath(module, root)))


def record_command(
    item: pytest.Item, settings: Settings, *, exists: bool, is_shared: bool, from_sandbox: bool
) -> str:
    """The command that records this test anew, as it can be pasted into a shell.

    A line follows where there is no cassette yet: what that takes; and one where the test replays
    what it could not record.

    Args:
        item: the test.
        settings: what applies to it.
        exists: whether its cassette does.
        is_shared: whether other tests use that, too.
        from_sandbox: whether it was recorded from there.
    """
    module = os.path.relpath(item.path, item.config.invocation_params.dir)
    words = ["pytest", "::".join([module, *item.nodeid.split("::")[1:]])]
    # On which it depends where the cassettes are.
    if ini := item.config.getoption("inifilename", default=None):
        words += ["-c", str(ini)]
    if root := item.config.getoption("rootdir", default=None):
        words.append(f"--rootdir={root}")
    # A conversation is recorded as a whole: its ids are new, so its first half fits no second one.
    # With `once`, the second test of a cassette that several share would find the first one's.
    again = exists or is_shared
    words.append(f"--conversations-mode={'rewrite' if again else 'once'}")
    takes = "" if exists else _TAKES
    if settings.sandbox or from_sandbox:
        words.append("--conversations-sandbox")
        takes = ""
    if "snapshot" in getattr(item, "fixturenames", ()):
        words.append("--snapshot-update")
    if settings.cut_after is not None:
        takes += _WHOLE
    return shlex.join(words) + takes


_WHOLE = (
    "\nWith cut_after a stream does not die while it is recorded, so this test would fail: record "
    "it by a test of the whole stream, with the same cassette=..."
)
_TAKES = "\nIt takes a key in MISTRAL_API_KEY; to try it without one, add --conversations-sandbox."


def own_frames(traceback: TracebackType | None, item: pytest.Item) -> TracebackType | None:
    """Cut a traceback off behind its last frame of the project, before those of HTTP libraries.

    Args:
        traceback: it is cut in place.
        item: the test; the project is what is below rootdir and is not installed.

    Returns:
        The same; where no frame is the project's, whole.
    """
    last, frame = None, traceback
    while frame is not None:
        path = Path(frame.tb_frame.f_code.co_filename)
        if path.is_relative_to(item.config.rootpath) and "site-packages" not in path.parts:
            last = frame
        frame = frame.tb_next
    if last is not None:
        last.tb_next = None
    return traceback


def keep_snapshots(item: pytest.Item) -> None:
    """Let syrupy take a test that did not pass for one that did not run.

    With ``--snapshot-update`` it would delete those that the test did not come to, as where the API
    is down.
    """
    session = getattr(item.config, "_syrupy", None)  # syrupy has no other way to it
    if session is not None:
        session.ran_item(item.nodeid, "skipped")
