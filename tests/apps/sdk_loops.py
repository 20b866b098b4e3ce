"""Apps on the loops of the official SDK, which call a function of the app: what they see."""

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from mistralai.extra.run.context import RunContext

try:
    from mistralai.client import Mistral
except ImportError:  # version 1
    from mistralai import Mistral  # type: ignore[attr-defined,no-redef]

PROMPT = "What is the weather in Paris?"

pytestmark = pytest.mark.conversations


@pytest.fixture
def seen(request: pytest.FixtureRequest) -> Iterator[list[object]]:
    """What the app saw. Kept in a file."""
    seen: list[object] = []
    yield seen
    Path(os.environ["APPS_SEEN"], f"{request.node.name}.json").write_text(
        json.dumps(seen), encoding="utf-8"
    )


@pytest.fixture
def called() -> list[str]:
    """What the function of the app was called with."""
    return []


def make(called: list[str]) -> RunContext:
    """A run with a function, and room for its conversation."""
    context = RunContext(model="mistral-medium-latest")

    @context.register_func
    def get_weather(city: str) -> str:
        """Tell the weather of a city.

        Args:
            city: its name
        """
        called.append(city)
        return "rain"

    return context


def client() -> Mistral:
    """The SDK, as an app makes it."""
    return Mistral(api_key=os.environ.get("MISTRAL_API_KEY", "none"))


def test_run(seen: list[object], called: list[str]) -> None:
    """The loop calls the function, and goes on with what it gave."""

    async def run() -> None:
        async with make(called) as context:
            result = await client().beta.conversations.run_async(run_ctx=context, inputs=PROMPT)
            seen.extend(entry.model_dump(mode="json") for entry in result.output_entries)

    asyncio.run(run())
    assert len(called) == 1
    assert "The result of get_weather is: rain" in json.dumps(seen)


def test_run_stream(seen: list[object], called: list[str]) -> None:
    """So does the loop that streams."""

    async def run() -> None:
        async with make(called) as context:
            events = await client().beta.conversations.run_stream_async(
                run_ctx=context, inputs=PROMPT
            )
            async for event in events:
                seen.append(getattr(event, "event", type(event).__name__))
                if hasattr(event, "output_entries"):
                    seen.extend(entry.model_dump(mode="json") for entry in event.output_entries)

    asyncio.run(run())
    assert len(called) == 1
    assert "rain" in json.dumps(seen)
    assert seen.count("conversation.response.started") == 2
