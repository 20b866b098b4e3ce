"""What a project configures for pytest, for commands that run without it."""

import configparser
import contextlib
import tomllib
from pathlib import Path

_TOML = (
    ("pytest.toml", ("pytest",)),
    ("pyproject.toml", ("tool", "pytest")),
    ("pyproject.toml", ("tool", "pytest", "ini_options")),
)
_INI = (
    ("pytest.ini", "pytest"),
    (".pytest.ini", "pytest"),
    ("tox.ini", "pytest"),
    ("setup.cfg", "tool:pytest"),
)


def project_lines(folder: Path) -> list[str]:
    """The lines of ``conversations_scrub`` in the file in which a project configures pytest."""
    for name, keys in _TOML:
        with contextlib.suppress(FileNotFoundError, KeyError):
            table = tomllib.loads((folder / name).read_text(encoding="utf-8"))
            for key in keys:
                table = table[key]
            lines = table["conversations_scrub"]
            return lines.splitlines() if isinstance(lines, str) else list(lines)
    for name, section in _INI:
        parser = configparser.ConfigParser(interpolation=None)
        parser.read(folder / name, encoding="utf-8")
        text = parser.get(section, "conversations_scrub", fallback=None)
        if text is not None:
            return text.splitlines()
    return []
