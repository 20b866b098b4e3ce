"""The cassette of one test: vcrpy's, with an index, scrubbing, and recordings in the order sent."""

import contextlib
import functools
from collections.abc import Iterable, Mapping

from vcr.record_mode import RecordMode
from vcr.request import Request
from vcr.serializers import jsonserializer

from pytest_conversations.cassette import _locks, _metadata, _recording, _serializer
from pytest_conversations.cassette._comparison import compared, unanswered
from pytest_conversations.cassette._explaining import Hints, hint_without
from pytest_conversations.cassette._interactions import Interactions
from pytest_conversations.cassette._matching import Matching
from pytest_conversations.cassette._merge import Pair, Sharing, merged
from pytest_conversations.cassette._persister import FilePersister
from pytest_conversations.cassette._playing import PlayingCassette
from pytest_conversations.cassette._recording import Interaction, Recording
from pytest_conversations.cassette._scrub import Scrubber
from pytest_conversations.errors import CassetteError

_LIVE = ("rewrite", "verify")  # what vcrpy has not; to it they are `all`
MODES = ("none", "once", "new_episodes", "all", *_LIVE)


class ConversationCassette(PlayingCassette):
    """The open cassette of a test.

    Attributes:
        path: the file.
        mode: one of `MODES`.
        refusals: the errors that requests were refused with, in order.

    Args:
        path: the file; it need not exist.
        mode: vcrpy's record modes; ``rewrite``: start from an empty cassette; or ``verify``: record
            to compare, and write nothing.
        scrubber: what takes the secrets out.
        matching: when two requests are the same; by default as `Matching` says.
        before_record_request: vcrpy's hook: a request in, the one to match and record out, or
            None to leave it alone.
        before_record_response: vcrpy's hook, likewise.
        sharing: with other tests; what they record in this run stays, and each plays its own first.
            Where it is not known of any, it counts if the file holds what others recorded.
        hints: for messages.

    Raises:
        CassetteFormatError: the file is no cassette.
        CassetteError: the file cannot be read.
    """

    def __init__(
        self,
        path: str,
        *,
        mode: str,
        scrubber: Scrubber,
        matching: Matching | None = None,
        before_record_request: _recording.RequestHook | None = None,
        before_record_response: _recording.ResponseHook | None = None,
        sharing: Sharing | None = None,
        hints: Hints | None = None,
    ) -> None:
        self._start_explaining(mode, matching or Matching(), hints or Hints())
        has_hooks = bool(before_record_request or before_record_response)
        known = sharing if sharing is not None and sharing.is_known else None
        self._start_playing(scrubber, before_record_request, known, has_hooks=has_hooks)
        self._fresh = 0  # interactions at the end of the file that this run has recorded
        self._recordings: list[Recording] = []
        # Not by a method of this cassette, which could not be freed with its test then.
        hint = functools.partial(hint_without, path, self._hints)
        self._store = FilePersister(scrubber.gate, hint)
        super().__init__(
            path=path,
            serializer=_serializer,
            persister=self._store,
            record_mode=RecordMode.ALL if mode in _LIVE else RecordMode(mode),
            match_on=self._matching.matchers,
            before_record_request=_recording.scrubbing(before_record_request, scrubber),
            before_record_response=before_record_response,
        )
        self._read()
        if known is None and sharing is not None:
            self._share_if_told(sharing)
        self._lacks_recording = mode == "verify" and not self.rewound
        if self.records:  # what fails here is to do so before anything is sent
            _ = list(self.data)
        if self._fresh and mode == "once":  # another test of this run has begun the file
            self.record_mode = RecordMode.ALL
        border = self._loaded_count - self._fresh
        self._old = Interactions.of(self.data)[:border]
        if mode == "rewrite":
            del self.data[:border]
        # What another test of this run records while this one may, too, is that test's alone.
        self._start_index(border if mode == "new_episodes" else len(self.data))

    @property
    def interactions(self) -> list[Interaction]:
        """What the cassette holds, scrubbed: what was loaded, then what this run recorded."""
        self._scrub_loaded()
        return [Interaction(*pair) for pair in (*self.data, *self._finished())]

    @property
    def is_shared(self) -> bool:
        """Whether other tests use it, too."""
        return self._sharing is not None

    @property
    def is_edited(self) -> bool:
        """Whether the file is another than was written: by hand, by a merge, or damaged."""
        return self._store.is_edited

    def played_from(self) -> list[object]:
        """When each of what was played was recorded, as the file says; None where it does not."""
        counts = self.play_counts.items()
        places = [place for place, count in counts if count and place < len(self.data)]
        return _metadata.times(self._metadata, [self.data[place][1] for place in places])

    @property
    def unused(self) -> list[Interaction]:
        """What was loaded and not played."""
        places = [place for place in range(len(self.data)) if not self.play_counts[place]]
        if places:
            self._scrub_loaded()
        return [Interaction(*self.data[place]) for place in places]

    @property
    def recorded_count(self) -> int:
        """How many interactions this run has recorded so far."""
        return sum(each.response is not None for each in self._recordings)

    @property
    def answered_count(self) -> int:
        """How many of them the API answered, as far as anybody knows."""
        replies = [each.response for each in self._recordings]
        return sum(_recording.was_answered(reply) for reply in replies if reply is not None)

    @property
    def was_answered(self) -> bool:
        """Whether the API answered all that was recorded, as far as it came to an end."""
        return self.answered_count == self.recorded_count

    def scrub(self, data: object, **how: bool) -> object:
        """JSON data with the placeholders of this cassette; see `Scrubber.data`."""
        return self._scrubber.data(data, **how)

    def record(self, request: Request, made: Request | None = None) -> Recording:
        """Take the next place for a request that is about to be sent, and that `admit` made.

        Raises:
            CassetteError: it would be compared with a recording that there is not.
        """
        if self._lacks_recording:
            msg = f"there is no cassette {self._path} to compare with. {self.hint()}"
            raise self.refuse(CassetteError(msg))
        recording = Recording(request, made)
        with self._lock:
            self._recordings.append(recording)
        return recording

    def write(self) -> None:
        """Add what was recorded, in the order in which it was sent, and write the file.

        Where nothing was recorded the file is left alone.

        Raises:
            CassetteError: it cannot be written, or a secret is left in it. The file is as it was.
        """
        self._scrubber.start_counting()
        recorded = self._finished()
        _recording.warn_of_late(self._recordings, self._matching.key, self.warn)
        self._recordings.clear()
        if not recorded:
            return
        with _locks.locked(self._file):
            if self._sharing is not None:
                self._read()  # what others may have written meanwhile
            if not _metadata.is_own(self._metadata) or self.is_edited:  # with whatever is in it
                self.data = [self._scrubber.interaction(*each) for each in self.data]
            else:  # the rules may be others now
                self.data = [(self.filter_request(each), held) for each, held in self.data]
            self.data, fresh = merged(
                self.data,
                recorded,
                mode=self.mode,
                fresh=self._fresh,
                matching=self._matching,
                sharing=self._sharing,
            )
            self._metadata = _metadata.renewed(self._metadata, self.responses, fresh=fresh)
            self._persist(self._as_dict())
            if self._sharing is not None:
                _locks.note_written(self._file, self._sharing.run, fresh)

    def _share_if_told(self, sharing: Sharing) -> None:
        if Interactions.of(self.data).has_others(sharing):
            self._sharing = sharing
            self._read()  # under the lock, and with what this run has recorded of it

    def _read(self) -> None:
        self.data = Interactions()  # type: ignore[assignment] # vcrpy has a list
        self._loaded_count = 0
        with contextlib.ExitStack() as stack:
            if self._sharing is not None:
                stack.enter_context(_locks.locked(self._file))
                self._fresh = _locks.written(self._file, self._sharing.run)
            self._load()

    def take(self, interactions: Iterable[Interaction], metadata: Mapping[str, object]) -> None:
        """Hold what other files hold, and what is to be said of it, for `rewrite`."""
        self.data, self._metadata = list(interactions), dict(metadata)

    def rewrite(self, *, as_json: bool = False) -> None:
        """Write the file again, scrubbed, as this version does; one that was edited tells further.

        Args:
            as_json: whether to write it in vcrpy's other format, as it was.

        Raises:
            CassetteError: it cannot be written, or a secret is left in it. The file is as it was.
        """
        told = self._scrubber.metadata(self._metadata)
        for _ in range(2):  # what is taken out may show that what is beside it looks like one
            self.data = [self._scrubber.interaction(*each) for each in self.data]
        own = _metadata.renewed(told, self.responses, fresh=0, is_edited=self.is_edited)
        self._metadata = told if as_json else own
        if as_json:
            self._serializer = jsonserializer
        with _locks.locked(self._file):
            self._persist(self._as_dict())

    def would_lose(self) -> bool:
        """Whether writing would put failures in the place of replies, since the API was down."""
        new = [each.response for each in self._recordings if each.response is not None]
        old = (response for _, response in self._old)
        return self.record_mode == RecordMode.ALL and _recording.would_lose(list(old), new)

    def verify(self, *, is_whole: bool = True) -> None:
        """Compare this run with the recording, by the shape of the replies.

        Args:
            is_whole: whether it came to its end, and asked all that it had to ask.

        Raises:
            CassetteError: it differs, and the message lists where; or the API did not answer.
        """
        self._scrub_loaded()
        recorded: list[Pair] = list(self.data)
        asked = len(recorded) if is_whole else 0
        if self._sharing is not None:  # what others recorded this test may play, and need not
            test = self._sharing.test
            recorded.sort(key=lambda pair: pair[1].get("test") != test)
            asked = min(asked, sum(pair[1].get("test") == test for pair in recorded))
        live = self._finished()
        if missing := unanswered(recorded, live, self._matching):
            head = f"The API did not answer, so nothing was compared with {self.title}:"
            raise CassetteError("\n".join([head, *missing]))
        lines = compared(recorded, live, self._matching, asked=asked)
        if lines:
            head = f"The API is no longer as it was recorded in {self.title}:"
            raise CassetteError("\n".join([head, *lines, self.hint()]))

    def _finished(self) -> list[Interaction]:
        hooks = (self.filter_request, self._before_record_response)
        test = None if self._sharing is None else self._sharing.test
        kept = _recording.finished(self._recordings, *hooks, self._scrubber.response, test=test)
        return list(kept)
