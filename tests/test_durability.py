"""No recording is lost: several writers, a kill at any moment, a full disk, missing rights."""

import os
import resource
import shutil
import stat
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from vcr.request import Request

from pytest_conversations.cassette import ConversationCassette, Scrubber, Sharing, _locks
from pytest_conversations.cassette._locks import locked
from pytest_conversations.errors import CassetteError

URL = "https://api.mistral.ai/v1/conversations"
SHARED = """
    import pytest

    pytestmark = pytest.mark.conversations(cassette="shared.yaml")

    @pytest.mark.parametrize("n", range(12))
    def test_it(conversations, n):
        reply = conversations.start(model="m", inputs="Hello")
        answer = conversations.append(conversation_id=reply.conversation_id, inputs=f"{n}+{n}?")
        assert str(n + n) in str(answer.outputs)
"""
APART = """
    import os, pathlib, tempfile

    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker:
        os.environ["TMPDIR"] = str(pathlib.Path(f"temporary-of-{worker}").absolute())
        os.makedirs(os.environ["TMPDIR"], exist_ok=True)
        tempfile.tempdir = None
"""
RECORD = ("--conversations-sandbox", "--conversations-mode")


def _open(
    path: Path, mode: str = "new_episodes", sharing: Sharing | None = None
) -> ConversationCassette:
    return ConversationCassette(str(path), mode=mode, scrubber=Scrubber({}), sharing=sharing)


def _record(cassette: ConversationCassette, *bodies: bytes, answer: bytes = b"{}") -> None:
    for body in bodies:
        cassette.record(Request("POST", URL, body, {})).response = {
            "status": {"code": 200, "message": "OK"},
            "headers": {},
            "body": {"string": answer},
        }
    cassette.write()


def _bodies(path: Path) -> list[bytes]:
    return [each.request.body for each in _open(path, "none").interactions]


@pytest.mark.parametrize(
    ("mode", "runs"),
    [("once", [["-n4"]]), ("new_episodes", [["-n2"]]), ("all", [[], ["-n2"]])],
)
def test_workers_record_into_one_cassette(
    pytester: pytest.Pytester, mode: str, runs: list[list[str]]
) -> None:
    """All of twelve tests is kept, and each plays its own conversation.

    Also where each worker has a folder of its own for temporary files.
    """
    pytester.makepyfile(SHARED)
    pytester.makeconftest(APART)
    for workers in runs:
        pytester.runpytest(*workers, *RECORD, mode).assert_outcomes(passed=12)
        (path,) = (pytester.path / "cassettes").iterdir()
        assert len(_bodies(path)) == 24
    pytester.runpytest().assert_outcomes(passed=12)
    pytester.runpytest("-k", "11").assert_outcomes(passed=1)


def test_two_runs_at_once_record_into_one_cassette(pytester: pytest.Pytester) -> None:
    """They know nothing of one another."""
    pytester.makepyfile(SHARED)
    runs = [
        subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "pytest", "-q", "-k", word, *RECORD, "all"],
            stdout=subprocess.PIPE,
        )
        for word in ("5 or 6 or 7 or 8", "not (5 or 6 or 7 or 8)")
    ]
    for run in runs:
        run.communicate(timeout=60)
    assert [run.returncode for run in runs] == [0, 0]
    pytester.runpytest().assert_outcomes(passed=12)


def test_writers_wait_for_one_another(tmp_path: Path) -> None:
    """Threads, each with a cassette of its own on one file; the file has what all of them did."""
    path = tmp_path / "shared.yaml"
    start = threading.Barrier(8)

    def write(number: int) -> None:
        cassette = _open(path, sharing=Sharing(f"test_{number}", "run"))
        start.wait()
        _record(cassette, b"%d" % number, b"x")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(_bodies(path)) == sorted([*(b"%d" % n for n in range(8)), *[b"x"] * 8])


def test_a_test_that_runs_again_replaces_what_it_recorded(tmp_path: Path) -> None:
    """As a plugin does with one that failed; what other tests recorded stays."""
    path = tmp_path / "shared.yaml"
    for test in ("a", "b", "a"):
        _record(_open(path, "rewrite", Sharing(test, "run")), test.encode())
    assert _bodies(path) == [b"b", b"a"]


def test_a_test_is_recorded_anew_without_the_others(tmp_path: Path) -> None:
    """All that was its own goes, and of what is nobody's what it has recorded now."""
    path = tmp_path / "shared.yaml"
    _record(_open(path), b"nobody's", b"a", b"b")
    for test in ("a", "b"):
        _record(_open(path, "new_episodes", Sharing(test, "run")), b"%s, old" % test.encode())
    _record(_open(path, "rewrite", Sharing("a", "next run")), b"a")
    assert _bodies(path) == [b"nobody's", b"b", b"b, old", b"a"]
    _record(_open(path, "rewrite", Sharing("b", "run beside")), b"b")
    assert _bodies(path) == [b"nobody's", b"a", b"b"]
    _record(_open(path, "rewrite"), b"c")
    assert _bodies(path) == [b"c"]


def test_a_lock_that_is_never_released_is_an_error(tmp_path: Path) -> None:
    """It names the file; so a run does not hang for ever."""
    path = tmp_path / "it.yaml"

    def hold() -> None:
        with locked(path):
            is_held.set()
            over.wait()

    is_held, over = threading.Event(), threading.Event()
    holder = threading.Thread(target=hold)
    holder.start()
    is_held.wait()
    message = r"another process has been writing the .*it\.yaml"
    with pytest.raises(CassetteError, match=message), locked(path, patience=0.01):
        pass
    over.set()
    holder.join()
    with locked(path), locked(path, patience=0):
        pass


KILLED = """
import os, random, signal, sys, time
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_durability import _open, _record
from pytest_conversations.cassette._persister import _replace

path, temporary = Path("it.yaml"), Path(".it.yaml.tmp")
moments = random.Random(1)
_record(_open(path), b"x", answer=b"x" * 10**6)
whole = [path.read_bytes().replace(b"xxxx", each * 4) for each in (b"a", b"b")]
left = 0
for kill in range(50):
    child = os.fork()
    while not child:  # in every second one the whole way, in the others what matters most of it
        if kill % 2:
            _record(_open(path, "rewrite"), b"x", answer=moments.choice([b"a", b"b"]) * 10**6)
        else:
            _replace(path, moments.choice(whole))
    time.sleep(moments.uniform(0, 0.1))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    left += temporary.exists()
    (interaction,) = _open(path, "none").interactions
    assert interaction.response["body"]["string"] in (b"a" * 10**6, b"b" * 10**6, b"x" * 10**6)
    assert not temporary.exists()
print(left)
"""


def test_a_kill_leaves_a_whole_file(tmp_path: Path) -> None:
    """At fifty moments: the old one or the new one; and the next run clears what is left."""
    script = KILLED.format(tests=str(Path(__file__).parent))
    left = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    assert int(left)  # some of the kills came while it was written, else nothing was shown


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The command pytest, with no other plugins than these need: it starts in half the time."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    plugins = ["-p", "pytest_conversations.plugin", "-p", "syrupy"]
    return [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *plugins]


KILLED_RUN = """
import os, random, signal, sys, time
from pathlib import Path
import pytest
import pytest_conversations.capture, pytest_conversations.client, pytest_conversations.sandbox
sys.path.insert(0, {tests!r})
from test_durability import _open

def run():
    child = os.fork()
    if not child:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os._exit(pytest.main({words!r}))
    return child

path = Path("cassettes/test_it/test_talk.yaml")
pytest.main([*{words!r}, "--collect-only"])  # imports it all, once
begun = time.monotonic()
assert not os.waitpid(run(), 0)[1]
whole = time.monotonic() - begun
moments, before, old, new = random.Random(1), path.read_bytes(), 0, 0
while old + new < 5 or not old or not new:
    child = run()
    time.sleep(moments.uniform(0, 1.2 * whole))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    cassette = _open(path, "none")
    assert len(cassette.interactions) == 6 and not cassette.is_edited
    is_old = path.read_bytes() == before
    old, new, before = old + is_old, new + (not is_old), path.read_bytes()
"""


def test_a_run_that_is_killed_leaves_a_whole_file(
    pytester: pytest.Pytester, alone: list[str]
) -> None:
    """At any moment; in mode rewrite pytest-recording and cassetter delete the old one first."""
    pytester.makepyfile(
        test_it="""
        def test_talk(conversations):
            first = conversations.start(model="m", inputs="Hello")
            for n in range(5):
                with conversations.append_stream(
                    conversation_id=first.conversation_id, inputs=f"{n}+{n}? " * 99
                ) as stream:
                    list(stream)
        """
    )
    words = [*alone[3:], *RECORD, "rewrite"]
    script = pytester.makepyfile(
        killed=KILLED_RUN.format(tests=str(Path(__file__).parent), words=words)
    )
    assert pytester.run(sys.executable, script).ret == 0
    pytester.runpytest(*alone[5:]).assert_outcomes(passed=1)


TALK = """
    def test_talk(conversations):
        conversations.start(model="m", inputs="My name is Ada. " * 1000)
"""
ERROR = "*CassetteError: cannot write the cassette *test_talk.yaml: {}; nothing was written"
# In a space of its own for mounts: a full disk, with the cassettes that there are.
FULL = """
    mount -t tmpfs -o size=256k none cassettes && cp -r recorded/. cassettes || exit
    cat /dev/zero > cassettes/filler 2> /dev/null
    "$@"
    code=$?
    rm cassettes/filler && cp -r cassettes after
    exit $code
"""


@pytest.fixture(params=["tmpfs", "limit"])
def full_disk(request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
    """What makes of a command one for which the disk is full; nothing where that is set within."""
    if request.param == "limit":
        return []
    for spaces in ("-m", "-Urm"):
        command = ["unshare", spaces]
        mount = [*command, "mount", "-t", "tmpfs", "none", str(tmp_path)]
        if shutil.which("unshare") and not subprocess.run(mount, check=False).returncode:  # noqa: S603 - our own
            return [*command, "sh", "-c", FULL, "sh"]
    pytest.skip("no file system can be mounted here")


def test_recording_on_a_full_disk(
    pytester: pytest.Pytester, alone: list[str], full_disk: list[str]
) -> None:
    """The test fails with one clear error, and the cassette is what it was, with nothing beside."""
    pytester.makepyfile(test_it=TALK)
    folder = pytester.path / "cassettes"
    pytester.runpytest(*alone[5:], *RECORD, "once").assert_outcomes(passed=1)
    before = (folder / "test_it" / "test_talk.yaml").read_bytes()
    if full_disk:
        folder.rename(pytester.path / "recorded")
        folder.mkdir()
        full = pytester.run(*full_disk, *alone, *RECORD, "rewrite")
        folder, reason = pytester.path / "after", "No space left on device"
    else:
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
        try:
            full = pytester.runpytest(*alone[5:], *RECORD, "rewrite")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        reason = "File too large"
    full.assert_outcomes(passed=1, errors=1)
    full.stdout.fnmatch_lines(
        [
            ERROR.format(reason),
            "conversations: 0 replayed, 0 recorded, *",
            "  not written: cassettes/test_it/test_talk.yaml (see the error of its test)",
        ]
    )
    (path,) = (each for each in folder.rglob("*") if each.is_file())
    assert path.read_bytes() == before


@pytest.fixture
def without_rights(tmp_path: Path) -> Iterator[list[str]]:
    """What makes of a command one that may not write where it is not allowed to, also of root."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    command: list[str] = []
    if os.access(closed, os.W_OK):
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
        if shutil.which("setpriv") is None:
            pytest.skip("root may write everywhere, and setpriv is not installed")
        for words, code in ((["true"], 0), (["test", "-w", str(closed)], 1)):
            if subprocess.run([*command, *words], check=False).returncode != code:  # noqa: S603 - our own
                pytest.skip("root may write everywhere, and setpriv cannot change it")
    yield command
    closed.chmod(0o700)


UNLOCKABLE = """
    import pytest
    from pytest_conversations.cassette import _locks

    @pytest.fixture(scope="module", autouse=True)
    def temporary():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_locks, "_SYSTEMS", [{folder!r}])
            yield
"""


def test_a_folder_for_locks_that_is_another_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its owner may have made links in it, which are not followed."""
    path, precious = tmp_path / "cassette.yaml", tmp_path / "precious"
    precious.write_text("precious", encoding="utf-8")
    monkeypatch.setattr(_locks, "_SYSTEMS", [str(tmp_path)])
    name = _locks._beside(path, ".json").name  # noqa: SLF001 - there is no other way to get at it
    other = os.getuid() + 1
    monkeypatch.setattr(os, "getuid", lambda: other)  # whose folder we made here
    folder = tmp_path / f"pytest-conversations-of-{other}"
    folder.mkdir()
    (folder / name).symlink_to(precious)
    with pytest.raises(CassetteError, match="another user's"):
        _record(_open(path, "rewrite", Sharing("a", "run")), b"a")
    assert precious.read_text(encoding="utf-8") == "precious"
    assert not path.exists()


def test_missing_rights(
    pytester: pytest.Pytester, alone: list[str], without_rights: list[str]
) -> None:
    """To write, to read, to enter a folder, and to lock: one clear error each, and all stays."""
    names = ("unwritable", "unreadable", "closed", "shut", "unlockable", "replaying")
    pytester.makepyfile(**{f"test_{name}": TALK for name in names})
    replaying = pytester.path / "test_replaying.py"  # which needs no rights but to read
    mark = 'import pytest\npytestmark = pytest.mark.conversations(mode="none")\n'
    replaying.write_text(mark + replaying.read_text(encoding="utf-8"), encoding="utf-8")
    folder = pytester.path / "cassettes"
    pytester.runpytest(*alone[5:], *RECORD, "once").assert_outcomes(passed=6)
    before = {path: path.read_bytes() for path in folder.rglob("*.yaml")}
    lock = pytester.mkdir("temporary") / f"pytest-conversations-of-{os.getuid()}"
    lock.mkdir()
    pytester.makepyfile(
        test_unlockable=textwrap.dedent(UNLOCKABLE).format(folder=str(lock.parent))
        + textwrap.dedent(TALK)
    )
    rights = {
        folder / "test_unwritable": 0o500,
        folder / "test_unreadable" / "test_talk.yaml": 0,
        folder / "test_closed": 0,
        folder / "test_shut": 0o400,
        folder / "test_replaying": 0o500,
        lock: 0o500,
    }
    for path, bits in rights.items():
        path.chmod(bits)
    files = [f"test_{name}.py" for name in names]  # else pytest looks for tests in all folders
    rewrite = ("-o", "conversations_mode=rewrite")  # which the marker goes before
    result = pytester.run(*without_rights, *alone, *files, RECORD[0], *rewrite)
    for path in rights:
        path.chmod(0o700)
    cannot = "*CassetteError: cannot {} the cassette *test_{}/test_talk.yaml{}: Permission denied{}"
    result.assert_outcomes(passed=3, errors=5)
    result.stdout.fnmatch_lines_random(
        [
            cannot.format("read", "unreadable", "", ""),
            cannot.format("read", "closed", "", ""),
            cannot.format("read", "shut", "", ""),
            cannot.format("write", "unwritable", "", "; nothing was written"),
            cannot.format("lock", "unlockable", " in *temporary", ""),
        ]
    )
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_what_a_run_has_written_is_noted_or_an_error(tmp_path: Path) -> None:
    """Else the next test of the run took it for that of an old run, and recorded over it."""
    path = tmp_path / "it.yaml"
    _record(_open(path, "rewrite", Sharing("a", "run")), b"a")
    note = _locks._beside(path, ".json")  # noqa: SLF001 - there is no other way to get at it
    note.unlink()
    note.mkdir()
    message = r"cannot note in .* what this run has recorded of .*it\.yaml, which other tests share"
    with pytest.raises(CassetteError, match=message):
        _record(_open(path, "rewrite", Sharing("b", "run")), b"b")
    note.rmdir()


def test_who_made_a_cassette_private_keeps_it_so(tmp_path: Path) -> None:
    """Its rights are those of the file that it replaces."""
    path = tmp_path / "cassette.yaml"
    _record(_open(path), b"1")
    for bits in (0o600, 0o664):
        path.chmod(bits)
        _record(_open(path, "all"), b"1")
        assert stat.S_IMODE(path.stat().st_mode) == bits
