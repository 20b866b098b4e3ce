"""Why a request was refused, without what pydantic says of every member of a union.

And without the values, since one may be a secret: the key of a connector stands in a request.
"""

import re

import pydantic
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

UNKNOWN = "unknown_in_request"
"""The type of the error of the last member of an open union, where nothing may be unknown."""

# Errors of members that no caller means.
_LAST_RESORTS = {UNKNOWN, "not_as_it_came"}
_SCALARS = {"str", "int"}  # as pydantic calls the members of a union that are no models
# How it describes those that are, and what is around them.
_DESCRIPTION = re.compile(
    r"(?:list|dict|union|tagged-union|nullable|function-\w+|json-or-python)\[.*"
)


def unknown() -> PydanticCustomError:
    """The error of something unknown in a request."""
    return PydanticCustomError(UNKNOWN, "Not a shape that the API knows")


def not_as_it_came() -> PydanticCustomError:
    """The error of data in the place of something unknown that goes back as it came."""
    return PydanticCustomError("not_as_it_came", "Not an object that a reply held")


def no_time_zone() -> PydanticCustomError:
    """The error of a time in a request that may be at any place."""
    return PydanticCustomError(
        "no_time_zone", "A naive time: give it a time zone, for instance datetime.UTC"
    )


def readable(error: pydantic.ValidationError) -> pydantic.ValidationError:
    """The same error with one line for each thing that is wrong.

    Args:
        error: what pydantic raised. Where a value fits no member of a union it has a line for each
            member; those that are nearer to the value are what the caller meant.
    """
    lines = error.errors(include_url=False)
    meant = [line for line in lines if line["type"] not in _LAST_RESORTS] or lines
    places = [(_place(line), line) for line in meant]
    above = {place[:length] for place, _ in places for length in range(len(place))}
    kept = [(place, line) for place, line in places if place not in above]
    return pydantic.ValidationError.from_exception_data(
        error.title,
        [
            InitErrorDetails(
                # Nothing in the message is replaced, since there is no context.
                type=PydanticCustomError(line["type"], _message(line)),  # pyright: ignore[reportArgumentType]
                loc=place,
                input=None,
            )
            for place, line in kept
        ],
        hide_input=True,
    )


def _place(line: ErrorDetails) -> tuple[int | str, ...]:
    """Where it is, without what pydantic says of unions and of their members."""
    parts = [part for part in line["loc"] if not _DESCRIPTION.fullmatch(str(part))]
    of_member = line["type"].endswith("_type") and parts[-1:] and parts[-1] in _SCALARS
    if of_member and len(parts) > 1:
        parts.pop()
    return tuple(parts)


def _message(line: ErrorDetails) -> str:
    """What pydantic says, and of which type the value is."""
    if not line["type"].endswith("_type"):
        return line["msg"]
    return f"{line['msg']}, not {type(line['input']).__name__}"
