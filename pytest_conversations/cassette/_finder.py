"""Finds secrets: by value, by place and by form. It changes nothing."""

import base64
import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import unquote, urlsplit

from vcr.request import Request

from pytest_conversations._rules import Rules
from pytest_conversations.cassette import _forms, _headers, _matching
from pytest_conversations.cassette._fitting import fitted
from pytest_conversations.cassette._fragments import spelled_out
from pytest_conversations.cassette._secrets import Found, Secrets, merged
from pytest_conversations.cassette._texts import Text, every, texts, whole

API_KEY = "MISTRAL_API_KEY"


class Finder:
    """Knows the secrets of one cassette, and what looks like one.

    Args:
        values: secrets by name, for instance of environment variables; they are asked for again
            with each request.
        rules: what else the project says.
    """

    def __init__(self, values: Mapping[str, str], rules: Rules) -> None:
        self._values = values
        self._secrets = Secrets()
        self._reasons: dict[str, str] = {}
        self._learn_values()
        self._rules = rules
        names = "|".join(map(re.escape, (API_KEY, *values)))
        self._placeholder = re.compile(_forms.PLACEHOLDER % names)

    @property
    def unsearched(self) -> dict[str, str]:
        """By the name of a secret, why its value was not searched for."""
        return {name: reason for name, reason in self._reasons.items() if reason}

    def learn(self, request: Request) -> None:
        """Take the credentials that a request carries for secrets, whoever put them there."""
        self._learn_values()
        for name, value in self._carried(request):
            self._secrets.add(name, value)

    def _learn_values(self) -> None:
        for name, value in self._values.items():
            if value:
                self._reasons[name] = self._secrets.add(name, value)
            elif name != API_KEY:  # which the sandbox does not need
                unset = "it has none: the variable is not set, or its name is another"
                self._reasons.setdefault(name, unset)

    def _carried(self, request: Request) -> Iterator[tuple[str, str]]:
        for name, value in request.headers.items():
            if _headers.is_cookie(name):
                yield from _in_cookies(value)
            elif _headers.is_credential(name):
                yield from _in_credentials(value)
        password = urlsplit(request.uri).password
        if password:
            yield API_KEY, unquote(password)
        body = _matching.body_bytes(request)
        for text in every(texts(body)) if _forms.may_hold(body) else ():
            for start, end, name in self._credentials(text):
                value = text.value[start:end]
                if _forms.looks_random(value):  # and is no word of the conversation
                    yield name, value

    def by_value(self, body: bytes) -> list[Found]:
        """The known secrets in bytes, in order."""
        return self._secrets.find(body)

    def in_body(self, body: bytes) -> list[Found]:
        """All that is secret in a body, in order."""
        # In a stream, what gives a form away may itself be cut.
        if not self._may_have_forms(body) and b"data:" not in body:
            return self.known_in_body(body) if self._secrets else []
        outermost = texts(body)
        over = spelled_out(outermost, self.by_value, self._in_output)
        return merged(fitted(merged((*self._anything(body, outermost), *over)), outermost))

    def known_in_body(self, body: bytes) -> list[Found]:
        """The known secrets in a body, in order."""
        outermost = texts(body)
        over = spelled_out(outermost, self.by_value, self.by_value)
        return merged(fitted(merged((*self.by_value(body), *over)), outermost))

    def in_text(self, body: bytes) -> list[Found]:
        """All that is secret in the bytes of a header or a URL, in order."""
        outermost = [whole(body)]
        closer = self._may_have_forms(body)
        found = self._anything(body, outermost) if closer else self.by_value(body)
        return merged(fitted(found, outermost))

    def _may_have_forms(self, body: bytes) -> bool:
        return bool(self._rules.patterns) or _forms.may_hold(body)

    def _in_output(self, body: bytes) -> list[Found]:
        outermost = texts(body)
        return merged(fitted(self._anything(body, outermost), outermost))

    def _anything(self, body: bytes, outermost: Sequence[Text]) -> list[Found]:
        return merged((*self.by_value(body), *self._by_form(outermost)))

    def of_header(self, name: str, value: str) -> str:
        """The rule by which the whole value of a header goes; empty where it is kept."""
        kept = (
            _headers.is_worth_keeping(name)
            or _forms.is_masked(value)
            or self._rules.keeps(f"{name.lower()}: {value}")
        )
        return "" if kept else f"header {name.lower()}"

    def alike(self, text: str) -> str:
        """A scrubbed text as it is compared: by which rule a secret was found does not count.

        So a dummy that has not the form of the credential in whose place it stands is its equal.
        """
        return self._placeholder.sub("<>", text) if "<" in text else text

    def _by_form(self, outermost: Iterable[Text]) -> Iterator[Found]:
        for text in every(outermost):
            for start, end, name in self._credentials(text):
                at = text.positions
                yield Found(at[start], at[end], f"<{name}>".encode(), f"form of {name}")

    def _credentials(self, text: Text) -> Iterator[_forms.Match]:
        value = text.value
        for match in (
            *_forms.credentials(text),
            *_forms.by_patterns(self._rules.patterns, value),
        ):
            if not self._rules.keeps(value[match.start : match.end]):
                yield match


def _in_cookies(value: str) -> Iterator[tuple[str, str]]:
    for pair in value.split(";"):
        held = pair.partition("=")[2].strip()
        if _forms.looks_random(held):
            yield "COOKIE", held


def _in_credentials(value: str) -> Iterator[tuple[str, str]]:
    for one in value.split(","):  # as httpx joins headers of one name
        # RFC 9110, section 11.4: the scheme, a space, and the credentials
        scheme, _, credentials = one.strip().partition(" ")
        yield API_KEY, credentials.strip() or scheme
        if scheme.lower() == "basic":
            with contextlib.suppress(ValueError):  # RFC 7617: the password is behind the colon
                pair = base64.b64decode(credentials, validate=True).decode()
                yield API_KEY, pair.partition(":")[2]
