"""What stands before the API: the check of the key, and the headers that are on every reply."""

import secrets
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pytest_conversations._version import SANDBOX_SERVER
from pytest_conversations.sandbox._wire import dump, new_uuid

_REFUSED_KEY = "invalid"


class Gateway:
    """ASGI middleware that lets requests with a key pass and marks the replies.

    Every reply has a new request id, in two headers; the first reply of a server has a cookie.
    ``x-model-deprecation-timestamp`` is never sent: official SDKs crash on it (gotcha 24).

    Args:
        app: What is behind it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._cookies = iter([_cookie()])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection of ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["server"] = SANDBOX_SERVER  # so that no recording passes for a real one
                headers["mistral-correlation-id"] = headers["x-kong-request-id"] = str(new_uuid())
                for cookie in self._cookies:  # used up by the first reply
                    headers["set-cookie"] = cookie
            await send(message)

        refusal = _refusal(Headers(scope=scope).get("authorization", ""))
        await (refusal or self._app)(scope, receive, send_marked)


def _refusal(authorization: str) -> Response | None:
    """The 401 of the gateway: no envelope of the API, and a newline at its end (section 11)."""
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        detail = "Unauthorized"
    elif key.strip() == _REFUSED_KEY:
        detail = "Invalid API Key"
    else:
        return None
    return Response(dump({"detail": detail}) + b"\n", 401, media_type="application/json")


def _cookie() -> str:
    """The cookie that the content network sets on the first reply of a client."""
    value = f"{secrets.token_urlsafe(32)}-{time.time():.6f}-1.0.1.1-{secrets.token_urlsafe(96)}"
    return f"__cf_bm={value}; HttpOnly; SameSite=None; Secure; Path=/; Domain=mistral.ai"
