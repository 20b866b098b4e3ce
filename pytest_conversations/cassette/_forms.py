"""Credentials that nobody named: known by their form, or by the name of the field they stand in.

detect-secrets, which knows such forms too, was tried: it takes 0.3 ms a line, tells no place, takes
each id of this API for a secret by its entropy, and misses the credentials of connectors.
"""

import base64
import functools
import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from pytest_conversations.cassette import _names
from pytest_conversations.cassette._texts import Kind, Text


class Match(NamedTuple):
    """Something in a text.

    Attributes:
        start: of its first character.
        end: behind its last.
        name: what it is called.
        was_known: whether what stands there is the place of a known secret already.
    """

    start: int
    end: int
    name: str
    was_known: bool = False


_CREDENTIAL = re.compile(r"(?=\S*\d)(?=\S*[A-Za-z])\S{12,}|\S{20,}")
# What this tool, or another, has put in a credential's place already.
_MASK = re.compile(
    r"(?:(?:bearer|basic)\s+)?(?:<[\w -]+>|\[[\w -]+\]|[*x.#-]{3,}"
    r"|\**(?:redacted|filtered|masked|removed|scrubbed|hidden|secret|dummy)\**)",
    re.IGNORECASE,
)

# A form begins where a word does, also behind an escape in what is JSON, but not known to be.
_WORD = r"(?:(?<![\w-])|(?<=\\[nrtbf]))"
_LINE_END = r"(?:\s|\\[nr])"
_FORMS = {
    "JWT": r"eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*",
    "AWS_ACCESS_KEY_ID": r"(?:AKIA|ASIA|ABIA|ACCA|A3T[A-Z0-9])[A-Z0-9]{16}\b",
    "GITHUB_TOKEN": r"(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{50,})",
    "GITLAB_TOKEN": r"gl(?:pat|rt|dt|ptt|soat|ft|imt|agent|cbt|oas)-[\w-]{20,}",
    "SLACK_TOKEN": r"(?:xox[abeoprs]|xapp)-[\w-]{10,}",
    "SLACK_WEBHOOK": r"https://hooks\.slack\.com/(?:services|workflows)/(?P<secret>[\w/]{20,})",
    "GOOGLE_API_KEY": r"AIza[\w-]{35}",
    "GOOGLE_TOKEN": r"(?:ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,})",
    "SK_KEY": r"(?:key_)?[sr]k[-_][\w-]{20,}",  # OpenAI, Anthropic, Stripe
    "HUGGING_FACE_TOKEN": r"hf_[A-Za-z0-9]{30,}",
    "NPM_TOKEN": r"npm_[A-Za-z0-9]{36,}",
    "PYPI_TOKEN": r"pypi-[\w-]{50,}",
    "SENDGRID_KEY": r"SG\.[\w-]{16,}\.[\w-]{16,}",
    # All there is before the mark of the end; without it, for a stream may have died, the lines.
    "PRIVATE_KEY": r"-----BEGIN [A-Z ]{0,32}PRIVATE KEY(?: BLOCK)?-----(?P<secret>"
    r"(?:[^\"'-]|-(?!----))++(?=-----END)"
    rf"|(?:{_LINE_END}*+[A-Za-z0-9+/=]{{16,}}+)++(?:{_LINE_END}++[A-Za-z0-9+/=]*+{_LINE_END}*+\Z)?)",
    "BEARER_TOKEN": r"(?i:bearer)\s{1,4}(?P<secret>[\w.~+/=-]{11,}[\w~+/=-])",
    "BASIC_CREDENTIALS": r"(?i:basic)\s{1,4}(?P<secret>[\w+/-]{8,}={0,2})",
    "URL_PASSWORD": r"[a-zA-Z][\w+.-]{0,32}://[^/\s:@\"'<>]{0,256}:"
    r"(?P<secret>[^/\s@\"'<>]{1,256})@",
}
_PATTERNS = [(name, re.compile(_WORD + pattern)) for name, pattern in _FORMS.items()]
# A name and what makes it one, inside of a text: of a query, a form, a command, code, headers.
_NAMED = re.compile(
    _WORD + r"(?P<name>[\w-]{1,64}+)\\*[\"']?\]?\s{0,4}[:=]>?\s{0,4}(?P<quote>\\*[\"'])?"
)
# RFC 9110, section 11.4.
_SCHEME = re.compile(r"[A-Za-z][\w-]{1,20}\s{1,4}(?=\S+\Z)")
_SCHEME_IN_TEXT = re.compile(r"[A-Za-z][\w-]{1,20}[ ]{1,4}")
# The digit and the letter are of the value, so behind a name its own word is looked through, and
# not the rest of the text.
_COOKIE = re.compile(
    r"(?<![^\s;])[^\s=;]{1,64}=(?=[^\s;]*\d)(?=[^\s;]*[A-Za-z])[^\s;]{8,}+(?:;|\Z)"
)
_SHORTEST = 7  # characters of `a://:b@`
_LONGEST = 128  # characters that are looked at to tell a credential from other text
_VALUE = re.compile(r"[^\s\"'\\&;,<>(){}\[\]]{8,}")
_QUOTED = re.compile(r"[^\s\"'\\]{8,}")
_STOPS = frozenset(".!?:")

# Without any of these nothing here can be in a body; most texts have none.
_HINTS = (
    *(b"eyj", b"akia", b"asia", b"abia", b"acca", b"a3t", b"ghp_", b"gho_", b"ghu_", b"ghs_"),
    *(b"ghr_", b"github_", b"xox", b"xapp", b"hooks.slack", b"aiza", b"ya29"),
    *(b"gocspx", b"sk-", b"sk_", b"rk-", b"rk_", b"hf_", b"npm_", b"pypi-", b"sg.", b"private key"),
    *(
        b"bearer",
        b"cookie",
        b"basic",
        b"://",
        b":\\/\\/",
        b"%3a%2f%2f",
        b"key",
        b"token",
        b"secret",
        b"pass",
        b"pwd",
        b"auth",
    ),
    *(b"credential", b"sig", b"jwt", b"glpat-", b"glrt-", b"gldt-", b"glptt-", b"glft-", b"glimt-"),
    *(b"gloas-", b"glsoat-", b"glagent-", b"glcbt-"),
)

_HINT = re.compile(b"|".join(map(re.escape, _HINTS)))

_OURS = re.compile(rf"(?:(?i:bearer|basic)\s+)?{_names.PLACEHOLDER}")


def is_masked(value: str) -> bool:
    """Whether a placeholder stands in the place of a credential already."""
    return _MASK.fullmatch(value) is not None


def may_hold(body: bytes) -> bool:
    """Whether it is worth looking closer."""
    return _HINT.search(body.lower()) is not None


def looks_random(value: str) -> bool:
    """Whether what has a name of its own looks like a credential, and not like a word."""
    return _CREDENTIAL.fullmatch(value) is not None


def credentials(text: Text, *, is_compared: bool = False) -> Iterator[Match]:
    """The credentials in a text of a body.

    Args:
        text: the text.
        is_compared: what a field holds whose name says that it is a credential gets that name, also
            where it has another already.
    """
    value = text.value
    name = _of_field(text, is_compared=is_compared)
    if name:
        if value != f"<{name}>":
            yield Match(0, len(value), name, _OURS.fullmatch(value) is not None)
    elif text.kind is not Kind.NUMBER and len(value) >= _SHORTEST:
        yield from (_short if len(value) < _LONGEST else _in_text)(value)


def _in_text(value: str) -> tuple[Match, ...]:
    if not may_hold(value.encode("utf-8", "replace")):
        return ()
    return (*_by_form(value), *_by_name(value))


# Keys and most values are the same in each event of a stream.
_short = functools.lru_cache(maxsize=4096)(_in_text)


def by_patterns(patterns: Sequence[re.Pattern[str]], value: str) -> Iterator[Match]:
    """What patterns of the user's find: the groups that have a name, or all of the match."""
    for pattern in patterns:
        for match in pattern.finditer(value):
            for group in pattern.groupindex or (0,):
                start, end = match.span(group)
                if end > start:  # and the group took part in the match
                    yield Match(start, end, str(group or "PATTERN").upper())


def _of_field(text: Text, *, is_compared: bool) -> str:
    """The name of a credential, by the keys that lead to it; empty where it is none."""
    if not text.path or not text.value or "logprobs" in text.path:
        return ""
    key = text.path[-1]
    kind = _names.kind(key)
    of_connector = key == "value" and "authorization" in text.path[-2:-1]
    is_one = (
        kind is _names.Kind.SURE
        or of_connector
        or (is_compared and key.lower().endswith("authorization") and _SCHEME.match(text.value))
    )
    # What stands in its place already says as much; in what is compared, any dummy does.
    if is_masked(text.value) and not (is_compared and (is_one or _OURS.fullmatch(text.value))):
        return ""
    is_one = is_one or (
        (kind is _names.Kind.UNSURE or (kind is _names.Kind.SIGNATURE and text.kind is Kind.FORM))
        and (_holds_one(text.value) or _OURS.fullmatch(text.value) is not None)
    )
    return ("AUTHORIZATION" if of_connector else _names.upper(key)) if is_one else ""


def _holds_one(value: str) -> bool:
    """Whether a field may hold a credential, also behind a scheme, or as a cookie."""
    if value[:7].lower() in ("bearer ", "basic "):  # which have forms of their own
        return False
    scheme = _SCHEME.match(value)
    return looks_random(value[scheme.end() if scheme else 0 :]) or bool(_COOKIE.search(value))


def _by_form(value: str) -> Iterator[Match]:
    for name, pattern in _PATTERNS:
        group = "secret" if "secret" in pattern.groupindex else 0
        judge = _JUDGES.get(name)
        for match in pattern.finditer(value):
            if not is_masked(match[group]) and (judge is None or judge(match[group])):
                yield Match(*match.span(group), name)


def _by_name(value: str) -> Iterator[Match]:
    """In running text, or in code, a word may follow a name of any kind."""
    end = 0
    for named in _NAMED.finditer(value):
        kind = _names.kind(named["name"])
        if named.end() < end or kind in (_names.Kind.OTHER, _names.Kind.SIGNATURE):
            continue
        pattern = _QUOTED if named["quote"] else _VALUE
        for start in _starts(named, value):
            held = pattern.match(value, start, start + _LONGEST)
            if held and not is_masked(held[0]) and _is_credential(held[0], kind, named["quote"]):
                end = _end(pattern, value, start)
                yield Match(start, end, _names.upper(named["name"]))
                break


def _starts(named: re.Match[str], value: str) -> Iterator[int]:
    """Where the credential may begin behind its name: there, or behind a scheme."""
    yield named.end()
    if named["name"].lower().endswith("authorization"):
        scheme = _SCHEME_IN_TEXT.match(value, named.end())
        if scheme and scheme[0].strip().lower() not in ("bearer", "basic"):
            yield scheme.end()


def _end(pattern: re.Pattern[str], value: str, start: int) -> int:
    match = pattern.match(value, start)
    end = match.end() if match else start
    while pattern is _VALUE and value[end - 1] in _STOPS:  # of a sentence, not of a credential
        end -= 1
    return end


def _is_credential(value: str, kind: _names.Kind, quote: str | None) -> bool:
    mixed = _PASSWORD if quote else _MIXED
    return _is_random(value) or (kind is _names.Kind.SURE and bool(mixed.fullmatch(value)))


_MIXED = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[\w+/=~-]{12,}")
_PASSWORD = re.compile(r"(?=.*\d)(?=.*[A-Za-z]).{8,}")
_CHANGE = re.compile(r"(?<=[a-z])[A-Z0-9]|(?<=[A-Z])[0-9]|(?<=[0-9])[A-Za-z]")


def _is_random(value: str) -> bool:
    """Whether it changes between letters, of either case, and digits as no word does."""
    changes = sum(1 for _ in _CHANGE.finditer(value))
    return len(value) >= 12 and changes >= len(value) / 4  # noqa: PLR2004 # as of a credential


def _is_token(value: str) -> bool:
    """Whether a word behind ``Bearer`` is no placeholder such as ``YOUR_API_KEY_HERE``."""
    longest = max(map(len, re.split(r"[\W_]", value)))
    return _is_random(value) or longest >= 24 or _MIXED.fullmatch(value) is not None  # noqa: PLR2004


def _is_key(value: str) -> bool:
    """Whether a part of it is a number, as it were, and not a word in a hyphenated name."""
    return any(_PART.fullmatch(part) for part in re.split(r"[-_]", value))


_PART = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9]{16,}")


def _is_basic(value: str) -> bool:
    """Whether it is a name and a password (RFC 7617)."""
    try:
        pair = base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_").decode()
    except ValueError:
        return False
    return ":" in pair and pair.isprintable()


def _is_no_port(value: str) -> bool:
    return not re.fullmatch(r"\d{1,5}", value)


_JUDGES: dict[str, Callable[[str], bool]] = {
    "SK_KEY": _is_key,
    "HUGGING_FACE_TOKEN": lambda value: _is_random(value) or value[3:].isalpha(),
    "BEARER_TOKEN": _is_token,
    "BASIC_CREDENTIALS": _is_basic,
    "URL_PASSWORD": _is_no_port,
}
