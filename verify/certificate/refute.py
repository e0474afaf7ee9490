"""Whether what the inequalities reach on boxes refutes a goal there: the auditor's own logic."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from verify.certificate.bound import UNDERFLOW, Boxes, Reach, Truth, gamma
from verify.certificate.program import Reals
from verify.problem.goal import AllOf, Atom, Goal, Inequality, Undecidable

ROUNDS = 40
"""Steps of the search for a combination of inequalities that refutes a conjunction."""


def refuted(goal: Goal, inequalities: Sequence[Inequality], boxes: Boxes, reach: Reach) -> Truth:
    """Boxes (B,) on which no run reaches the goal.

    A conjunction is refuted where a part is, or where the sum of its inequalities with some
    non-negative weights stays below zero; a disjunction where all parts are.
    """
    count = len(boxes.low)

    def visit(part: Goal) -> Truth:
        if isinstance(part, Atom):
            upper = reach.upper[:, part.index]
            return upper <= 0 if inequalities[part.index].strict else upper < 0
        if isinstance(part, Undecidable):
            return np.zeros(count, dtype=bool)
        parts = [visit(inner) for inner in part.parts]
        if not isinstance(part, AllOf):
            return np.all(parts, axis=0) if parts else np.ones(count, dtype=bool)
        closed = np.any(parts, axis=0) if parts else np.zeros(count, dtype=bool)
        atoms = [inner.index for inner in part.parts if isinstance(inner, Atom)]
        rest = (~closed & ~reach.empty).nonzero()[0]
        if len(atoms) > 1 and len(rest):
            closed[rest] = _jointly(atoms, rest, boxes, reach)
        return closed

    with np.errstate(all="ignore"):
        return reach.empty | visit(goal)


def _jointly(atoms: list[int], rows: NDArray[np.int64], boxes: Boxes, reach: Reach) -> Truth:
    """Boxes for which weights were found; any are sound, multiplicative updates find them."""
    slope, offset = reach.slope[rows][:, atoms], reach.offset[rows][:, atoms]
    low, high = boxes.low[rows], boxes.high[rows]
    size = _dot(np.abs(slope), np.maximum(np.abs(low), np.abs(high))) + np.abs(offset)
    scale = size.max(axis=1, keepdims=True) + UNDERFLOW
    slack = gamma(low.shape[1] + 2 * len(atoms) + 10)
    closed = np.zeros(len(rows), dtype=bool)
    logits = np.zeros_like(offset)
    for step in range(ROUNDS):
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        total = (weights[:, None] @ slope)[:, 0]
        point = np.where(total > 0, high, low)
        most = (total * point).sum(axis=1) + (weights * offset).sum(axis=1)
        closed |= most + (weights * size).sum(axis=1) * slack + UNDERFLOW < 0
        if closed.all():
            break
        values = _dot(slope, point) + offset
        logits = logits - values / scale * (8.0 / (1 + step) ** 0.5)
    return closed


def _dot(coefficients: Reals, values: Reals) -> Reals:
    return (coefficients @ values[..., None])[..., 0]
