"""Takes secrets out of interactions: known values wherever they stand, some headers by name."""

import base64
import contextlib
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from vcr.request import Request

from pytest_conversations.cassette import _chunks, _matching
from pytest_conversations.cassette._fragments import (
    authorizations,
    fragments,
    stream_fragments,
)
from pytest_conversations.cassette._secrets import Secrets, move, replace
from pytest_conversations.errors import SecretLeakError

API_KEY = "MISTRAL_API_KEY"

# vcrpy's own type of a response: whatever YAML holds.
Response = dict[str, Any]


def header_values(response: Response) -> Iterator[tuple[str, list[str]]]:
    """The headers of a response with their values; some tools write a text in place of a list."""
    for name, values in response["headers"].items():
        yield name, [values] if isinstance(values, str) else values


_CREDENTIAL = re.compile(
    r"(?:^|-)(?:authorization|cookie2?|token|secret|password|credentials?|signature)$|api-?key",
    re.IGNORECASE,
)
# Ids that the service, or the network before it, gives to each request anew.
_REQUEST_ID = re.compile(
    r"^(?:mistral-correlation-id|x-kong-request-id|cf-ray|traceparent|tracestate)$"
    r"|(?:^|-)(?:request|correlation|trace)-id$",
    re.IGNORECASE,
)


class Scrubber:
    """Takes the secrets out of the requests and responses of one cassette.

    Attributes:
        counts: what was taken out since `start_counting`, by placeholder and place.

    Args:
        secrets: value by name, for instance of environment variables; they are asked for again
            with each request.
    """

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._values = secrets
        self._secrets = Secrets(secrets)
        self.counts: Counter[tuple[str, str]] = Counter()

    def start_counting(self) -> None:
        """Forget what was counted, so that a look-up that scrubbed its request is not."""
        self.counts.clear()

    def learn(self, request: Request) -> None:
        """Take the credentials that a request carries for secrets, whoever put them there."""
        for name, value in self._values.items():
            self._secrets.add(name, value)
        for name, value in request.headers.items():
            if _CREDENTIAL.search(name) and "cookie" not in name.lower():
                for one in value.split(","):  # as httpx joins headers of one name
                    self._learn_credentials(one.strip())
        password = urlsplit(request.uri).password
        if password:
            self._secrets.add(API_KEY, unquote(password))
        for value in authorizations(_matching.body_bytes(request)):
            self._secrets.add("AUTHORIZATION", value)

    def _learn_credentials(self, value: str) -> None:
        # RFC 9110, section 11.4: the scheme, a space, and the credentials
        scheme, _, credentials = value.partition(" ")
        self._secrets.add(API_KEY, credentials.strip() or scheme)
        if scheme.lower() == "basic":
            with contextlib.suppress(ValueError):  # RFC 7617: the password is behind the colon
                pair = base64.b64decode(credentials, validate=True).decode()
                self._secrets.add(API_KEY, pair.partition(":")[2])

    def request(self, request: Request) -> Request:
        """Scrub a request in place, and give it back: vcrpy's ``before_record_request``."""
        request.uri = self._text(request.uri, "URL")
        request.headers = {
            name: self._header(name, value, "request header")
            for name, value in request.headers.items()
        }
        body = _matching.body_bytes(request)
        request.body = self._bytes(body, "request body")  # type: ignore[misc] # it has a setter
        return request

    def interaction(self, request: Request, response: Response) -> tuple[Request, Response]:
        """Scrub an interaction in place, and give it back: vcrpy's ``before_save_interaction``."""
        response["headers"] = {
            name: [self._header(name, value, "response header") for value in values]
            for name, values in header_values(response)
        }
        self._response_body(response)
        self._refuse_spelled_out(response)
        for holder in (response, response.get("stream", {})):
            if "error" in holder:
                holder["error"]["message"] = self._text(holder["error"]["message"], "error message")
        return self.request(request), response

    def data(self, value: object) -> object:
        """Scrub JSON data, for instance of a snapshot: the texts in it, by value.

        Raises:
            SecretLeakError: a secret is spelled out over several texts.
        """
        scrubbed = self._data(value)
        self._refuse_fragments(fragments(scrubbed))
        return scrubbed

    def gate(self, text: str) -> None:
        """Look at the text that is about to be written.

        Raises:
            SecretLeakError: a secret is in it all the same. The message does not show it.
        """
        body = text.encode()
        for found in self._secrets.find(body):
            line = body.count(b"\n", 0, found.start) + 1
            msg = (
                f"the recording still holds {found.placeholder.decode()} in line {line} of what "
                "would be written; nothing was written"
            )
            raise SecretLeakError(msg)

    def _data(self, value: object) -> object:
        if isinstance(value, dict):
            return {self._data(key): self._data(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._data(item) for item in value]
        return self._text(value, "snapshot") if isinstance(value, str) else value

    def _refuse_spelled_out(self, response: Response) -> None:
        body: bytes = response["body"].get("string") or b""
        if b"data:" in body and self._secrets:
            self._refuse_fragments(stream_fragments(body))

    def _refuse_fragments(self, texts: Iterable[str]) -> None:
        if any(self._secrets.find("".join(texts).encode("utf-8", "replace"))):
            msg = (
                f"the events of a stream together spell out <{API_KEY}> or another secret, which "
                "no single event holds; nothing was written. Keep the secret out of the "
                "conversation"
            )
            raise SecretLeakError(msg)

    def _header(self, name: str, value: str, place: str) -> str:
        for rule, where in ((_CREDENTIAL, place), (_REQUEST_ID, "")):
            if rule.search(name):
                placeholder = f"<{name.upper()}>"
                if where and value != placeholder:
                    self.counts[placeholder, where] += 1
                return placeholder
        # Bytes beyond ASCII were read as Latin-1, or by httpx, on a guess, as UTF-8.
        return self._text(self._text(value, place, "latin-1"), place)

    def _text(self, text: str, place: str, encoding: str = "utf-8") -> str:
        try:
            body = text.encode(encoding)
        except UnicodeEncodeError:
            return text
        return self._bytes(body, place).decode(encoding)

    def _bytes(self, body: bytes, place: str) -> bytes:
        found = list(self._secrets.find(body))
        self.counts.update((secret.placeholder.decode(), place) for secret in found)
        return replace(body, found) if found else body

    def _response_body(self, response: Response) -> None:
        body: bytes = response["body"].get("string") or b""
        found = list(self._secrets.find(body))
        if not found:
            return
        self.counts.update((secret.placeholder.decode(), "response body") for secret in found)
        scrubbed = response["body"]["string"] = replace(body, found)
        for name, values in response["headers"].items():
            if name.lower() == "content-length":
                values[:] = [str(len(scrubbed))]
        if "chunks" in response.get("stream", {}):
            pairs = _chunks.parse(response["stream"]["chunks"])
            ends = move(itertools.accumulate(size for _, size in pairs), found)
            sizes = (b - a for a, b in itertools.pairwise((0, *ends)))
            times = (ms for ms, _ in pairs)
            response["stream"]["chunks"] = " ".join(
                f"{ms}+{size}" for ms, size in zip(times, sizes, strict=True)
            )
