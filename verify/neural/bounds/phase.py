"""What is known of the signs of operands of bent functions, in one row of small integers a box."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from verify.neural.bounds.column import Columns
from verify.neural.bounds.combination import Bounds

UNKNOWN, PROVED, ASSUMED = 0, 1, 2
"""Magnitudes of a phase; its sign is the sign of the entry. What is assumed was split on."""


class Phases(Columns):
    """The layout of phases (B, P): which entries belong to which tensor."""

    def nothing(self, count: int, device: str) -> Tensor:
        """Phases of boxes about which nothing is known."""
        return torch.zeros(count, self.width, dtype=torch.int8, device=device)

    def of(self, name: str, phases: Tensor) -> Tensor:
        """The columns (B, size) of one tensor."""
        return phases[:, self.places[name]]

    def entry(self, column: int) -> tuple[str, int]:
        """The tensor and flat position that a column stands for."""
        for name, place in self.places.items():
            if place.start <= column < place.stop:
                return name, column - place.start
        raise IndexError(column)

    def learned(self, phases: Tensor, bounds: Mapping[str, Bounds]) -> Tensor:
        """Phases, with those that bounds prove added."""
        result = phases.clone()
        for name, place in self.places.items():
            low, high = bounds[name]
            sign = (low >= 0).to(torch.int8) - ((high <= 0) & (low < 0)).to(torch.int8)
            columns = result[:, place]
            result[:, place] = torch.where(columns == UNKNOWN, sign * PROVED, columns)
        return result

    def gaps(self, phases: Tensor, bounds: Mapping[str, Bounds]) -> Tensor:
        """How far entries of unknown sign reach beyond zero to their nearer side (B, P)."""
        result = torch.zeros(phases.shape, device=phases.device)
        for name, place in self.places.items():
            low, high = bounds[name]
            result[:, place] = torch.minimum(-low, high).clamp(min=0)
        return torch.where(phases == UNKNOWN, result, 0.0)


def clamped(bounds: Bounds, phase: Tensor) -> Bounds:
    """Bounds (B, size) within what is known of the signs."""
    low, high = bounds
    low = torch.where(phase > 0, low.clamp(min=0), low)
    high = torch.where(phase < 0, high.clamp(max=0), high)
    return low, high


def assumed(phases: Tensor) -> Tensor:
    """Signs of the entries that were split on, zero elsewhere."""
    return phases.sign() * (phases.abs() == ASSUMED)


def split(phases: Tensor, columns: Tensor) -> Tensor:
    """Phases (2B, P) of both halves: each row's column not positive, then not negative."""
    rows = torch.arange(phases.shape[0], device=phases.device)
    halves: Sequence[Tensor] = (phases.clone(), phases.clone())
    for half, sign in zip(halves, (-1, 1), strict=True):
        half[rows, columns] = sign * ASSUMED
    return torch.cat(list(halves))
