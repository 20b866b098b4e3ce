"""The HTTP libraries that are captured, each sync and async, behind one synchronous face."""

import asyncio
import contextlib
import types
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

from pytest_conversations.capture import Capture, Shape
from pytest_conversations.cassette import ConversationCassette, Scrubber

KEY = "zK4dummy0key1for2tests3only4xyzw"
HEADERS = {"authorization": f"Bearer {KEY}"}


class Client:
    """One client, sync or async, of one library, driven from synchronous tests."""

    def __init__(self, library: types.ModuleType, *, is_async: bool) -> None:
        self.library = library
        self._is_async = is_async

    def post(self, url: str, body: object = None, read: str = "iter_raw") -> list[object]:
        """Post, read the response with the method of that name, and give what it gave."""
        seen: list[object] = []
        self.collect(url, seen, body=body, read=read)
        return seen

    def collect(
        self,
        url: str,
        seen: list[object],
        *,
        body: object = None,
        read: str = "iter_raw",
        stop_after: int | None = None,
        on_first: Callable[[], None] = lambda: None,
        timeout: float = 10,
    ) -> None:
        """The same, into a list that keeps what was read before an error."""

        def take(item: object) -> bool:
            seen.append(item)
            if len(seen) == 1:
                on_first()
            return len(seen) == stop_after

        if self._is_async:
            asyncio.run(self._collect_async(url, body, read, take, timeout))
        else:
            self._collect_sync(url, body, read, take, timeout)

    def upload(self, url: str, *parts: bytes) -> int:
        """Post a body that comes out of a generator, follow redirects, and give the status code."""
        if self._is_async:
            return asyncio.run(self._upload_async(url, parts))
        with self.library.Client(follow_redirects=True, headers=HEADERS) as client:
            code: int = client.post(url, content=(part for part in parts)).status_code
        return code

    async def _upload_async(self, url: str, parts: tuple[bytes, ...]) -> int:
        async def generated() -> AsyncIterator[bytes]:
            for part in parts:
                yield part

        async with self.library.AsyncClient(follow_redirects=True, headers=HEADERS) as client:
            code: int = (await client.post(url, content=generated())).status_code
        return code

    def _collect_sync(
        self, url: str, body: object, read: str, take: Callable[[object], bool], timeout: float
    ) -> None:
        with (
            self.library.Client(timeout=timeout) as client,
            client.stream("POST", url, json=body, headers=HEADERS) as response,
        ):
            if read == "read":
                take(response.read())
                return
            for item in getattr(response, read)():
                if take(item):
                    return

    async def _collect_async(
        self, url: str, body: object, read: str, take: Callable[[object], bool], limit: float
    ) -> None:
        async with (
            self.library.AsyncClient(timeout=limit) as client,
            client.stream("POST", url, json=body, headers=HEADERS) as response,
        ):
            if read == "read":
                take(await response.aread())
                return
            items: AsyncIterator[object] = getattr(response, f"a{read}")()
            async for item in items:
                if take(item):
                    return


Capturing = Callable[..., contextlib.AbstractContextManager[ConversationCassette]]


def capturing_into(path: Path) -> Capturing:
    """Open a cassette in a mode and capture; write it at the end."""

    @contextlib.contextmanager
    def open_cassette(
        url: str,
        mode: str = "once",
        send_to: str | None = None,
        shape: Shape | None = None,
        waiting: tuple[str, ...] = (),
        keyed: tuple[str, ...] = (),
        more: tuple[str, ...] = (),
    ) -> Iterator[ConversationCassette]:
        cassette = ConversationCassette(
            str(path), mode=mode, scrubber=Scrubber({"MISTRAL_API_KEY": KEY})
        )
        capture = Capture(
            cassette, [url, *more], send_to=send_to, shape=shape, waiting=waiting, keyed=keyed
        )
        with capture.installed():
            yield cassette
        cassette.write()

    return open_cassette
