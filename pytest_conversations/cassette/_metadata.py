"""What a cassette says of itself, in vcrpy's own key ``metadata``."""

import datetime as dt
from collections.abc import Iterable, Mapping

from pytest_conversations._version import SANDBOX_SERVER, __version__
from pytest_conversations.cassette._scrub import Response, header_values

RECORDER = "pytest-conversations"


def renewed(
    old: Mapping[str, object], responses: Iterable[Response], *, is_new: bool = True
) -> dict[str, object]:
    """The metadata of a cassette that is about to be written.

    Args:
        old: what it said before; keys of others are kept.
        responses: all that it holds.
        is_new: whether something of it was recorded just now.
    """
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    at = now if is_new else old.get("recorded_at")
    own = {"recorder", "recorded_at", "interactions", "end_mark", "sandbox", "checksum"}
    return {
        **{key: value for key, value in old.items() if key not in own},
        "recorder": f"{RECORDER} {__version__}",
        **({"recorded_at": at} if at else {}),
        "end_mark": True,  # the file ends with one, so that a cut in its last interaction shows
        **({"sandbox": True} if from_sandbox(responses) else {}),
    }


def is_own(metadata: Mapping[str, object]) -> bool:
    """Whether a cassette is one that this package has recorded."""
    return str(metadata.get("recorder", "")).startswith(RECORDER)


def from_sandbox(responses: Iterable[Response]) -> bool:
    """Whether any response is the sandbox's, by its ``Server`` header."""
    return any(
        SANDBOX_SERVER in values
        for response in responses
        for name, values in header_values(response)
        if name.lower() == "server"
    )
