"""Says why a request has no recording: what is closest, how it differs, and what to run."""

import contextlib
import difflib
import itertools
import json
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

from vcr.request import Request

from pytest_conversations._plural import counted, noun
from pytest_conversations.cassette import _matching
from pytest_conversations.cassette._matching import Matching
from pytest_conversations.cassette._reading import load
from pytest_conversations.errors import CassetteError

_HEAD = 1024  # bytes of a file, in which its metadata are
_CANDIDATES = 50  # how many bodies are compared in full
_DIFF_LINES = 40
_LINE = 300  # characters of a line of the diff


def explain(
    made: Request,
    recorded: Sequence[Request],
    matching: Matching,
    played: Collection[int],
    place: Callable[[Sequence[int]], str],
) -> str:
    """Why a request found no recording.

    Args:
        made: the request, scrubbed.
        recorded: the requests of the cassette, in order.
        matching: when two requests are the same.
        played: which of them were played, by index.
        place: what to call those at some indexes.

    Returns:
        Lines of text; empty where the cassette has no interaction.
    """
    if not recorded:
        return ""
    differing = [matching.differing(made, request) for request in recorded]
    same = [index for index, names in enumerate(differing) if not names]
    if same:
        places = [index for index in same if index in played]
        verb = noun(len(places), "was", "were")
        return f"It is recorded as {place(places)}, which {verb} played already."
    fewest = min(map(len, differing))
    closest = [index for index, names in enumerate(differing) if len(names) == fewest]
    best = max(closest[:_CANDIDATES], key=lambda index: _likeness(made, recorded[index]))
    names = " and ".join(differing[best])
    closest_one = f"{place([best])}, {recorded[best].method} {recorded[best].uri}"
    lines = [f"Closest is {closest_one}; it differs in {names}."]
    if _text(made) != _text(recorded[best]):
        lines += _diff(recorded[best], made)
    return "\n".join(lines)


def beside_is_from_sandbox(path: Path) -> bool:
    """Whether a cassette in the same folder, below it, or in one beside that, says so of itself."""
    beside = itertools.chain(path.parent.rglob("*.yaml"), path.parent.parent.glob("*/*.yaml"))
    for other in itertools.islice(beside, _CANDIDATES):
        with contextlib.suppress(OSError), other.open("rb") as file:
            if b"\n  sandbox: true\n" in file.read(_HEAD):
                return True
    return False


def cassettes_in(folder: Path) -> list[Path]:
    """The cassettes in a folder, in order; of one that is not there, none."""
    return sorted(folder.glob("*.yaml")) if folder.is_dir() else []


def namesake(made: Request, matching: Matching, beside: Iterable[Path]) -> Path | None:
    """Which other cassette holds a request, as where its test was renamed.

    Args:
        made: the request, scrubbed.
        matching: when two requests are the same.
        beside: the cassettes that it may be.

    Returns:
        Its path; None where there is none.
    """
    key = matching.key(made)
    for other in itertools.islice(beside, _CANDIDATES):
        with contextlib.suppress(CassetteError):
            if key in [matching.key(each.request) for each in load(other)[0]]:
                return other
    return None


def shown_path(path: str) -> str:
    """A path as people would type it: from the working folder, where it is inside of it."""
    inside = Path(path).is_relative_to(Path.cwd())
    return str(Path(path).relative_to(Path.cwd())) if inside else path


def _likeness(made: Request, recorded: Request) -> float:
    pairs = ((made.uri, recorded.uri), (_text(made), _text(recorded)))
    return sum(difflib.SequenceMatcher(None, a, b).quick_ratio() for a, b in pairs)


def _diff(recorded: Request, made: Request) -> list[str]:
    old, new = _text(recorded).splitlines(), _text(made).splitlines()
    hidden = _hidden(old, new)
    lines = difflib.unified_diff(
        old,
        hidden,
        "recorded body",
        "this body",
        lineterm="",
        n=2,
    )
    shown = list(itertools.islice(lines, _DIFF_LINES))
    left = sum(1 for _ in lines)
    return [
        *(f"  {_shortened(line)}" for line in shown),
        *([f"  … {counted(left, 'more line')}"] if left else []),
        *([_HIDDEN] if hidden != new else []),
    ]


def _hidden(old: Sequence[str], new: Sequence[str]) -> list[str]:
    """The lines of a body without what stands where the recording has the place of a secret."""
    masked = [(line, parts) for line in old if len(parts := _PLACEHOLDER.split(line)) > 1]
    return [next((line for line, parts in masked if _fits(each, parts)), each) for each in new]


def _fits(line: str, parts: Sequence[str]) -> bool:
    """Whether a line is made of these, in their order, with something in each gap.

    Each is taken where it comes first, which leaves the most for the next: so none is looked for
    twice. What looks like a placeholder may be a tag, of which a text has many.
    """
    first, *between, last = parts
    if not (line.startswith(first) and line.endswith(last)):
        return False
    at = len(first)
    for part in between:
        start = line.find(part, at + 1)
        if start < 0:
            return False
        at = start + len(part)
    return at < len(line) - len(last)


_PLACEHOLDER = re.compile(r"<[A-Z][\w-]*>")
_HIDDEN = (
    "What this body has in the place of a secret of the recording is not shown. If it is one, set "
    "the variable that its placeholder names, such as MISTRAL_API_KEY, to it, or name its own in "
    "conversations_scrub; a value under eight characters is not searched for."
)


def _shortened(line: str) -> str:
    return line if len(line) <= _LINE else f"{line[:_LINE]}… ({len(line)} characters)"


def _text(request: Request) -> str:
    body = _matching.body_bytes(request)
    with contextlib.suppress(ValueError, RecursionError):
        # Keys in one order, since their order does not count.
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False, sort_keys=True)
    return body.decode("utf-8", "replace")
