"""What closes a box: bounds in float32 arithmetic, and in float64 where only rounding stands in the
way; first of the deployed network, then of the exact weights in real arithmetic.
"""

from __future__ import annotations

import torch
from torch import Tensor

from verify.neural.arithmetic import Arithmetic
from verify.neural.bounds.affine import bounds_rounding
from verify.neural.bounds.limit import any_limit
from verify.neural.bounds.phase import assumed
from verify.neural.bounds.sweep import Sweep
from verify.neural.contradiction import contradicted, contradictions, is_large, left
from verify.neural.levels import Levels
from verify.neural.margin import Ceiling, margin, refuted
from verify.neural.queue import Queue
from verify.neural.tighten import MOST_CONJUNCTIONS, conjunctions
from verify.problem.problem import Problem
from verify.verdict import EngineFault, Guarantee

ROUNDING_TRIES = 6
"""After so many ancestors held open by rounding alone, a box is closed under a weaker guarantee;
at once where rounding hides one of its points."""


class Refuter:
    """The arithmetics of a problem.

    Args:
        problem: the problem.
        device: where to compute.

    Raises:
        UnsupportedOperator: the network has an operator without bounds.

    Attributes:
        goal: of the problem, in levels.
        main: float32; deployed rounding covered, where that can be bounded.
        guarantee: of what it closes.
    """

    def __init__(self, problem: Problem, device: str) -> None:
        self.problem = problem
        self.goal = Levels(problem.goal)
        self.device = device
        self._single = bounds_rounding(problem)
        self.main = self._arithmetic(torch.float32, deployed=self._single)
        self.guarantee = Guarantee.FLOAT32 if self._single else Guarantee.REAL
        self._fallbacks: list[tuple[Arithmetic, Guarantee]] = []
        self._contradictions = contradictions(problem.inequalities)
        self._sets = conjunctions(problem.goal) if self._contradictions else ()
        self._is_large = (
            bool(self._contradictions)
            and not self.goal.undecidable
            and is_large(problem.goal, MOST_CONJUNCTIONS)
        )

    def _arithmetic(self, dtype: torch.dtype, *, deployed: bool) -> Arithmetic:
        return Arithmetic(self.problem, dtype, deployed=deployed, device=self.device)

    def weaker(self) -> list[tuple[Arithmetic, Guarantee]]:
        """The fallbacks, the stronger guarantee first."""
        if not self._fallbacks:
            self._fallbacks = [
                (self._arithmetic(torch.float64, deployed=True), Guarantee.FLOAT32),
                (self._arithmetic(torch.float64, deployed=False), Guarantee.REAL),
            ][0 if self._single else 1 :]
        return self._fallbacks

    def refuted(self, ceiling: Ceiling) -> Tensor:
        """Boxes (B,) on which the goal cannot be reached."""
        inequalities = self.problem.inequalities
        closed = refuted(self.goal, inequalities, ceiling)
        if self._contradictions and not bool(closed.all()):
            pairs = self._contradictions
            closed = closed | contradicted(self._sets, pairs, inequalities, ceiling.upper)
        if self._is_large and not bool(closed.all()):
            closed = closed | self._contradicted_one_by_one(closed, ceiling.upper)
        return closed

    def _contradicted_one_by_one(self, closed: Tensor, upper: Tensor) -> Tensor:
        """Boxes (B,) on which a goal with very many conjunctions contradicts itself; of those that
        are not closed yet, until one is not.
        """
        strict = torch.tensor([i.strict for i in self.problem.inequalities], device=upper.device)
        refuted = ((upper < 0) | ((upper <= 0) & strict)).cpu().numpy()
        finite = upper.isfinite().cpu().numpy()
        found = torch.zeros_like(closed)
        for row in range(len(closed)):
            if bool(closed[row]):
                continue
            if left(self.problem.goal, self._contradictions, refuted[row], finite[row]):
                break
            found[row] = True
        return found

    def closed(
        self,
        arithmetic: Arithmetic,
        low: Tensor,
        high: Tensor,
        phases: Tensor,
        limits: Tensor | None = None,
    ) -> tuple[Tensor, Ceiling]:
        """Boxes (B,) that one round of bounds closes, and the bounds.

        Args:
            arithmetic: one of these.
            low, high: corners (B, n).
            phases: what is known of signs (B, P).
            limits: of the operands of curves (B, 2, C).
        """
        state = arithmetic.sweep(low, high, phases, limits)
        self.check_crossings(phases, state)
        ceiling = arithmetic.ceiling(state)
        return self.refuted(ceiling) | state.empty, ceiling

    def check_crossings(self, phases: Tensor, state: Sweep) -> None:
        """Bounds may cross only where signs were assumed, among the phases (B, P) of the boxes, or
        limits.

        Raises:
            EngineFault: they cross elsewhere.
        """
        free = (assumed(phases) == 0).all(dim=1) & ~any_limit(state.limits)
        crossed = state.empty & free
        if bool(crossed.any()):
            raise EngineFault(f"{self.problem.network.name}: the bounds of a tensor cross")

    def critical(self, ceiling: Ceiling) -> Tensor:
        """For each box the inequality that decides its margin: the one whose bound equals it."""
        score = margin(self.goal, ceiling.upper)
        return (ceiling.upper - score[:, None]).abs().argmin(dim=1)

    def corner(self, boxes: Queue, ceiling: Ceiling) -> Tensor:
        """The corner (B, n) of each box at which the bound that decides its margin is highest."""
        chosen = self.critical(ceiling)
        slope = ceiling.slope[torch.arange(len(boxes), device=chosen.device), chosen]
        return torch.where(slope > 0, boxes.high, boxes.low)

    def hides_a_point(self, boxes: Queue, ceiling: Ceiling) -> Tensor:
        """On which boxes (B,) rounding hides even the corner where the bounds are highest, taken
        alone: there no split leads to a guarantee for float32.
        """
        corner = self.corner(boxes, ceiling)
        (single, _), *_ = self.weaker()
        return ~self.closed(single, corner, corner, boxes.phases, boxes.limits)[0]
