"""Fixtures of wider scope than the test: what they send is in no test's cassette."""

import contextlib
from collections.abc import Callable, Generator

import pytest

from pytest_conversations._options import SERVER_URL
from pytest_conversations._settings import Settings
from pytest_conversations.capture import guarding
from pytest_conversations.errors import UnrecordedRequestError


class Making:
    """A plugin that knows which fixture is being made."""

    def __init__(self) -> None:
        self._names: list[str] = []  # the last one is made for the others

    @classmethod
    def of(cls, config: pytest.Config) -> "Making":
        """The one of a run, which from the first time on is told of each fixture."""
        # Not one for each test: pytest keeps what was ever registered.
        making: Making | None = config.pluginmanager.get_plugin(_PLUGIN)
        if making is None:
            making = cls()
            config.pluginmanager.register(making, _PLUGIN)
        return making

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[object]
    ) -> Generator[None, object, object]:
        """Note which it is, while it is made."""
        __tracebackhide__ = True  # pytest: the fixture's frames are what matters
        name, scope = fixturedef.argname, fixturedef.scope
        is_setup = name.startswith(("_xunit_", "_unittest_"))  # what pytest calls those
        shown = f"set-up of the {scope}" if is_setup else f"fixture {name}, of scope {scope},"
        self._names.append(shown)
        try:
            return (yield)
        finally:
            self._names.pop()

    @property
    def who(self) -> str:
        """Whoever is at work, for messages."""
        return f"The {self._names[-1]}" if self._names else "A fixture of wider scope than the test"


_PLUGIN = "conversations-making"


class Wider:
    """Watches them, from now on until it is closed.

    Args:
        settings: what applies to the test that they are made for.
        making: knows which they are.
        warn: gives a warning, at that test.

    Attributes:
        refusals: the errors that clients got.
    """

    def __init__(self, settings: Settings, making: Making, warn: Callable[[str], None]) -> None:
        self.refusals: list[UnrecordedRequestError] = []
        self._settings = settings
        self._making = making
        self._warn = warn
        self._warned: set[str] = set()
        self._until = contextlib.ExitStack()
        origins = [SERVER_URL, settings.server_url, *settings.origins]
        self._until.enter_context(guarding(origins, self._meet))

    def close(self) -> None:
        """Watch no more."""
        self._until.close()

    def _meet(self, url: str, _: str) -> None:
        __tracebackhide__ = True  # pytest: the caller's frames are what matters
        who = self._making.who
        if self._settings.mode == "none" or self._settings.sandbox:
            why = _SANDBOX if self._settings.sandbox else _REPLAY
            refusal = UnrecordedRequestError(_REFUSED.format(who, url, why))
            self.refusals.append(refusal)
            raise refusal
        told = _WARNED.format(who, url)
        if told not in self._warned:
            self._warned.add(told)
            self._warn(told)


_REPLAY = "it would reach the API while this test replays"
_SANDBOX = "it would reach the API itself, not the sandbox"
_WHY = "\nIt is made for several tests, so what it does is in no test's cassette"
_DO = (
    "\nDo it in a fixture of function scope, so that each test records it; or make once and for "
    "all what the tests need,\nand keep its id with them."
)
_REFUSED = f"{{}} was about to go to {{}}; nothing was sent.{_WHY}: {{}}.{_DO}"
_WARNED = f"{{}} goes to {{}} while this test is recorded.{_WHY}, and will fail on replay.{_DO}"
