"""One turn of a conversation: what was given, who answers, what is said, what is kept."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from pytest_conversations.models import CompletionArgs
from pytest_conversations.sandbox._errors import APIError, handoff_failed, results_missing
from pytest_conversations.sandbox._model import Speaker, prompt_of, results_of, speak
from pytest_conversations.sandbox._shapes import completion_args
from pytest_conversations.sandbox._store import Agent, Conversation, Store
from pytest_conversations.sandbox._wire import Object, entry, usage


@dataclass(frozen=True)
class Turn:
    """A reply that is ready to be sent, as JSON or as a stream.

    Attributes:
        conversation_id: The conversation; told also where nothing is stored (section 11).
        outputs: The entries of the reply.
        usage: Its tokens.
        keep: Stores the turn. To be called when the reply is complete.
    """

    conversation_id: str
    outputs: list[Object]
    usage: Object
    keep: Callable[[], None]


@dataclass(frozen=True)
class Asked:
    """What a request asks of a conversation, whichever operation it is.

    Attributes:
        conversation: The conversation, with the entries that it has so far.
        inputs: The new entries, not yet stamped.
        args: Completion arguments for this turn only; None keeps the conversation's own.
        handoffs: Whether the server may hand over to other agents.
        store: Whether the turn is stored.
    """

    conversation: Conversation
    inputs: list[Object]
    args: CompletionArgs | None
    handoffs: bool
    store: bool


def take(store: Store, asked: Asked, *, new: bool) -> Turn:
    """Answer.

    Args:
        store: The state of the server; `Turn.keep` changes it, this function does not.
        asked: What is asked.
        new: Whether the conversation comes into being with this turn.

    Raises:
        APIError: 400, function results are missing; 404, the agent is unknown; 500, an agent to
            hand over to is unknown.
    """
    conversation = asked.conversation
    inputs = [entry(fields) for fields in asked.inputs]
    context = conversation.entries + inputs
    # Measured for inputs that are no results. That a part of the results does not do either is
    # inferred: no model goes on with a call left open.
    if missing := _unanswered(context):
        raise results_missing(missing)
    first = _speaker(store, conversation, asked.args)
    outputs, speaker = _route(store, first, context, allowed=asked.handoffs)
    outputs += speak(speaker, context)
    keep = partial(_keep, store, conversation, inputs + outputs, new=new) if asked.store else _drop
    spent = usage(speaker.instructions, context, outputs)
    return Turn(conversation.id, outputs, spent, keep)


def _unanswered(entries: list[Object]) -> list[str]:
    answered = {one["tool_call_id"] for one in entries if one["type"] == "function.result"}
    calls = (one["tool_call_id"] for one in entries if one["type"] == "function.call")
    return [call for call in calls if call not in answered]


def _speaker(store: Store, conversation: Conversation, args: CompletionArgs | None) -> Speaker:
    shown = conversation.shown
    if "agent_id" in shown:
        return _agent_speaker(store.agents.get(shown["agent_id"]), args)
    own = shown["completion_args"] if args is None else completion_args(args)
    return Speaker(shown["model"], shown["instructions"] or "", shown["tools"], own["tool_choice"])


def _agent_speaker(agent: Agent, args: CompletionArgs | None) -> Speaker:
    shown = agent.shown
    own = shown["completion_args"] if args is None else completion_args(args)
    return Speaker(
        model=shown["model"],
        instructions=shown["instructions"] or "",
        tools=shown["tools"],
        tool_choice=own["tool_choice"],
        agent_id=agent.id,
        agent_name=shown["name"],
        handoffs=tuple(shown["handoffs"] or ()),
    )


def _route(
    store: Store, speaker: Speaker, context: list[Object], *, allowed: bool
) -> tuple[list[Object], Speaker]:
    """Hand-offs, and who answers after them.

    An agent with hand-offs always hands over: to the agent that the prompt names, else to its
    first. None gets the conversation twice in a turn. The result of a call goes to the caller.
    """
    if results := results_of(context):
        calls = (one for one in context if one["type"] == "function.call")
        callers = {one["tool_call_id"]: one.get("agent_id") for one in calls}
        caller = callers.get(results[-1]["tool_call_id"])
        if caller is None or caller == speaker.agent_id:
            return [], speaker
        return [], _agent_speaker(_next_agent(store, caller), None)
    passed: list[Object] = []
    seen = {speaker.agent_id}
    while allowed and (ids := [one for one in speaker.handoffs if one not in seen]):
        agents = [_next_agent(store, one) for one in ids]
        said = prompt_of(context).casefold()
        named = (one for one in agents if one.shown["name"].casefold() in said)
        following = _agent_speaker(next(named, agents[0]), None)
        passed.append(_handoff(speaker, following))
        seen.add(following.agent_id)
        speaker = following
    return passed, speaker


def _next_agent(store: Store, agent_id: str) -> Agent:
    try:
        return store.agents.get(agent_id)
    except APIError:
        raise handoff_failed() from None


def _handoff(before: Speaker, after: Speaker) -> Object:
    return entry(
        {
            "type": "agent.handoff",
            "previous_agent_id": before.agent_id,
            "previous_agent_name": before.agent_name,
            "next_agent_id": after.agent_id,
            "next_agent_name": after.agent_name,
        }
    )


def _keep(store: Store, conversation: Conversation, entries: list[Object], *, new: bool) -> None:
    conversation.extend(entries)
    if new:
        store.conversations.add(conversation)


def _drop() -> None:
    """What is not to be stored."""
