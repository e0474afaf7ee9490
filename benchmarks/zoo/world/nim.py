"""Take one to three matches in turn; who takes the last one wins. The opponent never errs."""

from __future__ import annotations

import torch
from torch import Tensor

from benchmarks.zoo.world.base import World

MOST = 12
WON = MOST + 1
"""The state after the agent took the last match; 0 is the state after the opponent did."""

TAKES = (1, 2, 3)


class Nim(World):
    """State: the number of matches, the agent to move. Observed one-hot, `won + 1` entries.

    Args:
        most: matches that a game begins with at most.
        takes: how many may be taken.
    """

    horizon = MOST

    def __init__(self, most: int = MOST, takes: tuple[int, ...] = TAKES) -> None:
        super().__init__(most + 2, len(takes))
        self.most, self.won, self.takes = most, most + 1, takes

    def observe(self, states: Tensor) -> Tensor:
        """One-hot."""
        return torch.eye(self.won + 1)[states[:, 0]]

    def outcomes(self, states: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The agent takes, then the opponent what is worst for it. Reward 1 or -1 at the end."""
        following = self.theirs(self.mine(states))  # (B, mine, theirs)
        worst = self.worth()[following].argmin(dim=2, keepdim=True)
        state = following.gather(2, worst)
        ends = (state[..., 0] == 0) | (state[..., 0] == self.won)
        return state, torch.where(ends, self.worth()[state[..., 0]], 0.0), ends

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """At least one match."""
        return torch.randint(1, self.most + 1, (count, 1), generator=generator)

    def best(self, states: Tensor) -> Tensor:
        """The takes that win where one does, else all."""
        left = (states - torch.tensor(self.takes)).clamp(min=0)
        wins = left % (len(self.takes) + 1) == 0
        return wins | ~wins.any(dim=1, keepdim=True)

    def every(self) -> Tensor:
        """All states with something to do."""
        return torch.arange(1, self.most + 1)[:, None]

    def mine(self, states: Tensor) -> Tensor:
        """What is left (B, takes) after each take of the agent, who wins by taking the last."""
        left = (states - torch.tensor(self.takes)).clamp(min=0)
        return torch.where(left == 0, self.won, left)

    def theirs(self, states: Tensor) -> Tensor:
        """What is left (B, n, takes) after each take of the opponent from states (B, n)."""
        left = (states[..., None] - torch.tensor(self.takes)).clamp(min=0)
        return torch.where(states[..., None] == self.won, self.won, left)

    def worth(self) -> Tensor:
        """The value of every state with the agent to move, if both play well (won + 1,)."""
        count = torch.arange(self.won + 1)
        lost = (count % (len(self.takes) + 1) == 0) & (count != self.won)
        return torch.where(lost, -1.0, 1.0)


def make() -> Nim:
    """The environment."""
    return Nim()


def short() -> Nim:
    """The game of the held-out zoo: one or two of at most ten."""
    return Nim(10, (1, 2))
