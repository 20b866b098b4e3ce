"""The pages as a site: made without a warning, and all links inside of it lead somewhere."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import pytest_conversations
from pytest_conversations import errors, models

DOCS = Path(__file__).parent.parent / "docs"


class _Page(HTMLParser):
    """The targets of a page, and where its links lead."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.ids = {""}
        self.links: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag
        given = dict(attrs)
        self.ids.add(given.get("id") or "")
        self.links += [link for name in ("href", "src") if (link := given.get(name))]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make it as `make docs` does; a warning is an error."""
    folder = tmp_path_factory.mktemp("site")
    command = ["-m", "sphinx", "--fail-on-warning", "--quiet", str(DOCS), str(folder / "html")]
    made = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, *command, "--doctree-dir", str(folder / "doctrees")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    return folder / "html"


def test_the_site_is_whole(site: Path) -> None:
    """All links inside lead somewhere; no public name, page, or name of a file is missing."""
    _links_lead_somewhere(site)
    _public_names_have_entries(site)
    _pages_are_found(site)
    _files_are_named(site)


def _links_lead_somewhere(site: Path) -> None:
    """To a file of the site, and to a place in it where they name one."""
    pages = {path.resolve(): _Page(path) for path in site.rglob("*.html")}
    assert len(pages) > 20
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert target.is_file(), f"{path.name}: {link}"
            if target in pages:
                assert unquote(parts.fragment) in pages[target].ids, f"{path.name}: {link}"


def _public_names_have_entries(site: Path) -> None:
    """In the pages that are made from the code."""
    api, every_model = _Page(site / "api.html").ids, _Page(site / "models.html").ids
    for name in {*pytest_conversations.__all__, *errors.__all__} - {"__version__"}:
        assert f"pytest_conversations.{name}" in api, name
    for name in models.__all__:
        assert name.lower() in every_model, name


def _pages_are_found(site: Path) -> None:
    """Each page of `docs/` is in the navigation of the first one."""
    navigation = _Page(site / "index.html").links
    for path in DOCS.glob("*.md"):
        if path.stem != "index":
            assert f"{path.stem}.html" in navigation, path.name


def _files_are_named(site: Path) -> None:
    """A block that is a file shows its name, which on the pages is in a comment."""
    named = 0
    for path in DOCS.glob("*.md"):
        made = (site / f"{path.stem}.html").read_text(encoding="utf-8")
        for name in re.findall(r"^<!-- (\w+\.py) -->$", path.read_text("utf-8"), re.MULTILINE):
            assert f'<span class="caption-text">{name}</span>' in made, f"{path.name}: {name}"
            named += 1
    assert named > 10
