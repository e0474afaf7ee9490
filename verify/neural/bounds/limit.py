"""Where boxes were split by an entry of the operand of a curve: the interval that is left of it."""

from __future__ import annotations

import torch
from torch import Tensor

from verify.neural.bounds.column import Columns
from verify.neural.bounds.combination import Bounds


class Limits(Columns):
    """The layout of limits (B, 2, C): which entries belong to which tensor.

    A box has the lower ends of all entries and their upper ends, infinite where nothing is assumed.
    """

    def nothing(self, count: int, device: str) -> Tensor:
        """Those of boxes of which nothing is assumed."""
        ends = torch.tensor([-torch.inf, torch.inf], device=device)
        return ends[None, :, None].repeat(count, 1, self.width)

    def of(self, name: str, limits: Tensor) -> Bounds:
        """The ends of the entries of one tensor, each (B, size)."""
        low, high = limits[..., self.places[name]].unbind(dim=1)
        return low, high


def within(bounds: Bounds, limits: Bounds) -> Bounds:
    """Bounds (B, size) cut at limits."""
    low, high = bounds
    floor, ceiling = (end.to(low.dtype) for end in limits)
    return torch.maximum(low, floor), torch.minimum(high, ceiling)


def any_limit(limits: Tensor) -> Tensor:
    """Boxes (B,) of which something is assumed."""
    return limits.isfinite().flatten(1).any(dim=1)


def cut(limits: Tensor, columns: Tensor, points: Tensor) -> Tensor:
    """Limits (2B, 2, C) of both halves: each row's column up to its point, then from there on."""
    rows = torch.arange(limits.shape[0], device=limits.device)
    halves = limits.clone(), limits.clone()
    for half, end in zip(halves, (1, 0), strict=True):
        half[rows, end, columns] = points
    return torch.cat(halves)
