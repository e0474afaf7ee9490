"""Searching for an input at which the goal is reached: corners, random points, gradient ascent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor

from verify.answer import Deadline
from verify.neural.margin import Matrix, margin
from verify.neural.region import Region
from verify.problem.goal import Goal

Function = Callable[[Tensor], Tensor]
"""From points (B, n) to the values of the inequalities (B, K)."""

MOST_CORNERS = 256
POINTS = 256
STEPS = 40


def values_of(network: Function, table: Matrix) -> Function:
    """The inequalities' values from the network's flat outputs."""
    return lambda points: network(points) @ table.weight.T + table.bias


@dataclass(frozen=True)
class Attack:
    """Looks for points at which a goal is reached.

    Attributes:
        goal: what to reach.
        function: values of the inequalities.
        region: the box.
        accept: gets the most promising snapped points (B, n), best first, and answers whether one
            of them is a witness; it keeps the witness.
        generator: source of the random starts.
    """

    goal: Goal
    function: Function
    region: Region
    accept: Callable[[Tensor], bool]
    generator: torch.Generator

    def look(self) -> bool:
        """Try corners and random points; whether a witness was found."""
        points = torch.cat([_corners(self.region), self.region.random(POINTS, self.generator)])
        return self.accept(self._best(points))

    def climb(self, deadline: Deadline) -> bool:
        """Climb from random points by signed gradients with a shrinking step (Madry et al., 2018).

        Returns:
            Whether a witness was found.
        """
        points = self.region.random(POINTS, self.generator)
        width = self.region.inner_high - self.region.inner_low
        for step in range(STEPS):
            if deadline.passed:
                return False
            variable = points.detach().clone().requires_grad_(True)
            with torch.enable_grad():
                reward = margin(self.goal, self.function(variable))
                if not reward.requires_grad:
                    return False
                (gradient,) = torch.autograd.grad(reward.sum(), variable)
            move = gradient.sign() * width * (0.25 * 0.88**step)
            moved = torch.where(self.region.finite, points, points + move)
            points = self.region.snap(moved)
            last = step == STEPS - 1
            if (step % 8 == 7 or last) and self.accept(self._best(points)):
                return True
        return False

    def _best(self, points: Tensor, count: int = 8) -> Tensor:
        """The points with the largest margins, best first, without those of negative margin."""
        with torch.no_grad():
            reward = margin(self.goal, self.function(points))
        order = reward.argsort(descending=True)[:count]
        return points[order[reward[order] >= 0]]


def _corners(region: Region) -> Tensor:
    """The middle, and corners: all of them where few are free, else the two extreme ones."""
    free = [int(i) for i in (region.inner_high > region.inner_low).nonzero()[:, 0]]
    rows = [(region.inner_low + region.inner_high) / 2]
    if 2 ** len(free) <= MOST_CORNERS:
        for choice in product((0, 1), repeat=len(free)):
            corner = region.inner_low.clone()
            for column, upper in zip(free, choice, strict=True):
                corner[column] = (region.inner_high if upper else region.inner_low)[column]
            rows.append(corner)
    else:
        rows += [region.inner_low, region.inner_high]
    return region.snap(torch.stack(rows))
