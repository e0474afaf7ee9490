"""Boxes of observations to fit policies in, and samples of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from extract.network import Array
from theory.error import InputError

NEAR = 0.03
"""How far from a point is near it, in shares of the box."""


@dataclass(frozen=True, eq=False)
class Sampler:
    """Draws observations from a box.

    Attributes:
        low, high: corners (features,).
        flags: (features,) which features are 0 or 1 rather than a range.
        rng: of the draws.
    """

    low: Array
    high: Array
    flags: Array
    rng: np.random.Generator

    def draw(self, count: int) -> Array:
        """Uniform observations (count, features)."""
        points = self.rng.uniform(self.low, self.high, (count, len(self.low)))
        return np.where(self.flags, np.rint(points), points)

    def near(self, points: Array) -> Array:
        """Observations not far from others (N, features), with the same flags."""
        moved = points + self.rng.normal(0, NEAR, points.shape) * (self.high - self.low)
        return np.where(self.flags, points, moved).clip(self.low, self.high)


def sampler(
    low: Sequence[float],
    high: Sequence[float],
    finite: Sequence[bool] | None,
    leaves: int,
    seed: int,
) -> Sampler:
    """A sampler of a box that a policy of so many leaves is to be fitted in.

    Raises:
        InputError: an empty box, or fewer than one leaf.
    """
    lower, upper = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
    if lower.shape != upper.shape or not (lower <= upper).all():
        raise InputError("the box of a tree needs low <= high for every feature")
    if not np.isfinite(lower).all() or not np.isfinite(upper).all():
        raise InputError("the box of a tree is not finite")
    if leaves < 1:
        raise InputError(f"leaves is {leaves}; a tree has at least one")
    flags = np.zeros(len(lower), dtype=np.bool_) if finite is None else np.asarray(finite)
    return Sampler(lower, upper, flags, np.random.default_rng(seed))
