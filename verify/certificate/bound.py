"""The auditor's bounds: what the inequalities of a problem can reach on a batch of boxes, at most.

Backward linear bounds (Zhang et al., Efficient neural network robustness certification with general
activation functions, NeurIPS 2018) in float64, with an error term for every operation. A run is any
assignment of values to the steps of a `Program` in which every step is off by no more than a
float32 evaluation may be (or not at all, for the guarantee `real`). `verify.certificate.relax` says
what is known of each step.

A comparison with NaN is false, and infinite terms close nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from verify.certificate import relax
from verify.certificate.argument import LEVELS, Arguments
from verify.certificate.box import Boxes
from verify.certificate.contrary import contraries
from verify.certificate.program import read_program
from verify.certificate.relax import UNDERFLOW, UNIT, Slopes, Tensor, gamma
from verify.certificate.step import (
    POINT,
    Bend,
    Curve,
    Mix,
    Product,
    Reals,
    Step,
    Truth,
    magnitude,
    product,
)
from verify.problem.problem import Problem

Trace = dict[str, Reals]
NOTHING: Mapping[str, Reals] = {}
LARGEST = 1e100
"""Beyond this a tensor's bounds count as infinite."""


@dataclass(frozen=True)
class Sweep:
    """What is known of the steps on boxes.

    Attributes:
        boxes: the boxes.
        tensors: the point and the steps, by name.
        empty: boxes on which there is no run at all (B,).
    """

    boxes: Boxes
    tensors: Mapping[str, Tensor]
    empty: Truth

    def select(self, boxes: Truth) -> Sweep:
        """That of some of the boxes."""
        tensors = {name: tensor.select(boxes) for name, tensor in self.tensors.items()}
        return Sweep(self.boxes.select(boxes), tensors, self.empty[boxes])


@dataclass(frozen=True)
class Reach:
    """What inequalities reach on boxes.

    Attributes:
        upper: their largest values, at most (B, K).
        slope, offset: affine functions of the point that are nowhere below them, (B, K, n) and
            (B, K); the offsets carry all errors.
        known_slope, known_offset: the same for what is known of signs, and then of limits, C
            functionals each of which is not negative on all runs in the box: (B, C, n) and (B, C).
    """

    upper: Reals
    slope: Reals
    offset: Reals
    known_slope: Reals
    known_offset: Reals

    def select(self, boxes: Truth) -> Reach:
        """That of some of the boxes."""
        return Reach(
            self.upper[boxes],
            self.slope[boxes],
            self.offset[boxes],
            self.known_slope[boxes],
            self.known_offset[boxes],
        )


class Auditor:
    """Bounds for one problem.

    Args:
        problem: the problem.
        deployed: whether the bounds must also hold for float32 evaluations.

    Raises:
        UnsupportedOperator: the network has an operator that the auditor does not take.
    """

    def __init__(self, problem: Problem, *, deployed: bool) -> None:
        self.program = read_program(problem)
        self.pairs = contraries(problem.inequalities)
        self.deployed = deployed
        self._magnitudes = {
            step.name: {name: magnitude(m) for name, m in step.matrices.items()}
            for step in self.program.steps
            if isinstance(step, Mix)
        }
        self._weights = {
            name: np.sum([np.asarray(m.sum(axis=1)).ravel() for m in matrices.values()], axis=0)
            for name, matrices in self._magnitudes.items()
        }
        self._start: dict[str, Reals] = {}
        self._drift: dict[str, Reals] = {}
        self._goal(problem)
        self._refined = self._deep()

    def _goal(self, problem: Problem) -> None:
        """The inequalities, negated, over the tensors, and what rounding them leaves out."""
        rows = len(problem.inequalities)
        self._constant = np.zeros(rows)
        self._constant_drift = np.zeros(rows)
        for row, inequality in enumerate(problem.inequalities):
            exact = -inequality.expression.constant
            self._constant[row] = _nearest(exact)
            self._constant_drift[row] = _drift(exact)
            for (tensor, position), coefficient in inequality.expression.terms.items():
                place = self.program.place[tensor]
                for table in (self._start, self._drift):
                    table.setdefault(place, np.zeros((rows, self.program.sizes[place])))
                before = self._start[place][row, position]
                total = before + _nearest(-coefficient)
                self._start[place][row, position] = total
                self._drift[place][row, position] += _drift(-coefficient) + UNIT * 2 * abs(total)

    def _deep(self) -> dict[str, bool]:
        """Operands, more than one step from the point, of what is no sum: there intervals lose
        something. By name, whether it suffices to know their signs, as it does for bends.
        """
        depth = {POINT: 0}
        refined: dict[str, bool] = {}
        for step in self.program.steps:
            depth[step.name] = 1 + max([depth[name] for name in step.operands], default=0)
            if not isinstance(step, Mix):
                for name in step.operands:
                    if depth[name] > 1:
                        refined[name] = refined.get(name, True) and isinstance(step, Bend)
        return refined

    def sweep(self, boxes: Boxes) -> Sweep:
        """What is known of the steps on boxes."""
        with np.errstate(all="ignore"):
            tensors: dict[str, Tensor] = {}
            point = Tensor(boxes.low, boxes.high, np.zeros_like(boxes.low))
            tensors[POINT] = point
            empty = (boxes.low > boxes.high).any(axis=1)
            empty |= self._clip(POINT, point, boxes)
            for step in self.program.steps:
                tensor = tensors[step.name] = self._relaxed(step, tensors)
                if step.name in self._refined:
                    self._refine(step.name, tensors)
                empty |= self._clip(step.name, tensor, boxes)
        return Sweep(boxes, tensors, empty)

    def reach(self, state: Sweep) -> Reach:
        """What the inequalities reach."""
        with np.errstate(all="ignore"):
            constant = self._constant - self._constant_drift
            for name, drift in self._drift.items():
                constant = constant - (state.tensors[name].size @ drift.T) * (1 + 1e-6)
            constant = np.broadcast_to(constant, (len(state.empty), len(self._constant)))
            start = {name: value[None] for name, value in self._start.items()}
            lower, slope, offset = self._backward(state.tensors, start, constant)
            known_slope, known_offset = self._known(state.tensors, state.boxes)
        return Reach(-lower, -slope, -offset, known_slope, known_offset)

    def summed(self, state: Sweep, given: Arguments, trace: Trace | None = None) -> Reals:
        """What the weighted sums of arguments reach, at most, (B, K).

        Args:
            state: the sweep.
            given: the arguments of the boxes.
            trace: is given the slopes of the sums at the point, and their coefficients at each
                bend, negated, (B, K, size).
        """
        weights, start = given.weights, dict[str, Reals]()
        terms = gamma(2 * weights.shape[2] + 10)
        with np.errstate(all="ignore"):
            constant = weights @ self._constant
            constant = constant - weights @ (self._constant_drift + np.abs(self._constant) * terms)
            for name, table in self._start.items():
                start[name] = weights @ table
                lost = weights @ (self._drift[name] * (1 + 1e-6) + np.abs(table) * terms)
                constant = constant - _dot(lost, state.tensors[name].size) * (1 + 1e-6)
            for tensor, price in given.prices.items():
                name = self.program.place[tensor]
                priced = start.get(name, 0.0) - price * state.boxes.signs[tensor][:, None]
                size = state.tensors[name].size
                constant = constant - _dot(np.abs(priced), size) * (4 * UNIT)
                start[name] = priced
            chosen = self.chosen(state, given.slopes)
            lower, slope, _ = self._backward(state.tensors, start, constant, chosen, trace)
            if trace is not None:
                trace[POINT] = slope
        return -lower

    def chosen(self, state: Sweep, levels: Reals) -> dict[str, Reals]:
        """Slopes below the bends (B, K, size), from levels (B, K, S)."""
        chosen: dict[str, Reals] = {}
        stop = 0
        for step in self.bends:
            start, stop = stop, stop + step.size
            share = levels[:, :, start:stop] / LEVELS
            slope = np.clip(step.alpha + (1 - step.alpha) * share, step.alpha, 1.0)
            (plain,) = state.tensors[step.name].slopes
            mixed = state.tensors[step.operand].is_mixed[:, None]
            chosen[step.name] = np.where(mixed, slope, plain.below[:, None])
        return chosen

    def values(self, run: Mapping[str, Reals]) -> Reals:
        """The inequalities, negated, where the steps have some values (B, K, size): (B, K, I)."""
        found = self._constant
        for name, table in self._start.items():
            found = found + run[name] @ table.T
        return np.asarray(found)

    @property
    def bends(self) -> list[Bend]:
        """The bends of the program, in its order."""
        return [step for step in self.program.steps if isinstance(step, Bend)]

    def _known(self, tensors: Mapping[str, Tensor], boxes: Boxes) -> tuple[Reals, Reals]:
        """Affine functions above sign * entry, for all entries with a sign on some box, and above
        entry - floor and ceiling - entry, for all with such an end.
        """
        count, width = boxes.low.shape
        slopes, offsets = [np.zeros((count, 0, width))], [np.zeros((count, 0))]
        given = [(name, sign, np.zeros_like(sign)) for name, sign in boxes.signs.items()]
        for name, ends in boxes.limits.items():
            for side, end in zip((1.0, -1.0), ends, strict=True):
                finite = np.isfinite(end)
                given.append((name, side * finite, side * np.where(finite, end, 0.0)))
        for name, sides, ends in given:
            entries = np.flatnonzero((sides != 0).any(axis=0))
            start = np.zeros((count, len(entries), sides.shape[1]))
            start[:, np.arange(len(entries)), entries] = -sides[:, entries]
            start_at = {self.program.place[name]: start}
            _, slope, offset = self._backward(tensors, start_at, ends[:, entries])
            slopes.append(-slope)
            offsets.append(-offset)
        return np.concatenate(slopes, axis=1), np.concatenate(offsets, axis=1)

    def _clip(self, name: str, tensor: Tensor, boxes: Boxes) -> Truth:
        """Cut the bounds by the known signs and limits; boxes on which nothing is left."""
        for given, (low, high) in boxes.limits.items():
            if self.program.place.get(given) == name:
                tensor.low = np.maximum(tensor.low, low)
                tensor.high = np.minimum(tensor.high, high)
        for given, sign in boxes.signs.items():
            if self.program.place.get(given) == name:
                tensor.low = np.where(sign > 0, np.maximum(tensor.low, 0.0), tensor.low)
                tensor.high = np.where(sign < 0, np.minimum(tensor.high, 0.0), tensor.high)
        return np.any(tensor.low > tensor.high, axis=1)

    def _relaxed(self, step: Step, tensors: Mapping[str, Tensor]) -> Tensor:
        match step:
            case Mix():
                magnitudes, weights = self._magnitudes[step.name], self._weights[step.name]
                return relax.mix(step, tensors, magnitudes, weights, self.deployed)
            case Bend():
                return relax.bend(step, tensors[step.operand], self.deployed)
            case Curve():
                strained = None if step.strain is None else tensors[step.strain]
                return relax.curve(step, tensors[step.operand], strained, self.deployed)
            case Product():
                left, right = tensors[step.left], tensors[step.right]
                return relax.times(step, left, right, self.deployed)

    def _refine(self, name: str, tensors: dict[str, Tensor]) -> None:
        """Intersect intervals of a tensor with backward bounds, where they leave open what counts.

        What is found of a box does not depend on the boxes that it is bounded together with.
        """
        tensor = tensors[name]
        opened = tensor.is_mixed if self._refined[name] else tensor.low < tensor.high
        rows = np.flatnonzero(np.any(opened, axis=0))
        if not len(rows):
            return
        count = len(rows)
        start = np.zeros((1, 2 * count, tensor.low.shape[1]))
        start[0, np.arange(count), rows] = 1.0
        start[0, count + np.arange(count), rows] = -1.0
        zero = np.zeros((len(tensor.low), 2 * count))
        bound, _, _ = self._backward(tensors, {name: start}, zero)
        # fmax and fmin pass over a bound that is not a number.
        low, high = tensor.low[:, rows], tensor.high[:, rows]
        mine = opened[:, rows]
        tensor.low[:, rows] = np.where(mine, np.fmax(low, bound[:, :count]), low)
        tensor.high[:, rows] = np.where(mine, np.fmin(high, -bound[:, count:]), high)

    def _backward(
        self,
        tensors: Mapping[str, Tensor],
        start: dict[str, Reals],
        constant: Reals,
        chosen: Mapping[str, Reals] = NOTHING,
        trace: Trace | None = None,
    ) -> tuple[Reals, Reals, Reals]:
        """Lower bounds of affine functionals: (B, K), and the affine functions of the point."""
        pending = dict(start)
        total = constant
        for step in reversed(self.program.steps):
            if step.name not in pending or step.name not in tensors:
                continue
            coefficients, tensor = pending.pop(step.name), tensors[step.name]
            if isinstance(step, Mix):
                total = total - _dot(np.abs(coefficients), tensor.loss)
                total = total + coefficients @ step.constant
                pulled = [(n, product(coefficients, m)) for n, m in step.matrices.items()]
            else:
                total = total + _lines(coefficients, tensor)
                below = chosen.get(step.name)
                pulled = [_pulled(coefficients, slopes, below) for slopes in tensor.slopes]
                if trace is not None:
                    trace[step.name] = coefficients
            for name, value in pulled:
                if name in pending:
                    value = pending[name] + value
                    total = total - _dot(np.abs(value), tensors[name].size) * (4 * UNIT)
                pending[name] = value
            total = total - np.abs(total) * (8 * UNIT)
        return self._concretised(tensors, pending.get(POINT), total)

    def _concretised(
        self, tensors: Mapping[str, Tensor], slope: Reals | None, total: Reals
    ) -> tuple[Reals, Reals, Reals]:
        point = tensors[POINT]
        if slope is None:
            slope = np.zeros((1, total.shape[1], point.low.shape[1]))
        slope = np.broadcast_to(slope, (*total.shape, point.low.shape[1]))
        everything = sum(t.size.sum(axis=1) for t in tensors.values())
        everything = np.where(everything < LARGEST, everything, np.inf)
        loss = _dot(np.abs(slope), point.size) * gamma(point.low.shape[1])
        total = total - loss - (1.0 + np.asarray(everything))[:, None] * UNDERFLOW
        total = total - np.abs(total) * (8 * UNIT)
        least = _dot(np.maximum(slope, 0.0), point.low) + _dot(np.minimum(slope, 0.0), point.high)
        lower = least + total
        return lower - (np.abs(least) + np.abs(total)) * (4 * UNIT), slope, total


def _lines(coefficients: Reals, tensor: Tensor) -> Reals:
    """The constants of the functions that a step lies between, less |A| . F."""
    minus = np.minimum(coefficients, 0.0)
    added = _dot(minus, tensor.ceiling - tensor.floor + 2.003 * tensor.loss)
    return added + _dot(coefficients, tensor.floor - tensor.loss * 1.001)


def _pulled(coefficients: Reals, slopes: Slopes, below: Reals | None) -> tuple[str, Reals]:
    """An operand's coefficients, where other slopes below may be chosen (B, K, n)."""
    below = slopes.below[:, None] if below is None else below
    pulled = np.where(coefficients > 0, below, slopes.above[:, None])
    pulled *= coefficients
    return slopes.operand, pulled


def _dot(coefficients: Reals, values: Reals) -> Reals:
    """Sums of coefficients (B or 1, K, n) times values (B, n): (B, K)."""
    if coefficients.shape[0] == 1:
        return values @ coefficients[0].T
    return (coefficients @ values[..., None])[..., 0]


def _nearest(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _drift(value: Fraction) -> float:
    """How far the nearest float64 is from a rational, at most."""
    nearest = _nearest(value)
    if np.isinf(nearest):
        return float("inf")
    return 0.0 if Fraction(nearest) == value else abs(nearest) * 2 * UNIT + UNDERFLOW
