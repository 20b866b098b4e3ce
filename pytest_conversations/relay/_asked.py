"""What a client asked of the relay, and what became of it."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Asked:
    """A request that is over.

    Attributes:
        method: of HTTP.
        target: path and query, as they came.
        status: of the response; 0 where none was given.
        sent: how many bytes of its body, without content coding or not, as they came.
        ms: how long it took.
        fault: why it did not end well, in a few words; empty where it did.
    """

    method: str
    target: str
    status: int
    sent: int
    ms: int
    fault: str
