"""The search for arguments that close leaves: ascent on slopes, weights and prices.

The bound of a weighted sum is concave in the weights and the prices, and its gradients need no
second network: at the point of the box where the bound is attained, every step is followed along
the lines that the bound went, and what it gives there is the gradient (Danskin's theorem). Steps
have one size for every entry (Adam: Kingma and Ba, 2015).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product as pairs

import numpy as np

from verify.answer import Deadline
from verify.certificate.argument import LEVELS, MOST_ROWS, Argument, Arguments, follows
from verify.certificate.bound import Auditor, Reach, Sweep, Trace
from verify.certificate.box import Box
from verify.certificate.refute import Sums
from verify.certificate.step import POINT, Mix, Reals, Truth, product
from verify.problem.goal import AllOf, AnyOf, Atom, Goal

STEPS = 16
SLOPE_RATE, WEIGHT_RATE, PRICE_RATE = 0.4, 0.5, 0.3
MEAN_DECAY, SQUARE_DECAY, RATE_DECAY = 0.7, 0.9, 0.93


@dataclass(frozen=True)
class Attempt:
    """What came of it on some boxes.

    Attributes:
        closed: boxes that the arguments close (B,).
        arguments: of the boxes.
        costs: by the tensor that is bent, what the lines above it cost the sums that stay above
            zero (B, size).
    """

    closed: Truth
    arguments: Sequence[Argument]
    costs: Mapping[str, Reals]


def argue(
    goal: Goal,
    auditor: Auditor,
    boxes: Sequence[Box],
    state: Sweep,
    reach: Reach,
    deadline: Deadline,
) -> Attempt | None:
    """Try to close boxes; None where the goal has too many conjunctions, or nothing can be chosen.

    Args:
        goal: what is to be refuted.
        auditor: its bounds.
        boxes: the boxes.
        state, reach: plain bounds of them.
        deadline: when to stop.
    """
    sets = conjunctions(goal)
    if not sets or not (auditor.bends or max(map(len, sets)) > 1):  # nothing can be chosen
        return None
    ascent = _Ascent(auditor, state, *_first(state, reach, sets))
    for _ in range(STEPS):
        if (ascent.step() < 0).all() or deadline.passed:
            break
    trace: Trace = {}
    upper = auditor.summed(state, ascent.best, trace)
    shut = state.empty | follows(goal, ascent.best.weights, upper < 0)
    arguments = [_alone(ascent.best, at, box) for at, box in enumerate(boxes)]
    return Attempt(shut, arguments, _costs(auditor, state, trace, upper >= 0))


def conjunctions(goal: Goal) -> list[frozenset[int]] | None:
    """Sets of inequalities such that the goal implies that all of some set are satisfied; None
    where they are too many.
    """
    if isinstance(goal, AnyOf):
        several = [conjunctions(part) for part in goal.parts]
        found = [one for sets in several if sets is not None for one in sets]
        return None if None in several or len(found) > MOST_ROWS else found
    if isinstance(goal, AllOf):
        found = [frozenset[int]()]
        for sets in map(conjunctions, goal.parts):
            if sets is not None and len(found) * len(sets) <= MOST_ROWS:
                found = [a | b for a, b in pairs(found, sets)]
        return found
    return [frozenset({goal.index} if isinstance(goal, Atom) else ())]


def _first(
    state: Sweep, reach: Reach, sets: Sequence[frozenset[int]]
) -> tuple[Reals, dict[str, Reals]]:
    """Weights, and prices by tensor, that are best for plain bounds."""
    boxes, count = state.boxes, len(state.empty)
    weights = np.zeros((count, len(sets), reach.upper.shape[1]))
    prices = np.zeros((count, len(sets), reach.known_offset.shape[1]))
    for row, atoms in enumerate(map(sorted, sets)):
        slope = np.concatenate([reach.slope[:, atoms], reach.known_slope], axis=1)
        offset = np.concatenate([reach.offset[:, atoms], reach.known_offset], axis=1)
        sums = Sums(slope, offset, boxes.low, boxes.high)
        light = sums.light() if slope.shape[1] == len(atoms) > 1 else None
        for at in range(count):
            found = sums.best(at, len(atoms)) if light is None else light[at]
            total = found[: len(atoms)].sum()
            if total > 0:
                weights[at, row, atoms] = found[: len(atoms)] / total
                prices[at, row] = found[len(atoms) :] / total
            else:
                weights[at, row, atoms] = 1 / max(1, len(atoms))
    split: dict[str, Reals] = {}
    start = 0
    for name, signs in boxes.signs.items():  # in the order of the known functions
        entries = np.flatnonzero((signs != 0).any(axis=0))
        split[name] = np.zeros((count, len(sets), signs.shape[1]))
        split[name][:, :, entries] = prices[:, :, start : start + len(entries)]
        split[name] *= (signs != 0)[:, None]
        start += len(entries)
    return weights, split


def _alone(given: Arguments, at: int, box: Box) -> Argument:
    """The argument of one of the boxes."""
    none = np.zeros((given.weights.shape[1], 0))
    columns = [given.prices[name][at][:, sign != 0] for name, sign in box.signs.items()]
    return Argument(
        given.weights[at].astype(np.float32),
        given.slopes[at].astype(np.uint8),
        np.concatenate([none, *columns], axis=1).astype(np.float32),
    )


def _costs(auditor: Auditor, state: Sweep, trace: Trace, above: Truth) -> dict[str, Reals]:
    costs: dict[str, Reals] = {}
    for step in auditor.bends:
        if step.name in trace:
            ceiling = state.tensors[step.name].ceiling[:, None]
            lost = -np.minimum(trace[step.name], 0.0) * ceiling * above[..., None]
            costs[step.operand] = lost.sum(axis=1) + costs.get(step.operand, 0.0)
    return costs


class _Ascent:
    """Weights (B, K, I), and by name prices and shares of slopes (B, K, size), on their way.

    Attributes:
        best: the best so far, rounded as an argument is.
    """

    def __init__(
        self, auditor: Auditor, state: Sweep, weights: Reals, prices: dict[str, Reals]
    ) -> None:
        self._auditor, self._state = auditor, state
        self._weights, self._prices = weights, prices
        self._shares: dict[str, Reals] = {}
        for step in auditor.bends:
            (plain,) = state.tensors[step.name].slopes
            share = (plain.below > step.alpha).astype(np.float64)[:, None]
            self._shares[step.name] = share.repeat(weights.shape[1], axis=1)
        self._least = np.full(weights.shape[:2], np.inf)
        self._mean: dict[str, Reals] = {}
        self._square: dict[str, Reals] = {}
        self._scales: dict[str, Reals] = {}
        self._steps = 0
        self.best = self._given()

    def _given(self) -> Arguments:
        none = np.zeros((*self._weights.shape[:2], 0))
        levels = [np.rint(self._shares[step.name] * LEVELS) for step in self._auditor.bends]
        prices = {name: _single(price) for name, price in self._prices.items()}
        return Arguments(_single(self._weights), np.concatenate([none, *levels], axis=2), prices)

    def step(self) -> Reals:
        """One step; what the sums reach at best so far (B, K)."""
        trace: Trace = {}
        given, best = self._given(), self.best
        upper = self._auditor.summed(self._state, given, trace)
        better = (upper < self._least)[..., None]
        self._least = np.fmin(upper, self._least)
        self.best = Arguments(
            np.where(better, given.weights, best.weights),
            np.where(better, given.slopes, best.slopes),
            {n: np.where(better, price, best.prices[n]) for n, price in given.prices.items()},
        )
        with np.errstate(all="ignore"):
            self._move(trace, self._followed(trace, given))
        return self._least

    def _move(self, trace: Trace, run: Mapping[str, Reals]) -> None:
        self._steps += 1
        for step in self._auditor.bends:
            mixed = self._state.tensors[step.operand].is_mixed[:, None]
            pull = np.maximum(trace.get(step.name, 0.0), 0.0) * run[step.operand] * mixed
            moved = self._shares[step.name] + SLOPE_RATE * self._pace(step.name, pull)
            self._shares[step.name] = np.clip(moved, 0.0, 1.0)
        for name, price in self._prices.items():
            place = self._auditor.program.place[name]
            signs = self._state.boxes.signs[name][:, None]
            pace = self._pace(f"price of {name}", -signs * run[place])
            moved = price + PRICE_RATE * self._scale(place, trace) * pace
            self._prices[name] = np.maximum(moved, 0.0)
        used = self._weights > 0
        if (used.sum(axis=2) > 1).any():
            pull = self._auditor.values(run) * used
            moved = self._weights * np.exp(WEIGHT_RATE * self._pace("weights", pull))
            self._weights = moved / np.maximum(moved.sum(axis=2, keepdims=True), 1e-30)

    def _scale(self, place: str, trace: Trace) -> Reals:
        """Of prices: the coefficients of what is bent there, when the ascent began."""
        if place not in self._scales:
            found = [
                np.abs(trace[step.name]).max(axis=2, keepdims=True)
                for step in self._auditor.bends
                if step.operand == place and step.name in trace
            ]
            self._scales[place] = found[0] if found else np.ones((1, 1, 1))
        return self._scales[place]

    def _pace(self, name: str, gradient: Reals) -> Reals:
        """The direction of a step, of about one for every entry."""
        gradient = np.nan_to_num(gradient, posinf=0.0, neginf=0.0)
        mean, square = self._mean.get(name, 0.0), self._square.get(name, 0.0)
        self._mean[name] = mean = MEAN_DECAY * mean + (1 - MEAN_DECAY) * gradient
        self._square[name] = square = SQUARE_DECAY * square + (1 - SQUARE_DECAY) * gradient**2
        size = np.sqrt(square / (1 - SQUARE_DECAY**self._steps)) + 1e-12
        fade = RATE_DECAY ** (self._steps - 1) / (1 - MEAN_DECAY**self._steps)
        return mean / size * fade

    def _followed(self, trace: Trace, given: Arguments) -> dict[str, Reals]:
        """Every step (B, K, size) where the bounds are attained, along their lines."""
        boxes, tensors = self._state.boxes, self._state.tensors
        run = {POINT: np.where(trace[POINT] > 0, boxes.low[:, None], boxes.high[:, None])}
        chosen = self._auditor.chosen(self._state, given.slopes)
        for step in self._auditor.program.steps:
            if isinstance(step, Mix):
                value = np.broadcast_to(step.constant, (*self._least.shape, step.size))
                for name, matrix in step.matrices.items():
                    value = value + product(run[name], matrix.T)
            else:
                tensor, up = tensors[step.name], trace.get(step.name, np.zeros((1, 1, 1))) > 0
                value = np.where(up, tensor.floor[:, None], tensor.ceiling[:, None])
                for slopes in tensor.slopes:
                    below = chosen.get(step.name, slopes.below[:, None])
                    line = np.where(up, below, slopes.above[:, None])
                    value = value + line * run[slopes.operand]
            run[step.name] = value
        return run


def _single(values: Reals) -> Reals:
    """As float32 holds them."""
    return values.astype(np.float32).astype(np.float64)
