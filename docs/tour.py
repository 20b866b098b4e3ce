"""The steps of the tutorial, as somebody types them in an empty folder, and what they print.

``python docs/tour.py`` tells where the page shows something else; with ``--renew`` it writes
what was printed into the page.
"""

import dataclasses
import difflib
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

DOCS = Path(__file__).parent
PAGE = DOCS / "tutorial.md"
# A block, and the comment before it that says what it is of.
_BLOCK = re.compile(r"(?:<!-- (?P<note>.*?) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)```", re.DOTALL)
# Plugins that a developer of this package has beside it.
_NEIGHBOURS = [
    "asyncio",
    "hypothesispytest",
    "pytest_httpx",
    "randomly",
    "recording",
    "respx",
    "xdist",
]
# Of the environment: what would change an option, the key, or the colour of what is printed.
_LEFT_OUT = ("MISTRAL", "PYTEST", "CI", "FORCE_COLOR", "NO_COLOR", "PY_COLORS")
_COMMANDS = {"pytest": "pytest", "pytest-conversations": "pytest_conversations"}
# What is another thing each time: how long it took, ids, addresses, days, and the bars of a stream.
_CHANGES = [
    (re.compile(r"\b\d+\.\d\ds\b"), "0.00s"),
    (re.compile(r"\b\d+ ms\b"), "0 ms"),
    (re.compile(r"conv_[0-9a-f]{30,}"), "conv_0"),
    (re.compile(r"\b0x[0-9a-f]+\b"), "0x0"),
    (re.compile(r"\b20\d\d-\d\d-\d\d\b"), "2000-01-01"),
    (re.compile(r"^ *[▁▂▃▄▅▆▇█][ ▁▂▃▄▅▆▇█]*$", re.MULTILINE), "█"),
]


@dataclasses.dataclass(frozen=True)
class Step:
    """A block of the page.

    Attributes:
        note: the comment before it, or nothing.
        kind: its language.
        text: what it holds.
        span: where that is in the page.
    """

    note: str
    kind: str
    text: str
    span: tuple[int, int]

    @property
    def commands(self) -> list[str]:
        """The commands of a console."""
        return [line.removeprefix("$ ") for line in self.text.splitlines() if line.startswith("$")]


def steps(page: str) -> Iterator[Step]:
    """The blocks of a page that are to be done, in order."""
    for block in _BLOCK.finditer(page):
        note = block["note"] or ""
        if note != "by hand":
            yield Step(note, block["kind"], block["text"], block.span("text"))


def do(step: Step, folder: Path) -> str:
    """Do one step.

    Args:
        step: of the page.
        folder: in which it is done.

    Returns:
        What the block should hold.

    Raises:
        ValueError: it can't be done, or the file does not hold what it shows.
    """
    if step.kind == "console":
        return "".join(f"$ {each}\n{run(each, folder)}" for each in step.commands)
    path = folder / step.note.removeprefix("in ")
    if step.note.startswith("in "):
        missing = [line for line in step.text.splitlines() if line not in path.read_text("utf-8")]
        if missing:
            msg = f"{path.name} does not hold {missing}"
            raise ValueError(msg)
    elif step.kind == "diff":
        lines = step.text.splitlines(keepends=True)
        old, new = ("".join(each[1:] for each in lines if each[0] == sign) for sign in "-+")
        source = path.read_text("utf-8")
        if source.count(old) != 1:
            msg = f"{path.name} does not hold {old!r} once"
            raise ValueError(msg)
        path.write_text(source.replace(old, new), "utf-8")
    else:
        path.write_text(step.text, "utf-8")
    return step.text


def run(command: str, folder: Path, **environ: str) -> str:
    """Run a command of ours in a folder, as in a shell without a key.

    Args:
        command: `pytest` or `pytest-conversations`, with its arguments.
        folder: the working directory.
        environ: more of the environment.

    Returns:
        What it printed.
    """
    name, *arguments = shlex.split(command)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(_LEFT_OUT)}
    without = " ".join(f"-p no:{plugin}" for plugin in ("cacheprovider", *_NEIGHBOURS))
    kept |= {"COLUMNS": "88", "PYTEST_ADDOPTS": without}
    done = subprocess.run(
        [sys.executable, "-B", "-m", _COMMANDS[name], *arguments],
        cwd=folder,
        env=kept | environ,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return done.stdout.strip("\n") + "\n" if done.stdout.strip() else ""


def tidy(text: str) -> str:
    """A text of a console without what is another thing each time."""
    for pattern, same in _CHANGES:
        text = pattern.sub(same, text)
    return text


def tour(page: str, folder: Path) -> str:
    """Do all steps of a page in a folder, and give the page as it should be."""
    done = []
    last = 0
    for step in steps(page):
        told = do(step, folder)
        kept = step.text if tidy(told) == tidy(step.text) else told
        done += [page[last : step.span[0]], kept]
        last = step.span[1]
    return "".join([*done, page[last:]])


def differences(page: str, folder: Path) -> list[str]:
    """What a page shows that is not so, as the lines of a diff; none where all is."""
    right = tour(page, folder)
    return list(difflib.unified_diff(page.splitlines(), right.splitlines(), "shown", "printed"))


def main(*arguments: str) -> int:
    """Compare, or with ``--renew`` write; gives the exit code."""
    page = PAGE.read_text("utf-8")
    with tempfile.TemporaryDirectory() as folder:
        if "--renew" in arguments:
            PAGE.write_text(tour(page, Path(folder)), "utf-8")
            return 0
        found = differences(page, Path(folder))
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
