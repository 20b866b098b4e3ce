"""The templates, and what goes through all of them: kept short, made visible, escaped."""

import base64
import hashlib
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pytest_conversations.report._limits import counted
from pytest_conversations.transcript import visible

_BRIEF = 1_000  # characters of what is no text of its own: a name, a header, a reason


def paragraph(kind: str, text: str) -> Markup:
    """A sentence by itself, in the style of a ``note`` or a ``problem``."""
    return Markup('<p class="{}">{}</p>\n').format(kind, visible(text))


class _Whole(str):
    """A text whose length was looked after."""

    __slots__ = ()


def environment() -> Environment:
    """The templates. Whatever they show is kept short, made visible, and escaped."""
    made = Environment(
        loader=PackageLoader("pytest_conversations.report"),
        autoescape=True,
        finalize=_finalized,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["whole"] = _Whole
    made.filters["counted"] = counted
    return made


def _finalized(value: object) -> object:
    if type(value) is str and len(value) > _BRIEF:
        return f"{visible(value[:_BRIEF])}…"
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def own_text(name: str) -> str:
    """The text of a file that goes into the page as it is, with the line ends that are hashed."""
    folder = resources.files("pytest_conversations.report") / "templates"
    return (folder / name).read_text(encoding="utf-8").replace("\r\n", "\n")


def policy_hash(text: str) -> str:
    """What a Content-Security-Policy calls a text that it lets run."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
