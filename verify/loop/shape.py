"""Convex sets of states in floats, as guesses for what a proof may start from.

A shape has lower and upper ends along given directions: along the axes it is a box, with the sums
and differences of two numbers an octagon (Mine, The octagon abstract domain, 2006). It is grown
until its own points, stepped once, stay in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import torch
from torch import Tensor

SAMPLES = 2048
ROUNDS = 40
MOST_DIMENSIONS = 4
ROOM = 0.005
"""Relative to its width: so much room is left around what the steps of a shape lead to, as a proof
cannot be cut to the last point.
"""

CLOSE = 1e-4
"""Relative to its width: a shape that this room leaves by less is as good as closed."""

HUGE = 1e9


@dataclass(frozen=True)
class Shape:
    """Points with `low <= directions point <= high`.

    Attributes:
        directions: (M, n), the axes first.
        low, high: (M).
        middle: (n), a point in it.
    """

    directions: Tensor
    low: Tensor
    high: Tensor
    middle: Tensor

    def widened(self, margin: float) -> Shape:
        """Larger by a share of its width to each side."""
        room = margin * (self.high - self.low)
        return Shape(self.directions, self.low - room, self.high + room, self.middle)

    def joined(self, other: Shape) -> Shape:
        """The smallest shape around it and another with the same directions."""
        low, high = torch.minimum(self.low, other.low), torch.maximum(self.high, other.high)
        return Shape(self.directions, low, high, self.middle)

    @property
    def corners(self) -> Tensor:
        """Its corners (N, n); none in more than a few dimensions, or where it is flat."""
        size = self.directions.shape[1]
        if not 2 <= size <= MOST_DIMENSIONS:
            return self.middle[None, :][:0]
        from scipy.spatial import HalfspaceIntersection, QhullError

        sides = torch.cat([self.directions, -self.directions])
        ends = torch.cat([-self.high, self.low])
        try:
            found: Any = HalfspaceIntersection(
                torch.cat([sides, ends[:, None]], dim=1).numpy(), self.middle.numpy()
            )
        except QhullError:
            return self.middle[None, :][:0]
        return torch.tensor(found.intersections.tolist()).double()

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """Points (count, n) of it, most of them on its surface, and many near its corners."""
        size = self.directions.shape[1]
        share = torch.rand(count, size, generator=generator, dtype=torch.float64)
        ends = torch.rand(count, size, generator=generator)
        share = torch.where(ends < 0.25, 0.0, torch.where(ends > 0.75, 1.0, share))
        away = self.low[:size] + share * (self.high - self.low)[:size] - self.middle
        along, here = away @ self.directions.T, self.directions @ self.middle
        room = torch.where(along > 0, self.high - here, here - self.low)
        reach = (room / along.abs().clamp_min(1e-30)).amin(dim=1).clamp_max(1e6)
        inner = torch.rand(count, generator=generator, dtype=torch.float64)
        scale = torch.where(inner < 0.3, inner / 0.3, 1.0) * reach
        return self.middle + scale[:, None] * away


def box_around(points: Tensor) -> Shape:
    """The box around points (N, n)."""
    return _around(points, torch.eye(points.shape[1]).double())


def octagon_around(points: Tensor) -> Shape:
    """The octagon around points (N, n)."""
    axes = torch.eye(points.shape[1]).double()
    rows = [*axes]
    for i, j in combinations(range(len(axes)), 2):
        rows += [axes[i] + axes[j], axes[i] - axes[j]]
    return _around(points, torch.stack(rows))


def _around(points: Tensor, directions: Tensor) -> Shape:
    along = points @ directions.T
    return Shape(directions, along.amin(dim=0), along.amax(dim=0), points.mean(dim=0))


def grown(
    shape: Shape, step: Callable[[Tensor], Tensor], generator: torch.Generator
) -> Shape | None:
    """A shape around another that its points do not leave in one step, with some room; None where
    it grows on.

    Args:
        shape: where to begin.
        step: from points (N, n) to those one step later.
        generator: of the random points.
    """
    for _ in range(ROUNDS):
        points = torch.cat([shape.corners, shape.sample(SAMPLES, generator)])
        larger = shape.joined(_around(step(points), shape.directions).widened(ROOM))
        width = (larger.high - larger.low).clamp_min(1e-12)
        grows = torch.maximum(shape.low - larger.low, larger.high - shape.high) / width
        if not bool((larger.high - larger.low < HUGE).all()):
            return None
        if bool((grows <= CLOSE).all()):
            return larger
        shape = larger
    return None
