"""What the stand-in answers in words: a remembered name, the result of a sum, or an echo."""

import ast
import operator
import re
from collections.abc import Callable, Sequence
from fractions import Fraction

_ASKS = r"(?:what(?:['’]s|\s+is)|how\s+much\s+is|calculate|compute|know|remember|tell\s+me)"  # noqa: RUF001 - as typed on phones
_NAME_ASKED = re.compile(rf"\b{_ASKS}\s+my\s+name\b", re.IGNORECASE)
_NAME_GIVEN = re.compile(r"\bmy\s+name\s+is\s+([^\W\d_][\w'’-]*)", re.IGNORECASE)  # noqa: RUF001 - as above

# A sum has to be asked for, or to be all there is: a date or "24/7" in a sentence is none. The
# bounds on digits and white space keep the search linear and the decimals exact.
_SUM_ASKED = re.compile(rf"\b{_ASKS}\b|\A[\s\d.(]+[-+*/x×÷][^a-wyz]*\Z", re.IGNORECASE)  # noqa: RUF001 - signs people type
_NUMBER = r"\(*\s{0,2}-?\d{1,9}(?:\.\d{1,6})?\s{0,2}\)*"
_SUM = re.compile(rf"(?<![\w.]){_NUMBER}(?:\s{{0,2}}[-+*/x×÷]\s{{0,2}}{_NUMBER})+(?!\w)")  # noqa: RUF001 - as above
_LONGEST_SUM = 100

_OPERATIONS: dict[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def answer(prompt: str, said: Sequence[str]) -> str:
    """The answer to `prompt`, the same for the same arguments.

    Args:
        prompt: What the user said last.
        said: All that the user said, `prompt` included, oldest first.
    """
    if _NAME_ASKED.search(prompt):
        names = [name for text in said for name in _NAME_GIVEN.findall(text)]
        return f"Your name is {names[-1]}." if names else "You have not told me your name."
    if given := _NAME_GIVEN.search(prompt):
        return f"Nice to meet you, {given[1]}."
    if found := find_sum(prompt):
        return found[1]
    return f"You said: {prompt}" if prompt else "You said nothing."


def find_sum(prompt: str) -> tuple[str, str] | None:
    """The first sum that `prompt` asks for, and its result; None where there is none."""
    if not _SUM_ASKED.search(prompt):
        return None
    for match in _SUM.finditer(prompt):
        written = match[0].strip()
        if len(written) > _LONGEST_SUM:
            continue
        source = written.replace("x", "*").replace("×", "*").replace("÷", "/")  # noqa: RUF001 - as above
        try:
            result = _value(ast.parse(source, mode="eval").body)
        except (SyntaxError, ZeroDivisionError):
            continue
        whole = result.denominator == 1
        return written, str(result.numerator) if whole else f"{float(result):.10g}"
    return None


def _value(node: ast.expr) -> Fraction:
    if isinstance(node, ast.BinOp):
        return _OPERATIONS[type(node.op)](_value(node.left), _value(node.right))
    if isinstance(node, ast.UnaryOp):
        return -_value(node.operand)
    # From the decimal digits: as a float, 0.1 + 0.2 would be 0.30000000000000004.
    return Fraction(ast.unparse(node))
