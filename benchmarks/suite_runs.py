"""Runs of pytest, each in a process and a folder of its own."""

import dataclasses
import importlib.metadata
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks import files, traffic

ROOT = Path(__file__).parent.parent
_SUITES = ROOT / "benchmarks" / "suites"


@dataclasses.dataclass(frozen=True)
class Suite:
    """A suite under some plugins.

    Attributes:
        module: its file in the folder ``suites``.
        plugins: the names of the plugins that are loaded, of those that are installed.
        data: what it replays: ``own``, ``vcrpy``, ``vcrpy-json``, ``plain`` or nothing.
    """

    module: str
    plugins: tuple[str, ...] = ()
    data: str = ""


def write_data(folder: Path, tests: int) -> None:
    """Write what the suites replay, in each of its forms.

    Args:
        folder: where to.
        tests: how many.
    """
    for number in range(tests):
        talk = traffic.talk(number)
        name = f"test_talk[{number}]"
        files.write_own(folder / "own" / "test_talk" / f"{name}.yaml", talk)
        files.write_vcrpy(folder / "vcrpy" / "test_talk" / f"{name}.yaml", talk)
        files.write_vcrpy(folder / "vcrpy-json" / "test_talk" / f"{name}.json", talk)
        files.write_plain(folder / "plain" / f"{number}.json", talk)


def run(suite: Suite, folder: Path, data: Path, tests: int) -> dict[str, float]:
    """Run a suite once.

    Args:
        suite: which.
        folder: where it is put, if it is not there.
        data: what `write_data` wrote.
        tests: how many of it to run.

    Returns:
        ``start_ms``: the run without its tests; ``first_ms``: the first test; ``test_ms``: the mean
        of the others, with pytest's own share, and ``quick_us``: the time that a tenth of them
        took at most; ``cpu_ms``: the time of a core, of all together.
    """
    if not folder.exists():
        _put(suite, folder, data)
    out = folder / "measured.json"
    variables = {
        **environment(),
        "PYTHONPATH": str(ROOT),
        "BENCH_OUT": str(out),
        "BENCH_TESTS": str(tests),
        **({"BENCH_SERIALIZER": "json"} if suite.data == "vcrpy-json" else {}),
    }
    cpu, began = _cpu(), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *_plugins(suite), "test_talk.py"],
        cwd=folder,
        env=variables,
        check=False,
        capture_output=True,
        text=True,
    )
    took = time.perf_counter() - began
    if done.returncode:
        msg = f"{suite} failed:\n{done.stdout[-3000:]}{done.stderr[-1000:]}"
        raise RuntimeError(msg)
    measured = json.loads(out.read_text(encoding="utf-8"))
    first, *others = measured["tests"]
    return {
        "start_ms": (took - measured["loop"]) * 1e3,
        "first_ms": first * 1e3,
        "test_ms": statistics.fmean(others or [first]) * 1e3,
        "quick_us": sorted(others or [first])[len(others) // 10] * 1e6,
        "cpu_ms": (_cpu() - cpu) * 1e3,
    }


def environment() -> dict[str, str]:
    """The variables of this process, but for those that would change what is measured."""
    return {name: value for name, value in os.environ.items() if name not in _UNWANTED}


# Without bytecode Python compiles our modules in each process, and not those that pip installed.
_UNWANTED = {
    "MISTRAL_API_KEY",
    "MISTRAL_SERVER_URL",
    "PYTEST_ADDOPTS",
    "PYTEST_PLUGINS",
    "PYTHONDONTWRITEBYTECODE",
}


def _put(suite: Suite, folder: Path, data: Path) -> None:
    folder.mkdir(parents=True)
    shutil.copy(_SUITES / f"{suite.module}.py", folder / "test_talk.py")
    shutil.copy(_SUITES / "conftest.py", folder)
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    if suite.data == "plain":
        (folder / "plain").symlink_to(data / "plain")
    elif suite.data:
        (folder / "cassettes").symlink_to(data / suite.data)


def _plugins(suite: Suite) -> list[str]:
    options = ["-p", "benchmarks.timing", "-p", "no:cacheprovider"]
    for point in importlib.metadata.entry_points(group="pytest11"):
        if point.name not in suite.plugins:
            options += ["-p", f"no:{point.name}"]
    return options


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
