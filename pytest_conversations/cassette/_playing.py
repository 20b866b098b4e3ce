"""The part of a cassette that answers: it finds what was recorded for a request."""

import threading
from collections.abc import Iterator
from typing import cast

from vcr.record_mode import RecordMode
from vcr.request import Request

from pytest_conversations.cassette import _metadata, _recording
from pytest_conversations.cassette._explaining import ExplainingCassette
from pytest_conversations.cassette._index import Index
from pytest_conversations.cassette._interactions import Interactions
from pytest_conversations.cassette._matching import stored_body
from pytest_conversations.cassette._merge import Sharing
from pytest_conversations.cassette._persister import FilePersister
from pytest_conversations.cassette._scrub import Response, Scrubber
from pytest_conversations.errors import CassetteError


class PlayingCassette(ExplainingCassette):
    """vcrpy's cassette, which finds requests by an index, and scrubs them no more than it has to.

    What was recorded is scrubbed already. A request that is the recorded one as it stands holds
    nothing that would have to be scrubbed, so it is only when there is none such that both sides
    are. This is most of the time that a replayed request would take.
    """

    _store: FilePersister

    def _start_playing(
        self,
        scrubber: Scrubber,
        hook: _recording.RequestHook | None,
        sharing: Sharing | None,
        *,
        has_hooks: bool,
    ) -> None:
        self._scrubber = scrubber
        self._sharing = sharing
        self._has_hooks = has_hooks  # of the user's, which count for what was recorded as well
        self._is_scrubbed = has_hooks
        self._lock = threading.RLock()
        self._prepared = _recording.scrubbing(
            hook, scrubber, headers=self._matching.looks_at_headers
        )

    def _start_index(self, playable: int) -> None:
        """Find what is among the first ``playable`` interactions."""
        self._playable = playable
        held = Interactions.of(self.data)[:playable]
        self._index = Index(held, self._matching, self._sharing)

    def _load(self) -> None:
        """As vcrpy does; what this package wrote is read where it is looked at, however much."""
        opened = None
        if not self._has_hooks:
            is_shared = self._sharing is not None
            opened = self._store.opened(self._path, self._serializer, is_shared=is_shared)
        if opened is None:
            super()._load()
            return
        self.data = Interactions.opened(opened)  # type: ignore[assignment] # vcrpy has a list
        self._loaded_count = len(opened)
        self._metadata = opened.metadata
        self.dirty = False
        self.rewound = True

    def append(self, request: Request, response: Response) -> None:
        """Take an interaction that vcrpy has loaded; see `_scrub_loaded`."""
        if self._has_hooks:
            super().append(request, response)
        else:
            cast("Interactions", self.data).put(request, response)

    def _scrub_loaded(self) -> bool:
        """Scrub the requests that were loaded; False where that is done already."""
        with self._lock:  # a thread that finds it done may rely on it
            if self._is_scrubbed:
                return False
            held = Interactions.of(self.data).with_requests(self.filter_request)
            self.data = held  # type: ignore[assignment] # vcrpy has a list
            self._start_index(self._playable)
            self._is_scrubbed = True
            return True

    @property
    def records(self) -> bool:
        """Whether a request that is not in the cassette is sent and recorded."""
        return not self.write_protected

    def play_as_sent(self, request: Request) -> Response | None:
        """Claim the recorded response to a request that was recorded as it stands.

        Args:
            request: as it is sent.

        Returns:
            The response; None where it has to be looked for by `admit` and `play`.
        """
        if self._has_hooks or self._plays_nothing or self._holds_known(request):
            return None
        with self._lock:
            response = self._claimed(self._place(request))
        if response is not None:  # and with the next one it may matter what this one carried
            self._scrubber.finder.note(request)
        return response

    def admit(self, request: Request) -> Request | None:
        """Prepare a request that is made now for matching: scrubbed, and through the hook.

        Returns:
            The request to look up; None where the hook leaves it alone.
        """
        self._scrubber.finder.learn(request)
        return self._prepared(request)

    def play(self, made: Request) -> Response | None:
        """Claim the recorded response to a request; None where it has to be recorded.

        Equal requests are answered in the order in which they were recorded; two threads never
        get the same interaction.

        Args:
            made: what `admit` returned.

        Raises:
            UnrecordedRequestError: it is not in the cassette, and this mode does not record.
        """
        __tracebackhide__ = True  # pytest: the caller's frames are what matters
        if not self._plays_nothing:
            with self._lock:
                place = self._place(made)
                if place is None and self._scrub_loaded():
                    place = self._place(made)
                if (response := self._claimed(place)) is not None:
                    return response
        if self.records:
            return None
        raise self.miss(made)

    @property
    def _plays_nothing(self) -> bool:
        return bool(self.record_mode == RecordMode.ALL)

    def _holds_known(self, request: Request) -> bool:
        """Whether a request holds a secret, in whose place a recorded one has another text."""
        sent = b"\n".join((request.uri.encode("utf-8", "replace"), stored_body(request)))
        return bool(self._scrubber.finder.by_own_value(sent))

    def _place(self, request: Request) -> int | None:
        return self._index.next(request, self.play_counts, repeats=self.allow_playback_repeats)

    def _claimed(self, place: int | None) -> Response | None:
        if place is None:
            return None
        try:
            response: Response = self.data[place][1]
        except CassetteError as error:  # only now it was read
            raise self.refuse(error)  # noqa: B904 - it is the same
        self.play_counts[place] += 1
        return response

    def was_last(self, made: Request, recorded: Response) -> bool:
        """Whether the client gave up after a response, when it was recorded.

        Args:
            made: the request that it was claimed for.
            recorded: the response. Of another tool it tells nothing: then it is the last one if no
                other would answer the same request.
        """
        if _metadata.is_own(self._metadata):
            return not recorded.get("retried")
        return not self.records and all(self.play_counts[index] for index in self._index.of(made))

    def _responses(  # pyright: ignore[reportIncompatibleMethodOverride] # vcrpy's has no types
        self, request: Request
    ) -> Iterator[tuple[int, Response]]:
        """What vcrpy asks for the matches of a request; here by index, not by a scan."""
        self._scrub_loaded()
        for index in self._index.of(self.filter_request(request)):
            yield index, self.data[index][1]
