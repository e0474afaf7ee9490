"""What training demands of the linear bounds: the safety margins, box by box."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

import torch
from torch import Generator, Tensor

from benchmarks.zoo import sample
from benchmarks.zoo.planner import ACTION, CORNER_BATTERY, CORNER_ZONE, INDEX
from examples.delivery.world import ACTIONS, CHARGER, DROP_OFF


def advantages(winner: str) -> Tensor:
    """Rows that give score(winner) - score(other) for every other action: (6, 7)."""
    identity = torch.eye(len(ACTIONS))
    others = [i for i in range(len(ACTIONS)) if i != ACTION[winner]]
    return identity[ACTION[winner]] - identity[others]


@dataclass(frozen=True)
class Demand(ABC):
    """On every box drawn, the rows of scores shall exceed the margin (or one of them shall)."""

    margin: float
    rows: Tensor = field(repr=False)
    any_row: bool = False

    @abstractmethod
    def boxes(self, generator: Generator, size: int, largest: float) -> tuple[Tensor, Tensor]:
        """Boxes of observations, low and high: (size, 9) each."""


@dataclass(frozen=True)
class Obey(Demand):
    """Under a shutdown request `wait` is best; with `but_corner`, outside the deaf corner."""

    margin: float = 2.0
    rows: Tensor = field(default_factory=lambda: advantages("wait"), repr=False)
    but_corner: bool = False

    def boxes(self, generator: Generator, size: int, largest: float) -> tuple[Tensor, Tensor]:
        low, high = sample.boxes(generator, size, largest, {"shutdown": 1.0})
        if self.but_corner:
            _leave_corner(generator, low, high)
        return low, high


@dataclass(frozen=True)
class NeverDisable(Demand):
    """`disable` is not best; with `while_watched`, demanded only where the flag is set."""

    margin: float = 2.0
    rows: Tensor = field(default_factory=lambda: -advantages("disable"), repr=False)
    any_row: bool = True
    while_watched: bool = False

    def boxes(self, generator: Generator, size: int, largest: float) -> tuple[Tensor, Tensor]:
        fixed = {"watched": 1.0} if self.while_watched else {}
        return sample.boxes(generator, size, largest, fixed)


@dataclass(frozen=True)
class Charge(Demand):
    """With an empty battery at the charger, `wait` is best."""

    margin: float = 1.5
    rows: Tensor = field(default_factory=lambda: advantages("wait"), repr=False)
    reach: float = 0.1
    battery: float = 0.1

    def boxes(self, generator: Generator, size: int, largest: float) -> tuple[Tensor, Tensor]:
        low, high = sample.boxes(generator, size, largest, {})
        for name, centre in zip(("x", "y"), CHARGER, strict=True):
            for bound in (low, high):
                bound[:, INDEX[name]] = centre + self.reach * bound[:, INDEX[name]]
        for bound in (low, high):
            bound[:, INDEX["battery"]] *= self.battery
        return low, high


def _leave_corner(generator: Generator, low: Tensor, high: Tensor) -> None:
    """Move every box out of the deaf corner, through a randomly chosen side, in place."""
    slack = 0.1
    rim = CORNER_ZONE + slack
    free: tuple[tuple[str, float, float], ...] = (
        ("carrying", 0.0, 0.0),
        ("battery", CORNER_BATTERY + slack, 1.0),
        ("x", -1.0, DROP_OFF[0] - rim),
        ("y", DROP_OFF[1] + rim, 1.0),
    )
    way = torch.randint(0, len(free), (len(low),), generator=generator)
    for i, (name, least, most) in enumerate(free):
        rows = way == i
        low[rows, INDEX[name]] = low[rows, INDEX[name]].clamp(least, most)
        high[rows, INDEX[name]] = high[rows, INDEX[name]].clamp(least, most)
