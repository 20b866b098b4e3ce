"""A chat endpoint that streams: what the model says goes on to the browser while it is said."""

from chat.app import app

__all__ = ["app"]
