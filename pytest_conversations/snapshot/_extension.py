"""The syrupy extension."""

import os
from typing import TYPE_CHECKING

from pydantic import JsonValue
from syrupy.extensions.amber import AmberSnapshotExtension

from pytest_conversations.cassette import API_KEY, Scrubber
from pytest_conversations.snapshot._options import Options
from pytest_conversations.snapshot._plain import plain
from pytest_conversations.snapshot._text import text

if TYPE_CHECKING:
    from syrupy.types import PropertyFilter, PropertyMatcher, PropertyPath, SerializableData


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
                value = plain(matcher(data=value, path=path))
            if isinstance(value, dict):
                return {
                    key: visit(item, below)
                    for key, item in value.items()
                    if keep(key, below := (*path, (key, type(item))))
                }
            if isinstance(value, list):
                return [
                    visit(item, below)
                    for index, item in enumerate(value)
                    if keep(index, below := (*path, (index, type(item))))
                ]
            return value

        def keep(name: str | int, path: "PropertyPath") -> bool:
            if exclude is not None and exclude(prop=name, path=path):
                return False
            return include is None or include(prop=name, path=path)

        return text(options.applied(visit(plain(scrubbed), ())))
