"""The HTML report of a run of pytest: what its tests did with their cassettes, and the page.

It is a plugin of its own, imported and registered only where a report is asked for.
"""

import dataclasses
import datetime as dt
import os
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path

import pytest

from pytest_conversations import _check, _settings, _stash, _telling, report
from pytest_conversations._orphans import orphans
from pytest_conversations._plural import counted
from pytest_conversations._tally import from_root
from pytest_conversations._telling import Told
from pytest_conversations._version import __version__
from pytest_conversations.errors import CassetteError


@dataclasses.dataclass
class _Went:
    """How a test went, put together from the reports of its phases."""

    outcome: str = "did not finish"
    seconds: float = 0.0
    told: Told = dataclasses.field(default_factory=Told)

    def add(self, phase: pytest.TestReport) -> None:
        self.seconds += phase.duration
        told: Told = getattr(phase, _ATTRIBUTE, Told())
        misses = [*self.told.get("misses", []), *told.get("misses", [])]
        self.told = {**self.told, **told, "misses": list(dict.fromkeys(misses))}
        failed = self.outcome in {"failed", "error"}
        if phase.failed and not failed:
            self.outcome = "error" if phase.when in {"setup", "teardown"} else "failed"
        elif (phase.when == "call" or phase.skipped) and not failed:
            expected = "xfailed" if phase.skipped else "xpassed"
            self.outcome = expected if hasattr(phase, "wasxfail") else phase.outcome


_ATTRIBUTE = "_pytest_conversations"
_TOLD = pytest.StashKey[Told]()


class Reporting:
    """Gathers what tests did, in each process, and writes the page in the one that has them all.

    Args:
        config: of the run.
        file: where the page goes, from the folder in which pytest was started.

    Raises:
        pytest.UsageError: a folder is there.
    """

    def __init__(self, config: pytest.Config, file: str) -> None:
        self._file = config.invocation_params.dir / file
        if self._file.is_dir():
            msg = f"--conversations-report wants a file, and {file} is a folder"
            raise pytest.UsageError(msg)
        self._config = config
        self._tests: dict[str, _Went] = {}
        self._line = ""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, None, None]:
        """Note what a test did with its cassette, which is written in here."""
        cassette = item.stash.get(_stash.CASSETTE, None)
        if cassette is None:
            return (yield)
        told = _telling.told(item, cassette)
        recorded = cassette.recorded_count
        file = Path(cassette.path)
        stamp, before = _telling.stamp(file), _telling.held(file) if recorded else None
        try:
            return (yield)
        finally:
            told["misses"] = [f"{type(each).__name__}: {each}" for each in cassette.refusals]
            if recorded and _telling.stamp(file) != stamp:
                told["recorded"] = recorded
                told["changes"] = _telling.differences(item, cassette, before, file)
            item.stash[_TOLD] = told

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Send it along with the report of the test."""
        phase = yield
        cassette = item.stash.get(_stash.CASSETTE, None)
        told: Told = {}
        if call.when == "teardown":
            told = item.stash.get(_TOLD, told)
            item.stash[_TOLD] = Told()  # a plugin may run the test again
        elif cassette is not None:
            told = {"path": str(cassette.path), "mode": cassette.mode}
        shown = _stash.shown_of(item)
        if shown is not None:  # a parameter may be a secret, and with it both names
            told["name"] = shown(item.nodeid)
            if cassette is not None:
                told["title"] = shown(from_root(self._config.rootpath, str(cassette.path)))
        problem = item.stash.get(_stash.PROBLEM, "")
        if problem:
            told["misses"] = [*told.get("misses", []), problem]
            item.stash[_stash.PROBLEM] = ""
        elif phase.failed and call.excinfo:
            raised = call.excinfo.value
            if not isinstance(raised, CassetteError):
                told["failure"] = _telling.place(item, call.excinfo)
            elif cassette is None:  # of a fixture that came before
                told["misses"] = [f"{type(raised).__name__}: {raised}"]
        setattr(phase, _ATTRIBUTE, told)
        return phase

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Gather it, in the process that has all reports."""
        if report.when == "setup":  # also where a plugin runs a test again
            self._tests[report.nodeid] = _Went()
        self._tests.setdefault(report.nodeid, _Went()).add(report)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the page."""
        config = self._config
        if hasattr(config, "workerinput") or config.getoption("collectonly"):
            return
        try:
            problems = self._write()
        except OSError as error:
            self._line = f"no report, cannot write {self._file}: {error.strerror or error}"
        except Exception as error:  # noqa: BLE001 - the results of a run are worth more than a page
            self._line = f"no report: {type(error).__name__}: {error}"
        else:
            rest = (
                f"; {counted(len(problems), 'cassette')} in it cannot be read" if problems else ""
            )
            self._line = f"the report is in {from_root(config.rootpath, str(self._file))}{rest}"
            return
        if session.exitstatus == pytest.ExitCode.OK:  # who asked for it is to notice
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say where the page is, or why there is none."""
        if self._line:
            terminalreporter.write_line(
                f"conversations: {self._line}", red=self._line.startswith("no report")
            )

    def _write(self) -> list[str]:
        config = self._config
        rules = _settings.scrub_rules(config.getini("conversations_scrub"))
        return report.write(
            self._file,
            [*self._sources(), *self._orphans()],
            report.About(dt.datetime.now().astimezone(), is_run=True, version=__version__),
            scrub=lambda each: _check.scrubbed(each, rules, os.environ),
        )

    def _sources(self) -> Iterator[report.Source]:
        users: dict[str, dict[str, _Went]] = {}
        for name, went in self._tests.items():
            if "path" in went.told or went.told.get("misses"):
                users.setdefault(went.told.get("path", name), {})[name] = went
        for path, tests in users.items():
            told = [went.told for went in tests.values()]
            changes = [found for each in told if (found := each.get("changes")) is not None]
            yield report.Source(
                Path(path),
                next(
                    (each["title"] for each in told if "title" in each),
                    # Where no cassette was opened it stands for its test.
                    told[0].get("name", from_root(self._config.rootpath, path)),
                ),
                tests=tuple(_test(name, went) for name, went in tests.items()),
                unused=_unused(told),
                changes=tuple(line for each in changes for line in each or ()) if changes else None,
            )

    def _orphans(self) -> Iterator[report.Source]:
        config = self._config
        for path in orphans(config, config.stash[_stash.TALLY]):
            yield report.Source(Path(path), from_root(config.rootpath, path), is_orphan=True)


def _test(name: str, went: _Went) -> report.Test:
    return report.Test(
        went.told.get("name", name),
        went.outcome,
        seconds=went.seconds,
        mode=went.told.get("mode", ""),
        recorded=went.told.get("recorded", 0),
        misses=tuple(went.told.get("misses", ())),
        failure=went.told.get("failure", ""),
    )


def _unused(told: Iterable[Told]) -> frozenset[int]:
    """What no test played, of those that passed; where tests share a cassette, each of its own."""
    held = list(told)
    if any(each.get("is_shared") and each.get("recorded") for each in held):
        return frozenset()  # the places are others now
    played = {place for each in held for place in each.get("played", [])}
    return frozenset({place for each in held for place in each.get("unused", [])} - played)
