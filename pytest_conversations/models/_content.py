"""Content chunks of messages (contract section 6)."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Tag

from pytest_conversations.models._base import OPEN_UNION, TolerantModel, Unknown, by_type
from pytest_conversations.models._enums import BuiltInConnectors, ImageDetail


class TextChunk(TolerantModel):
    """A piece of text."""

    type: Literal["text"] = "text"
    text: str


class ImageURL(TolerantModel):
    """Where an image is, and in which detail the model should see it."""

    url: str
    detail: ImageDetail | None = None


ImageURLUnion: TypeAlias = str | ImageURL


class ImageURLChunk(TolerantModel):
    """An image, by URL or data URL."""

    type: Literal["image_url"] = "image_url"
    image_url: ImageURLUnion


class DocumentURLChunk(TolerantModel):
    """A document, by URL."""

    type: Literal["document_url"] = "document_url"
    document_url: str
    document_name: str | None = None


ToolFileChunkTool: TypeAlias = BuiltInConnectors
ToolReferenceChunkTool: TypeAlias = BuiltInConnectors
ReferenceID: TypeAlias = int | str


class ToolFileChunk(TolerantModel):
    """A file that a tool made."""

    type: Literal["tool_file"] = "tool_file"
    tool: ToolFileChunkTool
    file_id: str
    file_name: str | None = None
    file_type: str | None = None


class ToolReferenceChunk(TolerantModel):
    """A source that a tool found."""

    type: Literal["tool_reference"] = "tool_reference"
    tool: ToolReferenceChunkTool
    title: str
    url: str | None = None
    favicon: str | None = None
    description: str | None = None


class ReferenceChunk(TolerantModel):
    """References to earlier sources, by number or name."""

    type: Literal["reference"] = "reference"
    reference_ids: list[ReferenceID]


class UnknownContentChunk(Unknown):
    """A chunk of a type that this version does not know."""


_OWN_FIELDS = (
    ("text", {"text"}),
    ("image_url", {"image_url"}),
    ("document_url", {"document_url"}),
    ("thinking", {"thinking"}),
    ("reference", {"reference_ids"}),
    ("tool_file", {"tool", "file_id"}),
    ("tool_reference", {"tool", "title"}),
)

_OF_THOUGHTS = [each for each in _OWN_FIELDS if each[0] in {"text", "reference", "tool_reference"}]
_OF_MESSAGES = [each for each in _OWN_FIELDS if each[0] != "reference"]

_KnownThinking = Annotated[
    Annotated[TextChunk, Tag("text")]
    | Annotated[ReferenceChunk, Tag("reference")]
    | Annotated[ToolReferenceChunk, Tag("tool_reference")],
    by_type("part of a thought", _OF_THOUGHTS),
]

Thinking = Annotated[_KnownThinking | UnknownContentChunk, OPEN_UNION]


class ThinkChunk(TolerantModel):
    """What the model thought before it answered."""

    type: Literal["thinking"] = "thinking"
    thinking: list[Thinking]
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
    by_type("chunk", _OF_MESSAGES),
]

ContentChunk = Annotated[KnownContentChunk | UnknownContentChunk, OPEN_UNION]

MessageInputContentChunks: TypeAlias = ContentChunk
MessageOutputContentChunks: TypeAlias = ContentChunk
OutputContentChunks: TypeAlias = ContentChunk
# A text is a text: looking at what else it might be takes longer than all the rest of an event.
MessageInputEntryContent: TypeAlias = Annotated[str | list[ContentChunk], OPEN_UNION]
MessageOutputEntryContent: TypeAlias = Annotated[str | list[ContentChunk], OPEN_UNION]
MessageOutputEventContent: TypeAlias = Annotated[str | ContentChunk, OPEN_UNION]
