"""The arguments of a comparison: syrupy's, and our own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from pytest_conversations.snapshot._options import Deltas, Usage, View

if TYPE_CHECKING:
    from syrupy.extensions.base import AbstractSyrupyExtension
    from syrupy.types import PropertyFilter, PropertyMatcher, SnapshotIndex


class Defaults(TypedDict, total=False):
    """What `with_defaults` takes; see `Options`."""

    keep: Sequence[str]
    drop: Sequence[str]
    replace: Mapping[str, str]
    deltas: Deltas
    view: View
    usage: Usage
    include: PropertyFilter | None
    exclude: PropertyFilter | None
    matcher: PropertyMatcher | None
    extension_class: type[AbstractSyrupyExtension] | None


class Comparison(Defaults, total=False):
    """What a comparison takes."""

    name: SnapshotIndex
    diff: SnapshotIndex | None
    diff_data: Any
