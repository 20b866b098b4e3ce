"""Signatures of the operations, made from the types of their arguments.

The arguments of an operation are described once, by a ``TypedDict``, for type checkers. Here they
become what Python itself looks at: the error for a wrong name, and what help() shows.
"""

import difflib
import functools
import inspect
from collections.abc import Callable, Iterable
from typing import ParamSpec, TypeVar, get_args, get_type_hints

from pytest_conversations.client._parameters import CallOptions

P = ParamSpec("P")
T = TypeVar("T")


_OF_ALL = """
    Like every operation it also takes ``retries`` (a `RetryConfig`: which failures are tried again;
    None for none), ``server_url`` (origin, with an optional path prefix), ``timeout_ms`` (longest
    wait in ms for connecting, sending, and between two chunks) and ``http_headers``; they go before
    what the client says.

    Raises:
        MistralError: the API refused it, or answered something else (contract section 13).
        httpx.RequestError: the transport failed.
        pydantic.ValidationError, ValueError, TypeError: an argument cannot be; nothing was sent.
    """


class _Unset:
    """Shown as the default of an argument that is not sent where it is not given."""

    def __repr__(self) -> str:
        return "UNSET"


_UNSET = _Unset()


def takes(parameters: type) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Give an operation the signature that a ``TypedDict`` describes.

    Args:
        parameters: the ``TypedDict``; each of its keys is an argument that goes by keyword.

    Returns:
        A decorator. What it makes raises ``TypeError`` for arguments that it does not take, or that
        are missing.
    """
    required: frozenset[str] = vars(parameters)["__required_keys__"]
    hints = get_type_hints(parameters)
    # What it has to have first, what is said of the call itself last, as in the SDK.
    options = get_type_hints(CallOptions)
    names = sorted(hints, key=lambda name: (name not in required, name in options))
    signature = inspect.Signature(
        [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                annotation=hints[name],
                default=inspect.Parameter.empty if name in required else _UNSET,
            )
            for name in names
        ]
    )

    def decorate(operation: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(operation)
        def checked(*args: P.args, **kwargs: P.kwargs) -> T:
            wrong = _wrong(len(args), kwargs, names, required)
            __tracebackhide__ = True  # pytest: this is no place to look at
            if wrong:
                msg = f"{operation.__name__.rstrip('_')}() {wrong}"
                raise TypeError(msg)
            try:
                return operation(*args, **kwargs)
            except (TypeError, ValueError) as error:
                # Of no use to the caller, and its frames hold arguments, which may be secrets.
                raise error.with_traceback(None) from None

        checked.__doc__ = (operation.__doc__ or "").rstrip() + "\n" + _OF_ALL
        _set_signature(checked, signature)
        return checked

    return decorate


def method_of(
    operation: Callable[..., object], method: Callable[P, T], returns: object = None
) -> Callable[P, T]:
    """Make a function the method that stands for an operation: its name, docs and signature.

    Args:
        operation: the function that gives an ``Operation``.
        method: what calls it, and sends what it gives.
        returns: what the method returns; by default what the operation says of its reply.
    """
    functools.update_wrapper(method, operation)
    method.__name__ = method.__qualname__ = operation.__name__.rstrip("_")
    signature = inspect.signature(operation)
    if returns is None:
        (returns,) = get_args(get_type_hints(operation)["return"])
    self = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    parameters = [self, *signature.parameters.values()]
    _set_signature(method, signature.replace(parameters=parameters, return_annotation=returns))
    hints = {each.name: each.annotation for each in parameters if each is not self}
    method.__annotations__ = hints | {"return": returns}  # for those who ask for them, as Sphinx
    return method


def _wrong(positional: int, given: Iterable[str], names: list[str], required: Iterable[str]) -> str:
    """What is wrong with the arguments of a call; empty where nothing is."""
    if positional:
        return f"takes its arguments by keyword: {', '.join(names)}"
    for name in given:
        if name not in names:
            close = difflib.get_close_matches(name, names, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(names)}"
            return f"has no argument {name!r}{hint}"
    missing = [name for name in names if name in required and name not in given]
    return f"lacks the argument {', '.join(map(repr, missing))}" if missing else ""


def _set_signature(function: Callable[..., object], signature: inspect.Signature) -> None:
    function.__signature__ = signature  # type: ignore[attr-defined] # inspect looks for it
