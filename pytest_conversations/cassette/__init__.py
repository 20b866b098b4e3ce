"""Cassettes: vcrpy's format and machinery, with chunk tables, scrubbing and an index.

It knows neither pytest nor any HTTP client.
"""

from pytest_conversations.cassette._carried import API_KEY
from pytest_conversations.cassette._cassette import (
    MODES,
    ConversationCassette,
)
from pytest_conversations.cassette._checksum import edited_line
from pytest_conversations.cassette._chunks import (
    Chunk,
    as_recorded,
    cut_at_events,
    data_of,
    event_ends,
    parse,
    table,
)
from pytest_conversations.cassette._compression import decoded
from pytest_conversations.cassette._diagnosis import cassettes_in
from pytest_conversations.cassette._document import is_json
from pytest_conversations.cassette._explaining import Hints
from pytest_conversations.cassette._growing import GrowingCassette
from pytest_conversations.cassette._inspection import Finding, inspect, inspect_damaged, misfits
from pytest_conversations.cassette._json_text import indent
from pytest_conversations.cassette._matching import Matching, body_bytes
from pytest_conversations.cassette._merge import Sharing
from pytest_conversations.cassette._metadata import MIGRATED_FROM, is_own
from pytest_conversations.cassette._reading import load, loads, read, read_raw
from pytest_conversations.cassette._recording import (
    Interaction,
    Recording,
    RequestHook,
    ResponseHook,
)
from pytest_conversations.cassette._request import CassetteRequest
from pytest_conversations.cassette._scrub import Response, Scrubber, header_values
from pytest_conversations.cassette._serializer import other_keys
from pytest_conversations.cassette._shelf import Shelf

__all__ = [
    "API_KEY",
    "MIGRATED_FROM",
    "MODES",
    "CassetteRequest",
    "Chunk",
    "ConversationCassette",
    "Finding",
    "GrowingCassette",
    "Hints",
    "Interaction",
    "Matching",
    "Recording",
    "RequestHook",
    "Response",
    "ResponseHook",
    "Scrubber",
    "Sharing",
    "Shelf",
    "as_recorded",
    "body_bytes",
    "cassettes_in",
    "cut_at_events",
    "data_of",
    "decoded",
    "edited_line",
    "event_ends",
    "header_values",
    "indent",
    "inspect",
    "inspect_damaged",
    "is_json",
    "is_own",
    "load",
    "loads",
    "misfits",
    "other_keys",
    "parse",
    "read",
    "read_raw",
    "table",
]
