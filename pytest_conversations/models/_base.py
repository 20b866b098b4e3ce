"""What every model shares: the rules for unknown keys, unset fields and unknown variants."""

from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    RootModel,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    model_serializer,
)

# The context of the dump that is sent: there None can mean "do not send" (gotcha 5). Elsewhere a
# null that the API sent stays one.
_REQUEST = object()


class Model(BaseModel):
    """Base of the models.

    Unknown keys are kept, so that the reply of a newer server survives a round trip. A field
    that was not given and has no value of its own is not written: unset, null and default are
    three things (contract section 3).
    """

    model_config = ConfigDict(extra="allow", populate_by_name=True)

    not_nullable: ClassVar[frozenset[str]] = frozenset()
    """Fields that a request leaves out where they are None, since the API takes no null there."""

    only_sent: ClassVar[bool] = False
    """Whether no reply ever holds this model."""

    @model_serializer(mode="wrap")
    def _write(
        self, handler: SerializerFunctionWrapHandler, info: SerializationInfo
    ) -> dict[str, object]:  # not JsonValue: a dump to Python keeps datetimes
        written: dict[str, object] = handler(self)
        unsent = self.not_nullable if self.only_sent or info.context is _REQUEST else ()
        for key in (*self._unset_keys(), *unsent):
            if written.get(key, ...) is None:
                del written[key]
        if self.model_config["extra"] == "forbid" and self.model_extra:
            written.update(self.model_extra)  # of a reply that echoes it; pydantic drops them
        return written

    def _unset_keys(self) -> Iterator[str]:
        for name, field in type(self).model_fields.items():
            if name not in self.model_fields_set:
                yield field.alias or name


class RequestModel(Model):
    """Base of what a request holds: a key that the API does not know is refused.

    A reply that echoes such an object is parsed with ``extra="allow"``, which overrules that.
    """

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    def sent_json(self) -> bytes:
        """The JSON body that is sent."""
        return self.model_dump_json(by_alias=True, context=_REQUEST).encode()


class Unknown(RootModel[JsonValue]):
    """A variant that this version does not know, with its payload as it came."""

    @property
    def raw(self) -> JsonValue:
        """The JSON value that was received; also what is written back."""
        return self.root

    @property
    def type(self) -> str | None:
        """The ``type`` of the payload; None where it is no object or has none."""
        kind = self.root.get("type") if isinstance(self.root, dict) else None
        return kind if isinstance(kind, str) else None


# What no known member of a union takes, a new type or a known one of another shape, is kept by
# its last member, an `Unknown`: a new server never breaks an old recording.
OPEN_UNION = Field(union_mode="left_to_right")


def tag(value: object, own_fields: Iterable[tuple[str, set[str]]]) -> str:
    """The tag of a union's member: its ``type``, or else the first whose own fields it has.

    Args:
        value: JSON data, or a model.
        own_fields: for each tag the fields that tell it from those that follow.
    """
    if not isinstance(value, Mapping):
        return str(getattr(value, "type", ""))
    kind = value.get("type")
    if isinstance(kind, str):
        return kind
    return next((name for name, fields in own_fields if fields <= value.keys()), "")
