"""The box of a problem in floats: outward for proofs, inward for witnesses, and how it is split."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import torch
from torch import Tensor

from verify.problem.problem import Problem, Variable


def toward(value: Fraction, dtype: torch.dtype, direction: int) -> float:
    """The float next to a rational from below (direction -1) or above (+1); itself where exact."""
    kind = np.float32 if dtype is torch.float32 else np.float64
    largest = Fraction(float(np.finfo(kind).max))
    if abs(value) > largest:
        inward = float(largest) if value > 0 else -float(largest)
        return inward if (value > 0) == (direction < 0) else direction * float(np.inf)
    nearest = kind(float(value))
    while (Fraction(float(nearest)) - value) * direction < 0:
        nearest = np.nextafter(nearest, kind(direction * np.inf))
    return float(nearest)


class Region:
    """The box of a problem.

    Attributes:
        low, high: (n,) corners, rounded outward.
        inner_low, inner_high: (n,) corners, rounded inward to float32; where no float32 lies
            inside, both are the nearest float, and the variable has the exact value.
        finite: (n,) which variables have a finite set of values.
    """

    def __init__(self, problem: Problem, dtype: torch.dtype, device: str) -> None:
        variables = problem.variables
        self.variables = variables
        self.dtype = dtype
        self.device = device
        self.low = self._tensor([toward(v.lower, dtype, -1) for v in variables])
        self.high = self._tensor([toward(v.upper, dtype, +1) for v in variables])
        inner = [
            (toward(v.lower, torch.float32, +1), toward(v.upper, torch.float32, -1))
            for v in variables
        ]
        self.inner_low = self._tensor(
            [a if a <= b else float(v.lower) for (a, b), v in zip(inner, variables, strict=True)]
        )
        self.inner_high = self._tensor(
            [b if a <= b else float(v.lower) for (a, b), v in zip(inner, variables, strict=True)]
        )
        self.finite = torch.tensor([v.values is not None for v in variables], device=device)
        finite = [(i, v.values) for i, v in enumerate(variables) if v.values is not None]
        self._values = {i: self._tensor([float(x) for x in values]) for i, values in finite}
        self._ends = {i: self._outward(values) for i, values in finite}

    def _outward(self, values: Sequence[Fraction]) -> tuple[Tensor, Tensor]:
        """The intervals of floats around values; one for values that no float tells apart, so that
        none contains another, and every cut between two leaves two smaller boxes.
        """
        kept: list[tuple[float, float]] = []
        for x in sorted(values):
            below, above = toward(x, self.dtype, -1), toward(x, self.dtype, +1)
            if kept and above == kept[-1][1]:
                continue
            if kept and below == kept[-1][0]:
                kept.pop()
            kept.append((below, above))
        below, above = zip(*kept, strict=True)
        return self._tensor(below), self._tensor(above)

    def _tensor(self, values: Sequence[float] | Sequence[Sequence[float]]) -> Tensor:
        return torch.tensor(values, dtype=self.dtype, device=self.device)

    def near(self, points: Sequence[Sequence[Fraction]]) -> Tensor:
        """Exact points as floats (B, n), to be snapped."""
        return self._tensor([[toward(x, self.dtype, -1) for x in point] for point in points])

    def snap(self, points: Tensor) -> Tensor:
        """Points (B, n) moved to float32 numbers in the box, finite variables to their values."""
        inside = torch.minimum(torch.maximum(points, self.inner_low), self.inner_high)
        snapped = inside.to(torch.float32).to(self.dtype)
        snapped = torch.minimum(torch.maximum(snapped, self.inner_low), self.inner_high)
        for column, values in self._values.items():
            nearest = (points[:, column, None] - values).abs().argmin(dim=1)
            snapped[:, column] = values[nearest]
        return snapped

    def exact(self, point: Tensor) -> tuple[Fraction, ...]:
        """A snapped point (n,) as rationals that lie in the box exactly."""
        return tuple(_exact(v, float(x)) for v, x in zip(self.variables, point, strict=True))

    def random(self, count: int, generator: torch.Generator) -> Tensor:
        """Uniform points (count, n), snapped."""
        share = torch.rand(count, len(self.variables), generator=generator, dtype=self.dtype).to(
            self.device
        )
        points = self.inner_low + share * (self.inner_high - self.inner_low)
        for column, values in self._values.items():
            choice = (share[:, column] * len(values)).long().clamp(max=len(values) - 1)
            points[:, column] = values[choice]
        return self.snap(points)

    def splittable(self, low: Tensor, high: Tensor) -> Tensor:
        """Along which axes boxes (B, n) can be cut in two smaller ones: (B, n)."""
        middle = (low + high) / 2
        result = (middle > low) & (middle < high)
        for column, (below, above) in self._ends.items():
            present = (below >= low[:, column, None]) & (above <= high[:, column, None])
            result[:, column] = present.sum(dim=1) > 1
        return result

    def split(self, low: Tensor, high: Tensor, axis: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Each box (B, n) cut in two along its axis (B,).

        Continuous variables are cut in the middle, finite ones between two of their values.

        Returns:
            Lower and upper corners (2B, n), and each part's share of its parent (2B,).
        """
        rows = torch.arange(low.shape[0], device=low.device)
        left_high, right_low = high.clone(), low.clone()
        middle = (low[rows, axis] + high[rows, axis]) / 2
        left_high[rows, axis] = middle
        right_low[rows, axis] = middle
        share = torch.full((low.shape[0],), 0.5, dtype=torch.float64, device=low.device)
        for column, (below, above) in self._ends.items():
            chosen = (axis == column).nonzero()[:, 0]
            if chosen.numel() == 0:
                continue
            a, b = low[chosen, column, None], high[chosen, column, None]
            present = (below >= a) & (above <= b)
            order = present.cumsum(dim=1)
            count = order[:, -1:]
            half = (count + 1) // 2
            last_left = torch.where(present & (order <= half), above, -torch.inf).amax(dim=1)
            first_right = torch.where(present & (order > half), below, torch.inf).amin(dim=1)
            left_high[chosen, column] = last_left
            right_low[chosen, column] = first_right
            share[chosen] = half[:, 0].double() / count[:, 0].double()
        return (
            torch.cat([low, right_low]),
            torch.cat([left_high, high]),
            torch.cat([share, 1 - share]),
        )


def _exact(variable: Variable, value: float) -> Fraction:
    exact = Fraction(value)
    if variable.values is not None:
        return min(variable.values, key=lambda v: abs(v - exact))
    return min(max(exact, variable.lower), variable.upper)
