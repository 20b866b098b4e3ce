"""What the stand-in says: no language model, a few rules that always give the same answer.

A hosted tool that is given runs in every turn; of several, the first. A function of the
application is called when the prompt names it or a word of its name, or when ``tool_choice`` asks
for a call. ``image_generation``, ``document_library`` and connectors are accepted and never used;
guardrails are kept and never run; of the completion arguments only ``tool_choice`` has an effect.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pytest_conversations.sandbox._answers import answer, find_sum
from pytest_conversations.sandbox._arguments import fill
from pytest_conversations.sandbox._wire import Object, entry, new_tool_call_id, text_of

# Verbs such as "get" say nothing on what a function is about.
_SHORTEST_TOPIC = 4


@dataclass(frozen=True)
class Speaker:
    """Who answers: a base model, or an agent with a model and tools of its own."""

    model: str
    instructions: str
    tools: list[Object]
    tool_choice: str = "auto"
    agent_id: str | None = None
    agent_name: str = ""
    handoffs: tuple[str, ...] = ()

    def says(self, fields: Object) -> Object:
        """An output entry of this speaker; without an agent it has no ``agent_id`` at all."""
        agent = {} if self.agent_id is None else {"agent_id": self.agent_id}
        return entry({"model": self.model} | agent | fields)


def prompt_of(entries: list[Object]) -> str:
    """What the user said last."""
    said = _said(entries)
    return said[-1] if said else ""


def results_of(entries: list[Object]) -> list[Object]:
    """The function results that no message follows: those that the answer is about."""
    results: list[Object] = []
    for one in reversed(entries):
        if one["type"].startswith("message."):
            break
        if one["type"] == "function.result":
            results.insert(0, one)
    return results


def speak(speaker: Speaker, entries: list[Object]) -> list[Object]:
    """The output entries for a conversation.

    Args:
        speaker: Who answers.
        entries: All entries so far, the new inputs included; no call waits for its result.
    """
    if results := results_of(entries):
        names = {
            one["tool_call_id"]: one["name"] for one in entries if one["type"] == "function.call"
        }
        answers = (
            f"The result of {names.get(one['tool_call_id'], 'the function')} is: {one['result']}"
            for one in results
        )
        return [speaker.says(_message("\n".join(answers)))]
    prompt = prompt_of(entries)
    if calls := list(_calls(speaker, prompt)):
        return calls
    text = answer(prompt, _said(entries))
    if speaker.tool_choice != "none":
        for tool in speaker.tools:
            if run := _HOSTED.get(tool["type"]):
                return [speaker.says(fields) for fields in run(tool["type"], prompt, text)]
    return [speaker.says(_message(text))]


def _said(entries: list[Object]) -> list[str]:
    inputs = (one for one in entries if one["type"] == "message.input" and one["role"] == "user")
    return [text_of(one["content"]) for one in inputs]


def _calls(speaker: Speaker, prompt: str) -> Iterator[Object]:
    functions = [tool["function"] for tool in speaker.tools if tool["type"] == "function"]
    if speaker.tool_choice == "none":
        functions = []
    asked = [function for function in functions if _is_asked_for(function["name"], prompt)]
    if not asked and speaker.tool_choice in {"any", "required"}:
        asked = functions[:1]
    for function in asked:
        arguments = fill(function["parameters"], prompt)
        yield speaker.says(
            {
                "type": "function.call",
                "tool_call_id": new_tool_call_id(),
                "name": function["name"],
                "arguments": json.dumps(arguments, ensure_ascii=False),
            }
        )


def _is_asked_for(name: str, prompt: str) -> bool:
    words = {word.casefold() for word in re.findall(r"\w+", prompt)}
    parts = re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)
    topics = {part.casefold() for part in parts if len(part) >= _SHORTEST_TOPIC}
    return name.casefold() in words or bool(topics & words)


def _search(tool: str, prompt: str, text: str) -> list[Object]:
    sources = [
        {
            "type": "tool_reference",
            "tool": tool,
            "title": f"Source {number} on: {prompt}",
            # A name that is reserved for examples: nobody takes it for a real source.
            "url": f"https://example.com/{number}",
            "favicon": None,
            "description": None,
        }
        for number in (1, 2)
    ]
    found = {source["url"]: source["title"] for source in sources}
    ran = _execution(tool, "web_search", {"query": prompt}, json.dumps(found, ensure_ascii=False))
    content = [{"type": "text", "text": text}, *sources, {"type": "text", "text": "."}]
    return [ran, {"type": "message.output", "role": "assistant", "content": content}]


def _interpret(tool: str, prompt: str, text: str) -> list[Object]:
    code, output = find_sum(prompt) or (f"print({json.dumps(prompt)})", prompt)
    ran = _execution(tool, tool, {"code": code}, f"{output}\n")
    ran["info"] |= {"code": code, "code_output": f"{output}\n"}
    return [ran, _message(text)]


_HOSTED: dict[str, Callable[[str, str, str], list[Object]]] = {
    "web_search": _search,
    "web_search_premium": _search,
    "code_interpreter": _interpret,
}


def _execution(tool: str, function: str, arguments: Object, result: str) -> Object:
    return {
        "type": "tool.execution",
        "name": tool,
        "arguments": json.dumps(arguments, ensure_ascii=False),
        "function": function,
        "info": {"result": [{"type": "text", "text": result}]},
    }


def _message(text: str) -> Object:
    return {"type": "message.output", "role": "assistant", "content": text}
