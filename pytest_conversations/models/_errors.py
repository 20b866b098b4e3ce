"""The body of a 422 (contract section 13)."""

from pydantic import JsonValue

from pytest_conversations.models._base import Model


class ValidationError(Model):
    """One thing that the API refused: where (``loc``), why (``msg``) and which rule (``type``)."""

    loc: list[str | int]
    msg: str
    type: str
    input: JsonValue = None
    ctx: dict[str, JsonValue] | None = None


class HTTPValidationErrorData(Model):
    """What a 422 says."""

    detail: list[ValidationError] | None = None
