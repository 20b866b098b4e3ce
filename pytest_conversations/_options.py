"""The plugin's options and what they may be, for each run, also where nothing uses the plugin."""

import pytest

UNUSED = ("ignore", "warn", "error")
MODES = ("none", "once", "new_episodes", "all", "rewrite", "verify")
SERVER_URL = "https://api.mistral.ai"
MARKER = (
    "conversations(cassette=None, mode=None, match_on=None, chunking='recorded', pace='instant', "
    "cut_after=None)"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, on the command line and in the ini file."""
    group = parser.getgroup("conversations", "Conversations API: record and replay")
    group.addoption(
        "--conversations-mode",
        choices=MODES,
        help="none: replay only (default). once: record where there is no cassette. "
        "new_episodes: record what is not in it. all: record everything again. "
        "rewrite: the same, from an empty cassette. verify: call the API, write nothing, and fail "
        "where a reply has another shape than the recorded one.",
    )
    group.addoption(
        "--conversations-server-url",
        metavar="URL",
        help=f"Origin of the API (default: MISTRAL_SERVER_URL or {SERVER_URL}).",
    )
    group.addoption(
        "--conversations-dir",
        metavar="DIR",
        help="Folder of the cassettes, from rootdir (default: cassettes).",
    )
    group.addoption(
        "--conversations-sandbox",
        action="store_true",
        help="Send requests to the API origin to the embedded sandbox API instead.",
    )
    group.addoption(
        "--conversations-unused",
        choices=UNUSED,
        help="What to do about recorded interactions that a passing test did not play: say it at "
        "the end (warn, default), fail the test (error), or nothing (ignore).",
    )
    group.addoption(
        "--conversations-report",
        metavar="FILE",
        help="Write the cassettes of this run, and how its tests went, as an HTML page.",
    )
    group.addoption(
        "--conversations-max-age",
        metavar="DAYS",
        help="Say at the end which recordings are older; with error:DAYS, fail the tests that play "
        "them (default: any age will do).",
    )
    parser.addini("conversations_mode", "default value for --conversations-mode")
    parser.addini("conversations_server_url", "default value for --conversations-server-url")
    parser.addini("conversations_dir", "default value for --conversations-dir")
    parser.addini("conversations_unused", "default value for --conversations-unused")
    parser.addini("conversations_max_age", "default value for --conversations-max-age")
    parser.addini(
        "conversations_keep_failed",
        "write the recording of a failing test, too",
        type="bool",
        default=False,
    )
    parser.addini(
        "conversations_scrub",
        "what is kept out of cassettes, a line each: the name of an environment variable that "
        "holds a secret, or re:PATTERN; keep:PATTERN is no secret",
        type="linelist",
    )
