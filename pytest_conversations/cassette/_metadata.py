"""What a cassette says of itself, in vcrpy's own key ``metadata``."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from pytest_conversations._version import SANDBOX_SERVER, __version__
from pytest_conversations.cassette import _checksum
from pytest_conversations.cassette._scrub import Response, header_values

RECORDER = "pytest-conversations"
MIGRATED_FROM = "migrated_from"  # the files of another tool that what is older came from


def renewed(
    old: Mapping[str, object],
    responses: Sequence[Response],
    *,
    fresh: int,
    is_edited: bool = False,
) -> dict[str, object]:
    """The metadata of a cassette that is about to be written.

    Args:
        old: what it said before; keys of others are kept.
        responses: all that it holds. Where it gets a new date, those that are older are told
            theirs, in place.
        fresh: how many of them, at the end, were recorded just now.
        is_edited: whether the file is not what was recorded, which it is to tell further on.
    """
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    at = now if fresh else old.get("recorded_at")
    for response in responses[:-fresh] if fresh else ():
        if before := response.get("recorded_at", old.get("recorded_at")):
            response["recorded_at"] = before
    own = {"recorder", "recorded_at", "interactions", "end_mark", "sandbox", _checksum.KEY}
    own |= {MIGRATED_FROM} if fresh == len(responses) else set()
    return {
        **{key: value for key, value in old.items() if key not in own},
        "recorder": f"{RECORDER} {__version__}",
        **({"recorded_at": at} if at else {}),
        "end_mark": True,  # the file ends with one, so that a cut in its last interaction shows
        **({"sandbox": True} if from_sandbox(responses) else {}),
        **({_checksum.KEY: _checksum.BLANK} if is_edited else {}),
    }


def is_own(metadata: Mapping[str, object]) -> bool:
    """Whether a cassette is one that this package has recorded."""
    return str(metadata.get("recorder", "")).startswith(RECORDER)


def times(metadata: Mapping[str, object], responses: Iterable[Response]) -> list[object]:
    """When responses were recorded, each by its own note or by that of its file, else None.

    Args:
        metadata: what the file says.
        responses: those that are asked about.
    """
    file = metadata.get("recorded_at")
    return [response.get("recorded_at", file) for response in responses]


def from_sandbox(responses: Iterable[Response]) -> bool:
    """Whether any response is the sandbox's, by its ``Server`` header."""
    return any(
        SANDBOX_SERVER in values
        for response in responses
        for name, values in header_values(response)
        if name.lower() == "server"
    )
