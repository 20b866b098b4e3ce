"""How Sphinx makes the pages: `make docs`."""

import inspect
import re
import types
import typing

import pydantic
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from pytest_conversations import __version__, models

project = "pytest-conversations"
author = "The pytest-conversations developers"
project_copyright = author
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "pytest-conversations"
html_show_sourcelink = False
html_static_path = ["_static"]
html_css_files = ["pages.css"]

# Headings are link targets, as on the pages of a repository.
myst_heading_anchors = 3

# A word in single backquotes is code, in docstrings as in the pages.
default_role = "code"
napoleon_use_ivar = True  # an attribute that is told twice has one entry
autodoc_member_order = "bysource"
autodoc_class_signature = "separated"
autodoc_default_options = {"members": True}


# A block of code, and the comment before it that names its file.
_FILE = re.compile(r"^<!-- (?:in )?([\w./]+\.\w+) -->\n```(\w+)\n", re.MULTILINE)


def _show_files(app: Sphinx, page: str, source: list[str]) -> None:
    """Let readers see of which file a block of code is: on the pages that is in a comment."""
    del app, page
    source[0] = _FILE.sub(r"```{code-block} \2\n:caption: \1\n\n", source[0])


def _words(kind: object) -> list[str]:
    """A type as alternatives, by the names that a reader knows, without what is for pydantic."""
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Annotated:
        return _words(parts[0])
    if origin in {typing.Union, types.UnionType}:
        return list(dict.fromkeys(word for part in parts for word in _words(part)))
    if origin is typing.Literal:
        return list(map(repr, parts))
    name = "None" if kind is type(None) else str(getattr(kind, "__name__", kind))
    inner = ", ".join(" | ".join(_words(part)) for part in parts)
    return [f"{name}[{inner}]" if inner else name]


def _row(*cells: str) -> str:
    return "".join(f"| {cell} " for cell in cells) + "|\n"


def _model(name: str) -> str:
    """What the page says of a public name of the models, as Markdown."""
    each = getattr(models, name)
    if not inspect.isclass(each):
        return f"## {name}\n\n`{' | '.join(_words(each))}`\n\n"
    text = f"## {name}\n\n{inspect.getdoc(each)}\n\n"
    if not issubclass(each, pydantic.BaseModel) or not each.model_fields:
        return text
    text += _row("field", "type", "default") + "|---|---|---|\n"
    for field, info in each.model_fields.items():
        kind = " | ".join(_words(info.annotation)).replace("|", r"\|")
        default = "" if info.is_required() else f"`{info.get_default(call_default_factory=True)!r}`"
        text += _row(f"`{field}`", f"`{kind}`", default)
    return text + "\n"


class Models(SphinxDirective):
    """All models with their fields, as they are in the code."""

    def run(self) -> list[nodes.Node]:
        """The sections of the page."""
        text = "".join(map(_model, models.__all__))
        return self.parse_text_to_nodes(text, allow_section_headings=True)


def setup(app: Sphinx) -> None:
    """Let the pages use the directive, and show the names of files."""
    app.add_directive("models", Models)
    app.connect("source-read", _show_files)
