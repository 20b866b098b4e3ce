"""A local stand-in of Mistral's beta Conversations API, for tests and for trying things out.

It is not the API and no model runs in it: it keeps conversations in memory, writes its replies
and streams in the form that was measured on the real service (contract sections 10 to 12), and
says small, predictable things (see `_model`). Inferred rather than measured, since no public
recording shows it (contract section 17): the body of a 404, how ``metadata`` filters a list,
that append keeps the id, what becomes of a conversation with ``store: false``, the status for a
wrong pair of ``model`` and ``agent_id``, the events of function calls and hand-offs (their
fields are published, their order is not), and all of restart but its new id.
"""

from pytest_conversations.sandbox._app import create_app
from pytest_conversations.sandbox._sandbox import Sandbox

__all__ = ["Sandbox", "create_app"]
