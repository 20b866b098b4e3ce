"""syrupy's assertion, without the secrets of what it compares."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, Unpack, cast

from syrupy.assertion import SnapshotAssertion

from pytest_conversations.errors import SecretLeakError
from pytest_conversations.snapshot._arguments import Comparison, Defaults
from pytest_conversations.snapshot._extension import ConversationSnapshotExtension, Scrubbed
from pytest_conversations.snapshot._held import HoldingSession
from pytest_conversations.snapshot._options import Options
from pytest_conversations.snapshot._plain import plain

if TYPE_CHECKING:
    from syrupy.extensions.base import AbstractSyrupyExtension
    from syrupy.types import SerializableData, SerializedData, SnapshotIndex


class Scrub(Protocol):
    """Takes the secrets out of JSON data."""

    def __call__(self, data: object, *, only_known: bool = False) -> object: ...


@dataclasses.dataclass
class _Asserted:
    """What was compared: data as the test gave it, as it was written, and how it is."""

    data: object
    written: object
    write: Callable[[object], SerializedData]
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
            session=HoldingSession.over(snapshot.session),
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

    def with_defaults(self, **defaults: Unpack[Defaults]) -> ConversationSnapshotAssertion:
        """A new assertion of the same test.

        Args:
            defaults: syrupy's, and those of `Options`.

        Raises:
            ValueError: a value is none of those that there are.
        """
        own, rest = _own(dict(defaults))
        made = super().with_defaults(**rest)  # type: ignore[arg-type] # they are syrupy's
        assert isinstance(made, ConversationSnapshotAssertion)  # noqa: S101 # as syrupy makes it
        made.scrub, made.asserted = self.scrub, self.asserted
        made.options = self.options.with_(**own)
        return made

    def __call__(  # type: ignore[override] # ours are more
        self, **options: Unpack[Comparison]
    ) -> ConversationSnapshotAssertion:
        """Say how the next comparison is made.

        Args:
            options: syrupy's, and those of `Options`.

        Raises:
            ValueError: a value is none of those that there are.
        """
        own, rest = _own(dict(options))
        name = rest.get("name")
        if name is not None and self.scrub(str(name), only_known=True) != str(name):
            msg = (
                "the name of this snapshot holds a secret, and stands in its file: give it another"
            )
            raise ValueError(msg)
        before, self.options = self.options, self.options.with_(**own)
        self._post_assert_actions.append(lambda: setattr(self, "options", before))
        super().__call__(**rest)  # type: ignore[arg-type] # they are syrupy's
        return self

    def finish(self, *, keep: bool = True) -> None:
        """Let syrupy write what is to be written: what says a secret only together without it.

        To be called when the test is over, before syrupy writes its files.

        Args:
            keep: whether what the test wrote is kept. Where the recording that it was made of is
                not, it stays as it was.
        """
        holding = cast("HoldingSession", self.session)
        if not keep:
            self._forget(holding)
            return
        parts = [
            each.data if isinstance(each.data, list) else [each.data] for each in self.asserted
        ]
        together = self.scrub(list(itertools.chain.from_iterable(parts)), only_known=True)
        rest = iter(together if isinstance(together, list) else ())
        for each, part in zip(self.asserted, parts, strict=True):
            items = list(itertools.islice(rest, len(part)))
            data = items if isinstance(each.data, list) else items[0]
            scrubbed = self._scrubbed(_like(each.data, data), each.extension)
            result = each.assertion.executions.get(each.execution)
            if (
                scrubbed != each.written
                and result is not None
                and (result.created or result.updated)
            ):
                holding.queue_snapshot_write(
                    extension=each.extension,
                    test_location=each.assertion.test_location,
                    data=each.write(scrubbed),
                    index=each.index,
                )
        holding.release()

    def _forget(self, holding: HoldingSession) -> None:
        holding.held.clear()
        for each in self.asserted:
            results = each.assertion.executions
            if each.execution in results:
                results[each.execution] = dataclasses.replace(
                    results[each.execution], created=False, updated=False, success=False
                )

    def _serialize(self, data: SerializableData) -> SerializedData:
        extension = self.extension
        name = extension.get_snapshot_name(test_location=self.test_location, index=self.index)
        parameters = name.partition("[")[2]
        # A credential that the app carries, and a parameter is.
        if parameters and self.scrub(parameters, only_known=True) != parameters:
            raise SecretLeakError(_NAMED)
        given: object = data
        if isinstance(extension, ConversationSnapshotExtension):
            given = plain(data)
        else:
            try:
                json.dumps(data)
            except (TypeError, ValueError):  # it is no JSON data
                return self._without_secrets(super()._serialize(data))
        scrubbed = self._scrubbed(given, extension)
        filters = {"exclude": self._exclude, "include": self._include, "matcher": self._matcher}
        write = functools.partial(self._write, extension, filters, self.options)
        # Of a difference to another snapshot nobody can make the same again.
        if getattr(self, "_snapshot_diff", None) is None and not hasattr(
            self, "_snapshot_diff_data"
        ):
            self.asserted.append(
                _Asserted(given, scrubbed, write, self, extension, self.index, self.num_executions)
            )
        return write(scrubbed)

    def _scrubbed(self, data: object, extension: AbstractSyrupyExtension) -> object:
        scrubbed = self.scrub(data)
        own = isinstance(extension, ConversationSnapshotExtension)
        return scrubbed if own else _like(data, scrubbed)

    def _write(
        self,
        extension: AbstractSyrupyExtension,
        filters: dict[str, Any],
        options: Options,
        data: object,
    ) -> SerializedData:
        if isinstance(extension, ConversationSnapshotExtension):
            return extension.serialize(Scrubbed(data, options), **filters)
        return self._without_secrets(extension.serialize(data, **filters))

    def _without_secrets(self, written: SerializedData) -> SerializedData:
        if isinstance(written, bytes):
            text = self.scrub(written.decode("utf-8", "surrogateescape"))
            return str(text).encode("utf-8", "surrogateescape")
        return str(self.scrub(written))


_NAMED = (
    "the id of this test holds a secret, and stands in the file of its snapshots: give its "
    "parameter another, as in pytest.param(..., id='key')"
)


def _like(data: object, scrubbed: object) -> object:
    """Scrubbed data with the types that JSON does not have: tuples, and keys that are no texts."""
    if isinstance(data, dict) and isinstance(scrubbed, dict) and len(data) == len(scrubbed):
        return {
            name if isinstance(key, str) else key: _like(value, other)
            for (key, value), (name, other) in zip(data.items(), scrubbed.items(), strict=True)
        }
    if isinstance(data, list | tuple) and isinstance(scrubbed, list | tuple):
        items = [_like(*pair) for pair in zip(data, scrubbed, strict=False)]
        return tuple(items) if isinstance(data, tuple) else items
    return scrubbed


def _own(options: dict[str, object]) -> tuple[dict[str, object], dict[str, object]]:
    """The options that are ours, and those of syrupy."""
    ours = {field.name for field in dataclasses.fields(Options)} & options.keys()
    own = {name: options[name] for name in ours}
    return own, {name: value for name, value in options.items() if name not in ours}
