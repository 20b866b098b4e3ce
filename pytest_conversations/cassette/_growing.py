"""A cassette that is written while it is recorded, and that others may write meanwhile."""

import copy
import hashlib
import itertools
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pytest_conversations.cassette import _checksum, _diagnosis, _locks, _metadata, _recording
from pytest_conversations.cassette._cassette import ConversationCassette
from pytest_conversations.cassette._explaining import Hints
from pytest_conversations.cassette._merge import Pair, merged
from pytest_conversations.cassette._persister import prove_writable
from pytest_conversations.cassette._reading import is_missing, loads, read_lines
from pytest_conversations.cassette._scrub import Scrubber

_REPLACING = {"all", "rewrite"}  # modes


class GrowingCassette(ConversationCassette):
    """A cassette that is recorded for long, as by a server.

    Of a process that is killed only what came since `save` is lost. A mode that replaces what is in
    the file does so at the end, and saves beside it until then: a kill never leaves half a
    recording in the place of a whole one. What others write into the file meanwhile stays in it.

    Args:
        path: the file; it need not exist.
        mode: one of `MODES`.
        scrubber: what takes the secrets out.
        hints: for messages.

    Raises:
        CassetteFormatError: the file is no cassette.
        CassetteError: the file cannot be read, or could not be written.
    """

    def __init__(self, path: str, *, mode: str, scrubber: Scrubber, hints: Hints) -> None:
        super().__init__(path, mode=mode, scrubber=scrubber, hints=hints)
        self._saved = 0  # how many of the recordings
        self._beside: Path | None = None
        if self.records:
            prove_writable(self._file)

    @property
    def recorded_codes(self) -> set[int]:
        """The status codes of what was recorded so far; 0 where no response came."""
        return {
            each.response["status"]["code"]
            for each in self._recordings
            if each.response is not None
        }

    def save(self) -> None:
        """Write what was recorded so far, where not all of that is written; recording goes on.

        Raises:
            CassetteError: it cannot be written, or a secret is left in it. The file is as it was.
        """
        count = self.recorded_count  # more may come while it writes
        if count == self._saved:
            return
        if self.mode in _REPLACING:
            self.write_beside()
        else:
            self._write(self._finished())
        self._saved = count

    def write(self) -> None:
        """Write what was recorded, now that recording is over.

        Raises:
            CassetteError: it cannot be written, or a secret is left in it. The file is as it was.
        """
        self._scrubber.start_counting()
        recorded = self._finished()
        _recording.warn_of_late(self._recordings, self._matching.key, self.warn)
        self._write(recorded)
        if self._beside is not None:
            self._beside.unlink(missing_ok=True)
        self._recordings.clear()

    def write_beside(self) -> str:
        """Write what was recorded so far, and nothing else, into a file beside; the same each time.

        Returns:
            What messages call it.

        Raises:
            CassetteError: it cannot be written, or a secret is left in it.
        """
        recorded = self._finished()
        with _locks.locked(self._file):
            if self._beside is None:
                self._beside = next(filter(is_missing, self._names_beside()))
            self._store.save_cassette(
                str(self._beside), _document(recorded, {}, len(recorded)), self._serializer
            )
        return _diagnosis.shown_path(str(self._beside))

    def _names_beside(self) -> Iterator[Path]:
        stem, suffix = self._file.stem, self._file.suffix
        for number in itertools.count(1):
            yield self._file.with_name(f"{stem}.recorded-{number}{suffix}")

    def _read(self) -> None:
        # Before it is loaded, so that what comes between the two is another's.
        self._known = self._raw()
        self._own = 0  # at the end of what is known
        super()._read()

    def _raw(self) -> bytes | None:
        return None if is_missing(self._file) else read_lines(self._file)

    def _write(self, new: Sequence[Pair]) -> None:
        if not new:
            return
        with _locks.locked(self._file):
            raw = self._raw()
            held, metadata = _loaded(raw, self.path)
            is_clean = _metadata.is_own(metadata) and _checksum.is_right(raw or b"") is not False
            old, added = (
                [self._scrubbed(pair, is_clean=is_clean) for pair in each]
                for each in self._parted(held, raw)
            )
            if self.mode in _REPLACING:
                whole, _ = merged(
                    old, new, mode=self.mode, fresh=0, matching=self._matching, sharing=None
                )
                old = whole[: -len(new)]
            # Not by `data`, from which requests are answered meanwhile.
            self._store.save_cassette(
                self.path, _document([*old, *added, *new], metadata, len(new)), self._serializer
            )
            self._known, self._own = self._raw(), len(new)

    def _parted(self, held: Sequence[Pair], raw: bytes | None) -> tuple[list[Pair], list[Pair]]:
        """What the file holds that was not recorded here.

        Args:
            held: all that it holds.
            raw: its bytes.

        Returns:
            What a mode may replace, and what others have written meanwhile.
        """
        known = held if raw == self._known else _loaded(self._known, self.path)[0]
        border = len(known) - self._own
        if raw == self._known:
            return list(held[:border]), []
        rest, _ = _compared(held, known[border:])
        if self.mode not in _REPLACING:
            return rest, []
        added, old = _compared(rest, known[:border])
        return old, added

    def _scrubbed(self, pair: Pair, *, is_clean: bool) -> Pair:
        request, response = pair
        if is_clean:  # but for the rules, which may be others now
            return self._scrubber.request(copy.copy(request)), response
        return self._scrubber.interaction(request, response)


def _loaded(raw: bytes | None, path: str) -> tuple[list[Pair], dict[str, object]]:
    if raw is None:
        return [], {}
    interactions, metadata = loads(raw, path)
    return [(request, response) for request, response in interactions], metadata


def _document(
    pairs: Sequence[Pair], metadata: Mapping[str, object], fresh: int
) -> dict[str, object]:
    responses = [response for _, response in pairs]
    return {
        "requests": [request for request, _ in pairs],
        "responses": responses,
        "metadata": _metadata.renewed(metadata, responses, fresh=fresh),
    }


def _compared(pairs: Iterable[Pair], others: Iterable[Pair]) -> tuple[list[Pair], list[Pair]]:
    """Those that are not among others, and those that are, each as often as it is there."""
    left = Counter(map(_mark, others))
    new: list[Pair] = []
    same: list[Pair] = []
    for pair in pairs:
        mark = _mark(pair)
        (same if left[mark] > 0 else new).append(pair)
        left[mark] -= 1
    return new, same


def _mark(pair: Pair) -> bytes:
    """What two interactions of files have in common that are the same one."""
    request, response = pair
    # Who records more into a file notes beside a response when it was recorded.
    told = {key: value for key, value in response.items() if key != "recorded_at"}
    headers = sorted(request.headers.items())
    what = [request.method, request.uri, headers, request.body, told]
    return hashlib.sha256(json.dumps(what, default=repr, sort_keys=True).encode()).digest()
