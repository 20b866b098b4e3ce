"""Cassette files: read whole or not at all, written whole or not at all."""

import contextlib
import errno
import functools
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import vcr.serialize
from vcr.persisters.filesystem import CassetteNotFoundError

from pytest_conversations.cassette import _checksum, _written
from pytest_conversations.cassette._interactions import Opened
from pytest_conversations.cassette._locks import locked
from pytest_conversations.cassette._reading import Loaded, Serializer, loaded, read_lines
from pytest_conversations.cassette._scrub import Response
from pytest_conversations.cassette._structure import FormatError
from pytest_conversations.errors import CassetteError, CassetteFormatError

_FIRST = "It is not written over: get it back from version control, or delete it first."


class FilePersister:
    """Stores cassettes as files, for vcrpy.

    Unlike vcrpy's own it never takes a file that cannot be read for one that is not there (and
    records over it), and a failed write leaves the old file.

    Attributes:
        is_edited: whether what was read is another text than was written.

    Args:
        gate: looks at a text that is about to be written, and what it is, and raises to stop it.
        hint: tells how to record what cannot be read.
    """

    def __init__(self, gate: Callable[[str, str], None], hint: Callable[[], str]) -> None:
        self.is_edited = False
        self._gate = gate
        self._hint = hint

    def load_cassette(self, path: str, serializer: Serializer) -> Loaded:
        """Read a cassette: its requests, its responses, and its metadata if it has any.

        Raises:
            CassetteNotFoundError: there is no such file; vcrpy's sign for a new cassette.
            CassetteFormatError: the file is no cassette.
            CassetteError: the file cannot be read.
        """
        raw = _raw_of(path)
        is_right = _checksum.is_right(raw)
        self.is_edited = is_right is False
        written = _written.read(raw) if is_right else None
        return written or self._whole(raw, path, serializer)

    def opened(self, path: str, serializer: Serializer, *, is_shared: bool) -> Opened | None:
        """Open a cassette; see `load_cassette`.

        Returns:
            The file; None where there is none, or none that was written by this package.
        """
        try:
            raw = _raw_of(path)
        except CassetteNotFoundError:
            return None
        written = (_written.shared if is_shared else _written.sealed)(raw)
        if written is None:
            return None
        self.is_edited = False

        @functools.cache  # for a response that is looked at later
        def responses() -> list[Response]:
            return self._whole(raw, path, serializer)[1]

        return Opened(written, lambda place: responses()[place], is_shared=is_shared)

    def _whole(self, raw: bytes, path: str, serializer: Serializer) -> Loaded:
        try:
            return loaded(raw, serializer)
        except FormatError as problem:
            reason = f"{problem.reason}\n{_FIRST}\n{self._hint()}"
            raise CassetteFormatError(path, problem.line, reason) from problem

    def save_cassette(self, path: str, document: dict[str, object], serializer: Serializer) -> None:
        """Write a cassette: the file is the old one or the new one, whole, whatever fails.

        Raises:
            CassetteError: it cannot be written; the old file is as it was.
        """
        try:
            text = vcr.serialize.serialize(document, serializer)
        except (TypeError, UnicodeDecodeError) as error:  # of vcrpy's serializer for JSON
            msg = f"cannot write the cassette {path} as JSON, since it holds bytes that are no text"
            raise CassetteError(msg) from error
        self._gate(text, "")
        self._gate(
            Path(path).name.partition("[")[2], "the name of the file: give its parameter an id"
        )
        try:
            _replace(Path(path), text.encode())
        except OSError as error:
            msg = f"cannot write the cassette {path}: {error.strerror}; nothing was written"
            raise CassetteError(msg) from error


def prove_writable(path: Path) -> None:
    """Try whether a cassette could be written, and leave all as it was.

    Raises:
        CassetteError: it could not.
    """
    file = path.resolve()
    made: list[Path] = []
    try:
        made += [folder for folder in file.parents if not folder.exists()]
        file.parent.mkdir(parents=True, exist_ok=True)
        with locked(file):
            _temporary(file).touch()
            _temporary(file).unlink()
    except OSError as error:
        is_file = isinstance(error, FileExistsError)  # where a folder would have to be
        reason = os.strerror(errno.ENOTDIR) if is_file else error.strerror
        msg = f"cannot write the cassette {path}: {reason}"
        raise CassetteError(msg) from error
    finally:
        for folder in made:
            with contextlib.suppress(OSError):
                folder.rmdir()


def _replace(path: Path, content: bytes) -> None:
    path = path.resolve()  # a link stays one
    path.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder, since only within one file system a rename is atomic. What a kill leaves
    # of it the next writer takes, of whom there is one at a time.
    temporary = _temporary(path)
    try:
        temporary.unlink(missing_ok=True)
        with temporary.open("wb") as file:
            with contextlib.suppress(OSError):  # there is none; else a private one stays so
                shutil.copymode(path, temporary)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _move(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def _move(temporary: Path, path: Path) -> None:
    """Give a file its name. On Windows that has to wait while somebody reads what is there."""
    for pause_s in _PAUSES_S:
        try:
            temporary.replace(path)
        except PermissionError:
            time.sleep(pause_s)
        else:
            return
    temporary.replace(path)


_PAUSES_S = (0.02, 0.05, 0.1, 0.2, 0.5)


def _temporary(path: Path) -> Path:
    return path.with_name(_TEMPORARY.format(path.name))


_TEMPORARY = ".{}.tmp"


def _raw_of(path: str) -> bytes:
    """The bytes of a cassette, with its lines ended by a line feed; see `load_cassette`."""
    _clear(path)
    try:
        return read_lines(path)
    except CassetteError as error:
        # Of a folder that may not be entered nobody knows what is in it: that is no new file.
        if isinstance(error.__cause__, FileNotFoundError | NotADirectoryError):
            raise CassetteNotFoundError(path) from None
        raise


def _clear(path: str) -> None:
    """Take away what a run left that was killed while it wrote; of a link the next writer does."""
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, _TEMPORARY.format(name))  # noqa: PTH118 - for each test
    # Where the rights are missing, whoever reads or writes the file tells.
    with contextlib.suppress(CassetteError, OSError):
        if os.path.exists(temporary):  # noqa: PTH110
            with locked(Path(path), patience=0):
                Path(temporary).unlink(missing_ok=True)
