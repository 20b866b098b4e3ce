"""Takes secrets out of interactions: by value, by place and by form."""

import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from vcr.request import Request

from pytest_conversations._rules import Rules
from pytest_conversations.cassette import _chunks, _headers, _matching
from pytest_conversations.cassette._compression import decompressed
from pytest_conversations.cassette._finder import Finder
from pytest_conversations.cassette._secrets import Found, move, replace
from pytest_conversations.errors import SecretLeakError

# vcrpy's own type of a response: whatever YAML holds.
Response = dict[str, Any]


def header_values(response: Response) -> Iterator[tuple[str, list[str]]]:
    """The headers of a response with their values; some tools write a text in place of a list."""
    for name, values in response["headers"].items():
        yield name, [values] if isinstance(values, str) else values


class Scrubber:
    """Takes the secrets out of the requests and responses of one cassette.

    Attributes:
        finder: knows what is secret.
        counts: what was taken out since `start_counting`, by rule and place.

    Args:
        secrets: value by name, for instance of environment variables; they are asked for again
            with each request.
        rules: what else the project says.
    """

    def __init__(self, secrets: Mapping[str, str], rules: Rules | None = None) -> None:
        self.finder = Finder(secrets, rules or Rules())
        self.counts: Counter[tuple[str, str]] = Counter()

    def start_counting(self) -> None:
        """Forget what was counted, so that a look-up that scrubbed its request is not."""
        self.counts.clear()

    def request(self, request: Request) -> Request:
        """Scrub a request in place, and give it back: vcrpy's ``before_record_request``."""
        request.uri = self._text(request.uri, "URL")
        stored, body = _matching.stored_body(request), _matching.body_bytes(request)
        scrubbed = replace(body, self._noted(self.finder.in_body(body), "request body"))
        if body != stored:
            del request.headers["content-encoding"]
        request.body = scrubbed  # type: ignore[misc] # it has a setter
        request.headers = {
            name: str(len(scrubbed))
            if name.lower() == "content-length" and scrubbed != stored
            else self._header(name, value, "request header")
            for name, value in request.headers.items()
        }
        return request

    def interaction(self, request: Request, response: Response) -> tuple[Request, Response]:
        """Scrub an interaction in place, and give it back: vcrpy's ``before_save_interaction``."""
        scrubbed = self.request(request)
        response["headers"] = {
            name: [self._header(name, value, "response header") for value in values]
            for name, values in header_values(response)
        }
        self._response_body(response, f"{scrubbed.method} {scrubbed.uri}")
        for holder in (response, response.get("stream", {})):
            if "error" in holder:
                holder["error"]["message"] = self._text(holder["error"]["message"], "error message")
        return scrubbed, response

    def data(self, value: object) -> object:
        """Scrub JSON data, for instance of a snapshot, as a body that holds it is scrubbed."""
        body = json.dumps([value]).encode()  # in a list, so that a text is JSON, too
        found = self.finder.in_body(body)
        return json.loads(replace(body, self._noted(found, "snapshot")))[0] if found else value

    def gate(self, text: str) -> None:
        """Look at the text that is about to be written.

        Raises:
            SecretLeakError: a secret is in it all the same. The message does not show it.
        """
        body = text.encode()
        for found in self.finder.by_value(body):
            raise SecretLeakError(_LEAK.format(found.rule, _place(body[: found.start])))

    def _response_body(self, response: Response, answers: str) -> None:
        _decompress(response)
        body: bytes = response["body"].get("string") or b""
        found = self._noted(self.finder.in_body(body), "response body")
        if not found:
            return
        scrubbed = response["body"]["string"] = replace(body, found)
        for left in self.finder.known_in_body(scrubbed):
            raise SecretLeakError(_LEAK.format(left.rule, f"the body of the response to {answers}"))
        _set_length(response, scrubbed)
        if "chunks" in response.get("stream", {}):
            pairs = _chunks.parse(response["stream"]["chunks"])
            ends = move(itertools.accumulate(size for _, size in pairs), found)
            sizes = (b - a for a, b in itertools.pairwise((0, *ends)))
            times = (ms for ms, _ in pairs)
            response["stream"]["chunks"] = " ".join(
                f"{ms}+{size}" for ms, size in zip(times, sizes, strict=True)
            )

    def _header(self, name: str, value: str, place: str) -> str:
        rule = self.finder.of_header(name, value)
        if not rule:
            # Bytes beyond ASCII were read as Latin-1, or by httpx, on a guess, as UTF-8.
            return self._text(self._text(value, place, "latin-1"), place)
        if not _headers.is_request_id(name):
            self.counts[rule, place] += 1
        return _headers.placeholder(name)

    def _text(self, text: str, place: str, encoding: str = "utf-8") -> str:
        try:
            body = text.encode(encoding)
        except UnicodeEncodeError:
            return text
        return replace(body, self._noted(self.finder.in_text(body), place)).decode(encoding)

    def _noted(self, found: list[Found], place: str) -> list[Found]:
        # A secret that is spelled out over several texts has one placeholder, and counts once.
        self.counts.update((each.rule, place) for each in found if each.placeholder)
        return found


def _decompress(response: Response) -> None:
    """Decode the body of a recording of another tool, which stores it as it came."""
    codings = {name: values for name, values in header_values(response) if _is_coding(name)}
    plain = decompressed(
        response["body"].get("string") or b"", ", ".join(itertools.chain(*codings.values()))
    )
    if plain is not None:
        for name in codings:
            del response["headers"][name]
        response["body"]["string"] = plain
        _set_length(response, plain)


def _is_coding(name: str) -> bool:
    return name.lower() == "content-encoding"


def _set_length(response: Response, body: bytes) -> None:
    for name in response["headers"]:
        if name.lower() == "content-length":
            response["headers"][name] = [str(len(body))]


_LEAK = "the recording still holds a secret, by the rule `{}`, in {}; nothing was written"
_PARTS = re.compile(rb"(?m)^(?:- (request|response)| {2}(request|response)| {4}(\w+)):")


def _place(before: bytes) -> str:
    """Where the text of a cassette ends that stands before something: its interaction and part."""
    side, part, number = "", "", 0
    for match in _PARTS.finditer(before):
        side = (match[1] or match[2] or side.encode()).decode() if not match[3] else side
        part = match[3].decode() if match[3] else ""
        number += match[1] is not None or (match[2] == b"request")
    return f"the {side} {part} of interaction {number}" if number else "the head of the file"
