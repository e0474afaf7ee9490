"""Why there is no violation on a leaf, where plain bounds do not tell.

An argument has rows. A row gives weights to inequalities, a price to every sign that is known on
the leaf, and a slope to the line below every bend. The weighted sum of the inequalities, and of the
signed entries times their prices, stays below zero on the whole box: so no run with these signs
satisfies all inequalities that have a weight. Prices enter the sum on its way back through the
network (Wang et al., Beta-CROWN, NeurIPS 2021), which bounds it better than the sum of bounds.
Whatever the numbers are, the bound is valid; the auditor computes it anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from verify.problem.goal import AllOf, AnyOf, Atom, Goal

if TYPE_CHECKING:
    from verify.certificate.step import Reals, Truth

LEVELS = 255
"""Slopes are whole numbers of this, between the least slope of a bend and 1."""


MOST_ROWS = 8
"""Goals of more conjunctions than this are not argued about."""


@dataclass(frozen=True, eq=False)
class Argument:
    """The rows of one leaf.

    Attributes:
        weights: of the inequalities (K, I).
        slopes: of all bends of the program, in its order (K, S).
        prices: of the known signs, by tensor in the order in which they became known, and in it by
            position (K, C).
    """

    weights: NDArray[np.float32]
    slopes: NDArray[np.uint8]
    prices: NDArray[np.float32]

    @property
    def is_sound(self) -> bool:
        """Whether all weights and prices are finite, and none negative."""
        numbers = np.concatenate([self.weights.ravel(), self.prices.ravel()])
        return bool((np.isfinite(numbers) & (numbers >= 0)).all())


@dataclass(frozen=True, eq=False)
class Arguments:
    """Those of a batch of boxes, in float64; rows that one has less than another are zero.

    Attributes:
        weights: (B, K, I).
        slopes: in units of `LEVELS`, (B, K, S).
        prices: by tensor of the network (B, K, size).
    """

    weights: Reals
    slopes: Reals
    prices: Mapping[str, Reals]


def joined(several: Sequence[Argument], signs: Sequence[Mapping[str, Reals]]) -> Arguments:
    """The arguments of some leaves, each with its known signs, as a batch."""
    rows = max(len(one.weights) for one in several)

    def padded(array: NDArray[np.generic]) -> Reals:
        return np.pad(array.astype(np.float64), ((0, rows - len(array)), (0, 0)))

    names = {name: len(sign) for known in signs for name, sign in known.items()}
    prices = {name: np.zeros((len(several), rows, size)) for name, size in names.items()}
    for at, (one, known) in enumerate(zip(several, signs, strict=True)):
        start = 0
        for name, sign in known.items():
            entries = np.flatnonzero(sign)
            columns = one.prices[:, start : start + len(entries)]
            prices[name][at, : len(columns), entries] = columns.T
            start += len(entries)
    return Arguments(
        np.stack([padded(one.weights) for one in several]),
        np.stack([padded(one.slopes) for one in several]),
        prices,
    )


def follows(goal: Goal, weights: Reals, negative: Truth) -> Truth:
    """Boxes (B,) on which it follows that a goal is not reached.

    Args:
        goal: the goal.
        weights: of the inequalities in each row (B, K, I).
        negative: rows whose sum is below zero on the whole box (B, K).
    """
    used = weights > 0

    def contradicted(known: frozenset[int]) -> Truth:
        """Where a negative sum has weights on nothing else than these inequalities."""
        others = np.ones(weights.shape[2], dtype=bool)
        others[list(known)] = False
        return np.any(negative & ~np.any(used & others, axis=2), axis=1)

    def visit(part: Goal, known: frozenset[int]) -> Truth:
        """Where a part cannot be reached together with these inequalities."""
        if isinstance(part, AnyOf):
            found = np.ones(len(weights), dtype=bool)
            for inner in part.parts:
                found &= visit(inner, known)
            return found
        parts = part.parts if isinstance(part, AllOf) else (part,)
        known |= {inner.index for inner in parts if isinstance(inner, Atom)}
        found = contradicted(known)
        for inner in parts:
            if isinstance(inner, AllOf | AnyOf) and inner is not part:
                found |= visit(inner, known)
        return found

    return visit(goal, frozenset())
