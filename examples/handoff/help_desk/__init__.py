"""A help desk of agents: one takes questions, and hands over to who knows."""

from help_desk.desk import Answer, Specialist, UnansweredError, ask, opened

__all__ = ["Answer", "Specialist", "UnansweredError", "ask", "opened"]
