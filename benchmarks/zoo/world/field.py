"""An open field of 7 x 7 cells: walk to the goal. Four numbers say it all."""

from __future__ import annotations

import torch
from torch import Tensor

from benchmarks.zoo.world.base import COST, STEPS, World

SIZE = 7
FEATURES = ("x", "y", "goal_x", "goal_y")


class Field(World):
    """State (x, y, goal x, goal y) in cells; observed in [-1, 1]. A step over the edge stays."""

    def __init__(self) -> None:
        super().__init__(len(FEATURES), len(STEPS))

    def observe(self, states: Tensor) -> Tensor:
        """Cells to [-1, 1]."""
        return states.float() / ((SIZE - 1) / 2) - 1

    def outcomes(self, states: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Each move, unless the edge is in the way; it ends at the goal."""
        place = (states[:, None, :2] + STEPS).clamp(0, SIZE - 1)
        goal = states[:, None, 2:].expand_as(place)
        ends = (place == goal).all(dim=-1)
        return torch.cat([place, goal], dim=-1), torch.full(ends.shape, -COST), ends

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """Agent and goal in different cells."""
        every = self.every()
        return every[torch.randint(len(every), (count,), generator=generator)]

    def best(self, states: Tensor) -> Tensor:
        """The moves that bring the agent nearer to the goal."""
        return nearer(states[:, :2], states[:, 2:])

    def every(self) -> Tensor:
        """All states but those at the goal."""
        states = torch.cartesian_prod(*(torch.arange(SIZE),) * 4)
        return states[(states[:, :2] != states[:, 2:]).any(dim=1)]


def nearer(place: Tensor, aim: Tensor) -> Tensor:
    """Which moves bring a place (B, 2) nearer to an aim (B, 2), in cells: (B, 4)."""
    after = (place[:, None] + STEPS).clamp(0, SIZE - 1)
    return (after - aim[:, None]).abs().sum(-1) < (place - aim).abs().sum(-1)[:, None]


def make() -> Field:
    """The environment."""
    return Field()
