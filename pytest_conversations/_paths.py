"""Where the cassette of a test is."""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

_REFUSED = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')  # by one file system or another
# Windows has no file of such a name, whatever its suffix.
_DEVICE = re.compile(r"(?i)^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=\.|$)")
_LONGEST = 200  # bytes; file systems take 255, a temporary name or a suffix wants some
_SUFFIX = ".yaml"
SUFFIXES = (_SUFFIX, ".yml", ".json")  # by which cassettes are found in a folder, to be checked


def file_name(names: Iterable[str]) -> str:
    """The name of the file of a test that names no cassette; it is in `default_folder`.

    Args:
        names: the names of the classes that the test stands in, and its own with its parameters.
    """
    return _safe(".".join(names)) + _SUFFIX


def default_folder(module: Path) -> Path:
    """Where in the cassette folder the cassettes of a module's tests are that name none.

    Args:
        module: its path from rootdir.
    """
    # What is above rootdir gets a name of its own: there may be a folder of the same name below.
    return Path(*(_safe(part) for part in module.with_suffix("").parts if part != module.anchor))


def named_path(folder: Path, name: str) -> Path:
    """The path of a cassette that the marker names.

    Raises:
        ValueError: it is not inside the cassette folder, or would not be found there.
    """
    path = folder / name
    if path.suffix not in SUFFIXES:
        endings = ", ".join(SUFFIXES)
        msg = (
            f"the cassette {name!r} ends with none of {endings}, by which `pytest-conversations "
            f"check` finds cassettes: name it {name + _SUFFIX!r}"
        )
        raise ValueError(msg)
    if not path.resolve().is_relative_to(folder.resolve()):
        msg = f"the cassette {name!r} is outside of the cassette folder {folder}"
        raise ValueError(msg)
    return path


def _safe(name: str) -> str:
    """A file name; where that changes it, with a hash, so that two names never become one."""
    safe = _DEVICE.sub(r"-\g<0>", _REFUSED.sub("-", name).rstrip(". "), count=1)
    if safe == name and len(name.encode()) <= _LONGEST:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:10]
    start = safe.encode()[:_LONGEST].decode(errors="ignore")
    return f"{start}~{digest}"
