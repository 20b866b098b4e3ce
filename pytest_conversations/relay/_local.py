"""Keeps a server on this machine from pages that are not of this machine."""

import ipaddress
import re

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

PAGES = r"https?://(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?"
_PAGES = re.compile(PAGES)
_HOST = re.compile(r"\[?([^\[\]]*?)\]?(?::\d+)?")


def is_loopback(host: str) -> bool:
    """Whether a name or an address is of this machine alone."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


class LocalOnly:
    """Refuses what a page elsewhere asks: a browser names the page, or the host that it means.

    A request that a browser sends without asking first would be recorded, or use a recording up;
    and the name of a page may stand for this machine (DNS rebinding).

    Args:
        app: answers the rest.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse."""
        headers = dict(scope.get("headers", ()))
        origin = headers.get(b"origin", b"").decode("latin-1")
        host = _HOST.fullmatch(headers.get(b"host", b"").decode("latin-1"))
        if scope["type"] == "http" and not (host and is_loopback(host[1])):
            refused = PlainTextResponse("This server answers to names of this machine.", 400)
            await refused(scope, receive, send)
        elif origin and not _PAGES.fullmatch(origin):
            refused = PlainTextResponse("This server answers to pages of this machine.", 403)
            await refused(scope, receive, send)
        else:
            await self._app(scope, receive, send)
