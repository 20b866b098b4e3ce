"""syrupy's assertion, without the secrets of what it compares."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from pydantic import JsonValue
from syrupy.assertion import SnapshotAssertion

from pytest_conversations.snapshot._extension import ConversationSnapshotExtension, Scrubbed
from pytest_conversations.snapshot._options import Options
from pytest_conversations.snapshot._plain import is_event, plain

if TYPE_CHECKING:
    from syrupy.extensions.base import AbstractSyrupyExtension
    from syrupy.types import SerializableData, SerializedData, SnapshotIndex

Scrub: TypeAlias = Callable[[object], object]


@dataclasses.dataclass
class _Asserted:
    """What was compared: data as the test gave it, and the same as it was written."""

    data: JsonValue
    written: Scrubbed
    assertion: ConversationSnapshotAssertion
    extension: AbstractSyrupyExtension
    index: SnapshotIndex
    execution: int


class ConversationSnapshotAssertion(SnapshotAssertion):
    """Takes the secrets out of what it compares, whichever extension writes it.

    A test sees secrets while it records, where it sees placeholders in replay. What is shown of a
    conversation, and how, say the arguments of a call, for one comparison, or of `with_defaults`.
    """

    scrub: Scrub  # takes the secrets out
    asserted: list[_Asserted]
    options: Options

    @classmethod
    def of(cls, snapshot: SnapshotAssertion, scrub: Scrub) -> ConversationSnapshotAssertion:
        """Make one in place of syrupy's own.

        Args:
            snapshot: syrupy's, of the same test.
            scrub: takes secrets out of JSON data.
        """
        made = cls(
            session=snapshot.session,
            extension_class=ConversationSnapshotExtension,
            test_location=snapshot.test_location,
            update_snapshots=snapshot.update_snapshots,
            update_new_snapshots_only=snapshot.update_new_snapshots_only,
            include=snapshot.include,
            exclude=snapshot.exclude,
            matcher=snapshot.matcher,
        )
        made.scrub, made.asserted, made.options = scrub, [], Options()
        return made

    def with_defaults(self, **defaults: object) -> ConversationSnapshotAssertion:
        """A new assertion of the same test.

        Args:
            defaults: syrupy's, and those of `Options`.

        Raises:
            ValueError: a value is none of those that there are.
        """
        own, rest = _own(defaults)
        made = super().with_defaults(**rest)  # type: ignore[arg-type] # they are syrupy's
        assert isinstance(made, ConversationSnapshotAssertion)  # noqa: S101 # as syrupy makes it
        made.scrub, made.asserted = self.scrub, self.asserted
        made.options = self.options.with_(**own)
        return made

    def __call__(self, **options: object) -> ConversationSnapshotAssertion:
        """Say how the next comparison is made.

        Args:
            options: syrupy's, and those of `Options`.

        Raises:
            ValueError: a value is none of those that there are.
        """
        own, rest = _own(options)
        before, self.options = self.options, self.options.with_(**own)
        self._post_assert_actions.append(lambda: setattr(self, "options", before))
        super().__call__(**rest)  # type: ignore[arg-type] # they are syrupy's
        return self

    def finish(self) -> None:
        """Write again what says a secret only together: events that were compared one by one.

        To be called when the test is over, before syrupy writes its files.
        """
        events = [each for each in self.asserted if is_event(each.data)]
        together = self.scrub([each.data for each in events])
        assert isinstance(together, list)  # noqa: S101 # as what it was given
        for each, scrubbed in zip(events, together, strict=True):
            result = each.assertion.executions.get(each.execution)
            if (
                scrubbed != each.written.data
                and result is not None
                and (result.created or result.updated)
            ):
                each.assertion.session.queue_snapshot_write(
                    extension=each.extension,
                    test_location=each.assertion.test_location,
                    data=each.written.again(scrubbed),
                    index=each.index,
                )

    def _serialize(self, data: SerializableData) -> SerializedData:
        if not isinstance(self.extension, ConversationSnapshotExtension):
            with contextlib.suppress(TypeError, ValueError):  # it is no JSON data
                json.dumps(data)
                data = self.scrub(data)
            return self._without_secrets(super()._serialize(data))
        given = plain(data)
        scrubbed = Scrubbed(self.scrub(given), self.options)
        self.asserted.append(
            _Asserted(given, scrubbed, self, self.extension, self.index, self.num_executions)
        )
        return super()._serialize(scrubbed)

    def _without_secrets(self, written: SerializedData) -> SerializedData:
        if isinstance(written, bytes):
            text = self.scrub(written.decode("utf-8", "surrogateescape"))
            return str(text).encode("utf-8", "surrogateescape")
        return str(self.scrub(written))


def _own(options: dict[str, object]) -> tuple[dict[str, object], dict[str, object]]:
    """The options that are ours, and those of syrupy."""
    ours = {field.name for field in dataclasses.fields(Options)} & options.keys()
    own = {name: options[name] for name in ours}
    return own, {name: value for name, value in options.items() if name not in ours}
