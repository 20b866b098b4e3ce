"""What every model shares: the rules for unknown keys, unset fields and unknown variants."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, ClassVar, Self, TypeAlias, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    JsonValue,
    RootModel,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    ValidationError,
    ValidationInfo,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticUndefined

from pytest_conversations.models._refusals import no_time_zone, readable, unknown

# The context of what is about to be sent. Dumping with it, None can mean "do not send" (gotcha 5);
# elsewhere a null that the API sent stays one. Validating with it, what is unknown is refused, in
# what a reply may hold as well; elsewhere it is kept.
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
        if self.model_config.get("extra") == "forbid" and self.model_extra:
            written.update(self.model_extra)  # of a reply that echoes it; pydantic drops them
        return written

    def _unset_keys(self) -> Iterator[str]:
        for name, field in type(self).model_fields.items():
            if name not in self.model_fields_set:
                yield field.alias or name


class TolerantModel(Model):
    """Base of all but events: null counts as the default of a field that takes none (gotcha 14)."""

    defaulted: ClassVar[frozenset[str]] = frozenset()
    """The fields that have a default, and do not take None."""

    @classmethod
    def __pydantic_init_subclass__(cls, **_: object) -> None:
        cls.defaulted = frozenset(
            field.alias or name
            for name, field in cls.model_fields.items()
            if field.get_default() not in (None, PydanticUndefined)
            and type(None) not in get_args(field.annotation)
        )

    @model_validator(mode="before")
    @classmethod
    def _leave_out_nulls(cls, value: object) -> object:
        return without_nulls(value, cls.defaulted)


class RequestModel(TolerantModel):
    """Base of what a request holds: a key that the API does not know is refused.

    A reply that echoes such an object is parsed with ``extra="allow"``, which overrules that.
    """

    # A number that JSON does not have would be sent as null.
    model_config = ConfigDict(extra="forbid", populate_by_name=True, allow_inf_nan=False)

    @classmethod
    def to_send(cls, values: Mapping[str, object]) -> Self:
        """Make the body of a request.

        Args:
            values: its fields, as JSON data or as models.

        Raises:
            pydantic.ValidationError: something in it is not what the API takes, or is unknown.
        """
        try:
            return cls.model_validate(values, extra="forbid", context=_REQUEST)
        except ValidationError as error:
            refused = readable(error)
        raise refused

    def sent_json(self) -> bytes:
        """The JSON body that is sent: compact and ASCII, as the SDK's (contract section 1)."""
        # Not by pydantic, which refuses a lone surrogate, for which JSON has an escape; and makes
        # a null of what is no number.
        plain = self.model_dump(by_alias=True, context=_REQUEST)
        return json.dumps(plain, separators=(",", ":"), allow_nan=False, default=_time).encode()


class Unknown(RootModel[JsonValue]):
    """A variant that this version does not know, with its payload as it came.

    Sent back it is as it came. A request takes no other data of that kind: a slip of the pen would
    look just like it.
    """

    @model_validator(mode="before")
    @classmethod
    def _refuse_what_is_made_up(cls, value: object, info: ValidationInfo) -> object:
        if info.context is _REQUEST and not isinstance(value, cls):
            raise unknown()
        return value

    @property
    def raw(self) -> JsonValue:
        """The JSON value that was received; also what is written back."""
        return self.root

    @property
    def type(self) -> str | None:
        """The ``type`` of the payload; None where it is no object or has none."""
        kind = self.root.get("type") if isinstance(self.root, dict) else None
        return kind if isinstance(kind, str) else None


def without_nulls(value: object, keys: Collection[str]) -> object:
    """JSON data without some keys where their value is null; anything else as it is."""
    if not isinstance(value, dict):
        return value
    nulls = [key for key in keys if value.get(key, value) is None]
    return {key: item for key, item in value.items() if key not in nulls} if nulls else value


def _time(value: datetime) -> str:
    """A time as JSON has it: RFC 3339, UTC as ``Z``."""
    return value.isoformat().replace("+00:00", "Z")


def _aware(value: datetime, info: ValidationInfo) -> datetime:
    if info.context is _REQUEST and value.tzinfo is None:
        raise no_time_zone()
    return value


# Where a time of the caller's has no time zone, the API would have to guess one.
Time = Annotated[datetime, AfterValidator(_aware)]

# What no known member of a union takes, a new type or a known one of another shape, is kept by
# its last member, an `Unknown`: a new server never breaks an old recording.
OPEN_UNION = Field(union_mode="left_to_right")


OwnFields: TypeAlias = Sequence[tuple[str, set[str]]]


def by_type(what: str, own_fields: OwnFields) -> Discriminator:
    """A discriminator by ``type``, or else by the fields that a value has (sections 5 and 6).

    Args:
        what: what the members of the union are, in a word.
        own_fields: for each tag the fields that tell it from those that follow.
    """
    tags = ", ".join(dict.fromkeys(name for name, _ in own_fields))

    def tag(value: object) -> str:
        return _tag(value, own_fields)

    return Discriminator(
        tag,
        custom_error_type="unknown_tag",
        custom_error_message=f"No {what} that the API knows; there are {tags}",
    )


def _tag(value: object, own_fields: OwnFields) -> str:
    """The tag of JSON data, or of a model.

    Where no member has all of its own fields there, it is that of the one which has the most, so
    that an error says what is missing; empty where none has any.
    """
    if not isinstance(value, dict | Mapping):  # a dict is told at once
        return str(getattr(value, "type", ""))
    kind = value.get("type")
    if isinstance(kind, str):
        return kind
    best, most = "", 0
    for name, fields in own_fields:
        shared = len(fields & value.keys())
        if shared == len(fields):
            return name
        if shared > most:
            best, most = name, shared
    return best
