"""Linear equations and inequalities over the rationals, each answer with its certificate.

`satisfy` decides a system of linear inequalities, strict ones among them. Its answer is a point
that satisfies every row, or multipliers that refute the system (Motzkin's transposition theorem;
Farkas' lemma where no row is strict). Either is checked in rationals before it is handed out, so
that nothing hinges on the simplex method that found it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from theory.error import InputError

ZERO, ONE = Fraction(0), Fraction(1)


@dataclass(frozen=True)
class Row:
    """The inequality `sum of coefficients times unknowns >= bound`, or `>` where it is strict.

    Attributes:
        coefficients: by unknown; what is left out is zero.
        bound: the right-hand side.
        strict: whether equality is excluded.
        name: what the row stands for, in answers.
    """

    coefficients: Mapping[str, Fraction]
    bound: Fraction = ZERO
    strict: bool = False
    name: str = ""

    def holds_at(self, point: Mapping[str, Fraction]) -> bool:
        """Whether the point satisfies the row; unknowns that it leaves out are zero."""
        total = sum((c * point.get(x, ZERO) for x, c in self.coefficients.items()), ZERO)
        return total > self.bound if self.strict else total >= self.bound


@dataclass(frozen=True)
class Refutation:
    """Why a system has no solution: non-negative multipliers, one a row.

    The rows, multiplied and added, give 0 on the left. On the right they give a positive number,
    or 0 with a strict row among those used.
    """

    multipliers: tuple[Fraction, ...]


def equal(
    coefficients: Mapping[str, Fraction], bound: Fraction = ZERO, name: str = ""
) -> list[Row]:
    """The two rows that say `sum = bound`."""
    opposite = {x: -c for x, c in coefficients.items()}
    return [Row(coefficients, bound, name=name), Row(opposite, -bound, name=name)]


def satisfy(rows: Sequence[Row]) -> dict[str, Fraction] | Refutation:
    """A point that satisfies every row, or a refutation; both checked.

    Raises:
        ArithmeticError: the simplex method gave an answer that does not check: a bug.
    """
    unknowns = sorted({x for row in rows for x in row.coefficients})
    point, multipliers = _solved(rows, unknowns)
    if point is not None:
        if not all(row.holds_at(point) for row in rows):
            raise ArithmeticError("a point does not satisfy the system it was found for")
        return point
    refutation = Refutation(multipliers)
    if not refutes(refutation, rows):
        raise ArithmeticError("multipliers do not refute the system they were found for")
    return refutation


def refutes(refutation: Refutation, rows: Sequence[Row]) -> bool:
    """Whether the multipliers prove that the rows have no solution."""
    weights = refutation.multipliers
    if len(weights) != len(rows) or any(weight < 0 for weight in weights):
        return False
    total: dict[str, Fraction] = {}
    for weight, row in zip(weights, rows, strict=True):
        for x, c in row.coefficients.items():
            total[x] = total.get(x, ZERO) + weight * c
    if any(total.values()):
        return False
    bound = sum((w * row.bound for w, row in zip(weights, rows, strict=True)), ZERO)
    strict = any(w > 0 and row.strict for w, row in zip(weights, rows, strict=True))
    return bound > 0 or (bound == 0 and strict)


def _solved(
    rows: Sequence[Row], unknowns: Sequence[str]
) -> tuple[dict[str, Fraction] | None, tuple[Fraction, ...]]:
    """A point of the system, or None; and the multipliers that refute it where there is none.

    Maximise t <= 1 subject to a.x - b z - s t >= 0 and z >= t >= 0, which 0 satisfies. Where t can
    be made positive, x / z solves the system, and the other way round. Where it cannot, the dual
    solution has y >= 0 with y.a = 0, y.b >= v >= 0 and v + (y on strict rows) >= 1.
    """
    table = [
        [-row.coefficients.get(x, ZERO) for x in unknowns]
        + [row.coefficients.get(x, ZERO) for x in unknowns]
        + [row.bound, Fraction(int(row.strict))]
        for row in rows
    ]
    width = 2 * len(unknowns)  # an unknown of either sign is the difference of two without
    table += [[ZERO] * width + [-ONE, ONE], [ZERO] * width + [ZERO, ONE]]
    limits = [ZERO] * (len(rows) + 1) + [ONE]
    found, dual = _maximised([ZERO] * (width + 1) + [ONE], table, limits)
    *x, z, t = found
    if t <= 0:
        return None, tuple(dual[: len(rows)])
    count = len(unknowns)
    return {name: (x[at] - x[count + at]) / z for at, name in enumerate(unknowns)}, ()


def _maximised(
    goal: Sequence[Fraction], table: Sequence[Sequence[Fraction]], limits: Sequence[Fraction]
) -> tuple[list[Fraction], list[Fraction]]:
    """x >= 0 that maximises goal.x subject to table x <= limits, where limits >= 0, and its dual.

    The simplex method with Bland's rule, which does not cycle. (That of sympy 1.14 loops, or gives
    what is not feasible, where the origin is not: its issue 28089.)
    """
    width, height = len(goal), len(table)
    body = [[*row, limit] for row, limit in zip(table, limits, strict=True)]
    body.append([*(-g for g in goal), ZERO])
    outside, inside = list(range(width)), list(range(width, width + height))
    while True:
        improving = [at for at in range(width) if body[-1][at] < 0]
        if not improving:
            break
        enters = min(improving, key=lambda at: outside[at])
        rows = [at for at in range(height) if body[at][enters] > 0]
        if not rows:
            raise ArithmeticError("a linear programme that is bounded was found to be unbounded")
        leaves = min(rows, key=lambda at: (body[at][-1] / body[at][enters], inside[at]))
        _pivot(body, leaves, enters)
        outside[enters], inside[leaves] = inside[leaves], outside[enters]
    x, dual = [ZERO] * width, [ZERO] * height
    for at, label in enumerate(inside):
        if label < width:
            x[label] = body[at][-1]
    for at, label in enumerate(outside):
        if label >= width:
            dual[label - width] = body[-1][at]
    return x, dual


def _pivot(body: list[list[Fraction]], leaves: int, enters: int) -> None:
    """Exchange the variable of a row for that of a column."""
    lead = body[leaves][enters]
    pivot = [value / lead for value in body[leaves]]
    pivot[enters] = 1 / lead
    for at, row in enumerate(body):
        factor = row[enters]
        if at == leaves or factor == 0:
            continue
        body[at] = [old - factor * new if new else old for old, new in zip(row, pivot, strict=True)]
        body[at][enters] = -factor / lead
    body[leaves] = pivot


def solve(rows: Sequence[Mapping[int, Fraction]], right: Sequence[Fraction]) -> list[Fraction]:
    """The solution of as many equations as unknowns, numbered from 0, by elimination.

    Only field operations and comparisons with zero are used: the numbers may be a parameter's
    (`theory.region`).

    Args:
        rows: one equation each: coefficients by unknown; what is left out is zero.
        right: the right-hand sides.

    Raises:
        InputError: the equations have no solution, or more than one.
    """
    size = len(rows)
    work = [{x: c for x, c in row.items() if c != 0} for row in rows]
    values = list(right)
    order: list[int] = []
    left = set(range(size))
    for unknown in range(size):
        pivots = [at for at in left if unknown in work[at]]
        if not pivots:
            raise InputError("a system of linear equations does not have exactly one solution")
        pivot = min(pivots, key=lambda at: (len(work[at]), at))
        left.discard(pivot)
        order.append(pivot)
        lead = work[pivot][unknown]
        for at in pivots:
            if at == pivot:
                continue
            factor = work[at][unknown] / lead
            for x, c in work[pivot].items():
                difference = work[at].get(x, ZERO) - factor * c
                if x == unknown or difference == 0:
                    work[at].pop(x, None)
                else:
                    work[at][x] = difference
            values[at] -= factor * values[pivot]
    solution = [ZERO] * size
    for unknown in reversed(range(size)):
        row = work[order[unknown]]
        known = sum((c * solution[x] for x, c in row.items() if x != unknown), ZERO)
        solution[unknown] = (values[order[unknown]] - known) / row[unknown]
    return solution
