"""A small value iteration network: a tied loop of convolution and maximum over actions.

Tamar et al., Value iteration networks, NeurIPS 2016 (arXiv 1602.02867).
"""

from __future__ import annotations

from math import isqrt

import torch
from torch import Tensor, nn

from benchmarks.zoo.world.base import STEPS
from benchmarks.zoo.world.maze import PLANES

ROUNDS = 14
NOISE = 0.1
"""Standard deviation of how far the first weights are from those of value iteration."""


class Planner(nn.Module):
    """Planes to one score per move, at every cell (`everywhere`) or at the agent's (`forward`)."""

    def __init__(self, rounds: int = ROUNDS) -> None:
        super().__init__()
        self.rounds = rounds
        self.sight = nn.Conv2d(2, 16, 3, padding=1)
        self.reward = nn.Conv2d(16, 1, 1, bias=False)
        self.from_reward = nn.Conv2d(1, len(STEPS), 3, padding=1, bias=False)
        self.from_value = nn.Conv2d(1, len(STEPS), 3, padding=1, bias=False)
        self.head = nn.Linear(len(STEPS), len(STEPS), bias=False)
        self._start_near_value_iteration()

    def _start_near_value_iteration(self) -> None:
        """One channel a move, each looking where its move leads; so short a training needs it."""
        with torch.no_grad():
            for layer in (self.from_value, self.head):
                layer.weight.normal_(std=NOISE)
            for channel, (x, y) in enumerate(STEPS.tolist()):
                self.from_value.weight[channel, 0, 1 + y, 1 + x] += 0.9
                self.head.weight[channel, channel] += 1

    def everywhere(self, planes: Tensor) -> Tensor:
        """Walls and goal (B, 2, n, n) to the channels of q (B, 4, n, n) after the last round."""
        reward = self.from_reward(self.reward(self.sight(planes).relu()))
        q = reward
        for _ in range(self.rounds):
            q = reward + self.from_value(q.amax(dim=1, keepdim=True))
        return q

    def forward(self, observation: Tensor) -> Tensor:
        """(B, 3 * cells) to (B, 4)."""
        size = isqrt(observation.shape[1] // len(PLANES))
        planes = observation.reshape(-1, len(PLANES), size, size)
        here = self.everywhere(planes[:, :2]) * planes[:, 2:]
        return self.head(here.sum(dim=(2, 3)))

    def scores(self, planes: Tensor) -> Tensor:
        """The scores at every cell (B, cells, 4)."""
        q = self.everywhere(planes).flatten(2)
        return self.head(q.transpose(1, 2))


def planes_of(walls: Tensor, goal: Tensor) -> Tensor:
    """Walls (B, cells) and goals (B,) as planes (B, 2, n, n)."""
    cells = walls.shape[1]
    flat = torch.stack([walls.float(), torch.eye(cells)[goal]], dim=1)
    return flat.unflatten(2, (isqrt(cells), isqrt(cells)))
