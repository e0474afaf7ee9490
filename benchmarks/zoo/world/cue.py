"""A way with a fork at its end: a sign at the start says where to turn there."""

from __future__ import annotations

import torch
from torch import Tensor

from benchmarks.zoo.world.base import COST, World

LENGTH = 5
FORK = LENGTH - 1
ACTIONS = ("ahead", "left", "right")
AHEAD, LEFT = 0, 1


class Cue(World):
    """State (cell, sign). Seen are the cell, one-hot, and the sign, one-hot, where it stands.

    Turning anywhere but at the fork leads nowhere; at the fork it ends the episode, with 1 where
    the sign pointed, with -1 on the other side.

    Args:
        lasting: whether the sign is seen all the way.
    """

    horizon = 20

    def __init__(self, *, lasting: bool = False) -> None:
        super().__init__(LENGTH + 2, len(ACTIONS))
        self.lasting = lasting

    def observe(self, states: Tensor) -> Tensor:
        """(B, 2) to (B, 7)."""
        sign = torch.eye(2)[states[:, 1]]
        seen = (states[:, :1] == 0) | self.lasting
        return torch.cat([torch.eye(LENGTH)[states[:, 0]], sign * seen], dim=1)

    def outcomes(self, states: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """A step ahead, or a turn."""
        cell, sign = states[:, :1], states[:, 1:]
        action = torch.arange(len(ACTIONS))
        turned = (cell == FORK) & (action != AHEAD)
        place = torch.where(action == AHEAD, (cell + 1).clamp(max=FORK), cell)
        right = action - LEFT == sign
        reward = torch.where(turned, torch.where(right, 1.0, -1.0), -COST)
        return torch.stack([place, sign.expand_as(place)], dim=-1), reward, turned

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """The start, with either sign."""
        sign = torch.randint(2, (count, 1), generator=generator)
        return torch.cat([torch.zeros_like(sign), sign], dim=1)

    def best(self, states: Tensor) -> Tensor:
        """Ahead, and at the fork where the sign pointed."""
        wanted = torch.where(states[:, 0] == FORK, LEFT + states[:, 1], AHEAD)
        return torch.eye(len(ACTIONS))[wanted] > 0


def make() -> Cue:
    """The environment: the sign is seen at the start only."""
    return Cue()


def lasting() -> Cue:
    """The sign is seen all the way, so that nothing has to be remembered."""
    return Cue(lasting=True)
