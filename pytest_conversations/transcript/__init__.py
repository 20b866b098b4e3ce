"""Cassettes as conversations: what was asked and answered, and when. It knows no terminal."""

from pytest_conversations.transcript._exchange import Event, Exchange, exchanges
from pytest_conversations.transcript._words import Said, arguments, said, sparkline, visible

__all__ = [
    "Event",
    "Exchange",
    "Said",
    "arguments",
    "exchanges",
    "said",
    "sparkline",
    "visible",
]
