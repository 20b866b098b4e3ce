"""A reply to what the operation returns, or to the right error (contract sections 10 and 13)."""

from typing import TypeVar

import httpx
import pydantic

from pytest_conversations.client._operations import Operation
from pytest_conversations.errors import (
    HTTPValidationError,
    MistralError,
    ResponseValidationError,
    SDKError,
)
from pytest_conversations.models import HTTPValidationErrorData

T = TypeVar("T")

_SHOWN = 10_000  # characters of a body that an error message shows


def parse(operation: Operation[T], response: httpx.Response) -> T | None:
    """Parse a reply whose body was read.

    Returns:
        What the operation returns; None where it has no body.

    Raises:
        MistralError: the reply is none that the operation returns.
    """
    if response.status_code != operation.status_code:
        raise error(response)
    if operation.reply is None:
        return None
    if _media_type(response) != "application/json":
        raise _unexpected(response, "expected application/json")
    try:
        return operation.reply.validate_json(response.content, extra="allow")
    except pydantic.ValidationError as invalid:
        raise _unexpected(response, str(invalid)) from invalid


def is_stream(operation: Operation[T], response: httpx.Response) -> bool:
    """Whether a reply, going by its head, is the stream that the operation returns."""
    right_status = response.status_code == operation.status_code
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
    is_json = _media_type(response) == "application/json"
    if response.status_code == httpx.codes.UNPROCESSABLE_ENTITY and is_json:
        try:
            data = HTTPValidationErrorData.model_validate_json(response.content)
        except pydantic.ValidationError:
            pass
        else:
            return HTTPValidationError(data, response)
    return SDKError(f"API error occurred: {_describe(response)}", response)


def _unexpected(response: httpx.Response, why: str) -> ResponseValidationError:
    return ResponseValidationError(
        f"Unexpected response received ({why}): {_describe(response)}", response
    )


def _describe(response: httpx.Response) -> str:
    kind = response.headers.get("content-type", "none")
    body = response.text
    more = f"... ({len(body)} characters)" if len(body) > _SHOWN else ""
    return f"Status {response.status_code} Content-Type {kind}. Body: {body[:_SHOWN]}{more}"


def _media_type(response: httpx.Response) -> str:
    """The media type, without parameters, lower-case (RFC 9110, section 8.3.1)."""
    kind: str = response.headers.get("content-type", "")
    return kind.partition(";")[0].strip().lower()
