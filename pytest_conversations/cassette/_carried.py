"""The credentials that a request carries: in its headers, its URL, its body."""

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import parse_qsl, unquote, urlsplit

from pytest_conversations.cassette import _forms, _headers, _names
from pytest_conversations.cassette._texts import Kind, Text, every

API_KEY = "MISTRAL_API_KEY"
_COOKIE = "COOKIE"

# RFC 9110, section 11.2: of a scheme that has parameters, some are credentials.
_PARAMETER = re.compile(r'(?P<name>[\w-]+)\s*=\s*(?:"(?P<quoted>[^"]*)"|(?P<token>[^\s,"]+))')
_OF_SCHEMES = {"response", "mac"}
_SCHEMES_OF_TOKENS = {"apikey", "basic", "bearer", "negotiate", "ntlm"}
_SCHEMES = {*_SCHEMES_OF_TOKENS, "digest", "token"}
_MOST = 32  # credentials of one body that are learned; each costs each later search
_COOKIE_VALUE = re.compile(r"(?=.*\d)(?=.*[A-Za-z])\S{8,}")


def in_headers(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Names and values, those of the caller before those of sessions."""
    for name, value in headers.items():
        if not _headers.is_credential(name) or _headers.is_cookie(name):
            continue
        if "auth" in name.lower():
            yield from _in_authorization(value)
        elif not name.lower().endswith("session") or _forms.looks_random(value):
            yield from _whole_and_parts(value)
    for name, value in headers.items():
        if _headers.is_cookie(name):
            yield from _in_cookies(value)


def in_url(url: str) -> Iterator[tuple[str, str]]:
    """The password, or the user of an API whose key that is; parameters by their names."""
    parts = urlsplit(url)
    user = parts.password or parts.username
    if user:
        yield API_KEY, unquote(user)
    for name, value in parse_qsl(parts.query, errors="surrogateescape"):
        kind = _names.kind(name)
        if kind is _names.Kind.SURE or (
            kind is not _names.Kind.OTHER and _forms.looks_random(value)
        ):
            yield _names.upper(name), value


def in_texts(outermost: Iterable[Text]) -> Iterator[tuple[Text, str, str]]:
    """What looks like a credential in a body, and is no word: the text, the name, the value."""
    count = 0
    for text in every(outermost):
        for match in _forms.credentials(text):
            value = text.value[match.start : match.end]
            if _forms.looks_random(value) and count < _MOST:
                count += 1
                yield text, match.name, _decoded(value) if text.kind is Kind.FORM else value


def _decoded(value: str) -> str:
    """A value of a form, of which each byte was read as a character."""
    return value.encode("latin-1", "replace").decode("utf-8", "replace")


def _in_authorization(value: str) -> Iterator[tuple[str, str]]:
    if not value.strip():  # of a variable that is not set
        return
    scheme, *rest = value.strip().split(None, 1)  # RFC 9110, section 11.4
    parameters = [
        (match["name"], match["quoted"] or match["token"] or "")
        for match in _PARAMETER.finditer(rest[0] if rest else "")
    ]
    if not rest:
        if scheme.lower() not in _SCHEMES:
            yield API_KEY, scheme
    elif scheme.lower() == "basic":
        yield API_KEY, rest[0].strip()
        yield from _in_basic(rest[0].strip())
    elif parameters and scheme.lower() not in _SCHEMES_OF_TOKENS:
        for name, held in parameters:
            if name.lower() in _OF_SCHEMES or _names.kind(name) is not _names.Kind.OTHER:
                yield API_KEY, held
    else:
        for one in value.split(","):  # as httpx joins headers of one name
            yield API_KEY, one.strip().split(None, 1)[-1] if one.strip() else ""


def _whole_and_parts(value: str) -> Iterator[tuple[str, str]]:
    yield API_KEY, value
    for part in value.split(","):  # as httpx joins headers of one name
        yield API_KEY, (part.split(None, 1) or [""])[-1]


def _in_basic(credentials: str) -> Iterator[tuple[str, str]]:
    """RFC 7617: the password is behind the colon."""
    try:
        raw = base64.b64decode(credentials + "=" * (-len(credentials) % 4), altchars=b"-_")
    except ValueError:
        return
    for encoding in ("utf-8", "latin-1"):
        user, _, password = raw.decode(encoding, "replace").partition(":")
        yield API_KEY, password or user


def _in_cookies(value: str) -> Iterator[tuple[str, str]]:
    for pair in value.split(";"):
        held = pair.partition("=")[2].strip().strip('"')
        for each in dict.fromkeys((held, unquote(held))):
            if _COOKIE_VALUE.fullmatch(each):
                yield _COOKIE, each
