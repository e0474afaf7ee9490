"""Searching for an input at which the goal is reached: corners, random points, gradient ascent."""

from __future__ import annotations

from collections.abc import Callable
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


def values_of(network: Function, table: Matrix) -> Function:
    """The inequalities' values from the network's flat outputs."""
    return lambda points: network(points) @ table.weight.T + table.bias


def attack(
    goal: Goal,
    function: Function,
    region: Region,
    accept: Callable[[Tensor], bool],
    *,
    deadline: Deadline,
    generator: torch.Generator,
    restarts: int = 3,
    points: int = 256,
    steps: int = 40,
) -> bool:
    """Look for a point that `accept` takes.

    Args:
        goal: what to reach.
        function: values of the inequalities.
        region: the box.
        accept: gets the most promising snapped points (B, n), best first, and answers whether one of
            them is a witness; it keeps the witness.
        deadline: when to stop.
        generator: source of the random starts.
        restarts, points, steps: effort.

    Returns:
        Whether a witness was found.
    """
    if accept(_best(goal, function, _corners(region))):
        return True
    for _ in range(restarts):
        if deadline.passed:
            return False
        start = region.random(points, generator)
        if accept(_best(goal, function, start)):
            return True
        if _ascend(goal, function, region, start, accept, deadline, steps):
            return True
    return False


def _ascend(
    goal: Goal,
    function: Function,
    region: Region,
    start: Tensor,
    accept: Callable[[Tensor], bool],
    deadline: Deadline,
    steps: int,
) -> bool:
    """Signed gradient ascent on the margin with a shrinking step (Madry et al., 2018)."""
    points = start
    width = region.inner_high - region.inner_low
    for step in range(steps):
        if deadline.passed:
            return False
        variable = points.detach().clone().requires_grad_(True)
        with torch.enable_grad():
            reward = margin(goal, function(variable))
            if not reward.requires_grad:
                return False
            (gradient,) = torch.autograd.grad(reward.sum(), variable)
        move = gradient.sign() * width * (0.25 * 0.88**step)
        moved = torch.where(region.finite, points, points + move)
        points = region.snap(moved)
        if (step % 8 == 7 or step == steps - 1) and accept(_best(goal, function, points)):
            return True
    return False


def _best(goal: Goal, function: Function, points: Tensor, count: int = 8) -> Tensor:
    """The points with the largest margins, best first, those of negative margin left out."""
    with torch.no_grad():
        reward = margin(goal, function(points))
    order = reward.argsort(descending=True)[:count]
    return points[order[reward[order] >= 0]]


def _corners(region: Region) -> Tensor:
    """The middle, and corners: all of them where few are free, else the two extreme ones."""
    free = (region.inner_high > region.inner_low).nonzero()[:, 0].tolist()
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
