"""Whether what the inequalities reach on boxes refutes a goal there: the auditor's own logic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from verify.certificate.bound import Reach, Sweep
from verify.certificate.box import Boxes
from verify.certificate.contrary import Pair
from verify.certificate.relax import UNDERFLOW, gamma
from verify.certificate.step import Reals, Truth
from verify.problem.goal import AllOf, AnyOf, Atom, Goal, Inequality, Undecidable

LINPROG: Any = vars(optimize)["linprog"]
"""scipy's, which has no types."""

ROUNDS = 40
"""Steps of the search for a combination of inequalities that refutes a conjunction."""


def refuted(
    goal: Goal,
    inequalities: Sequence[Inequality],
    pairs: Sequence[Pair],
    state: Sweep,
    reach: Reach,
    *,
    thorough: bool = True,
) -> Truth:
    """Boxes (B,) on which no run reaches the goal.

    A disjunction is refuted where all its parts are. A conjunction is refuted where a part is, or
    where a sum of its inequalities, and of what is known of signs, with non-negative weights stays
    below zero; or where two inequalities that have to hold there are contrary to each other, and
    what they speak of is a number.

    Args:
        goal: the goal.
        inequalities: of the problem.
        pairs: of them, those that are contrary.
        state, reach: what is known on the boxes.
        thorough: look for the best sums of inequalities, at some milliseconds a box.
    """
    boxes, count = state.boxes, len(state.empty)
    numbers = np.isfinite(reach.upper)

    def atoms(part: Goal) -> list[int]:
        parts = part.parts if isinstance(part, AllOf) else (part,)
        return [inner.index for inner in parts if isinstance(inner, Atom)]

    def single(index: int) -> Truth:
        upper = reach.upper[:, index]
        return upper <= 0 if inequalities[index].strict else upper < 0

    def visit(part: Goal, known: frozenset[int]) -> Truth:
        """Where a part cannot be reached together with these inequalities."""
        if isinstance(part, Undecidable):
            return np.zeros(count, dtype=bool)
        if isinstance(part, AnyOf):
            parts = [visit(inner, known) for inner in part.parts]
            return np.all(parts or [np.ones(count)], axis=0)
        closed = np.zeros(count, dtype=bool)
        known |= set(atoms(part))
        for index in atoms(part):
            closed |= single(index)
        for i, j in pairs:
            if i in known and j in known:
                closed |= numbers[:, i] & numbers[:, j]
        for inner in part.parts if isinstance(part, AllOf) else ():
            if not isinstance(inner, Atom):
                closed |= visit(inner, known)
        rest = np.flatnonzero(~closed & ~state.empty)
        if len(rest) and atoms(part):
            closed[rest] = _jointly(atoms(part), rest, boxes, reach, thorough)
        return closed

    with np.errstate(all="ignore"):
        return state.empty | visit(goal, frozenset())


def _jointly(
    atoms: list[int], rows: NDArray[np.int64], boxes: Boxes, reach: Reach, thorough: bool
) -> Truth:
    """Boxes for which weights were found; any are sound, so that it does not matter how."""
    slope = np.concatenate([reach.slope[rows][:, atoms], reach.known_slope[rows]], axis=1)
    offset = np.concatenate([reach.offset[rows][:, atoms], reach.known_offset[rows]], axis=1)
    closed = np.zeros(len(rows), dtype=bool)
    if slope.shape[1] == 1:
        return closed
    sums = Sums(slope, offset, boxes.low[rows], boxes.high[rows])
    if slope.shape[1] == len(atoms):
        closed = sums.descend()
        if not thorough:
            return closed
    for at in np.flatnonzero(~closed):
        closed[at] = sums.optimise(int(at), len(atoms))
    return closed


@dataclass(frozen=True)
class Sums:
    """Weighted sums of affine functions (B, K, n) and (B, K) over boxes (B, n)."""

    slope: Reals
    offset: Reals
    low: Reals
    high: Reals

    def negative(self, weights: Reals) -> Truth:
        """Boxes on which the sums with these weights (B, K), none negative, stay below zero."""
        total = (weights[:, None] @ self.slope)[:, 0]
        point = np.where(total > 0, self.high, self.low)
        most = (total * point).sum(axis=1) + (weights * self.offset).sum(axis=1)
        slack = gamma(self.low.shape[1] + 2 * weights.shape[1] + 10)
        return most + (weights * self.size).sum(axis=1) * slack + UNDERFLOW < 0

    @cached_property
    def size(self) -> Reals:
        """Bounds of the functions' magnitudes (B, K)."""
        reach = np.maximum(np.abs(self.low), np.abs(self.high))
        return _dot(np.abs(self.slope), reach) + np.abs(self.offset)

    def descend(self) -> Truth:
        """Boxes that weights close which are found by multiplicative updates, on all at once."""
        closed = np.zeros(len(self.offset), dtype=bool)
        for weights, _ in self._lighter():
            closed |= self.negative(weights)
            if closed.all():
                break
        return closed

    def light(self) -> Reals:
        """Weights (B, K) whose sums are small on the boxes, each the best of those updates."""
        best = np.ones_like(self.offset)
        least = np.full(len(best), np.inf)
        with np.errstate(all="ignore"):
            for weights, most in self._lighter():
                better = most < least
                least = np.where(better, most, least)
                best = np.where(better[:, None], weights, best)
        return best

    def _lighter(self) -> Iterator[tuple[Reals, Reals]]:
        """Weights (B, K), and the largest values (B,) of their sums, in units of the functions."""
        scale = self.size.max(axis=1, keepdims=True) + UNDERFLOW
        logits = np.zeros_like(self.offset)
        for step in range(ROUNDS):
            weights = np.exp(logits - logits.max(axis=1, keepdims=True))
            total = (weights[:, None] @ self.slope)[:, 0]
            point = np.where(total > 0, self.high, self.low)
            values = _dot(self.slope, point) + self.offset
            yield weights, (weights * values).sum(axis=1) / weights.sum(axis=1)
            logits = logits - values / scale * (8.0 / (1 + step) ** 0.5)

    def optimise(self, at: int, wanted: int) -> bool:
        """Whether the best weights of one box close it."""
        one = slice(at, at + 1)
        alone = Sums(self.slope[one], self.offset[one], self.low[one], self.high[one])
        return bool(alone.negative(self.best(at, wanted)[None])[0])

    def best(self, at: int, wanted: int) -> Reals:
        """The weights (K,) of one box from a linear program; its first `wanted` functions are a
        goal's.

        The largest t such that at some point all functions of the goal are at least t, and the
        others at least 0: where t is negative, the dual solution is the weights.
        """
        slope, offset = self.slope[at], self.offset[at]
        equal = np.ones(len(offset))
        if len(offset) < 2 or not (np.isfinite(slope).all() and np.isfinite(offset).all()):
            return equal
        lift = (np.arange(len(offset)) < wanted).astype(float)
        found = LINPROG(
            np.append(np.zeros(slope.shape[1]), -1.0),
            A_ub=np.hstack([-slope, lift[:, None]]),
            b_ub=offset,
            bounds=[*zip(self.low[at], self.high[at], strict=True), (None, None)],
            method="highs",
        )
        if not found.success:  # no point has the known signs, or the program is badly scaled
            return equal
        return np.maximum(-np.asarray(found.ineqlin.marginals, dtype=float), 0.0)


def _dot(coefficients: Reals, values: Reals) -> Reals:
    return (coefficients @ values[..., None])[..., 0]
