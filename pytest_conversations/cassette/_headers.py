"""Headers by name: those that are worth keeping, and what becomes of the others."""

import re

from pytest_conversations.cassette import _names

# Credentials, by the name of their header, beside those of fields. Cookies are, too: they are a
# session's.
_CREDENTIAL = re.compile(
    r"(?:^|-)(?:auth|authorization|cookie2?|token|secret|password|credentials?|signature|session|jwt)$"
    r"|api-?key",
    re.IGNORECASE,
)
# Ids that the service, or the network before it, gives to each request anew.
_REQUEST_ID = re.compile(
    r"(?:mistral-correlation-id|x-kong-request-id|cf-ray|traceparent|tracestate|x-amzn-trace-id"
    r"|(?:.*-)?(?:request|correlation|trace)-id)",
    re.IGNORECASE,
)
# What describes a message, what a client decides by, and what tells of limits and of time.
_WORTH_KEEPING = re.compile(
    r"accept(?:-.+)?|access-control-.+|age|allow|alt-svc|cache-control|cf-cache-status|connection"
    r"|content-(?:disposition|encoding|language|length|range|security-policy|type)|date|deprecation"
    r"|expect|expires|host|if-.+|keep-alive|last-modified|link|location|pragma|priority|range"
    r"|retry-after(?:-ms)?|server|server-timing|strict-transport-security|sunset|te|trailer"
    r"|transfer-encoding|upgrade|user-agent|vary|via|warning|www-authenticate"
    r"|x-content-type-options|x-frame-options|x-robots-tag|x-envoy-upstream-service-time"
    r"|x-kong-.*latency|x-should-retry|x-max-retry-attempts-reached|x-stainless-.+"
    r"|(?:.*-)?ratelimit(?:-.*)?|.*-(?:ms|version)",
    re.IGNORECASE,
)


def is_credential(name: str) -> bool:
    """Whether what a header holds is a credential."""
    if name.lower().startswith("access-control-"):
        return False
    return _CREDENTIAL.search(name) is not None or _names.kind(name) is _names.Kind.SURE


def is_cookie(name: str) -> bool:
    """Whether a header holds cookies, which are no credentials of the caller's own."""
    return "cookie" in name.lower()


def is_request_id(name: str) -> bool:
    """Whether a header holds an id of this one request."""
    return _REQUEST_ID.fullmatch(name) is not None


def is_worth_keeping(name: str) -> bool:
    """Whether the value of a header is kept."""
    return not is_credential(name) and _WORTH_KEEPING.fullmatch(name) is not None


def placeholder(name: str) -> str:
    """What stands in place of the value."""
    return f"<{re.sub('[<>]', '', name).upper()}>"
