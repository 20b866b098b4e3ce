"""Lanes run side by side: in rounds, in each in another order, so that noise falls on all alike."""

import dataclasses
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Mapping

from benchmarks.suite_runs import ROOT, environment

Figures = dict[str, float]
Run = Callable[[], Figures]
Table = dict[str, dict[str, list[float]]]


@dataclasses.dataclass(frozen=True)
class Experiment:
    """Lanes that are compared with each other.

    Attributes:
        name: of the experiment.
        lanes: by name, what runs one once and gives its figures.
        rounds: how often each lane runs.
        prepare: writes what they read.
    """

    name: str
    lanes: Mapping[str, Run]
    rounds: int
    prepare: Callable[[], None] = lambda: None


def conduct(experiment: Experiment, say: Callable[[str], None]) -> Table:
    """Run the lanes of an experiment.

    Args:
        experiment: which.
        say: takes a line of progress.

    Returns:
        By lane and figure, what each round gave; all lists are in the order of the rounds.
    """
    began = time.perf_counter()
    experiment.prepare()
    say(f"{experiment.name}: prepared in {time.perf_counter() - began:.0f} s")
    shuffled = random.Random(experiment.name)
    table: Table = {lane: {} for lane in experiment.lanes}
    for number in range(experiment.rounds):
        began = time.perf_counter()
        for lane in shuffled.sample(list(experiment.lanes), len(experiment.lanes)):
            for name, figure in experiment.lanes[lane]().items():
                table[lane].setdefault(name, []).append(float(f"{figure:.5g}"))
        took = time.perf_counter() - began
        say(f"{experiment.name}: round {number + 1} of {experiment.rounds} took {took:.0f} s")
    return table


def process(module: str, *arguments: object) -> Figures:
    """Run a module of this folder in a process of its own; what it prints are its figures."""
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)],
        cwd=ROOT,
        env=environment(),
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        msg = f"{module} {arguments} failed:\n{done.stderr[-3000:]}"
        raise RuntimeError(msg)
    found: Figures = json.loads(done.stdout)
    return found
