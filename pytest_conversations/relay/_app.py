"""The relay as an app, for who may talk to it."""

import contextlib
from collections.abc import AsyncIterator, Callable

import httpx
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route

from pytest_conversations.relay._asked import Asked
from pytest_conversations.relay._local import PAGES, LocalOnly
from pytest_conversations.relay._relay import Relay


def create_app(
    server_url: str,
    *,
    is_local: bool = True,
    note: Callable[[Asked], None] = lambda _: None,
    page: Callable[[], str] | None = None,
    unreached: str = "",
) -> Starlette:
    """An ASGI app that answers as another server does.

    Args:
        server_url: of that server; requests go there through httpx.
        is_local: whether to refuse what pages elsewhere ask; see `LocalOnly`.
        note: is told of each request when it is over.
        page: gives the HTML that stands at ``/``; None where that is asked of the server, too.
        unreached: what is said where that server itself gave no response.
    """
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    client = httpx.AsyncClient(timeout=None, limits=limits)  # noqa: S113 - the caller's one counts

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with client:
            yield

    pages = Middleware(
        CORSMiddleware,
        allow_origin_regex=PAGES,
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=["*"],
    )

    def front(_: Request) -> Response:
        return HTMLResponse("" if page is None else page(), headers={"Cache-Control": "no-store"})

    def icon(_: Request) -> Response:
        return Response(status_code=204)

    # A browser that shows the page asks for its icon.
    own = [] if page is None else [Route("/", front), Route("/favicon.ico", icon)]
    return Starlette(
        routes=[*own, Mount("/", Relay(client, server_url, note, unreached))],
        middleware=[Middleware(LocalOnly), pages] if is_local else [pages],
        lifespan=lifespan,
    )
