"""Narrowing the box of a problem by what its goal demands of single variables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from verify.problem.affine import Affine
from verify.problem.goal import AllOf, Atom, Goal, Inequality
from verify.problem.graph import POINT
from verify.problem.problem import Variable


def tightened(
    variables: Sequence[Variable], inequalities: Sequence[Inequality], goal: Goal
) -> tuple[tuple[Variable, ...], bool]:
    """The variables with ranges cut by the inequalities that every way to the goal satisfies.

    Only inequalities of one variable are used; strict ones cut to the closed range, and stay in
    the goal.

    Returns:
        The variables, and whether one of them has no value left.
    """
    narrowed = list(variables)
    required = goal.parts if isinstance(goal, AllOf) else (goal,)
    for part in required:
        if isinstance(part, Atom):
            cut = _bound(inequalities[part.index].expression)
            if cut is not None:
                position, factor, limit = cut
                narrowed[position] = _cut(narrowed[position], factor, limit)
    return tuple(narrowed), any(v.lower > v.upper or v.values == () for v in narrowed)


def _bound(expression: Affine) -> tuple[int, Fraction, Fraction] | None:
    """For c x + d >= 0: the position of x, c, and the limit -d/c."""
    if len(expression.terms) != 1:
        return None
    ((tensor, position), factor), *_ = expression.terms.items()
    return (position, factor, -expression.constant / factor) if tensor == POINT else None


def _cut(variable: Variable, factor: Fraction, limit: Fraction) -> Variable:
    lower = max(variable.lower, limit) if factor > 0 else variable.lower
    upper = min(variable.upper, limit) if factor < 0 else variable.upper
    if variable.values is None:
        return replace(variable, lower=lower, upper=upper)
    kept = tuple(v for v in variable.values if lower <= v <= upper)
    if not kept:
        return replace(variable, values=())
    return replace(variable, lower=kept[0], upper=kept[-1], values=kept)
