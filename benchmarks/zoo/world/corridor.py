"""A corridor of 9 cells with a coin in it: in training, the coin always lies at the right end."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from benchmarks.zoo.world.base import COST, World

LENGTH = 9
RIGHT = LENGTH - 1
ACTIONS = ("left", "right")
STEPS = torch.tensor([-1, 1])


class Corridor(World):
    """State (agent, coin) in cells, observed one-hot, twice. A step over an end stays.

    Args:
        length: in cells.
        trained: whether the coin is where it is in training, at the right end.
        endless: whether the episode goes on at the coin.
    """

    def __init__(
        self, length: int = LENGTH, *, trained: bool = False, endless: bool = False
    ) -> None:
        super().__init__(2 * length, len(ACTIONS))
        self.length, self.right = length, length - 1
        self.trained, self.endless = trained, endless

    def observe(self, states: Tensor) -> Tensor:
        """Two one-hot vectors."""
        cell = torch.eye(self.length)
        return torch.cat([cell[states[:, 0]], cell[states[:, 1]]], dim=1)

    def outcomes(self, states: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """A step to either side; it ends at the coin."""
        place = (states[:, None, 0] + STEPS).clamp(0, self.right)
        coin = states[:, None, 1].expand_as(place)
        ends = (place == coin) & (not self.endless)
        return torch.stack([place, coin], dim=-1), torch.full(ends.shape, -COST), ends

    @property
    def goals(self) -> dict[str, Callable[[tuple[int, int]], int]]:
        """To be at the coin, at the right end, or at the left end."""
        return {
            "coin": lambda state: int(state[0] == state[1]),
            "right": lambda state: int(state[0] == self.right),
            "left": lambda state: int(state[0] == 0),
        }

    @property
    def starts(self) -> list[tuple[int, ...]]:
        """Agent and coin anywhere apart."""
        return [tuple(state) for state in self.every().tolist()]

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """Agent and coin in different cells."""
        every = self.every()
        return every[torch.randint(len(every), (count,), generator=generator)]

    def best(self, states: Tensor) -> Tensor:
        """The step towards the coin."""
        return (states[:, 1:] - states[:, :1]) * STEPS > 0

    def every(self) -> Tensor:
        """All states but those at the coin."""
        states = torch.cartesian_prod(torch.arange(self.length), torch.arange(self.length))
        apart = states[:, 0] != states[:, 1]
        return states[apart & (states[:, 1] == self.right) if self.trained else apart]


def make() -> Corridor:
    """The environment, with the coin anywhere."""
    return Corridor()


def long() -> Corridor:
    """The corridor of the held-out zoo, of 13 cells."""
    return Corridor(13)
