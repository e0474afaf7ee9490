"""Goals over batches of points and boxes: how far they are from being reached."""

from __future__ import annotations

from dataclasses import dataclass, fields
from fractions import Fraction

import torch
from torch import Tensor

from verify.neural.bounds.rounding import SAFETY, of
from verify.neural.levels import Group, Levels
from verify.problem.goal import Inequality
from verify.problem.problem import Problem

MOST_COMBINED = 64
"""Conjunctions of a goal whose inequalities are combined."""


@dataclass(frozen=True)
class Matrix:
    """The inequalities of a problem over its flat outputs: value = weight @ outputs + bias.

    `error` bounds, entry by entry, what rounding the weights to the format leaves out, as
    coefficients of the magnitudes of the outputs; `bias_error` the same for the biases.
    """

    weight: Tensor
    bias: Tensor
    error: Tensor
    bias_error: Tensor


def matrix(problem: Problem, dtype: torch.dtype, device: str) -> Matrix:
    """The inequalities of a problem in a float format."""
    rows, columns = len(problem.inequalities), problem.network.output_size
    weight = torch.zeros(rows, columns, dtype=dtype)
    error = torch.zeros(rows, columns, dtype=dtype)
    bias = torch.zeros(rows, dtype=dtype)
    bias_error = torch.zeros(rows, dtype=dtype)
    rounding = of(dtype)
    for row, inequality in enumerate(problem.inequalities):
        for column, value in problem.flat_terms(inequality.expression).items():
            weight[row, column] = _nearest(value, dtype)
            if weight[row, column].item() != value:
                error[row, column] = abs(weight[row, column]) * 4 * rounding.unit + rounding.tiny
        constant = inequality.expression.constant
        bias[row] = _nearest(constant, dtype)
        if bias[row].item() != constant:
            bias_error[row] = abs(bias[row]) * 4 * rounding.unit + rounding.tiny
    return Matrix(*(t.to(device) for t in (weight, bias, error, bias_error)))


def _nearest(value: Fraction, dtype: torch.dtype) -> float:
    """The number in a float format; infinite beyond its largest, which leaves nothing to prove."""
    if abs(value) > Fraction(torch.finfo(dtype).max):
        return float("inf") if value > 0 else float("-inf")
    return float(value)


def margin(goal: Levels, values: Tensor) -> Tensor:
    """How clearly a goal is reached, from the values (B, K) of its inequalities: minimum over
    conjunctions, maximum over disjunctions; (B,).

    Raises:
        ValueError: a part of it cannot be searched for.
    """
    if goal.undecidable:
        raise ValueError(goal.undecidable)
    return goal.evaluate(
        values,
        (torch.inf, -torch.inf),
        lambda parts, _: parts.amin(dim=2),
        lambda parts, _: parts.amax(dim=2),
    )


@dataclass(frozen=True)
class Ceiling:
    """Upper bounds of the inequalities over boxes.

    Attributes:
        upper: (B, K).
        slope, offset: affine functions of the point above them: (B, K, n) and (B, K); the offsets
            carry all errors.
        low, high: the boxes (B, n).
    """

    upper: Tensor
    slope: Tensor
    offset: Tensor
    low: Tensor
    high: Tensor

    def select(self, keep: Tensor) -> Ceiling:
        """That of some boxes."""
        return Ceiling(*(getattr(self, f.name)[keep] for f in fields(self)))


def refuted(goal: Levels, inequalities: tuple[Inequality, ...], ceiling: Ceiling) -> Tensor:
    """Boxes (B,) on which the goal is proved unreachable.

    A conjunction is refuted where one part is, or where some combination of its inequalities with
    non-negative weights is negative everywhere on the box; that is asked of so many conjunctions
    at most.
    """
    left = MOST_COMBINED

    def every(parts: Tensor, group: Group) -> Tensor:
        nonlocal left
        closed = parts.any(dim=2)
        for column, atoms in enumerate(group.atoms):
            if len(atoms) > 1 and left and not bool(closed[:, column].all()):
                left -= 1
                combined = _jointly_refuted(list(atoms), ceiling)
                closed[:, column] = closed[:, column] | combined
        return closed

    upper = ceiling.upper
    strict = torch.tensor([i.strict for i in inequalities], dtype=torch.bool, device=upper.device)
    closed = (upper < 0) | ((upper <= 0) & strict)
    return goal.evaluate(closed, (False, True), every, lambda parts, _: parts.all(dim=2))


def _jointly_refuted(atoms: list[int], ceiling: Ceiling, rounds: int = 12) -> Tensor:
    """Weights on the inequalities such that their weighted sum is below zero on the box.

    Any non-negative weights are sound; they are found by exponentiated gradient descent on the
    maximum of the weighted sum.
    """
    slope, offset = ceiling.slope[:, atoms], ceiling.offset[:, atoms]
    low, high = ceiling.low, ceiling.high
    rounding = of(slope.dtype)
    reach = torch.maximum(low.abs(), high.abs())
    size = (slope.abs() @ reach[..., None])[..., 0] + offset.abs()
    gamma = 4 * rounding.gamma(low.shape[1] + len(atoms) + 8)
    scale = size.amax(dim=1, keepdim=True) + rounding.tiny
    logits = torch.zeros_like(offset)
    closed = torch.zeros_like(offset[:, 0], dtype=torch.bool)
    for step in range(rounds):
        weights = torch.softmax(logits, dim=1)
        total = (weights[:, None] @ slope)[:, 0]
        point = torch.where(total > 0, high, low)
        most = (total * point).sum(dim=1) + (weights * offset).sum(dim=1)
        slack = (weights * size).sum(dim=1) * (gamma * SAFETY) + rounding.tiny
        closed = closed | (most + slack < 0)
        values = (slope @ point[..., None])[..., 0] + offset
        logits = logits - values / scale * (8.0 / (1 + step) ** 0.5)
    return closed
