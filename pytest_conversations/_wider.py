"""Fixtures of wider scope than the test: what they send is in no test's cassette."""

import contextlib
import warnings

from pytest_conversations._options import SERVER_URL
from pytest_conversations._settings import Settings
from pytest_conversations.capture import guarding
from pytest_conversations.errors import UnrecordedRequestError


class Wider:
    """Watches them, from now on until it is closed.

    Args:
        settings: what applies to the test that they are made for.

    Attributes:
        refusals: the errors that clients got.
    """

    def __init__(self, settings: Settings) -> None:
        self.refusals: list[UnrecordedRequestError] = []
        self._settings = settings
        self._warned: set[str] = set()
        # A patch of such a fixture over ours, undone after ours, puts ours back.
        self._is_over = False
        self._until = contextlib.ExitStack()
        origins = [SERVER_URL, settings.server_url, *settings.origins]
        self._until.enter_context(guarding(origins, self._meet))

    def close(self) -> None:
        """Watch no more."""
        self._is_over = True
        self._until.close()

    def _meet(self, url: str) -> None:
        __tracebackhide__ = True  # pytest: the caller's frames are what matters
        if self._is_over:
            return
        if self._settings.mode == "none" or self._settings.sandbox:
            why = _SANDBOX if self._settings.sandbox else _REPLAY
            refusal = UnrecordedRequestError(_REFUSED.format(url, why))
            self.refusals.append(refusal)
            raise refusal
        if url not in self._warned:
            self._warned.add(url)
            warnings.warn(_WARNED.format(url), stacklevel=5)


_WHO = "A fixture of wider scope than the test, or the set-up of its class or module,"
_DO = (
    "Give the fixture function scope, so that each test records what it does, or make once and for "
    "all what the tests need, and let them know its id"
)
_REPLAY = "it would reach the API while this test replays"
_SANDBOX = "it would reach the API itself, not the sandbox"
_REFUSED = (
    f"{_WHO} was about to go to {{}}; nothing was sent. It is made for several tests, so it is not "
    f"part of any one test's cassette: {{}}. {_DO}"
)
_WARNED = (
    f"{_WHO} goes to {{}} while this test is recorded. It is made for several tests, so it is not "
    f"part of any one test's cassette, and will fail on replay. {_DO}"
)
