"""Known secrets: found by value in any spelling, replaced by a placeholder."""

import re
import threading
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pytest_conversations import _protocol
from pytest_conversations.cassette import _names
from pytest_conversations.cassette._spelling import SHORTEST, Body, Spellings, encoded

_SPACE = " \t\r\n"
_PART = 8  # bytes of a piece
_SURE = 12  # bytes of a value that no text ends in by chance
_MIXED = re.compile(rb"\d.*[A-Za-z]|[A-Za-z].*\d", re.DOTALL)
_PIECE = re.compile(_MIXED.pattern + rb"|[a-z][A-Z]", re.DOTALL)
_PLACEHOLDER = re.compile(_names.PLACEHOLDER)


class Found(NamedTuple):
    """What is taken out of a body: from ``start`` to ``end``, and what is put there instead.

    Attributes:
        start: of the first byte.
        end: behind the last byte.
        placeholder: what is put there.
        rule: by which it was found, in words that may be shown.
    """

    start: int
    end: int
    placeholder: bytes
    rule: str


class Passes(NamedTuple):
    """What is taken out of a body, one after the other.

    What only looks like a credential is looked for when the known ones are gone: so it is found, or
    not, whichever key was there.

    Attributes:
        known: in the body, in order.
        forms: in what is left of it then, in order.
    """

    known: list[Found]
    forms: list[Found]

    def applied(self, body: bytes) -> bytes:
        """A body without them."""
        return replace(replace(body, self.known), self.forms)

    def moved(self, cuts: Iterable[int]) -> list[int]:
        """Where cuts of the body are then; see `move`."""
        return move(move(cuts, self.known), self.forms)

    def in_place(self) -> Iterator[Found]:
        """All of them, where they stand in the body."""
        yield from self.known
        for found in self.forms:
            start, end = (_before(at, self.known) for at in (found.start, found.end))
            yield found._replace(start=start, end=end)


def _before(at: int, replaced: Iterable[Found]) -> int:
    """Where in a body something stood, before something was replaced there."""
    shift = 0
    for each in replaced:
        start = each.start + shift
        if at < start:
            break
        if at < start + len(each.placeholder):
            return each.start
        shift += len(each.placeholder) - (each.end - each.start)
    return at - shift


class Secrets:
    """The secrets of one cassette."""

    def __init__(self) -> None:
        self._secrets: dict[str, tuple[str, Spellings]] = {}
        self._lock = threading.Lock()  # requests of several threads add what they carry

    def add(self, name: str, value: str) -> str:
        """Search for one more value, without white space around it.

        Args:
            name: its placeholder is ``<NAME>``; a value that has a name already keeps it.
            value: the secret.

        Returns:
            Why it is not searched for; empty where it is.
        """
        value = value.strip(_SPACE)  # as of a file that ends with a new line
        # The latter is of an app that is given what a recording holds.
        if value in self._secrets or _PLACEHOLDER.fullmatch(value):
            return ""
        try:
            encoded(value)
        except UnicodeEncodeError:  # half of a character, from an escape of JSON
            return "it is no text"
        if len(value) < SHORTEST:
            return f"it has under {SHORTEST} characters"
        if value in _protocol.WORDS:
            return "it is a word of the API itself"
        if value == name:  # its placeholder would hold it
            return "it is its own name"
        with self._lock:
            if value not in self._secrets:
                # Another dictionary, since a search may go on meanwhile.
                self._secrets = {**self._secrets, value: (name, Spellings(value))}
        return ""

    def holds(self, value: str) -> bool:
        """Whether a value is searched for, or has one in it that is."""
        return value in self._secrets or bool(self.find(value.encode("utf-8", "replace")))

    def __bool__(self) -> bool:
        return bool(self._secrets)

    def find(self, body: bytes) -> list[Found]:
        """Find the secrets in a body, in order; they do not overlap."""
        return merged(self._matches(Body(body))) if self._secrets else []

    def parts(self, text: bytes) -> list[Found]:
        """Find pieces of the secrets, as where somebody has cut a text for people to read.

        Args:
            text: anything. Pieces that words are made of are let be.
        """
        return merged(
            Found(start, end, f"<{name}>".encode(), f"part of {name}")
            for value, (name, _) in self._secrets.items()
            for start, end in _parts(encoded(value), text)
        )

    def begun(self, body: bytes, *, is_cut: bool) -> list[Found]:
        """Find what a body has of a secret in which it ends, where that is half of it or more.

        Args:
            body: or a text of it.
            is_cut: whether it was longer; of one that was not, a word at its end is a word.
        """
        ending = Body(body)
        sizes = [(each.begun(ending), name) for name, each in self._secrets.values()]
        size, name = max(sizes, default=(0, ""))
        start = len(body) - size
        rule = f"value of {name}, cut off"
        is_one = size and (is_cut or (size >= _SURE and _MIXED.search(body, start) is not None))
        return [Found(start, len(body), f"<{name}>".encode(), rule)] if is_one else []

    def _matches(self, body: Body) -> Iterator[Found]:
        for name, spellings in self._secrets.values():
            if spellings.are_possible(body):
                for match in spellings.pattern.finditer(body.raw):
                    yield Found(*match.span(), f"<{name}>".encode(), f"value of {name}")


def _parts(value: bytes, text: bytes) -> Iterator[tuple[int, int]]:
    """Where a text has eight bytes or more of a value, and these look like no word."""
    for at in range(len(value) - _PART + 1):
        gram = value[at : at + _PART]
        start = text.find(gram) if _PIECE.search(gram) else -1
        while start >= 0:
            before, behind = value[:at][::-1], value[at + _PART :]
            end = start + _PART
            left = _alike(text[max(0, start - len(before)) : start][::-1], before)
            yield start - left, end + _alike(text[end : end + len(behind)], behind)
            start = text.find(gram, end)


def _alike(one: bytes, other: bytes) -> int:
    """How many bytes two begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def merged(found: Iterable[Found]) -> list[Found]:
    """In order, and without overlap: what overlaps is one, under the name of the longest.

    Args:
        found: of those that are equally long the first gives its name.
    """
    result: list[Found] = []
    for each in sorted(found, key=lambda one: one.start):
        if result and each.start < result[-1].end:
            last = result.pop()
            longest = max(last, each, key=lambda one: (one.end - one.start, len(one.placeholder)))
            result.append(longest._replace(start=last.start, end=max(last.end, each.end)))
        else:
            result.append(each)
    return result


def replace(body: bytes, found: Iterable[Found]) -> bytes:
    """Put the placeholders in.

    Args:
        body: anything.
        found: in order, without overlap.
    """
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
