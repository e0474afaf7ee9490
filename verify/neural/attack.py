"""Searching for an input at which the goal is reached: corners, random points, gradient ascent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor

from verify.answer import Deadline
from verify.neural.levels import Levels
from verify.neural.margin import Matrix, margin
from verify.neural.region import Region

Function = Callable[[Tensor], Tensor]
"""From points (B, n) to the values of the inequalities (B, K)."""

MOST_CORNERS = 256
POINTS = 256
DRAWN = 4096
"""Random points among which the starts of climbs are looked for."""

TRACKS = 64
KEPT = 32
ROUNDS = 8
STEPS = 15
FIRST_STEP = 0.02
"""Length of a climb's first step, in widths of the box."""

SPREAD = 0.03
"""How far around a good point the next climbs start, in widths of the box."""


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

    goal: Levels
    function: Function
    region: Region
    accept: Callable[[Tensor], bool]
    generator: torch.Generator

    def look(self) -> bool:
        """Try corners and random points; whether a witness was found."""
        points = torch.cat([_corners(self.region), self.region.random(POINTS, self.generator)])
        return self.accept(self._best(points))

    def climb(self, deadline: Deadline, effort: int = 1) -> bool:
        """Climb along gradients from the best of many random points, then from around the best
        points that were reached, and so on.

        Where no gradient is, no climb starts: a network of ReLUs can be flat on most of its domain,
        and the reward there may be higher than on the slopes that lead to a witness.

        Args:
            deadline: when to stop.
            effort: how many times `DRAWN` points to choose the starts from.

        Returns:
            Whether a witness was found.
        """
        starts = [self._steepest(self.region.random(DRAWN, self.generator)) for _ in range(effort)]
        points = torch.cat([points for points, _ in starts])
        reward = torch.cat([rewards for _, rewards in starts])
        points = points[reward.argsort(descending=True)[: TRACKS * effort]]
        for _ in range(ROUNDS):
            if deadline.passed or points.shape[0] == 0:
                return False
            points, reward = self._ascend(points)
            if self.accept(_first(points, reward)):
                return True
            points = self._around(points[reward.argsort(descending=True)[:KEPT]])
        return False

    def _ascend(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Steps along the gradient (B, n) that grow where they succeed and shrink where they fail.

        What fails is tried again a little aside, because the reward, a minimum of several values,
        has ridges. Returns the best point of each track, and its reward.
        """
        width = self.region.inner_high - self.region.inner_low
        size = torch.full_like(points[:, :1], FIRST_STEP)
        best, slope = points, torch.zeros_like(points)
        reward = torch.full_like(points[:, 0], -torch.inf)
        for _ in range(STEPS):
            reached, gradient = self._gradient(points)
            better = reached > reward
            reward = torch.where(better, reached, reward)
            better = better[:, None]
            best = torch.where(better, points, best)
            slope = torch.where(better, gradient, slope)
            size = torch.where(better, size * 1.2, size * 0.7)
            move = slope * width
            length = move.square().sum(dim=1, keepdim=True).sqrt()
            move = move / length.clamp(min=1e-30)
            aside = self._noise(points.shape) * 0.3 * ~better
            moved = best + (move + aside) * width * size
            points = self.region.snap(torch.where(self.region.finite, best, moved))
        return best, reward

    def _around(self, points: Tensor) -> Tensor:
        """The points, and more in their neighbourhood."""
        width = self.region.inner_high - self.region.inner_low
        copies = points.repeat(max(1, TRACKS * 4 // max(1, points.shape[0])), 1)
        moved = copies + self._noise(copies.shape) * width * SPREAD
        moved = self.region.snap(torch.where(self.region.finite, copies, moved))
        return torch.cat([points, moved])

    def _noise(self, shape: torch.Size) -> Tensor:
        return torch.randn(shape, generator=self.generator).to(self.region.device)

    def _gradient(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Rewards of points and their gradients."""
        variable = points.detach().clone().requires_grad_(True)
        with torch.enable_grad():
            reward = margin(self.goal, self.function(variable))
            if not reward.requires_grad:
                return reward, torch.zeros_like(points)
            (gradient,) = torch.autograd.grad(reward.sum(), variable)
        return reward.detach(), gradient

    def _steepest(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """The points with a gradient, and their rewards."""
        reward, gradient = self._gradient(points)
        moves = (gradient != 0).any(dim=1)
        return points[moves], reward[moves]

    def _best(self, points: Tensor, count: int = 8) -> Tensor:
        """The points with the largest margins, best first, without those of negative margin."""
        with torch.no_grad():
            reward = margin(self.goal, self.function(points))
        return _first(points, reward, count)


def _first(points: Tensor, reward: Tensor, count: int = 8) -> Tensor:
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
