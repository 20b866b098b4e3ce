"""Functions of Python as the API's function tools: told to the model, and called for it."""

import inspect
import json
import logging
from collections.abc import Callable, Mapping

from mistralai.client.models import Function, FunctionCallEntry, FunctionResultEntry, FunctionTool
from pydantic import JsonValue, TypeAdapter, validate_call

_log = logging.getLogger(__name__)


class Toolbox:
    """The functions that a model may call.

    Args:
        functions: Typed functions with docstrings. A `ValueError` of theirs is for the model to
            read; any other exception is a fault of the program, and ends it.
    """

    def __init__(self, *functions: Callable[..., JsonValue]) -> None:
        self._functions: Mapping[str, Callable[..., JsonValue]] = {
            function.__name__: function for function in functions
        }

    def declarations(self) -> list[FunctionTool]:
        """What the model is told, with the schemas that the type hints give."""
        return [
            FunctionTool(
                function=Function(
                    name=name, description=inspect.getdoc(function), parameters=_schema(function)
                )
            )
            for name, function in self._functions.items()
        ]

    def run(self, call: FunctionCallEntry) -> FunctionResultEntry:
        """Do what the model asks for.

        Returns:
            The result, or what is wrong with the call: as JSON, for the model to go on with.
        """
        try:
            outcome: JsonValue = {"result": self._result(call)}
        except ValueError as error:
            outcome = {"error": str(error)}
        _log.info("%s(%s) -> %s", call.name, call.arguments, outcome)
        return FunctionResultEntry(tool_call_id=call.tool_call_id, result=json.dumps(outcome))

    def _result(self, call: FunctionCallEntry) -> JsonValue:
        function = self._functions.get(call.name)
        if function is None:
            message = f"there is no function {call.name}"
            raise ValueError(message)
        given = call.arguments
        arguments = json.loads(given) if isinstance(given, str) else given
        if not isinstance(arguments, dict):
            message = "the arguments have to be an object"
            raise ValueError(message)  # noqa: TRY004 - it is the model's fault, and told to it
        # Whatever a model made up is checked; its faults are ValueErrors, too.
        return validate_call(function)(**arguments)


def _schema(function: Callable[..., JsonValue]) -> dict[str, JsonValue]:
    # Its documentation has functions, its type hints have not.
    adapter = TypeAdapter[object](function)  # type: ignore[arg-type]
    return adapter.json_schema()
