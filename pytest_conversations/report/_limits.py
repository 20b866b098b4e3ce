"""How much goes into a page, and what was left out of it."""

import dataclasses

from pytest_conversations._plural import noun

_KILO = 1000


@dataclasses.dataclass(frozen=True)
class Limits:
    """How much of what goes into a page.

    Attributes:
        text: characters of one text, such as a message.
        texts: characters of all texts of one exchange together.
        raw: bytes of one body as it came.
        read: bytes of one stream's body that are read at all.
        marks: chunks, and events, of a stream that can each be opened.
        cassette: characters of the page that are about one cassette.
        page: characters of the page, but for its head and its index.
    """

    text: int = 20_000
    texts: int = 200_000
    raw: int = 64 * 1024
    read: int = 8 * 1024 * 1024
    marks: int = 2_000
    cassette: int = 4 * 1024 * 1024
    page: int = 32 * 1024 * 1024


@dataclasses.dataclass
class LeftOut:
    """What is in the cassettes, and not in the page.

    Attributes:
        characters: of texts that were cut.
        raw: bytes of bodies.
        marks: chunks and events that are drawn, and cannot be opened.
        exchanges: whole ones.
        cassettes: whole ones.
    """

    characters: int = 0
    raw: int = 0
    marks: int = 0
    exchanges: int = 0
    cassettes: int = 0

    def words(self) -> list[str]:
        """What it was, in words; none where it was nothing."""
        marks = counted(self.marks, "chunk or event", "chunks or events")
        told = [
            (self.cassettes, counted(self.cassettes, "cassette")),
            (self.exchanges, counted(self.exchanges, "interaction")),
            (self.characters, f"{counted(self.characters, 'character')} of long texts"),
            (self.raw, f"{size(self.raw)} of raw bytes"),
            (self.marks, f"the payload of {marks}"),
        ]
        return [words for count, words in told if count]


@dataclasses.dataclass(frozen=True)
class Cut:
    """A text of which only the beginning is there.

    Attributes:
        text: the beginning; all of it where it is short.
        left_out: characters behind it.
    """

    text: str
    left_out: int

    @property
    def note(self) -> str:
        """A sentence about what is not there; empty where it is whole."""
        if not self.left_out:
            return ""
        return left_out_here(self.left_out, "more character")


class Budget:
    """What one exchange may still put into the page.

    Args:
        limits: of the page.
        left_out: where to count what is too much.
    """

    def __init__(self, limits: Limits, left_out: LeftOut) -> None:
        self.limits = limits
        self.left_out = left_out
        self._left = limits.texts

    @property
    def is_spent(self) -> bool:
        """Whether no further text has room."""
        return self._left <= 0

    def cut(self, text: str) -> Cut:
        """As much of a text as there is room for."""
        shown = text[: max(0, min(self.limits.text, self._left))]
        self._left -= len(shown)
        left_out = len(text) - len(shown)
        self.left_out.characters += left_out
        return Cut(shown, left_out)


def counted(count: int, word: str, plural: str = "") -> str:
    """A number and its word, as `_plural` has it, with the number `grouped`."""
    return f"{grouped(count)} {noun(count, word, plural)}"


def left_out_here(count: int, word: str, plural: str = "") -> str:
    """A sentence about what is in the cassette, and not in the page."""
    verb = noun(count, "is", "are")
    return f"{counted(count, word, plural)} {verb} in the cassette, and left out here."


def grouped(count: int) -> str:
    """A number as people read it: ``1 234 567``, in groups that no line break parts."""
    return f"{count:,}".replace(",", "\N{NO-BREAK SPACE}")


def size(count: int) -> str:
    """Bytes as people read them: ``134 bytes``, ``12.3 kB``."""
    if count < _KILO:
        return counted(count, "byte")
    if count < _KILO**2:
        return f"{count / _KILO:.1f} kB"
    return f"{count / _KILO**2:.1f} MB"


def duration(ms: float) -> str:
    """A time as people read it: ``120 ms``, ``1.2 s``, ``2 min 5 s``."""
    ms = min(ms, _KILO**4)  # what a table says beyond that no float holds
    if ms < _KILO:
        return f"{ms:g} ms"
    seconds = ms / _KILO
    if seconds < _MINUTE:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"  # noqa: PLR2004 - digits
    return f"{int(seconds // _MINUTE)} min {int(seconds % _MINUTE)} s"


_MINUTE = 60
