"""No recording is lost: several writers, a kill at any moment, a full disk, missing rights."""

import resource
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from vcr.request import Request

from pytest_conversations.cassette import ConversationCassette, Scrubber, Sharing
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
    """All of twelve tests is kept, and each plays its own conversation."""
    pytester.makepyfile(SHARED)
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
    _record(_open(path, "rewrite", Sharing("c", "next run")), b"c")
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


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    """One clear error, and no litter."""
    path = tmp_path / "it.yaml"
    _record(_open(path), b"old")
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with pytest.raises(CassetteError, match=r"cannot write the cassette .*: File too large; n"):
            _record(_open(path), b"new", answer=b"x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
