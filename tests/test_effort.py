"""A replay takes no more calls than it took: what makes it slower shows here, not in a time."""

import json
import os
import subprocess
import sys
from pathlib import Path

import effort
import pytest

MARGIN = 1.25  # other versions of the libraries call a little more; half as much again is too much


def _ceilings() -> dict[str, int]:
    """The recorded counts: of this version of Python, or else of the newest that has some."""
    recorded: dict[str, dict[str, int]] = json.loads(effort.RECORDED.read_text(encoding="utf-8"))
    newest = max(recorded, key=lambda version: [int(part) for part in version.split(".")])
    return recorded.get(effort.VERSION, recorded[newest])


@pytest.fixture(scope="module")
def counts() -> dict[str, int]:
    """What is counted now, in a process that has done nothing else."""
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, str(Path(effort.__file__))],
        env=os.environ | {"PYTHONHASHSEED": "0"},
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, int] = json.loads(done.stdout)
    return found


def test_a_replay_takes_no_more_calls(counts: dict[str, int]) -> None:
    """Opening a cassette, finding in it, a reply and a stream take what they took."""
    ceilings = _ceilings()
    assert counts.keys() == ceilings.keys(), "python tests/effort.py --renew"
    slower = [
        f"to {name} takes {counts[name]} calls, and took {most}: {counts[name] / most:.2f} x"
        for name, most in ceilings.items()
        if counts[name] > MARGIN * most
    ]
    if slower:
        head = "More is called than before. A profile shows by whom; where it has to be:"
        pytest.fail("\n".join([head, "  python tests/effort.py --renew", *slower]), pytrace=False)
