"""The stand-in as a server on loopback."""

from pytest_conversations._server import Server
from pytest_conversations.sandbox._app import create_app


class Sandbox(Server):
    """A running stand-in of the Conversations API; a context manager that stops it.

    It listens from the moment it is made, on 127.0.0.1 only, and forgets everything when it
    stops. Several may run in one process, each with state of its own.

    Args:
        port: The port; 0 takes a free one.
        pace: Seconds between two events of a stream.

    Attributes:
        url: Where it listens, ``http://127.0.0.1:PORT``: the ``server_url`` for a client. Any
            API key will do, but for ``invalid``.

    Raises:
        OSError: The port is taken, not allowed, or none at all.
        ValueError: `pace` is below 0 or no number.
    """

    def __init__(self, *, port: int = 0, pace: float = 0.0) -> None:
        super().__init__(create_app(pace=pace), name="the sandbox", port=port)
