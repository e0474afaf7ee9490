"""Linear equations and inequalities over the rationals, each answer with its certificate.

`satisfy` decides a system of linear inequalities, strict ones among them. Its answer is a point
that satisfies every row, or multipliers that refute the system (Motzkin's transposition theorem;
Farkas' lemma where no row is strict). Either is checked in rationals before it is handed out, so
that nothing hinges on the simplex method that found it, which is sympy's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy
from sympy.solvers import simplex

from theory.error import InputError

_sympy: Any = sympy  # it has no type stubs
_simplex: Any = simplex

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
    point = _point(rows, unknowns)
    if point is not None:
        if not all(row.holds_at(point) for row in rows):
            raise ArithmeticError("a point does not satisfy the system it was found for")
        return point
    refutation = Refutation(_multipliers(rows, unknowns))
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


def _point(rows: Sequence[Row], unknowns: Sequence[str]) -> dict[str, Fraction] | None:
    """Maximise t <= 1 subject to a.x - b z - s t >= 0 and z >= t >= 0, which 0 satisfies.

    Where t can be made positive, x / z solves the system, and the other way round.
    """
    table = [
        [*(-row.coefficients.get(x, ZERO) for x in unknowns), row.bound, Fraction(int(row.strict))]
        for row in rows
    ]
    table += [[ZERO] * len(unknowns) + [-ONE, ONE], [ZERO] * len(unknowns) + [ZERO, ONE]]
    limits = [ZERO] * (len(rows) + 1) + [ONE]
    bounds = [(None, None)] * len(unknowns) + [(0, None)] * 2
    goal = [ZERO] * (len(unknowns) + 1) + [-ONE]
    _, found = _simplex.linprog(_numbers(goal), _matrix(table), _numbers(limits), bounds=bounds)
    *x, z, t = (Fraction(int(value.p), int(value.q)) for value in found)
    if t <= 0:
        return None
    return {name: value / z for name, value in zip(unknowns, x, strict=True)}


def _multipliers(rows: Sequence[Row], unknowns: Sequence[str]) -> tuple[Fraction, ...]:
    """y >= 0 with y.a = 0, y.b >= 0 and y.b + (y on strict rows) = 1: Motzkin's alternative."""
    columns = [[row.coefficients.get(x, ZERO) for row in rows] for x in unknowns]
    columns.append([row.bound + int(row.strict) for row in rows])
    right = [ZERO] * len(unknowns) + [ONE]
    _, found = _simplex.linprog(
        [0] * len(rows),
        _matrix([[-row.bound for row in rows]]),
        [0],
        _matrix(columns),
        _numbers(right),
    )
    return tuple(Fraction(int(value.p), int(value.q)) for value in found)


def _numbers(values: Sequence[Fraction]) -> list[Any]:
    return [_sympy.Rational(value.numerator, value.denominator) for value in values]


def _matrix(table: Sequence[Sequence[Fraction]]) -> Any:
    return _sympy.Matrix([_numbers(row) for row in table])


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
