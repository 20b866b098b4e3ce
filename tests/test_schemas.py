"""Whatever fits a schema parses, and survives a round trip: our own schemas, and the published."""

import functools
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis_jsonschema import from_schema
from payloads import parse
from pydantic import BaseModel, TypeAdapter

from pytest_conversations import models
from pytest_conversations.models import Unknown

Values = st.SearchStrategy[Any]

# Fields whose lists are put together here: to draw a whole reply from one schema takes minutes.
_LISTS = {
    "ConversationHistory": {"entries": "Entry"},
    "ConversationMessages": {"messages": "MessageEntries"},
    "ConversationResponse": {"outputs": "ConversationResponseOutput"},
    "MessageInputEntry": {"content": "MessageInputContentChunks"},
    "MessageOutputEntry": {"content": "MessageOutputContentChunks"},
    "ModelConversation": {"tools": "ModelConversationTool", "guardrails": "GuardrailConfig"},
}
_UNIONS = {
    "ConversationEventsData": (
        "AgentHandoffDoneEvent",
        "AgentHandoffStartedEvent",
        "FunctionCallEvent",
        "MessageOutputEvent",
        "ResponseDoneEvent",
        "ResponseErrorEvent",
        "ResponseStartedEvent",
        "ToolExecutionDeltaEvent",
        "ToolExecutionDoneEvent",
        "ToolExecutionStartedEvent",
    ),
    "ConversationRequestTool": (
        "CodeInterpreterTool",
        "CustomConnector",
        "DocumentLibraryTool",
        "FunctionTool",
        "ImageGenerationTool",
        "WebSearchPremiumTool",
        "WebSearchTool",
    ),
    "ConversationResponseOutput": (
        "AgentHandoffEntry",
        "FunctionCallEntry",
        "MessageOutputEntry",
        "ToolExecutionEntry",
    ),
    "Entry": ("InputEntries",),
    "InputEntries": (
        "AgentHandoffEntry",
        "FunctionCallEntry",
        "FunctionResultEntry",
        "MessageInputEntry",
        "MessageOutputEntry",
        "ToolExecutionEntry",
    ),
    "MessageEntries": ("MessageInputEntry", "MessageOutputEntry"),
    "MessageInputContentChunks": (
        "DocumentURLChunk",
        "ImageURLChunk",
        "TextChunk",
        "ThinkChunk",
        "ToolFileChunk",
    ),
    "MessageOutputContentChunks": ("MessageInputContentChunks", "ToolReferenceChunk"),
    "ModelConversationTool": ("ConversationRequestTool",),
    "ResponseV1ConversationsGet": ("AgentConversation", "ModelConversation"),
}
_BESIDE_THEM = (
    "AgentsAPIV1ConversationsListRequest",
    "CompletionArgs",
    "ConversationUsageInfo",
    "GuardrailConfig",
    "HTTPValidationErrorData",
    "ReferenceChunk",
    "ToolCallConfirmation",
)
_NAMES = sorted({*_LISTS, *_UNIONS, *_BESIDE_THEM, *(m for each in _UNIONS.values() for m in each)})

_often = settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


class _Drawing:
    """JSON values that fit schemas, by the names of our models."""

    def __init__(self, schema_of: Any) -> None:  # noqa: ANN401 - a name in, a JSON schema out
        self._schema_of = schema_of

    @functools.cache  # noqa: B019 - there are two of these
    def values(self, name: str) -> Values:
        if name in _UNIONS:
            return st.one_of(*map(self.values, _UNIONS[name]))
        schema = self._schema_of(name)
        lists = _LISTS.get(name, {})
        needed = {*schema.get("required", ())}
        if name.endswith(("Event", "Tool", "Connector")):
            # Of these it is what tells them from each other (contract sections 7 and 12).
            needed.add("type")
        properties = {each: of for each, of in schema["properties"].items() if each not in lists}
        left_out = dict.fromkeys(lists, False)
        drawn = from_schema(
            {**schema, "properties": properties | left_out, "required": sorted(needed - {*lists})}
        )
        if not lists:
            return drawn
        fields = {field: self._lists(field, of) for field, of in lists.items()}
        return st.builds(dict.__or__, drawn, st.fixed_dictionaries(fields))

    def _lists(self, field: str, of: str) -> Values:
        lists = st.lists(self.values(of), max_size=2)
        return st.one_of(lists, st.text()) if field == "content" else lists


def _own_schema(name: str) -> dict[str, Any]:
    return TypeAdapter(getattr(models, name)).json_schema(mode="validation")


_OWN = _Drawing(_own_schema)


# Without a type, the union of inputs can only tell what a request has to hold (section 5).
@pytest.mark.parametrize("name", sorted({*_NAMES} - {"InputEntries"}))
@_often
@given(data=st.data())
def test_own_schemas(name: str, data: st.DataObject) -> None:
    """Any value of any model is read and written again without a loss."""
    value = data.draw(_OWN.values(name))

    parse(TypeAdapter(getattr(models, name)), json.dumps(value))


@pytest.fixture(scope="module")
def published(corpus: Path) -> _Drawing:
    """The schemas that Mistral publishes."""
    document = corpus.parent / "reference" / "openapi-conversations.yaml"
    schemas = yaml.safe_load(document.read_text("utf-8"))["components"]["schemas"]
    named = {"HTTPValidationErrorData": "HTTPValidationError"}

    def schema_of(name: str) -> dict[str, Any]:
        schema = schemas[named.get(name, name)]
        drawn_apart = dict.fromkeys(_LISTS.get(name, ()))
        rest = {**schema, "properties": schema["properties"] | drawn_apart}
        needed: dict[str, Any] = {}
        _add_referred(rest, schemas, needed)
        return {**schema, "components": {"schemas": needed}}

    return _Drawing(schema_of)


def _add_referred(schema: object, schemas: dict[str, Any], to: dict[str, Any]) -> None:
    """Add the schemas that one refers to, and no others: drawing looks at all that there are."""
    if isinstance(schema, list):
        for each in schema:
            _add_referred(each, schemas, to)
    elif isinstance(schema, dict):
        name = str(schema.get("$ref", "")).rpartition("/")[2]
        if name and name not in to:
            to[name] = schemas[name]
            _add_referred(schemas[name], schemas, to)
        _add_referred([*schema.values()], schemas, to)


@pytest.mark.parametrize("name", sorted({*_NAMES} - {"AgentsAPIV1ConversationsListRequest"}))
@_often
@given(data=st.data())
def test_published_schemas(published: _Drawing, name: str, data: st.DataObject) -> None:
    """Any reply that the published schemas allow is typed, with nothing unknown in it."""
    value = data.draw(published.values(name))

    model = parse(TypeAdapter(getattr(models, name)), json.dumps(value))

    assert not any(isinstance(each, Unknown) for each in _all(model))


def _all(value: object) -> list[object]:
    inside: list[object] = []
    if isinstance(value, BaseModel):
        inside = [each for _, each in value]
    elif isinstance(value, list):
        inside = value
    return [value, *(below for each in inside for below in _all(each))]
