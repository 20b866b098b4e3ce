"""What a file may ask of the memory: its size, and what its aliases stand for."""

import re

import yaml

LARGEST = 256 * 1024 * 1024  # bytes; of conversations, a thousand times what a test records
_MOST = 1_000_000  # nodes that aliases may add; vcrpy writes one for a header that it has twice

_ALIAS = re.compile(r"(?m)(?:^|[\s\[,{])\*[^\s,\[\]{}]")


def has_alias_bomb(text: str) -> bool:
    """Whether the aliases in YAML stand for so much that it was meant to fill the memory.

    Args:
        text: YAML that can be parsed; nothing of it is built.

    Raises:
        yaml.YAMLError: it cannot.
    """
    if _ALIAS.search(text) is None:
        return False
    sizes: dict[str | None, int] = {}
    open_anchors: list[tuple[str | None, int]] = []
    nodes = added = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent):
            size = sizes.get(event.anchor, 1)
            nodes += size
            added += size
        elif isinstance(event, yaml.CollectionStartEvent):
            open_anchors.append((event.anchor, nodes))
            nodes += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_anchors.pop()
            if anchor is not None:
                sizes[anchor] = nodes - before
        elif isinstance(event, yaml.ScalarEvent):
            nodes += 1
        if added > _MOST:
            return True
    return False
