"""A clear word for arguments of the wrong kind, where no type checker looked at the call."""

from types import UnionType


def require(value: object, kind: type | UnionType, what: str, wanted: str) -> None:
    """Refuse a value of another type.

    Args:
        value: what was given. No message shows it: it may be a secret.
        kind: the type that it has to have.
        what: its name.
        wanted: what it should be, in words.

    Raises:
        TypeError: it has another type.
    """
    if not isinstance(value, kind):
        given = type(value)
        home = "" if given.__module__ == "builtins" else given.__module__.partition(".")[0] + "."
        msg = f"{what} is of type {home}{given.__name__}, not {wanted}"
        raise TypeError(msg)
