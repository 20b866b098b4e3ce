"""What a client is told that goes to the API past the capture, and what the developer is."""

from pytest_conversations.cassette import ConversationCassette
from pytest_conversations.errors import UnrecordedRequestError


def meet(cassette: ConversationCassette, warned: set[str], asked: str, guarded: str) -> None:
    """Refuse a client on replay; warn of it while the test is recorded.

    Args:
        cassette: of the test.
        warned: the URLs that were warned of, to add to.
        asked: the URL of the origin that the client goes to.
        guarded: that of the origin that is captured: the same, or another one of the same host.

    Raises:
        UnrecordedRequestError: the cassette does not record.
    """
    __tracebackhide__ = True  # pytest: the caller's frames are what matters
    who, why, instead = "A client that is not captured", _CLIENTS, _INSTEAD
    if asked != guarded:  # a client that is captured would come by as well
        who, why, instead = "A client", _ORIGIN.format(guarded), _THERE
    if not cassette.records:
        msg = f"{who} {_REFUSED.format(asked)}. {why}. {instead}"
        raise cassette.refuse(UnrecordedRequestError(msg))
    if asked not in warned:
        warned.add(asked)
        cassette.warn(f"{who} {_NOT_RECORDED.format(asked)}. {why}")


_REFUSED = "was about to go to {}, while this test replays; nothing was sent"
_NOT_RECORDED = (
    "goes to {} while this test is recorded: what it does there is not in the cassette, and will "
    "fail on replay"
)
_CLIENTS = (
    "Captured are httpx and httpx2, sync and async, and what stands on them, such as the official "
    "SDK; requests, aiohttp, urllib, other transports of httpx, bare sockets and other processes "
    "are not"
)
_INSTEAD = (
    "Let the app use one of the first, let it go to the URL of the fixture conversations_server, "
    "or take the test's marker away"
)
_ORIGIN = "Of that host {} is captured, which is another origin, since its scheme or port differs"
_THERE = "Let the app go to that one, or name the other in `origins` of conversations_config, too"
