"""A reply to what the operation returns, or to the right error (contract sections 10 and 13)."""

import warnings
from typing import TypeVar

import httpx
import pydantic

from pytest_conversations.client._requests import Operation
from pytest_conversations.errors import (
    HTTPValidationError,
    MistralError,
    ResponseValidationError,
    SDKError,
)
from pytest_conversations.models import HTTPValidationErrorData

T = TypeVar("T")

_SHOWN = 10_000  # characters of a body that an error message shows
_FAULTS = 5  # places in a body that it names


def parse(operation: Operation[T], response: httpx.Response) -> T | None:
    """Parse a reply whose body was read.

    Returns:
        What the operation returns; None where it has no body.

    Raises:
        MistralError: the reply is none that the operation returns.
    """
    if response.status_code != operation.status_code:
        raise error(response)
    _warn_of_retirement(response, stacklevel=4)  # where the operation is called
    if operation.reply is None:
        return None
    if _media_type(response) != "application/json":
        raise _unexpected(response, "expected application/json")
    try:
        return operation.reply.validate_json(response.content, extra="allow")
    except pydantic.ValidationError as invalid:
        raise _unexpected(response, _faults(invalid)) from None


def is_stream(operation: Operation[T], response: httpx.Response) -> bool:
    """Whether a reply, going by its head, is the stream that the operation returns."""
    right_status = response.status_code == operation.status_code
    if right_status:
        _warn_of_retirement(response, stacklevel=5)  # likewise
    return right_status and _media_type(response) == "text/event-stream"


def no_stream(operation: Operation[T], response: httpx.Response) -> MistralError:
    """The error for a reply that is no stream; its body was read."""
    if response.status_code != operation.status_code:
        return error(response)
    return _unexpected(response, "expected text/event-stream")


def error(response: httpx.Response) -> MistralError:
    """The error that a reply of an unwanted status stands for; its body was read."""
    if response.is_success:
        return _unexpected(response, "another status than the operation returns")
    message = f"API error occurred: {_describe(response)}"
    if response.status_code == httpx.codes.UNPROCESSABLE_ENTITY:
        data = _refused(response)
        faults = [f"{'.'.join(map(str, each.loc))}: {each.msg}" for each in data.detail or ()]
        return HTTPValidationError(data, response, "\n".join((message, *faults[:_FAULTS])))
    if response.status_code == httpx.codes.UNAUTHORIZED and not _carried_a_key(response):
        message += ". No API key was sent: set MISTRAL_API_KEY, or give api_key"
    return SDKError(message, response)


def _refused(response: httpx.Response) -> HTTPValidationErrorData:
    """What a 422 says; nothing where it says it in a form of its own. The error has the body."""
    try:
        return HTTPValidationErrorData.model_validate_json(response.content)
    except pydantic.ValidationError:
        return HTTPValidationErrorData()


def _carried_a_key(response: httpx.Response) -> bool:
    return "authorization" in response.request.headers


def _unexpected(response: httpx.Response, why: str) -> ResponseValidationError:
    return ResponseValidationError(
        f"Unexpected response received: {_describe(response)}\n{why}", response
    )


def _describe(response: httpx.Response) -> str:
    kind = response.headers.get("content-type", "none")
    body = response.text
    more = f"... ({len(body)} characters)" if len(body) > _SHOWN else ""
    return f"Status {response.status_code} Content-Type {kind}. Body: {body[:_SHOWN]}{more}"


def _faults(invalid: pydantic.ValidationError) -> str:
    """Where a body is not what the operation returns; not with what stands there."""
    lines = invalid.errors(include_url=False, include_input=False)
    shown = [f"{'.'.join(map(str, line['loc']))}: {line['msg']}" for line in lines[:_FAULTS]]
    more = [f"... and {len(lines) - _FAULTS} more"] if len(lines) > _FAULTS else []
    return "\n".join([*shown, *more])


def _warn_of_retirement(response: httpx.Response, *, stacklevel: int) -> None:
    """Tell of a model that will be gone; the SDK fails where it should (gotcha 24)."""
    when = response.headers.get("x-model-deprecation-timestamp")
    if when is not None:
        message = f"The API says that the model of this call will be retired: {when}"
        warnings.warn(message, DeprecationWarning, stacklevel=stacklevel)


def _media_type(response: httpx.Response) -> str:
    """The media type, without parameters, lower-case (RFC 9110, section 8.3.1)."""
    kind: str = response.headers.get("content-type", "")
    return kind.partition(";")[0].strip().lower()
