"""Takes secrets out of what pytest is about to show of a test that failed."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar, cast

import pytest

T = TypeVar("T")


def redact(report: pytest.TestReport, shown: Callable[[str], str]) -> None:
    """Change a report in place: its traceback, its message, its reasons, what the test printed.

    Args:
        report: of a phase of a test.
        shown: gives a text without secrets.
    """
    # The reason of a test that may fail, whether it did or not.
    if isinstance(reason := getattr(report, "wasxfail", None), str):
        report.wasxfail = shown(reason)
    if not (report.longrepr or report.user_properties or report.sections):
        return  # most tests pass, and say nothing
    report.longrepr = _redacted(report.longrepr, shown)
    report.user_properties = [
        (_noted(name, shown), _noted(value, shown)) for name, value in report.user_properties
    ]
    report.sections = [(shown(name), shown(text)) for name, text in report.sections]


def redact_collected(report: pytest.CollectReport, shown: Callable[[str], str]) -> None:
    """Change a report in place: of a module that failed, or skips, when it was collected.

    Args:
        report: of the module.
        shown: gives a text without secrets.
    """
    report.longrepr = _redacted(report.longrepr, shown)
    report.sections = [(shown(name), shown(text)) for name, text in report.sections]


def redact_context(context: object, shown: Callable[[str], str]) -> None:
    """Change what names a subtest, in place: its message and its arguments, as texts.

    Args:
        context: of its report; pytest does not let it be changed.
        shown: gives a text without secrets.
    """
    if isinstance(message := getattr(context, "msg", None), str):
        object.__setattr__(context, "msg", shown(message))
    if isinstance(arguments := getattr(context, "kwargs", None), Mapping):
        texts = {name: shown(str(value)) for name, value in arguments.items()}
        object.__setattr__(context, "kwargs", texts)


def _noted(value: T, shown: Callable[[str], str]) -> T | str:
    """What a test notes, which may be of any type; reports show it as a text."""
    text = str(value)
    without = shown(text)
    return value if without == text else without


def _redacted(value: T, shown: Callable[[str], str]) -> T:
    if isinstance(value, str):
        return cast("T", shown(value))
    if isinstance(value, list | tuple):
        items = [_redacted(item, shown) for item in value]
        return cast("T", items if isinstance(value, list) else tuple(items))
    # How pytest keeps a traceback, with its entries, their lines, arguments and local variables.
    if type(value).__module__.startswith("_pytest."):
        for name, held in vars(value).items():
            if isinstance(held, str | Sequence) or type(held).__module__.startswith("_pytest."):
                setattr(value, name, _redacted(held, shown))
    return value
