"""Where other tools have the cassette of a test."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

_REPLACED = str.maketrans(dict.fromkeys("<>?%*:|\\\"'/", "-"))  # by pytest-recording and cassetter
_LONGEST = 255  # pytest-recording's, with the suffix
_SUFFIX = ".yaml"
# As pytest-recording and pytest-vcr add them by the serializer, and cassetter's other format.
ENDINGS = ("", _SUFFIX, ".json", ".toml")


def names(class_name: str, name: str) -> list[str]:
    """The names that other tools give to the cassette of a test, without the ending.

    Args:
        class_name: of the innermost class that the test stands in, or nothing.
        name: of the test, with its parameters.
    """
    whole = f"{class_name}.{name}" if class_name else name
    safe = whole.translate(_REPLACED)
    if len(whole) + len(_SUFFIX) > _LONGEST:
        digest = hashlib.md5(safe.encode(), usedforsecurity=False).hexdigest()
        safe = f"{safe[: _LONGEST - len(_SUFFIX) - len(digest) - 3]}...{digest}"
    return list(dict.fromkeys((safe, whole)))  # pytest-vcr takes the name as it is


def folders(module: Path) -> list[Path]:
    """The folders of the cassettes of a module's tests, of pytest-recording and of pytest-vcr."""
    return [module.parent / "cassettes" / module.stem, module.parent / "cassettes"]


def existing(places: Iterable[Path], wanted: Iterable[str]) -> Iterator[Path]:
    """The files of some names in some folders, the likeliest first."""
    wanted = list(wanted)
    for folder in places:
        for name in wanted:
            for ending in ENDINGS:
                path = folder / (name if name.endswith(ending) else name + ending)
                if _is_file(path):
                    yield path


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # too long a name
        return False
