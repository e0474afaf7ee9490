"""Goals that contradict themselves: `t > 0` and `-t >= 0` at once.

No bounds can close a box on which such a goal comes near to being reached, however small it is. As
logic it is never reached, provided that t is a number: a deployed network that overflows may give
what is neither. Finite bounds on both sides say that it is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np
import torch
from torch import Tensor

from verify.problem.affine import Affine
from verify.problem.goal import Goal, Inequality, combine

Pair = tuple[int, int]

Flags = np.ndarray[Any, np.dtype[np.bool_]]
"""Truth values (K,)."""

Sets = dict[int, int]
"""Conjunctions of inequalities as bits, each with the bits of what contradicts one of them."""

MOST_LEFT = 1024
"""So many conjunctions are kept in mind of one box; where there are more, parts are left out."""


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


def is_large(goal: Goal, most: int) -> bool:
    """Whether a goal that can be searched for has more conjunctions than so many."""
    return combine(goal, lambda index: 1, prod, sum) > most


def left(goal: Goal, pairs: Sequence[Pair], refuted: Flags, finite: Flags) -> bool:
    """Whether, on one box, some conjunction of a goal is refuted by no inequality and no pair.

    Conjunctions are put together from the inside out, and those that are refuted are dropped at
    once: of a large goal few are left on a small box.

    Args:
        goal: the goal.
        pairs: of `contradictions`.
        refuted: for each inequality, whether its bound is below zero.
        finite: for each inequality, whether its bound says that it is a number.
    """
    against: dict[int, int] = {}
    for i, j in pairs:
        if finite[i] and finite[j]:
            against[1 << i] = against.get(1 << i, 0) | 1 << j
            against[1 << j] = against.get(1 << j, 0) | 1 << i

    def atom(index: int) -> Sets:
        bit, others = 1 << index, against.get(1 << index, 0)
        return {} if refuted[index] or others & bit else {bit: others}

    def every(parts: list[Sets]) -> Sets:
        result: Sets = {0: 0}
        for part in sorted(parts, key=len):
            if len(result) * len(part) <= MOST_LEFT:
                result = {
                    a | b: x | y
                    for a, x in result.items()
                    for b, y in part.items()
                    if not (a & y or b & x)
                }
        return result

    def some(parts: list[Sets]) -> Sets:
        return {chosen: others for part in parts for chosen, others in part.items()}

    return bool(combine(goal, atom, every, some))
