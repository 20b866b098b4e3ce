"""Finds secrets: by value, by place and by form. It changes nothing."""

import functools
import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence

from vcr.request import Request

from pytest_conversations._rules import Rules
from pytest_conversations.cassette import _carried, _forms, _headers, _matching, _names
from pytest_conversations.cassette._carried import API_KEY
from pytest_conversations.cassette._fitting import fitted
from pytest_conversations.cassette._fragments import spelled_out
from pytest_conversations.cassette._secrets import Found, Passes, Secrets, merged, replace
from pytest_conversations.cassette._texts import DATA, Text, every, texts, whole


class Finder:
    """Knows the secrets of one cassette, and what looks like one.

    Args:
        values: secrets by name, for instance of environment variables; they are asked for again
            with each request.
        rules: what else the project says.
    """

    def __init__(self, values: Mapping[str, str], rules: Rules) -> None:
        self._values = values
        self._known = Secrets()
        self._lock = threading.RLock()
        self._carrying: list[Request] = []  # requests that nothing was learned from yet
        self._reasons: dict[str, str] = {}
        self.learn_values()
        self._rules = rules
        self._last: tuple[tuple[bytes, bool, Sequence[Text]], ...] = ()

    @functools.cached_property
    def _placeholder(self) -> re.Pattern[str]:
        groups = [name.upper() for pattern in self._rules.patterns for name in pattern.groupindex]
        names = "|".join(map(re.escape, (API_KEY, *self._values, *groups)))
        return re.compile(rf"{_names.PLACEHOLDER}|<(?:{names})>")

    @property
    def unsearched(self) -> dict[str, str]:
        """By the name of a secret, why its value was not searched for."""
        return {name: reason for name, reason in self._reasons.items() if reason}

    @property
    def _secrets(self) -> Secrets:
        """What is searched for."""
        # The lock is held until all is learned, so that no other thread searches for less.
        with self._lock:
            carrying, self._carrying = self._carrying, []
            try:
                while carrying:
                    self._learn_now(carrying[0])
                    del carrying[0]
            finally:  # where that fails, each later search does, and nothing is written unsearched
                self._carrying = carrying + self._carrying
        return self._known

    def _learn_now(self, request: Request) -> None:
        self._add(_carried.in_headers(request.headers))
        self._add(_carried.in_url(request.uri))
        self._add(self._carried_in(_matching.body_bytes(request)))

    def learn(self, request: Request) -> None:
        """Take the credentials that a request carries for secrets, whoever put them there.

        They are looked for in it as soon as anything is searched for: a request that is replayed as
        it stands needs no search.

        Args:
            request: which is not changed any more.
        """
        with self._lock:
            self.learn_values()
            self.note(request)

    def note(self, request: Request) -> None:
        """The same for a request in which `by_own_value` has searched."""
        with self._lock:
            self._carrying.append(request)

    def _add(self, carried: Iterable[tuple[str, str]]) -> None:
        for name, value in carried:
            # With more than what is known, which may be any, it would look like another.
            if not self._placeholder.search(value) and not self._secrets.holds(value):
                self._secrets.add(name, value)

    def learn_values(self) -> None:
        """Ask for the values again: a fixture, or the app, may have set one."""
        for name in self._values:
            if value := self._values[name]:
                self._reasons[name] = self._known.add(name, value)
            elif name != API_KEY:  # which the sandbox does not need
                unset = "it has none: the variable is not set, or its name is another"
                self._reasons.setdefault(name, unset)

    def _carried_in(self, body: bytes) -> Iterator[tuple[str, str]]:
        rest = replace(body, self.known_in_body(body)) if _forms.may_hold(body) else b""
        for text, name, value in _carried.in_texts(self._texts(rest)):
            if not self._rules.keeps(text.value) and not self._rules.keeps(value):
                yield name, value

    def _texts(self, body: bytes, *, is_data: bool = False) -> Sequence[Text]:
        """The texts of a body; of one they are asked for again, with its secrets and without."""
        for last_body, was_data, last in self._last:
            if body == last_body and is_data == was_data:
                return last
        made = texts(body, are_events=is_data)
        self._last = ((body, is_data, made), *self._last[:1])
        return made

    def by_own_value(self, body: bytes) -> list[Found]:
        """The secrets in bytes that are known without learning what the last requests carried."""
        self.learn_values()
        return self._known.find(body)

    def by_value(self, body: bytes) -> list[Found]:
        """The known secrets in bytes, in order."""
        return self._secrets.find(body)

    def parts(self, body: bytes) -> list[Found]:
        """Pieces of the known secrets in a text for people, in order."""
        return self._secrets.parts(body)

    def in_body(
        self,
        body: bytes,
        *,
        is_reply: bool = False,
        is_cut: bool = False,
        is_data: bool = False,
        is_compared: bool = False,
    ) -> Passes:
        """All that is secret in a body.

        Args:
            body: of a request or a response.
            is_reply: a server may have written it, and shown what looks like a key in part.
            is_cut: it is a reply that is not whole, so it may end within a secret of any looks.
            is_data: it is JSON of a test, in which lists may hold events, or what was in them.
            is_compared: it is matched with others, so that what stands in a field whose name tells
                that it is a credential gets the name of the field, whatever it is.
        """
        known = self.known_in_body(body, is_data=is_data)
        rest = replace(body, known)
        # In a stream, what gives a form away may itself be cut.
        if not (self._may_have_forms(rest) or b"data:" in rest or is_data or is_reply):
            return Passes(known, [])
        outermost = self._texts(rest, is_data=is_data)
        begun = functools.partial(self._secrets.begun, is_cut=is_cut) if is_reply else None
        over = spelled_out(outermost, lambda _: [], self._in_output, begun, is_data=is_data)
        # A line `data:` may stand in what is no stream of JSON, and then the lines are one text.
        is_text = any(text.path == DATA for text in outermost)
        searched = [*outermost, whole(rest)] if is_text else outermost
        forms = self._by_form(searched, self._rules.patterns, is_compared=is_compared)
        return Passes(known, merged(fitted(merged((*forms, *over)), outermost)))

    def known_in_body(self, body: bytes, *, is_data: bool = False) -> list[Found]:
        """The known secrets in a body, in order."""
        if not self._secrets:
            return []
        outermost = self._texts(body, is_data=is_data)
        over = spelled_out(outermost, self.by_value, self.by_value, None)
        return merged(fitted(merged((*self.by_value(body), *over)), outermost))

    def in_text(self, body: bytes, *, of_message: bool = True, is_compared: bool = False) -> Passes:
        """All that is secret in the bytes of a header or a URL.

        Args:
            body: the bytes.
            of_message: False for a text of the file beside the messages, such as a date, where
                patterns of the user's do not count.
            is_compared: see `in_body`.
        """
        known = merged(fitted(self.by_value(body), [whole(body)]))
        rest = replace(body, known)
        if not self._may_have_forms(rest):
            return Passes(known, [])
        outermost = [whole(rest)]
        patterns = self._rules.patterns if of_message else ()
        found = self._by_form(outermost, patterns, is_compared=is_compared)
        return Passes(known, merged(fitted(merged(found), outermost)))

    def shown(self, text: str) -> str:
        """A text for a message, without the secrets in it."""
        body = text.encode("utf-8", "replace")
        return self.in_text(body).applied(body).decode()

    def _may_have_forms(self, body: bytes) -> bool:
        return bool(self._rules.patterns) or _forms.may_hold(body)

    def _in_output(self, body: bytes) -> list[Found]:
        outermost = texts(body)
        found = self._by_form(outermost, self._rules.patterns)
        return merged(fitted(merged(found), outermost))

    def of_header(self, name: str, value: str) -> str:
        """The rule by which the whole value of a header goes; empty where it is kept."""
        kept = (
            _headers.is_worth_keeping(name)
            or _forms.is_masked(value)
            or self._rules.keeps(f"{name.lower()}: {value}")
        )
        if kept:
            return ""
        shown = self.shown(name)
        return f"header {name.lower() if shown == name else shown}"

    def _by_form(
        self,
        outermost: Iterable[Text],
        patterns: Sequence[re.Pattern[str]],
        *,
        is_compared: bool = False,
    ) -> Iterator[Found]:
        for text in every(outermost):
            for start, end, name, was_known in self._credentials(text, patterns, is_compared):
                at = text.positions
                rule = "" if was_known else f"form of {name}"
                yield Found(at[start], at[end], f"<{name}>".encode(), rule)

    def _credentials(
        self,
        text: Text,
        patterns: Sequence[re.Pattern[str]],
        is_compared: bool,  # noqa: FBT001 - internal
    ) -> Iterator[_forms.Match]:
        found = _forms.credentials(text, is_compared=is_compared)
        yield from self._without_kept(text, found)
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
