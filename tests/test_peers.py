"""What other recorders get wrong in matching, in concurrency and under pytest, and we do not."""

import asyncio
import json
import threading
import time
from collections import Counter

import httpx
import pytest
from libraries import HEADERS, Capturing, Client
from support import Connection, Serve

RECORD = ("--conversations-mode=once", "--conversations-sandbox")

# vcrpy, pytest-recording, cassetter, cuesheet and promptecho replay the answer to the one prompt
# for any other, since they match no body, or other fields of it; agent-replay-py by order alone.
ASKED = {
    "model": "m",
    "inputs": "What is 2+2?",
    "instructions": "Be brief.",
    "completion_args": {"temperature": 0.5},
    "tools": [{"type": "web_search"}],
    "store": True,
}
OTHERS = [
    {"model": "other"},
    {"inputs": "What is 2+3?"},
    {"inputs": [{"role": "user", "content": "What is 2+2?"}]},
    {"instructions": "Be long."},
    {"completion_args": {"temperature": 0.6}},
    {"completion_args": {"temperature": 0.5, "top_p": 1.0}},
    {"tools": [{"type": "web_search_premium"}]},
    {"tools": []},
    {"store": False},
]


def test_every_field_of_a_request_counts(pytester: pytest.Pytester) -> None:
    """Another prompt, instructions or temperature gets no answer; spelled otherwise, it does."""
    code = f"""
        import json
        import httpx, pytest

        ASKED = {ASKED!r}
        pytestmark = pytest.mark.conversations(cassette="shared.yaml")

        def ask(body, **layout):
            return httpx.post(
                "https://api.mistral.ai/v1/conversations",
                content=json.dumps(body, **layout),
                headers={{"authorization": "Bearer any-key-will-do"}},
            ).json()

        def test_the_same():
            assert "conversation_id" in ask(ASKED)
    """
    replayed = f"""
        def test_spelled_otherwise():
            body = dict(reversed(ASKED.items()))
            assert "conversation_id" in ask(body, indent=3, separators=(" , ", " :"))

        @pytest.mark.parametrize("other", {OTHERS!r})
        def test_another(other):
            ask({{**ASKED, **other}})

        @pytest.mark.conversations(match_on=["method", "path"])
        def test_as_the_code_says_now_and_not_as_when_it_was_recorded():
            assert "conversation_id" in ask({{**ASKED, "inputs": "What is 2+3?"}})
    """
    pytester.makepyfile(test_it=code)
    pytester.runpytest(*RECORD).assert_outcomes(passed=1)
    pytester.makepyfile(test_it=code + replayed)
    result = pytester.runpytest()
    result.assert_outcomes(passed=3, failed=len(OTHERS))
    result.stdout.fnmatch_lines(
        ["*Closest is interaction 1, POST *; it differs in body.", '*+*"What is 2+3?",']
    )


@pytest.fixture(params=["httpx", "httpx2"])
def library(request: pytest.FixtureRequest) -> str:
    """Those that are captured."""
    pytest.importorskip(request.param)
    name: str = request.param
    return name


@pytest.mark.parametrize("prompts", [list(range(8)), [0] * 8], ids=["different", "equal"])
def test_tasks_each_get_the_answer_that_they_got(
    prompts: list[int], library: str, serve: Serve, capturing: Capturing
) -> None:
    """Eight at once, of different prompts or equal ones, though answered in another order."""
    numbers = iter(range(1000))

    def script(connection: Connection) -> None:
        number = next(numbers)
        time.sleep(0.02 * (7 - number))
        connection.head()
        connection.socket.sendall(b"%d of " % number + connection.received.body)

    url = serve(script)
    module = pytest.importorskip(library)

    async def ask_all() -> list[str]:
        async with module.AsyncClient() as client:
            asked = [client.post(url, json={"inputs": n}, headers=HEADERS) for n in prompts]
            return [reply.text for reply in await asyncio.gather(*asked)]

    with capturing(url):
        live = asyncio.run(ask_all())
    assert len(set(live)) == 8
    with capturing(url, mode="none") as cassette:
        assert asyncio.run(ask_all()) == live
        assert cassette.all_played


def test_equal_requests_of_threads_are_each_answered_once(
    serve: Serve, capturing: Capturing
) -> None:
    """Eight at once: cuesheet and promptecho give one answer to all of them."""
    numbers = iter(range(1000))
    client = Client(httpx, is_async=False)

    def script(connection: Connection) -> None:
        connection.head()
        connection.socket.sendall(b"%d" % next(numbers))

    url = serve(script)

    def ask_all() -> Counter[object]:
        answers: list[object] = []
        threads = [
            threading.Thread(target=lambda: answers.extend(client.post(url, {"inputs": "same"})))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return Counter(answers)

    with capturing(url):
        live = ask_all()
    with capturing(url, mode="none"):
        assert ask_all() == live == Counter(b"%d" % number for number in range(8))


def _served(serve: Serve) -> tuple[str, list[str]]:
    """A server's URL, and what reached it."""
    reached: list[str] = []

    def script(connection: Connection) -> None:
        reached.append(json.loads(connection.received.body)["inputs"])
        connection.head("Content-Type: application/json")
        connection.socket.sendall(b"{}")

    return serve(script), reached


ASK = """
    import httpx, os, pytest

    def ask(text):
        url = os.environ["MISTRAL_SERVER_URL"] + "/v1/conversations"
        headers = {"authorization": "Bearer a-real-key-123"}
        return httpx.post(url, json={"inputs": text}, headers=headers).json()
"""


@pytest.mark.parametrize("ci", [None, "true"])
def test_nothing_goes_out_unless_it_was_asked_for(
    pytester: pytest.Pytester, serve: Serve, monkeypatch: pytest.MonkeyPatch, ci: str | None
) -> None:
    """With a key, without a cassette or with another one, in CI or not; pytest-vcr calls out."""
    url, reached = _served(serve)
    monkeypatch.setenv("MISTRAL_SERVER_URL", url)
    monkeypatch.setenv("MISTRAL_API_KEY", "a-real-key-123")
    if ci:
        monkeypatch.setenv("CI", ci)
    code = (
        ASK
        + """
    @pytest.mark.conversations
    def test_it():
        assert ask("One") == {}
    """
    )
    pytester.makepyfile(test_it=code)
    missed = pytester.runpytest()
    missed.assert_outcomes(failed=1)
    missed.stdout.fnmatch_lines(["*UnrecordedRequestError: Not recorded: POST *"])
    assert not reached
    assert not (pytester.path / "cassettes").exists()
    pytester.runpytest("--conversations-mode=once").assert_outcomes(passed=1)
    assert reached == ["One"]
    (path,) = (pytester.path / "cassettes").rglob("*.yaml")
    before = path.read_bytes()
    pytester.makepyfile(test_it=code.replace("One", "Two"))
    for options in ((), ("--conversations-mode=once",)):
        pytester.runpytest(*options).assert_outcomes(failed=1)
    assert reached == ["One"]
    assert path.read_bytes() == before


def test_a_test_without_the_marker_is_let_alone(
    pytester: pytest.Pytester, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its request goes out and is not recorded, before and after a test that has the marker."""
    url, reached = _served(serve)
    monkeypatch.setenv("MISTRAL_SERVER_URL", url)
    pytester.makepyfile(
        test_it=ASK
        + """
    def test_before():
        assert ask("before") == {}

    @pytest.mark.conversations
    def test_it():
        assert ask("recorded") == {}

    def test_after():
        assert ask("after") == {}
    """
    )
    pytester.runpytest("--conversations-mode=once").assert_outcomes(passed=3)
    pytester.runpytest().assert_outcomes(passed=3)
    assert reached == ["before", "recorded", "after", "before", "after"]
    (path,) = (pytester.path / "cassettes").rglob("*.yaml")
    assert path.name == "test_it.yaml"
    assert path.read_text(encoding="utf-8").count("- request:") == 1


@pytest.mark.parametrize("mode", ["all", "rewrite"])
def test_a_test_that_fails_keeps_the_old_recording(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    """For its own reasons, or since the API is down; most write what there is, or nothing."""
    monkeypatch.setenv("MISTRAL_API_KEY", "a-real-key-123")
    code = """
        def test_it(conversations):
            assert conversations.start(model="m", inputs="Hello").outputs
    """
    pytester.makepyfile(test_it=code)
    pytester.runpytest(*RECORD).assert_outcomes(passed=1)
    (path,) = (pytester.path / "cassettes").rglob("*.yaml")
    before = path.read_bytes()
    down = "--conversations-server-url=http://127.0.0.1:1"
    pytester.runpytest(f"--conversations-mode={mode}", down).assert_outcomes(failed=1)
    assert path.read_bytes() == before
    pytester.makepyfile(test_it=code.replace("assert", "assert not"))
    again = pytester.runpytest(f"--conversations-mode={mode}", RECORD[1])
    again.assert_outcomes(failed=1)
    again.stdout.fnmatch_lines(["  not written: cassettes/test_it/test_it.yaml (the test failed)"])
    assert path.read_bytes() == before
