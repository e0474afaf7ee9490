"""Inequalities that no numbers satisfy at once, by logic alone: the auditor's own code.

Where one expression is a negative multiple of another, but for the constant, a sum of the two with
positive weights is a constant. If that is below zero, they are contrary; and also if it is zero and
one of them is strict.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations

from verify.problem.goal import Inequality

Pair = tuple[int, int]


def contraries(inequalities: Sequence[Inequality]) -> list[Pair]:
    """Pairs of indices, the smaller first."""
    return [
        (i, j)
        for (i, first), (j, second) in combinations(enumerate(inequalities), 2)
        if _are_contrary(first, second)
    ]


def _are_contrary(first: Inequality, second: Inequality) -> bool:
    ours, theirs = first.expression, second.expression
    terms = {place: c for place, c in ours.terms.items() if c}
    others = {place: c for place, c in theirs.terms.items() if c}
    if not terms or terms.keys() != others.keys():
        return False
    place = next(iter(terms))
    weight: Fraction = -terms[place] / others[place]
    if weight <= 0 or any(c + weight * others[place] for place, c in terms.items()):
        return False
    total = ours.constant + weight * theirs.constant
    return total < 0 or (total == 0 and (first.strict or second.strict))
