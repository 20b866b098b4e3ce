"""The calls that a test makes: where they go, and what they send."""

API = "https://api.mistral.ai"
START = "/v1/conversations"
MODEL = "mistral-medium-latest"


def conversation_id(number: int) -> str:
    """The id of the conversation of a number."""
    return f"conv_{number:032x}"


def append_path(number: int) -> str:
    """Where a conversation goes on."""
    return f"{START}/{conversation_id(number)}"


def history_path(number: int) -> str:
    """Where it is looked up."""
    return f"{START}/{conversation_id(number)}/history"


def start_body(number: int) -> dict[str, object]:
    """What our client sends to begin a conversation."""
    return {"inputs": f"Question {number}?", "stream": False, "model": MODEL}


def append_body(number: int) -> dict[str, object]:
    """What it sends to go on, for a streamed reply."""
    return {
        "inputs": f"And {number}?",
        "stream": True,
        "store": True,
        "handoff_execution": "server",
    }
