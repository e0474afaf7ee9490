"""A policy with a state that it hands on: a gated recurrent unit (Cho et al., 2014)."""

from __future__ import annotations

from torch import Tensor, nn


class Recurrent(nn.Module):
    """Observation (B, n) and state (B, k) to scores (B, actions) and the next state (B, k)."""

    def __init__(self, inputs: int, actions: int, hidden: int) -> None:
        super().__init__()
        self.cell = nn.GRUCell(inputs, hidden)
        self.head = nn.Linear(hidden, actions)

    def forward(self, observation: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """The new state has seen the observation; the scores are read from it."""
        following = self.cell(observation, state)
        return self.head(following), following
