"""A large cassette, loaded: for the first time, once more, and how much memory that takes.

Run as ``python -m benchmarks.loading LANE FILE``; it prints its figures as JSON.
"""

import gc
import json
import re
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import files, traffic
from benchmarks.talking import KEY

_SAMPLE = 8  # conversations, from which it is estimated how many make a size


def write_data(folder: Path, megabytes: int) -> None:
    """Write a cassette of about a size, in MB of our format, and the same for vcrpy."""
    sample = folder / "sample.yaml"
    files.write_own(sample, [each for at in range(_SAMPLE) for each in traffic.talk(at)])
    talks = round(megabytes * 1e6 / sample.stat().st_size * _SAMPLE)
    made = [each for number in range(talks) for each in traffic.talk(number)]
    files.write_own(folder / f"own-{megabytes}.yaml", made)
    files.write_vcrpy(folder / f"vcrpy-{megabytes}.yaml", made)


def _own() -> Callable[[str], object]:
    from pytest_conversations.cassette import ConversationCassette, Scrubber

    return lambda path: ConversationCassette(
        path, mode="none", scrubber=Scrubber({"MISTRAL_API_KEY": KEY})
    )


def _vcrpy() -> Callable[[str], object]:
    from vcr.cassette import Cassette
    from vcr.record_mode import RecordMode

    return lambda path: Cassette.load(path=path, record_mode=RecordMode.NONE)


def _cassetter() -> Callable[[str], object]:
    import cassetter

    return lambda path: cassetter.use_cassette(path, record_mode="none").__enter__()


LANES: dict[str, Callable[[], Callable[[str], object]]] = {
    "own": _own,
    "vcrpy": _vcrpy,
    "cassetter": _cassetter,
}


def measure(lane: str, path: Path) -> dict[str, float]:
    """Load a cassette three times.

    Returns:
        ``first_ms`` and ``again_ms``; ``whole_ms``: once more, until each response was looked at;
        ``memory_x``: by how much the memory of the process peaked at the first time, in sizes of
        the file; ``file_mb``.
    """
    load = LANES[lane]()
    gc.collect()
    before = _resident()
    began = time.perf_counter()
    held = load(str(path))
    first = time.perf_counter() - began
    peak = _peak() - before
    del held
    gc.collect()
    began = time.perf_counter()
    held = load(str(path))
    again = time.perf_counter() - began
    del held
    gc.collect()
    began = time.perf_counter()
    held = load(str(path))
    # Of the others all is there that was loaded.
    _ = [response for _, response in getattr(held, "data", ())]
    whole = time.perf_counter() - began
    size = path.stat().st_size
    return {
        "first_ms": first * 1e3,
        "again_ms": again * 1e3,
        "whole_ms": whole * 1e3,
        "memory_x": peak / size,
        "file_mb": size / 1e6,
    }


def _resident() -> int:
    """The memory of this process in bytes; its peak where the system tells no more."""
    found = _of_status("VmRSS")
    return _peak() if found is None else found


def _peak() -> int:
    """The most memory that this process has had, in bytes."""
    found = _of_status("VmHWM")
    if found is not None:
        return found
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _of_status(key: str) -> int | None:
    # Linux hands the parent's peak down in `ru_maxrss`, but not here.
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        return None
    line = re.search(rf"(?m)^{key}:\s+(\d+) kB$", status)
    return None if line is None else int(line[1]) * 1024


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], Path(sys.argv[2]))))
