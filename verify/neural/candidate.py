"""Points that may be witnesses, checked in exact arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from torch import Tensor

from theory.enclosure import Undecided
from verify.neural.region import Region
from verify.problem.problem import Problem

Point = tuple[Fraction, ...]

MOST_CHECKS = 200
"""Candidates that fail the exact check cost time; after this many no more are tried."""


class Candidates:
    """The candidates of one search.

    Args:
        problem: the problem.
        region: its box.

    Attributes:
        witness: a point at which the goal is reached.
        spare: another one, which float32 does not hold, for the case that there is no witness.
    """

    def __init__(self, problem: Problem, region: Region) -> None:
        self._problem = problem
        self._region = region
        self._checks = 0
        self.witness: Point | None = None
        self.spare: Point | None = None

    def accept(self, points: Tensor) -> bool:
        """Take the first of some snapped points (B, n) at which the goal is reached."""
        for row in range(points.shape[0]):
            if self._checks >= MOST_CHECKS:
                return False
            self._checks += 1
            point = self._region.exact(points[row])
            if self._reached(point):
                self.witness = point
                return True
        return False

    def accept_near(self, points: Sequence[Point]) -> bool:
        """As `accept`, of exact points as float32 holds them."""
        return bool(points) and self.accept(self._region.snap(self._region.near(points)))

    def keep(self, point: Point) -> bool:
        """Keep a point at which the goal is reached as a spare one."""
        if self._reached(point):
            self.spare = point
        return self.spare == point

    def _reached(self, point: Point) -> bool:
        try:
            return self._problem.reached(point)
        except Undecided:
            return False
