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
_UNSURE = r"token|secret|authorization|credentials?|jwt|auth"
_SIGNATURE = r"(?:x_(?:amz|goog)_)?(?:credential|signature)|sig"
# Of lists that are read page by page, and of language models.
_INNOCENT = (
    r"(?:.*_)?(?:page|next|prev|previous|continuation|sync|cursor|resume"
    r"|eos|bos|pad|unk|sep|cls|mask|stop|start|end|first|last|max|min)_token"
)

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_OTHER = re.compile(r"\W")

# In upper case, as `upper` writes them: `<token>` in a text is an app's own.
_UPPER = rf"{_SURE}|{_UNSURE}|{_SIGNATURE}".upper()
PLACEHOLDER = rf"<(?:[^\Wa-z]+_)?(?:{_UPPER})>"
"""A pattern for what is put in place of what stands in such a field."""


class Kind(enum.Enum):
    """How sure it is that a field of a name holds a credential."""

    SURE = enum.auto()
    UNSURE = enum.auto()
    SIGNATURE = enum.auto()  # only in a URL
    OTHER = enum.auto()  # it holds none


_KINDS = [
    (Kind.OTHER, re.compile(_INNOCENT)),
    (Kind.SURE, re.compile(rf"(?:\w+_)?(?:{_SURE})")),
    (Kind.UNSURE, re.compile(rf"(?:\w+_)?(?:{_UNSURE})")),
    (Kind.SIGNATURE, re.compile(_SIGNATURE)),
]


@functools.lru_cache(maxsize=1024)
def kind(name: str) -> Kind:
    """What a field of that name holds.

    Args:
        name: as it is written: ``api_key``, ``apiKey``, ``X-Api-Key``, ``OPENAI_API_KEY`` and
            ``user[api_key]`` are alike.
    """
    if name.startswith("<"):  # what stands in place of a secret already
        return Kind.OTHER
    plain = upper(name).lower()
    return next((each for each, pattern in _KINDS if pattern.fullmatch(plain)), Kind.OTHER)


def upper(name: str) -> str:
    """A name, as a placeholder shows it."""
    return _OTHER.sub("_", _CAMEL.sub("_", name)).strip("_").upper()
