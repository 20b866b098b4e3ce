"""What applies to one test, and the one place that says which of several sources wins.

The command line goes before the marker, the marker before ``conversations_config``, that before the
ini file, that before the environment, and that before the default.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from pytest_conversations import _shapes
from pytest_conversations._age import MaxAge
from pytest_conversations._options import MODES, SERVER_URL, UNUSED
from pytest_conversations._plural import counted
from pytest_conversations._rules import Rules

if TYPE_CHECKING:
    import pytest

    from pytest_conversations.capture import Chunking
    from pytest_conversations.cassette import RequestHook, ResponseHook

T = TypeVar("T")

# What may be shown of a text that was given for a URL, and may be a secret.
_PLACE = re.compile(r"[a-z]+://.*|localhost.*|[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\w*)?(?:/.*)?")
_WORD = re.compile(r"[A-Za-z_ -]{0,16}")


class SettingsError(ValueError):
    """A setting that cannot be: which one, where it stands, and what may stand there."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ConversationsConfig:
    """What the fixture ``conversations_config`` may return. A field that is None says nothing.

    Attributes:
        mode: ``none``, ``once``, ``new_episodes``, ``all``, ``rewrite`` or ``verify``.
        server_url: origin of the API.
        dir: folder of the cassettes, from rootdir.
        sandbox: whether requests to the API origin go to the embedded sandbox instead.
        keep_failed: whether a failing test writes its recording, too.
        scrub: lines as those of the ini option, which count, too.
        unused: ``ignore``, ``warn`` or ``error``: what to do about recorded interactions that a
            passing test did not play.
        max_age: of a recording in days; with ``error:DAYS`` a test that plays an older one fails.
        origins: URLs of further API origins.
        match_on: names of vcrpy's matchers; by default method, path, query and body.
        match_ignore: JSON Pointers into the body of a request, ``*`` for any one token, to what
            the matcher ``body`` skips: a run id, a clock.
        before_record_request: vcrpy's hook.
        before_record_response: vcrpy's hook.
    """

    mode: str | None = None
    server_url: str | None = None
    dir: str | None = None
    sandbox: bool | None = None
    keep_failed: bool | None = None
    scrub: Iterable[str] | None = None
    unused: str | None = None
    max_age: str | int | None = None
    origins: Iterable[str] | None = None
    match_on: Iterable[str] | None = None
    match_ignore: Iterable[str] | None = None
    before_record_request: RequestHook | None = None
    before_record_response: ResponseHook | None = None

    def __post_init__(self) -> None:
        for field in ("scrub", "origins", "match_on", "match_ignore"):
            if isinstance(given := getattr(self, field), Iterator):  # gives it once, to one test
                object.__setattr__(self, field, tuple(given))

    @classmethod
    def of(cls, given: object) -> ConversationsConfig:
        """Take what the fixture returned: one of these, a mapping with its fields, or None.

        Raises:
            SettingsError: it is something else, or has another field.
        """
        if isinstance(given, cls):
            return given
        if given is None:
            return cls()
        if not isinstance(given, Mapping):
            kind = type(given).__name__  # not its text, which may show a key
            msg = f"conversations_config returned a {kind}, not a ConversationsConfig or a mapping"
            raise SettingsError(msg)
        fields = [field.name for field in dataclasses.fields(cls)]
        _refuse_unknown("conversations_config", given, fields)
        return cls(**given)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """What applies to one test: the fields of `ConversationsConfig`, and the marker's own.

    Attributes:
        pace: what recorded times are multiplied by on replay; 0 for ``instant``.
    """

    mode: str
    server_url: str
    dir: str
    sandbox: bool
    keep_failed: bool
    scrub: Rules
    unused: str
    max_age: MaxAge | None
    origins: tuple[str, ...]
    match_on: tuple[str, ...] | None
    match_ignore: tuple[str, ...]
    cassette: str | None
    chunking: Chunking
    pace: float
    cut_after: int | None
    before_record_request: RequestHook | None
    before_record_response: ResponseHook | None


_MARKER_ARGUMENTS = ("cassette", "mode", "match_on", "chunking", "pace", "cut_after")


def resolve(
    pytestconfig: pytest.Config,
    markers: Iterable[pytest.Mark],
    config: ConversationsConfig,
    environ: Mapping[str, str],
) -> Settings:
    """Find what applies to a test.

    Args:
        pytestconfig: the command line and the ini file.
        markers: the test's ``conversations`` markers, the closest first.
        config: what ``conversations_config`` returned.
        environ: the environment.

    Raises:
        SettingsError: one of them holds something that cannot be.
    """
    marker = _merge(markers)
    mode = _first(
        pytestconfig.getoption("conversations_mode"),
        marker.get("mode"),
        config.mode,
        pytestconfig.getini("conversations_mode"),
        default="none",
    )
    unused = _first(
        pytestconfig.getoption("conversations_unused"),
        config.unused,
        pytestconfig.getini("conversations_unused"),
        default="warn",
    )
    _refuse_other("mode", mode, MODES)
    _refuse_other("unused", unused, UNUSED)
    cassette = marker.get("cassette")
    if not isinstance(cassette, str | None) or cassette == "":
        msg = f"the cassette of the marker conversations is {cassette!r}, not the path of a file"
        raise SettingsError(msg)
    match_on = _first(marker.get("match_on"), config.match_on, default=None)
    return Settings(
        mode=mode,
        server_url=checked_url(
            "server URL",
            _first(
                pytestconfig.getoption("conversations_server_url"),
                config.server_url,
                pytestconfig.getini("conversations_server_url"),
                environ.get("MISTRAL_SERVER_URL"),
                default=SERVER_URL,
            ),
        ),
        dir=_first(
            pytestconfig.getoption("conversations_dir"),
            config.dir,
            pytestconfig.getini("conversations_dir"),
            default="cassettes",
        ),
        sandbox=bool(pytestconfig.getoption("conversations_sandbox") or config.sandbox),
        keep_failed=_first(
            config.keep_failed, pytestconfig.getini("conversations_keep_failed"), default=False
        ),
        scrub=scrub_rules(
            [*pytestconfig.getini("conversations_scrub"), *(_texts("scrub", config.scrub) or ())]
        ),
        unused=unused,
        max_age=MaxAge.of(
            _first(
                pytestconfig.getoption("conversations_max_age"),
                config.max_age,
                pytestconfig.getini("conversations_max_age"),
                default="",
            )
        ),
        origins=tuple(
            checked_url("origin", each) for each in _texts("origins", config.origins) or ()
        ),
        match_on=_texts("match_on", match_on),
        match_ignore=_texts("match_ignore", config.match_ignore) or (),
        cassette=cassette,
        chunking=_shapes.chunking(marker.get("chunking", "recorded")),
        pace=_shapes.pace(marker.get("pace", "instant")),
        cut_after=_shapes.cut_after(marker.get("cut_after")),
        before_record_request=config.before_record_request,
        before_record_response=config.before_record_response,
    )


def scrub_rules(lines: Collection[str]) -> Rules:
    """Read the lines of ``conversations_scrub``.

    Raises:
        SettingsError: one of them cannot be.
    """
    try:
        return Rules.of(lines)
    except ValueError as error:
        msg = f"conversations_scrub: {error}"
        raise SettingsError(msg) from None


def _first(*given: T | None, default: T) -> T:
    """The first that was given; an ini option that is not set is empty."""
    for value in given:
        if value is not None and value != "":
            return value
    return default


def _refuse_other(what: str, given: object, choices: Collection[str]) -> None:
    if given not in choices:
        shown = f"{given!r} " if _WORD.fullmatch(str(given)) else ""  # it may be a secret
        msg = f"conversations {what} {shown}does not exist; choose from {', '.join(choices)}"
        raise SettingsError(msg)


@functools.lru_cache(maxsize=64)  # of each test they are the same
def checked_url(what: str, given: str) -> str:
    """A URL of a server, as it was given.

    Args:
        what: it is, for the message.
        given: the text.

    Raises:
        SettingsError: it is none.
    """
    with contextlib.suppress(ValueError):  # a port that is none, a bracket that is not closed
        parts = urlsplit(given)
        if parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0:
            return given
    # Without what may hold a key.
    shown = re.sub(r"^([^:/]*://)?.*@|[?#].*$", r"\1", given)
    shown = (
        repr(shown) if _PLACE.fullmatch(shown) else f"a text of {counted(len(given), 'character')}"
    )
    msg = f"conversations {what} {shown} is no URL; give one such as {SERVER_URL}"
    raise SettingsError(msg)


def _merge(markers: Iterable[pytest.Mark]) -> dict[str, object]:
    merged: dict[str, object] = {}
    for marker in markers:
        if marker.args:
            msg = (
                f"the marker conversations takes keyword arguments, such as {_MARKER_ARGUMENTS[0]}="
            )
            raise SettingsError(msg)
        _refuse_unknown("the marker conversations", marker.kwargs, _MARKER_ARGUMENTS)
        merged = {**marker.kwargs, **merged}
    return merged


def _refuse_unknown(what: str, given: Iterable[object], known: Collection[str]) -> None:
    unknown = [repr(name) for name in given if name not in known]
    if unknown:
        msg = f"{what} has no {', '.join(unknown)}; there are {', '.join(known)}"
        raise SettingsError(msg)


def _texts(name: str, given: object) -> tuple[str, ...] | None:
    if given is None:
        return None
    if isinstance(given, str) or not isinstance(given, Iterable):
        kind = "text" if isinstance(given, str) else type(given).__name__  # it may be a secret
        msg = f"{name} is a {kind}, not a list of texts"
        raise SettingsError(msg)
    return tuple(map(str, given))
