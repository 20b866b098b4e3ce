"""The official SDK behind one synchronous face, sync or async below it, of whichever version."""

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from pydantic import BaseModel


class Official:
    """The SDK's conversations. An operation takes ``server_url`` like any other argument."""

    def __init__(self, portal: BlockingPortal | None) -> None:
        sdk = pytest.importorskip("mistralai.client")
        self.errors = pytest.importorskip("mistralai.client.errors")
        self.utils = pytest.importorskip("mistralai.client.utils")
        self._conversations = sdk.Mistral(api_key="KEY").beta.conversations
        self._portal = portal

    def operation(self, name: str) -> Callable[..., Any]:
        """The method of an operation, of the kind that is called."""
        method: Callable[..., Any] = getattr(
            self._conversations, name if self._portal is None else f"{name}_async"
        )
        return method

    def perform(self, name: str, arguments: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as the operation
        """Call an operation; a stream is read to its end."""
        seen: list[object] = []
        reply = self.collect(name, arguments, seen)
        return seen if name.endswith("_stream") else reply

    def collect(self, name: str, arguments: Mapping[str, Any], seen: list[Any]) -> Any:  # noqa: ANN401 - as the operation
        """The same, into a list that keeps the events that came before an error."""
        call = functools.partial(self.operation(name), **arguments)
        streams = name.endswith("_stream")
        if self._portal is None:
            reply = call()
            if streams:
                with reply:
                    for event in reply:
                        seen.append(event)  # noqa: PERF402 - what came before an error stays
            return reply

        async def run() -> object:
            reply = await call()
            if streams:
                async with reply:
                    async for event in reply:
                        seen.append(event)  # noqa: PERF401 - what came before an error stays
            return reply

        return self._portal.call(run)


@contextmanager
def official(*, is_async: bool) -> Iterator[Official]:
    """The SDK, sync or async."""
    if is_async:
        with start_blocking_portal() as portal:
            yield Official(portal)
    else:
        yield Official(None)


def assert_same(ours: Any, theirs: Any, place: str = "reply") -> None:  # noqa: ANN401 - any model
    """What the SDK parsed is in ours, field by field, under the same class names."""
    if type(theirs).__name__ == "Unset":
        assert ours is None, place
    elif theirs is None and ours is not None:
        # A null for what has a default: the SDK keeps it, ours is the default.
        assert ours in {0, "", "assistant", "entry", "message.output"}, place
    elif isinstance(theirs, BaseModel):
        assert type(ours).__name__ == type(theirs).__name__, place
        if hasattr(theirs, "is_unknown"):
            assert ours.raw == getattr(theirs, "raw"), place  # noqa: B009 - only these have it
            return
        for name in type(theirs).model_fields:
            assert_same(getattr(ours, name), getattr(theirs, name), f"{place}.{name}")
    elif isinstance(theirs, list):
        assert len(ours) == len(theirs), place
        for index, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
            assert_same(mine, other, f"{place}[{index}]")
    else:
        assert ours == theirs, place
