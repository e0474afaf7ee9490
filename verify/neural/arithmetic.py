"""One way to bound the inequalities of a problem: a float format, and what its bounds cover."""

from __future__ import annotations

import torch
from torch import Tensor

from verify.neural.bounds.choice import Choice
from verify.neural.bounds.graph import BoundGraph
from verify.neural.bounds.phase import UNKNOWN
from verify.neural.bounds.rounding import SAFETY, of
from verify.neural.bounds.sweep import Sweep
from verify.neural.margin import Ceiling, matrix
from verify.neural.queue import Queue
from verify.problem.problem import Problem

GROUP = 128
"""Boxes that are swept together: few enough for the tensors to stay in the cache."""


class Arithmetic:
    """Bounds on the inequalities of a problem.

    Args:
        problem: the problem.
        dtype: float32 or float64, of the bounds' own arithmetic.
        deployed: whether deployed rounding is covered.
        device: where to compute.
    """

    def __init__(
        self, problem: Problem, dtype: torch.dtype, *, deployed: bool, device: str
    ) -> None:
        self.graph = BoundGraph(problem, dtype=dtype, deployed=deployed, device=device)
        self.table = matrix(problem, dtype, device)
        self._columns = {
            tensor: slice(offset, offset + self.graph.size(tensor))
            for tensor, offset in problem.offsets.items()
        }

    def sweep(
        self, low: Tensor, high: Tensor, phases: Tensor, limits: Tensor | None = None
    ) -> Sweep:
        """Bounds on all tensors over boxes (B, n), given what is known of signs (B, P), and the
        limits of the operands of curves (B, 2, C).

        Boxes of which about as much is known go together: as many entries are bounded on each box
        as are unclear on the worst of them.
        """
        low, high = low.to(self.graph.dtype), high.to(self.graph.dtype)
        if limits is None:
            limits = self.graph.limits.nothing(low.shape[0], self.graph.device)
        if low.shape[0] <= GROUP:
            return self.graph.sweep(low, high, phases, limits)
        order = (phases == UNKNOWN).sum(dim=1).argsort()
        parts = [
            self.graph.sweep(low[rows], high[rows], phases[rows], limits[rows])
            for rows in torch.split(order, GROUP)
        ]
        return Sweep.join(parts).select(order.argsort())

    def ceiling(self, state: Sweep) -> Ceiling:
        """Upper bounds of all inequalities over the boxes of a sweep."""
        table = self.table
        start: dict[str, Tensor] = {}
        slack = table.bias_error[None]
        for tensor, columns in self._columns.items():
            if bool((table.weight[:, columns] != 0).any() or table.error[:, columns].any()):
                start[tensor] = -table.weight[None, :, columns]
                slack = slack + state.reach(tensor) @ table.error[:, columns].T
        constant = -table.bias[None] - slack
        constant = constant - constant.abs() * (2 * of(self.graph.dtype).unit)  # of the line above
        lower, slope, offset = self.graph.lower(state, start, constant)
        low, high = state.bounds[self.graph.point]
        return Ceiling(-lower, -slope, -offset, low, high)

    def height(self, boxes: Queue) -> Tensor:
        """How far above zero the bounds of boxes are (B,), in sum."""
        state = self.sweep(boxes.low, boxes.high, boxes.phases, boxes.limits)
        return self.ceiling(state).upper.clamp(min=0).sum(dim=1)

    def weighted(
        self,
        state: Sweep,
        weights: Tensor,
        choice: Choice,
        costs: dict[str, Tensor] | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Upper bounds of weighted sums of the inequalities.

        Args:
            state: a sweep over the boxes.
            weights: non-negative, (B, K, number of inequalities).
            choice: of the relaxations.
            costs: is given what the line above each bent node costs the bounds.

        Returns:
            The bounds (B, K), and the slopes (B, K, n) of affine functions above the sums.
        """
        table, rounding = self.table, of(self.graph.dtype)
        terms = weights.shape[2]
        gamma = 2 * rounding.gamma(terms)
        start: dict[str, Tensor] = {}
        fixed = weights.detach()
        slack = fixed @ (table.bias.abs() * gamma + table.bias_error) + terms * rounding.tiny
        for tensor, columns in self._columns.items():
            weight = table.weight[:, columns]
            start[tensor] = -(weights @ weight)
            error = fixed @ (weight.abs() * gamma + table.error[:, columns]) + terms * rounding.tiny
            slack = slack + (error @ state.reach(tensor)[..., None])[..., 0]
        constant = -(weights @ table.bias) - slack * SAFETY
        constant = constant - constant.abs() * (4 * rounding.unit)
        lower, slope, _ = self.graph.lower(state, start, constant, choice, costs)
        return -lower, -slope
