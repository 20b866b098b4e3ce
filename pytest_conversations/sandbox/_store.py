"""What the stand-in keeps: conversations and agents, in memory, for as long as it runs."""

import time
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from pytest_conversations.sandbox._errors import not_found
from pytest_conversations.sandbox._wire import Object, now

TOKENS_PER_MINUTE = 500_000  # the limit that the recordings show


@dataclass
class Conversation:
    """A conversation: what GET shows of it, in the order of the wire, and its entries."""

    shown: Object
    entries: list[Object] = field(default_factory=list)

    @property
    def id(self) -> str:
        """Its id; restart makes a conversation with another one, append keeps it."""
        return str(self.shown["id"])

    def extend(self, entries: list[Object]) -> None:
        """Add the entries of a turn."""
        self.entries.extend(entries)
        self.shown["updated_at"] = now()


@dataclass
class Agent:
    """An agent: what GET shows of it."""

    shown: Object

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.shown["id"])


_Kept = TypeVar("_Kept", Conversation, Agent)


class Things(Generic[_Kept]):
    """Things by id, in the order in which they came.

    Args:
        what: What an error calls such a thing.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._things: dict[str, _Kept] = {}

    def add(self, thing: _Kept) -> None:
        """Keep `thing`."""
        self._things[thing.id] = thing

    def get(self, given_id: str) -> _Kept:
        """The thing with this id.

        Raises:
            APIError: 404, there is none.
        """
        if given_id not in self._things:
            raise not_found(given_id, self._what)
        return self._things[given_id]

    def remove(self, given_id: str) -> None:
        """Forget the thing with this id.

        Raises:
            APIError: 404, there is none.
        """
        del self._things[self.get(given_id).id]

    def newest_first(self) -> list[_Kept]:
        """All things. Creation time sorts a list; newest first is the documented example's way."""
        return list(reversed(self._things.values()))


class TokenBudget:
    """How many tokens of the current minute are left."""

    def __init__(self) -> None:
        self._minute = 0
        self._spent = 0

    def spend(self, tokens: int) -> int:
        """Take `tokens` from the budget; returns what is left, never less than 0."""
        minute = int(time.monotonic() // 60)
        if minute != self._minute:
            self._minute, self._spent = minute, 0
        self._spent += tokens
        return max(0, TOKENS_PER_MINUTE - self._spent)


class Store:
    """All state of one server."""

    def __init__(self) -> None:
        self.conversations: Things[Conversation] = Things("Conversation")
        self.agents: Things[Agent] = Things("Agent")
        self.budget = TokenBudget()
