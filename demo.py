"""Shows the main job: a conversation is recorded over a real socket, then replayed without it."""

import os
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

TEST = """
    def test_remembers_my_name(conversations, conversation_snapshot):
        first = conversations.start(model="mistral-medium-latest", inputs="My name is Ada.")
        with conversations.append_stream(
            conversation_id=first.conversation_id, inputs="What is my name?"
        ) as stream:
            events = list(stream)
        history = conversations.get_history(conversation_id=first.conversation_id)

        assert events == conversation_snapshot(name="events")
        assert history == conversation_snapshot(name="history")
"""

# Loaded into the replaying run: whatever wants to leave the process fails.
NO_NETWORK = """
    import socket

    def refuse(*arguments):
        raise OSError("the network is out of reach")

    socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse
"""


def main() -> int:
    """Run the demo in a throw-away project.

    Returns:
        The exit code: 0 if the conversation was recorded and replayed.
    """
    with tempfile.TemporaryDirectory(prefix="conversations-demo-") as name:
        project = Path(name)
        (project / "test_memory.py").write_text(textwrap.dedent(TEST).lstrip(), encoding="utf-8")
        (project / "no_network.py").write_text(textwrap.dedent(NO_NETWORK), encoding="utf-8")

        _say("A test, in an empty project:")
        _show(project / "test_memory.py")

        _say("1. Record it, over a real socket, from the sandbox (a local stand-in of the API):")
        record = ("--conversations-mode=once", "--conversations-sandbox", "--snapshot-update")
        if _pytest(project, *record):
            return 1

        cassette = project / "cassettes" / "test_memory" / "test_remembers_my_name.yaml"
        _say("2. The cassette. The streamed reply, with the cuts and times of its chunks:")
        text = cassette.read_text(encoding="utf-8")
        print(textwrap.indent(_streamed_interaction(text), "    "))
        before = cassette.read_bytes()

        _say("3. Replay it: the sandbox is gone, the network out of reach, no key is set:")
        if _pytest(project, "-p", "no_network"):
            return 1
        if cassette.read_bytes() != before:
            _say("The cassette was changed by its replay. That is a bug.")
            return 1

    _say("Recorded once, replayed without server, network or key; the cassette is untouched.")
    return 0


def _pytest(project: Path, *options: str) -> int:
    environ = {name: v for name, v in os.environ.items() if not name.startswith("MISTRAL_")}
    # pytest-asyncio, which is there when `make test` was here before, says more than belongs here.
    quiet = ["-p", "no:cacheprovider", "-p", "no:asyncio"]
    command = ["-m", "pytest", "-q", *quiet, *options]
    print(f"    $ pytest {' '.join(options)}")
    result = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, *command],
        cwd=project,
        env=environ | {"PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
        check=False,
    )
    print(textwrap.indent((result.stdout + result.stderr).strip(), "    "))
    return result.returncode


def _streamed_interaction(text: str) -> str:
    """The second of the three interactions, which is the streamed one."""
    return "- request:" + text.split("\n- request:")[2]


def _say(words: str) -> None:
    print(f"\n{words}\n", flush=True)


def _show(path: Path) -> None:
    print(textwrap.indent(path.read_text(encoding="utf-8"), "    "))


if __name__ == "__main__":
    raise SystemExit(main())
