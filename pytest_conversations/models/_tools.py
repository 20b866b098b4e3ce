"""Tools of a conversation (contract section 7)."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, JsonValue

from pytest_conversations.models._base import OPEN_UNION, RequestModel, Unknown


class ToolConfiguration(RequestModel):
    """Which functions of a tool may run, and which of them ask first."""

    exclude: list[str] | None = None
    include: list[str] | None = None
    requires_confirmation: list[str] | None = None


class Function(RequestModel):
    """A function of the application: its name and the JSON schema of its parameters."""

    name: str
    parameters: dict[str, JsonValue]
    description: str | None = None
    strict: bool | None = None

    not_nullable = frozenset({"description", "strict"})


class FunctionTool(RequestModel):
    """A function that the model may ask the application to run."""

    type: Literal["function"] = "function"
    function: Function


class WebSearchTool(RequestModel):
    """The hosted web search."""

    type: Literal["web_search"] = "web_search"
    tool_configuration: ToolConfiguration | None = None


class WebSearchPremiumTool(RequestModel):
    """The hosted web search with news agencies."""

    type: Literal["web_search_premium"] = "web_search_premium"
    tool_configuration: ToolConfiguration | None = None


class CodeInterpreterTool(RequestModel):
    """The hosted Python interpreter."""

    type: Literal["code_interpreter"] = "code_interpreter"
    tool_configuration: ToolConfiguration | None = None


class ImageGenerationTool(RequestModel):
    """The hosted image generator."""

    type: Literal["image_generation"] = "image_generation"
    tool_configuration: ToolConfiguration | None = None


class DocumentLibraryTool(RequestModel):
    """Search in document libraries."""

    type: Literal["document_library"] = "document_library"
    library_ids: list[str]
    tool_configuration: ToolConfiguration | None = None


_Secret = Annotated[str, Field(repr=False)]
"""A text that the representation of its model leaves out."""


class _Authorization(RequestModel):
    model_config = ConfigDict(hide_input_in_errors=True)


class APIKeyAuth(_Authorization):
    """An API key for a connector."""

    type: Literal["api-key"] = "api-key"
    value: _Secret


class OAuth2TokenAuth(_Authorization):
    """An OAuth 2 token for a connector."""

    type: Literal["oauth2-token"] = "oauth2-token"
    value: _Secret


class UnknownCustomConnectorAuthorization(Unknown):
    """A way to authorize that this version does not know."""


CustomConnectorAuthorization = Annotated[
    Annotated[APIKeyAuth | OAuth2TokenAuth, Field(discriminator="type")]
    | UnknownCustomConnectorAuthorization,
    OPEN_UNION,
]


class CustomConnector(RequestModel):
    """A connector, by name or UUID."""

    type: Literal["connector"] = "connector"
    connector_id: str
    authorization: CustomConnectorAuthorization | None = None
    tool_configuration: ToolConfiguration | None = None


class UnknownModelConversationTool(Unknown):
    """A tool of a type that this version does not know."""


ConversationRequestTool = Annotated[
    FunctionTool
    | WebSearchTool
    | WebSearchPremiumTool
    | CodeInterpreterTool
    | ImageGenerationTool
    | DocumentLibraryTool
    | CustomConnector,
    Field(discriminator="type"),
]

ConversationStreamRequestTool = ConversationRequestTool
ModelConversationTool = Annotated[
    ConversationRequestTool | UnknownModelConversationTool, OPEN_UNION
]
