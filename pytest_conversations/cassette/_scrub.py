"""Takes secrets out of interactions: by value, by place and by form."""

import itertools
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from vcr.request import Request

from pytest_conversations._rules import Rules
from pytest_conversations.cassette import _chunks, _headers, _matching
from pytest_conversations.cassette._chunks import Chunk
from pytest_conversations.cassette._compression import decoded
from pytest_conversations.cassette._finder import Finder
from pytest_conversations.cassette._fragments import looks_cut
from pytest_conversations.cassette._secrets import Passes, replace
from pytest_conversations.errors import SecretLeakError

# vcrpy's own type of a response: whatever YAML holds.
Response = dict[str, Any]
_KNOWN = {"status", "headers", "body", "stream", "error", "retried", "test"}

# Half of a character, which is no text, may stand beside a secret all the same.
_ERRORS = {"utf-8": "surrogatepass", "latin-1": "strict"}

T = TypeVar("T")


def header_values(response: Response) -> Iterator[tuple[str, list[str]]]:
    """The headers of a response with their values; some tools write a text in place of a list."""
    for name, values in response["headers"].items():
        yield name, [values] if isinstance(values, str) else values


class Scrubber:
    """Takes the secrets out of the requests and responses of one cassette.

    Attributes:
        finder: knows what is secret.
        counts: what was taken out since `start_counting`, by rule and place.
        unread: content codings that cannot be undone here; in a body with one nothing was searched.

    Args:
        secrets: value by name, for instance of environment variables; they are asked for again
            with each request.
        rules: what else the project says.
    """

    def __init__(self, secrets: Mapping[str, str], rules: Rules | None = None) -> None:
        self.finder = Finder(secrets, rules or Rules())
        self.counts: Counter[tuple[str, str]] = Counter()
        self.unread: set[str] = set()

    def start_counting(self) -> None:
        """Forget what was counted, so that a look-up that scrubbed its request is not."""
        self.counts.clear()

    def request(self, request: Request, *, headers: bool = True) -> Request:
        """Scrub a request in place, and give it back: vcrpy's ``before_record_request``.

        Args:
            request: its URL, body and headers get new values; the old ones are not changed.
            headers: False to let the headers be.
        """
        request.uri = self._text(request.uri, "URL", is_compared=True)
        stored, body = _matching.stored_body(request), _matching.body_bytes(request)
        coding = request.headers.get("content-encoding")
        if coding and not decoded(stored, coding).is_whole:
            self.unread.add(coding)
        found = self.finder.in_body(body, is_compared=True)
        scrubbed = self._noted(found, "request body").applied(body)
        request.body = scrubbed  # type: ignore[misc] # it has a setter
        if not headers:
            return request
        request.headers = {
            name: str(len(scrubbed))
            if name.lower() == "content-length" and scrubbed != stored
            else self._header(name, value, "request header")
            for name, value in self._names(request.headers.items())
            if body == stored or name.lower() != "content-encoding"
        }
        return request

    def interaction(self, request: Request, response: Response) -> tuple[Request, Response]:
        """Scrub an interaction of a file in place, and give it back."""
        scrubbed = self.request(request)
        return scrubbed, self.response(scrubbed, response)

    def response(self, request: Request, response: Response) -> Response:
        """Scrub a response in place, and give it back.

        Args:
            request: that it answers, scrubbed.
            response: as vcrpy stores it; what another tool keeps beside is scrubbed, too.
        """
        response["status"]["message"] = self._text(
            response["status"].get("message") or "", "reason phrase"
        )
        values = header_values(response)
        response["headers"] = {
            name: [self._header(name, value, "response header") for value in each]
            for name, each in self._names(values)
        }
        self._response_body(response, f"{request.method} {request.uri}")
        for holder in (response, response.get("stream", {})):
            if "error" in holder:
                holder["error"]["message"] = self._text(holder["error"]["message"], "error message")
        for key in response.keys() - _KNOWN:
            response[key] = self._said(response[key])
        return response

    def data(self, data: object, *, only_known: bool = False) -> object:
        """Scrub JSON data, for instance of a snapshot, as a body that holds it is scrubbed.

        Args:
            data: the data; what is in lists may be events of a stream, or what they hold.
            only_known: what only looks like a credential stays.
        """
        body = json.dumps([data]).encode()  # in a list, so that a text is JSON, too
        if only_known:
            found = Passes(self.finder.known_in_body(body, is_data=True), [])
        else:
            found = self.finder.in_body(body, is_reply=True, is_data=True)
        if not any(found):
            return data
        return json.loads(self._noted(found, "snapshot").applied(body))[0]

    def known(self, text: str) -> str:
        """A text without the known secrets, and pieces of them; what only looks like one stays."""
        self.finder.learn_values()
        body = text.encode("utf-8", "surrogatepass")
        body = replace(body, self.finder.by_value(body))
        body = replace(body, self.finder.parts(body))
        return body.decode("utf-8", "surrogatepass")

    def metadata(self, metadata: dict[str, object]) -> dict[str, object]:
        """Scrub what a file says of itself: the texts in it, not their keys."""
        return {key: self._said(value) for key, value in self._names(metadata.items())}

    def _said(self, value: object) -> object:
        if isinstance(value, dict):
            return {key: self._said(item) for key, item in self._names(value.items())}
        if isinstance(value, list):
            return [self._said(item) for item in value]
        return self._text(value, "metadata", of_message=False) if isinstance(value, str) else value

    def gate(self, text: str, place: str = "") -> None:
        """Look at the text that is about to be written.

        Args:
            text: the text.
            place: what it is, where it is no cassette.

        Raises:
            SecretLeakError: a secret is in it all the same. The message does not show it.
        """
        self.finder.learn_values()
        body = text.encode()
        for found in self.finder.by_value(body):
            where = place or _place(body[: found.start])
            raise SecretLeakError(_LEAK.format(found.rule, where))

    def _response_body(self, response: Response, answers: str) -> None:
        self._decompress(response)
        body: bytes = response["body"].get("string") or b""
        stream = response.get("stream", {})
        is_cut = "error" in stream or bool(stream.get("closed")) or looks_cut(body)
        every = self.finder.in_body(body, is_reply=True, is_cut=is_cut)
        found = self._noted(every, "response body")
        if not any(found):
            return
        scrubbed = response["body"]["string"] = found.applied(body)
        for left in self.finder.known_in_body(scrubbed):
            raise SecretLeakError(_LEAK.format(left.rule, f"the body of the response to {answers}"))
        _set_length(response, scrubbed)
        if "chunks" in response.get("stream", {}):
            recorded = _chunks.as_recorded(body, response["stream"]["chunks"])
            if recorded is None:
                chunks = _chunks.cut_at_events(scrubbed)
            else:
                ends = found.moved(itertools.accumulate(map(len, recorded.data)))
                pieces = (scrubbed[a:b] for a, b in itertools.pairwise((0, *ends)))
                chunks = [
                    Chunk(chunk.ms, piece) for chunk, piece in zip(recorded, pieces, strict=True)
                ]
            response["stream"]["chunks"] = _chunks.table(chunks)

    def _decompress(self, response: Response) -> None:
        """Decode the body of a recording of another tool, which stores it as it came."""
        codings = {name: values for name, values in header_values(response) if _is_coding(name)}
        coding = ", ".join(itertools.chain(*codings.values()))
        body = response["body"].get("string") or b""
        plain = decoded(body, coding)
        if not plain.is_whole:
            self.unread.add(coding)
        elif plain.body != body:
            for name in codings:
                del response["headers"][name]
            response["body"]["string"] = plain.body
            _set_length(response, plain.body)

    def _header(self, name: str, value: str, place: str) -> str:
        if name.lower() == "content-length":  # a number, whatever a pattern of the user's matches
            return value
        rule = self.finder.of_header(name, value)
        if not rule:
            # Bytes beyond ASCII were read as Latin-1, or by httpx, on a guess, as UTF-8.
            once = value if value.isascii() else self._text(value, place, "latin-1")
            return self._text(once, place)
        self.counts[rule, place] += 1
        return _headers.placeholder(name)

    def _text(
        self,
        text: str,
        place: str,
        encoding: str = "utf-8",
        *,
        of_message: bool = True,
        is_compared: bool = False,
    ) -> str:
        try:
            body = text.encode(encoding, _ERRORS[encoding])
        except UnicodeEncodeError:
            return text
        found = self.finder.in_text(body, of_message=of_message, is_compared=is_compared)
        return self._noted(found, place).applied(body).decode(encoding, _ERRORS[encoding])

    def _noted(self, found: Passes, place: str) -> Passes:
        # A secret that is spelled out over several texts has one placeholder, and counts once.
        every = itertools.chain(*found)
        self.counts.update((each.rule, place) for each in every if each.placeholder and each.rule)
        return found

    def _names(self, headers: Iterable[tuple[str, T]]) -> Iterator[tuple[str, T]]:
        """Headers whose names hold no known secret."""
        for name, value in headers:
            raw = name.encode("utf-8", "surrogateescape")
            found = self.finder.by_value(raw)
            yield replace(raw, found).decode("utf-8", "surrogateescape") if found else name, value


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
