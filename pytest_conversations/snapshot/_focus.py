"""Long lines of two texts, shortened to where they differ: an answer is often one long line."""

import difflib

_LONG = 120  # characters
_AROUND = 40  # characters that are shown before and behind a difference


def focused(old: str, new: str) -> tuple[str, str]:
    """Two texts for a diff, in which long lines have a mark in place of what they have in common.

    Args:
        old: the one.
        new: the other.
    """
    before, after = old.split("\n"), new.split("\n")
    blocks = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    for _, start, end, other_start, other_end in blocks:
        for place, other in zip(range(start, end), range(other_start, other_end), strict=False):
            before[place], after[other] = _shortened(before[place], after[other])
    return "\n".join(before), "\n".join(after)


def _shortened(old: str, new: str) -> tuple[str, str]:
    if max(len(old), len(new)) <= _LONG:
        return old, new
    start = _alike(old, new)
    end = min(_alike(old[::-1], new[::-1]), min(len(old), len(new)) - start)
    return _cut(old, start, len(old) - end), _cut(new, start, len(new) - end)


def _alike(one: str, other: str) -> int:
    """How many characters two lines begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def _cut(line: str, start: int, end: int) -> str:
    """A line from a little before a place to a little behind another, whole words of it."""
    first = _word(line, start - _AROUND) if start > _AROUND else 0
    last = line.find(" ", end + _AROUND)
    indent = line[: len(line) - len(line.lstrip())] if first else ""
    tail = "" if last < 0 else "…"
    return indent + ("…" if first else "") + line[first : None if last < 0 else last] + tail


def _word(line: str, place: int) -> int:
    return line.rfind(" ", 0, place) + 1
