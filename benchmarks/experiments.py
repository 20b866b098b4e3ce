"""What is run: the experiments with their lanes."""

import dataclasses
import functools
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks import loading, parsing, recording, replaying, suite_runs
from benchmarks.rounds import Experiment, Run, process
from benchmarks.suite_runs import Suite

UNUSED = {
    "without": Suite("trivial"),
    "pytest-conversations": Suite("trivial", ("conversations",)),
    "pytest-recording": Suite("trivial", ("recording",)),
    "syrupy": Suite("trivial", ("syrupy",)),
    "cassetter": Suite("trivial", ("cassetter",)),
    "pytest-httpx": Suite("trivial", ("pytest_httpx",)),
    "respx": Suite("trivial", ("respx",)),
}
SUITES = {
    "empty": Suite("trivial"),
    "MockTransport": Suite("mock_transport", data="plain"),
    "MockTransport, an app's client": Suite("mock_mounted", data="plain"),
    "our marker": Suite("own_marker", ("conversations",), "own"),
    "our client": Suite("own_client", ("conversations",), "own"),
    "pytest-recording": Suite("vcr_httpx", ("recording",), "vcrpy"),
    "pytest-recording, JSON": Suite("vcr_httpx", ("recording",), "vcrpy-json"),
    "cassetter": Suite("vcr_httpx", ("cassetter",), "vcrpy"),
    "pytest-httpx": Suite("with_pytest_httpx", ("pytest_httpx",), "plain"),
    "respx": Suite("with_respx", ("respx",), "plain"),
    "SDK on MockTransport": Suite("mock_sdk", data="plain"),
    "SDK, pytest-recording": Suite("vcr_sdk", ("recording",), "vcrpy"),
}
# vcrpy's time is quadratic, so it and its successor end at a smaller number.
_SLOW = ("vcrpy", "cassetter")
_MOST_OF_SLOW = 1000


def all_of(folder: Path, *, quick: bool, rounds: int | None) -> Iterator[Experiment]:
    """The experiments.

    Args:
        folder: for what they read and write.
        quick: whether fewer rounds and smaller numbers do.
        rounds: how many of each, instead of its own number.
    """
    for experiment in _all(folder, quick=quick):
        yield experiment if rounds is None else dataclasses.replace(experiment, rounds=rounds)


def _all(folder: Path, *, quick: bool) -> Iterator[Experiment]:
    yield _of_suites("unused", UNUSED, folder, tests=300, rounds=2 if quick else 15)
    tests = 20 if quick else 300
    yield _of_suites("suite", SUITES, folder, tests=tests, rounds=2 if quick else 5)
    sizes = (10, 100, 1000) if quick else (10, 100, 1000, 5000)
    for order in ("ordered",) if quick else replaying.ORDERS:
        yield _replaying(order, sizes, folder, rounds=1 if quick else 3)
    for megabytes in (10,) if quick else (10, 50):
        yield _loading(megabytes, folder, rounds=1 if quick else 3)
    lanes = {lane: functools.partial(process, "parsing", lane) for lane in parsing.LANES}
    yield Experiment("parsing", lanes, rounds=1 if quick else 7)
    lanes = {lane: functools.partial(process, "recording", lane) for lane in recording.LANES}
    yield Experiment("recording", lanes, rounds=1 if quick else 7)


def _of_suites(
    name: str, suites: Mapping[str, Suite], folder: Path, *, tests: int, rounds: int
) -> Experiment:
    data = folder / "suites"
    lanes: dict[str, Run] = {
        lane: functools.partial(suite_runs.run, suite, folder / name / str(at), data, tests)
        for at, (lane, suite) in enumerate(suites.items())
    }

    def prepare() -> None:
        if any(suite.data for suite in suites.values()):
            suite_runs.write_data(data, tests)
        for at, suite in enumerate(suites.values()):  # Python compiles the modules
            suite_runs.run(suite, folder / name / str(at), data, 1)

    return Experiment(name, lanes, rounds, prepare)


def _replaying(order: str, sizes: tuple[int, ...], folder: Path, *, rounds: int) -> Experiment:
    lanes: dict[str, Run] = {}
    for lane in replaying.LANES:
        played = [size for size in sizes if size <= _MOST_OF_SLOW or lane not in _SLOW]
        lanes[lane] = functools.partial(process, "replaying", lane, order, folder, *played)

    def prepare() -> None:
        for size in sizes:
            if not replaying.file_of(folder, "own", order, size).exists():
                replaying.write_data(folder, size)

    return Experiment(f"replay {order}", lanes, rounds, prepare)


def _loading(megabytes: int, folder: Path, *, rounds: int) -> Experiment:
    lanes: dict[str, Run] = {}
    for lane in loading.LANES:
        form = "own" if lane == "own" else "vcrpy"
        path = folder / f"{form}-{megabytes}.yaml"
        lanes[lane] = functools.partial(process, "loading", lane, path)
    prepare = functools.partial(loading.write_data, folder, megabytes)
    return Experiment(f"load {megabytes} MB", lanes, rounds, prepare)
