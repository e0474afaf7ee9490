"""Best-first branch and bound over boxes of inputs, in batches.

A box is closed when rigorous bounds refute the goal on it. Bounds run in float32 and cover every
float32 evaluation of the deployed network. Where only rounding stands in the way of a box, float64
is tried, and then the exact weights in real arithmetic; the guarantee of the whole answer is the
weakest that some box needed.
"""

from __future__ import annotations

import time
from fractions import Fraction

import torch
from torch import Tensor

from extract.run import as_function
from verify.answer import Answer, Deadline, Progress
from verify.certificate.tree import ROOT, Record
from verify.neural.attack import Attack, values_of
from verify.neural.candidate import Candidates
from verify.neural.harvest import Harvest
from verify.neural.leaf import NEARLY, Leaves
from verify.neural.margin import Ceiling, margin
from verify.neural.queue import Queue
from verify.neural.refuter import ROUNDING_TRIES, Refuter
from verify.neural.region import Region
from verify.neural.split import Splitter
from verify.neural.thread import one_thread
from verify.neural.tighten import tighten
from verify.problem.problem import Problem
from verify.verdict import Guarantee, Reason

NAME = "neural"
FIRST_CLIMB = 128
"""After so many boxes gradients are climbed, and again after 4, 16, 64, ... times as many."""

MOST_EFFORT = 64
"""Of one climb."""

WORTH = 0.1
"""What closes a smaller share of the boxes (tightening, float64) is tried on every fourth step."""

STEP_PRODUCTS = 2 * 10**9
"""Multiplications that a step of one batch may take, roughly."""

FEW_INPUTS = 16
"""Up to so many free inputs, inputs are split; where there are more, whatever gains more."""

FIRST_PROBE, PROBED = 64, 8
"""After so many boxes so many are tried in float64, and again after 4, 16, ... times that."""

FURTHER = 3
"""A box whose bound has to fall so many times as far as it fell last is split twice at once."""

MOSTLY = 0.5
"""Where float64 closes this share of the boxes on which it is tried, it is tried on all of them."""

FIRST_TRIAL, TRIALS = 1, 8
"""After so many boxes both kinds of split are tried on so many, and again after 4, 16, ... more."""

NARROW = 1e-3
"""Of a box: sides of less than such a share of the whole box's."""

FEWEST = 8
"""Boxes of a step even where time is short."""

LARGEST_QUEUE = 2_000_000


class Search:
    """A search that can be run for a while, asked, and run on.

    Args:
        problem: the problem.
        seed: of the random starts of the attack.
        batch: boxes per step; by default as many as a step of a fraction of a second allows.
        device: where to compute.
        record: is told of every split.

    Attributes:
        queue: the open boxes.
        candidates: what was found that may be a witness.
        proved: share of the box on which the goal is proved unreachable.
        stuck: how many boxes were given up.
        guarantee: of what was proved.
        generator: of all pseudo-random numbers.
        climbs: whether gradients are climbed now and then.

    Raises:
        UnsupportedOperator: the network has an operator without bounds.
    """

    def __init__(
        self,
        problem: Problem,
        *,
        seed: int = 0,
        batch: int | None = None,
        device: str = "cpu",
        record: Record | None = None,
    ) -> None:
        self.problem = problem
        self.record = record
        self.device = device
        self.proved = 0.0
        self.stuck = 0
        self.climbs = True
        self._refuter = Refuter(problem, device)
        self._main = self._refuter.main
        self.guarantee = self._refuter.guarantee
        self._leaves = Leaves(self._refuter)
        self.generator = torch.Generator().manual_seed(seed)
        self._region = Region(problem, torch.float32, device)
        self.candidates = Candidates(problem, self._region)
        self._harvest = Harvest(self._leaves, self.candidates)
        self.batch = batch or max(FEWEST, min(512, STEP_PRODUCTS // self._main.graph.products))
        network = as_function(problem.network, torch.float32, device)
        self._values = values_of(network, self._main.table)
        one = torch.ones(1, device=device)
        self.queue = Queue(
            self._region.low[None],
            self._region.high[None],
            one.double(),
            one * torch.inf,
            torch.zeros(1, dtype=torch.int32, device=device),
            torch.full((1,), ROOT, device=device),
            self._main.graph.phases.nothing(1, device),
            self._main.graph.limits.nothing(1, device),
        )
        self._attack = Attack(
            self._refuter.goal, self._values, self._region, self.candidates.accept, self.generator
        )
        self._steps, self._boxes, self._pace = 0, 0, 0.0
        self._next_climb, self._effort = FIRST_CLIMB, 1
        self._next_probe, self._rounding = FIRST_PROBE, WORTH
        self._helped = 1.0
        free = int((self._region.high > self._region.low).sum())
        self._splitter = Splitter(
            self._refuter.goal, self._values, self._region, self._main.graph, self.generator
        )
        self.neurons = False
        self.next_trial = FIRST_TRIAL if free > FEW_INPUTS else LARGEST_QUEUE**2

    @property
    def witness(self) -> tuple[Fraction, ...] | None:
        """A point at which the goal is reached."""
        return self.candidates.witness

    def run(
        self, deadline: Deadline, progress: Progress | None = None, steps: int | None = None
    ) -> Answer:
        """Search until an answer, the deadline, or so many steps; may be called again to go on."""
        with torch.no_grad(), one_thread():
            self._main.graph.until = deadline
            if self._steps == 0:
                self._attack.look()
            shown = time.monotonic()
            last = None if steps is None else self._steps + steps
            while self.is_open and not deadline.passed and self._steps != last:
                begun = time.monotonic()
                self.stuck += 1  # a step that does not end loses its boxes
                count = self._step(deadline.affords(self.batch, self._pace, FEWEST))
                self.stuck -= 1
                self._steps += 1
                self._pace = (time.monotonic() - begun) / count
                if self.climbs and self.is_open and self._boxes >= self._next_climb:
                    self._climb(deadline)
                if progress is not None and time.monotonic() - shown > 0.2:
                    shown = time.monotonic()
                    progress(self.proved, len(self.queue))
            self._main.graph.until = None
        return self.answer()

    @property
    def is_open(self) -> bool:
        """Whether there is more to search, and room for it."""
        return self.witness is None and 0 < len(self.queue) <= LARGEST_QUEUE

    def _climb(self, deadline: Deadline) -> None:
        """Climb, with four times the effort every time, and less where little is left to search."""
        effort = max(1, round(self._effort * (1 - self.proved)))
        self._next_climb *= 4
        self._effort = min(self._effort * 4, MOST_EFFORT)
        self._attack.climb(deadline.earlier(max(0.3, deadline.left / 4)), effort)

    def answer(self) -> Answer:
        """The answer so far."""
        point = self.witness or self.candidates.spare
        if point is not None:
            return Answer(True, point=point, proved_share=self.proved, engine=NAME)
        if len(self.queue) == 0 and self.stuck == 0:
            return Answer(
                False, guarantee=self.guarantee, proved_share=1.0, engine=NAME, record=self.record
            )
        detail = f"{len(self.queue)} boxes open; try a longer timeout or a smaller box"
        reason = Reason.TIME
        if len(self.queue) > LARGEST_QUEUE:
            detail = "too many open boxes"
        elif len(self.queue) == 0:
            reason, detail = Reason.SOLVER_GAVE_UP, "some boxes became too small for floating point"
        return Answer(None, reason=reason, detail=detail, proved_share=self.proved, engine=NAME)

    def _step(self, most: int) -> int:
        """Look at so many open boxes at most, and say how many there were."""
        began = time.monotonic()
        boxes = self.queue.take(most)
        count = len(boxes)
        self._boxes += count
        state = self._main.sweep(boxes.low, boxes.high, boxes.phases, boxes.limits)
        if self._main.graph.late:  # what is known of these boxes is not all that could be
            self.queue.put(boxes)
            return count
        boxes.phases = self._main.graph.phases.learned(boxes.phases, state.bounds)
        ceiling = self._main.ceiling(state)
        self._refuter.check_crossings(boxes.phases, state)
        closed = self._refuter.refuted(ceiling) | state.empty
        self.proved += float(boxes.share[closed].sum())
        boxes, state = boxes.select(~closed), state.select(~closed)
        ceiling = ceiling.select(~closed)
        if len(boxes) == 0:
            return count
        cuts = self.neurons or self._boxes >= self.next_trial
        points = torch.zeros_like(boxes.limits[:, 0])
        gaps = self._main.graph.phases.gaps(boxes.phases, state.bounds) * 1e-9
        cost = torch.cat([gaps, points], dim=1)
        if self._helped >= WORTH or self._steps % 4 == 0 or cuts:
            tightened = tighten(
                self._main, self.problem.goal, state, boxes.phases, ceiling, cuts=cuts
            )
            closed = tightened.closed
            self._helped = (self._helped + float(closed.double().mean())) / 2
            self.proved += float(boxes.share[closed].sum())
            boxes, ceiling = boxes.select(~closed), ceiling.select(~closed)
            cost, points = tightened.cost[~closed] + cost[~closed], tightened.cut[~closed]
            if len(boxes) == 0:
                return count
        before, boxes.score = boxes.score, margin(self._refuter.goal, ceiling.upper)
        far = boxes.score > FURTHER * (before - boxes.score)
        near = self._try_points(boxes, ceiling) > -boxes.score
        if self.witness is not None:
            return count
        keep = self._held_open(boxes, ceiling)
        if self._leaves.possible:
            self._settle(boxes, keep, near, began)
        if self.witness is None and bool(keep.any()):
            self._split(
                boxes.select(keep), ceiling.select(keep), cost[keep], points[keep], far[keep]
            )
        return count

    def refutes(self, low: Tensor, high: Tensor) -> Tensor:
        """Boxes (B,) on which one round of bounds proves that the goal cannot be reached.

        Args:
            low, high: corners (B, n), float32. The proof covers every float32 evaluation.
        """
        if self._refuter.guarantee is not Guarantee.FLOAT32:
            return torch.zeros(len(low), dtype=torch.bool, device=self.device)
        with torch.no_grad(), one_thread():
            nothing = self._main.graph.phases.nothing(len(low), self.device)
            return self._refuter.closed(self._main, low, high, nothing)[0]

    def _try_points(self, boxes: Queue, ceiling: Ceiling) -> Tensor:
        """The largest margins (B,) at the middles of boxes, and at the corners at which the bounds
        are highest.
        """
        middle = (boxes.low + boxes.high) / 2
        points = self._region.snap(torch.cat([middle, self._refuter.corner(boxes, ceiling)]))
        reward = margin(self._refuter.goal, self._values(points))
        order = reward.argsort(descending=True)[:4]
        self.candidates.accept(points[order[reward[order] >= 0]])
        return reward.reshape(2, -1).amax(dim=0)

    def _longest(self, boxes: Queue) -> Tensor:
        """The longest sides of boxes (B,), in proportion to those of the whole box."""
        whole = (self._region.high - self._region.low).clamp(min=1e-30)
        return ((boxes.high - boxes.low) / whole).amax(dim=1)

    def _held_open(self, boxes: Queue, ceiling: Ceiling) -> Tensor:
        """Which boxes (B,) stay open when those are closed that only rounding holds open, where
        that has gone on for several splits, or no split can help.
        """
        reach = torch.maximum(boxes.low.abs(), boxes.high.abs())
        size = (ceiling.slope.abs() @ reach[..., None])[..., 0] + ceiling.offset.abs()
        middle = margin(
            self._refuter.goal, self._values(self._region.snap((boxes.low + boxes.high) / 2))
        )
        small = (
            (self._longest(boxes) < NARROW)
            | (boxes.score < 1e-3 * size.amax(dim=1))
            | (middle.abs() < 1e-4 * size.amax(dim=1))
        )
        keep = torch.ones_like(small)
        small = small | (self._rounding >= MOSTLY)
        if self._rounding < WORTH and self._steps % 4:
            small = torch.zeros_like(small)
        if self._boxes >= self._next_probe:
            self._next_probe *= 4
            small[:PROBED] = True
        rows = small.nonzero()[:, 0]
        tried = len(rows)
        for arithmetic, guarantee in self._refuter.weaker() if rows.numel() else ():
            phases = boxes.phases[rows]
            low, high = boxes.low[rows], boxes.high[rows]
            limits = boxes.limits[rows]
            closed, weaker = self._refuter.closed(arithmetic, low, high, phases, limits)
            if guarantee in (Guarantee.FLOAT32, self.guarantee):  # no weaker than what is left
                accepted = closed
            else:
                boxes.tries[rows[closed]] += 1
                hopeless = closed.clone()
                if bool(closed.any()):
                    left = boxes.select(rows[closed])
                    hopeless[closed] = self._refuter.hides_a_point(left, weaker.select(closed))
                accepted = closed & (hopeless | (boxes.tries[rows] >= ROUNDING_TRIES))
                if bool(accepted.any()):
                    self.guarantee = guarantee
            self.proved += float(boxes.share[rows[accepted]].sum())
            keep[rows[accepted]] = False
            rows = rows[~accepted]
            if rows.numel() == 0:
                break
        if tried:
            self._rounding = float((~keep).sum()) / tried
        return keep

    def _settle(self, boxes: Queue, keep: Tensor, near: Tensor, began: float) -> None:
        """Settle leaves among the boxes to keep (B,), and keep no more what is closed."""
        taken_s, seldom = time.monotonic() - began, self._steps % 4 != 0
        found = self._harvest.gather(boxes, keep, near, self.guarantee, taken_s, seldom=seldom)
        self.guarantee = found.guarantee
        self.proved += found.share
        for row in (*found.done, *found.later):
            keep[row] = False
        later = torch.tensor(found.later, dtype=torch.int64, device=keep.device)
        self.queue.put(boxes.select(later))

    def _split(
        self, boxes: Queue, ceiling: Ceiling, cost: Tensor, points: Tensor, far: Tensor
    ) -> None:
        """Split each box by an input or by a neuron.

        Args:
            boxes: open boxes.
            ceiling: their bounds.
            cost: what the relaxation of each entry costs (B, P + C).
            points: where curves would be cut (B, C).
            far: which boxes (B,) are to be split by two inputs at once.
        """
        influence = self._splitter.influence(boxes, ceiling, self._main.height, self._steps)
        axis = self._splitter.axis(boxes, influence)
        column = self._splitter.column(boxes, cost)
        if self._boxes >= self.next_trial:
            self.next_trial *= 4
            self.neurons = self._gains_by_neurons(boxes, axis, column, points)
        finite = self._region.finite[axis.clamp(min=0)] & (axis >= 0)
        nearly = axis < 0
        if self._leaves.possible:
            ties = (self._longest(boxes) < NARROW) | self._harvest.is_tied
            nearly = nearly | (ties & (self._leaves.unknown(boxes.phases) <= NEARLY))
        by_neuron = (column >= 0) & (nearly | self.neurons) & (~finite | (axis < 0))
        by_input = (axis >= 0) & ~by_neuron
        self.stuck += int((~by_neuron & ~by_input).sum())
        if bool(by_neuron.any()):
            chosen = boxes.select(by_neuron)
            points = points[by_neuron]
            column = column[by_neuron]
            self.queue.put(self._splitter.by_neuron(chosen, column, points, self.record))
        if bool(by_input.any()):
            halves = self._splitter.by_input(boxes.select(by_input), axis[by_input], self.record)
            axis = self._splitter.axis(halves, influence[by_input].repeat(2, 1))
            again = far[by_input].repeat(2) & (axis >= 0)
            self.queue.put(halves.select(~again))
            if bool(again.any()):
                self.queue.put(
                    self._splitter.by_input(halves.select(again), axis[again], self.record)
                )

    def _gains_by_neurons(self, boxes: Queue, axis: Tensor, column: Tensor, points: Tensor) -> bool:
        """Whether splitting by neurons brings the bounds of some boxes down further than splitting
        by inputs, at the first step.
        """
        both = ((axis >= 0) & (column >= 0)).nonzero()[:TRIALS, 0]
        if both.numel() == 0:
            return self.neurons
        sample, axis, column = boxes.select(both), axis[both], column[both]
        left = [
            self._open_height(self._splitter.by_input(sample, axis, None)),
            self._open_height(self._splitter.by_neuron(sample, column, points[both], None)),
        ]
        return left[1] < left[0]

    def _open_height(self, boxes: Queue) -> float:
        """How far above zero the bounds of boxes are, in sum, after tightening."""
        state = self._main.sweep(boxes.low, boxes.high, boxes.phases, boxes.limits)
        ceiling = self._main.ceiling(state)
        tightened = tighten(self._main, self.problem.goal, state, boxes.phases, ceiling)
        height = torch.where(state.empty, 0.0, tightened.upper.amax(dim=1).clamp(min=0))
        return float(height.sum())
