"""What pytest shows of a subtest, without the secrets of its test."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pytest_conversations import _stash
from pytest_conversations._redaction import redact

_NAME = "conversations-subtests"


def watch(config: pytest.Config) -> None:
    """Take secrets out of the reports of subtests from here on.

    Args:
        config: of the run; where they are already, nothing happens.
    """
    if not config.pluginmanager.has_plugin(_NAME):
        config.pluginmanager.register(_Subtests(config), _NAME)


class _Subtests:
    """A plugin. A subtest's report gets what was printed and logged when it was made already."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        context = getattr(report, "context", None)
        test, shown = self._config.stash[_stash.SHOWN]
        if context is None or test is None or shown is None or test.nodeid != report.nodeid:
            return
        redact(report, shown)
        # Its message and its arguments, as texts, which pytest does not let be changed.
        if isinstance(getattr(context, "msg", None), str):
            object.__setattr__(context, "msg", shown(context.msg))
        if isinstance(arguments := getattr(context, "kwargs", None), Mapping):
            texts = {name: shown(str(value)) for name, value in arguments.items()}
            object.__setattr__(context, "kwargs", texts)
