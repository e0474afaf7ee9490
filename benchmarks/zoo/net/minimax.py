"""A minimax of two plies over the game of matches, compiled by hand into linear maps and a minimum.

The world model is one matrix for each take, used at both plies; the evaluator is one row.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from benchmarks.zoo.world.nim import TAKES, WON, take, worth


class Minimax(nn.Module):
    """One-hot states (B, 14) to what each take is worth after the opponent's best answer (B, 3)."""

    def __init__(self, size: int = WON + 1) -> None:
        super().__init__()
        self.perceive = nn.Linear(WON + 1, size, bias=False)
        self.mine = nn.Linear(size, len(TAKES) * size, bias=False)
        self.theirs = nn.Linear(size, len(TAKES) * size, bias=False)
        self.value = nn.Linear(size, 1, bias=False)

    def forward(self, observation: Tensor) -> Tensor:
        """The worth of the worst answer to each take."""
        state = self.perceive(observation)
        after = self.mine(state).reshape(len(state), len(TAKES), -1)
        answer = self.theirs(after).reshape(len(state), len(TAKES), len(TAKES), -1)
        return self.value(answer)[..., 0].amin(dim=2)


def compile_minimax() -> Minimax:
    """Permutation-like matrices, and the table of values as a row."""
    net, every = Minimax(), torch.eye(WON + 1)
    count = torch.arange(WON + 1)[:, None]
    mine = take(count)
    theirs = take(count.expand(-1, 2))[:, 0]
    with torch.no_grad():
        net.perceive.weight.copy_(every)
        for layer, target in ((net.mine, mine), (net.theirs, theirs)):
            layer.weight.copy_(torch.cat([every[target[:, i]].T for i in range(len(TAKES))]))
        net.value.weight.copy_(worth()[None])
    return net.eval()
