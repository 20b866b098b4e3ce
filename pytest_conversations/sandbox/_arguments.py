"""Arguments for a function call, made up from its parameter schema and the prompt."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from pytest_conversations.sandbox._wire import Object

# A schema that refers to itself has no end otherwise.
_DEEPEST = 8

# Not longer than a float can hold to the last digit.
_NUMBER = re.compile(r"(?<!\w)-?\d{1,15}(?:\.\d{1,15})?")


def fill(parameters: Object, prompt: str) -> Object:
    """Arguments that fit `parameters`, the same for the same prompt.

    A string takes the next name of the prompt (a capitalised word inside a sentence), a number
    its next number; what the prompt does not offer gets the prompt itself, or 1.

    Args:
        parameters: The JSON schema of the function's parameters. It came from a client, so any
            part of it may be malformed: such a part is filled with None.
        prompt: What the user said.
    """
    return _Filler(parameters, prompt).arguments()


class _Filler:
    def __init__(self, root: Object, prompt: str) -> None:
        self._root = root
        self._prompt = prompt
        self._names = _repeat_last(_names(prompt) or [prompt])
        self._numbers = _repeat_last(_NUMBER.findall(prompt) or ["1"])

    def arguments(self) -> Object:
        return self._object(self._root, 0)

    def _object(self, schema: Object, depth: int) -> Object:
        properties = _mapping(schema.get("properties"))
        required = [name for name in _sequence(schema.get("required")) if name in properties]
        return {name: self._value(properties[name], depth + 1) for name in required or properties}

    def _value(self, schema: Any, depth: int) -> Any:  # noqa: ANN401 - any JSON in, any JSON out
        if not isinstance(schema, dict) or depth > _DEEPEST:
            return None
        if "const" in schema:
            return schema["const"]
        if choices := _sequence(schema.get("enum")):
            said = self._prompt.casefold()
            return next((one for one in choices if str(one).casefold() in said), choices[0])
        if "$ref" in schema:
            return self._value(self._referred(str(schema["$ref"])), depth + 1)
        for union in ("anyOf", "oneOf", "allOf"):
            if members := _sequence(schema.get(union)):
                return self._value(members[0], depth + 1)
        return self._of_type(schema, depth)

    def _of_type(self, schema: Object, depth: int) -> Any:  # noqa: ANN401 - any JSON out
        makers: dict[str, Callable[[], Any]] = {
            "string": lambda: next(self._names),
            "integer": lambda: int(float(next(self._numbers))),
            "number": lambda: float(next(self._numbers)),
            "boolean": lambda: True,
            "array": lambda: [self._value(schema.get("items"), depth + 1)],
            "object": lambda: self._object(schema, depth),
        }
        kind = schema.get("type")
        kinds = kind if isinstance(kind, list) else [kind]
        return next((makers[str(one)]() for one in kinds if str(one) in makers), None)

    def _referred(self, reference: str) -> Any:  # noqa: ANN401 - any JSON out
        schema: Any = self._root
        for step in reference.removeprefix("#/").split("/"):
            schema = _mapping(schema).get(step)
        return schema


def _names(prompt: str) -> list[str]:
    """The capitalised words, "New York" as one; sentences' first words for want of others."""
    inside: list[str] = []
    opening: list[str] = []
    follows = False
    for sentence in re.split(r"[.!?:]\s+", prompt):
        for position, word in enumerate(re.findall(r"\w[\w'-]*|[^\w\s]", sentence)):
            if not word[0].isupper():
                follows = False
            elif not position:
                opening.append(word)
            elif follows:
                inside[-1] += f" {word}"
            elif word != "I":
                inside.append(word)
                follows = True
    return inside or opening


def _repeat_last(values: list[str]) -> Iterator[str]:
    yield from values
    while True:
        yield values[-1]


def _mapping(value: Any) -> Object:  # noqa: ANN401 - any JSON in
    return value if isinstance(value, dict) else {}


def _sequence(value: Any) -> list[Any]:  # noqa: ANN401 - any JSON in
    return value if isinstance(value, list) else []
