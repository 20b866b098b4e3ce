"""Run the benchmarks and write what they found; ``make bench``."""

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks import experiments, machine, page, pictures
from benchmarks.aims import AIMS
from benchmarks.rounds import Table, conduct
from benchmarks.suite_runs import ROOT
from benchmarks.targets import outcomes


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds; results go to .bench/")
    parser.add_argument("--only", metavar="WORD", help="experiments with this in their name")
    parser.add_argument("--rounds", type=int, help="of each experiment, instead of its own number")
    parser.add_argument("--again", action="store_true", help="write the page of the last run")
    asked = parser.parse_args()
    if asked.again:
        last = json.loads((ROOT / "benchmarks" / "results.json").read_text(encoding="utf-8"))
        _write(last["experiments"], last["machine"], whole=True)
        return 0
    about = machine.describe()
    tables: dict[str, Table] = {}
    loads = [machine.load()]
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        for experiment in experiments.all_of(Path(folder), quick=asked.quick, rounds=asked.rounds):
            if asked.only is None or asked.only in experiment.name:
                tables[experiment.name] = conduct(experiment, _say)
                loads.append(machine.load())
    partial = asked.quick or asked.only
    _write(tables, about | {"loads": loads}, whole=not partial)
    return 0


def _write(tables: Mapping[str, Table], about: dict[str, object], *, whole: bool) -> None:
    reached = list(outcomes(AIMS, tables))
    text = page.written(reached, tables, about)
    here = ROOT / ("benchmarks" if whole else ".bench")
    here.mkdir(exist_ok=True)
    data = {"machine": about, "experiments": tables}
    (here / "results.json").write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    (here / "RESULTS.md").write_text(text, encoding="utf-8")
    for name, picture in pictures.drawn(tables):
        folder = ROOT / "docs" if whole else here
        (folder / f"bench-{name}.svg").write_text(picture, encoding="utf-8")
    for each in reached:
        what = f"{each.target.group} {each.target.text}"
        print(f"{each.verdict}: {what}")
        print(f"       aim {each.aim}, measured {each.compared.text(each.target.unit)}")
    print(f"\n{here / 'RESULTS.md'} has the rest")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
