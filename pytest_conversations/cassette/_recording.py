"""Interactions: whole ones, and those that are under way."""

import copy
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from vcr.request import Request

from pytest_conversations.cassette import _chunks
from pytest_conversations.cassette._scrub import Response, Scrubber

RequestHook: TypeAlias = Callable[[Request], Request | None]
ResponseHook: TypeAlias = Callable[[Response], Response | None]


class Interaction(NamedTuple):
    """A request, as vcrpy models it, and its response, as vcrpy stores it."""

    request: Request
    response: Response


class Recording:
    """A place in the cassette for an interaction that is under way.

    Attributes:
        request: what was sent, not scrubbed yet.
        made: the same as it was looked for; None where nobody did.
        kept: the same as it is kept; None until that is known.
        response: what came back; None until it is known.
        retried: whether the client waited then, to try again.
    """

    def __init__(self, request: Request, made: Request | None = None) -> None:
        self.request = request
        self.made = made
        self.kept: Request | None = None
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


def scrubbing(hook: RequestHook | None, scrubber: Scrubber, *, headers: bool = True) -> RequestHook:
    """The user's hook, and then the scrubber, so that what the hook put in is scrubbed, too.

    Args:
        hook: the user's.
        scrubber: takes the secrets out.
        headers: False where nobody looks at those, as in most comparisons.
    """

    def before_record_request(request: Request) -> Request | None:
        # The scrubber puts new values in place of the old ones, where a hook may change these.
        made = copy.copy(request) if hook is None else hook(copy.deepcopy(request))
        return None if made is None else scrubber.request(made, headers=headers)

    return before_record_request


def finished(
    recordings: Iterable[Recording],
    before_request: RequestHook,
    before_response: ResponseHook,
    scrub: Callable[[Request, Response], Response],
    *,
    test: str | None,
) -> Iterator[Interaction]:
    """The recordings that have a response, as they are kept.

    Args:
        recordings: in the order sent.
        before_request: makes of each request what is kept, or None where it is not.
        before_response: likewise.
        scrub: takes the secrets out of what the latter gives; a request has none any more.
        test: whose they are, to be noted beside each response; None to note nothing.
    """
    for recording in recordings:
        if recording.response is None:  # nothing came back before the test was over
            continue
        # Not by vcrpy's `append`, which logs the response as it came, with all that is in it.
        request = recording.kept = before_request(recording.request)
        response = before_response(copy.deepcopy(recording.response))
        if request is not None and response is not None:
            if isinstance(body := response["body"].get("string"), str):  # a hook may have set it
                response["body"]["string"] = body.encode()
            _chunks.mend(response)  # the hook may have changed the body
            notes: Response = {"retried": True} if recording.retried else {}
            notes |= {} if test is None else {"test": test}
            yield Interaction(request, scrub(request, response | notes))


def warn_of_late(
    recordings: Iterable[Recording],
    key: Callable[[Request], Hashable],
    warn: Callable[[str], None],
) -> None:
    """Warn of requests that a replay will not find, since it looks for them as they were made.

    Args:
        recordings: those that are kept.
        key: of a request, which is to be the same.
        warn: gives a warning.
    """
    for each in recordings:
        if each.made is not None and each.kept is not None and key(each.made) != key(each.kept):
            warn(_LATE.format(each.kept.method))


_LATE = (
    "a {} request holds what only a later request showed to be a credential. In the cassette a "
    "placeholder stands for it, and a replay will not find it: name the variable of the credential "
    "in conversations_scrub, and record it again"
)


def would_lose(old: Sequence[Response], new: Sequence[Response]) -> bool:
    """Whether new responses hold failures where old ones hold none."""
    # A test of failures has had some before.
    return not all(map(was_answered, new)) and bool(old) and all(map(was_answered, old))
