"""RESULTS.md: the targets with what was measured, every lane's figures, and the machine."""

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from benchmarks import figures
from benchmarks.pictures import named
from benchmarks.rounds import Table
from benchmarks.targets import Outcome

_HEAD = """# How long things take

Written by `make bench`. All lanes of an experiment run in one go, over several rounds, in each
round in another order, each lane in a process of its own. A comparison is made inside each round;
the tables have the median of the rounds and, in brackets, the quartiles. So what disturbs the
machine falls on all lanes, and shows in the brackets.
"""
_NOTES = """## What is measured

- *unused*: pytest on 300 tests that do nothing, with one plugin that is installed and all others
  blocked by `-p no:`. `start_ms` is the process without its tests.
- *suite*: tests of three calls (a start of 1 kB, a stream of 102 events of about 275 bytes each, a
  history of 20 entries), each with a cassette of its own; one client for the session. `test_ms` is
  by a hook around each test, with its setup, its teardown and pytest's own share, which is the
  lane *empty*; it is the mean of all tests but the first, which is `first_ms`; a tenth of them
  took `quick_us` or less. pytest-httpx and respx import httpx when pytest starts, so their first
  test lacks that.
- *replay*: one cassette of N replies of 1 kB, loaded and then played, N distinct requests in the
  order of the recording or reversed, or N equal ones; vcrpy and cassetter up to 1 000. `exponent`
  is the slope in the logarithms from N = 100 on.
- *load*: conversations as in *suite*, all in one cassette; vcrpy and cassetter read the same
  traffic in vcrpy's YAML. `again_ms` is in the same process, `memory_x` is what the first time
  added at its peak, in sizes of the file. Ours has read the requests then, and reads a response
  when it is played; `whole_ms` is loading once more, and looking at each response.
- *parsing*: a stream through the client of each lane on a `MockTransport`, without the making of
  the client and the sending. *By hand* splits at blank lines, and parses with our own models by a
  `TypeAdapter`.
- *recording*: 200 events, 5 ms apart, from a server in another process.

cassetter matches less than the others, and writes JSON anew, so what it replays has the meaning of
what was recorded and not its bytes. Under all but our own lanes and `MockTransport`'s a stream is
replayed as one chunk, which is less work (pytest-httpx and respx were given its chunks).

Left out: promptecho, cuesheet and pytest-llm-vcr, which read YAML in pure Python, and of which two
do not see the official SDK; betamax, which is for requests; llm-cassette and agentcassette, which
record functions and no HTTP.
"""


def written(
    outcomes: Sequence[Outcome], tables: Mapping[str, Table], machine: Mapping[str, object]
) -> str:
    """The page.

    Args:
        outcomes: how far the targets are.
        tables: the figures, by experiment.
        machine: what `benchmarks.machine.describe` told, and ``loads``: before the
            first experiment, and after each.
    """
    parts = [_HEAD, *_machine(machine), *_targets(outcomes), *_net(tables), *_pictures(), _NOTES]
    for name, table in tables.items():
        rounds = max(len(figure) for found in table.values() for figure in found.values())
        parts += [f"## {name[0].upper()}{name[1:]}, {rounds} rounds", "", *_lanes(table), ""]
    return "\n".join(parts)


def _machine(machine: Mapping[str, object]) -> Iterator[str]:
    packages = cast("Mapping[str, str]", machine["packages"])
    loads = cast("Sequence[float]", machine["loads"])
    system = f"{machine['system']}, {machine['python']}"
    yield f"On {machine['cores']} cores of {machine['cpu']}, {system}."
    yield ", ".join(f"{name} {version}" for name, version in packages.items()) + "."
    yield ""
    yield (
        f"The load average over 5 minutes was {loads[0]} before the first experiment, and from "
        f"{min(loads[1:])} to {max(loads[1:])} after each; the benchmarks alone make about 1."
    )
    if "note" in machine:
        yield str(machine["note"])
    yield ""


def _targets(outcomes: Sequence[Outcome]) -> Iterator[str]:
    missed = sum(not each.met for each in outcomes)
    yield "## Targets"
    yield ""
    yield f"{len(outcomes) - missed} of {len(outcomes)} are met, {missed} missed."
    yield "*Unsure*: the quartiles lie on both sides of the aim, or there were not three rounds."
    yield ""
    yield "| | what | ours | the other | aim | measured | |"
    yield "|---|---|---|---|---|---|---|"
    for each in outcomes:
        target = each.target
        other = "" if each.other is None else figures.short(each.other.middle)
        yield " | ".join(
            [
                f"| {target.group}",
                target.text,
                figures.short(each.own.middle),
                other,
                each.aim,
                each.compared.text(target.unit),
                f"{each.verdict} |" if each.met else f"**{each.verdict}** |",
            ]
        )
    yield ""


def _net(tables: Mapping[str, Table]) -> Iterator[str]:
    if "suite" not in tables:
        return
    lanes = ("our marker", "MockTransport", "empty")
    rounds = zip(*(tables["suite"][lane]["test_ms"] for lane in lanes), strict=True)
    net = figures.spread([(own - empty) / (mock - empty) for own, mock, empty in rounds])
    yield f"Without pytest's own share, marker and httpx take {net.text(' x')} MockTransport."
    yield ""
    app = tables["suite"]["MockTransport, an app's client"]["first_ms"]
    firsts = zip(tables["suite"]["our marker"]["first_ms"], app, strict=True)
    ratio = figures.spread([own / mock for own, mock in firsts])
    yield (
        "Of the first test, an app's own `httpx.Client` takes a part, which imports httpcore and "
        f"reads certificates: with a `MockTransport` mounted on one it takes "
        f"{figures.spread(app).text(' ms')}, and ours {ratio.text(' x')} that. The rest is the "
        "import of vcrpy, of what vcrpy imports, and of this package."
    )
    yield ""


def _pictures() -> Iterator[str]:
    for name, text in (
        ("suite", "ms a test of three calls, by lane"),
        ("replay", "ms to load and play one cassette, by its interactions"),
        ("parsing", "µs an event, by lane"),
        ("recording", "ms until the first event while recording, by lane"),
    ):
        yield f"![{text}](../docs/bench-{name}.svg)"
        yield ""


def _lanes(table: Table) -> Iterator[str]:
    names = list(dict.fromkeys(name for found in table.values() for name in found))
    yield "| lane | " + " | ".join(names) + " |"
    yield "|---" * (len(names) + 1) + "|"
    for lane, found in table.items():
        cells = [figures.spread(found[name]).text() if name in found else "" for name in names]
        yield f"| {named(lane)} | " + " | ".join(cells) + " |"
