"""Goals that contradict themselves: `t > 0` and `-t >= 0` at once.

No bounds can close a box on which such a goal comes near to being reached, however small it is. As
logic it is never reached, provided that t is a number: a deployed network that overflows may give
what is neither. Finite bounds on both sides say that it is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import torch
from torch import Tensor

from verify.problem.affine import Affine
from verify.problem.goal import Inequality

Pair = tuple[int, int]


def contradictions(inequalities: Sequence[Inequality]) -> list[Pair]:
    """Pairs of inequalities that no number satisfies both: one from below, one from above."""
    floors: dict[frozenset[object], list[tuple[Fraction, bool, int]]] = {}
    ceilings: dict[frozenset[object], list[tuple[Fraction, bool, int]]] = {}
    for index, inequality in enumerate(inequalities):
        direction, scale = _direction(inequality.expression)
        if scale:
            limit = -inequality.expression.constant / scale
            side = floors if scale > 0 else ceilings
            side.setdefault(direction, []).append((limit, inequality.strict, index))
    return [
        (i, j)
        for direction, lower in floors.items()
        for least, strict, i in lower
        for most, strictly, j in ceilings.get(direction, [])
        if most < least or (most == least and (strict or strictly))
    ]


def _direction(expression: Affine) -> tuple[frozenset[object], Fraction]:
    """The terms up to a factor, and the factor; 0 where there are none."""
    if not expression.terms:
        return frozenset(), Fraction(0)
    scale = expression.terms[min(expression.terms)]
    return frozenset((place, c / scale) for place, c in expression.terms.items()), scale


def contradicted(
    sets: Sequence[Sequence[int]],
    pairs: Sequence[Pair],
    inequalities: Sequence[Inequality],
    upper: Tensor,
) -> Tensor:
    """Boxes (B,) on which each of some conjunctions is refuted by one inequality or one pair.

    Args:
        sets: conjunctions of inequalities; the goal implies that one of them is satisfied.
        pairs: of `contradictions`.
        inequalities: all of them.
        upper: bounds of them (B, K).
    """
    strict = torch.tensor([i.strict for i in inequalities], device=upper.device)
    refuted = (upper < 0) | ((upper <= 0) & strict)
    finite = upper.isfinite()
    closed = torch.ones_like(upper[:, 0], dtype=torch.bool)
    for chosen in sets:
        members = set(chosen)
        shut = refuted[:, list(chosen)].any(dim=1)
        for i, j in pairs:
            if i in members and j in members:
                shut = shut | (finite[:, i] & finite[:, j])
        closed = closed & shut
    return closed
