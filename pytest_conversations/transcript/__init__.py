"""Cassettes as conversations: what was asked and answered, and when. It knows no terminal."""

from pytest_conversations.transcript._exchange import Event, Exchange, exchange, exchanges
from pytest_conversations.transcript._words import (
    Said,
    arguments,
    as_text,
    said,
    sparkline,
    visible,
)

__all__ = [
    "Event",
    "Exchange",
    "Said",
    "arguments",
    "as_text",
    "exchange",
    "exchanges",
    "said",
    "sparkline",
    "visible",
]
