"""Names of fields, parameters and variables that hold credentials."""

import enum
import functools
import re

_SURE = (
    r"(?:api|access|account|client|encryption|secret|secret_?access|signing|subscription)_?keys?"
    r"|private_?key|(?:access|refresh|auth|bearer|session|csrf|xsrf|id|security)_?token"
    r"|client_?secret|passwd|password|passphrase|pwd"
)
# These are common words, too: what they hold is a credential only where it looks like one.
_UNSURE = r"token|secret|authorization|credentials?|jwt|auth|(?:set_)?cookie"
_SIGNATURE = r"(?:x_(?:amz|goog)_)?(?:credential|signature)|sig"
# Of lists that are read page by page, and of language models.
_INNOCENT = (
    r"(?:.*_)?(?:page|next|prev|previous|continuation|sync|cursor|resume"
    r"|eos|bos|pad|unk|sep|cls|mask|stop|start|end|first|last|max|min)_token"
)

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_OTHER = re.compile(r"\W")


class Kind(enum.Enum):
    """How sure it is that a field of a name holds a credential."""

    SURE = enum.auto()
    UNSURE = enum.auto()
    SIGNATURE = enum.auto()  # only in a URL
    OTHER = enum.auto()  # it holds none


_KINDS = [
    (Kind.OTHER, re.compile(_INNOCENT)),
    (Kind.SURE, re.compile(rf"(?:\w+_)?(?P<core>{_SURE})")),
    (Kind.UNSURE, re.compile(rf"(?:\w+_)?(?P<core>{_UNSURE})")),
    (Kind.SIGNATURE, re.compile(rf"(?P<core>{_SIGNATURE})")),
]
PLACEHOLDER = r"<[A-Z][A-Z0-9_-]*>"
"""A pattern for what is put in place of a credential."""

_PLACE = re.compile(PLACEHOLDER)


@functools.lru_cache(maxsize=1024)
def kind(name: str) -> Kind:
    """What a field of that name holds.

    Args:
        name: as it is written: ``api_key``, ``apiKey``, ``X-Api-Key``, ``OPENAI_API_KEY`` and
            ``user[api_key]`` are alike.
    """
    plain = _plain(name)
    return next((each for each, pattern in _KINDS if pattern.fullmatch(plain)), Kind.OTHER)


def upper(name: str) -> str:
    """What a placeholder shows of the name of a credential: no words before, which are anyone's."""
    plain = _plain(name)
    found = next(filter(None, (pattern.fullmatch(plain) for _, pattern in _KINDS)), None)
    core = found["core"] if found and "core" in found.re.groupindex else plain
    return core.upper()


def _plain(name: str) -> str:
    """A name in one spelling, without what stands in it in place of a secret."""
    return _OTHER.sub("_", _CAMEL.sub("_", _PLACE.sub("", name))).strip("_").lower()
