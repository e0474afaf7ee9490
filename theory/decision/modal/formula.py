"""Formulas of provability logic, written with Python's operators.

    fair = name("fair")
    box(fair) & ~box(FALSE) >> name("prudent")

`~` is not, `&` and, `|` or, `>>` implies; Python binds `>>` tighter than `&` and `|`. `box(f)` says
that f is provable in Peano arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass

from theory.error import InputError


@dataclass(frozen=True, eq=False)
class Formula:
    """A formula; two are told apart by identity, and shared parts are decided once.

    Attributes:
        operator: true, false, name, not, and, or, implies, iff or box.
        arguments: what it is applied to.
        name: for `name`, which.
    """

    operator: str
    arguments: tuple[Formula, ...] = ()
    name: str = ""

    def __invert__(self) -> Formula:
        return Formula("not", (self,))

    def __and__(self, other: Formula) -> Formula:
        return Formula("and", (self, other))

    def __or__(self, other: Formula) -> Formula:
        return Formula("or", (self, other))

    def __rshift__(self, other: Formula) -> Formula:
        return Formula("implies", (self, other))

    def __bool__(self) -> bool:
        raise TypeError("a formula is neither true nor false: let `settle` decide it")

    def __str__(self) -> str:
        done: dict[int, str] = {}
        for part in parts(self):
            words = [done[id(argument)] for argument in part.arguments]
            match part.operator:
                case "name":
                    text = part.name
                case "true" | "false":
                    text = {"true": "⊤", "false": "⊥"}[part.operator]
                case "not" | "box":
                    text = {"not": "¬", "box": "□"}[part.operator] + words[0]
                case operator:
                    sign = {"and": "∧", "or": "∨", "implies": "→", "iff": "↔"}[operator]
                    text = f"({words[0]} {sign} {words[1]})"
            done[id(part)] = text
        return done[id(self)]


TRUE, FALSE = Formula("true"), Formula("false")


def name(text: str) -> Formula:
    """The formula that a system defines under a name."""
    if not text:
        raise InputError("name: a formula's name cannot be empty")
    return Formula("name", (), text)


def iff(one: Formula, other: Formula) -> Formula:
    """Both or neither."""
    return Formula("iff", (one, other))


def box(formula: Formula, level: int = 0) -> Formula:
    """It is provable; with a level k, in the theory that is k times told of its consistency.

    That is the box of `not (box^k false) implies formula`: PA + 1 is told that PA is consistent.
    """
    if level < 0:
        raise InputError(f"box: the level {level} is negative")
    if level == 0:
        return Formula("box", (formula,))
    inconsistent = FALSE
    for _ in range(level):
        inconsistent = Formula("box", (inconsistent,))
    return Formula("box", (~inconsistent >> formula,))


def parts(*formulas: Formula) -> list[Formula]:
    """Every part of the formulas, each once, arguments before what is applied to them."""
    found: list[Formula] = []
    seen: set[int] = set()
    stack = [(formula, False) for formula in reversed(formulas)]
    while stack:
        formula, ready = stack.pop()
        if ready:
            found.append(formula)
        elif id(formula) not in seen:
            seen.add(id(formula))
            stack.append((formula, True))
            stack.extend((argument, False) for argument in reversed(formula.arguments))
    return found
