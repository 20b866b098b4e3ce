"""The cassette of a test from its opening to its writing. It does not know pytest."""

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence

from pytest_conversations._age import MaxAge
from pytest_conversations._options import SERVER_URL
from pytest_conversations._plural import counted
from pytest_conversations._settings import Settings
from pytest_conversations._tally import Tally
from pytest_conversations.capture import Capture, Shape
from pytest_conversations.cassette import (
    ConversationCassette,
    Hints,
    Interaction,
    Matching,
    Scrubber,
    Sharing,
)
from pytest_conversations.errors import CassetteError

# Where our client, and the official SDK in its versions 2 and 3, and 1, wait before they try again.
WAITING = (
    "pytest_conversations.client._waiting",
    "mistralai.client.utils.retries",
    "mistralai.utils.retries",
)


WITH_UNUSED = frozenset({"none", "once", "new_episodes"})  # modes that play

_matching = functools.lru_cache(maxsize=16)(Matching)  # most tests of a run have the same


@contextlib.contextmanager
def cassette_of_test(
    path: str,
    settings: Settings,
    *,
    sharing: Sharing,
    scrubber: Scrubber,
    sandbox_url: Callable[[], str],
    hints: Hints,
    outcome: Callable[[], str],
    tally: Tally,
) -> Iterator[ConversationCassette]:
    """Open the cassette of a test, capture while the block runs, then write what is to be written.

    Args:
        path: the file.
        settings: what applies to the test.
        sharing: whose the cassette is, and whether others are known to use it.
        scrubber: what takes the secrets out.
        sandbox_url: starts the sandbox if need be, and gives its URL.
        hints: for messages.
        outcome: how the test went: ``passed``, ``failed`` or another word of pytest's.
        tally: the counts of the run, to add to.

    Yields:
        The cassette.

    Raises:
        CassetteError: the cassette cannot be read or written, or a request was refused after the
            test itself.
        ValueError: a name in ``match_on`` is no matcher, or a text in ``match_ignore`` no pointer.
    """
    cassette = ConversationCassette(
        path,
        mode=settings.mode,
        scrubber=scrubber,
        matching=_matching(settings.match_on or Matching.DEFAULT, settings.match_ignore),
        before_record_request=settings.before_record_request,
        before_record_response=settings.before_record_response,
        sharing=sharing,
        hints=hints,
    )
    send_to = sandbox_url() if settings.sandbox and cassette.records else None
    capture = Capture(
        cassette,
        [SERVER_URL, settings.server_url, *settings.origins],
        send_to=send_to,
        shape=Shape(settings.chunking, settings.pace, settings.cut_after),
        waiting=WAITING,
        keyed=[SERVER_URL],
    )
    _refuse_namesake(cassette.path, tally)
    tally.cassettes.append(cassette.path)
    if cassette.is_shared:
        tally.note_sharing(cassette.path)
    if cassette.is_edited:
        tally.edited.append(cassette.path)
    with capture.installed():
        yield cassette
    tally.replayed += cassette.play_count
    _finish(
        cassette,
        settings,
        outcome(),
        test=sharing.test,
        scrubber=scrubber,
        hints=hints,
        tally=tally,
    )


def is_kept(how: str, settings: Settings) -> bool:
    """Whether what a test records is written.

    Args:
        how: the test went.
        settings: what applies to it.
    """
    return how == "passed" or settings.keep_failed


def _finish(
    cassette: ConversationCassette,
    settings: Settings,
    how: str,
    *,
    test: str,
    scrubber: Scrubber,
    hints: Hints,
    tally: Tally,
) -> None:
    # What a test does not play of a shared cassette another may.
    unused = cassette.unused if how == "passed" and not cassette.is_shared else []
    if how == "passed" and cassette.refusals:  # by a fixture that was torn down after the test
        raise cassette.refusals[0]
    # Before it is written, after which another test may have changed what is where.
    played = cassette.played_from() if how == "passed" and settings.max_age is not None else []
    if settings.mode == "verify":
        if how in {"passed", "failed"}:  # on its own words, while the shape may have changed, too
            tally.verified += cassette.answered_count
            cassette.verify(is_whole=how == "passed")
    elif is_kept(how, settings):
        tally.unwritten.pop(test, None)  # where a plugin runs a test again, that of the run before
        recorded = cassette.recorded_count
        _write(cassette, scrubber, tally, test)
        if recorded:
            _warn_of_unsearched(scrubber, cassette.warn)
        tally.note_scrubbed(
            {f"{rule}, {place}": count for (rule, place), count in scrubber.counts.items()}
        )
    elif cassette.recorded_count:
        advice = hints.failed if how == "failed" else ""
        tally.unwritten[test] = (scrubber.known(cassette.path), f"the test {how}{advice}")
    if how == "passed" and settings.max_age is not None:
        _report_age(cassette, played, settings.max_age, tally)
    if unused and settings.unused != "ignore" and settings.mode in WITH_UNUSED:
        _report_unused(cassette, unused, tally, fail=settings.unused == "error")


def _report_age(
    cassette: ConversationCassette, played: Sequence[object], max_age: MaxAge, tally: Tally
) -> None:
    days = max_age.exceeded_by(played)
    if days is not None and max_age.fails:
        msg = (
            f"The test passed, and {cassette.title} was recorded {counted(days, 'day')} ago, more "
            f"than {max_age.days}.\n{cassette.hint()}"
        )
        raise CassetteError(msg)
    if days is not None:  # other tests may have played what is older, or not as old
        tally.note_old(cassette.path, days)
        tally.note_again(cassette.path, cassette.command())


def _refuse_namesake(path: str, tally: Tally) -> None:
    other = tally.paths.setdefault(path.casefold(), path)
    if other != path:
        msg = (
            f"the cassettes {other} and {path} differ in upper and lower case only, and are one "
            "file on macOS and Windows: rename a test, or name its cassette in the marker"
        )
        raise CassetteError(msg)


def _report_unused(
    cassette: ConversationCassette, unused: Sequence[Interaction], tally: Tally, *, fail: bool
) -> None:
    tally.unused[cassette.path] = len(unused)
    tally.note_again(cassette.path, cassette.command())
    if not cassette.play_count:
        tally.idle.append(cassette.path)
    if fail:
        msg = "\n".join(
            [
                f"The test passed, and did not play all of {cassette.title}:",
                *(f"  {each.request.method} {each.request.uri}" for each in unused),
                f"To record without what is unused: {cassette.command()}",
            ]
        )
        raise CassetteError(msg)


def _warn_of_unsearched(scrubber: Scrubber, warn: Callable[[str], None]) -> None:
    for name, reason in scrubber.finder.unsearched.items():
        warn(f"the value of {name} was not searched for in what is recorded, since {reason}")
    for coding in scrubber.unread:
        warn(
            f"nothing was searched for in a recorded body with the content coding {coding}, which "
            "cannot be undone here"
        )


def _write(cassette: ConversationCassette, scrubber: Scrubber, tally: Tally, test: str) -> None:
    recorded = cassette.recorded_count
    if cassette.would_lose():
        tally.unwritten[test] = (
            cassette.path,
            "the API did not answer; the old recording stays",
        )
        return
    try:
        if recorded:
            parameters = test.partition("[")[2]
            scrubber.gate(parameters, "the id of a parameter of this test: give it another")
        cassette.write()
    except CassetteError:
        tally.unwritten[test] = (scrubber.known(cassette.path), "see the error of its test")
        raise
    if recorded:
        tally.recorded += recorded
