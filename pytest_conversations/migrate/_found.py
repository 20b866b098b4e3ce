"""What Python files say about other tools' cassettes, as data."""

import dataclasses
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class Mark:
    """A marker, ``pytest.mark.vcr`` or ``pytest.mark.default_cassette``.

    Attributes:
        path: the file.
        line: from 1.
        start: where it begins in the file, in bytes of UTF-8.
        end: where it ends.
        text: as it stands there.
        name: ``vcr`` or ``default_cassette``.
        args: what it is called with; None for what is no plain text.
        options: by name, what stands for each.
        function: where its function begins, if it is on one.
        class_name: the qualified name of its class, if it is on one.
        is_known: whether it is on a function, a class, or in the module's ``pytestmark``; or else
            code puts it somewhere.
    """

    path: Path
    line: int
    start: int
    end: int
    text: str
    name: str
    args: tuple[str | None, ...]
    options: dict[str, str]
    function: int = 0
    class_name: str = ""
    is_known: bool = True

    def __hash__(self) -> int:
        return hash((self.path, self.start))


@dataclasses.dataclass(frozen=True)
class Use:
    """A ``use_cassette``.

    Attributes:
        path: the file.
        line: from 1.
        text: as it stands there.
        cassette: the path that it names; nothing where that is the function's; None where it is
            made by code.
        options: by name, what stands for each.
        function: where the test begins that it is in or on, as pytest tells it; 0 outside of one.
        name: of that function, else nothing.
        is_decorator: whether it is on a function.
    """

    path: Path
    line: int
    text: str
    cassette: str | None
    options: dict[str, str]
    function: int
    name: str
    is_decorator: bool

    def __hash__(self) -> int:
        return hash((self.path, self.line, self.text))


@dataclasses.dataclass(frozen=True)
class Place:
    """Something else: a fixture that configures, an argument of a test, an instance of ``VCR``.

    Attributes:
        path: the file.
        line: from 1.
        kind: what it is: the name of the fixture or the hook, ``VCR``, ``add_marker``, or
            ``argument``.
        text: as it stands there.
        options: by name, the line and what stands for each; of what configures.
        function: where the function begins whose argument it is, as pytest tells it.
    """

    path: Path
    line: int
    kind: str
    text: str
    options: tuple[tuple[int, str, str], ...] = ()
    function: int = 0


Found = Mark | Use | Place
