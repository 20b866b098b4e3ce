"""Failures of the network, as a cassette holds them."""

import re

from pytest_conversations.cassette import Response

# What asyncio calls it, on whatever event loop it was.
_CANCELLED = "CancelledError"
_NAMES = {_CANCELLED, "Cancelled"}


def is_cancellation(error: BaseException) -> bool:
    """Whether a task was cancelled: on asyncio, or on trio, which need not be installed."""
    return type(error).__name__ in _NAMES and not isinstance(error, Exception)


def cancellation(error: BaseException | None) -> BaseException | None:
    """The cancellation that an error is, or came of, as one that tells that time is up."""
    while error is not None and not is_cancellation(error):
        error = error.__context__
    return error


def was_cancelled(error: Response) -> bool:
    """Whether a recorded failure is that."""
    return error.get("type") == _CANCELLED


def describe(error: BaseException) -> Response:
    """How a cassette names an error: its class and its message."""
    if is_cancellation(error):
        return {"type": _CANCELLED, "message": ""}
    # h11 shows a header that cannot be sent, which may be the key, in Python's own spelling.
    message = re.sub(r"(?s)(Illegal header (?:name|value)) .*", r"\1", str(error))
    return {"type": type(error).__name__, "message": message}


def failure(error: BaseException, chunks: str = "") -> Response:
    """The response of a request that got none: status code 0.

    Args:
        error: why.
        chunks: a table of chunks that says how long it took; empty where that does not matter.
    """
    return {
        "status": {"code": 0, "message": ""},
        "headers": {},
        "body": {"string": b""},
        "error": describe(error),
        **({"stream": {"chunks": chunks}} if chunks else {}),
    }
