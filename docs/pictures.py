"""Draws the pictures of the README: the tutorial in a terminal, and a report.

``python docs/pictures.py``, with Playwright and a ``chromium`` on the path.
"""

import io
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import tour
from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from pytest_conversations.sandbox import Sandbox

HERE = Path(__file__).parent
WIDTH = 110  # characters
TYPED_S, READ_S = 1.0, 2.5  # how long a command is typed, and what it printed is read
TRIP = """
def test_plans_a_trip(conversations):
    with conversations.start_stream(
        model="mistral-medium-latest",
        inputs="From Paris take the night train to Vienna, then follow the river Danube by "
        "bicycle to Bratislava, and leave two days for Budapest.",
    ) as stream:
        list(stream)
    conversation_id = stream.events[0].data.conversation_id
    conversations.append(conversation_id=conversation_id, inputs="What is 6*7?")
"""


def _shown(folder: Path) -> Iterator[list[str]]:
    """Each command of the tutorial, with what it prints in colours; until a request is missed."""
    for step in tour.steps(tour.PAGE.read_text("utf-8")):
        if step.kind == "console" and step.commands[0].startswith("pytest -q"):
            command = step.commands[0]
            printed = tour.run(command, folder, PY_COLORS="1", COLUMNS=str(WIDTH))
            yield [f"$ {command}", *printed.splitlines(), ""]
            if "Not recorded" in printed:
                return
        elif not step.note.startswith("in "):
            tour.do(step, folder)
            if step.kind == "diff":
                yield [f"$ sed -i s/Ada/Bob/ {step.note}", ""]


def terminal(folder: Path) -> str:
    """The tutorial as a terminal shows it, as SVG in which lines appear one after the other.

    Args:
        folder: an empty one, in which its steps are done.
    """
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    appears: list[float] = []  # for each line, in s
    now = 0.5
    for command, *printed in _shown(folder):
        console.print(Text(command, "bold"), soft_wrap=True)
        appears.append(now)
        now += TYPED_S
        for line in printed:
            text = Text.from_ansi(line)
            for part in text.wrap(console, WIDTH) or [text]:
                console.print(part, soft_wrap=True, highlight=False)
                appears.append(now)
        now += READ_S
    template = (HERE / "terminal.svg.template").read_text("utf-8")
    title = "pytest-conversations"
    svg = console.export_svg(title=title, theme=MONOKAI, code_format=template, unique_id="t")

    def delayed(text: re.Match[str]) -> str:
        delay = appears[int(text["line"])]
        return (
            f'<text class="{text["class"]} line" style="animation-delay:{delay:g}s"{text["rest"]}'
        )

    pattern = r'<text class="(?P<class>[^"]*)"(?P<rest>[^>]*"url\(#t-line-(?P<line>\d+)\)")'
    return re.sub(pattern, delayed, svg)


def report(folder: Path) -> Path:
    """A report of a conversation whose stream takes its time; gives the file.

    Args:
        folder: an empty one.
    """
    (folder / "test_trip.py").write_text(TRIP, "utf-8")
    with Sandbox(pace=0.06) as sandbox:
        record = f"pytest --conversations-mode=once --conversations-server-url={sandbox.url}"
        tour.run(record, folder, MISTRAL_API_KEY="any-key-will-do")
    tour.run("pytest-conversations report cassettes -o report.html", folder)
    return folder / "report.html"


def photograph(page: Path) -> None:
    """Take the picture of a report."""
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        view = browser.new_page(viewport={"width": 1000, "height": 720}, color_scheme="light")
        view.goto(f"{page.as_uri()}#cassettes/test_trip/test_plans_a_trip:1")
        view.screenshot(
            path=HERE / "report.png", clip={"x": 0, "y": 80, "width": 1000, "height": 640}
        )
        browser.close()


def main() -> None:
    """Draw both."""
    with tempfile.TemporaryDirectory() as folder:
        (HERE / "tour.svg").write_text(terminal(Path(folder)), "utf-8")
    with tempfile.TemporaryDirectory() as folder:
        photograph(report(Path(folder)))


if __name__ == "__main__":
    main()
