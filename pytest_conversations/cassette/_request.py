"""vcrpy's model of a request, made of what is known to be as it wants it.

So a cassette of many requests is read, and each request that is replayed is made, in a fraction of
the time: nothing is asked about the body, and a URL is parsed when somebody wants its parts.
"""

import copy
import functools
from collections.abc import Mapping
from urllib.parse import ParseResult, urlparse

from vcr.request import HeadersDict, Request


class CassetteRequest(Request):
    """A request whose body is bytes, or None.

    Args:
        method: of the request.
        uri: its URL. It is not logged, as vcrpy does.
        body: all of it.
        headers: by name the value, or a list of which the first counts.
    """

    def __init__(
        self, method: str, uri: str, body: bytes | None, headers: Mapping[str, str | list[str]]
    ) -> None:
        self.method = method
        self._uri = uri
        self._body = body
        self._headers = _Headers(headers)
        self._was_file = self._was_iter = False

    def copied(self) -> "CassetteRequest":
        """Another one that is equal, with headers of its own."""
        made = copy.copy(self)
        made._headers = _Headers(self._headers)  # noqa: SLF001 - it is one of these
        return made

    @functools.cached_property
    def parsed_uri(self) -> ParseResult:
        """The parts of the URL; vcrpy sets them anew with each other URL."""
        uri: str = self._uri
        return urlparse(uri)


class _Headers(HeadersDict):
    """vcrpy's headers, made in one go where no name stands there twice."""

    def __init__(self, given: Mapping[str, str | list[str]]) -> None:
        self._store = {
            name.lower(): (name, value if isinstance(value, str) else value[0])
            for name, value in given.items()
        }
        if len(self._store) != len(given):
            super().__init__(given)  # type: ignore[no-untyped-call]
