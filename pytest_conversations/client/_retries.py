"""Which failures are tried again, and when (contract section 13)."""

import dataclasses
import math
import random
import re

import httpx

from pytest_conversations.client._kinds import require

# Of all eleven operations, POST and DELETE included.
_STATUS_CODES = ("429", "500", "502", "503", "504")
_STATUS_CODE = re.compile("[1-5](?:[0-9]{2}|[Xx]{2})")
_STRATEGIES = ("backoff", "none")
_JITTER_MS = 1000


@dataclasses.dataclass(frozen=True)
class BackoffStrategy:
    """How long to wait: ``initial_interval * exponent ** n`` after failure n, counted from 0.

    Attributes:
        initial_interval: ms.
        max_interval: ms; no wait is longer, but one that the API asks for.
        exponent: what the interval grows by.
        max_elapsed_time: ms since the first attempt; a failure after it is final.
        jitter_ms: up to so many ms are added to each wait, by chance; 1000 where it is None.

    Raises:
        ValueError: one of them is below 0.
    """

    initial_interval: int
    max_interval: int
    exponent: float
    max_elapsed_time: int
    jitter_ms: int | None = None

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if name == "jitter_ms" and value is None:
                continue
            require(value, int | float, name, "a number")
            if not 0 <= value < math.inf:
                msg = f"{name} is {value}, and has to be 0 or more, and finite"
                raise ValueError(msg)

    def interval(self, failures: int) -> float:
        """The wait in s after so many failures, at least one."""
        jitter_ms = _JITTER_MS if self.jitter_ms is None else self.jitter_ms
        try:
            grown = self.initial_interval * self.exponent ** (failures - 1)
        except OverflowError:
            grown = self.max_interval if self.initial_interval else 0
        wait: float = grown + random.uniform(0, jitter_ms)  # noqa: S311 - no secret hangs on it
        return min(wait, self.max_interval) / 1000


@dataclasses.dataclass(frozen=True)
class RetryConfig:
    """What is tried again. Beware: an API call that failed on its way back is made twice.

    Attributes:
        strategy: ``backoff``, or ``none`` for no second attempt.
        backoff: when.
        retry_connection_errors: whether also after an ``httpx.NetworkError`` or a timeout. A server
            that hangs up (``httpx.RemoteProtocolError``) is never asked again.
        status_codes_override: after which status codes, such as ``503`` or ``5XX``; by default 429,
            500, 502, 503 and 504.

    Raises:
        ValueError: the strategy or a status code is none.
    """

    strategy: str
    backoff: BackoffStrategy
    retry_connection_errors: bool
    status_codes_override: list[str] | None = None

    def __post_init__(self) -> None:
        if self.strategy not in _STRATEGIES:
            msg = f"strategy {self.strategy!r} does not exist; choose from {', '.join(_STRATEGIES)}"
            raise ValueError(msg)
        codes = self.status_codes_override or []
        require(codes, list | tuple, "status_codes_override", "a list of status codes")
        for code in codes:
            if not _STATUS_CODE.fullmatch(str(code)):
                msg = f"{code!r} is no status code; give one such as 503 or 5XX"
                raise ValueError(msg)

    def asks_again(self, response: httpx.Response) -> bool:
        """Whether the status of a response is one to be tried again."""
        status = str(response.status_code)
        codes = self.status_codes_override or _STATUS_CODES
        return any(re.fullmatch(str(code).upper().replace("X", "."), status) for code in codes)


def as_config(given: object) -> RetryConfig | None:
    """A configuration as ours, if it is one of the official SDK's.

    Raises:
        TypeError: it is neither.
    """
    if given is None or isinstance(given, RetryConfig):
        return given
    try:
        backoff = vars(given)["backoff"]
        ours = vars(given) | {"backoff": BackoffStrategy(**vars(backoff))}
        return RetryConfig(**ours)  # pyright: ignore[reportArgumentType] # it checks them itself
    except (KeyError, TypeError):
        msg = f"retries is of type {type(given).__name__}, not a RetryConfig"
    raise TypeError(msg)
