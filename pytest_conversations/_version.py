"""What the package says of itself, in a module that the build and every part can read."""

__version__ = "0.1.0"

SANDBOX_SERVER = "pytest-conversations-sandbox"
"""The ``Server`` header of the sandbox, by which a recording of it is known as one."""
