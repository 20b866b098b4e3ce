"""Where cassettes are: no two tests share one by accident, on any system."""

import contextlib
import errno
import os
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vcr.request import Request

import pytest_conversations
from pytest_conversations._paths import default_folder, file_name
from pytest_conversations.cassette import ConversationCassette, Scrubber
from pytest_conversations.errors import CassetteError

FOLDER = Path("project", "cassettes")
RECORD = ("--conversations-mode=once", "--conversations-sandbox")
names = st.lists(st.text(min_size=1), min_size=1, max_size=2).map(tuple)


def _path(*names: str) -> Path:
    return FOLDER / default_folder(Path("tests/test_it.py")) / file_name(names)


@given(names, names)
def test_a_path_is_of_one_test(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    """And it is a file of the folder that every file system takes."""
    path = _path(*one)
    assert path.parent == FOLDER / "tests" / "test_it"
    assert len(os.fsencode(f".{path.name}.tmp".encode("utf-8", "replace"))) <= 255
    assert set(path.name).isdisjoint('<>:"/\\|?*\0\n')
    if ".".join(one) != ".".join(other):
        assert _path(*other) != path


@pytest.mark.parametrize("name", ["con", "AUX", "com1", "Lpt9", "nul.x", "con.test_it"])
def test_no_name_is_a_device_of_windows(name: str) -> None:
    """Which no file can have there, whatever its suffix."""
    path = _path(name)
    assert path.name.startswith(f"-{name}~")
    assert _path("-" + name) != path
    assert _path("console") == FOLDER / "tests" / "test_it" / "console.yaml"


@pytest.mark.parametrize("name", ["con", "nul.d", "tests.", "tests ", "a:b", "what?"])
def test_no_folder_is_refused_by_windows(name: str) -> None:
    """It is named after the folder of the test, which another system takes."""
    path = FOLDER / default_folder(Path(name, "test_it.py")) / file_name(("test_it",))
    folder = path.relative_to(FOLDER).parts[0]
    assert folder.partition("~")[0] == {"con": "-con", "nul.d": "-nul.d"}.get(
        name, name.rstrip(". ").replace(":", "-").replace("?", "-")
    )
    assert folder != name


@pytest.mark.parametrize("outside", ["../other/test_it.py", "../../other/test_it.py"])
def test_what_is_above_rootdir_has_a_folder_of_its_own(outside: str) -> None:
    """It never shares that of a module below, nor leaves the cassette folder."""
    folder = default_folder(Path(outside))
    assert folder != default_folder(Path("other/test_it.py"))
    assert not folder.is_absolute()
    assert ".." not in folder.parts
    assert default_folder(Path("../other/test_it.py")) != default_folder(
        Path("../../other/test_it.py")
    )


def test_names_that_differ_in_case_alone(pytester: pytest.Pytester) -> None:
    """One file on macOS and Windows: the second test is refused, with what to do."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("name", ["Ada", "ada"])
        def test_it(conversations, name):
            conversations.start(model="m", inputs=name)
        """
    )
    result = pytester.runpytest(*RECORD)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        ["*differ in upper and lower case only, and are one file on macOS*"]
    )


@pytest.mark.parametrize("folder", ["cassettes", "./cassettes//"])
def test_a_named_cassette_that_differs_in_case_alone(
    pytester: pytest.Pytester, folder: str
) -> None:
    """Likewise, in whatever way the folder is written."""
    pytester.makepyfile(
        test_a="""
        import pytest

        def test_Ada(conversations):
            conversations.start(model="m", inputs="Ada")

        @pytest.mark.conversations(cassette="test_a/test_ada.yaml")
        def test_lower(conversations):
            conversations.start(model="m", inputs="ada")
        """
    )
    result = pytester.runpytest(*RECORD, f"--conversations-dir={folder}")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        ["*differ in upper and lower case only, and are one file on macOS*"]
    )


def test_a_test_that_was_renamed_is_helped(pytester: pytest.Pytester) -> None:
    """Its miss names the cassette that it had."""
    code = """
        def test_{}(conversations):
            conversations.start(model="m", inputs="Hello")
    """
    pytester.makepyfile(test_it=code.format("old"))
    pytester.runpytest(*RECORD).assert_outcomes(passed=1)
    (pytester.path / "cassettes" / "test_it" / "a.yaml").write_text("[", encoding="utf-8")
    pytester.makepyfile(test_it=code.format("new"))
    result = pytester.runpytest()
    result.assert_outcomes(failed=1)
    folder = Path("cassettes", "test_it")
    result.stdout.fnmatch_lines(
        [
            f"*If the test was renamed: {folder / 'test_old.yaml'} has this request, so rename it "
            f"to {folder / 'test_new.yaml'}."
        ]
    )
    (pytester.path / folder / "test_old.yaml").rename(pytester.path / folder / "test_new.yaml")
    pytester.runpytest().assert_outcomes(passed=1)


def _write(path: Path) -> None:
    cassette = ConversationCassette(str(path), mode="rewrite", scrubber=Scrubber({}))
    request = Request("GET", "https://api.mistral.ai/v1/conversations", b"", {})
    cassette.record(request).response = {
        "status": {"code": 200, "message": "OK"},
        "headers": {},
        "body": {"string": b"[]"},
    }
    cassette.write()


@pytest.mark.parametrize("reads", [3, 1000])
def test_a_file_that_somebody_reads_on_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reads: int
) -> None:
    """There it cannot be replaced meanwhile: a little later it is, or it stays and it is told."""
    _write(path := tmp_path / "it.yaml")
    before = path.read_bytes().replace(b"[]", b"[1]")
    path.write_bytes(before)
    replace = Path.replace
    left = iter(range(reads))

    def refused(self: Path, target: Path) -> Path:
        if next(left, None) is not None:
            raise PermissionError(errno.EACCES, "The file is in use by another process")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", refused)
    if reads == 3:
        _write(path)
        assert b"[1]" not in path.read_bytes()
    else:
        with pytest.raises(CassetteError, match="in use by another process; nothing was written"):
            _write(path)
        assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["it.yaml"]


@pytest.mark.parametrize("beside", [False, True])
def test_what_a_miss_takes_where_many_cassettes_are_missing(
    pytester: pytest.Pytester,
    beside: bool,  # noqa: FBT001 - pytest gives it
) -> None:
    """Ten times as many take ten times as long, also beside the cassettes of other tests."""
    many = """
        import pytest

        @pytest.mark.parametrize("n", range({count}))
        def test_{name}(conversations, n):
            conversations.start(model="m", inputs="Hello")
    """

    def calls(count: int) -> int:
        made = textwrap.dedent(many.format(count=count, name="old")) if beside else ""
        pytester.makepyfile(test_it=made)
        if beside:
            pytester.runpytest("-q", *RECORD).assert_outcomes(passed=count)
        missing = textwrap.dedent(many.format(count=count, name="new"))
        pytester.makepyfile(test_it=made + missing)
        with _counting() as counted:
            result = pytester.runpytest("-q", "--tb=no", "-k", "test_new")
        result.assert_outcomes(failed=count, deselected=count if beside else 0)
        return len(counted)

    calls(1)  # what is only done the first time
    few = calls(20)
    assert calls(200) < 13 * few


@contextlib.contextmanager
def _counting() -> Iterator[list[None]]:
    """A list that gets longer with each call of a function of ours, or of the file system."""
    ours = str(Path(pytest_conversations.__file__).parent)
    counted: list[None] = []

    def note(frame: FrameType, event: str, argument: object) -> None:
        is_ours = event == "call" and frame.f_code.co_filename.startswith(ours)
        is_file = event == "c_call" and getattr(argument, "__module__", "") == os.name
        if is_ours or is_file:
            counted.append(None)

    sys.setprofile(note)
    try:
        yield counted
    finally:
        sys.setprofile(None)
