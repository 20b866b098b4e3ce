"""Conversations and agents as GET shows them (contract section 10).

The order of the keys is the one of the published schemas: the recorded agents have theirs in it.
"""

from collections.abc import Sequence

from pydantic import BaseModel, JsonValue

from pytest_conversations.models import (
    CompletionArgs,
    ConversationRequest,
    ConversationRequestTool,
    ConversationRestartRequest,
    GuardrailConfig,
    RequestModel,
)
from pytest_conversations.sandbox._wire import Object, new_id, now


class AgentRequest(RequestModel):
    """Body of POST /v1/agents, as far as the stand-in knows agents."""

    model: str
    name: str
    instructions: str | None = None
    tools: list[ConversationRequestTool] | None = None
    completion_args: CompletionArgs | None = None
    guardrails: list[GuardrailConfig] | None = None
    description: str | None = None
    handoffs: list[str] | None = None
    metadata: dict[str, JsonValue] | None = None
    version_message: str | None = None


def conversation(request: ConversationRequest) -> Object:
    """A new conversation: of an agent where the request names one, of a model otherwise."""
    labels: Object = {
        "name": request.name,
        "description": request.description,
        "metadata": request.metadata,
    }
    if request.agent_id is not None:
        agent = {"agent_id": request.agent_id, "agent_version": request.agent_version}
        return labels | _born("conversation", "conv") | agent
    return _settings(request) | labels | _born("conversation", "conv") | {"model": request.model}


def restarted(shown: Object, request: ConversationRestartRequest) -> Object:
    """A new conversation with the settings of `shown`, but for what the request says anew."""
    anew = {
        name: value
        for name, value in request.model_dump(mode="json").items()
        if name in {"guardrails", "metadata", "agent_version"} & shown.keys()
    }
    return shown | anew | _born("conversation", "conv")


def agent(request: AgentRequest) -> Object:
    """A new agent, as recorded in June 2026."""
    born = _born("agent", "ag")
    return (
        _settings(request)
        | {"model": request.model, "name": request.name, "description": request.description}
        | {"handoffs": request.handoffs, "metadata": request.metadata}
        | {"object": born["object"], "id": born["id"], "version": 0, "versions": []}
        | {"created_at": born["created_at"], "updated_at": born["updated_at"]}
        | {"deployment_chat": False, "source": "api", "version_message": request.version_message}
    )


def completion_args(given: CompletionArgs | None) -> Object:
    """All arguments, null where not given; ``tool_choice`` is "auto" (contract section 8)."""
    known = {} if given is None else given.model_dump(mode="json", by_alias=True)
    args = {name: known.get(name) for name in CompletionArgs.model_fields}
    args["tool_choice"] = args["tool_choice"] or "auto"
    if args["response_format"]:
        args["response_format"] = {"type": "text", "json_schema": None} | args["response_format"]
    return args


def _settings(request: ConversationRequest | AgentRequest) -> Object:
    return {
        "instructions": request.instructions,
        "tools": [_tool(tool) for tool in _dumped(request.tools)],
        "completion_args": completion_args(request.completion_args),
        "guardrails": _dumped(request.guardrails),
    }


def _dumped(parts: Sequence[BaseModel] | None) -> list[Object]:
    return [part.model_dump(mode="json", by_alias=True) for part in parts or []]


def _tool(tool: Object) -> Object:
    if tool["type"] != "function":
        return tool
    given = tool["function"]
    function = {
        "name": given["name"],
        "description": given.get("description") or "",
        "strict": given.get("strict") or False,
        "parameters": given["parameters"],
    }
    return {"type": "function", "function": function}


def _born(kind: str, prefix: str) -> Object:
    time = now()
    return {"object": kind, "id": new_id(prefix), "created_at": time, "updated_at": time}
