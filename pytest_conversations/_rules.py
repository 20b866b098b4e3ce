"""What a project says about secrets, beside the names of variables that hold them."""

import dataclasses
import re
from collections.abc import Collection

from pytest_conversations import _protocol
from pytest_conversations._plural import counted

_PATTERN, _KEEP = "re:", "keep:"
# A name with small letters and digits among many characters is a key, and no name.
_NAME = re.compile(r"(?!(?=.*[a-z])(?=.*\d).{16})[A-Za-z_]\w*")


@dataclasses.dataclass(frozen=True)
class Rules:
    """What is searched for, and what is left alone.

    Attributes:
        names: of environment variables whose values are secrets.
        patterns: what they match in a text is a secret; with a named group, that group.
        keep: what they match as a whole is none, whatever its form or the name of its field; a
            header is matched as ``name: value``. A known value is a secret all the same.
    """

    names: tuple[str, ...] = ()
    patterns: tuple[re.Pattern[str], ...] = ()
    keep: tuple[re.Pattern[str], ...] = ()

    @classmethod
    def of(cls, lines: Collection[str]) -> "Rules":
        """Read them, one a line: ``NAME``, ``re:PATTERN`` or ``keep:PATTERN``.

        Raises:
            ValueError: a pattern does not compile, or matches everything; a name is none.
        """
        if not lines:  # as in most projects, for each test
            return NO_RULES
        names, patterns, keep = [], [], []
        for line in filter(None, map(str.strip, lines)):
            if line.startswith(_PATTERN):
                patterns.append(_selective(line))
            elif line.startswith(_KEEP):
                keep.append(_compiled(line))
            elif _NAME.fullmatch(line):
                names.append(line)
            else:
                # Not the line itself, which may be a secret that somebody put there.
                msg = (
                    f"the line that begins with {line[:3]!r} and has "
                    f"{counted(len(line), 'character')} is no name of an environment "
                    "variable; a pattern begins with `re:`"
                )
                raise ValueError(msg)
        return cls(tuple(names), tuple(patterns), tuple(keep))

    def keeps(self, text: str) -> bool:
        """Whether something that was found is to be left alone."""
        return any(pattern.fullmatch(text) for pattern in self.keep)


NO_RULES = Rules()


def _compiled(line: str) -> re.Pattern[str]:
    try:
        return re.compile(line.partition(":")[2])
    except re.error as error:
        msg = f"{line!r} does not compile: {error}"
        raise ValueError(msg) from None


def _selective(line: str) -> re.Pattern[str]:
    pattern = _compiled(line)
    if pattern.search("") or any(map(pattern.search, _protocol.WORDS.split())):
        msg = f"{line!r} matches words of the API itself, or nothing: it would break recordings"
        raise ValueError(msg)
    return pattern
