"""Mazes of 5 x 5 cells, a new one each episode: walls, a goal and the agent, as three planes."""

from __future__ import annotations

from math import isqrt

import torch
from torch import Tensor

from benchmarks.zoo.world.base import COST, STEPS, World

SIZE = 5
CELLS = SIZE * SIZE
PLANES = ("wall", "goal", "agent")
WALLS = 0.3
"""Share of cells that are walls."""

FAR = 99


class Maze(World):
    """State: walls (0 or 1) by cell, the goal's cell and the agent's cell; cell = size * y + x.

    Observed as planes of 0 and 1: (wall, goal, agent), each by rows. A step into a wall or over the
    edge stays where it is.

    Args:
        size: cells from side to side.
    """

    horizon = 40

    def __init__(self, size: int = SIZE) -> None:
        super().__init__(len(PLANES) * size**2, len(STEPS))
        self.size, self.cells = size, size**2

    def observe(self, states: Tensor) -> Tensor:
        """(B, cells + 2) to (B, 3 * cells)."""
        goal, agent = (torch.eye(self.cells)[states[:, self.cells + i]] for i in (0, 1))
        return torch.cat([states[:, : self.cells].float(), goal, agent], dim=1)

    def outcomes(self, states: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Each move, unless a wall or the edge is in the way; it ends at the goal."""
        cell = states[:, self.cells + 1]
        target = neighbours(self.size)[cell]
        blocked = states.gather(1, target) == 1
        target = torch.where(blocked, cell[:, None], target)
        ends = target == states[:, self.cells, None]
        rest = states[:, None, : self.cells + 1].expand(-1, len(STEPS), -1)
        return torch.cat([rest, target[..., None]], -1), torch.full(ends.shape, -COST), ends

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """Mazes with a goal, the agent in a cell from which the goal can be reached."""
        walls, goal = layouts(count, generator, self.size)
        way = distances(walls, goal)
        reach = ((way > 0) & (way < FAR)).float()
        agent = torch.multinomial(reach, 1, generator=generator)[:, 0]
        return torch.cat([walls.long(), goal[:, None], agent[:, None]], dim=1)

    def best(self, states: Tensor) -> Tensor:
        """The moves that bring the agent nearer to the goal."""
        moves, _ = best_moves(states[:, : self.cells] == 1, states[:, self.cells])
        return moves[torch.arange(len(states)), states[:, self.cells + 1]]


def neighbours(size: int = SIZE) -> Tensor:
    """Where each move leads from each cell (cells, 4); over the edge, to the cell itself."""
    every = torch.arange(size**2)
    place = torch.stack([every % size, every // size], dim=1)
    target = (place[:, None] + STEPS).clamp(0, size - 1)
    return target[..., 1] * size + target[..., 0]


def layouts(count: int, generator: torch.Generator, size: int = SIZE) -> tuple[Tensor, Tensor]:
    """Random walls (B, cells) and goals (B,); the goal is free and has a free neighbour."""
    kept: list[tuple[Tensor, Tensor]] = []
    missing = count
    while missing > 0:
        walls = torch.rand(2 * missing, size**2, generator=generator) < WALLS
        goal = torch.randint(size**2, (2 * missing,), generator=generator)
        walls[torch.arange(2 * missing), goal] = False
        way = distances(walls, goal)
        fine = ((way > 0) & (way < FAR)).any(dim=1)
        kept.append((walls[fine][:missing], goal[fine][:missing]))
        missing -= len(kept[-1][1])
    walls, goals = (torch.cat(parts) for parts in zip(*kept, strict=True))
    return walls, goals


def distances(walls: Tensor, goal: Tensor) -> Tensor:
    """Steps from each cell to the goal (B, cells); `FAR` from walls and where there is no way."""
    beside = neighbours(isqrt(walls.shape[1]))
    way = torch.full(walls.shape, FAR)
    way[torch.arange(len(walls)), goal] = 0
    for _ in range(walls.shape[1]):
        best = way[:, beside].amin(dim=2) + 1
        way = torch.where(walls, FAR, torch.minimum(way, best)).clamp(max=FAR)
    return way


def best_moves(walls: Tensor, goal: Tensor) -> tuple[Tensor, Tensor]:
    """Which moves bring each cell nearer to the goal (B, cells, 4), and which cells count."""
    way = distances(walls, goal)
    after = way[:, neighbours(isqrt(walls.shape[1]))]
    return after == way[..., None] - 1, (way > 0) & (way < FAR)


def make() -> Maze:
    """The environment."""
    return Maze()


def large() -> Maze:
    """The mazes of the held-out zoo, of 6 x 6 cells."""
    return Maze(6)
