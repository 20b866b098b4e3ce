"""Content chunks of messages (contract section 6)."""

from typing import Annotated, Literal

from pydantic import Discriminator, Tag

from pytest_conversations.models._base import OPEN_UNION, Model, Unknown, tag


class TextChunk(Model):
    """A piece of text."""

    type: Literal["text"] = "text"
    text: str


class ImageURL(Model):
    """Where an image is, and in which detail the model should see it."""

    url: str
    detail: str | None = None


class ImageURLChunk(Model):
    """An image, by URL or data URL."""

    type: Literal["image_url"] = "image_url"
    image_url: str | ImageURL


class DocumentURLChunk(Model):
    """A document, by URL."""

    type: Literal["document_url"] = "document_url"
    document_url: str
    document_name: str | None = None


class ToolFileChunk(Model):
    """A file that a tool made."""

    type: Literal["tool_file"] = "tool_file"
    tool: str
    file_id: str
    file_name: str | None = None
    file_type: str | None = None


class ToolReferenceChunk(Model):
    """A source that a tool found."""

    type: Literal["tool_reference"] = "tool_reference"
    tool: str
    title: str
    url: str | None = None
    favicon: str | None = None
    description: str | None = None


class ReferenceChunk(Model):
    """References to earlier sources, by number or name."""

    type: Literal["reference"] = "reference"
    reference_ids: list[int | str]


class UnknownContentChunk(Unknown):
    """A chunk of a type that this version does not know."""


def _chunk_type(value: object) -> str:
    """The tag of a chunk. A ``type`` may be left out: then the field that only it has tells."""
    return tag(value, _OWN_FIELDS)


_OWN_FIELDS = (
    ("text", {"text"}),
    ("image_url", {"image_url"}),
    ("document_url", {"document_url"}),
    ("thinking", {"thinking"}),
    ("reference", {"reference_ids"}),
    ("tool_file", {"tool", "file_id"}),
    ("tool_reference", {"tool", "title"}),
)

_ThinkingChunk = Annotated[
    Annotated[TextChunk, Tag("text")]
    | Annotated[ReferenceChunk, Tag("reference")]
    | Annotated[ToolReferenceChunk, Tag("tool_reference")],
    Discriminator(_chunk_type),
]


class ThinkChunk(Model):
    """What the model thought before it answered."""

    type: Literal["thinking"] = "thinking"
    thinking: list[Annotated[_ThinkingChunk | UnknownContentChunk, OPEN_UNION]]
    signature: str | None = None
    closed: bool | None = None

    not_nullable = frozenset({"closed"})


# One union for input and output: the API says which chunk may stand where (section 6), and a
# 422 of its own words it better than a client could.
KnownContentChunk = Annotated[
    Annotated[TextChunk, Tag("text")]
    | Annotated[ImageURLChunk, Tag("image_url")]
    | Annotated[DocumentURLChunk, Tag("document_url")]
    | Annotated[ThinkChunk, Tag("thinking")]
    | Annotated[ToolFileChunk, Tag("tool_file")]
    | Annotated[ToolReferenceChunk, Tag("tool_reference")],
    Discriminator(_chunk_type),
]

ContentChunk = Annotated[KnownContentChunk | UnknownContentChunk, OPEN_UNION]
