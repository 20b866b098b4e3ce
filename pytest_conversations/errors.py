"""The errors.

What the API answered::

    MistralError
    ├── HTTPValidationError       422
    ├── SDKError                  any other 4XX or 5XX
    └── ResponseValidationError   a 2XX that is not what the operation returns

What goes wrong with a cassette::

    CassetteError
    ├── UnrecordedRequestError    the request is not in the cassette, or was played already
    ├── CassetteFormatError       the file is not a cassette
    └── SecretLeakError           the recording holds a secret

None of them derives from an httpx error, so that no retry loop eats them.
"""

from __future__ import annotations

import copyreg
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os

    import httpx

    from pytest_conversations.models import HTTPValidationErrorData

__all__ = [
    "CassetteError",
    "CassetteFormatError",
    "HTTPValidationError",
    "MistralError",
    "ResponseValidationError",
    "SDKError",
    "SecretLeakError",
    "UnrecordedRequestError",
]


class _Error(Exception):
    """An error that can be copied and pickled, whatever its constructor takes."""

    def __reduce__(self) -> tuple[object, ...]:
        return copyreg.__newobj__, (type(self), *self.args), vars(self)  # type: ignore[attr-defined]


class MistralError(_Error):
    """The API answered with an error (contract section 13).

    Attributes:
        message: what went wrong, for people.
        status_code: HTTP status code.
        headers: response headers.
        body: response body as text; of a stream, the event that is to blame.
        raw_response: the ``httpx.Response``.
    """

    def __init__(self, message: str, raw_response: httpx.Response, body: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.status_code = raw_response.status_code
        self.headers = raw_response.headers
        self.body = raw_response.text if body is None else body
        self.raw_response = raw_response


class HTTPValidationError(MistralError):
    """422: the API refused the request.

    Attributes:
        data: what it said; ``data.detail`` lists what it refused and why, and is None where the
            body does not say that; the ``body`` is there all the same.
    """

    def __init__(
        self, data: HTTPValidationErrorData, raw_response: httpx.Response, message: str
    ) -> None:
        super().__init__(message, raw_response)
        self.data = data


class SDKError(MistralError):
    """Any other 4XX or 5XX."""


class ResponseValidationError(MistralError):
    """A 2XX whose status, content type or body is not what the operation returns."""


class CassetteError(_Error):
    """Something is wrong with a cassette or with recording it."""


class UnrecordedRequestError(CassetteError):
    """The request is not in the cassette, or was played already. Fails the test even if caught."""


class CassetteFormatError(CassetteError):
    """The file is not a cassette that can be played. It is left as it is.

    Attributes:
        path: the file.
        line: line number, from 1; None where no line is to blame.
        reason: what is wrong.
    """

    def __init__(self, path: str | os.PathLike[str], line: int | None, reason: str) -> None:
        where = f"{path}:{line}" if line else f"{path}"
        super().__init__(f"{where}: {reason}")
        self.path = path
        self.line = line
        self.reason = reason


class SecretLeakError(CassetteError):
    """The recording holds a secret. Nothing was written. Fails the test even if caught."""
