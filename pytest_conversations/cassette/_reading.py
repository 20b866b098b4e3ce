"""Reads files that may be cassettes: whole, or not at all."""

import os
from pathlib import Path
from typing import Protocol, TypeAlias

import vcr.serialize
from vcr.request import Request

from pytest_conversations.cassette import _checksum, _limits, _serializer, _written
from pytest_conversations.cassette._compression import GZIP
from pytest_conversations.cassette._recording import Interaction
from pytest_conversations.cassette._scrub import Response
from pytest_conversations.cassette._structure import FormatError
from pytest_conversations.errors import CassetteError, CassetteFormatError

# With metadata or without.
Loaded: TypeAlias = (
    tuple[list[Request], list[Response]] | tuple[list[Request], list[Response], dict[str, object]]
)

_MEND = "get it back from version control, or record it anew"
_OTHER = "name a cassette, or keep this file out of their folder"


class Serializer(Protocol):
    """One of vcrpy's: between a document and its text."""

    def deserialize(self, text: str, /) -> dict[str, object]: ...
    def serialize(self, document: dict[str, object], /) -> str: ...


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
        held = loaded(raw, _serializer) if written is None else written
    except FormatError as problem:
        reason = f"{problem.reason}; {_MEND if problem.is_damage else _OTHER}"
        raise CassetteFormatError(name, problem.line, reason) from problem
    requests, responses, *metadata = held
    return list(map(Interaction, requests, responses)), dict(*metadata)


def loaded(raw: bytes, serializer: Serializer) -> Loaded:
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
    loaded: Loaded = vcr.serialize.deserialize(text, serializer)  # pyright: ignore[reportAssignmentType]
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
