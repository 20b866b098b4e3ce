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
from pytest_conversations.cassette._secrets import Found, Secrets, merged, replace
from pytest_conversations.cassette._spelling import SHORTEST
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
        groups = [name.upper() for pattern in rules.patterns for name in pattern.groupindex]
        names = "|".join(map(re.escape, (API_KEY, *values, *groups)))
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
        url = urlsplit(request.uri)
        user = url.password or url.username  # of many APIs the key is the user, without a password
        if user:
            yield API_KEY, unquote(user)
        for text in every([whole(request.uri.encode("utf-8", "surrogateescape"))]):
            for start, end, name, _ in self._without_kept(text, _forms.credentials(text)):
                yield name, text.value[start:end]
        body = _matching.body_bytes(request)
        for text in every(texts(body)) if _forms.may_hold(body) else ():
            for start, end, name, _ in self._credentials(text, self._rules.patterns):
                value = text.value[start:end]
                if _forms.looks_random(value):  # and is no word of the conversation
                    yield name, value

    def by_value(self, body: bytes) -> list[Found]:
        """The known secrets in bytes, in order."""
        return self._secrets.find(body)

    def in_body(
        self, body: bytes, *, is_reply: bool = False, are_events: bool = False
    ) -> list[Found]:
        """All that is secret in a body, in order.

        Args:
            body: of a request or a response.
            is_reply: it may end within a secret.
            are_events: JSON is a list of the events of a stream.
        """
        # In a stream, what gives a form away may itself be cut.
        if not (self._may_have_forms(body) or b"data:" in body or are_events):
            return self.known_in_body(body, is_reply=is_reply) if self._secrets else []
        outermost = texts(body, are_events=are_events)
        begun = self._secrets.begun if is_reply else None
        over = spelled_out(outermost, self.by_value, self._in_output, begun)
        found = self._anything(body, outermost, self._rules.patterns)
        return merged(fitted(merged((*found, *over)), outermost))

    def known_in_body(self, body: bytes, *, is_reply: bool = False) -> list[Found]:
        """The known secrets in a body, in order."""
        outermost = texts(body)
        begun = self._secrets.begun if is_reply else None
        over = spelled_out(outermost, self.by_value, self.by_value, begun)
        return merged(fitted(merged((*self.by_value(body), *over)), outermost))

    def in_text(self, body: bytes, *, of_message: bool = True) -> list[Found]:
        """All that is secret in the bytes of a header or a URL, in order.

        Args:
            body: the bytes.
            of_message: False for a text of the file beside the messages, such as a date, where
                patterns of the user's do not count.
        """
        outermost = [whole(body)]
        closer = self._may_have_forms(body)
        patterns = self._rules.patterns if of_message else ()
        found = self._anything(body, outermost, patterns) if closer else self.by_value(body)
        return merged(fitted(found, outermost))

    def shown(self, text: str) -> str:
        """A text for a message, without the secrets in it."""
        body = text.encode("utf-8", "replace")
        return replace(body, self.in_text(body)).decode()

    def _may_have_forms(self, body: bytes) -> bool:
        return bool(self._rules.patterns) or _forms.may_hold(body)

    def _in_output(self, body: bytes) -> list[Found]:
        outermost = texts(body)
        found = self._anything(body, outermost, self._rules.patterns)
        return merged(fitted(found, outermost))

    def _anything(
        self, body: bytes, outermost: Sequence[Text], patterns: Sequence[re.Pattern[str]]
    ) -> list[Found]:
        known = self.by_value(body)
        forms = (
            found
            for found, is_exact in self._by_form(outermost, patterns)
            if is_exact or not _is_known(found, known)
        )
        return merged((*known, *forms))

    def of_header(self, name: str, value: str) -> str:
        """The rule by which the whole value of a header goes; empty where it is kept."""
        kept = (
            _headers.is_worth_keeping(name)
            or _forms.is_masked(value)
            or self._rules.keeps(f"{name.lower()}: {value}")
        )
        shown = self.shown(name)
        return "" if kept else f"header {name.lower() if shown == name else shown}"

    def alike(self, text: str) -> str:
        """A scrubbed text as it is compared: by which rule a secret was found does not count.

        So a dummy that has not the form of the credential in whose place it stands is its equal.
        """
        return self._placeholder.sub("<>", text) if "<" in text else text

    def _by_form(
        self, outermost: Iterable[Text], patterns: Sequence[re.Pattern[str]]
    ) -> Iterator[tuple[Found, bool]]:
        for text in every(outermost):
            for start, end, name, is_exact in self._credentials(text, patterns):
                at = text.positions
                found = Found(at[start], at[end], f"<{name}>".encode(), f"form of {name}")
                yield found, is_exact

    def _credentials(
        self, text: Text, patterns: Sequence[re.Pattern[str]]
    ) -> Iterator[_forms.Match]:
        yield from self._without_kept(text, _forms.credentials(text))
        for match in _forms.by_patterns(patterns, text.value):
            yield from self._without_kept(text, self._outside_placeholders(match, text.value))

    def _without_kept(self, text: Text, matches: Iterable[_forms.Match]) -> Iterator[_forms.Match]:
        for match in matches:
            if not self._rules.keeps(text.value[match.start : match.end]):
                yield match

    def _outside_placeholders(self, match: _forms.Match, value: str) -> Iterator[_forms.Match]:
        """What a pattern matches of a text but not of what stands for a secret there already."""
        start = match.start
        for placeholder in self._placeholder.finditer(value):
            if placeholder.start() < match.end and placeholder.end() > start:
                if placeholder.start() > start:
                    yield match._replace(start=start, end=placeholder.start())
                start = placeholder.end()
        if start < match.end:
            yield match._replace(start=start)


def _is_known(found: Found, known: Sequence[Found]) -> bool:
    """Whether what looks like a credential is a known one, but for a few bytes around it.

    They stay, such as the port behind a password: a dummy has no form, and there they stay, too.
    """
    return any(
        -SHORTEST < each.start - found.start < SHORTEST
        and -SHORTEST < found.end - each.end < SHORTEST
        for each in known
    )


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
                user, _, password = pair.partition(":")
                yield API_KEY, password or user
