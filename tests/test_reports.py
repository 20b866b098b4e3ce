"""What is said at the end of a run: of cassettes that are old, shared, or used by no test."""

import datetime as dt
import shlex
import textwrap
from pathlib import Path

import pytest
import vcr

RECORD = ("--conversations-mode=once", "--conversations-sandbox")
TESTS = """
    import pytest

    def test_one(conversations):
        conversations.list()

    @pytest.mark.conversations
    def test_two(conversations):
        conversations.list()

    def test_plain():
        pass
"""

SHARED = """
    import pytest

    @pytest.mark.conversations(cassette="shared.yaml")
    @pytest.mark.parametrize("n", [1, 2])
    def test_it(conversations, n):
        conversations.list()
"""
SKIPPED = """
    import pytest

    @pytest.mark.skip
    @pytest.mark.conversations(cassette="shared.yaml")
    def test_it(conversations):
        conversations.list()

    def test_other(conversations):
        conversations.list()
"""
MAX_AGE = ("--conversations-max-age=30",)
GONE = ("shared.yaml", "test_it/test_gone.yaml")


def _lines(result: pytest.RunResult) -> list[str]:
    """What we say, of what pytest prints."""
    lines = result.outlines
    start = next((at for at, line in enumerate(lines) if " replayed, " in line), None)
    if start is None:
        return []
    return [line for line in lines[start:] if line.startswith(("  ", "To record"))]


def _age(path: Path, days: int) -> None:
    """Make a cassette older."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    at = dt.datetime.now(dt.UTC) - dt.timedelta(days=days, hours=1)
    lines = [
        f"  recorded_at: {at:%Y-%m-%dT%H:%M:%SZ}\n" if line.startswith("  recorded_at:") else line
        for line in lines
        if "checksum:" not in line
    ]
    path.write_text("".join(lines), encoding="utf-8")


@pytest.fixture
def cassettes(pytester: pytest.Pytester) -> Path:
    """The folder of what two tests recorded."""
    pytester.makepyfile(test_it=TESTS)
    pytester.runpytest(*RECORD).assert_outcomes(passed=3)
    return pytester.path / "cassettes" / "test_it"


def test_old_recordings(pytester: pytest.Pytester, cassettes: Path) -> None:
    """They are told once, with what to run; the tests pass."""
    _age(cassettes / "test_one.yaml", 31)
    _age(cassettes / "test_two.yaml", 29)
    result = pytester.runpytest("--conversations-max-age=30")
    result.assert_outcomes(passed=3)
    assert _lines(result) == [
        "  old: cassettes/test_it/test_one.yaml was recorded 31 days ago",
        "To record again what is old: pytest test_it.py::test_one --conversations-mode=rewrite "
        "--conversations-sandbox",
    ]
    assert _lines(pytester.runpytest()) == []


@pytest.mark.parametrize("place", ["command line", "ini", "config"])
def test_old_recordings_that_are_errors(
    pytester: pytest.Pytester, cassettes: Path, place: str
) -> None:
    """The test that plays one fails; one that was recorded again passes."""
    _age(cassettes / "test_one.yaml", 31)
    options = ["--conversations-max-age=error:30"] if place == "command line" else []
    if place == "ini":
        pytester.makeini("[pytest]\nconversations_max_age = error:30\n")
    elif place == "config":
        pytester.makeconftest(
            """
            import pytest

            @pytest.fixture(scope="session")
            def conversations_config():
                return {"max_age": "error:30"}
            """
        )
    result = pytester.runpytest(*options)
    result.assert_outcomes(passed=3, errors=1)
    result.stdout.fnmatch_lines(
        [
            "CassetteError: The test passed, *test_one.yaml was recorded 31 days ago, *",
            "To record it: pytest test_it.py::test_one --conversations-mode=rewrite *-sandbox",
        ]
    )
    pytester.runpytest(*options, "--conversations-mode=rewrite", RECORD[1]).assert_outcomes(
        passed=3
    )
    pytester.runpytest(*options).assert_outcomes(passed=3)


@pytest.mark.parametrize("given", ["a week", "error", "-1", "1.5", "error:"])
def test_an_age_that_is_none(pytester: pytest.Pytester, given: str) -> None:
    """One clear error, before any test runs."""
    pytester.makepyfile(test_it=TESTS)
    for place in (
        f"--conversations-max-age={given}",
        f"--override-ini=conversations_max_age={given}",
    ):
        result = pytester.runpytest(place)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines([f"*conversations_max_age: {given!r} is no number of days*"])


def test_a_cassette_that_does_not_say_when_is_of_any_age(
    pytester: pytest.Pytester, cassettes: Path
) -> None:
    """As those of vcrpy."""
    path = cassettes / "test_one.yaml"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if "recorded_at:" not in line and "checksum:" not in line]
    path.write_text("".join(kept), encoding="utf-8")
    pytester.runpytest("--conversations-max-age=error:0").assert_outcomes(passed=3)


def test_what_stays_in_a_file_keeps_its_age(pytester: pytest.Pytester, cassettes: Path) -> None:
    """A recording that joins it does not make it newer; one in its place does."""
    path = cassettes / "test_one.yaml"
    _age(path, 31)
    source = pytester.path / "test_it.py"
    text = source.read_text(encoding="utf-8")
    more = 'conversations.list()\n    conversations.start(model="m", inputs="hi")'
    text = text.replace("conversations.list()", more, 1)
    source.write_text(text, encoding="utf-8")
    told = "  old: cassettes/test_it/test_one.yaml was recorded 31 days ago"

    joined = pytester.runpytest(RECORD[1], *MAX_AGE, "--conversations-mode=new_episodes")
    assert told in _lines(joined)
    assert told in _lines(pytester.runpytest(*MAX_AGE))
    with vcr.use_cassette(str(path), record_mode="none") as played:
        assert len(played) == 2

    pytester.runpytest(RECORD[1], "--conversations-mode=rewrite")
    assert _lines(pytester.runpytest(*MAX_AGE)) == []


def test_the_age_of_a_shared_cassette_is_that_of_what_was_played(
    pytester: pytest.Pytester,
) -> None:
    """One test's part is as old as it was, the other's was recorded again; both keep their own."""
    pytester.makepyfile(test_it=SHARED)
    pytester.runpytest(*RECORD).assert_outcomes(passed=2)
    _age(pytester.path / "cassettes" / "shared.yaml", 31)
    pytester.runpytest(RECORD[1], "--conversations-mode=all", "-k", "test_it[2]").assert_outcomes(
        passed=1, deselected=1
    )
    assert _lines(pytester.runpytest(*MAX_AGE)) == [
        "  old: cassettes/shared.yaml was recorded 31 days ago",
        "To record again what is old: pytest 'test_it.py::test_it[1]' --conversations-mode=rewrite "
        "--conversations-sandbox",
    ]
    result = pytester.runpytest("--conversations-max-age=error:30")
    result.assert_outcomes(passed=2, errors=1)
    command = next(line for line in result.outlines if line.startswith("To record it: pytest "))
    assert "test_it[1]" in command
    assert "--conversations-mode=rewrite" in command

    _age(pytester.path / "cassettes" / "shared.yaml", 20)  # what was recorded again
    assert _lines(pytester.runpytest("--conversations-max-age=10"))[0].endswith(" 31 days ago")

    pytester.runpytest(*shlex.split(command)[4:]).assert_outcomes(passed=1)
    pytester.runpytest("--conversations-max-age=error:30").assert_outcomes(passed=2)


@pytest.mark.parametrize("workers", [(), ("-n2",)])
def test_cassettes_that_no_test_uses(
    pytester: pytest.Pytester, cassettes: Path, workers: tuple[str, ...]
) -> None:
    """They are told once, when the whole suite ran; those of tests that were skipped are used."""
    source = pytester.path / "test_it.py"
    text = source.read_text(encoding="utf-8").replace("def test_one", "def test_new")
    text = text.replace(
        "@pytest.mark.conversations", "@pytest.mark.skip\n@pytest.mark.conversations"
    )
    source.write_text(text, encoding="utf-8")
    (cassettes / "foreign.yaml").write_text("interactions: []\nversion: 1\n", encoding="utf-8")
    pytester.runpytest(*RECORD).assert_outcomes(passed=2, skipped=1)
    _age(cassettes / "test_new.yaml", 31)
    result = pytester.runpytest(*workers, "--conversations-max-age=30", "--verbosity=1")
    result.assert_outcomes(passed=2, skipped=1)
    assert _lines(result) == [
        "  not used by any test: cassettes/test_it/test_one.yaml (delete it, if so)",
        "  old: cassettes/test_it/test_new.yaml was recorded 31 days ago",
        "To record again what is old: pytest test_it.py::test_new --conversations-mode=rewrite "
        "--conversations-sandbox",
    ]


@pytest.mark.parametrize(
    "options",
    [
        ("-k", "new"),
        ("-m", "not skip"),
        ("--deselect", "test_it.py::test_plain"),
        ("--lf",),
        ("-x",),
        ("--maxfail=1",),
        ("test_it.py::test_new", "test_it.py::test_fails"),
        ("test_it.py",),
        ("--ignore", "other"),
        ("--stepwise",),
    ],
)
def test_a_part_of_the_suite_tells_nothing(
    pytester: pytest.Pytester, cassettes: Path, options: tuple[str, ...]
) -> None:
    """Other tests may use what these do not."""
    source = pytester.path / "test_it.py"
    text = source.read_text(encoding="utf-8").replace("def test_one", "def test_new")
    text += "\ndef test_fails():\n    raise ValueError\n"
    source.write_text(text, encoding="utf-8")
    pytester.runpytest(*RECORD)
    assert (cassettes / "test_one.yaml").exists()
    assert not [line for line in _lines(pytester.runpytest(*options)) if "not used" in line]
    assert [line for line in _lines(pytester.runpytest()) if "not used" in line]


@pytest.fixture
def modules(pytester: pytest.Pytester) -> Path:
    """A folder of tests; what it and another module recorded is there."""
    pytester.makepyfile(**{"test_here": TESTS, "more/test_there": TESTS})
    pytester.runpytest(*RECORD).assert_outcomes(passed=6)
    return pytester.path / "more"


def test_the_cassettes_of_a_module_that_is_gone(pytester: pytest.Pytester, modules: Path) -> None:
    """No test uses them."""
    (modules / "test_there.py").unlink()
    assert len(_lines(pytester.runpytest())) == 2


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("more/test_there.py", "import pytest\npytest.importorskip('none_such')\n"),
        ("conftest.py", "collect_ignore = ['more']"),
        ("conftest.py", "def pytest_collection_modifyitems(items):\n    del items[:1]"),
    ],
    ids=["skipped", "ignored", "dropped"],
)
def test_tests_that_were_not_collected_keep_their_cassettes(
    pytester: pytest.Pytester, modules: Path, name: str, text: str
) -> None:
    """By whatever means they were left out."""
    assert modules.is_dir()
    (pytester.path / name).write_text(textwrap.dedent(text), encoding="utf-8")
    result = pytester.runpytest()
    result.stdout.fnmatch_lines(["conversations: [23] replayed, * in [23] cassettes"])
    assert _lines(result) == []


def test_a_module_that_is_skipped_may_name_any_cassette(
    pytester: pytest.Pytester, cassettes: Path
) -> None:
    """So one is told only where it is another module's by default."""
    shared = cassettes.parent / "shared.yaml"
    shared.write_bytes((cassettes / "test_one.yaml").read_bytes())
    (cassettes / "test_gone.yaml").write_bytes(shared.read_bytes())
    lines = [f"  not used by any test: cassettes/{name} (delete it, if so)" for name in GONE]
    assert _lines(pytester.runpytest()) == lines
    pytester.makepyfile(test_skipped="import pytest\npytest.importorskip('none_such')")
    assert _lines(pytester.runpytest()) == lines[1:]
    pytester.makepyfile(test_skipped="import none_such")
    assert _lines(pytester.runpytest("-n2")) == []  # here pytest runs the others


CRASHES = """
    import os
    import pathlib

    def test_one(request):
        request.getfixturevalue("conversations").list()

    def test_two(request):
        request.getfixturevalue("conversations").list()

    def test_crash():
        try:
            pathlib.Path("crashed").touch(exist_ok=False)
        except FileExistsError:
            return
        os._exit(3)
"""


def test_what_a_worker_used_that_died_is_not_known(
    pytester: pytest.Pytester, modules: Path
) -> None:
    """So nothing is told."""
    (modules / "test_there.py").write_text(textwrap.dedent(CRASHES), encoding="utf-8")
    result = pytester.runpytest("-n2", "--dist=loadfile")
    result.stdout.fnmatch_lines(["conversations: 2 replayed, * in 2 cassettes"])
    assert _lines(result) == []


def test_a_skipped_test_has_its_cassette_in_whichever_folder(pytester: pytest.Pytester) -> None:
    """Which one the fixture would have said nobody knows."""
    pytester.makepyfile(test_it=TESTS)
    pytester.makeconftest(
        """
        import pytest

        @pytest.fixture(scope="session")
        def conversations_config():
            return {"dir": "other"}
        """
    )
    pytester.runpytest(*RECORD).assert_outcomes(passed=3)
    source = pytester.path / "test_it.py"
    text = source.read_text(encoding="utf-8")
    source.write_text(
        text.replace("@pytest.mark.conv", "@pytest.mark.skip\n@pytest.mark.conv"), encoding="utf-8"
    )
    result = pytester.runpytest()
    result.assert_outcomes(passed=2, skipped=1)
    assert _lines(result) == []


def test_a_cassette_may_be_named_by_a_detour(pytester: pytest.Pytester) -> None:
    """It is the same file."""
    pytester.makepyfile(test_it=SHARED.replace("shared.yaml", "sub/.././shared.yaml"))
    (pytester.path / "cassettes" / "sub").mkdir(parents=True)
    pytester.runpytest(*RECORD).assert_outcomes(passed=2)
    path = pytester.path / "cassettes" / "shared.yaml"
    assert _lines(pytester.runpytest()) == []
    pytester.makepyfile(test_it=SKIPPED.replace("shared.yaml", "sub/.././shared.yaml"))
    pytester.runpytest(*RECORD).assert_outcomes(passed=1, skipped=1)
    assert _lines(pytester.runpytest()) == []
    pytester.makepyfile(test_it=SHARED.replace("shared.yaml", "sub/.././shared.yaml"))
    (pytester.path / "cassettes" / "test_it" / "test_other.yaml").unlink()
    path.rename(path.with_name("real.yaml"))
    path.symlink_to("real.yaml")
    assert _lines(pytester.runpytest()) == []


def test_a_folder_of_tests_tells_of_its_own(pytester: pytest.Pytester) -> None:
    """`pytest tests` has run all that may use the cassettes of that folder, and no others."""
    pytester.makepyfile(**{"tests/test_a": TESTS, "others/test_b": TESTS})
    pytester.runpytest(*RECORD).assert_outcomes(passed=6)
    for name in ("tests/test_a", "others/test_b"):
        folder = pytester.path / "cassettes" / name
        (folder / "test_gone.yaml").write_bytes((folder / "test_one.yaml").read_bytes())
    assert _lines(pytester.runpytest("tests")) == [
        "  not used by any test: cassettes/tests/test_a/test_gone.yaml (delete it, if so)"
    ]
    assert len(_lines(pytester.runpytest())) == 2
    named = pytester.path / "cassettes" / "tests" / "shared.yaml"  # by the others, maybe
    named.write_bytes((pytester.path / "cassettes/tests/test_a/test_one.yaml").read_bytes())
    assert len(_lines(pytester.runpytest("tests"))) == 1
    pytester.makeini("[pytest]\ntestpaths = tests others\n")
    assert len(_lines(pytester.runpytest())) == 3
    assert len(_lines(pytester.runpytest("others", "tests"))) == 3


def test_shared_cassettes(pytester: pytest.Pytester) -> None:
    """With -v it is told which they are, and how many tests share them."""
    pytester.makepyfile(
        test_it="""
        import pytest

        @pytest.mark.conversations(cassette="shared.yaml")
        @pytest.mark.parametrize("n", [1, 2, 3])
        def test_it(conversations, n):
            conversations.list()
        """
    )
    pytester.runpytest(*RECORD).assert_outcomes(passed=3)
    assert _lines(pytester.runpytest()) == []
    assert _lines(pytester.runpytest("-v")) == ["  shared: cassettes/shared.yaml by 3 tests"]


def test_what_was_verified(pytester: pytest.Pytester, cassettes: Path) -> None:
    """It is neither played nor recorded, and told all the same."""
    assert cassettes.is_dir()
    result = pytester.runpytest("--conversations-mode=verify", RECORD[1])
    result.assert_outcomes(passed=3)
    assert "  verified: 2 replies were asked for again, nothing was written" in _lines(result)
    result = pytester.runpytest("--conversations-mode=verify", RECORD[1], "-k", "one")
    assert "  verified: 1 reply was asked for again, nothing was written" in _lines(result)
