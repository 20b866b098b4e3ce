"""What stands in Python files about other tools' cassettes, found in their syntax trees."""

import ast
from collections.abc import Iterator
from pathlib import Path

from pytest_conversations.migrate._found import Found, Mark, Place, Use

# Fixtures and a hook that configure.
_CONFIGURING = {
    *("vcr_config", "vcr_cassette_dir", "default_cassette_name", "vcr_cassette_name"),
    "pytest_recording_configure",
}
_OPEN = {"vcr", "vcr_cassette", "cassette"}  # fixtures that are the open cassette
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def find(path: Path, raw: bytes) -> list[Found]:
    """Find them, in the order of their lines.

    Args:
        path: of the file.
        raw: its bytes.

    Raises:
        SyntaxError: it is no Python of this version.
        ValueError: nor text.
    """
    reader = _Reader(path, raw)
    reader.visit(ast.parse(raw))
    return sorted(reader.found, key=lambda each: each.line)


class _Reader(ast.NodeVisitor):
    def __init__(self, path: Path, raw: bytes) -> None:
        self.found: list[Found] = []
        self._path = path
        self._raw = raw
        lines = raw.splitlines(keepends=True)
        self._starts = [0]
        for line in lines:
            self._starts.append(self._starts[-1] + len(line))
        self._bom = 3 if raw.startswith(b"\xef\xbb\xbf") else 0
        self._classes: list[str] = []
        self._functions: list[tuple[int, str]] = []  # where they begin, and their names

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._classes.append(node.name)
        qualified = ".".join(self._classes)
        for each in node.decorator_list:
            self._decorator(each, class_name=qualified)
        for statement in node.body:
            self.visit(statement)
        self._classes.pop()

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._function(node)

    def _function(self, node: _Function) -> None:
        first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
        if node.name in _CONFIGURING:
            self._add_place(node, node.name, f"def {node.name}", _returned(node))
        outer = self._functions[0] if self._functions else (first, node.name)
        for each in node.decorator_list:
            self._decorator(each, function=outer)
        if outer[1].startswith("test") and outer == (first, node.name):
            for argument in (*node.args.args, *node.args.kwonlyargs):
                if argument.arg in _OPEN:
                    self._add_place(argument, "argument", argument.arg, function=first)
        self._functions.append((first, node.name))
        for statement in node.body:
            self.visit(statement)
        self._functions.pop()

    def _decorator(
        self, node: ast.expr, *, function: tuple[int, str] | None = None, class_name: str = ""
    ) -> None:
        name = _mark_name(node)
        if name is not None:
            self._add_mark(node, name, function=function[0] if function else 0, class_=class_name)
        elif _is_use(node):
            self._add_use(node, function or (0, ""), is_decorator=True)
        else:
            self.visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        self._assigned([ast.unparse(target) for target in node.targets], node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._assigned([ast.unparse(node.target)], node.value)

    def _assigned(self, names: list[str], value: ast.expr) -> None:
        elements = value.elts if isinstance(value, ast.List | ast.Tuple) else [value]
        if names != ["pytestmark"] or self._functions:
            self.visit(value)
            return
        for each in elements:
            name = _mark_name(each)
            if name is None:
                self.visit(each)
            else:
                self._add_mark(each, name, class_=".".join(self._classes))

    def visit_Attribute(self, node: ast.Attribute) -> None:
        name = _mark_name(node)
        if name is not None:
            self._add_mark(node, name, is_known=False)
        else:
            self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        name = _mark_name(node)
        if name is not None:
            self._add_mark(node, name, is_known=False)
        elif _is_use(node):
            self._add_use(node, self._functions[0] if self._functions else (0, ""))
        elif _last_name(node.func) == "add_marker" and node.args and _text(node.args[0]) == "vcr":
            self._add_place(node, "add_marker", ast.unparse(node))
        elif _last_name(node.func) == "VCR":
            self._add_place(node, "VCR", ast.unparse(node.func), tuple(_options(node)))
        else:
            self.generic_visit(node)

    def _add_mark(
        self,
        node: ast.expr,
        name: str,
        *,
        function: int = 0,
        class_: str = "",
        is_known: bool = True,
    ) -> None:
        called = node if isinstance(node, ast.Call) else None
        start, end = self._span(node)
        self.found.append(
            Mark(
                self._path,
                node.lineno,
                start,
                end,
                self._raw[start:end].decode("utf-8", "replace"),
                name,
                tuple(map(_text, called.args)) if called else (),
                {key: text for _, key, text in _options(called)},
                function,
                class_,
                is_known,
            )
        )

    def _add_use(
        self, node: ast.expr, function: tuple[int, str], *, is_decorator: bool = False
    ) -> None:
        called = node if isinstance(node, ast.Call) else None
        options = {key: text for _, key, text in _options(called)}
        given = called.args[:1] if called else []
        given += [each.value for each in (called.keywords if called else ()) if each.arg == "path"]
        options.pop("path", None)
        start, end = self._span(node)
        text = " ".join(self._raw[start:end].decode("utf-8", "replace").split())
        is_test = function[1].startswith("test")
        self.found.append(
            Use(
                self._path,
                node.lineno,
                text,
                _text(given[0]) if given else "",
                options,
                function[0] if is_test else 0,
                function[1],
                is_decorator,
            )
        )

    def _add_place(
        self,
        node: ast.expr | ast.stmt | ast.arg,
        kind: str,
        text: str,
        options: tuple[tuple[int, str, str], ...] = (),
        *,
        function: int = 0,
    ) -> None:
        self.found.append(Place(self._path, node.lineno, kind, text, options, function))

    def _span(self, node: ast.expr) -> tuple[int, int]:
        start = self._starts[node.lineno - 1] + node.col_offset
        end = self._starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
        start += self._bom if node.lineno == 1 else 0
        return start, end + (self._bom if node.end_lineno == 1 else 0)


def _mark_name(node: ast.expr) -> str | None:
    """Of ``pytest.mark.vcr``, called or not, ``vcr``; None for anything else."""
    marker = node.func if isinstance(node, ast.Call) else node
    if not isinstance(marker, ast.Attribute) or marker.attr not in {"vcr", "default_cassette"}:
        return None
    return marker.attr if _last_name(marker.value) == "mark" else None


def _is_use(node: ast.expr) -> bool:
    return _last_name(node.func if isinstance(node, ast.Call) else node) == "use_cassette"


def _last_name(node: ast.expr) -> str:
    return (
        node.attr
        if isinstance(node, ast.Attribute)
        else node.id
        if isinstance(node, ast.Name)
        else ""
    )


def _text(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _options(node: ast.expr | None) -> Iterator[tuple[int, str, str]]:
    """Line, name and value of the options in a call, or in a mapping that is written out."""
    if isinstance(node, ast.Call):
        for keyword in node.keywords:
            if keyword.arg is not None:
                yield keyword.value.lineno, keyword.arg, ast.unparse(keyword.value)
            else:
                yield from _options(keyword.value)
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                yield from _options(value)
            elif (name := _text(key)) is not None:
                yield key.lineno, name, ast.unparse(value)


def _returned(function: _Function) -> tuple[tuple[int, str, str], ...]:
    """The options in what a fixture returns or yields, as far as they are written out."""
    given = [
        node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Return | ast.Yield) and node.value is not None
    ]
    return tuple(each for node in given for each in _options(node))
