"""``python -m pytest_conversations``."""

from pytest_conversations.cli import main

raise SystemExit(main())
