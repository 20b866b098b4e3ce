"""What a model may get wrong. No request is made, so there is no cassette."""

import json

import pytest
from mistralai.client.models import FunctionCallEntry

from warehouse.stock import stock_level
from warehouse.toolbox import Toolbox


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ('{"item": "Bolts", "si', "Unterminated string"),
        ("[]", "have to be an object"),
        ('{"item": "Bolts"}', "Missing required argument"),
        ({"item": "Bolts", "site": "Atlantis"}, "Input should be 'Lyon' or 'Porto'"),
    ],
)
def test_a_call_that_is_wrong(arguments: dict[str, object] | str, fault: str) -> None:
    """It is told to the model, which may try again."""
    call = FunctionCallEntry(tool_call_id="call_1", name="stock_level", arguments=arguments)
    result = Toolbox(stock_level).run(call)
    assert result.tool_call_id == "call_1"
    assert fault in json.loads(result.result)["error"]
