"""Numbers and their words."""


def counted(count: int, word: str, plural: str = "") -> str:
    """A number and its word: ``1 chunk``, ``2 chunks``.

    Args:
        count: the number.
        word: of one.
        plural: of several; by default the same with an ``s``.
    """
    return f"{count} {noun(count, word, plural)}"


def noun(count: int, word: str, plural: str = "") -> str:
    """The word alone; see `counted`."""
    return word if count == 1 else plural or f"{word}s"
