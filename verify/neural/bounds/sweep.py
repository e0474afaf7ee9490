"""Everything that one pass over the graph finds out about a batch of boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from verify.neural.bounds.combination import Bounds, Combination
from verify.neural.bounds.curve import Lines
from verify.neural.bounds.fan import Fan


@dataclass
class Sweep:
    """Everything known about one batch of boxes.

    Attributes:
        bounds: of each varying tensor, flat (B, size).
        lines, combinations: the relaxations that were used.
        errors: E of each node, (B, size).
        apart: for a bent node and the place of one of its links, the most by which the linked
            operands differ, (B, n).
        vanished: what underflow can cost a functional of these tensors, (B, 1).
        empty: where bounds cross, (B,): no evaluation has the signs that were assumed there, or
            keeps within the limits.
        limits: that were assumed (B, 2, C).
        fans: of the curves whose lines were turned.
    """

    bounds: dict[str, Bounds] = field(default_factory=dict[str, Bounds])
    lines: dict[str, Lines] = field(default_factory=dict[str, Lines])
    combinations: dict[str, Combination] = field(default_factory=dict[str, Combination])
    errors: dict[str, Tensor] = field(default_factory=dict[str, Tensor])
    apart: dict[tuple[str, int], Tensor] = field(default_factory=dict[tuple[str, int], Tensor])
    vanished: Tensor = field(default_factory=lambda: torch.zeros(1, 1))
    empty: Tensor = field(default_factory=lambda: torch.zeros(1, dtype=torch.bool))
    limits: Tensor = field(default_factory=lambda: torch.zeros(1, 2, 0))
    fans: dict[str, Fan] = field(default_factory=dict[str, Fan])

    def reach(self, tensor: str) -> Tensor:
        """The largest magnitudes of a tensor, (B, size)."""
        low, high = self.bounds[tensor]
        return torch.maximum(low.abs(), high.abs())

    def select(self, index: Tensor) -> Sweep:
        """What is known about some of the boxes."""
        return Sweep(
            {name: (low[index], high[index]) for name, (low, high) in self.bounds.items()},
            {name: lines.select(index) for name, lines in self.lines.items()},
            {name: rule.select(index) for name, rule in self.combinations.items()},
            {name: errors[index] for name, errors in self.errors.items()},
            {name: apart[index] for name, apart in self.apart.items()},
            self.vanished[index],
            self.empty[index],
            self.limits[index],
        )

    @staticmethod
    def join(parts: Sequence[Sweep]) -> Sweep:
        """The sweeps over some boxes, and over others."""
        first = parts[0]
        if len(parts) == 1:
            return first
        return Sweep(
            {
                name: (
                    torch.cat([p.bounds[name][0] for p in parts]),
                    torch.cat([p.bounds[name][1] for p in parts]),
                )
                for name in first.bounds
            },
            {name: Lines.join([p.lines[name] for p in parts]) for name in first.lines},
            {
                name: Combination.join([p.combinations[name] for p in parts])
                for name in first.combinations
            },
            {name: torch.cat([p.errors[name] for p in parts]) for name in first.errors},
            {name: torch.cat([p.apart[name] for p in parts]) for name in first.apart},
            torch.cat([p.vanished for p in parts]),
            torch.cat([p.empty for p in parts]),
            torch.cat([p.limits for p in parts]),
        )
