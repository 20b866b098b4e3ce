"""What pytest shows of a test beside its report, without the secrets of the test."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

import pytest

from pytest_conversations import _stash
from pytest_conversations._redaction import redact, redact_context

if TYPE_CHECKING:
    import warnings

_NAME = "conversations-aside"
_NOWHERE = os.path.abspath(os.devnull)  # noqa: PTH100 - as logging does, which follows no link
_LOG_HANDLERS = ("log_file_handler", "log_cli_handler")  # which write at once


def watch(config: pytest.Config) -> None:
    """Take secrets out of subtests' reports, warnings, and logs that are written at once.

    From here on, with those of the test that has a cassette or a snapshot, or was the last to.

    Args:
        config: of the run; where that is so already, nothing happens.
    """
    if config.pluginmanager.has_plugin(_NAME):
        return
    aside = _Aside(config)
    config.pluginmanager.register(aside, _NAME)
    logs = config.pluginmanager.get_plugin("logging-plugin")
    for name in _LOG_HANDLERS:
        handler = getattr(logs, name, None)
        if isinstance(handler, logging.Handler) and handler.formatter is not None:
            handler.setFormatter(_Formatter(handler, handler.formatter, aside))


class _Aside:
    """A plugin."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def shown(self, text: str) -> str:
        """A text without what is known to be secret."""
        _, shown = self._config.stash[_stash.SHOWN]
        return text if shown is None else shown(text)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A subtest's report got what was printed and logged when it was made."""
        context = getattr(report, "context", None)
        if context is not None:
            redact(report, self.shown)
            redact_context(context, self.shown)

    @pytest.hookimpl(tryfirst=True)
    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage) -> None:
        """The exception of a thread is a warning, too."""
        said = str(warning_message.message)
        if (text := self.shown(said)) != said:
            warning_message.message = UserWarning(text)  # shown by its category, as it was


class _Formatter(logging.Formatter):
    """Formats as another does, and takes the secrets out."""

    def __init__(self, handler: logging.Handler, inner: logging.Formatter, aside: _Aside) -> None:
        super().__init__()
        self._handler = handler
        self._inner = inner
        self._aside = aside

    def format(self, record: logging.LogRecord) -> str:
        text = self._inner.format(record)
        # Where nobody asked for a log file, pytest writes one all the same.
        stream = getattr(self._handler, "stream", None)
        is_read = getattr(stream, "name", None) != _NOWHERE
        return self._aside.shown(text) if is_read else text
