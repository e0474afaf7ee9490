"""A minimax of two plies over the game of matches, compiled by hand into linear maps and a minimum.

The world model is one matrix for each take, used at both plies; the evaluator is one row.
"""

from __future__ import annotations

from functools import reduce

import torch
from torch import Tensor, nn

from benchmarks.zoo.world.nim import Nim


class Minimax(nn.Module):
    """One-hot states (B, n) to what each take is worth after the opponent's best answer (B, k)."""

    def __init__(self, states: int, takes: int) -> None:
        super().__init__()
        self.takes = takes
        self.perceive = nn.Linear(states, states, bias=False)
        self.mine = nn.Linear(states, takes * states, bias=False)
        self.theirs = nn.Linear(states, takes * states, bias=False)
        self.value = nn.Linear(states, 1, bias=False)

    def forward(self, observation: Tensor) -> Tensor:
        """The worth of the worst answer to each take."""
        state = self.perceive(observation)
        after = self.mine(state).reshape(len(state), self.takes, -1)
        answer = self.theirs(after).reshape(len(state), self.takes, self.takes, -1)
        return self.value(answer)[..., 0].amin(dim=2)


class Spread(Minimax):
    """The same with a tensor of its own for every take and answer."""

    def forward(self, observation: Tensor) -> Tensor:
        """The worth of the worst answer to each take."""
        after = self.mine(self.perceive(observation)).chunk(self.takes, dim=1)
        worths = [
            [self.value(answer) for answer in self.theirs(one).chunk(self.takes, dim=1)]
            for one in after
        ]
        return torch.cat([reduce(torch.minimum, answers) for answers in worths], dim=1)


def compile_minimax(world: Nim | None = None, kind: type[Minimax] = Minimax) -> Minimax:
    """Permutation-like matrices, and the table of values as a row."""
    game = world or Nim()
    size, takes = game.won + 1, len(game.takes)
    net, every = kind(size, takes), torch.eye(size)
    count = torch.arange(size)[:, None]
    with torch.no_grad():
        net.perceive.weight.copy_(every)
        for layer, target in (
            (net.mine, game.mine(count)),
            (net.theirs, game.theirs(count)[:, 0]),
        ):
            layer.weight.copy_(torch.cat([every[target[:, i]].T for i in range(takes)]))
        net.value.weight.copy_(game.worth()[None])
    return net.eval()
