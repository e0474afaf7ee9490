"""Nets without inner structure: multilayer perceptrons, linear maps, tables, neighbours."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from benchmarks.zoo.world.maze import CELLS


def mlp(*sizes: int) -> nn.Sequential:
    """Linear layers with ReLU between them."""
    layers: list[nn.Module] = []
    for before, after in pairwise(sizes):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def linears(net: nn.Sequential) -> list[nn.Linear]:
    """The linear layers of a perceptron, in order."""
    return [layer for layer in net if isinstance(layer, nn.Linear)]


class ActorCritic(nn.Module):
    """Two towers: (B, n) to scores (B, actions) and the value (B, 1)."""

    def __init__(self, inputs: int, actions: int, hidden: int = 32) -> None:
        super().__init__()
        self.actor = mlp(inputs, hidden, hidden, actions)
        self.critic = mlp(inputs, hidden, hidden, 1)

    def forward(self, observation: Tensor) -> tuple[Tensor, Tensor]:
        """Scores and value."""
        return self.actor(observation), self.critic(observation)


class Neighbour(nn.Module):
    """The action of the nearest of the stored examples; near is a large inner product.

    -|o - e|^2 / 2 = o.e - |e|^2 / 2 - |o|^2 / 2, and the last is the same for all examples.
    """

    def __init__(self, examples: Tensor, actions: Tensor, count: int, sharpness: float) -> None:
        super().__init__()
        self.near = nn.Linear(examples.shape[1], len(examples))
        self.vote = nn.Linear(len(examples), count, bias=False)
        self.sharpness = sharpness
        with torch.no_grad():
            self.near.weight.copy_(examples)
            self.near.bias.copy_(-(examples**2).sum(dim=1) / 2)
            self.vote.weight.copy_(torch.eye(count)[actions].T)

    def forward(self, observation: Tensor) -> Tensor:
        """(B, n) to (B, actions)."""
        return self.vote((self.sharpness * self.near(observation)).softmax(dim=1))


class Table(nn.Module):
    """A memorised table over the pairs of two positions that are given one-hot.

    A hidden unit for each pair fires where both are on; the table's entries are its outputs.
    """

    def __init__(self, entries: Tensor) -> None:
        super().__init__()
        rows, columns, actions = entries.shape
        self.match = nn.Linear(rows + columns, rows * columns)
        self.entry = nn.Linear(rows * columns, actions, bias=False)
        with torch.no_grad():
            one, other = torch.eye(rows), torch.eye(columns)
            pairs = [torch.cat([a, b]) for a in one for b in other]
            self.match.weight.copy_(torch.stack(pairs))
            self.match.bias.fill_(-1.0)
            self.entry.weight.copy_(entries.reshape(-1, actions).T)

    def forward(self, observation: Tensor) -> Tensor:
        """(B, rows + columns) to (B, actions)."""
        return self.entry(self.match(observation).relu())


def flat_planner(hidden: int = 96) -> nn.Sequential:
    """A perceptron with the interface of the maze planners."""
    return mlp(3 * CELLS, hidden, hidden, 4)
