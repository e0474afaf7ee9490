"""Formulas as text and as LaTeX, from the operator table."""

from __future__ import annotations

from collections.abc import Sequence

from theory.fold import fold
from theory.operator import OPERATORS, Printer
from theory.term import Term


def text(term: Term) -> str:
    """The term in plain characters."""
    return _print(term, latex=False)


def latex(term: Term) -> str:
    """The term in LaTeX, for mathematics mode."""
    return _print(term, latex=True)


def _print(term: Term, *, latex: bool) -> str:
    def step(node: Term, printed: Sequence[tuple[str, int]]) -> tuple[str, int]:
        row = OPERATORS[node.operator]
        arguments = [
            _wrap(part, latex)
            if _needs_parentheses(row.key, row.precedence, strength, at)
            else part
            for at, (part, strength) in enumerate(printed)
        ]
        printer: Printer = row.latex if latex else row.text
        if node.operator == "acts":
            scored = node.arguments[0]
            if scored.operator == "apply" and len(scored.arguments) == 1:
                arguments[0] = _print(scored.arguments[0], latex=latex)
        return printer(node.payload, arguments), row.precedence

    return fold(term, step)[0]


def _needs_parentheses(key: str, precedence: int, strength: int, at: int) -> bool:
    if key in {"apply", "acts", "abs", "max", "min"} or (key in {"with", "select"} and at > 0):
        return False
    if key in {"forall", "exists"}:
        return False
    if strength == precedence:
        return key in {"implies", "iff", "sub", "lt", "le", "eq"} and not (
            key == "implies" and at == 1
        )
    return strength < precedence


def _wrap(part: str, latex: bool) -> str:
    return rf"\left({part}\right)" if latex else f"({part})"
