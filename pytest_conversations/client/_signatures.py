"""Signatures of the operations, made from the types of their arguments.

The arguments of an operation are described once, by a ``TypedDict``, for type checkers. Here they
become what Python itself looks at: the error for a wrong name, and what help() shows.
"""

import functools
import inspect
from collections.abc import Callable
from typing import ParamSpec, TypeVar, get_type_hints

P = ParamSpec("P")
T = TypeVar("T")


def takes(parameters: type) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Give an operation the signature that a ``TypedDict`` describes.

    Args:
        parameters: the ``TypedDict``; each of its keys is an argument that goes by keyword.

    Returns:
        A decorator. What it makes raises ``TypeError`` as a function with that signature does.
    """
    required: frozenset[str] = vars(parameters)["__required_keys__"]
    signature = inspect.Signature(
        [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                annotation=hint,
                default=inspect.Parameter.empty if name in required else ...,
            )
            for name, hint in get_type_hints(parameters).items()
        ]
    )

    def decorate(operation: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(operation)
        def checked(*args: P.args, **kwargs: P.kwargs) -> T:
            try:
                signature.bind(*args, **kwargs)
            except TypeError as wrong:
                msg = f"{operation.__name__.rstrip('_')}() {wrong}"
                raise TypeError(msg) from None
            return operation(*args, **kwargs)

        _set_signature(checked, signature)
        return checked

    return decorate


def method_of(operation: Callable[..., object], method: Callable[P, T]) -> Callable[P, T]:
    """Make a function the method that stands for an operation: its name, docs and signature."""
    functools.update_wrapper(method, operation)
    signature = inspect.signature(operation)
    self = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    parameters = [self, *signature.parameters.values()]
    _set_signature(method, signature.replace(parameters=parameters))
    return method


def _set_signature(function: Callable[..., object], signature: inspect.Signature) -> None:
    function.__signature__ = signature  # type: ignore[attr-defined] # inspect looks for it
