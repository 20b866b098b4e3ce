"""Interactions: whole ones, and those that are under way."""

from typing import NamedTuple

from vcr.request import Request

from pytest_conversations.cassette._scrub import Response


class Interaction(NamedTuple):
    """A request, as vcrpy models it, and its response, as vcrpy stores it."""

    request: Request
    response: Response


class Recording:
    """A place in the cassette for an interaction that is under way.

    Attributes:
        request: what was sent, not scrubbed yet.
        response: what came back; None until it is known.
        retried: whether the client waited then, to try again.
    """

    def __init__(self, request: Request) -> None:
        self.request = request
        self.response: Response | None = None
        self.retried = False

    def retry(self) -> None:
        """Note that the client waits, to try again."""
        self.retried = True


def was_answered(response: Response) -> bool:
    """Whether the API answered a request, as far as anybody knows."""
    # Of a task that was cancelled nobody knows whether it would have been.
    cancelled = response.get("error", {}).get("type") == "CancelledError"
    return bool(response["status"]["code"]) or cancelled
