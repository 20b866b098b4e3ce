"""Attributes that are replaced for a while."""

import contextlib
from collections.abc import Iterable, Iterator
from types import TracebackType


class replaced:  # noqa: N801 - it is used as a function
    """Replaces an attribute of a class or a module until the end of a ``with`` block.

    Where another has replaced it since, or put the original back, that stays as it is.

    Args:
        owner: the class or module.
        name: of the attribute.
        value: what stands there meanwhile.
    """

    __slots__ = ("_inherited", "_name", "_original", "_owner", "_value")

    def __init__(self, owner: object, name: str, value: object) -> None:
        self._owner, self._name, self._value = owner, name, value

    def __enter__(self) -> None:
        self._inherited = self._name not in vars(self._owner)
        self._original = getattr(self._owner, self._name)
        setattr(self._owner, self._name, self._value)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if vars(self._owner).get(self._name) is self._value:
            if self._inherited:
                delattr(self._owner, self._name)
            else:
                setattr(self._owner, self._name, self._original)


@contextlib.contextmanager
def all_replaced(replacements: Iterable[replaced]) -> Iterator[None]:
    """Replace several, one after the other; all that were are put back, whatever happens."""
    done: list[replaced] = []
    try:
        for each in replacements:
            each.__enter__()
            done.append(each)
        yield
    finally:
        for each in reversed(done):
            each.__exit__(None, None, None)
