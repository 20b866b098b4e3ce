"""How a command that runs on and on is asked to end."""

import signal
import threading
import time
from types import FrameType, TracebackType
from typing import Self

# Ctrl-C, what Docker and systemd send, and that the terminal was closed.
_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
_STEP = 0.1  # s


class Stop:
    """In a ``with`` block, a signal interrupts nothing: it is noted, and `wait` tells of it."""

    def __init__(self) -> None:
        self._is_asked = False
        self._before: dict[int, object] = {}

    def __enter__(self) -> Self:
        """Note signals from now on; those that the process was started to ignore stay ignored."""
        is_main = threading.current_thread() is threading.main_thread()
        for name in _SIGNALS if is_main else ():  # elsewhere Python lets nobody ask for signals
            number = getattr(signal, name, None)  # Windows has no SIGHUP
            if number is not None and signal.getsignal(number) != signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let signals do what they did."""
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type] # what it gave

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the command is asked to end.

        Args:
            seconds: how long at most; None to wait for ever.

        Returns:
            Whether it was asked to.
        """
        until = None if seconds is None else time.monotonic() + seconds
        # In steps: whatever waits as a whole either is not woken, or not safe to be used by a
        # handler, on one system or another.
        while not self._is_asked and (until is None or time.monotonic() < until):
            time.sleep(_STEP)
        return self._is_asked

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._is_asked = True
