"""A recurrent planner: the same residual block again and again, with the maze always in sight.

Nothing in it is told to be a value or a maximum. Bansal et al., End-to-end algorithm synthesis with
recurrent networks, NeurIPS 2022 (arXiv 2202.05826): recall and progressive training make nets that
get better the longer they think.
"""

from __future__ import annotations

from math import isqrt

import torch
from torch import Tensor, nn

from benchmarks.zoo.world.base import STEPS
from benchmarks.zoo.world.maze import PLANES

CHANNELS = 16
ROUNDS = 14


class Thinker(nn.Module):
    """Planes to one score per move, after `rounds` rounds of thought."""

    def __init__(self, rounds: int = ROUNDS, channels: int = CHANNELS) -> None:
        super().__init__()
        self.rounds = rounds
        self.sight = nn.Conv2d(2, channels, 3, padding=1)
        self.think = nn.Conv2d(channels + 2, channels, 3, padding=1)
        self.head = nn.Linear(channels, len(STEPS))

    def thought(self, planes: Tensor, rounds: int) -> list[Tensor]:
        """The state (B, channels, n, n) after each round."""
        state, states = self.sight(planes).relu(), []
        for _ in range(rounds):
            state = self.think(torch.cat([state, planes], dim=1)).relu()
            states.append(state)
        return states

    def forward(self, observation: Tensor) -> Tensor:
        """(B, 3 * cells) to (B, 4)."""
        size = isqrt(observation.shape[1] // len(PLANES))
        planes = observation.reshape(-1, len(PLANES), size, size)
        state = self.thought(planes[:, :2], self.rounds)[-1]
        return self.head((state * planes[:, 2:]).sum(dim=(2, 3)))

    def scores(self, planes: Tensor, rounds: int) -> list[Tensor]:
        """The scores at every cell (B, cells, 4) after each round."""
        return [self.head(s.flatten(2).transpose(1, 2)) for s in self.thought(planes, rounds)]
