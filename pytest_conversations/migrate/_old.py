"""A cassette of another tool: what of it moves, and what stays behind."""

import collections
import contextlib
import copy
import dataclasses
import datetime as dt
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from pytest_conversations.cassette import (
    MIGRATED_FROM,
    Interaction,
    is_own,
    load,
    other_keys,
    read_raw,
)
from pytest_conversations.errors import CassetteError, CassetteFormatError

_LOOPBACK = {"localhost", "127.0.0.1", "::1", "0.0.0.0"}  # noqa: S104 - nothing is bound to it
_PORTS = {"http": 80, "https": 443}
# Clients that are built on neither httpx nor httpx2, by what they call themselves.
_OTHER_CLIENTS = re.compile(r"(?:python-requests|python-urllib3?|.*\baiohttp)/\S+", re.IGNORECASE)
# In a file that is not read, since it has nothing of the API.
_URI = re.compile(rb"""\buri"?: *["']?(https?://[^\s"'/:]+(?::\d+)?)""")
# What cassetter keeps beside each interaction, which the new cassette has in another place.
_TAKEN_OVER = {"recorded_at"}


@dataclasses.dataclass(frozen=True)
class Old:
    """A cassette of another tool.

    Attributes:
        path: the file.
        problem: why it cannot be read, or nothing.
        line: that shows it, from 1; 0 where none is known.
        is_own: whether this package wrote it.
        migrated_from: where it came from, where an earlier run of the command made it.
        interactions: those with the API.
        others: of those with others, how many there are by origin.
        every: all of them, whose credentials are kept out of the new file.
        lost: keys of its tool that the new cassette has no place for.
        clients: what could not be captured, by its user agent.
    """

    path: Path
    problem: str = ""
    line: int = 0
    is_own: bool = False
    migrated_from: frozenset[str] = frozenset()
    interactions: tuple[Interaction, ...] = ()
    others: Mapping[str, int] = dataclasses.field(default_factory=dict)
    every: tuple[Interaction, ...] = ()
    lost: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()


def read_old(path: Path, origins: Collection[str]) -> Old:
    """Read a cassette.

    Args:
        path: the file.
        origins: those of the API, as `origin` gives them.
    """
    raw = read_raw(path)
    if not any(host in raw for each in origins for host in _hosts(each)):
        return Old(path, others=collections.Counter(_asked(raw)))
    if path.suffix == ".toml":
        made = path.with_suffix(".yaml")
        return Old(path, f"cassetter's TOML: `cassetter convert {path.name} {made.name}` first")
    try:
        every, metadata = load(path)
        lost = other_keys(raw.decode("utf-8-sig"))
    except CassetteFormatError as error:
        return Old(path, error.reason, error.line or 0)
    except CassetteError as error:
        return Old(path, str(error.__cause__ or error))
    _date(every, metadata)
    from_ = metadata.get(MIGRATED_FROM)
    own = [each for each in every if origin(each.request.uri) in origins]
    others = collections.Counter(
        where for each in every if (where := origin(each.request.uri)) not in origins
    )
    agents = (each.request.headers.get("user-agent") or "" for each in own)
    return Old(
        path,
        is_own=is_own(metadata),
        migrated_from=frozenset(map(str, from_ if isinstance(from_, list) else ())),
        interactions=tuple(own),
        others=others,
        every=tuple(every),
        lost=tuple(key for key in lost if key not in _TAKEN_OVER),
        clients=tuple(sorted({each for each in agents if _OTHER_CLIENTS.match(each)})),
    )


def origin(url: str) -> str:
    """Scheme, host and port of a URL, the same for two that are one.

    All names of this machine are one, as for capture.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    host = "localhost" if host in _LOOPBACK else host
    usual = _PORTS.get(parts.scheme)
    port = "" if parts.port in {None, usual} else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def _asked(raw: bytes) -> Iterator[str]:
    for url in _URI.findall(raw):
        with contextlib.suppress(ValueError):  # it is no URL
            yield origin(url.decode())


def _hosts(where: str) -> Iterable[bytes]:
    host = urlsplit(where).hostname or ""
    return [each.encode() for each in (_LOOPBACK if host in _LOOPBACK else {host})]


def joined(old: Iterable[Old]) -> tuple[list[Interaction], dict[str, object]]:
    """Copies of the interactions of some cassettes, and what is true of all of them."""
    held = [each for one in old for each in one.interactions]
    interactions = [
        Interaction(copy.copy(each.request), copy.deepcopy(each.response)) for each in held
    ]
    times = [each.response.get("recorded_at") for each in interactions]
    known = [each for each in times if isinstance(each, dt.datetime)]
    if not known or len(known) < len(times):
        return interactions, {}
    last = max(known)
    for each in interactions:
        if each.response["recorded_at"] == last:  # the file says it
            del each.response["recorded_at"]
    return interactions, {"recorded_at": last}


def _date(interactions: Iterable[Interaction], metadata: Mapping[str, object]) -> None:
    """Note with each response when it was recorded, where the file says it of all."""
    for each in interactions:
        at = each.response.get("recorded_at", metadata.get("recorded_at"))
        if isinstance(at, dt.datetime):
            each.response["recorded_at"] = at if at.tzinfo else at.replace(tzinfo=dt.UTC)
