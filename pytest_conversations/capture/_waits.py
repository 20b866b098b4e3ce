"""The waits of clients that try again: on replay there is nothing to wait for.

A recorded ``Retry-After`` is part of the reply, and a client obeys it. So the modules in which
clients wait get a clock by which a wait takes as long as the test asked for. And when to give up a
client decides by the clock, and by chance: so while recording it is noted with a reply that the
client waited after it, and on replay its time has run out after a reply where it did not.
"""

import contextlib
import sys
import threading
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from types import ModuleType
from typing import NamedTuple

from pytest_conversations.capture._patches import replaced

_CLOCKS = ("time", "asyncio", "anyio")
_TELLING = ("time", "monotonic")
_LONG = 1e9  # s, longer than any client tries


class _Turn(NamedTuple):
    """Where a client stands, in one thread or task."""

    waits: "Waits | None" = None
    passed: float = 0.0  # s, by which its clock is ahead
    waited: Callable[[], None] | None = None  # to be told that it waits


_NO_TURN = _Turn()
_TURN: ContextVar[_Turn] = ContextVar("turn", default=_NO_TURN)


class Waits:
    """Sets the clocks of some modules.

    Args:
        modules: their names. One that is not imported is looked for again, the next time.
        pace: what waits are multiplied by on replay.
        until: where what has to be undone is put.
    """

    def __init__(self, modules: Sequence[str], pace: float, until: contextlib.ExitStack) -> None:
        self._modules = list(modules)
        self.pace = pace
        self._until = until
        self._lock = threading.Lock()
        self.is_over = False

    def note(self, waited: Callable[[], None]) -> None:
        """Watch a client that is about to get a reply from the API.

        Args:
            waited: called where it waits afterwards, in the same thread or task.
        """
        self._set_clocks()
        _TURN.set(_Turn(self, waited=waited))

    def replay(self, *, last: bool) -> None:
        """To be called before a recorded reply is given after which a client may wait.

        Args:
            last: whether it gave up then.
        """
        self._set_clocks()
        _TURN.set(_Turn(self, self.turn().passed + (_LONG if last else 0.0)))

    def done(self) -> None:
        """To be called before a recorded reply is given after which no client waits."""
        if self.turn().waits is not None:
            _TURN.set(_NO_TURN)

    def turn(self) -> _Turn:
        """Where this thread or task stands; one of another test counts no more."""
        turn = _TURN.get()
        return turn if turn.waits is self else _NO_TURN

    def end(self) -> None:
        """Let all clocks be as they were, those too that are not put back."""
        with self._lock:
            self.is_over = True

    def _set_clocks(self) -> None:
        with self._lock:
            for name in [] if self.is_over else list(self._modules):
                module = sys.modules.get(name)
                if module is not None:
                    self._modules.remove(name)
                    for clock in _CLOCKS:
                        original = vars(module).get(clock)
                        if isinstance(original, ModuleType):
                            mine = _Clock(original, self)
                            self._until.enter_context(replaced(module, clock, mine))


class _Clock:
    """A module by which one can sleep and tell the time."""

    def __init__(self, module: ModuleType, waits: Waits) -> None:
        self._module = module
        self._waits = waits
        self._now = {name: getattr(module, name)() for name in _TELLING if hasattr(module, name)}

    def __getattr__(self, name: str) -> object:
        turn = self._waits.turn()
        if name in self._now and self._stands_still(turn):
            return lambda: self._now[name] + turn.passed
        return getattr(self._module, name)

    def sleep(self, seconds: float, *more: object) -> object:
        turn = self._waits.turn()
        if turn.waited is not None:
            turn.waited()
        pace = self._waits.pace if self._stands_still(turn) else 1
        return self._module.sleep(seconds * pace, *more)

    def _stands_still(self, turn: _Turn) -> bool:
        """Whether the client that asks has been given a recorded reply."""
        return turn.waits is not None and turn.waited is None and not self._waits.is_over
