"""Snapshots that are not written before their test is over."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from syrupy.extensions.base import AbstractSyrupyExtension
    from syrupy.location import PyTestLocation
    from syrupy.session import SnapshotSession
    from syrupy.types import SerializedData, SnapshotIndex


@dataclasses.dataclass
class Held:
    """A snapshot that is to be written."""

    extension: AbstractSyrupyExtension
    test_location: PyTestLocation
    data: SerializedData
    index: SnapshotIndex


class HoldingSession:
    """syrupy's session as one test sees it, in which what it writes waits for the test's end.

    Attributes:
        held: what waits, by the place that it is written to.

    Args:
        session: syrupy's.
    """

    def __init__(self, session: SnapshotSession) -> None:
        self._session = session
        self.held: dict[tuple[type, str, SnapshotIndex], Held] = {}

    @classmethod
    def over(cls, session: SnapshotSession) -> SnapshotSession:
        """One of these, as what it does as."""
        return cast("SnapshotSession", cls(session))

    def __getattr__(self, name: str) -> object:
        return getattr(self._session, name)

    def queue_snapshot_write(
        self,
        extension: AbstractSyrupyExtension,
        test_location: PyTestLocation,
        data: SerializedData,
        index: SnapshotIndex,
    ) -> None:
        """Keep what syrupy's session would write at its end."""
        held = Held(extension, test_location, data, index)
        self.held[self._key(extension, test_location, index)] = held

    def recall_snapshot(
        self,
        extension: AbstractSyrupyExtension,
        test_location: PyTestLocation,
        index: SnapshotIndex,
    ) -> SerializedData | None:
        """What is held, or written already."""
        held = self.held.get(self._key(extension, test_location, index))
        if held is not None:
            return held.data
        return self._session.recall_snapshot(extension, test_location, index)

    def release(self) -> None:
        """Give what is held to syrupy's session."""
        for held in self.held.values():
            self._session.queue_snapshot_write(**vars(held))

    @staticmethod
    def _key(
        extension: AbstractSyrupyExtension, test_location: PyTestLocation, index: SnapshotIndex
    ) -> tuple[type, str, SnapshotIndex]:
        place = extension.get_location(test_location=test_location, index=index)
        return type(extension), place, index
