"""Attributes that are replaced for a while."""

import contextlib
from collections.abc import Iterator


@contextlib.contextmanager
def replaced(owner: object, name: str, value: object) -> Iterator[None]:
    """Replace an attribute of a class or a module until the end of the ``with`` block.

    Where another has replaced it since, or put the original back, that stays as it is.
    """
    inherited = name not in vars(owner)
    original = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if vars(owner).get(name) is value:
            if inherited:
                delattr(owner, name)
            else:
                setattr(owner, name, original)
