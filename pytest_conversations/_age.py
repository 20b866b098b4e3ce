"""How old a recording may be."""

import dataclasses
import datetime as dt
import re
from collections.abc import Iterable

_FORM = re.compile(r"(?P<fails>error:)?(?P<days>\d{1,6})", re.ASCII)


@dataclasses.dataclass(frozen=True)
class MaxAge:
    """How old a recording may be.

    Attributes:
        days: whole ones.
        fails: whether a test that plays an older one fails; or else it is told at the end.
    """

    days: int
    fails: bool

    @classmethod
    def of(cls, given: object) -> "MaxAge | None":
        """Read it: a number of days, or ``error:DAYS``; nothing is None.

        Raises:
            ValueError: it is something else.
        """
        if given in (None, ""):
            return None
        form = _FORM.fullmatch(str(given).strip())
        if form is None:
            msg = (
                f"conversations_max_age: {given!r} is no number of days; give one such as 30, or "
                "error:30"
            )
            raise ValueError(msg)
        return cls(int(form["days"]), form["fails"] is not None)

    def exceeded_by(self, recorded_at: Iterable[object]) -> int | None:
        """The age of the oldest of some recordings in whole days, where it is older; else None.

        Args:
            recorded_at: when they were recorded, as their cassette says; of other tools' it is
                None, and they are of no age.
        """
        known = [each for each in recorded_at if isinstance(each, dt.datetime)]
        if not known:
            return None
        oldest = min(each if each.tzinfo else each.replace(tzinfo=dt.UTC) for each in known)
        age = (dt.datetime.now(dt.UTC) - oldest).days
        return age if age > self.days else None
