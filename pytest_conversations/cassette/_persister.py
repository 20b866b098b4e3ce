"""Cassette files: read whole or not at all, written whole or not at all."""

import contextlib
import errno
import functools
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeAlias

import vcr.serialize
from vcr.persisters.filesystem import CassetteNotFoundError
from vcr.request import Request

from pytest_conversations.cassette import _checksum, _limits, _serializer, _written
from pytest_conversations.cassette._compression import GZIP
from pytest_conversations.cassette._locks import locked
from pytest_conversations.cassette._recording import Interaction
from pytest_conversations.cassette._scrub import Response
from pytest_conversations.cassette._structure import FormatError
from pytest_conversations.errors import CassetteError, CassetteFormatError

# With metadata or without.
_Loaded: TypeAlias = (
    tuple[list[Request], list[Response]] | tuple[list[Request], list[Response], dict[str, object]]
)
# The same, with responses that are read when somebody looks at them.
_Opened: TypeAlias = _Loaded | tuple[list[Request], list[_written.Unread], dict[str, object]]


_FIRST = "It is not written over: get it back from version control, or delete it first."
_MEND = "get it back from version control, or record it anew"
_OTHER = "name a cassette, or keep this file out of their folder"


class _Serializer(Protocol):
    def deserialize(self, text: str, /) -> dict[str, object]: ...
    def serialize(self, document: dict[str, object], /) -> str: ...


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

    def load_cassette(self, path: str, serializer: _Serializer) -> _Opened:
        """Read a cassette: its requests, its responses, and its metadata if it has any.

        Raises:
            CassetteNotFoundError: there is no such file; vcrpy's sign for a new cassette.
            CassetteFormatError: the file is no cassette.
            CassetteError: the file cannot be read.
        """
        _clear(path)
        try:
            raw = read_lines(path)
        except CassetteError as error:
            # Of a folder that may not be entered nobody knows what is in it: that is no new file.
            if isinstance(error.__cause__, FileNotFoundError | NotADirectoryError):
                raise CassetteNotFoundError(path) from None
            raise
        is_right = _checksum.is_right(raw)
        self.is_edited = is_right is False

        @functools.cache  # also for a response that is looked at later
        def whole() -> _Loaded:
            try:
                return _loaded(raw, serializer)
            except FormatError as problem:
                reason = f"{problem.reason}\n{_FIRST}\n{self._hint()}"
                raise CassetteFormatError(path, problem.line, reason) from problem

        opened = is_right and _written.read_requests(raw, lambda number: whole()[1][number])
        return opened or whole()

    def save_cassette(
        self, path: str, document: dict[str, object], serializer: _Serializer
    ) -> None:
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


def read(path: Path) -> tuple[str, list[Interaction]]:
    """The text of a cassette, and its interactions as they stand there.

    Raises:
        CassetteFormatError: the file is no cassette.
        CassetteError: the file cannot be read.
    """
    raw = read_lines(path)
    interactions, _ = loads(raw, str(path))
    return raw.decode(), interactions


def load(path: Path) -> tuple[list[Interaction], dict[str, object]]:
    """The interactions of a cassette as they stand there, and what it says of itself.

    Raises:
        CassetteFormatError: the file is no cassette.
        CassetteError: the file cannot be read, or is not there.
    """
    return loads(read_lines(path), str(path))


def loads(raw: bytes, name: str) -> tuple[list[Interaction], dict[str, object]]:
    """The same, of a file's bytes.

    Args:
        raw: of a cassette, with its lines ended by a line feed.
        name: where it is from, for messages.

    Raises:
        CassetteFormatError: it is no cassette.
    """
    try:
        written = _written.read(raw) if _checksum.is_right(raw) else None
        loaded = _loaded(raw, _serializer) if written is None else written
    except FormatError as problem:
        reason = f"{problem.reason}; {_MEND if problem.is_damage else _OTHER}"
        raise CassetteFormatError(name, problem.line, reason) from problem
    requests, responses, *metadata = loaded
    return list(map(Interaction, requests, responses)), dict(*metadata)


def _loaded(raw: bytes, serializer: _Serializer) -> _Loaded:
    """What a cassette holds.

    Raises:
        FormatError: it is no cassette.
    """
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        reason = "not UTF-8 text"
        raise FormatError(reason, raw.count(b"\n", 0, error.start) + 1) from error
    # What vcrpy returns has no types.
    loaded: _Loaded = vcr.serialize.deserialize(text, serializer)  # pyright: ignore[reportAssignmentType]
    return loaded


def read_raw(path: Path) -> bytes:
    """The bytes of a file; none where it is too large to be a cassette, or cannot be read."""
    try:
        return path.read_bytes() if path.stat().st_size <= _limits.LARGEST else b""
    except OSError:
        return b""


def read_lines(path: str | Path) -> bytes:
    """The bytes of a file that may be a cassette, with its lines ended by a line feed.

    Raises:
        CassetteFormatError: it is too large, or compressed.
        CassetteError: it cannot be read.
    """
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - one read, for each test
            size = os.fstat(file.fileno()).st_size
            raw = file.read() if size <= _limits.LARGEST else b""
    except OSError as error:
        msg = f"cannot read the cassette {path}: {error.strerror}"
        raise CassetteError(msg) from error
    if size > _limits.LARGEST:
        most = _limits.LARGEST // 2**20
        raise CassetteFormatError(str(path), None, f"it has {size // 2**20} MiB; {most} are read")
    if raw.startswith(GZIP):
        reason = "compressed, as LangChain's are: unpack it with gunzip"
        raise CassetteFormatError(str(path), None, reason)
    return raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in raw else raw


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


def _clear(path: str) -> None:
    """Take away what a run left that was killed while it wrote; of a link the next writer does."""
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, _TEMPORARY.format(name))  # noqa: PTH118 - for each test
    # Where the rights are missing, whoever reads or writes the file tells.
    with contextlib.suppress(CassetteError, OSError):
        if os.path.exists(temporary):  # noqa: PTH110
            with locked(Path(path), patience=0):
                Path(temporary).unlink(missing_ok=True)


def is_missing(path: Path) -> bool:
    """Whether there is no such file; of one that cannot be looked at nobody knows."""
    # Not by `exists`: of a folder that may not be entered it raises, or from Python 3.14 says that
    # the file is missing, and it would be recorded over.
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False  # reading it tells why
    return False
