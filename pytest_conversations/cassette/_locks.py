"""One writer of a file at a time, also of several processes; and what a run has written of it.

What is needed for that is kept with the temporary files of the machine, not beside the cassettes.
"""

import contextlib
import errno
import getpass
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pytest_conversations.errors import CassetteError

_PATIENCE = 60.0  # seconds; a cassette of 10 MB takes three to write


@contextlib.contextmanager
def locked(path: Path, *, patience: float = _PATIENCE) -> Iterator[None]:
    """Keep other writers of a cassette waiting until the end of the ``with`` block.

    A thread that has the lock gets it again.

    Args:
        path: the cassette.
        patience: how many seconds to wait for another one.

    Raises:
        CassetteError: it takes too long, or there is no place for the lock.
    """
    from filelock import FileLock, Timeout  # which takes as long to import as all of httpx

    try:
        lock = FileLock(_beside(path, ".lock"), is_singleton=True)
        lock.acquire(timeout=patience)
    except Timeout:
        msg = f"another process has been writing the cassette {path} for {patience:.0f} s"
        raise CassetteError(msg) from None
    except OSError as error:
        msg = f"cannot lock the cassette {path} in {_place()}: {error.strerror}"
        raise CassetteError(msg) from error
    try:
        yield
    finally:
        lock.release()


def written(path: Path, run: str) -> int:
    """How many interactions at the end of a cassette a run has recorded so far.

    Args:
        path: the cassette.
        run: names the run, the same in all its processes.
    """
    try:
        noted = json.loads(_beside(path, ".json").read_text(encoding="utf-8"))
        return int(noted["written"]) if noted["run"] == run else 0
    except (OSError, ValueError, KeyError, TypeError):  # none, or cut by a kill
        return 0


def note_written(path: Path, run: str, count: int) -> None:
    """Note what `written` is to return, under the lock.

    Raises:
        CassetteError: it cannot be noted: another test would take the file for that of an old run.
    """
    noted = _beside(path, ".json")
    try:
        noted.write_text(json.dumps({"run": run, "written": count}), encoding="utf-8")
    except OSError as error:
        msg = (
            f"cannot note in {noted.parent} what this run has recorded of the cassette {path}, "
            f"which other tests share: {error.strerror}"
        )
        raise CassetteError(msg) from error


def _beside(path: Path, suffix: str) -> Path:
    user = os.getuid() if hasattr(os, "getuid") else getpass.getuser()
    folder = _place() / f"pytest-conversations-of-{user}"
    folder.mkdir(mode=0o700, exist_ok=True)
    # Whoever owns it could let the names in it lead to a file of ours, which would be written over.
    if hasattr(os, "getuid") and folder.lstat().st_uid != user:
        raise PermissionError(errno.EPERM, f"{folder} is another user's")
    name = hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:32]
    return folder / f"{name}{suffix}"


def _place() -> Path:
    """The folder of the machine's temporary files, the same for all processes that write.

    What the environment says, as ``TMPDIR``, may be another one for each worker of pytest-xdist.
    """
    usable = (each for each in _SYSTEMS if os.access(each, os.W_OK | os.X_OK))
    return Path(next(usable, tempfile.gettempdir()))


_SYSTEMS = ("/tmp", "/var/tmp")  # noqa: S108 - what is put there is in a folder of the user's own
