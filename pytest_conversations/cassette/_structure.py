"""Whether a document is a cassette: the shape of vcrpy's format, version 1."""

import io
import itertools
from collections.abc import Iterator
from typing import cast
from urllib.parse import urlsplit

import yaml

from pytest_conversations._plural import counted
from pytest_conversations.cassette import _document

_VERSION = 1
_SHOWN = 5  # keys of something else
_REQUEST_KEYS = {"method", "uri", "body", "headers"}
_Path = tuple[str | int, ...]
_KEYS = {"version", "metadata", "interactions"}
_INTERACTION_KEYS = {"request", "response"}


class FormatError(ValueError):
    """Why a text is no cassette, and the line (from 1) that shows it.

    Attributes:
        is_damage: whether it may have been one; else it is something else.
    """

    def __init__(self, reason: str, line: int | None = None, *, is_damage: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line
        self.is_damage = is_damage


def check(document: object, text: str) -> dict[str, object]:
    """Make sure that a document has the shape of a cassette.

    Args:
        document: what YAML read. Bodies that vcrpy stored as the objects that the app gave, a file
            or an iterator, are made texts in place.
        text: what it read it from, to find the line of a problem.

    Returns:
        The document.

    Raises:
        FormatError: it is no cassette, or one that was cut short.
    """
    for path, reason in _problems(document):
        # An empty file may have been one.
        is_damage = document is None or (isinstance(document, dict) and "interactions" in document)
        raise FormatError(reason, line_of(text, path), is_damage=is_damage)
    return cast("dict[str, object]", document)


def other_keys(document: dict[str, object]) -> list[str]:
    """The keys of another tool, which vcrpy, and so this package, does not write again."""
    interactions = cast("list[dict[str, object]]", document["interactions"])
    keys = [set(document) - _KEYS, *(set(each) - _INTERACTION_KEYS for each in interactions)]
    return sorted(set().union(*keys))


def _problems(document: object) -> Iterator[tuple[_Path, str]]:
    if not isinstance(document, dict):
        yield (), f"a cassette is a mapping with `interactions`, this is {_kind(document)}"
        return
    version = document.get("version", _VERSION)
    if version != _VERSION:
        yield ("version",), f"version {version!r} of the format, this reads version {_VERSION}"
    interactions = document.get("interactions")
    if not isinstance(interactions, list):
        if "http_interactions" in document:
            yield (), "a cassette of Ruby's VCR, whose format is another"
            return
        missing = "interactions" not in document
        keys = [f"`{key}`" for key in itertools.islice(document, _SHOWN)]
        has = (
            f"only {', '.join(keys)}{' …' if len(document) > _SHOWN else ''}" if keys else "nothing"
        )
        what = f"this has {has}" if missing else "no list"
        yield ("interactions",), f"a cassette has a list `interactions`, {what}"
        return
    metadata = document.get("metadata")
    if not isinstance(metadata, dict | None):
        yield ("metadata",), f"`metadata` is {_kind(metadata)}, not a mapping"
        return
    count = (metadata or {}).get("interactions")
    if isinstance(count, int) and count > len(interactions):
        wanted = counted(count, "interaction")
        yield (
            ("metadata",),
            f"cut short: it should have {wanted}, and has {len(interactions)}",
        )
    for index, interaction in enumerate(interactions):
        yield from _interaction_problems(interaction, ("interactions", index))
    if "version" not in document:  # all that write this format write it; vcrpy does so last
        yield (), "cut short: `version: 1` is missing, with which vcrpy ends a file"


def _interaction_problems(interaction: object, path: _Path) -> Iterator[tuple[_Path, str]]:
    parts = ("request", "response")
    if not isinstance(interaction, dict) or not all(
        isinstance(interaction.get(part), dict) for part in parts
    ):
        yield path, "an interaction is a mapping with a `request` and a `response`"
        return
    request, response = (interaction[part] for part in parts)
    if "parsed_body" in request or "parsed_body" in response:
        dialect = "pydantic-ai's, with `parsed_body` in place of the body"
        yield (*path, "request"), f"a request in a dialect that is not vcrpy's: {dialect}"
    elif set(request) != _REQUEST_KEYS:
        has = ", ".join(map(str, request))
        yield (*path, "request"), f"a request has method, uri, body and headers, this one {has}"
    elif not _are_headers(request["headers"]) or not isinstance(request["uri"], str):
        yield (*path, "request"), "the headers of a request are texts, and so is its uri"
    elif not isinstance(request["method"], str):
        yield (*path, "request"), "the method of a request is a text"
    elif not _is_url(request["uri"]):
        yield (*path, "request", "uri"), "the uri of a request is no URL"
    elif not isinstance(body := _request_body(request["body"]), str | bytes | None):
        yield (*path, "request", "body"), f"the body of a request is a text, this is {_kind(body)}"
    else:
        request["body"] = body
    yield from _response_problems(response, (*path, "response"))


def _response_problems(response: dict[str, object], path: _Path) -> Iterator[tuple[_Path, str]]:
    status, body, stream = (response.get(key) for key in ("status", "body", "stream"))
    if not isinstance(status, dict) or not isinstance(status.get("code"), int):
        yield path, "a response has a `status` with a whole number `code`"
    elif not isinstance(status.get("message"), str | None):
        yield path, "the `message` of a status is a text"
    elif not _are_headers(response.get("headers")):
        yield path, "a response has a mapping `headers`, of texts"
    elif not isinstance(body, dict) or not isinstance(body.get("string", 0), str | bytes | None):
        yield path, "a response has a `body` with a text `string`"
    elif "stream" in response and not isinstance(stream, dict):
        yield (*path, "stream"), "a `stream` is a mapping"
    for holder in (response, stream):
        if isinstance(holder, dict) and "error" in holder and not _is_error(holder["error"]):
            yield path, "an `error` has a `type` and a `message`, both texts"


def _request_body(body: object) -> object:
    if isinstance(body, io.BytesIO):
        return body.getvalue()
    pieces = list(body) if isinstance(body, Iterator) else None
    if pieces is None or not all(isinstance(piece, str | bytes) for piece in pieces):
        return body
    return b"".join(piece.encode() if isinstance(piece, str) else piece for piece in pieces)


def _is_url(uri: str) -> bool:
    try:
        _ = urlsplit(uri).port  # which is looked at late
    except ValueError:
        return False
    return True


def _is_error(error: object) -> bool:
    return isinstance(error, dict) and all(
        isinstance(error.get(key), str) for key in ("type", "message")
    )


def _are_headers(headers: object) -> bool:
    """Whether each name has a text, or texts in a list."""
    return isinstance(headers, dict) and all(
        isinstance(name, str)
        and (isinstance(value, str) or (isinstance(value, list) and _are_texts(value)))
        for name, value in headers.items()
    )


def _are_texts(values: list[object]) -> bool:
    return bool(values) and all(isinstance(value, str) for value in values)


def _kind(value: object) -> str:
    names = {dict: "a mapping", list: "a list", str: "a text", type(None): "empty"}
    return names.get(type(value), f"a {type(value).__name__}")


def line_of(text: str, path: _Path) -> int | None:
    """The line of the node at ``path``, or of the nearest one above it that is there.

    Args:
        text: of the file.
        path: keys and indexes, from the document down.

    Returns:
        The line, from 1; None where the text is JSON that no YAML parser takes.
    """
    text = _document.as_yaml(text)
    try:
        node = _document.compose(text)
    except yaml.YAMLError:
        return None
    for step in path:
        below = _child(node, step)
        if below is None:
            break
        node = below
    return 1 if node is None else _document.line(text, node)


def _child(node: yaml.Node | None, step: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == step), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
        item: yaml.Node = node.value[step]
        return item
    return None
