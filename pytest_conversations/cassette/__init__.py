"""Cassettes: vcrpy's format and machinery, with chunk tables, scrubbing and an index.

It knows neither pytest nor any HTTP client.
"""

from pytest_conversations.cassette._cassette import (
    MODES,
    ConversationCassette,
    RequestHook,
    ResponseHook,
)
from pytest_conversations.cassette._chunks import (
    Chunk,
    cut,
    cut_at_events,
    event_ends,
    parse,
    table,
)
from pytest_conversations.cassette._recording import Interaction, Recording
from pytest_conversations.cassette._scrub import API_KEY, Response, Scrubber, header_values

__all__ = [
    "API_KEY",
    "MODES",
    "Chunk",
    "ConversationCassette",
    "Interaction",
    "Recording",
    "RequestHook",
    "Response",
    "ResponseHook",
    "Scrubber",
    "cut",
    "cut_at_events",
    "event_ends",
    "header_values",
    "parse",
    "table",
]
