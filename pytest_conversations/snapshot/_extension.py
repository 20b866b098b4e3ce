"""The syrupy extension."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import JsonValue
from syrupy.extensions.amber import AmberSnapshotExtension
from syrupy.extensions.amber.serializer import Repr

from pytest_conversations.cassette import API_KEY, Scrubber
from pytest_conversations.snapshot._focus import focused
from pytest_conversations.snapshot._options import Options
from pytest_conversations.snapshot._plain import plain
from pytest_conversations.snapshot._text import text

if TYPE_CHECKING:
    from syrupy.types import (
        PropertyFilter,
        PropertyMatcher,
        PropertyPath,
        SerializableData,
        SerializedData,
    )


class Scrubbed:
    """JSON data without secrets, to be written.

    Attributes:
        data: the data.
        options: what is shown of it.
    """

    def __init__(self, data: object, options: Options) -> None:
        self.data = data
        self.options = options


class ConversationSnapshotExtension(AmberSnapshotExtension):
    """Snapshots of conversations: readable text in which ids and times have stable names.

    The files are syrupy's amber files, under an ending of their own so that a test may use the
    plain ``snapshot`` beside it. What looks like a credential is taken out, and the value of
    ``MISTRAL_API_KEY``; the fixture ``conversation_snapshot`` knows the other secrets, too.
    """

    file_extension = "conversations"

    def serialize(  # type: ignore[override] # the base takes these as **kwargs, untyped
        self,
        data: "SerializableData",
        *,
        exclude: "PropertyFilter | None" = None,
        include: "PropertyFilter | None" = None,
        matcher: "PropertyMatcher | None" = None,
    ) -> str:
        """Write data as the text of a snapshot.

        Args:
            data: a model of ours or of the official SDK, a list of events, or JSON data.
            exclude: syrupy's filter of properties to leave out.
            include: syrupy's filter of properties to keep, with all that is in them.
            matcher: syrupy's replacement of values.

        Raises:
            TypeError: it is something else.
            ValueError: it is a stream that was not read to its end.
        """
        if isinstance(data, Scrubbed):
            scrubbed, options = data.data, data.options
        else:
            options = Options()
            scrubbed = Scrubber({API_KEY: os.environ.get(API_KEY, "")}).data(plain(data))

        def visit(value: JsonValue, path: "PropertyPath") -> JsonValue:
            if matcher is not None:
                matched = matcher(data=value, path=path)  # pyright: ignore[reportCallIssue] # syrupy calls them so
                value = repr(matched) if isinstance(matched, Repr) else plain(matched)
            if isinstance(value, dict):
                return {
                    key: visit(item, (*path, (key, type(item))))
                    for key, item in value.items()
                    if keep(key, path)
                }
            if isinstance(value, list):
                return [
                    visit(item, (*path, (index, type(item))))
                    for index, item in enumerate(value)
                    if keep(index, path)
                ]
            return value

        def keep(name: str | int, path: "PropertyPath") -> bool:
            if exclude is not None and exclude(prop=name, path=path):  # pyright: ignore[reportCallIssue] # syrupy calls them so
                return False
            return include is None or include(prop=name, path=path)  # pyright: ignore[reportCallIssue] # syrupy calls them so

        return text(options.applied(visit(plain(scrubbed), ())))

    def diff_lines(
        self, serialized_data: "SerializedData", snapshot_data: "SerializedData"
    ) -> Iterator[str]:
        """The lines that show a difference; of long ones what is near it.

        Args:
            serialized_data: what was compared.
            snapshot_data: what was expected.
        """
        expected, given = focused(str(snapshot_data), str(serialized_data))
        yield from super().diff_lines(given, expected)
