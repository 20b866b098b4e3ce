"""A cassette as a transcript in the terminal."""

import datetime as dt
import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import JsonValue
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from pytest_conversations._plural import counted
from pytest_conversations.cassette import load
from pytest_conversations.transcript import Exchange, as_text, exchanges, said, sparkline, visible

_WIDEST = 100  # characters; a line that is longer is hard to read
_ENDLESS = 1_000_000
_INDENT = 4
_BARS = 40  # of a sparkline
_STYLES = {
    "user": "bold green",
    "assistant": "bold blue",
    "calls": "magenta",
    "uses": "magenta",
    "result": "cyan",
    "hands off": "yellow",
}


def show(
    path: Path, console: Console, *, name: str = "", events: bool = False, raw: bool = False
) -> None:
    """Print a cassette.

    Args:
        path: of the file; vcrpy's are shown as well.
        console: where to; what is no terminal gets plain text.
        name: what to call it, where there are several.
        events: whether to list the events of streams.
        raw: whether to print the bodies as they came, with the cuts between chunks.

    Raises:
        CassetteError: the file cannot be read.
    """
    interactions, metadata = load(path)
    # What is no terminal, such as a file or another program, gets lines as long as they are.
    console.width = min(console.width, _WIDEST) if console.is_terminal else _ENDLESS
    _print(_head(name, len(interactions), metadata), console)
    for exchange in exchanges(interactions):
        _print(_title(exchange), console)
        _print(Group(*_parts(exchange, events=events, raw=raw)), console, _INDENT)
        console.file.write("\n")


def _print(what: RenderableType, console: Console, indent: int = 0) -> None:
    # Not by rich's padding, which fills each line up to the longest, and that may be a megabyte.
    width = console.width - indent if console.is_terminal else console.measure(what).maximum
    with console.capture() as capture:
        console.print(what, highlight=False, width=width)
    for line in capture.get().splitlines():
        console.file.write((" " * indent + line).rstrip() + "\n")


def _head(name: str, count: int, told: Mapping[str, object]) -> Text:
    words = [*([name] if name else []), counted(count, "interaction")]
    if isinstance(at := told.get("recorded_at"), dt.datetime):
        words.append(f"recorded {at:%Y-%m-%d}")
    words += [str(told["recorder"])] if "recorder" in told else []
    words += ["from the sandbox"] if told.get("sandbox") else []
    return Text(visible(" · ".join(words)) + "\n", style="bold")


def _title(exchange: Exchange) -> Text:
    title = Text()
    title.append(f"{exchange.number:>2}  ", style="dim")
    title.append(visible(exchange.operation or exchange.method), style="bold")
    title.append(visible(f"  {exchange.place}".rstrip() + "  "), style="dim")
    if model := _model(exchange):
        title.append(visible(f"{model}  "))
    title.append(*_status(exchange))
    if exchange.ms:
        title.append(f"  {_duration(exchange.ms)}", style="dim")
    if exchange.test:
        title.append(visible(f"  {exchange.test}"), style="dim")
    return title


def _model(exchange: Exchange) -> str:
    """What a conversation is started with: a model, or an agent."""
    body = exchange.request if isinstance(exchange.request, dict) else {}
    return str(body.get("model") or body.get("agent_id") or "")


def _status(exchange: Exchange) -> tuple[str, str]:
    if not exchange.status:
        return "no response", "bold red"
    words = visible(f"{exchange.status} {exchange.reason}".strip())
    return words, "green" if exchange.status < 400 else "bold red"  # noqa: PLR2004 - RFC 9110


def _parts(exchange: Exchange, *, events: bool, raw: bool) -> Iterator[RenderableType]:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column()
    for entry in (*exchange.asked, *exchange.answered):
        who, words = said(entry)
        grid.add_row(Text(visible(who), style=_STYLES.get(who, "dim")), Text(visible(words)))
    if grid.row_count:
        yield grid
    if not raw and not (exchange.is_stream and grid.row_count):
        yield from _bodies(exchange)
    if exchange.is_stream:
        yield _stream_line(exchange)
    if exchange.error:
        yield Text(visible(exchange.error), style="bold red")
    counts = [
        f"{key.removesuffix('_tokens')} {n}" for key, n in exchange.usage.items() if _is_count(n)
    ]
    if counts:
        yield Text(visible(f"tokens: {', '.join(counts)}"), style="dim")
    if events:
        yield _event_table(exchange)
    if raw:
        yield from _raw(exchange)


def _bodies(exchange: Exchange) -> Iterator[Text]:
    """What is sent and received that makes no entries."""
    bodies = [
        ("→", None if exchange.asked else exchange.request),
        ("←", None if exchange.answered else exchange.response),
    ]
    for arrow, body in bodies:
        if body is not None:
            yield Text(f"{arrow} {visible(as_text(_said(body), indent=2))}")


def _said(body: JsonValue) -> JsonValue:
    """JSON data without what says nothing: most of what describes a conversation is null."""
    if isinstance(body, dict):
        each = {key: _said(value) for key, value in body.items()}
        return {key: value for key, value in each.items() if value not in (None, [], {})}
    return [_said(item) for item in body] if isinstance(body, list) else body


def _stream_line(exchange: Exchange) -> Text:
    chunks = counted(len(exchange.chunks), "chunk") if exchange.chunks else "unknown chunks"
    count = f"{counted(len(exchange.events), 'event')} in {chunks}"
    line = Text(count, style="dim")
    if exchange.events and exchange.ms:
        line.append(f", the first after {_duration(exchange.events[0].ms)}")
        bars = sparkline(exchange.chunks, _BARS)
        line.append(f"\n{bars.rstrip()}", style="blue")
    return line


def _event_table(exchange: Exchange) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", style="dim", no_wrap=True)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold", min_width=20)
    for event in exchange.events:
        data = visible(as_text(event.data))
        table.add_row(f"{event.ms} ms", Text(visible(event.name)), Text(data))
    return table


def _raw(exchange: Exchange) -> Iterator[Text]:
    ends = itertools.accumulate(len(chunk.data) for chunk in exchange.chunks)
    edges = sorted({0, *ends, len(exchange.body)})
    text = Text()
    for start, end in itertools.pairwise(edges):
        text.append(visible(exchange.body[start:end].decode("utf-8", "backslashreplace")))
        if end < len(exchange.body):
            text.append("│", style="bold red")
    yield text


def _is_count(value: JsonValue) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _duration(ms: int) -> str:
    return f"{ms} ms" if ms < 1000 else f"{ms / 1000:.1f} s"  # noqa: PLR2004 - of a second
