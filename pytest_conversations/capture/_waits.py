"""The waits of clients that try again: on replay there is nothing to wait for.

A recorded ``Retry-After`` is part of the reply, and a client obeys it. So the modules in which
clients wait get a clock by which a wait takes as long as the test asked for. And what such a client
decides by the clock, and by chance, which is when to give up, it decides as it did when it was
recorded: its time has run out when there is no further recording for it.
"""

import contextlib
import sys
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from types import ModuleType

from pytest_conversations.capture._patches import replaced

_CLOCKS = ("time", "asyncio", "anyio")
_TELLING = ("time", "monotonic")
_LONG = 1e9  # s, longer than any client tries


class Waits:
    """Sets the clocks of some modules.

    Args:
        modules: their names. One that is not imported is looked for again, the next time.
        pace: what waits are multiplied by.
        until: where what has to be undone is put.
    """

    def __init__(self, modules: Sequence[str], pace: float, until: contextlib.ExitStack) -> None:
        self._modules = list(modules)
        self._pace = pace
        self._until = until
        # Of each thread and task its own. Not of the module: it is 0 when a clock is replaced.
        self._passed = ContextVar("passed", default=0.0)

    def replay(self, *, last: bool) -> None:
        """To be called before a reply is given after which a client may wait and try again.

        Args:
            last: whether nothing more is recorded that could answer it then.
        """
        for name in list(self._modules):
            module = sys.modules.get(name)
            if module is not None:
                self._modules.remove(name)
                for clock in _CLOCKS:
                    original = vars(module).get(clock)
                    if isinstance(original, ModuleType):
                        mine = _Clock(original, self._pace, self._passed.get)
                        self._until.enter_context(replaced(module, clock, mine))
        if last:
            self._passed.set(self._passed.get() + _LONG)


class _Clock:
    """A module by which one can sleep and tell the time."""

    def __init__(self, module: ModuleType, pace: float, passed: Callable[[], float]) -> None:
        self._module = module
        self._pace = pace
        self._passed = passed
        self._now = {name: getattr(module, name)() for name in _TELLING if hasattr(module, name)}

    def __getattr__(self, name: str) -> object:
        if name in self._now:
            return lambda: self._now[name] + self._passed()
        return getattr(self._module, name)

    def sleep(self, seconds: float, *more: object) -> object:
        return self._module.sleep(seconds * self._pace, *more)
