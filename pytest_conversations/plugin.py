"""The pytest plugin: options, hooks and fixtures.

It is loaded in every pytest run of every project that has it installed. So at module level it
imports nothing but pytest and what options may be; whatever is heavy is imported by the fixture
that needs it, in a test that really opens a cassette.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pytest_conversations import _options, _stash
from pytest_conversations._fixtures import *  # noqa: F403 - pytest looks for them here
from pytest_conversations._options import pytest_addoption  # noqa: F401 - likewise
from pytest_conversations._tally import Tally
from pytest_conversations.errors import CassetteError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

_WORKER_OUTPUT = "pytest_conversations"


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker; refuse a mode in the ini file that does not exist."""
    config.addinivalue_line(
        "markers",
        f"{_options.MARKER}: replay this test's requests to the Conversations API from its "
        "cassette, or record them",
    )
    for name, choices in (
        ("conversations_mode", _options.MODES),
        ("conversations_unused", _options.UNUSED),
    ):
        given = config.getini(name)
        if given and given not in choices:
            msg = f"{name} is {given!r}; choose from {', '.join(choices)}"
            raise pytest.UsageError(msg)
    try:
        config.getini("conversations_keep_failed")
    except (ValueError, pytest.UsageError) as error:
        msg = f"conversations_keep_failed: {error}"
        raise pytest.UsageError(msg) from None
    _refuse_wrong(
        config.getini("conversations_scrub"),
        config.getini("conversations_max_age"),
        config.getoption("conversations_max_age"),
    )
    # The processes of pytest-xdist are one run.
    run = getattr(config, "workerinput", {}).get("testrunuid") or os.urandom(16).hex()
    config.stash[_stash.TALLY] = Tally(run)
    config.stash[_stash.SHOWN] = _stash.NOTHING_SHOWN
    if (file := config.getoption("conversations_report")) is not None:
        _register_report(config, file)


def _refuse_wrong(scrub: list[str], *ages: str | None) -> None:
    if scrub or any(ages):  # most projects say nothing, and need nothing of what is imported here
        from pytest_conversations._age import MaxAge
        from pytest_conversations._settings import scrub_rules

        try:
            scrub_rules(scrub)
            for age in ages:
                MaxAge.of(age)
        except ValueError as error:
            raise pytest.UsageError(str(error)) from None


def _register_report(config: pytest.Config, file: str) -> None:
    try:
        from pytest_conversations._reporting import Reporting
    except ImportError as error:
        msg = (
            f"--conversations-report needs {error.name}: pip install 'pytest-conversations[report]'"
        )
        raise pytest.UsageError(msg) from None
    config.pluginmanager.register(Reporting(config, file), "conversations-report")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the sandbox, if it ran."""
    sandbox = config.stash.get(_stash.SANDBOX, None)
    if sandbox is not None:
        sandbox.close()


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say that this run records, in a form that can be pasted back."""
    mode = config.getoption("conversations_mode") or config.getini("conversations_mode")
    if not mode or mode == "none":
        return None
    sandbox = " --conversations-sandbox" if config.getoption("conversations_sandbox") else ""
    return f"conversations: --conversations-mode={mode}{sandbox}"


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Open the cassette of a test that has one, before its other fixtures call the API.

    Those of wider scope come before that, kept from the API by another.
    """
    names: list[str] | None = getattr(item, "fixturenames", None)
    own = "conversation_cassette"
    if names is not None and (own in names or item.get_closest_marker("conversations")):
        from pytest_conversations._item import in_order

        # Not in place: the parameters of a test function share the list.
        vars(item)["fixturenames"] = in_order(item, names, wider="_conversations_wider", own=own)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Fail the test for a request that was refused, even if the app swallowed the error."""
    __tracebackhide__ = True  # pytest: what matters is where the app asked
    if _stash.CASSETTE not in item.stash and any(map(_is_ours, item.own_markers)):
        from pytest_conversations._item import refuse_late_marker

        refuse_late_marker(item)
    try:
        yield
    except CassetteError as error:
        from pytest_conversations._item import own_frames

        raise error.with_traceback(own_frames(error.__traceback__, item)) from None
    except pytest.xfail.Exception:
        _raise_refusal(item)
        raise
    _raise_refusal(item)


def _is_ours(marker: pytest.Mark) -> bool:
    return marker.name == "conversations"


def _raise_refusal(item: pytest.Item) -> None:
    __tracebackhide__ = True
    if _stash.CASSETTE in item.stash and (refusals := item.stash[_stash.CASSETTE].refusals):
        # With its own traceback, which leads from where it was swallowed to the request.
        raise refusals[0] from None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note how the test went; show a refusal where the test failed with another error."""
    _cut_traceback(call, item)
    report = yield
    test, shown = item.config.stash[_stash.SHOWN]
    shown = shown or _shown_early(report, item.config)
    if shown is not None:  # of an earlier test, too: another may fail by the same fixture
        from pytest_conversations._redaction import redact

        redact(report, shown)
    if test is not item and _OPENING.isdisjoint(getattr(item, "fixturenames", ())):
        return report
    if report.when == "teardown" and item.stash.get(_stash.OUTCOME, "") != "passed":
        from pytest_conversations._item import keep_snapshots

        keep_snapshots(item)
    cassette = item.stash.get(_stash.CASSETTE, item.stash.get(_stash.WIDER, None))
    if cassette is None:
        if report.when == "call":
            item.stash[_stash.OUTCOME] = report.outcome
        return report
    refusal = cassette.refusals[0] if cassette.refusals else None
    # An app, or a fixture, may take the error for an API that is down; a mark for its failure.
    hides = refusal is not None and report.skipped and not _expects_refusal(item)
    if hides:
        report.outcome = "failed"
        report.longrepr = f"{type(refusal).__name__}: {refusal}"
    if report.when == "call":
        if item.stash.get(_stash.OUTCOME, "") != "failed":  # a subtest that failed came before
            as_expected = refusal is None and _failed_as_expected(report, call, item)
            item.stash[_stash.OUTCOME] = "passed" if as_expected else report.outcome
        raised = None if call.excinfo is None else call.excinfo.value
        if report.failed and refusal is not None and not hides and raised not in cassette.refusals:
            report.sections.append(("conversations", str(refusal)))
    return report


def _expects_refusal(item: pytest.Item) -> bool:
    """Whether a mark ``xfail`` names an error, and so does not take any for its own."""
    return any(mark.kwargs.get("raises") for mark in item.iter_markers("xfail"))


def _failed_as_expected(
    report: pytest.TestReport, call: pytest.CallInfo[None], item: pytest.Item
) -> bool:
    """Whether a test failed as its mark ``xfail`` says, and not since the API was down."""
    if not (report.skipped and hasattr(report, "wasxfail") and _stash.CASSETTE in item.stash):
        return False
    by_itself = call.excinfo is not None and call.excinfo.errisinstance(pytest.xfail.Exception)
    return not by_itself and item.stash[_stash.CASSETTE].was_answered


_OPENING = {"conversation_cassette", "conversation_snapshot"}


def _cut_traceback(call: pytest.CallInfo[None], item: pytest.Item) -> None:
    if call.excinfo is not None and isinstance(call.excinfo.value, CassetteError):
        from pytest_conversations._item import own_frames

        own_frames(call.excinfo.value.__traceback__, item)


@pytest.hookimpl(wrapper=True, tryfirst=True)  # so that what was printed is there
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Note that there are tests that were not collected: of a module that failed, or skips."""
    report = yield
    if not report.passed:
        tally = collector.config.stash[_stash.TALLY]
        tally.is_partial |= report.failed
        tally.lacks_modules |= report.skipped
        if (shown := _shown_early(report, collector.config)) is not None:
            from pytest_conversations._redaction import redact_collected

            redact_collected(report, shown)
    return report


def _shown_early(
    report: pytest.TestReport | pytest.CollectReport, config: pytest.Config
) -> Callable[[str], str] | None:
    """What takes secrets out of a report before any test has a cassette; None where it has none."""
    noted = getattr(report, "user_properties", ())
    if not (report.longrepr or report.sections or noted):
        return None  # most tests pass, and say nothing
    names = ["MISTRAL_API_KEY", *config.getini("conversations_scrub")]
    if values := list(filter(None, map(os.environ.get, names))):
        said = f"{report.longrepr}{report.sections}{noted}"
        if any(value in said for value in values):
            from pytest_conversations._applied import scrubber_of_run

            return scrubber_of_run(config).known
    return None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> Generator[None, None, None]:
    """Note what was collected, and that a plugin took tests away, which not all say by a hook."""
    collected = config.stash[_stash.COLLECTED] = items.copy()
    yield
    config.stash[_stash.TALLY].is_partial |= len(items) < len(collected)


def pytest_deselected(items: list[pytest.Item]) -> None:
    """Note that the suite did not run as a whole."""
    for item in items[:1]:
        item.config.stash[_stash.TALLY].is_partial = True


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Note whose cassettes there are; hand the counts of an xdist worker to the controller."""
    tally = session.config.stash[_stash.TALLY]
    if session.shouldstop or session.shouldfail or exitstatus > pytest.ExitCode.TESTS_FAILED:
        tally.is_partial = True
    if tally.cassettes and not tally.is_partial:
        from pytest_conversations._orphans import claim

        claim(session.items, tally)
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[_WORKER_OUTPUT] = tally.counts()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    """Add the counts of an xdist worker (a hook of pytest-xdist)."""
    config: pytest.Config = node.config  # type: ignore[attr-defined] # xdist's WorkerController
    tally = config.stash[_stash.TALLY]
    counts = getattr(node, "workeroutput", {}).get(_WORKER_OUTPUT)
    if counts:
        tally.add(Tally.of(counts))
    else:  # it crashed, and nobody knows what it used
        tally.is_partial = True


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say what was replayed and recorded, and what there is to act on."""
    tally = config.stash[_stash.TALLY]
    if tally.cassettes and not hasattr(config, "workerinput"):
        from pytest_conversations._orphans import orphans

        verbose = config.get_verbosity() > 0
        unclaimed = orphans(config, tally)
        for line in tally.lines(config.rootpath, unclaimed, verbose=verbose):
            terminalreporter.write_line(line)
