"""The HTML report: cassettes as transcripts and timelines, in one file. It knows no pytest."""

from pytest_conversations.report._limits import Limits
from pytest_conversations.report._page import write
from pytest_conversations.report._sources import About, Asked, Scrub, Source, Test

__all__ = ["About", "Asked", "Limits", "Scrub", "Source", "Test", "write"]
