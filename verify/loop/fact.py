"""Linear facts about the free numbers of a cell, and what follows from them exactly.

A cell is a box, and what is known of its points is more: that they lie in a set that is no box, or
came through the guard of a case. A fact is an affine number that is at least 0 on all trajectories
that come through.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from theory.linear import ONE, ZERO, Refutation, Row, satisfy
from theory.term import Term
from verify.loop.cell import FREE, Cell
from verify.loop.valuation import MINUS, Valuation
from verify.problem.affine import Affine

MOST = 24
"""No more facts than this are kept of a place: the latest."""

COMPARISONS = ("lt", "le", "eq")

Facts = tuple[Affine, ...]
Point = tuple[Fraction, ...]


def conjuncts(formula: Term) -> Iterator[tuple[Term, bool]]:
    """Subformulas with a truth value: the formula is true where all of them have theirs."""
    stack = [(formula, True)]
    while stack:
        part, side = stack.pop()
        match part.operator:
            case "not":
                stack.append((part.arguments[0], not side))
            case "and" | "or" if side == (part.operator == "and") or len(part.arguments) == 1:
                stack.extend((one, side) for one in reversed(part.arguments))
            case "implies" if not side:
                stack += [(part.arguments[1], False), (part.arguments[0], True)]
            case _:
                yield part, side


def facts(valuation: Valuation, formula: Term) -> Facts:
    """What a formula says, where it is true, of the points of a cell that not all points do."""
    found: list[Affine] = []
    for part, side in conjuncts(formula):
        sides = valuation.difference(part) if part.operator in COMPARISONS else None
        if not isinstance(sides, Affine):
            continue
        if part.operator != "eq":
            found.append(sides if side else sides.scaled(MINUS))
        elif side:
            found += [sides, sides.scaled(MINUS)]
    return tuple(one for one in found if valuation.cell.range(one).lower < 0)


def joined(first: Facts, second: Facts) -> Facts:
    """All of them, each once."""
    return tuple({one.key: one for one in (*first, *second)}.values())[-MOST:]


def common(first: Facts, second: Facts) -> Facts:
    """Those that are among both."""
    keys = {one.key for one in second}
    return tuple(one for one in first if one.key in keys)


def empty(cell: Cell, known: Facts) -> bool:
    """Whether no point of a cell is as the facts say."""
    return bool(known) and isinstance(satisfy(_rows(cell, known)), Refutation)


def follows(valuation: Valuation, formula: Term, known: Facts) -> Point | bool:
    """Whether a formula is true wherever the facts are on a cell; a point where it may not be."""
    for part, side in conjuncts(formula):
        if valuation.truth(part) is side:
            continue
        sides = valuation.difference(part) if part.operator in COMPARISONS else None
        if not isinstance(sides, Affine):
            return False
        for row in _against(part.operator, sides, side):
            found = satisfy([*_rows(valuation.cell, known), row])
            if not isinstance(found, Refutation):
                names = [_name(at) for at in range(len(valuation.cell.lower))]
                return tuple(found.get(name, ZERO) for name in names)
    return True


def _against(operator: str, sides: Affine, positive: bool) -> Iterable[Row]:
    """Rows of which one is satisfied where a comparison does not have a truth value."""
    less, more = _row(sides.scaled(MINUS), strict=True), _row(sides, strict=True)
    match operator, positive:
        case "eq", True:
            return [less, more]
        case "eq", False:
            return [_row(Affine({}), strict=False)]
        case "le", _:
            return [less if positive else _row(sides, strict=False)]
        case _:
            return [_row(sides.scaled(MINUS), strict=False) if positive else more]


def _rows(cell: Cell, known: Sequence[Affine]) -> list[Row]:
    rows = [_row(one, strict=False) for one in known]
    for at, (low, high) in enumerate(zip(cell.lower, cell.upper, strict=True)):
        rows += [Row({_name(at): ONE}, low), Row({_name(at): -ONE}, -high)]
    return rows


def _row(number: Affine, *, strict: bool) -> Row:
    """That a number is at least 0, or above it."""
    coefficients = {_name(at): factor for (_, at), factor in number.terms.items()}
    return Row(coefficients, -number.constant, strict)


def _name(at: int) -> str:
    return f"{FREE}{at:04}"
