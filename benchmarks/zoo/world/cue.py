"""A way with a fork at its end: a sign at the start says where to turn there."""

from __future__ import annotations

import torch
from torch import Tensor

from benchmarks.zoo.world.base import COST, World

LENGTH = 5
FORK = LENGTH - 1
ACTIONS = ("ahead", "left", "right")
AHEAD, LEFT = 0, 1
MOMENTS = 8


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


class History(World):
    """The same way, but all of the last moments are seen side by side, the newest last.

    State: the sign, then the cells of the last moments, oldest first; -1 before the first one.

    Args:
        moments: how many of them.
        lasting: whether the sign is seen all the way.
    """

    horizon = 20

    def __init__(self, moments: int = MOMENTS, *, lasting: bool = False) -> None:
        self.way, self.moments = Cue(lasting=lasting), moments
        super().__init__(moments * (LENGTH + 2), len(ACTIONS))

    def observe(self, states: Tensor) -> Tensor:
        """(B, 1 + moments) to (B, 7 * moments); nothing is seen before the first moment."""
        cells = states[:, 1:].reshape(-1, 1)
        signs = states[:, :1].repeat_interleave(self.moments, dim=0)
        seen = self.way.observe(torch.cat([cells.clamp(min=0), signs], dim=1)) * (cells >= 0)
        return seen.reshape(len(states), -1)

    def outcomes(self, states: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """A step ahead, or a turn; the oldest moment is forgotten."""
        following, reward, ends = self.way.outcomes(self._now(states))
        rest = states[:, None, 2:].expand(-1, len(ACTIONS), -1)
        sign = following[..., 1:]
        return torch.cat([sign, rest, following[..., :1]], dim=-1), reward, ends

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """Somewhere on the way, after wandering a little; the start is always in sight."""
        start = self.way.sample(count, generator)
        states = torch.full((count, 1 + self.moments), -1)
        states[:, 0], states[:, -1] = start[:, 1], start[:, 0]
        gone = torch.randint(self.moments, (count,), generator=generator)
        for step in range(self.moments - 1):
            action = torch.randint(len(ACTIONS), (count,), generator=generator)
            ahead = torch.rand(count, generator=generator) < 0.8
            following, _, ends = self.outcomes(states)
            action = torch.where(ahead | ends[:, LEFT], AHEAD, action)
            onward = following[torch.arange(count), action]
            states = torch.where((step < gone)[:, None], onward, states)
        return states

    def best(self, states: Tensor) -> Tensor:
        """As on the way itself."""
        return self.way.best(self._now(states))

    def _now(self, states: Tensor) -> Tensor:
        return torch.cat([states[:, -1:], states[:, :1]], dim=1)


def make() -> Cue:
    """The environment: the sign is seen at the start only."""
    return Cue()


def lasting() -> Cue:
    """The sign is seen all the way, so that nothing has to be remembered."""
    return Cue(lasting=True)


def history() -> History:
    """The last eight moments are seen, the sign where it stands."""
    return History()


def lasting_history() -> History:
    """The last eight moments are seen, and the sign in all of them."""
    return History(lasting=True)


def longer() -> History:
    """The last ten moments: the held-out zoo's."""
    return History(10)


def lasting_longer() -> History:
    """The last ten moments, and the sign in all of them."""
    return History(10, lasting=True)
