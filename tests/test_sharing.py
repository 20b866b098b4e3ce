"""A cassette that one test names in its marker, and another has by default: both share it."""

from collections.abc import Sequence
from pathlib import Path

import pytest

SANDBOX = "--conversations-sandbox"
NAMING = """
    @pytest.mark.conversations(cassette="test_it/test_owner.yaml")
    def test_naming(conversations):
        talk(conversations, "of one")
"""
OWNER = """
    @pytest.mark.conversations
    def test_owner(conversations):
        talk(conversations, "of the other")
"""
HEAD = """
    import pytest

    def talk(conversations, words):
        reply = conversations.start(model="m", inputs="My name is Ada.")
        conversations.append(conversation_id=reply.conversation_id, inputs=words)
"""


def _run(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    return pytester.runpytest("-p", "no:randomly", *options)


def _record(pytester: pytest.Pytester, *options: str, mode: str = "rewrite") -> pytest.RunResult:
    return _run(pytester, f"--conversations-mode={mode}", SANDBOX, *options)


def _all_replay(pytester: pytest.Pytester, path: Path) -> None:
    """Each its own conversation, together and alone, and nothing is called unused."""
    assert path.read_bytes().count(b"- request:") == 4
    result = _run(pytester)
    result.assert_outcomes(passed=2)
    result.stdout.no_fnmatch_line("*unused: *")
    for name in ("naming", "owner"):
        alone = _run(pytester, f"test_it.py::test_{name}")
        alone.assert_outcomes(passed=1)
        alone.stdout.no_fnmatch_line("*unused: *")


@pytest.fixture
def path(pytester: pytest.Pytester) -> Path:
    """The one cassette of two tests, of which the one that names it runs first."""
    pytester.makepyfile(test_it=HEAD + NAMING + OWNER)
    return pytester.path / "cassettes" / "test_it" / "test_owner.yaml"


@pytest.mark.parametrize("tests", [(NAMING, OWNER), (OWNER, NAMING)], ids=["naming", "owner"])
@pytest.mark.parametrize("mode", ["once", "rewrite", "all"])
def test_a_default_cassette_that_another_names(
    pytester: pytest.Pytester, path: Path, mode: str, tests: Sequence[str]
) -> None:
    """What either records stays, whichever runs first, and when both are recorded again."""
    pytester.makepyfile(test_it=HEAD + "".join(tests))
    for _ in range(2):
        _record(pytester, mode=mode).assert_outcomes(passed=2)
        _all_replay(pytester, path)


@pytest.mark.parametrize("name", ["naming", "owner"])
@pytest.mark.parametrize("by", ["id", "word"])
def test_one_of_them_is_recorded_anew(
    pytester: pytest.Pytester, path: Path, name: str, by: str
) -> None:
    """Also by its id, when pytest collects no other test: the file says who else recorded it."""
    _record(pytester).assert_outcomes(passed=2)
    before = path.read_bytes()
    only = ["-k", f"test_{name}"] if by == "word" else [f"test_it.py::test_{name}"]
    _record(pytester, *only).assert_outcomes(passed=1, deselected=int(by == "word"))
    assert path.read_bytes() != before
    _all_replay(pytester, path)


@pytest.mark.parametrize("first", ["naming", "owner"])
def test_one_is_recorded_after_the_other(pytester: pytest.Pytester, path: Path, first: str) -> None:
    """The second keeps what the first one recorded, although both begin alike."""
    for name in (first, "owner" if first == "naming" else "naming"):
        _record(pytester, "-k", f"test_{name}").assert_outcomes(passed=1, deselected=1)
    _all_replay(pytester, path)


@pytest.mark.parametrize("first", ["naming", "owner"])
def test_one_is_recorded_after_the_other_by_its_id(
    pytester: pytest.Pytester, path: Path, first: str
) -> None:
    """Likewise in runs that know of no other test, unless what they send is the same."""
    head = HEAD.replace('"My name is Ada."', "words * 2")
    pytester.makepyfile(test_it=head + NAMING + OWNER)
    for name in (first, "owner" if first == "naming" else "naming"):
        _record(pytester, f"test_it.py::test_{name}").assert_outcomes(passed=1)
    assert path.read_bytes().count(b"- request:") == 4
    _run(pytester).assert_outcomes(passed=2)


def test_they_are_recorded_at_once(pytester: pytest.Pytester, path: Path) -> None:
    """In two processes: the second to write opened the cassette before the first wrote."""
    waits = """
    def wait_for(name):
        end = time.monotonic() + 60
        while not pathlib.Path(name).exists() and time.monotonic() < end:
            time.sleep(0.01)
    """
    owner = (
        OWNER
        + f"""
        pathlib.Path("begun").touch()
        wait_for({str(path)!r})
    """
    )
    naming = (
        NAMING
        + """
        wait_for("begun")
    """
    )
    head = HEAD.replace("import pytest", "import pathlib, time, pytest")
    pytester.makepyfile(test_it=head + waits + naming + owner)
    _record(pytester, "-n2").assert_outcomes(passed=2)
    pytester.makepyfile(test_it=HEAD + NAMING + OWNER)
    _all_replay(pytester, path)


def test_the_command_of_a_miss_records_it(pytester: pytest.Pytester, path: Path) -> None:
    """It is such that the second of the two does not find the recording of the first."""
    result = _run(pytester)
    result.assert_outcomes(failed=2)
    for name in ("naming", "owner"):
        command = f"pytest test_it.py::test_{name} --conversations-mode=rewrite"
        result.stdout.fnmatch_lines([f"*To record it: {command}"])
    _record(pytester).assert_outcomes(passed=2)
    shared = f"  shared: {path.relative_to(pytester.path).as_posix()} by 2 tests"
    _record(pytester, "-v").stdout.fnmatch_lines([shared])


def test_what_names_its_own_cassette_shares_it_with_nobody(
    pytester: pytest.Pytester, path: Path
) -> None:
    """Nor with its own past, when the marker goes: what it plays no more is recorded no more."""
    pytester.makepyfile(test_it=HEAD + NAMING.replace("test_naming", "test_owner"))
    _record(pytester).assert_outcomes(passed=1)
    less = OWNER.replace("talk(conversations,", "conversations.list() or print(")
    pytester.makepyfile(test_it=HEAD + less)
    _record(pytester).assert_outcomes(passed=1)
    assert path.read_bytes().count(b"- request:") == 1
