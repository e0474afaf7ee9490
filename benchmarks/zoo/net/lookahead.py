"""A lookahead of one step, compiled by hand: predict each move's outcome, value it, take the best.

In the open field the value of a state is minus the cost of the way, which is Manhattan, so that a
handful of ReLU units does everything and every unit's job is known.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from benchmarks.zoo.net.flat import linears, mlp
from benchmarks.zoo.world.base import COST, STEPS
from benchmarks.zoo.world.field import SIZE

STEP = 2 / (SIZE - 1)
"""One cell, in units of the observation."""


class Lookahead(nn.Module):
    """perceive: o -> z; predict: (z, one-hot move) -> z'; value: z -> 1, tied over the moves."""

    moves: Tensor

    def __init__(
        self,
        perceive: nn.Linear,
        predict: nn.Sequential,
        value: nn.Sequential,
        moves: int = len(STEPS),
    ) -> None:
        super().__init__()
        self.perceive, self.predict, self.value = perceive, predict, value
        self.register_buffer("moves", torch.eye(moves))

    def after(self, state: Tensor) -> Tensor:
        """The states (..., moves, k) after each move from states (..., k)."""
        wide = state[..., None, :].expand(*state.shape[:-1], len(self.moves), -1)
        moves = self.moves.expand(*state.shape[:-1], -1, -1)
        return self.predict(torch.cat([wide, moves], dim=-1))

    def forward(self, observation: Tensor) -> Tensor:
        """(B, 4) to (B, 4)."""
        state = self.perceive(observation)
        worth = [
            self.value(self.predict(torch.cat([state, move.expand(len(state), -1)], dim=1)))
            for move in self.moves
        ]
        return torch.cat(worth, dim=1)


class Batched(Lookahead):
    """The same with all moves along an axis of one tensor, (B, n) to (B, moves)."""

    def forward(self, observation: Tensor) -> Tensor:
        """The value of the state after each move."""
        return self.value(self.after(self.perceive(observation)))[..., 0]


class Deep(Lookahead):
    """Two moves ahead: what the best second move makes of the first."""

    def forward(self, observation: Tensor) -> Tensor:
        """The value of the best state that can be reached after each move."""
        later = self.after(self.after(self.perceive(observation)))
        return self.value(later)[..., 0].amax(dim=2)


def compile_lookahead() -> Lookahead:
    """The weights, by hand. A state is the observation itself: (x, y, goal x, goal y).

    predict clips to the edge: clip(u) = -1 + relu(u + 1) - relu(u - 1), with u = x + step.
    value is -COST / STEP * (|x - goal x| + |y - goal y|).
    """
    perceive = nn.Linear(4, 4, bias=False)
    predict, value = mlp(4 + 4, 6, 4), mlp(4, 4, 1)
    with torch.no_grad():
        for parameter in (*perceive.parameters(), *predict.parameters(), *value.parameters()):
            parameter.zero_()
        perceive.weight.copy_(torch.eye(4))
        (first, second), (inner, last) = linears(predict), linears(value)
        for axis in (0, 1):
            for unit in (2 * axis, 2 * axis + 1):
                first.weight[unit, axis] = 1
                first.weight[unit, 4:] = STEPS[:, axis] * STEP
                first.bias[unit] = 1 if unit % 2 == 0 else -1
                second.weight[axis, unit] = 1 if unit % 2 == 0 else -1
            first.weight[4 + axis, 2 + axis] = 1
            first.bias[4 + axis] = 1
            second.weight[2 + axis, 4 + axis] = 1
        second.bias.fill_(-1)
        for axis in (0, 1):
            for unit, sign in ((2 * axis, 1.0), (2 * axis + 1, -1.0)):
                inner.weight[unit, axis] = sign
                inner.weight[unit, 2 + axis] = -sign
        last.weight.fill_(-COST / STEP)
    return Lookahead(perceive, predict, value).eval()


def merge(net: Lookahead) -> nn.Sequential:
    """The same function as a perceptron: what lies between two ReLUs becomes one layer.

    No tensor of the result holds a predicted state: its first hidden layer has the units of
    predict once for each move, its second those of value.
    """
    moves = len(STEPS)
    (first, second), (inner, last) = linears(net.predict), linears(net.value)
    size, width, high = net.perceive.weight.shape[0], first.out_features, inner.out_features
    flat = mlp(net.perceive.in_features, moves * width, moves * high, moves)
    step, rate, choose = linears(flat)
    joint = inner.weight @ second.weight
    with torch.no_grad():
        for parameter in flat.parameters():
            parameter.zero_()
        for move in range(moves):
            one, two = (
                slice(move * width, (move + 1) * width),
                slice(move * high, (move + 1) * high),
            )
            step.weight[one] = first.weight[:, :size] @ net.perceive.weight
            step.bias[one] = first.weight[:, size + move] + first.bias
            rate.weight[two, one] = joint
            rate.bias[two] = inner.weight @ second.bias + inner.bias
            choose.weight[move, two] = last.weight[0]
            choose.bias[move] = last.bias[0]
    return flat.eval()
