"""The HTML report in a browser: what can be done with it, and what a hostile recording cannot."""

import datetime as dt
import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from recordings import BASE, ID, Data, event, interaction, talk, write

from pytest_conversations import report
from pytest_conversations.cassette import parse

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HOSTILE = (
    "</script><script>hacked=1</script>",
    "<img src=x onerror=hacked=1>",
    "'\"><svg onload=hacked=1>",
    "javascript:hacked=1",
    "]]>--></style></pre></title></textarea>",
    "{{ 7*7 }}{% raw %}",
    "nul \x00 bidi \u202e rtl \x1b[31m \r zero",
    "__proto__",
    "constructor",
)
Opened = Callable[..., "Page"]


@pytest.fixture
def told() -> list[str]:
    """What pages complained of, ran, or asked for."""
    return []


@pytest.fixture
def opened(browser: "Browser", tmp_path: Path, told: list[str]) -> Iterator[Opened]:
    """Open a report of cassettes; no page may complain, run what is recorded, or ask for more."""
    contexts = []

    def open_page(
        *sources: report.Source | Path,
        at: str = "",
        limits: report.Limits | None = None,
        **how: object,
    ) -> "Page":
        file = tmp_path / "report.html"
        about = report.About(dt.datetime.now(dt.UTC), is_run=True, version="0")
        made = [s if isinstance(s, report.Source) else report.Source(s, s.name) for s in sources]
        report.write(file, made, about, scrub=iter, limits=limits)
        context = browser.new_context(reduced_motion="reduce", **how)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: told.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: told.append(f"error: {error}"))
        page.on("dialog", lambda dialog: told.append(f"dialog: {dialog.message}"))
        page.on("request", lambda request: told.append(f"request: {request.url}"))
        page.add_init_script(
            "addEventListener('securitypolicyviolation', (e) => console.log(e.violatedDirective))"
        )
        page.goto(f"{file.as_uri()}{at}")
        assert told.pop(0) == f"request: {file.as_uri()}{at}".partition("#")[0]
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert told == []


def _wait(page: "Page", selector: str, text: str) -> None:
    """Wait until an element says something; its policy keeps the page from waiting by itself."""
    page.locator(selector, has_text=text).wait_for()


def _shown(page: "Page") -> list[str]:
    """The cassettes that are in sight."""
    return page.locator("article.card:visible h2").all_inner_texts()


def _suite(folder: Path) -> list[report.Source]:
    now = dt.datetime.now(dt.UTC)
    talked = write(
        folder / "talks.yaml", *talk(ID, "What is 1+2?", "It ", "is 3."), recorded_at=now
    )
    listed = write(folder / "lists.yaml", interaction("GET", BASE, None, {"of": "nothing"}))
    missed = write(folder / "misses.yaml", *talk(ID, "My name is Ada.", "Hello Ada."))
    test = report.Test("test_a.py::test_b", "failed", misses=("Error: x\n  -  a\n  +  b",))
    return [
        report.Source(talked, "talks.yaml"),
        report.Source(listed, "lists.yaml", unused=frozenset({0})),
        report.Source(missed, "misses.yaml", tests=(test,)),
        report.Source(folder / "orphan.yaml", "orphan.yaml", tests=(report.Test("t", "passed"),)),
        report.Source(write(folder / "last.yaml"), "last.yaml"),
    ]


def _hostile(said: str) -> list[Data]:
    outputs: list[Data] = [
        {"type": "message.output", "role": said, "content": said},
        {"type": "function.call", "name": said, "arguments": json.dumps({said: said})},
        {"type": "tool.execution", "name": said, "arguments": said, "info": {said: {said: said}}},
        {"type": said, "__proto__": {"hacked": said}, "constructor": said},
        {
            "type": "message.output",
            "content": [
                {"type": "tool_reference", "title": said, "url": "javascript:hacked=1"},
                {"type": "image_url", "image_url": said},
                {"type": said, said: said},
            ],
        },
    ]
    events = event("conversation.response.started", conversation_id=said) + event(
        "message.output.delta", output_index=0, id="m", role="assistant", content=said
    )
    bad = [
        interaction("POST", BASE, {"inputs": said}, {"outputs": outputs}),
        interaction("POST", BASE, {"inputs": said}, f"event: {'x'}\ndata: {said!r}\n\n{events}"),
        interaction("GET", f"https://x.test/?{said.replace(chr(0), '')}", said, {said: said}),
        interaction("POST", BASE, {"inputs": "\ud800 half"}, '{"of": "\\ud800 half"}'),
        interaction(
            "POST", BASE, None, "event: a\ndata: b\n\n", stream={"chunks": f"{10**400}+18"}
        ),
    ]
    for each in bad:
        each["request"]["headers"] = {said: [said]}  # type: ignore[index]
        each["response"]["headers"] |= {said: [said]}  # type: ignore[index]
        each["response"]["error"] = {"type": said, "message": said}  # type: ignore[index]
        each["response"]["test"] = said  # type: ignore[index]
    return bad


def _long() -> list[Data]:
    long = "x" * 1_000_000
    each = interaction("POST", BASE, {"inputs": long}, {"outputs": [{"type": long}], long: long})
    each["request"]["headers"] = {long: [long]}  # type: ignore[index]
    return [each]


def test_nothing_that_is_recorded_runs(opened: Opened, tmp_path: Path) -> None:
    """Neither scripts nor mark-up nor links; it is shown, control characters as escapes."""
    paths = [write(tmp_path / f"it{n}.yaml", *_hostile(said)) for n, said in enumerate(HOSTILE)]
    named = write(tmp_path / "<img src=x onerror=hacked=1>.yaml", *_hostile(HOSTILE[0]), *_long())
    test = report.Test("<script>hacked=1</script>", "failed", misses=HOSTILE, failure=HOSTILE[0])
    source = report.Source(named, named.name, tests=(test,), changes=HOSTILE)
    page = opened(source, *paths)
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
    page.locator(".mark").first.hover()
    page.fill("#search", "<script>")
    _wait(page, "#found", "2 of 10 shown")
    assert page.evaluate("typeof hacked") == "undefined"
    assert page.locator("main script, main img, main iframe").count() == 0
    hrefs = page.eval_on_selector_all("a", "all => all.map((a) => a.getAttribute('href'))")
    assert all(each.startswith("#") for each in hrefs)
    text = page.locator("main").text_content() or ""
    assert "</script><script>hacked=1</script>" in text
    assert "nul \\x00 bidi \\x202e rtl \\x1b[31m \\x0d zero" in text
    assert "\\xd800 half" in text


def test_the_policy_lets_nothing_else_run(opened: Opened, told: list[str], tmp_path: Path) -> None:
    """Were there a hole in the escaping, a script in it would be refused."""
    page = opened(write(tmp_path / "it.yaml", *talk(ID, "Hi", "Ho")))
    # Chromium tells of it when the element is made, or when it is clicked, by its version.
    violations = page.evaluate(
        """() => new Promise((done) => {
            addEventListener("securitypolicyviolation", (e) => { e.stopImmediatePropagation();
                done(e.violatedDirective) }, {capture: true});
            document.body.insertAdjacentHTML("beforeend", "<b onclick='hacked=1'>x</b>");
            document.querySelector("body > b").click();
            setTimeout(done, 10_000, "none was told");
        })"""
    )
    assert "script-src" in violations
    told.clear()
    assert page.evaluate("typeof hacked") == "undefined"


@pytest.mark.parametrize("pieces", [("It ", "is 3."), tuple("The quick brown fox jumps.")])
def test_a_timeline_has_a_mark_for_each_chunk_and_event(
    pieces: tuple[str, ...], opened: Opened, tmp_path: Path
) -> None:
    """As the cassette has them, each at its time, and with its bytes."""
    talked = talk(ID, "1+2?", *pieces)
    pairs = parse(talked[1]["response"]["stream"]["chunks"])  # type: ignore[index]
    page = opened(write(tmp_path / "it.yaml", *talked))
    figure = page.locator(".timeline")
    marks = figure.locator(".mark.chunk")
    assert marks.count() == len(pairs) == int(figure.get_attribute("data-chunks") or 0)
    assert figure.locator(".mark.event").count() == len(pairs)
    places = [float(each.get_attribute("data-x") or -1) for each in marks.all()]
    whole, at = sum(ms for ms, _ in pairs), 0
    for place, (ms, _) in zip(places, pairs, strict=True):
        at += ms
        assert place == pytest.approx(100 * at / whole, abs=0.2)
    pieces_shown = page.locator(".piece").all_text_contents()
    assert [len(each.encode()) for each in pieces_shown] == [size for _, size in pairs]
    assert "".join(pieces_shown) == talked[1]["response"]["body"]["string"]  # type: ignore[index]
    facts = figure.locator(".stats").inner_text()
    assert "First event\n100 ms" in facts
    assert f"Longest pause\n{len(pairs) / 10:.1f} s" in facts or f"{100 * len(pairs)} ms" in facts
    assert figure.locator(".band.longest").count() == 1


def test_where_a_stream_died(opened: Opened, tmp_path: Path) -> None:
    """By an error, or since the app closed it; and where cuts or times are not recorded."""
    died, closed, uncut = (talk(ID, "1+2?", "3")[1] for _ in range(3))
    died["response"]["stream"]["error"] = {"type": "ReadError", "message": "reset"}  # type: ignore[index]
    closed["response"]["stream"]["closed"] = True  # type: ignore[index]
    del uncut["response"]["stream"]  # type: ignore[attr-defined]
    page = opened(write(tmp_path / "it.yaml", died, closed, uncut))
    figures = page.locator(".timeline")
    assert figures.nth(0).locator(".death:not(.closed)").count() == 1
    assert "Ended early: ReadError: reset" in figures.nth(0).inner_text()
    assert figures.nth(1).locator(".death.closed").count() == 1
    assert figures.nth(2).locator(".mark.chunk").count() == 0
    assert figures.nth(2).locator(".mark.event").count() == 3
    assert "Times are not recorded" in figures.nth(2).inner_text()


def test_search_by_keyboard(opened: Opened, tmp_path: Path) -> None:
    """/ goes there, words narrow down, Enter goes to the first, Enter unfolds it, Escape ends."""
    page = opened(*_suite(tmp_path))
    assert page.locator("#found").inner_text() == "5 of 5 shown"
    page.keyboard.press("/")
    page.keyboard.type("1+2? is")
    _wait(page, "#found", "1 of 5 shown")
    assert _shown(page) == ["talks"]
    assert page.locator("nav li:visible").count() == 1
    details = page.locator("article.card:visible > details")
    assert details.get_attribute("open") is None
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert details.get_attribute("open") is not None
    assert page.get_by_text("What is 1+2?").first.is_visible()
    page.focus("#search")
    page.fill("#search", "nobody said this")
    _wait(page, "#found", "0 of 5 shown")
    assert page.get_by_text("Nothing here is found by that.").is_visible()
    page.keyboard.press("Escape")
    assert page.locator("#found").inner_text() == "5 of 5 shown"


def test_filters(opened: Opened, tmp_path: Path) -> None:
    """Each leaves its own, two leave what both have, and each says how many there are."""
    page = opened(*_suite(tmp_path))
    names = {
        "Failed 1": ["misses"],
        "Streamed 2": ["misses", "talks"],
        "Recorded today 1": ["talks"],
        "Unused 1": ["lists"],
    }
    for name, found in names.items():
        button = page.get_by_role("button", name=name)
        button.press("Space")
        assert button.get_attribute("aria-pressed") == "true"
        assert _shown(page) == found
        button.press("Enter")
        assert len(_shown(page)) == 5
    page.get_by_role("button", name="Failed").click()
    page.get_by_role("button", name="Streamed").click()
    assert _shown(page) == ["misses"]
    page.get_by_role("button", name="Recorded today").click()
    assert _shown(page) == []
    assert page.get_by_role("button", name="Recorded anew").is_disabled()
    colours = page.eval_on_selector_all(
        "article:first-of-type .miss .line", "all => all.map((e) => getComputedStyle(e).color)"
    )
    assert len(set(colours)) == 2  # the first line is an error's, as what is taken away


def test_a_timeline_by_keyboard(opened: Opened, tmp_path: Path) -> None:
    """Arrows go from mark to mark and tell what it is; Enter unfolds its bytes."""
    page = opened(write(tmp_path / "it.yaml", *talk(ID, "1+2?", "It ", "is 3.")))
    page.locator(".mark.chunk").first.focus()
    told = page.locator(".readout")
    assert "Chunk 1 of 4, at 100 ms" in told.inner_text()
    assert "conversation.response.started" in told.inner_text()
    page.keyboard.press("ArrowRight")
    assert "Chunk 2 of 4, at 300 ms (+200 ms)" in told.inner_text()
    page.keyboard.press("ArrowDown")
    assert "Event 2 of 4, at 300 ms: message.output.delta" in told.inner_text()
    assert '"content": "It "' in told.inner_text()
    page.keyboard.press("End")
    assert "Event 4 of 4" in told.inner_text()
    assert page.locator(".mark[tabindex='0']").count() == 2
    raw = page.locator("details.raw")
    assert raw.get_attribute("open") is None
    page.keyboard.press("Enter")
    page.wait_for_selector(".piece:focus")
    assert raw.get_attribute("open") is not None
    assert "conversation.response.done" in page.locator(".piece:focus").inner_text()
    label = page.locator(".piece:focus").evaluate("e => getComputedStyle(e, '::before').content")
    assert "4 · 1.0 s" in label


def test_a_timeline_by_pointer(opened: Opened, tmp_path: Path) -> None:
    """The nearest mark is told, and a click unfolds its bytes."""
    page = opened(write(tmp_path / "it.yaml", *talk(ID, "1+2?", "It ", "is 3.")))
    box = page.locator(".plot > svg").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.55, box["y"] + 70)
    assert "Chunk 3 of 4" in page.locator(".readout").inner_text()
    page.mouse.click(box["x"] + box["width"] * 0.55, box["y"] + 70)
    page.wait_for_selector("[id$=':2:c3']:focus")
    assert page.locator("details.raw").get_attribute("open") is not None


def test_deep_links(opened: Opened, tmp_path: Path) -> None:
    """To a cassette and to an interaction: it is unfolded, and in sight, also out of a filter."""
    page = opened(*_suite(tmp_path), at="#talks:2")
    section = page.locator("[id='talks:2']")
    assert section.is_visible()
    page.get_by_role("button", name="Failed").click()
    assert not section.is_visible()
    page.get_by_role("link", name="misses").first.click()
    page.evaluate("location.hash = 'talks:1'")
    page.wait_for_selector("[id='talks:1']")
    ids = page.eval_on_selector_all("[id]", "all => all.map((each) => each.id)")
    assert len(ids) == len(set(ids))
    hrefs = page.eval_on_selector_all("a", "all => all.map((a) => a.getAttribute('href').slice(1))")
    assert set(hrefs) <= set(ids)


def test_without_scripts(opened: Opened, tmp_path: Path) -> None:
    """All of it can be read, by what HTML has; what needs a script is not there."""
    page = opened(*_suite(tmp_path), java_script_enabled=False, at="#talks:1")
    assert not page.locator("#search").is_visible()
    page.locator("#lists summary").first.click()
    assert page.get_by_text('"of": "nothing"').is_visible()
    assert page.locator("#talks .text").count() == 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_text_can_be_read(scheme: str, opened: Opened, tmp_path: Path) -> None:
    """Its contrast is that of WCAG 2, level AA, in both themes; and by the button in the other."""
    died = talk(ID, "1+2?", "3")[1]
    died["response"]["stream"]["error"] = {"type": "ReadError", "message": "reset"}  # type: ignore[index]
    sources = [*_suite(tmp_path), write(tmp_path / "died.yaml", died)]
    sources[0] = report.Source(tmp_path / "talks.yaml", "talks.yaml", changes=("-a", "+b", "@@ c"))
    page = opened(*sources, color_scheme=scheme)
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    for _ in range(2):
        page.evaluate(
            "document.querySelectorAll('details').forEach((each) => { each.open = true })"
        )
        assert page.evaluate(CONTRASTS) == []
        page.locator("#theme").click()
    page.locator("#theme").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before


CONTRASTS = """() => {
    const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const light = (colour) => {
        const [r, g, b] = numbers(colour).map((n) => n / 255)
            .map((n) => (n <= 0.04045 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element) => {
        for (let each = element; each; each = each.parentElement) {
            const colour = getComputedStyle(each).backgroundColor;
            if ((numbers(colour)[3] ?? 1) > 0.5) return colour;
        }
    };
    const bad = [];
    for (const element of document.querySelectorAll("body *")) {
        const texts = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
        const style = getComputedStyle(element);
        if (!texts || !element.checkVisibility()) continue;
        if (element.closest(":disabled, title, desc, script")) continue;
        const colour = element.closest("svg") ? style.fill : style.color;
        const [a, b] = [light(colour), light(behind(element))].sort((x, y) => y - x);
        const contrast = (a + 0.05) / (b + 0.05);
        if (contrast < 4.5) bad.push(`${element.className} ${element.textContent} ${contrast}`);
    }
    return bad;
}"""


def test_it_fits_narrow_windows(opened: Opened, tmp_path: Path) -> None:
    """At 320 pixels nothing has to be moved sideways."""
    path = write(tmp_path / "it.yaml", *talk(ID, "x" * 300, "It ", "is 3."))
    test = report.Test("test_" + "long_" * 60, "failed", misses=("y" * 300,))
    source = report.Source(
        path, f"{'folder/' * 30}it.yaml", tests=(test,), changes=("-" + "z" * 300,)
    )
    page = opened(source, viewport={"width": 320, "height": 640})
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_a_screen_reader_finds_its_way(opened: Opened, tmp_path: Path) -> None:
    """Landmarks, headings in order, names for all that can be used, a count that is read out."""
    page = opened(*_suite(tmp_path))
    for role in ("banner", "navigation", "main", "search", "contentinfo"):
        assert page.get_by_role(role).count() == 1
    levels = page.eval_on_selector_all("h1, h2, h3, h4", "all => all.map((h) => +h.tagName[1])")
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll("button, input, a, summary")].filter((each) =>
            !(each.textContent.trim() || each.getAttribute("aria-label") || each.labels?.length)
        ).map((each) => each.outerHTML)"""
    )
    assert unnamed == []
    assert page.locator("#found").get_attribute("aria-live") == "polite"
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
    svg = page.locator(".plot > svg").first
    labels = (svg.get_attribute("aria-labelledby") or "").split()
    texts = [page.locator(f"[id='{each}']").text_content() for each in labels]
    assert texts[0] == "Timeline of interaction 2"
    assert "Longest pause" in (texts[1] or "")
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to the conversations"


def test_it_prints(opened: Opened, tmp_path: Path) -> None:
    """All that was said, on white, though it was folded, and without what only a screen has."""
    page = opened(*_suite(tmp_path), color_scheme="dark")
    page.emulate_media(media="print")
    assert page.get_by_text("What is 1+2?").first.is_visible()
    assert not page.get_by_role("navigation").is_visible()
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(29, 28, 26)"
    assert page.pdf().startswith(b"%PDF")
    assert page.locator("article > details[open]").count() == 1  # that of the failed test


def test_a_large_cassette_still_opens(opened: Opened, tmp_path: Path) -> None:
    """The page is small, all chunks are drawn, and it says what it has not."""
    pieces = [f"word number {n} " for n in range(3000)]
    path = write(tmp_path / "it.yaml", *talk(ID, "q" * 3_000_000, *pieces))
    page = opened(path, limits=report.Limits(marks=500))
    assert (tmp_path / "report.html").stat().st_size < 2_000_000
    assert page.locator(".timeline").get_attribute("data-chunks") == "3002"
    assert page.locator(".mark.chunk").count() == 500
    assert page.locator("svg.rest path").count() == 1
    assert "Left out, so that this page stays small" in page.locator(".notices").inner_text()
