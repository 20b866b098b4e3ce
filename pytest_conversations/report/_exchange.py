"""One exchange of a cassette as the page shows it."""

import dataclasses
from collections.abc import Iterable, Mapping

from pytest_conversations.cassette import Interaction, Response, body_bytes, header_values
from pytest_conversations.report._bodies import (
    Clipped,
    Raw,
    Row,
    raw,
    rows,
    shown_body,
)
from pytest_conversations.report._limits import (
    Budget,
    Cut,
    LeftOut,
    Limits,
    duration,
    grouped,
    left_out_here,
    size,
)
from pytest_conversations.report._timeline import Timeline, timeline
from pytest_conversations.report._turns import Turn, refusal, turns
from pytest_conversations.transcript import Exchange, exchange

_BAD = 400  # RFC 9110


@dataclasses.dataclass(frozen=True)
class Message:
    """A request or a response by itself.

    Attributes:
        label: which of the two.
        headers: names and values.
        body: its text; None where there is none, or it is shown as a stream.
        is_open: whether no turn shows what it says.
    """

    label: str
    headers: tuple[tuple[str, str], ...]
    body: Cut | None
    is_open: bool


@dataclasses.dataclass(frozen=True)
class Shown:
    """An exchange.

    Attributes:
        anchor: of its link.
        number: from 1.
        title: the operation, or the method of HTTP.
        place: the conversation it is about; of another API, the URL.
        status: in words.
        is_bad: whether the status is that of a failure.
        took: how long the response took; may be empty.
        test: whose it is, in a cassette that tests share.
        is_unused: whether no test of the run played it.
        turns: what was said.
        turns_note: a sentence about turns that are not there; may be empty.
        messages: the request, the response.
        stream: its picture; None where it is no stream.
        events: the list of its events.
        events_note: a sentence about events that are not there.
        raw: its bytes.
        read_note: a sentence about how much of a huge stream was read.
        error: how it failed; may be empty.
        tokens: counts, in words; may be empty.
    """

    anchor: str
    number: int
    title: str
    place: str
    status: str
    is_bad: bool
    took: str
    test: str
    is_unused: bool
    turns: tuple[Turn, ...]
    turns_note: str
    messages: tuple[Message, ...]
    stream: Timeline | None
    events: tuple[Row, ...]
    events_note: str
    raw: Raw | None
    read_note: str
    error: str
    tokens: str


def shown(
    number: int,
    clipped: Clipped,
    *,
    anchor: str,
    is_unused: bool,
    limits: Limits,
    left_out: LeftOut,
) -> Shown:
    """Prepare an exchange for the page.

    Args:
        number: from 1, in the order of the cassette.
        clipped: as it stands there, without secrets.
        anchor: of its cassette.
        is_unused: whether no test of the run played it.
        limits: of the page.
        left_out: where to count what is too much.
    """
    interaction, table, total = clipped
    made = exchange(number, interaction)
    total = total or len(made.body)
    budget = Budget(limits, left_out)
    said, rest = turns([*made.asked, *made.answered], budget)
    if said and made.status >= _BAD and not made.is_stream and made.response is not None:
        said.append(refusal(made.response, budget))
    pairs = table or [(chunk.ms, len(chunk.data)) for chunk in made.chunks]
    stream = bytes_ = None
    events: list[Row] = []
    events_note = ""
    if made.is_stream:
        bytes_ = raw(made, total, limits, left_out)
        events, events_note = rows(made.events, limits, left_out)
        left_out.marks += max(0, len(pairs) - limits.marks)
        stream = timeline(
            pairs,
            made.events,
            tokens=_count(made.usage, "completion_tokens"),
            error=made.error,
            was_closed=bool(made.error) and not is_bad(interaction.response),
            shown=len(bytes_.pieces),
            limits=limits,
        )
    read = len(made.body)
    return Shown(
        anchor=f"{anchor}:{number}",
        number=number,
        title=made.operation or made.method,
        place=made.place,
        status=f"{made.status} {made.reason}".strip() if made.status else "no response",
        is_bad=not made.status or made.status >= _BAD,
        took=duration(made.ms) if made.ms else "",
        test=made.test,
        is_unused=is_unused,
        turns=tuple(said),
        turns_note=left_out_here(rest, "more entry", "more entries") if rest else "",
        messages=_messages(made, interaction, limits, left_out),
        stream=stream,
        events=tuple(events),
        events_note=events_note,
        raw=bytes_,
        read_note=f"The first {size(read)} of {size(total)} were read, for what is said and for "
        "the events; the timeline has all chunks."
        if read < total
        else "",
        error=made.error,
        tokens=_tokens(made.usage),
    )


def is_bad(response: Response) -> bool:
    """Whether a response is an error, or did not come whole, or not at all."""
    status: int = response["status"]["code"]
    failed = response.get("error") or response.get("stream", {}).get("error")
    return not status or status >= _BAD or bool(failed)


def _messages(
    made: Exchange, interaction: Interaction, limits: Limits, left_out: LeftOut
) -> tuple[Message, ...]:
    request, response = interaction
    sent = came = None
    if made.request is not None:
        sent = shown_body(made.request, len(body_bytes(request)), limits, left_out)
    if made.response is not None:
        came = shown_body(made.response, len(made.body), limits, left_out)
    is_refused = bool(made.asked) and made.status >= _BAD  # which a turn tells
    return (
        Message(
            "Request",
            _headers(request.headers.items()),
            sent,
            is_open=sent is not None and not made.asked,
        ),
        Message(
            "Response",
            _headers(header_values(response)),
            came,
            is_open=came is not None and not made.answered and not is_refused,
        ),
    )


def _headers(pairs: Iterable[tuple[str, str | list[str]]]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, value if isinstance(value, str) else ", ".join(value)) for name, value in pairs
    )


def _count(usage: Mapping[str, object], key: str) -> int:
    value = usage.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _tokens(usage: Mapping[str, object]) -> str:
    counts = {key: _count(usage, key) for key in usage}
    return ", ".join(
        f"{key.removesuffix('_tokens')} {grouped(count)}" for key, count in counts.items() if count
    )
