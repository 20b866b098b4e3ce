"""Reading requests: bodies and queries, and the 422 for what does not validate."""

import json
import math
from typing import Annotated, Any, TypeAlias, TypeVar

from pydantic import Field, TypeAdapter, ValidationError
from starlette.datastructures import QueryParams
from starlette.requests import Request

from pytest_conversations.models import (
    ConversationAppendRequest,
    ConversationRequest,
    ConversationRestartRequest,
    MessageInputEntry,
    MessageOutputEntry,
    RequestModel,
    UnknownContentChunk,
)
from pytest_conversations.sandbox._errors import fault, invalid
from pytest_conversations.sandbox._wire import Object

AnyRequest: TypeAlias = ConversationRequest | ConversationAppendRequest | ConversationRestartRequest
_Body = TypeVar("_Body", bound=RequestModel)
_COUNT: TypeAdapter[int] = TypeAdapter(Annotated[int, Field(ge=0)])


async def read(request: Request, model: type[_Body], *, closed: bool = False) -> _Body:
    """The body of `request` as `model`.

    Args:
        request: The request.
        model: What the body has to be.
        closed: Whether an unknown key is refused. The published schema refuses it on append and
            restart, and lets it pass on start.

    Raises:
        APIError: 422, with one object in ``detail`` for each fault (contract section 13).
    """
    body = _json(await request.body(), where="body")
    if isinstance(body, dict) and not closed:
        body = {name: value for name, value in body.items() if name in model.model_fields}
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise invalid(_faults(error)) from None


def check_origin(request: ConversationRequest) -> None:
    """A conversation needs a model or an agent, and cannot have both.

    The API's documents say so (contract section 3.1); the status is not established.

    Raises:
        APIError: 422.
    """
    if (request.model is None) == (request.agent_id is None):
        message = "Value error, give either `model` or `agent_id`"
        given = {"model": request.model, "agent_id": request.agent_id}
        raise invalid([fault("value_error", (), message, given)])


def input_entries(request: AnyRequest) -> list[Object]:
    """The ``inputs`` of a request as entries; a string is a message of the user.

    Raises:
        APIError: 422, for what the models let pass and the published schema does not: a content
            chunk that is none, or another role than "user" and "assistant".
    """
    if request.inputs is None:
        return []
    if isinstance(request.inputs, str):
        message = MessageInputEntry(role="user", content=request.inputs)
        return [message.model_dump(mode="json")]
    faults: list[Object] = []
    for position, given in enumerate(request.inputs):
        if not isinstance(given, MessageInputEntry | MessageOutputEntry):
            continue
        if given.role not in {"assistant", "user"}:
            wrong = "Input should be 'assistant' or 'user'"
            faults.append(fault("literal_error", ("inputs", position, "role"), wrong, given.role))
        for index, chunk in enumerate(given.content if isinstance(given.content, list) else []):
            if isinstance(chunk, UnknownContentChunk):
                loc = ("inputs", position, "content", index)
                faults.append(fault("union_tag_invalid", loc, "Not a content chunk", chunk.raw))
    if faults:
        raise invalid(faults)
    return [given.model_dump(mode="json") for given in request.inputs]


def paging(query: QueryParams) -> tuple[int, int]:
    """``page`` (from 0) and ``page_size`` (100 where not given) of a list.

    Raises:
        APIError: 422, one is no whole number or below 0.
    """
    return _count(query, "page", 0), _count(query, "page_size", 100)


def metadata_filter(query: QueryParams) -> Object:
    """What the metadata of a listed conversation has to hold; empty means all are listed.

    Null and whatever else is no object are no filter: the list of every official SDK sends the
    JSON string of its own "unset" mark (gotcha 1).

    Raises:
        APIError: 422, it is no JSON at all.
    """
    given = query.get("metadata")
    value = None if given is None else _json(given, "metadata", where="query")
    return value if isinstance(value, dict) else {}


def _count(query: QueryParams, name: str, default: int) -> int:
    try:
        return _COUNT.validate_python(query.get(name, default))
    except ValidationError as error:
        faults = [one | {"loc": (name,)} for one in _faults(error)]
        raise invalid(faults, where="query") from None


def _faults(error: ValidationError) -> list[Object]:
    # The context may hold exception objects, which are no JSON.
    return [dict(one) for one in error.errors(include_url=False, include_context=False)]


def _json(text: str | bytes, *loc: str, where: str) -> Any:  # noqa: ANN401 - any JSON
    try:
        # Python reads NaN, which is no JSON, and 1e999, which it could not write again.
        return json.loads(text, parse_constant=_finite, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        at = error.pos if isinstance(error, json.JSONDecodeError) else 0
        faults = [fault("json_invalid", loc or (at,), "JSON decode error", {})]
        raise invalid(faults, where=where) from None


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(number)
    return value
