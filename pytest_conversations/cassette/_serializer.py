"""The file format: vcrpy's version 1 with readable bodies, as a serializer that vcrpy can use.

vcrpy holds an interaction as the bytes that went over the wire; the file shows it to people. All
of the difference is made here, in both directions, so the rest of vcrpy and of this package works
on wire bytes and never sees the layout.
"""

import contextlib
import functools
import io
import pickle
import re
from collections.abc import Mapping
from typing import Any, TypeAlias, cast

import yaml

from pytest_conversations import _yaml
from pytest_conversations.cassette import _checksum, _dialects, _document, _json_text, _structure
from pytest_conversations.cassette._metadata import RECORDER
from pytest_conversations.cassette._structure import FormatError, check

# What YAML and vcrpy call a document; `check` proves the shape before anything relies on it.
Document: TypeAlias = dict[str, "Document | list[Document] | str | bytes | int | None"]

_START = "version: 1\nmetadata:\n"
_END_MARK = re.compile(r"(?m)^\.\.\.$")  # an editor may have added a line behind it
_END = "\n...\n"  # YAML's own mark of the end of a document


def deserialize(text: str) -> dict[str, object]:
    """Read a cassette's text into the form that ``vcr.serialize.deserialize`` takes.

    Args:
        text: YAML (or JSON, vcrpy's other format). Only safe tags are built.

    Raises:
        FormatError: it is no cassette.
    """
    try:
        document = _parsed(text)
    except FormatError as error:
        at = f"\n{text}".find("\n<<<<<<< ")
        if at < 0:
            raise
        raise FormatError(_MERGE, text.count("\n", 0, at) + 1) from error
    metadata = cast("Mapping[str, object]", document.get("metadata") or {})
    # Another tool that wrote the file again has laid it out in another way, without the mark.
    if metadata.get("end_mark") and text.startswith(_START) and not _END_MARK.search(text[-1000:]):
        reason = "cut short: the mark `...` is missing at its end"
        raise FormatError(reason, text.count("\n") + 1)
    if str(metadata.get("recorder", "")).startswith(RECORDER):
        for interaction in cast("list[dict[str, Any]]", document["interactions"]):
            _to_wire(interaction["request"], "body")
            _to_wire(interaction["response"]["body"], "string")
    return document


_MERGE = (
    "it holds the marks of a merge: take them away, keep the interactions of both sides and one of "
    "their two `metadata`, with the lower number of `interactions` and without `checksum`"
)


def _parsed(text: str) -> dict[str, object]:
    """The document of YAML or JSON that anybody may have written."""
    kind = "JSON" if _document.is_json(text) else "YAML"
    try:
        document = _dialects.load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = f"not {kind} that can be read: {error.problem or error.context}"
        line = text.count("\n", 0, mark.index) + 1 if mark else None
        raise FormatError(reason, line) from error
    except yaml.reader.ReaderError as error:  # a character that no YAML may hold
        reason = f"not {kind} that can be read: {error.reason} (U+{error.character:04X})"
        before = text.encode()[: error.position]  # libyaml counts bytes
        raise FormatError(reason, before.count(b"\n") + 1) from error
    except yaml.YAMLError as error:
        reason = f"not {kind} that can be read: {' '.join(str(error).split())}"
        raise FormatError(reason) from error
    except ValueError as error:  # a date that there is not, for instance
        reason = f"not {kind} that can be read: {error}"
        raise FormatError(reason) from error
    return check(document, text)


def other_keys(text: str) -> list[str]:
    """The keys in a cassette's text that are another tool's, and that `serialize` does not know.

    Raises:
        FormatError: it is no cassette.
    """
    return _structure.other_keys(deserialize(text))


def serialize(document: Mapping[str, object]) -> str:
    """Write what ``vcr.serialize.serialize`` gives as a cassette's text, ``metadata`` first.

    Args:
        document: the data. A checksum in its metadata that is blank stays so.
    """
    interactions = cast("list[dict[str, dict[str, object]]]", document["interactions"])
    metadata = dict(cast("Mapping[str, object]", document.get("metadata") or {}))
    checksum = metadata.pop(_checksum.KEY, None)
    counted = {**metadata, "interactions": len(interactions), _checksum.KEY: _checksum.BLANK}
    head = _dumped({"version": document["version"], "metadata": counted, _LIST: []})
    if interactions:
        head = head.removesuffix(" []\n") + "\n"
    text = "".join([head, *map(_part, interactions), _END[1:]])
    return text if checksum == _checksum.BLANK else _checksum.sealed(text)


_LIST = "interactions"
_SMALL = 8192  # characters, or bytes, of the bodies of an interaction whose text is kept


def _part(interaction: Mapping[str, dict[str, object]]) -> str:
    """An interaction as it stands in the list of them.

    Tests that record into one cassette write the others' again, each time, and YAML is slow.
    """
    # Where a hook has put in an object of its own, it is YAML's to refuse it.
    with contextlib.suppress(pickle.PickleError, AttributeError, ImportError, TypeError):
        if _length(interaction) <= _SMALL:
            return _part_once(pickle.dumps(interaction))
    return _part_of(interaction)


def _length(interaction: Mapping[str, dict[str, object]]) -> int:
    sent, answer = interaction["request"]["body"], interaction["response"]["body"]
    bodies = sent, cast("Document", answer).get("string")
    return sum(len(cast("str", body or "")) for body in bodies)


@functools.lru_cache(maxsize=2048)
def _part_once(pickled: bytes) -> str:
    return _part_of(pickle.loads(pickled))  # noqa: S301 - what `_part` has pickled just now


def _part_of(interaction: Mapping[str, dict[str, object]]) -> str:
    request, response = _request(interaction["request"]), _response(interaction["response"])
    text = _dumped({_LIST: [{"request": request, "response": response}]})
    return text.removeprefix(f"{_LIST}:\n")


def _dumped(data: Mapping[str, object]) -> str:
    stream = io.StringIO()
    _yaml.dump(data, stream)
    text = stream.getvalue()
    return text.removesuffix(_END[1:]) if text.endswith(_END) else text


def _to_wire(holder: dict[str, object], key: str) -> None:
    text = holder[key]
    if isinstance(text, str):
        holder[key] = _compact(text)


def _compact(text: str) -> str:
    # YAML can hold halves of characters, which are no text.
    compact = _json_text.compact(text.encode("utf-8", "surrogatepass"))
    return compact.decode("utf-8", "surrogatepass")


def _request(request: dict[str, object]) -> dict[str, object]:
    body = request["body"]
    if isinstance(body, str):
        # Requests are compared by meaning, so here even escapes may become readable.
        shown = _json_text.indent(body, unescape=True)
        if shown is None and _compact(body) != body:
            body = body.encode()  # no JSON, but reading would take it for what `indent` made
        else:
            body = _yaml.block(shown or body)
    return {
        "method": request["method"],
        "uri": request["uri"],
        "headers": request["headers"],
        "body": body,
    }


def _response(response: dict[str, object]) -> dict[str, object]:
    body = cast("dict[str, object]", response["body"])
    rest = {key: value for key, value in response.items() if key not in _RESPONSE_KEYS}
    return {
        "status": _yaml.Flow(cast("dict[str, object]", response["status"])),
        "headers": response["headers"],
        "body": {**body, "string": _readable(body.get("string"))},
        **rest,
    }


_RESPONSE_KEYS = frozenset({"status", "headers", "body"})


def _readable(body: object) -> object:
    """The form in which the file shows a response body, from which it can be read back exactly."""
    if not isinstance(body, str):
        return body
    for shown in (_json_text.indent(body), body):
        if shown is not None and _compact(shown) == body:
            return _yaml.block(shown)
    return body.encode()  # JSON that came laid out just like ours, which reading would undo
