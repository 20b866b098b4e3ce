"""Keeps what a server records: on the disk while it runs, and at its end."""

import time
from collections.abc import Callable

from pytest_conversations.cassette import ConversationCassette, GrowingCassette, Scrubber
from pytest_conversations.errors import CassetteError, SecretLeakError

_PAUSE = 1.0  # s
# A file is written as a whole, which takes the longer the more is in it. So a pause is this many
# times as long as that took, and an hour of recording costs three minutes at most.
_SHARE = 20
# As where the server is down, or a key is missing: nobody wants that replayed ever after.
_NO_ANSWER = {0, 401, 403}


class Keeper:
    """Writes the cassette of a server.

    Args:
        cassette: what is served, or recorded.
        scrubber: takes the secrets out of it.
        complain: is told what could not be written, and why.
    """

    def __init__(
        self,
        cassette: ConversationCassette,
        scrubber: Scrubber,
        complain: Callable[[str], None],
    ) -> None:
        self._cassette = cassette
        self._scrubber = scrubber
        self._complain = complain
        self._complaint = ""

    def save(self) -> float:
        """Write what was recorded so far, while the server runs.

        Returns:
            How long to wait until the next time, in s.
        """
        began = time.monotonic()
        if isinstance(self._cassette, GrowingCassette) and not _is_unanswered(self._cassette):
            try:
                self._cassette.save()
                self._complaint = ""
            except CassetteError as error:  # at the end it is tried again
                if str(error) != self._complaint:
                    self._complaint = str(error)
                    self._complain(f"not saved yet: {error}")
        return max(_PAUSE, _SHARE * (time.monotonic() - began))

    def finish(self) -> str:
        """Write what was recorded, now that the server has ended.

        Returns:
            What was written, in words; empty where there was nothing to write.

        Raises:
            CassetteError: it could not be written.
        """
        cassette = self._cassette
        recorded = cassette.recorded_count
        if not isinstance(cassette, GrowingCassette) or not recorded:
            return ""
        if _is_unanswered(cassette):
            told = [str(code) for code in sorted(cassette.recorded_codes) if code]
            what = f"an answer, only {', '.join(told)}: check the key" if told else "a response"
            msg = f"not written: no request got {what}"
            raise CassetteError(msg)
        if cassette.would_lose():
            msg = (
                "not written: the API did not answer each time; the old recording stays, and what "
                f"was recorded is in {cassette.write_beside()}"
            )
            raise CassetteError(msg)
        try:
            cassette.write()
        except SecretLeakError:
            raise
        except CassetteError as error:
            msg = f"{error}\nWhat was recorded is in {cassette.write_beside()}"
            raise CassetteError(msg) from error
        return (
            f"{recorded} recorded, {sum(self._scrubber.counts.values())} scrubbed "
            f"in {cassette.title}"
        )


def _is_unanswered(cassette: GrowingCassette) -> bool:
    codes = cassette.recorded_codes
    return bool(codes) and codes <= _NO_ANSWER
