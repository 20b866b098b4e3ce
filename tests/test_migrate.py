"""The command `migrate`: from other tools' cassettes and markers to ours, with nothing lost."""

import datetime as dt
import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from record_foreign import STREAM
from support import Connection, listening

from pytest_conversations.cassette import ConversationCassette, Scrubber, load
from pytest_conversations.cli import main
from pytest_conversations.migrate import _layout, _marks, _source
from pytest_conversations.migrate._found import Mark

FOREIGN = Path(__file__).parent / "foreign"
KEY = "zK4dummy0key1for2tests3only4xyzw"
OTHERS = ("asyncio", "hypothesispytest", "pytest_httpx", "randomly", "respx")

APP = """
import os
import httpx

def ask(prompt):
    key = os.environ.get("MISTRAL_API_KEY", "a-dummy-key")
    reply = httpx.post(
        os.environ["MISTRAL_SERVER_URL"] + "/v1/conversations",
        json={"inputs": prompt},
        headers={"Authorization": f"Bearer {key}"},
    )
    return reply.json()["content"]

def ask_other():
    return httpx.get(os.environ["OTHER_URL"] + "/weather").json()["content"]
"""

TESTS = '''
"""Grüße."""
import pytest
import vcr
from app import ask, ask_other

@pytest.mark.vcr
def test_plain():
    assert ask("plain") == "plain"

@pytest.mark.parametrize("model", ["large/2", "small"])
@pytest.mark.vcr()
def test_parameters(model):
    assert ask(model) == model

@pytest.mark.vcr
class TestOuter:
    class TestInner:
        def test_deep(self):
            assert ask("deep") == "deep"

@pytest.mark.vcr
@pytest.mark.default_cassette("named.yaml")
def test_named():
    assert ask("named") == "named"

@pytest.mark.vcr
def test_mixed():
    assert ask("mixed") == "mixed"
    assert ask_other() == ""

def test_in_code():
    with vcr.use_cassette("fixtures/in_code.yaml", filter_headers=["authorization"]):
        assert ask("in code") == "in code"
'''


class _Migrate:
    """Runs the command in this process, where pytest imports the project's modules."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.out = self.err = ""

    def __call__(self, *words: str) -> int:
        modules, path = set(sys.modules), list(sys.path)
        self._capsys.readouterr()
        try:
            code = main(["migrate", *words])
        finally:
            sys.path[:] = path
            for name in set(sys.modules) - modules:
                file = getattr(sys.modules[name], "__file__", None) or ""
                if Path(file).is_relative_to(Path.cwd()):
                    del sys.modules[name]
        self.out, self.err = self._capsys.readouterr()
        return code

    @property
    def lines(self) -> set[str]:
        return {line.strip() for line in self.out.splitlines()}


@pytest.fixture
def migrate(pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]) -> _Migrate:  # noqa: ARG001 - its folder is the project
    """The command, in a project of pytester's."""
    return _Migrate(capsys)


def _files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts and ".pytest_cache" not in path.parts
    }


def _echo(connection: Connection) -> None:
    body = connection.received.body
    content = yaml.safe_load(body)["inputs"] if body else ""
    reply = f'{{"content": "{content}", "key": "{KEY}"}}'.encode()
    connection.head("Content-Type: application/json", f"Content-Length: {len(reply)}")
    connection.socket.sendall(reply)


def _neighbours(monkeypatch: pytest.MonkeyPatch, *more: str) -> None:
    words = [f"-p no:{name}" for name in (*OTHERS, *more)]
    monkeypatch.setenv("PYTEST_ADDOPTS", " ".join(words))


@pytest.fixture
def recorded(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project that pytest-recording and vcrpy have recorded; the servers are gone."""
    pytester.makepyfile(app=APP, **{"tests/test_api": TESTS})
    pytester.makeini("[pytest]\npythonpath = .\n")
    with listening(_echo) as url, listening(_echo) as other:
        monkeypatch.setenv("MISTRAL_SERVER_URL", url)
        monkeypatch.setenv("OTHER_URL", other)
        monkeypatch.setenv("MISTRAL_API_KEY", KEY)
        _neighbours(monkeypatch)
        result = pytester.runpytest_subprocess("--record-mode=once", "-W", "ignore")
        result.assert_outcomes(passed=7)
    monkeypatch.delenv("MISTRAL_API_KEY")
    return pytester


def test_a_project_of_pytest_recording_and_vcrpy(
    recorded: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, migrate: _Migrate
) -> None:
    """Recorded for real, moved, and replayed by the markers that the command has written."""
    before = _files(recorded.path)
    assert any(KEY.encode() in raw for raw in before.values())

    assert migrate() == 0
    assert _files(recorded.path) == before
    assert "7 cassettes to be written, 5 markers to be changed, 3 lines to see to by hand." in (
        migrate.lines
    )
    assert migrate("--write") == 0

    after = _files(recorded.path)
    made = {name: raw for name, raw in after.items() if name.startswith("cassettes/")}
    assert set(made) == {
        "cassettes/tests/test_api/test_plain.yaml",
        "cassettes/tests/test_api/test_parameters[large-2]~c351d8a27a.yaml",
        "cassettes/tests/test_api/test_parameters[small].yaml",
        "cassettes/tests/test_api/TestOuter.TestInner.test_deep.yaml",
        "cassettes/tests/test_api/named.yaml",
        "cassettes/tests/test_api/test_mixed.yaml",
        "cassettes/tests/test_api/test_in_code.yaml",
    }
    assert not any(KEY.encode() in raw for raw in made.values())
    assert {name: raw for name, raw in after.items() if name not in made} == before | {
        "tests/test_api.py": _with_markers(before["tests/test_api.py"])
    }
    other = os.environ["OTHER_URL"].replace("127.0.0.1", "localhost")
    at = "tests/test_api.py:"
    assert (
        f"{at}26: @pytest.mark.vcr -> @pytest.mark.conversations (test_mixed asks {other} as "
        in (migrate.out)
    )
    assert (
        f'{at}32: vcr.use_cassette("fixtures/in_code.yaml", filter_headers=["authorization"]) -> '
        "@pytest.mark.conversations on test_in_code" in migrate.lines
    )
    # What others still need is not to be taken away.
    (removal,) = [line for line in migrate.lines if line.startswith(("git rm", "rm -r"))]
    assert "test_plain.yaml" in removal
    assert "test_mixed" not in removal
    assert "in_code" not in removal

    _neighbours(monkeypatch, "recording")
    replayed = recorded.runpytest("-W", "ignore", "-k", "not mixed and not in_code")
    replayed.assert_outcomes(passed=5)
    replayed.stdout.fnmatch_lines(["conversations: 5 replayed, 0 recorded, *0 unused in 5 *"])

    assert migrate("--write") == 0
    assert _files(recorded.path) == after
    assert "0 cassettes written, 6 there already, 0 markers changed" in migrate.out


def _with_markers(raw: bytes) -> bytes:
    """The tests with what `migrate --write` is to change, and nothing else."""
    old, new = b"@pytest.mark.vcr", b"@pytest.mark.conversations"
    head, mixed, tail = raw.partition(b"@pytest.mark.vcr\ndef test_mixed")
    head = head.replace(old + b"()", new).replace(old, new)
    named = b'conversations(cassette="tests/test_api/named.yaml")'
    return head.replace(b'default_cassette("named.yaml")', named) + mixed + tail


def test_a_cassette_of_cassetter(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, migrate: _Migrate
) -> None:
    """The file is one that cassetter 0.16.1 wrote; its times are kept, and none is made up."""
    url = "http://127.0.0.1:8765"
    monkeypatch.setenv("MISTRAL_SERVER_URL", url)
    pytester.makepyfile(
        f"""
        import httpx, pytest
        from record_foreign import ask

        @pytest.mark.vcr(record_mode="none")
        def test_it():
            reply, stream, compressed = ask(httpx, "{url}/v1/conversations")
            assert "Grüße" in reply and stream == {STREAM!r}
        """
    )
    folder = pytester.mkdir("cassettes") / "elsewhere"  # as a fixture vcr_cassette_dir may say
    folder.mkdir()
    shutil.copy(FOREIGN / "cassetter-0.16.1.yaml", folder / "test_it.yaml")

    assert migrate("--write") == 0

    (name,) = [path for path in pytester.path.glob("cassettes/*/*") if path.parent != folder]
    interactions, metadata = load(name)
    first = dt.datetime(2026, 11, 27, 16, 9, 26, tzinfo=dt.UTC)
    assert metadata["recorded_at"] == first
    assert metadata["migrated_from"] == ["cassettes/elsewhere/test_it.yaml"]
    assert len(interactions) == 3
    assert "@pytest.mark.conversations(mode='none') (its arguments)" in migrate.out
    source = pytester.path / "test_a_cassette_of_cassetter.py"
    text = source.read_text(encoding="utf-8")
    source.write_text(text.replace('vcr(record_mode="none")', "conversations"), encoding="utf-8")
    pytester.runpytest().assert_outcomes(passed=1)


VCRPY = f"""
interactions:
- request:
    body: '{{"inputs":"Hi"}}'
    headers:
      authorization: [Bearer {KEY}]
      user-agent: [AGENT]
    method: POST
    uri: https://api.mistral.ai/v1/conversations
  response:
    body: {{string: '{{"content":"{KEY}"}}'}}
    headers: {{}}
    status: {{code: 200, message: OK}}
version: 1
""".lstrip()


_INTERACTION = VCRPY.removeprefix("interactions:\n").removesuffix("version: 1\n")


def _cassette(path: Path, agent: str = "python-httpx/0.28.1") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(VCRPY.replace("AGENT", agent), encoding="utf-8")


def test_another_origin_moves_where_it_is_named(
    pytester: pytest.Pytester, migrate: _Migrate
) -> None:
    """With it the whole test moves; what was made without it is not taken for that."""
    pytester.makepyfile(
        **{
            "tests/test_it": """
            import httpx, pytest

            @pytest.fixture
            def conversations_config():
                return {"origins": ["https://other.example"]}

            @pytest.mark.vcr
            def test_mixed():
                for host in ("api.mistral.ai", "other.example"):
                    httpx.post(f"https://{host}/v1/conversations", json={"inputs": "Hi"})
            """
        }
    )
    old = pytester.path / "tests" / "cassettes" / "test_it" / "test_mixed.yaml"
    _cassette(old)
    other = _INTERACTION.replace("api.mistral.ai", "other.example")
    text = VCRPY.replace("version: 1", f"{other}version: 1").replace("AGENT", "an-app")
    old.write_text(text, encoding="utf-8")
    assert migrate("--write", str(old)) == 0
    assert "1 interaction, 1 to other origins stays behind" in migrate.out

    assert migrate("--write", "--origin", "https://other.example") == 0
    assert "not moved, since there is cassettes/tests/test_it/test_mixed.yaml" in migrate.out
    (pytester.path / "cassettes" / "tests" / "test_it" / "test_mixed.yaml").unlink()
    source = pytester.path / "tests" / "test_it.py"
    text = source.read_text(encoding="utf-8")
    source.write_text(text.replace("https://other.example", "nowhere", 1), encoding="utf-8")
    assert migrate("--write", "--origin", "https://other.example") == 0
    assert "which `origins` of conversations_config does not name yet" in migrate.out
    source.write_text(text, encoding="utf-8")
    assert migrate("--write", "--origin", "https://other.example") == 0

    pytester.runpytest("-W", "ignore").assert_outcomes(passed=1)


def test_what_cannot_be_moved_is_named(pytester: pytest.Pytester, migrate: _Migrate) -> None:
    """A damaged cassette, one in a format that is not read, a module that fails; others move."""
    pytester.makepyfile(
        **{
            "tests/test_it": """
            import pytest

            @pytest.mark.vcr
            def test_good(): ...

            @pytest.mark.vcr
            def test_cut(): ...

            @pytest.mark.vcr
            def test_toml(): ...

            @pytest.mark.vcr
            def test_requests(): ...

            @pytest.mark.vcr
            def test_other_api(): ...
            """,
            "tests/test_fails": "import nothing_of_this_name",
        }
    )
    folder = pytester.path / "tests" / "cassettes" / "test_it"
    _cassette(folder / "test_good.yaml")
    _cassette(folder / "test_requests.yaml", "python-requests/2.32.3")
    (folder / "test_cut.yaml").write_text(VCRPY[: VCRPY.index("    status")], encoding="utf-8")
    (folder / "test_toml.toml").write_text('uri = "https://api.mistral.ai/"\n', encoding="utf-8")
    other = VCRPY.replace("api.mistral.ai", "other.example")
    (folder / "test_other_api.yaml").write_text(other, encoding="utf-8")
    before = _files(folder)

    assert migrate("--write") == 1

    assert _files(folder) == before
    assert _files(pytester.path / "cassettes").keys() == {
        "tests/test_it/test_good.yaml",
        "tests/test_it/test_requests.yaml",
    }
    assert "test_cut.yaml:10: a response has a `status`" in migrate.err
    assert "test_toml.toml: cassetter's TOML: `cassetter convert test_toml.toml" in migrate.err
    assert "tests/test_fails.py: pytest cannot collect it" in migrate.err
    assert "nothing_of_this_name" in migrate.err
    assert "recorded through python-requests/2.32.3, which cannot be captured)" in migrate.out
    assert "other" not in migrate.out + migrate.err
    text = (pytester.path / "tests" / "test_it.py").read_text(encoding="utf-8")
    assert text.count("mark.conversations") == 1
    assert KEY not in migrate.out + migrate.err


def test_no_file_is_written_over(pytester: pytest.Pytester, migrate: _Migrate) -> None:
    """Neither another recording, nor the old cassette that stands where the new one would."""
    mark = "import pytest\n\npytestmark = pytest.mark.vcr\n\ndef test_it(): ...\n"
    pytester.makepyfile(**{"test_root": mark, "tests/test_below": mark})
    in_place = pytester.path / "cassettes" / "test_root" / "test_it.yaml"
    taken = pytester.path / "cassettes" / "tests" / "test_below" / "test_it.yaml"
    for path in (in_place, taken, pytester.path / "tests/cassettes/test_below/test_it.yaml"):
        _cassette(path)
    before = _files(pytester.path)

    assert migrate("--write") == 0

    root = before["test_root.py"].replace(b"mark.vcr", b"mark.conversations")
    assert _files(pytester.path) == before | {"test_root.py": root}
    name = "cassettes/test_root/test_it.yaml"
    assert f"{name}: it plays as it is, with 2 secrets in it: " in migrate.out
    assert f"pytest-conversations check --fix {name}" in migrate.out
    assert "not moved, since there is cassettes/tests/test_below/test_it.yaml" in migrate.out
    assert "rm -r" not in migrate.out  # both are needed


def test_markers_change_together_or_not_at_all(
    pytester: pytest.Pytester, migrate: _Migrate
) -> None:
    """A test with a marker of each tool would be refused; what code does is not seen to."""
    pytester.makeconftest(
        """
        def pytest_collection_modifyitems(items):
            for item in items:
                if "by_code" in item.name:
                    item.add_marker("vcr")
        """
    )
    pytester.makepyfile(
        **{
            "tests/test_it": """
            import pytest

            @pytest.mark.vcr
            class TestIt:
                @pytest.mark.vcr()
                def test_good(self): ...

                @pytest.mark.vcr(match_on=["path"], allow_playback_repeats=True)
                def test_options(self): ...

            @pytest.mark.vcr
            def test_takes(vcr): ...

            @pytest.mark.vcr
            def test_by_code(): ...

            @pytest.mark.vcr("more.yaml")
            def test_more(): ...

            @pytest.mark.vcr
            def test_without_requests(): ...

            @pytest.fixture
            def vcr(): ...
            """
        }
    )
    folder = pytester.path / "tests" / "cassettes" / "test_it"
    names = ("TestIt.test_good", "TestIt.test_options", "test_takes", "test_by_code", "test_more")
    for name in (*names, "more"):
        _cassette(folder / f"{name}.yaml")

    assert migrate("--write") == 0

    at, ours = "tests/test_it.py:", "@pytest.mark.conversations"
    assert migrate.lines >= {
        f'{at}17: @pytest.mark.vcr("more.yaml") -> {ours}',
        f"{at}3: @pytest.mark.vcr -> {ours} (together with line 8)",
        f"{at}5: @pytest.mark.vcr() -> {ours} (together with line 3)",
        f'{at}8: @pytest.mark.vcr(match_on=["path"], allow_playback_repeats=True) -> '
        f"{ours}(match_on=['path']) (its arguments); allow_playback_repeats -> there is no equal",
        f"{at}12: argument vcr -> conversation_cassette",
        f"{at}11: @pytest.mark.vcr -> {ours} (test_takes takes the fixture vcr)",
        f"{at}14: @pytest.mark.vcr -> {ours} (test_by_code has a marker that code puts there)",
        "conftest.py:4: item.add_marker('vcr') -> item.add_marker('conversations')",
    }
    more = load(pytester.path / "cassettes" / "tests" / "test_it" / "test_more.yaml")
    assert len(more[0]) == 2
    text = (pytester.path / "tests" / "test_it.py").read_text(encoding="utf-8")
    assert text.count("mark.conversations") == 1


def test_options_are_told_with_what_stands_for_them(
    pytester: pytest.Pytester, migrate: _Migrate
) -> None:
    """Those of fixtures, of instances of `VCR`, and of pytest's command line."""
    pytester.makeini("[pytest]\naddopts = --vcr-record=none\n")
    pytester.makeconftest(
        """
        import pytest
        import vcr

        my_vcr = vcr.VCR(cassette_library_dir="fixtures")

        def pytest_addoption(parser):
            parser.addoption("--vcr-record")

        @pytest.fixture(scope="module")
        def vcr_config():
            return {"filter_headers": ["authorization"], "match_on": ("path", "body"), "odd": 1}

        @pytest.fixture(scope="module")
        def vcr_cassette_dir():
            return "anywhere"

        @pytest.fixture
        def a_helper():
            with my_vcr.use_cassette("helper.yaml"):
                yield
        """
    )
    pytester.makepyfile(
        """
        import pytest
        from conftest import my_vcr

        @my_vcr.use_cassette("shared")
        def test_one(): ...

        @my_vcr.use_cassette("shared", match_on=["path"])
        def test_two(): ...

        def test_made_by_code(tmp_path):
            with my_vcr.use_cassette(str(tmp_path)): ...
        """
    )
    for name in ("shared", "helper.yaml", "unused.yaml"):
        _cassette(pytester.path / "fixtures" / name)

    assert migrate("--write") == 0

    stem = "test_options_are_told_with_what_stands_for_them"
    marker = f'@pytest.mark.conversations(cassette="{stem}/shared.yaml")'
    assert {path.name for path in pytester.path.glob("cassettes/*/*")} == {
        "shared.yaml",
        "helper.yaml",
    }
    assert migrate.lines >= {
        f'{stem}.py:4: my_vcr.use_cassette("shared") -> {marker} on test_one',
        f"{stem}.py:11: my_vcr.use_cassette(str(tmp_path)) -> the marker, with the cassette that "
        "it means",
        'conftest.py:19: my_vcr.use_cassette("helper.yaml") -> '
        '@pytest.mark.conversations(cassette="conftest/helper.yaml") on the tests that use it',
        "conftest.py:4: cassette_library_dir='fixtures' -> `dir` of conversations_config, or "
        "conversations_dir",
        "conftest.py:11: odd=1 -> there is no equal",
        "conftest.py:11: match_on=('path', 'body') -> `match_on=('path', 'body')` of "
        "conversations_config; by default method, path, query and body",
        "tox.ini: --vcr-record=none -> --conversations-mode; without it, a run replays",
        "fixtures/unused.yaml",
    }
    assert "conftest.py:14: def vcr_cassette_dir -> nothing, cassettes are in cassettes/" in (
        migrate.out
    )
    assert "rm -r" not in migrate.out


def test_tests_that_ask_elsewhere_alone(pytester: pytest.Pytester, migrate: _Migrate) -> None:
    """What they ask is named: it may be the API by another name."""
    pytester.makepyfile(
        **{"tests/test_it": "import pytest\npytestmark = pytest.mark.vcr\ndef test_one(): ...\n"}
    )
    path = pytester.path / "tests" / "cassettes" / "test_it" / "test_one.yaml"
    _cassette(path)
    text = path.read_text("utf-8").replace("https://api.mistral.ai", "https://eu.example:8443")
    path.write_text(f"{text}# uri: http://of.nobody:123456\n", "utf-8")
    assert migrate() == 0
    assert (
        "No test was found whose cassette of another tool has requests to the API. Others ask "
        "https://eu.example:8443 (1 cassette): what moves as well is named by --origin."
    ) in migrate.out
    assert migrate("--origin", "https://eu.example:8443") == 0
    assert "1 cassette to be written" in migrate.out


def test_a_key_that_one_cassette_shows_is_kept_out_of_all(
    pytester: pytest.Pytester, migrate: _Migrate
) -> None:
    """Where its header was filtered, the answer may hold it all the same."""
    pytester.makepyfile(
        **{
            "tests/test_it": "import pytest\npytestmark = pytest.mark.vcr\n"
            "def test_one(): ...\ndef test_two(): ...\n"
        }
    )
    folder = pytester.path / "tests" / "cassettes" / "test_it"
    _cassette(folder / "test_two.yaml")
    filtered = VCRPY.replace(f"      authorization: [Bearer {KEY}]\n", "")
    (folder / "test_one.yaml").write_text(filtered, encoding="utf-8")

    assert migrate("--write") == 0

    made = _files(pytester.path / "cassettes")
    assert len(made) == 2
    assert all(b"<MISTRAL_API_KEY>" in raw and KEY.encode() not in raw for raw in made.values())


def test_where_a_cassette_came_from_is_forgotten_with_it(
    pytester: pytest.Pytester, migrate: _Migrate
) -> None:
    """When all of it is recorded anew."""
    pytester.makepyfile(
        **{
            "tests/test_it": "def test_it(conversations):\n"
            "    conversations.start(model='m', inputs='Hello')\n"
        }
    )
    _cassette(pytester.path / "tests" / "cassettes" / "test_it" / "test_it.yaml")
    assert migrate("--write") == 0
    path = pytester.path / "cassettes" / "tests" / "test_it" / "test_it.yaml"
    assert "migrated_from" in load(path)[1]
    assert "recorded_at" not in load(path)[1]

    pytester.runpytest("--conversations-mode=rewrite", "--conversations-sandbox")

    assert "recorded_at" in load(path)[1]
    assert "migrated_from" not in load(path)[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["no-such-folder"], "there is no no-such-folder"),
        (["--origin", "nowhere"], "is no URL; give one such as"),
        (["--scrub", "re:("], "does not compile"),
    ],
)
def test_arguments_that_cannot_be(migrate: _Migrate, words: list[str], said: str) -> None:
    """They end with 2, and say why."""
    assert migrate(*words) == 2
    assert said in migrate.err


def test_pytest_that_does_not_begin_is_shown(pytester: pytest.Pytester, migrate: _Migrate) -> None:
    """As with an option of a tool that was uninstalled first."""
    pytester.makeini("[pytest]\naddopts = --no-such-option\n")
    assert migrate() == 1
    assert "unrecognized arguments: --no-such-option" in migrate.err


CASES: dict[str, Callable[[str], bytes]] = {
    "CRLF": lambda text: text.replace("\n", "\r\n").encode(),
    "a byte order mark": lambda text: text.encode("utf-8-sig"),
    "UTF-8": str.encode,
}
MARKED = (
    '@pytest.mark.vcr()\ndef test_ü(): "ä"\nx = ["é", pytest.mark.vcr]; pytestmark = [mark.vcr]\n'
)


@pytest.mark.parametrize("case", CASES)
def test_a_marker_is_changed_and_no_other_byte(case: str) -> None:
    """Whatever stands before it, and however lines end."""
    raw = CASES[case](MARKED)
    marks = [each for each in _source.find(Path("x.py"), raw) if isinstance(each, Mark)]
    changes = [_marks.Change(each, "mark.new", "", frozenset()) for each in marks if each.is_known]
    assert len(marks) == 3
    expected = MARKED.replace("pytest.mark.vcr()", "mark.new").replace("[mark.vcr]", "[mark.new]")
    assert _marks.rewritten(raw, changes) == CASES[case](expected)


def test_a_file_that_is_not_utf_8_stays() -> None:
    """In it the places are others than the syntax tree says."""
    raw = '# coding: latin-1\nx = "é"; pytestmark = pytest.mark.vcr\n'.encode("latin-1")
    (mark,) = _source.find(Path("x.py"), raw)
    assert isinstance(mark, Mark)
    assert _marks.rewritten(raw, [_marks.Change(mark, "mark.new", "", frozenset())]) is None


def test_the_names_are_those_of_the_tools() -> None:
    """As pytest-recording makes them, long ones included."""
    plugin = pytest.importorskip("pytest_recording.plugin")
    for name in ("test_it", 'test_it[a/b:c|"d"\'\\<?>*%]'):
        expected = plugin.get_default_cassette_name(_Migrate, name)
        assert _layout.names("_Migrate", name)[0] == expected
    long = _layout.names("", "test_it[" + "x" * 300 + "]")[0]
    assert len(long) == 250 - 5 + len("...") - 3 + 5
    assert long.startswith("test_it[xxx")


def test_the_page_says_what_the_command_says(pytester: pytest.Pytester, migrate: _Migrate) -> None:
    """Of the tests that stand in it."""
    page = (Path(__file__).parent.parent / "docs" / "migrate.md").read_text(encoding="utf-8")
    files = re.findall(r"<!-- (\w+)\.py -->\n```python\n(.*?)```", page, re.DOTALL)
    pytester.makepyfile(my_app="", **{f"tests/{name}": text for name, text in files})
    pytester.makeini("[pytest]\npythonpath = .\n")
    for name in ("test_name", "test_names[Ada]", "test_names[Bob]", "test_weather"):
        _cassette(pytester.path / "tests" / "cassettes" / "test_chat" / f"{name}.yaml")
    weather = pytester.path / "tests" / "cassettes" / "test_chat" / "test_weather.yaml"
    other = _INTERACTION.replace("https://api.mistral.ai", "http://weather.example")
    weather.write_text(VCRPY.replace("version: 1", f"{other}version: 1"), encoding="utf-8")
    _cassette(pytester.path / "tests" / "fixtures" / "hello.yaml")

    assert migrate() == 0

    (shown,) = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    assert migrate.out == shown


def test_recordings_of_others(corpus: Path, pytester: pytest.Pytester, migrate: _Migrate) -> None:
    """Each plays after the move as it did before, and `check` finds nothing in it."""
    files = sorted((corpus / "cassettes" / "mistral").glob("*.yaml"))
    names = [f"test_{index}" for index in range(len(files))]
    pytester.makepyfile(**{"tests/test_it": "\n".join(f"def {name}(): ..." for name in names)})
    folder = pytester.path / "tests" / "cassettes" / "test_it"
    folder.mkdir(parents=True)
    for name, path in zip(names, files, strict=True):
        shutil.copyfile(path, folder / f"{name}.yaml")

    assert migrate("--write") == 0

    made = pytester.path / "cassettes" / "tests" / "test_it"
    for name in names:
        old, new = (_played(each / f"{name}.yaml") for each in (folder, made))
        assert old == new
    assert main(["check", str(made)]) == 0


def _played(path: Path) -> list[tuple[object, ...]]:
    cassette = ConversationCassette(str(path), mode="none", scrubber=Scrubber({}))
    return [
        (request.method, request.uri, request.body, response["status"], response["body"])
        for request, response in cassette.interactions
    ]
