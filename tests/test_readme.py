"""The README is true: its code runs, its tables are complete, its messages are what is printed."""

import re
from pathlib import Path

import pytest

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"<!-- (\S+\.py) -->\n```python\n(.*?)```", README, re.DOTALL))


def test_each_python_block_is_a_file_of_the_example() -> None:
    """So that none goes untested."""
    assert README.count("```python") == len(FILES) == 3


def test_the_first_test_records_replays_and_misses(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the commands that stand there; a changed prompt gives the message that stands there."""
    monkeypatch.delenv("MISTRAL_API_KEY", raising=False)
    pytester.makepyfile(**{name.removesuffix(".py"): FILES[name] for name in FILES})
    pytester.makepyfile(
        my_app="""
        import httpx

        def answer(prompt):
            reply = httpx.post(
                "https://api.mistral.ai/v1/conversations",
                json={"model": "m", "inputs": [{"role": "user", "content": "My name is Ada."}]},
                headers={"Authorization": "Bearer any-key-will-do"},
            )
            return reply.text
        """
    )
    commands = re.findall(r"^pytest (--conversations-mode=once.*sandbox.*)$", README, re.MULTILINE)
    assert len(commands) == 1
    pytester.runpytest(*commands[0].split()).assert_outcomes(passed=2)
    pytester.runpytest().assert_outcomes(passed=2)

    source = pytester.path / "test_memory.py"
    changed = source.read_text(encoding="utf-8").replace("name is Ada", "name is Bob")
    source.write_text(changed, encoding="utf-8")
    missed = pytester.runpytest("test_memory.py")
    missed.assert_outcomes(failed=1)
    message = re.search(r"```text\n(.*?)```", README, re.DOTALL)
    assert message is not None
    missed.stdout.fnmatch_lines(
        [f"*{line.replace('[', '[[]')}" for line in message[1].rstrip().splitlines()]
    )


def test_the_tables_name_every_option_and_fixture(pytester: pytest.Pytester) -> None:
    """What pytest lists is in the README, and the other way round."""
    pattern = r"(?<![\w-])--conversations-[a-z-]+"
    listed = set(re.findall(pattern, pytester.runpytest("--help").stdout.str()))
    assert listed
    assert listed == set(re.findall(pattern, README))
    ini = r"^  (conversations_\w+) \("
    assert set(re.findall(ini, pytester.runpytest("--help").stdout.str(), re.MULTILINE)) == set(
        re.findall(r"\| `(conversations_\w+)` \| (?:\||`)", README)
    )
    fixtures = pytester.runpytest("--fixtures", "-p", "no:pytest_recording").stdout.str()
    for name in re.findall(r"^\| `(conversation\w+)` \| ", README, re.MULTILINE):
        assert re.search(rf"^{name}( \[.*\])? -- ", fixtures, re.MULTILINE)
