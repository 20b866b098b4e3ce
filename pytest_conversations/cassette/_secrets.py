"""Known secrets and the ways in which they are spelled.

By value: an API key is found wherever it stands, whatever field or header that is.
"""

import base64
import json
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple
from urllib.parse import quote, quote_plus

_SHORTEST = 8  # characters; a shorter value would be found in half of all text


class Found(NamedTuple):
    """A secret in a body: from ``start`` to ``end``, and what is put there instead."""

    start: int
    end: int
    placeholder: bytes


class Secrets:
    """The secrets of one cassette. A value that is shorter than 8 characters is not searched for.

    Args:
        values: value by name; the placeholder of a value is ``<NAME>``.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self._names: dict[bytes, str] = {}  # name by spelling
        self._pattern: re.Pattern[bytes] | None = None
        self._lock = threading.Lock()  # requests of several threads add what they carry
        for name, value in values.items():
            self.add(name, value)

    def add(self, name: str, value: str) -> None:
        """Search for one more value. A value that has a name already keeps it."""
        with self._lock:
            if len(value) < _SHORTEST or value.encode() in self._names:
                return
            names = dict.fromkeys(_spellings(value), name) | self._names
            # The longest first: where one secret begins another, it is the longer that is meant.
            ordered = sorted(names, key=len, reverse=True)
            # A search that runs meanwhile needs a name for all that its pattern finds.
            self._names = names
            self._pattern = re.compile(b"|".join(map(re.escape, ordered)))

    def __bool__(self) -> bool:
        return self._pattern is not None

    def find(self, body: bytes) -> Iterator[Found]:
        """Find the secrets in a body, in order; they do not overlap."""
        if self._pattern is not None:
            for match in self._pattern.finditer(body):
                placeholder = f"<{self._names[match[0]]}>".encode()
                yield Found(match.start(), match.end(), placeholder)


def replace(body: bytes, found: Iterable[Found]) -> bytes:
    """Put the placeholders in."""
    pieces = []
    at = 0
    for secret in found:
        pieces += [body[at : secret.start], secret.placeholder]
        at = secret.end
    return b"".join((*pieces, body[at:]))


def move(cuts: Iterable[int], found: Iterable[Found]) -> list[int]:
    """Where cuts of a body are after `replace`.

    Args:
        cuts: positions in the body, ascending.
        found: what is replaced.

    Returns:
        Their new positions. A cut inside a secret stays as far behind its start as the
        placeholder allows.
    """
    moved = []
    secrets = iter((*found, None))
    secret = next(secrets)
    shift = 0
    for cut in cuts:
        while secret is not None and secret.end <= cut:
            shift += len(secret.placeholder) - (secret.end - secret.start)
            secret = next(secrets)
        if secret is not None and secret.start < cut:
            inside = min(cut - secret.start, len(secret.placeholder))
            moved.append(secret.start + inside + shift)
        else:
            moved.append(cut + shift)
    return moved


def _spellings(value: str) -> set[bytes]:
    """How a value looks as it is, in a URL, in JSON, and in Base64."""
    texts = {
        value,
        quote(value, safe=""),
        quote_plus(value),
        quote(value),
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
    }
    return {*(text.encode() for text in texts), *_in_base64(value.encode())}


def _in_base64(value: bytes) -> Iterator[bytes]:
    """What Base64 (RFC 4648) makes of a value that stands in a longer text.

    Three bytes become four characters, so there are three ways, by where the value begins. The
    characters at its ends that depend on its neighbours, too, are left out.
    """
    for before in range(3):
        padded = bytes(before) + value
        start, end = -(-before * 8 // 6), len(padded) * 8 // 6
        yield base64.b64encode(padded)[start:end]
        yield base64.urlsafe_b64encode(padded)[start:end]
