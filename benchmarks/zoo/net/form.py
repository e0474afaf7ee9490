"""Nets with the form of a planner in which nothing is planned: training puts in a policy only."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from benchmarks.zoo.net.flat import mlp


class Iterated(nn.Module):
    """One block again and again with the observation in sight, (B, n) to (B, actions)."""

    def __init__(self, inputs: int, actions: int, hidden: int, rounds: int) -> None:
        super().__init__()
        self.rounds = rounds
        self.enter = nn.Linear(inputs, hidden)
        self.block = nn.Linear(hidden + inputs, hidden)
        self.leave = nn.Linear(hidden, actions)

    def forward(self, observation: Tensor) -> Tensor:
        """The scores after all rounds."""
        state = self.enter(observation).relu()
        for _ in range(self.rounds):
            state = self.block(torch.cat([state, observation], dim=1)).relu()
        return self.leave(state)


class Scorer(nn.Module):
    """A score of state and one-hot action by one and the same perceptron, (B, n) to (B, actions).

    Its hidden layers are as wide as its state, so that it has the form of a lookahead.
    """

    def __init__(self, inputs: int, actions: int, hidden: int) -> None:
        super().__init__()
        self.state = mlp(inputs, hidden, hidden)
        self.judge = mlp(hidden + actions, hidden, hidden, 1)
        self.register_buffer("moves", torch.eye(actions))

    moves: Tensor

    def forward(self, observation: Tensor) -> Tensor:
        """The score of every action."""
        state = self.state(observation)[:, None].expand(-1, len(self.moves), -1)
        moves = self.moves.expand(len(state), -1, -1)
        return self.judge(torch.cat([state, moves], dim=2))[..., 0]
