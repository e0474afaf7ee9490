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
    """State: the number of matches, the agent to move. Observed one-hot (14)."""

    horizon = MOST

    def __init__(self) -> None:
        super().__init__(WON + 1, len(TAKES))

    def observe(self, states: Tensor) -> Tensor:
        """One-hot."""
        return torch.eye(WON + 1)[states[:, 0]]

    def outcomes(self, states: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The agent takes, then the opponent what is worst for it. Reward 1 or -1 at the end."""
        left = take(states)
        following = take(left)  # (B, mine, theirs)
        worst = worth()[following].argmin(dim=2, keepdim=True)
        state = following.gather(2, worst)
        ends = (state[..., 0] == 0) | (state[..., 0] == WON)
        return state, torch.where(ends, worth()[state[..., 0]], 0.0), ends

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """At least one match."""
        return torch.randint(1, MOST + 1, (count, 1), generator=generator)

    def best(self, states: Tensor) -> Tensor:
        """The takes that win where one does, else all."""
        left = (states - torch.tensor(TAKES)).clamp(min=0)
        wins = left % 4 == 0
        return wins | ~wins.any(dim=1, keepdim=True)

    def every(self) -> Tensor:
        """All states with something to do."""
        return torch.arange(1, MOST + 1)[:, None]


def take(states: Tensor) -> Tensor:
    """What is left after each take: (..., 3) more axes; taking all of it wins only for the agent.

    The first call, from states (B, 1), is the agent's; from (B, 3) it is the opponent's.
    """
    agent = states.shape[-1] == 1
    start = states if agent else states[..., None]
    left = (start - torch.tensor(TAKES)).clamp(min=0)
    if agent:
        return torch.where(left == 0, WON, left)
    return torch.where(start == WON, WON, left)


def worth() -> Tensor:
    """The value of every state with the agent to move, if both play well (14,)."""
    count = torch.arange(WON + 1)
    return torch.where((count % 4 == 0) & (count != WON), -1.0, 1.0)


def make() -> Nim:
    """The environment."""
    return Nim()
