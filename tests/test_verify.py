"""The mode `verify`: whether the API still answers as it was recorded."""

import json
from pathlib import Path

import pytest
from vcr.request import Request

from pytest_conversations.cassette import ConversationCassette, Scrubber
from pytest_conversations.errors import CassetteError

URL = "https://api.mistral.ai/v1/conversations"

Reply = tuple[int, str, bytes]


def _json(data: object, code: int = 200) -> Reply:
    return code, "application/json", json.dumps(data).encode()


def _stream(*events: tuple[str, object]) -> Reply:
    body = "".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in events)
    return 200, "text/event-stream; charset=utf-8", body.encode()


def _delta(content: object, **more: object) -> tuple[str, object]:
    name = "message.output.delta"
    return name, {"type": name, "output_index": 0, "content": content, **more}


def _made(cassette: ConversationCassette, *replies: Reply) -> ConversationCassette:
    for number, (code, form, body) in enumerate(replies):
        request = Request("POST", URL, b'{"n":%d}' % number, {})
        cassette.record(request).response = {
            "status": {"code": code, "message": "OK"},
            "headers": {"content-type": [form]},
            "body": {"string": body},
        }
    return cassette


def _open(path: Path, mode: str) -> ConversationCassette:
    return ConversationCassette(str(path), mode=mode, scrubber=Scrubber({}))


def _differences(path: Path, recorded: Reply, live: Reply) -> list[str]:
    _made(_open(path, "once"), recorded).write()
    before = path.read_bytes()
    cassette = _made(_open(path, "verify"), live)
    try:
        cassette.verify()
    except CassetteError as error:
        first, *lines, hint = str(error).splitlines()
        assert first.startswith("The API is no longer as it was recorded in ")
        assert hint == "To record it: use a mode that records"
        return [line.removeprefix(f"POST {URL}: ") for line in lines]
    finally:
        assert path.read_bytes() == before
    return []


ENTRY = {"object": "entry", "type": "message.output", "id": "msg_1", "content": "Hello"}
DONE = ("conversation.response.done", {"type": "conversation.response.done", "usage": {"n": 1}})


@pytest.mark.parametrize(
    ("recorded", "live"),
    [
        (_json(ENTRY), _json(ENTRY | {"id": "msg_2", "content": "Good day"})),
        (_json({"n": 1}), _json({"n": 2.5})),
        (_json({"data": [{"a": 1}, {"b": 2}]}), _json({"data": [{"b": 3, "a": 1}]})),
        (_json({"data": ["a"]}), _json({"data": []})),
        (_stream(_delta("Hel"), _delta("lo"), DONE), _stream(_delta("Hello"), DONE)),
        (_json([]), _json([])),
        ((204, "", b""), (204, "", b"")),
        ((200, "text/plain", b"a"), (200, "text/plain", b"b")),
    ],
)
def test_what_may_change(tmp_path: Path, recorded: Reply, live: Reply) -> None:
    """Words, ids, numbers, how many alike things there are, how many pieces a text comes in."""
    assert _differences(tmp_path / "it.yaml", recorded, live) == []


@pytest.mark.parametrize(
    ("recorded", "live", "lines"),
    [
        (_json(ENTRY), _json({}, 404), ["status: recorded 200, now 404"]),
        (
            _json(ENTRY),
            _stream(DONE),
            ["content type: recorded application/json, now text/event-stream"],
        ),
        (
            _json({"a": 1, "b": {"c/d": None}, "e": "f"}),
            _json({"b": {"c/d": "x"}, "e": ["f"], "g": True}),
            [
                "/a: recorded a number, now missing",
                "/b/c~1d: recorded null, now a text",
                "/e: recorded a text, now a list",
                "/g: not recorded, now a boolean",
            ],
        ),
        (
            _json({"outputs": [ENTRY]}),
            _json({"outputs": [{"type": "function.call"}, ENTRY]}),
            ["/outputs: recorded message.output, now function.call, message.output"],
        ),
        (
            _json({"outputs": [ENTRY]}),
            _json({"outputs": [ENTRY | {"content": [], "role": "assistant"}]}),
            [
                "/outputs/0/content: recorded a text, now a list",
                "/outputs/0/role: not recorded, now a text",
            ],
        ),
        (_json({"object": "a"}), _json({"object": "b"}), ["/object: recorded 'a', now 'b'"]),
        (
            _stream(_delta("Hello"), DONE),
            _stream(("ping", {}), _delta("Hello"), DONE),
            [
                "/: recorded message.output.delta, conversation.response.done, now ping, "
                "message.output.delta, conversation.response.done"
            ],
        ),
        (
            _stream(_delta("Hello"), DONE),
            _stream(_delta("Hel"), _delta("lo", model="m"), DONE),
            ["/0/data/model: not recorded, now a text"],
        ),
    ],
)
def test_what_is_told(tmp_path: Path, recorded: Reply, live: Reply, lines: list[str]) -> None:
    """Each by its place in the body, with what was there and what is."""
    assert _differences(tmp_path / "it.yaml", recorded, live) == lines


def test_requests_that_are_new_or_gone(tmp_path: Path) -> None:
    """The test has changed, or the app."""
    path = tmp_path / "it.yaml"
    _made(_open(path, "once"), _json({}), _json({}), _json({})).write()
    cassette = _open(path, "verify")
    cassette.record(Request("GET", URL, b"", {})).response = {
        "status": {"code": 200, "message": "OK"},
        "headers": {},
        "body": {"string": b"{}"},
    }
    with pytest.raises(CassetteError) as raised:
        _made(cassette, _json({}), _json({})).verify()
    assert str(raised.value).splitlines()[1:-1] == [
        f"GET {URL}: not recorded",
        f"POST {URL}: recorded, and not asked for now",
    ]


def test_verify_under_pytest(pytester: pytest.Pytester) -> None:
    """The test goes to the API again, with new ids; nothing is written."""
    pytester.makepyfile(
        test_it="""
        import pytest

        def test_it(conversations):
            reply = conversations.start(model="m", inputs="My name is Ada.")
            with conversations.append_stream(
                conversation_id=reply.conversation_id, inputs="What is my name?"
            ) as stream:
                assert "Ada" in "".join(map(str, stream))
        """
    )
    verify = ("--conversations-mode=verify", "--conversations-sandbox")
    missing = pytester.runpytest(*verify)
    missing.assert_outcomes(failed=1)
    missing.stdout.fnmatch_lines(["*there is no cassette *test_it.yaml to compare with. To rec*"])
    pytester.runpytest("--conversations-mode=once", "--conversations-sandbox")
    (path,) = pytester.path.glob("cassettes/*/*.yaml")
    before = path.read_bytes()
    same = pytester.runpytest(*verify)
    same.assert_outcomes(passed=1)
    same.stdout.no_fnmatch_line("*not written*")
    path.write_bytes(before.replace(b'"guardrails": null', b'"guardrails": []'))
    changed = pytester.runpytest(*verify)
    changed.assert_outcomes(passed=1, errors=1)
    changed.stdout.fnmatch_lines(
        [
            "*The API is no longer as it was recorded in cassettes/test_it/test_it.yaml:",
            "*POST https://api.mistral.ai/v1/conversations: /guardrails: recorded a list, now null",
            "*To record it: pytest test_it.py::test_it --conversations-mode=rewrite *",
            "  verified: 2 replies were asked for again, nothing was written",
        ]
    )


def test_verify_with_a_cassette_of_several_tests(pytester: pytest.Pytester) -> None:
    """One may play what another recorded, and need not; one that asks nothing needs no cassette."""
    pytester.makepyfile(
        test_it="""
        import pytest

        @pytest.mark.conversations(cassette="shared.yaml")
        @pytest.mark.parametrize("words", ["hello", "good bye"])
        def test_it(conversations, words):
            conversations.start(model="m", inputs="hello")
            conversations.start(model="m", inputs=words)

        @pytest.mark.conversations
        def test_nothing(): pass
        """
    )
    record = ("--conversations-mode=once", "--conversations-sandbox")
    pytester.runpytest(*record, "-k", "hello").assert_outcomes(passed=1, deselected=2)
    new = ("--conversations-mode=new_episodes", "--conversations-sandbox")
    pytester.runpytest(*new, "-k", "bye").assert_outcomes(passed=1, deselected=2)

    verify = ("--conversations-mode=verify", "--conversations-sandbox")
    pytester.runpytest(*verify).assert_outcomes(passed=3)
    source = pytester.path / "test_it.py"
    asks_less = source.read_text("utf-8").replace("inputs=words", 'inputs="hello"')
    source.write_text(asks_less, "utf-8")
    less = pytester.runpytest(*verify)
    less.assert_outcomes(passed=3, errors=1)
    less.stdout.fnmatch_lines(["*POST *: recorded, and not asked for now"])


def test_verify_where_the_test_fails_on_words(pytester: pytest.Pytester) -> None:
    """It hides no change of the shape, and is not blamed for what it did not come to ask."""
    pytester.makepyfile(
        test_it="""
        from pathlib import Path

        def test_it(conversations):
            reply = conversations.start(model="m", inputs="My name is Ada.")
            assert reply.outputs[0].content == Path("words.txt").read_text()
            conversations.delete(conversation_id=reply.conversation_id)
        """
    )
    (pytester.path / "words.txt").write_text("Nice to meet you, Ada.", "utf-8")
    sandbox = "--conversations-sandbox"
    pytester.runpytest("--conversations-mode=once", sandbox).assert_outcomes(passed=1)
    (pytester.path / "words.txt").write_text("Hello, Ada.", "utf-8")
    words = pytester.runpytest("--conversations-mode=verify", sandbox)
    words.assert_outcomes(failed=1)
    words.stdout.fnmatch_lines(["  verified: 1 reply was asked for again, nothing was written"])

    (path,) = pytester.path.glob("cassettes/*/*.yaml")
    path.write_bytes(path.read_bytes().replace(b'"guardrails": null', b'"guardrails": []'))
    both = pytester.runpytest("--conversations-mode=verify", sandbox)
    both.assert_outcomes(failed=1, errors=1)
    both.stdout.fnmatch_lines(["*/conversations: /guardrails: recorded a list, now null"])
    both.stdout.no_fnmatch_line("*not asked for now")


DOWN = "http://127.0.0.1:1"
RETRYING = """
    import contextlib
    import httpx
    import pytest

    @pytest.mark.conversations
    def test_it():
        for _ in range(3):
            with contextlib.suppress(httpx.TransportError):
                url = "http://127.0.0.1:1/v1/conversations"
                reply = httpx.get(url, headers={"Authorization": "Bearer of-no-use"})
                assert reply.status_code == 200
                break
"""


def test_verify_where_the_api_is_down(pytester: pytest.Pytester) -> None:
    """It is no change of the API, whatever the app makes of it; no reply is counted."""
    pytester.makepyfile(test_it=RETRYING)
    to = f"--conversations-server-url={DOWN}"
    record = (to, "--conversations-mode=once", "--conversations-sandbox")
    pytester.runpytest(*record).assert_outcomes(passed=1)
    down = pytester.runpytest(to, "--conversations-mode=verify")
    down.assert_outcomes(passed=1, errors=1)
    down.stdout.fnmatch_lines(
        [
            "*The API did not answer, so nothing was compared with cassettes/test_it/test_it.yaml:",
            f"GET {DOWN}/v1/conversations: ConnectError: *",
        ]
    )
    shown = down.stdout.str()
    assert shown.count(f"GET {DOWN}") == 1  # of each try the same would be said
    for words in ("no longer as it was recorded", "not recorded", "status:", "verified:"):
        assert words not in shown


def _failing(cassette: ConversationCassette, kind: str, message: str) -> ConversationCassette:
    cassette.record(Request("POST", URL, b'{"n":0}', {})).response = {
        "status": {"code": 0, "message": ""},
        "headers": {},
        "body": {"string": b""},
        "error": {"type": kind, "message": message},
    }
    return cassette


def test_verify_where_one_of_several_replies_did_not_come(tmp_path: Path) -> None:
    """None of them is compared, and an error without words is told by its name."""
    path = tmp_path / "it.yaml"
    _made(_open(path, "once"), _json({}), _json({})).write()
    cassette = _failing(_made(_open(path, "verify"), _json({"a": 1})), "ReadTimeout", "")
    with pytest.raises(CassetteError) as raised:
        cassette.verify()
    head, *lines = str(raised.value).splitlines()
    assert head.startswith("The API did not answer, so nothing was compared with ")
    assert lines == [f"POST {URL}: ReadTimeout"]


def test_verify_where_no_reply_was_recorded(tmp_path: Path) -> None:
    """A test of a network that fails is compared, as any other."""
    path = tmp_path / "it.yaml"
    _failing(_open(path, "once"), "ConnectError", "refused").write()
    _failing(_open(path, "verify"), "ConnectError", "refused again").verify()
    with pytest.raises(CassetteError, match="status: recorded 0, now 200"):
        _made(_open(path, "verify"), _json({})).verify()
