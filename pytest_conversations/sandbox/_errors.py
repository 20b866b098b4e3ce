"""Errors in the shapes that the API gives them (contract section 13)."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from pytest_conversations.sandbox._wire import Object, dump


class APIError(HTTPException):
    """A request that is refused.

    Args:
        status: The HTTP status.
        message: What is wrong.
        code: The API's own number for it.
        detail: For a 422: one object for each fault. It then stands in for the message as well.
    """

    def __init__(
        self, status: int, message: str, code: int, detail: list[Object] | None = None
    ) -> None:
        super().__init__(status, message)
        self.body: Object = {
            "object": "Error",
            "message": message if detail is None else detail,
            "type": "invalid_request_error",
            "code": code,
        }
        if detail is not None:
            self.body["detail"] = detail


def not_found(given_id: str, what: str) -> APIError:
    """The 404 for an unknown or deleted id.

    Status, text and code are not established for the real API (contract section 17); the
    envelope is the one of its other errors.
    """
    return APIError(404, f"{what} with id {given_id} not found", 3000)


def results_missing(tool_call_ids: list[str]) -> APIError:
    """The 400 for inputs that come before the results of pending calls, as it was measured."""
    message = (
        "Cannot append other inputs while function results are still missing. "
        f"Provide function results first for: {tool_call_ids}"
    )
    return APIError(400, message, 3001)


def nothing_to_confirm(tool_call_ids: list[str]) -> APIError:
    """The 400 for tool confirmations: no call of the stand-in ever waits for one."""
    return APIError(400, f"No tool call waits for a confirmation: {tool_call_ids}", 3001)


def handoff_failed() -> APIError:
    """The 500 for a hand-off to an agent that is gone, as it was measured."""
    return APIError(500, "Response failed during handoff orchestration", 3000)


def invalid(faults: Iterable[Mapping[str, Any]], *, where: str = "body") -> APIError:
    """The 422 for a request that does not validate.

    Args:
        faults: pydantic's errors, or objects of that shape.
        where: The part of the request, ``body`` or ``query``: the start of each ``loc``.
    """
    detail = [
        {
            "type": fault["type"],
            "loc": [where, *fault["loc"]],
            "msg": fault["msg"],
            "input": fault["input"],
        }
        for fault in faults
    ]
    return APIError(422, "the request does not validate", 3001, detail)


def fault(kind: str, loc: tuple[str | int, ...], message: str, given: object) -> Object:
    """One fault for `invalid`, for what pydantic does not see."""
    return {"type": kind, "loc": loc, "msg": message, "input": given}


def reply_to_error(_request: Request, error: Exception) -> Response:
    """The response for an `APIError`, or for a path or method that the router does not know."""
    refused = cast("HTTPException", error)  # Starlette calls this for nothing else
    body = refused.body if isinstance(refused, APIError) else {"detail": refused.detail}
    return Response(dump(body), refused.status_code, refused.headers, "application/json")
