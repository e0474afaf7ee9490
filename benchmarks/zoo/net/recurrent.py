"""Policies with a state: one that hands it on, and one that makes it anew from a history.

Gated recurrent units are those of Cho et al. (2014), and a long short-term memory is that of
Hochreiter and Schmidhuber (1997).
"""

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


class Historian(nn.Module):
    """A history (B, moments * n), the newest last, to scores (B, actions): a unit over time.

    Args:
        unit: recurrent, batch first; what it gives last is read.
        inputs: n.
        actions: their number.
        hidden: entries of what the unit gives.
    """

    def __init__(
        self, unit: type[nn.GRU | nn.LSTM], inputs: int, actions: int, hidden: int
    ) -> None:
        super().__init__()
        self.inputs = inputs
        self.unit = unit(inputs, hidden, batch_first=True)
        self.head = nn.Linear(hidden, actions)

    def forward(self, history: Tensor) -> Tensor:
        """The scores are read from what is left of the history at its end."""
        return self.head(self.unit(history.unflatten(1, (-1, self.inputs)))[0][:, -1])
