"""Dividing boxes: by an input, or by an entry inside the network, at zero or within a curve."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from verify.certificate.tree import Record
from verify.neural.attack import Function
from verify.neural.bounds.graph import BoundGraph
from verify.neural.bounds.limit import cut
from verify.neural.bounds.phase import UNKNOWN, split
from verify.neural.levels import Levels
from verify.neural.margin import Ceiling, margin
from verify.neural.queue import Queue
from verify.neural.region import Region

SAMPLES = 4
"""Points per box at which the gradient is taken to choose a split."""

QUIET = 0.01
"""Gradients that explain a smaller share of what bounds leave open do not say where to split."""

LOOKED_AHEAD, MOST_INPUTS = 4, 64
"""Boxes of a step on which every split is tried, where gradients do not say where to split and
there are no more inputs than that.
"""


Height = Callable[[Queue], Tensor]
"""From boxes, how far above zero their bounds are: (B,)."""


class Splitter:
    """Chooses where to split, and splits.

    Args:
        goal: of the search.
        values: of its inequalities.
        region: the whole box.
        graph: has the layouts of what is known inside the network.
        generator: of points at random.
    """

    def __init__(
        self,
        goal: Levels,
        values: Function,
        region: Region,
        graph: BoundGraph,
        generator: torch.Generator,
    ) -> None:
        self._goal = goal
        self._values = values
        self._region = region
        self._phases, self._limits = graph.phases, graph.limits
        self._generator = generator

    def influence(self, boxes: Queue, ceiling: Ceiling, height: Height, step: int) -> Tensor:
        """How much each variable moves the margin in a box: (B, n).

        The mean absolute gradient at a few random points; where that is zero for all variables, the
        slopes of the bounds. Where it explains next to nothing of how far bounds are above what is
        seen at those points, as of two parts that are equal but for rounding, it is what halving
        each variable of some such boxes does to bounds, on every other step times the slopes.

        Args:
            boxes: the boxes.
            ceiling: their bounds.
            height: how far above zero the bounds of boxes are.
            step: the number of the step.
        """
        size = (SAMPLES, *boxes.low.shape)
        share = torch.rand(size, generator=self._generator).to(boxes.low.device)
        points = (boxes.low + share * (boxes.high - boxes.low)).flatten(0, 1).requires_grad_(True)
        with torch.enable_grad():
            reward = margin(self._goal, self._values(points))
            moves = reward.requires_grad
            gradient = (
                torch.autograd.grad(reward.sum(), points)[0] if moves else points.detach() * 0
            )
        influence = gradient.abs().reshape(size).mean(dim=0)
        open_rows = (ceiling.upper >= 0).to(influence.dtype)
        slopes = (ceiling.slope.abs() * open_rows[..., None]).sum(dim=1)
        influence = torch.where((influence.amax(dim=1) > 0)[:, None], influence, slopes)
        seen = reward.detach().reshape(size[:2]).amax(dim=0)
        told = (influence * (boxes.high - boxes.low)).sum(dim=1)
        blind = told <= QUIET * (boxes.score - seen)
        if bool(blind.any()) and boxes.low.shape[1] <= MOST_INPUTS:
            gain = self._gain(boxes.select(blind), height)
            both = slopes * gain * (step % 2)
            both = torch.where(both.amax(dim=1, keepdim=True) > 0, both, gain)
            influence = torch.where(blind[:, None], both, influence)
        return influence

    def _gain(self, boxes: Queue, height: Height) -> Tensor:
        """By how much the bounds of some of the boxes come down if a variable is halved, for each
        unit of its width: (n,).
        """
        count, device = boxes.low.shape[1], boxes.low.device
        stride = -(-len(boxes) // LOOKED_AHEAD)
        sample = boxes.select(torch.arange(0, len(boxes), stride, device=device))
        each = sample.select(torch.arange(len(sample), device=device).repeat_interleave(count))
        axis = torch.arange(count, device=device).repeat(len(sample))
        left = height(self.by_input(each, axis, None)).reshape(2, len(sample), count).sum(dim=0)
        width = (sample.high - sample.low).clamp(min=1e-30)
        fell = (left.amax(dim=1, keepdim=True) - left).clamp(min=0) / width
        return torch.where(self._region.splittable(sample.low, sample.high), fell, 0.0).mean(dim=0)

    def axis(self, boxes: Queue, influence: Tensor) -> Tensor:
        """For each box the input to split (B,), or -1 where none can be.

        Args:
            boxes: the boxes.
            influence: how much each input moves the margin (B, n).
        """
        width = boxes.high - boxes.low
        possible = self._region.splittable(boxes.low, boxes.high)
        # Finite features go first: every value of them is a problem of its own.
        score = influence * width + (self._region.finite & possible & (influence > 0)) * 1e30
        score = torch.where((score.amax(dim=1) > 0)[:, None], score, width)
        axis = torch.where(possible, score, -1.0).argmax(dim=1)
        return torch.where(possible.any(dim=1), axis, -1)

    def column(self, boxes: Queue, cost: Tensor) -> Tensor:
        """For each box the entry to split by (B,), or -1 where none costs anything.

        Args:
            boxes: the boxes.
            cost: what the relaxation of each entry costs (B, P + C).
        """
        if cost.shape[1] == 0:
            return torch.full((len(boxes),), -1, device=cost.device)
        width = self._phases.width
        signs = torch.where(boxes.phases == UNKNOWN, cost[:, :width], -1.0)
        most, column = torch.cat([signs, cost[:, width:]], dim=1).max(dim=1)
        return torch.where(most > 0, column, -1)

    def by_input(self, boxes: Queue, axis: Tensor, record: Record | None) -> Queue:
        """Both halves of each box along its axis (B,), told to the record."""
        low, high, part = self._region.split(boxes.low, boxes.high, axis)
        number = boxes.number.repeat(2)
        if record is not None:
            cut = high[: len(boxes)].gather(1, axis[:, None])[:, 0].double()
            parents, axes, cuts = (t.cpu().numpy() for t in (boxes.number, axis, cut))
            number = torch.as_tensor(record.split_inputs(parents, axes, cuts)).to(low.device)
        twice = boxes.select(torch.arange(len(boxes), device=low.device).repeat(2))
        twice.low, twice.high = low, high
        twice.share, twice.number = twice.share * part, number
        return twice

    def by_neuron(
        self, boxes: Queue, column: Tensor, points: Tensor, record: Record | None
    ) -> Queue:
        """Each box with its entry (B,) not above a point, and with it not below.

        The halves count half of the volume each, whatever their real shares are.

        Args:
            boxes: the boxes.
            column: of phases, where the point is zero, or beyond them of limits.
            points: for each entry of the limits (B, C).
            record: is told.
        """
        rows = torch.arange(len(boxes), device=column.device)
        twice = boxes.select(rows.repeat(2))
        curved = column - self._phases.width
        bent = rows[curved < 0]
        point = torch.zeros_like(boxes.low[:, 0])
        if len(bent):
            both = torch.cat([bent, bent + len(boxes)])
            twice.phases[both] = split(boxes.phases[bent], column[bent])
        if len(bent) < len(boxes):
            chosen = rows[curved >= 0]
            curved = curved[chosen]
            point[chosen] = points[chosen, curved].to(point.dtype)
            both = torch.cat([chosen, chosen + len(boxes)])
            twice.limits[both] = cut(boxes.limits[chosen], curved, point[chosen])
        twice.share = twice.share / 2
        if record is not None:
            parents, columns, at = (t.cpu().numpy() for t in (boxes.number, column, point.double()))
            numbers = self._recorded(parents, columns, at, record)
            twice.number = torch.as_tensor(numbers).to(column.device)
        return twice

    def _recorded(
        self,
        boxes: np.ndarray[Any, Any],
        columns: np.ndarray[Any, Any],
        points: np.ndarray[Any, Any],
        record: Record,
    ) -> np.ndarray[Any, Any]:
        """Numbers of the halves of boxes (2B,) that are split by entries of several tensors."""
        count = len(boxes)
        numbers = np.zeros(2 * count, dtype=np.int64)
        layouts = ((0, self._phases.places), (self._phases.width, self._limits.places))
        for offset, places in layouts:
            for tensor, place in places.items():
                at = columns - offset - place.start
                rows = np.flatnonzero((at >= 0) & (at < place.stop - place.start))
                if len(rows):
                    made = record.split_neurons(boxes[rows], tensor, at[rows], points[rows])
                    numbers[rows], numbers[count + rows] = made[: len(rows)], made[len(rows) :]
        return numbers
