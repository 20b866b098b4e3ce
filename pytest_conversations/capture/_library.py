"""The HTTP libraries that are captured: httpx, and httpx2, its fork with the same interface."""

import dataclasses
import functools
import importlib
from collections.abc import Sequence
from types import ModuleType

import httpx


@dataclasses.dataclass(frozen=True, eq=False)
class Library:
    """One of them, by the names that capture needs; typed as httpx, which httpx2 equals there."""

    HTTPTransport: type[httpx.HTTPTransport]
    AsyncHTTPTransport: type[httpx.AsyncHTTPTransport]
    SyncByteStream: type[httpx.SyncByteStream]
    AsyncByteStream: type[httpx.AsyncByteStream]
    ByteStream: type[httpx.ByteStream]
    Request: type[httpx.Request]
    Response: type[httpx.Response]
    TransportError: type[httpx.TransportError]
    DecodingError: type[httpx.DecodingError]
    RequestNotRead: type[httpx.RequestNotRead]
    StreamConsumed: type[httpx.StreamConsumed]
    module: ModuleType

    def error(self, name: str) -> type[httpx.RequestError]:
        """The error of that class name; the base of transport errors where there is none."""
        found = getattr(self.module, name, None)
        if isinstance(found, type) and issubclass(found, (self.TransportError, self.DecodingError)):
            return found
        return self.TransportError


@functools.cache
def installed() -> Sequence[Library]:
    """The libraries that can be imported here, each once.

    They are imported, so that an app which does so later, during the test, is captured as well, and
    so that it can no longer be said afterwards that one name means both (``httpx2.alias_httpx``).
    Their cores, which each client of theirs imports, are there for the guard.
    """
    libraries: list[Library] = []
    for name in ("httpx", "httpx2"):
        try:
            module = importlib.import_module(name)
            importlib.import_module(name.replace("httpx", "httpcore"))
        except ImportError:
            continue
        fields = [field.name for field in dataclasses.fields(Library) if field.name != "module"]
        named = {field: getattr(module, field) for field in fields}
        library = Library(**named, module=module)
        # One library under both names would be captured twice over.
        if all(library.HTTPTransport is not each.HTTPTransport for each in libraries):
            libraries.append(library)
    return libraries
