"""Cassettes whose tool has a form of its own for a message, in the form of today's vcrpy."""

import datetime as dt
import http.client
import json
import re
from typing import Any

import yaml

from pytest_conversations.cassette import _document
from pytest_conversations.cassette._structure import FormatError

_TYPED = re.compile(r"(?m)^    body:\n      type: (?:json|text|binary|none)$")
_Message = dict[str, Any]  # unchecked: what is not as it should be is left for `check`


class _Loader(yaml.CSafeLoader):
    """Reads YAML 1.2, in which ``12:30``, a date, ``=`` and ``<<`` without quotes are texts."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - so in PyYAML


for _kind, _form, _first in (
    ("null", r"~|null|", ["~", "n", ""]),
    ("bool", r"true|false", list("tf")),
    ("int", r"-?\d+", list("-0123456789")),
    ("float", r"-?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?", list("-0123456789")),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_kind}", re.compile(rf"(?:{_form})\Z"), _first
    )


def load(text: str) -> object:
    """Read a cassette, and put its messages into the form that everything here reads.

    That of vcrpy 4 and 5 for httpx had ``status_code`` and ``content``, which is decoded, beside
    the headers of a body that is not. cassetter has bodies with a ``type``, and JSON as data.

    Raises:
        yaml.YAMLError: it is no YAML, or asks for other objects than plain ones.
        ValueError: likewise.
        FormatError: it was cut short.
    """
    document = _document.load(text, _Loader if _TYPED.search(text) else None)
    _translate(document)
    return document


def _translate(document: object) -> None:
    interactions = document.get("interactions") if isinstance(document, dict) else None
    for interaction in interactions if isinstance(interactions, list) else ():
        if isinstance(interaction, dict):
            request, response = (interaction.get(part) for part in ("request", "response"))
            if isinstance(request, dict) and _is_typed(request.get("body")):
                _from_cassetter(interaction, request, response)
            elif isinstance(response, dict) and {"status_code", "content"} <= set(response):
                _from_httpx(response)


def _from_httpx(response: _Message) -> None:
    content = response.pop("content")
    response["status"] = _status(response.pop("status_code"))
    response["body"] = {"string": content}
    response.pop("http_version", None)
    headers = response.get("headers")
    if isinstance(headers, dict) and isinstance(content, str | bytes):
        length = len(content.encode() if isinstance(content, str) else content)
        response["headers"] = {
            name: [str(length)] if str(name).lower() == "content-length" else values
            for name, values in headers.items()
            if str(name).lower() != "content-encoding"
        }


def _from_cassetter(interaction: _Message, request: _Message, response: object) -> None:
    # A text that was cut is a text: what comes behind it tells.
    if not isinstance(response, dict) or "recorded_at" not in interaction:
        reason = "cut short: `recorded_at` is missing, with which cassetter ends an interaction"
        raise FormatError(reason)
    request["body"] = _text(request["body"])
    if _is_typed(response.get("body")):
        response["body"] = {"string": _text(response["body"])}
        response["status"] = _status(response.get("status"))
    response["recorded_at"] = _time(str(interaction["recorded_at"]))


def _time(text: str) -> dt.datetime:
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:  # the zone comes last
        reason = "cut short: `recorded_at` is no whole time"
        raise FormatError(reason)
    return at.astimezone(dt.UTC).replace(microsecond=0)


def _is_typed(body: object) -> bool:
    return isinstance(body, dict) and "type" in body


def _text(body: _Message) -> object:
    kind, content = body["type"], body.get("content")
    if kind == "json":
        return _json(content)
    if kind == "binary":
        return bytes.fromhex(str(content))
    return "" if kind == "none" else content


def _json(content: object) -> str:
    """Data as a body; in which spelling it came is not known."""
    text = json.dumps(content, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a character
        return json.dumps(content)
    return text


def _status(code: object) -> object:
    if not isinstance(code, int):
        return code
    return {"code": code, "message": http.client.responses.get(code, "")}
