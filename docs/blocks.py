"""Writes the code of the pages as modules, for type checkers: ``python docs/blocks.py FOLDER``."""

import re
import sys
from pathlib import Path

DOCS = Path(__file__).parent


def main(folder: Path) -> None:
    """Write the pages whose blocks are one program; the blocks of others are tests, without types.

    Args:
        folder: is made where it is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for path in DOCS.glob("*.md"):
        page = path.read_text("utf-8")
        blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
        if blocks and not re.search(r"<!-- \w+\.py -->", page):
            (folder / f"{path.stem}_page.py").write_text("\n".join(blocks), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
