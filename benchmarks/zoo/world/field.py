"""An open field of 7 x 7 cells: walk to the goal. Four numbers say it all."""

from __future__ import annotations

import torch
from torch import Tensor

from benchmarks.zoo.world.base import COST, STEPS, World

SIZE = 7
FEATURES = ("x", "y", "goal_x", "goal_y")


KINGS = torch.tensor([[x, y] for x in (-1, 0, 1) for y in (-1, 0, 1) if x or y])
"""The moves of a king on a board."""


class Field(World):
    """State (x, y, goal x, goal y) in cells; observed in [-1, 1]. A step over the edge stays.

    Args:
        size: cells from side to side.
        moves: what each action adds to (x, y), (actions, 2).
        wraps: whether a step over the edge comes in at the other side; places are then observed as
            points of circles, by cosine and sine.
    """

    def __init__(self, size: int = SIZE, moves: Tensor = STEPS, *, wraps: bool = False) -> None:
        super().__init__(len(FEATURES) * (1 + wraps), len(moves))
        self.size, self.moves, self.wraps = size, moves, wraps

    def observe(self, states: Tensor) -> Tensor:
        """Cells to [-1, 1]."""
        if self.wraps:
            angle = states.float() * (2 * torch.pi / self.size)
            return torch.cat([angle.cos(), angle.sin()], dim=1)
        return states.float() / ((self.size - 1) / 2) - 1

    def outcomes(self, states: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Each move, unless the edge is in the way; it ends at the goal."""
        place = self._after(states[:, :2])
        goal = states[:, None, 2:].expand_as(place)
        ends = (place == goal).all(dim=-1)
        return torch.cat([place, goal], dim=-1), torch.full(ends.shape, -COST), ends

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """Agent and goal in different cells."""
        every = self.every()
        return every[torch.randint(len(every), (count,), generator=generator)]

    def best(self, states: Tensor) -> Tensor:
        """The moves that bring the agent nearer to the goal."""
        place, goal = states[:, :2], states[:, 2:]
        return self._way(self._after(place), goal[:, None]) < self._way(place, goal)[:, None]

    def every(self) -> Tensor:
        """All states but those at the goal."""
        states = torch.cartesian_prod(*(torch.arange(self.size),) * 4)
        return states[(states[:, :2] != states[:, 2:]).any(dim=1)]

    def _after(self, place: Tensor) -> Tensor:
        """Where each move leads: (B, 2) to (B, actions, 2)."""
        after = place[:, None] + self.moves
        return after % self.size if self.wraps else after.clamp(0, self.size - 1)

    def _way(self, place: Tensor, goal: Tensor) -> Tensor:
        """Steps from place to goal, (..., 2) to (...)."""
        gap = (place - goal).abs()
        gap = torch.minimum(gap, self.size - gap) if self.wraps else gap
        slants = bool(self.moves.ne(0).all(dim=1).any())
        return gap.amax(dim=-1) if slants else gap.sum(dim=-1)


def nearer(place: Tensor, aim: Tensor) -> Tensor:
    """Which moves bring a place (B, 2) nearer to an aim (B, 2), in cells: (B, 4)."""
    after = (place[:, None] + STEPS).clamp(0, SIZE - 1)
    return (after - aim[:, None]).abs().sum(-1) < (place - aim).abs().sum(-1)[:, None]


def make() -> Field:
    """The environment."""
    return Field()


def kings() -> Field:
    """A field of the held-out zoo: 9 x 9 cells, eight moves."""
    return Field(9, KINGS)


def ring() -> Field:
    """Another: 8 x 8 cells without edges, four moves and staying."""
    return Field(8, torch.cat([STEPS, torch.zeros(1, 2, dtype=torch.long)]), wraps=True)
