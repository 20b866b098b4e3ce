"""The body of a 422 (contract section 13)."""

import json
from typing import TypeAlias

from pydantic import Field, JsonValue, model_validator
from pydantic import ValidationError as PydanticError

from pytest_conversations.models._base import TolerantModel

Loc: TypeAlias = str | int
Context: TypeAlias = dict[str, JsonValue]


class ValidationError(TolerantModel):
    """One thing that the API refused: where (``loc``), why (``msg``) and which rule (``type``).

    What the API did not say is empty.
    """

    loc: list[Loc] = Field(default_factory=list)
    msg: str = ""
    type: str = ""
    input: JsonValue = None
    ctx: Context | None = None


class HTTPValidationErrorData(TolerantModel):
    """What a 422 says.

    Attributes:
        detail: what was refused; None where the API did not say.
    """

    detail: list[ValidationError] | None = None

    @model_validator(mode="before")
    @classmethod
    def _find_detail(cls, value: object) -> object:
        """The details, wherever they stand and whatever they are (gotcha 19).

        The envelope of the inference API has them inside of its message; a gateway, or a proxy,
        says a word in place of a list.
        """
        if not isinstance(value, dict):
            return value
        detail, message = value.get("detail"), value.get("message")
        if detail is None and isinstance(message, dict):
            detail = message.get("detail")
        return value if detail is None else {**value, "detail": _items(detail)}


def _items(detail: object) -> list[object]:
    given = detail if isinstance(detail, list) else [detail]
    return [each if _is_item(each) else {"msg": _text(each)} for each in given]


def _is_item(value: object) -> bool:
    try:
        ValidationError.model_validate(value)
    except PydanticError:
        return False
    return True


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
