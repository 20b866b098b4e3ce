"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector, within = document) => within.querySelector(selector);
  const search = one("#search");
  const buttons = all(".filters button");
  const entries = new Map(all("nav li").map((each) => [each.dataset.for, each]));
  const cards = all("article.card").map((article) => ({
    article,
    flags: new Set(article.dataset.flags.split(" ")),
    entry: entries.get(article.id),
    text: null,
  }));

  // What is found: each word of the search, and each filter that is pressed.

  const textOf = (card) => (card.text ??= card.article.textContent.toLowerCase());
  const words = () => search.value.toLowerCase().split(/\s+/).filter(Boolean);

  function find() {
    const wanted = words();
    const flags = buttons
      .filter((each) => each.getAttribute("aria-pressed") === "true")
      .map((each) => each.dataset.flag);
    let found = 0;
    for (const card of cards) {
      const fits =
        flags.every((flag) => card.flags.has(flag)) &&
        wanted.every((word) => textOf(card).includes(word));
      card.article.hidden = !fits;
      card.entry.hidden = !fits;
      found += fits;
    }
    for (const group of all("nav .group")) group.hidden = !one("li:not([hidden])", group);
    one("#found").textContent = `${found} of ${cards.length} shown`;
    one(".nothing").hidden = found > 0;
    highlight(wanted);
  }

  const MOST = 1000; // ranges that are marked

  function highlight(wanted) {
    if (!("highlights" in CSS)) return;
    CSS.highlights.delete("found");
    if (!wanted.length) return;
    const ranges = [];
    for (const { article } of cards) {
      if (article.hidden) continue;
      const walker = document.createTreeWalker(article, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node && ranges.length < MOST; node = walker.nextNode()) {
        const text = node.data.toLowerCase();
        if (text.length !== node.data.length) continue; // the places would be others
        for (const word of wanted) {
          for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) {
            const range = new Range();
            range.setStart(node, at);
            range.setEnd(node, at + word.length);
            ranges.push(range);
          }
        }
      }
    }
    CSS.highlights.set("found", new Highlight(...ranges));
  }

  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(find, 80);
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      search.value = "";
      find();
    } else if (event.key === "Enter") {
      event.preventDefault(); // else it would unfold what it goes to
      find();
      const first = cards.find((card) => !card.article.hidden);
      if (first) one("summary", first.article).focus();
    }
  });
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const pressed = button.getAttribute("aria-pressed") === "true";
      button.setAttribute("aria-pressed", String(!pressed));
      find();
    });
  }
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      search.focus();
    }
  });

  // What is unfolded.

  const folds = () => cards.map((card) => one("details", card.article));
  const unfold = one("#unfold");

  unfold.addEventListener("click", () => {
    const open = unfold.textContent === "Unfold all";
    for (const each of folds()) each.open = open;
    unfold.textContent = open ? "Fold all" : "Unfold all";
  });

  function reveal(target) {
    const card = target.closest("article.card");
    if (card?.hidden) {
      search.value = "";
      for (const each of buttons) each.setAttribute("aria-pressed", "false");
      find();
    }
    if (target === card) one("details", card).open = true;
    for (let each = target.closest("details"); each; each = each.parentElement.closest("details")) {
      each.open = true;
    }
    if (target.matches("details")) target.open = true;
  }

  function targetOf(hash) {
    try {
      return document.getElementById(decodeURIComponent(hash.slice(1)));
    } catch {
      return null; // it is no text in percent-encoding
    }
  }

  function go() {
    const target = location.hash ? targetOf(location.hash) : null;
    if (!target || target.closest(".top")) return;
    reveal(target);
    target.scrollIntoView({ block: target.matches(".piece") ? "center" : "start" });
    if (target.matches(".piece")) target.focus({ preventScroll: true });
    for (const { article, entry } of cards) {
      entry.classList.toggle("here", article.contains(target));
    }
  }

  addEventListener("hashchange", go);
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href^='#']");
    if (link && link.getAttribute("href") === location.hash) go(); // the hash does not change
  });

  let opened = [];
  addEventListener("beforeprint", () => {
    opened = folds().filter((each) => !each.open);
    for (const each of opened) each.open = true;
  });
  addEventListener("afterprint", () => {
    for (const each of opened) each.open = false;
  });

  // Timelines: the mark that is nearest is read, by pointer or by keyboard.

  const SHOWN = 1500; // characters of a payload

  function payload(mark) {
    const told = document.getElementById(mark.dataset.shows);
    if (!told) return "Its bytes are left out of this page.";
    const data = one(".data", told) ?? told;
    return data.textContent.slice(0, SHOWN);
  }

  function read(mark) {
    const figure = mark.closest(".timeline");
    for (const each of all(".mark.on", figure)) each.classList.remove("on");
    mark.classList.add("on");
    one(".readout .what", figure).textContent = one("title", mark).textContent;
    one(".readout pre", figure).textContent = payload(mark);
  }

  function nearest(marks, x) {
    let best = null;
    for (const mark of marks) {
      const distance = Math.abs(mark.dataset.x - x);
      if (!best || distance < best.distance) best = { mark, distance };
    }
    return best?.mark;
  }

  function under(svg, event) {
    const hit = event.target.closest(".mark");
    if (hit) return hit;
    const box = svg.getBoundingClientRect();
    const x = (100 * (event.clientX - box.left)) / box.width;
    const lane = event.clientY - box.top > 94 ? ".event" : ".chunk";
    return nearest(all(`.mark${lane}`, svg), x) ?? nearest(all(".mark", svg), x);
  }

  function step(mark, key) {
    const lane = mark.closest(".lane");
    const marks = all(".mark", lane);
    const at = marks.indexOf(mark);
    const others = all(".lane", lane.parentElement).find((each) => each !== lane);
    switch (key) {
      case "ArrowRight":
        return marks[at + 1];
      case "ArrowLeft":
        return marks[at - 1];
      case "Home":
        return marks[0];
      case "End":
        return marks.at(-1);
      case "ArrowUp":
      case "ArrowDown":
        return nearest(all(".mark", others), mark.dataset.x);
      default:
        return null;
    }
  }

  for (const svg of all(".plot > svg")) {
    svg.addEventListener("pointermove", (event) => {
      const mark = under(svg, event);
      if (mark && !mark.classList.contains("on")) read(mark);
    });
    svg.addEventListener("click", (event) => {
      if (event.target.closest(".mark")) return; // a link by itself
      const mark = one(".mark.on", svg);
      if (mark) location.hash = mark.getAttribute("href");
    });
    svg.addEventListener("focusin", (event) => {
      const mark = event.target.closest(".mark");
      if (mark) read(mark);
    });
    svg.addEventListener("keydown", (event) => {
      const mark = event.target.closest(".mark");
      const next = mark && step(mark, event.key);
      if (!next) return;
      event.preventDefault();
      for (const each of all(".mark[tabindex='0']", next.closest(".lane"))) {
        each.setAttribute("tabindex", "-1");
      }
      next.setAttribute("tabindex", "0");
      next.focus();
    });
  }

  one("#theme").addEventListener("click", () => {
    const dark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });

  // An index that is folded by itself only where it would push all else away.
  if (matchMedia("(max-width: 56rem)").matches && cards.length > 5) one("nav .index").open = false;

  go();
})();
