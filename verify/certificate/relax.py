"""What the auditor knows of each step on a batch of boxes: bounds, enclosing lines, errors.

For every step y there is a vector F, on each box, such that for all coefficients A and all runs

    A . y  >=  (the coefficients and constant that are computed from A) . operands  -  |A| . F

F covers what a run is off, and what the float64 arithmetic of the backward pass is off: a sum of
n products is off by at most gamma(n) times the sum of their magnitudes, in whatever order it is
summed (Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 3.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from verify.certificate.curve import lines
from verify.certificate.step import Bend, Curve, Matrix, Mix, Product, Reals, Truth, product

UNIT = 2.0**-53
UNIT32 = 2.0**-24
TINY32 = 2.0**-126
UNDERFLOW = 1e-250
"""More than all float64 underflows of a pass can cost, for each unit of the tensors' sizes."""

LARGEST32 = 2.0**126
"""Sums of magnitudes up to this size do not overflow in float32, whatever their order."""

NO_OFFSETS = np.zeros((0, 0))

MOST_STRAIN = 0.01
"""Errors of exponentials beyond this proportion are not bounded."""


def gamma(terms: int) -> float:
    """Relative error of a float64 sum of this many products, and of a few operations more."""
    return 2 * (terms + 10) * UNIT


@dataclass(frozen=True)
class Slopes:
    """What one operand (B, n) contributes to the lines below and above a step."""

    operand: str
    below: Reals
    above: Reals

    def select(self, boxes: Truth) -> Slopes:
        """Those of some of the boxes."""
        return Slopes(self.operand, self.below[boxes], self.above[boxes])


@dataclass
class Tensor:
    """A step on a batch of boxes.

    Attributes:
        low, high: bounds of its entries (B, n).
        loss: F.
        slopes: where it is no sum, those of the affine functions below and above it.
        floor, ceiling: their constants.
    """

    low: Reals
    high: Reals
    loss: Reals
    slopes: tuple[Slopes, ...] = ()
    floor: Reals = field(default_factory=lambda: NO_OFFSETS)
    ceiling: Reals = field(default_factory=lambda: NO_OFFSETS)

    def select(self, boxes: Truth) -> Tensor:
        """What is known on some of the boxes."""
        slopes = tuple(one.select(boxes) for one in self.slopes)
        low, high, loss = self.low[boxes], self.high[boxes], self.loss[boxes]
        if not slopes:
            return Tensor(low, high, loss)
        return Tensor(low, high, loss, slopes, self.floor[boxes], self.ceiling[boxes])

    @property
    def size(self) -> Reals:
        """The largest magnitudes of the entries."""
        return np.maximum(np.abs(self.low), np.abs(self.high))

    @property
    def is_mixed(self) -> Truth:
        """Whether the entries may have either sign."""
        return (self.low < 0) & (self.high > 0)


Tensors = Mapping[str, Tensor]


def mix(
    step: Mix, tensors: Tensors, magnitudes: Mapping[str, Matrix], weights: Reals, deployed: bool
) -> Tensor:
    """A sum.

    Args:
        step: the step.
        tensors: what is known of those before it.
        magnitudes: its matrices in absolute values.
        weights: the sum of these in each row.
        deployed: whether runs are off by what a float32 evaluation may be.
    """
    centre, spread, total = step.constant, 0.0, np.abs(step.constant)
    terms, sizes = 4, 0.0
    for name, matrix in step.matrices.items():
        operand, transposed = tensors[name], magnitudes[name].T
        middle = operand.low / 2 + operand.high / 2
        radius = np.maximum(operand.high - middle, middle - operand.low) * (1 + 4 * UNIT)
        centre = centre + product(middle, matrix.T)
        spread = spread + product(radius, transposed)
        total = total + product(operand.size, transposed)
        terms += matrix.shape[0] + matrix.shape[1]
        sizes = sizes + operand.size.sum(axis=1, keepdims=True)
    total = total * (1 + 1e-6)
    loss = total * (gamma(terms) + (2 * UNIT if step.inexact else 0.0))
    if deployed and step.relative:
        rounded = total
        if step.spread is not None:
            (matrix,) = magnitudes.values()
            rounded = product(tensors[step.spread].size ** 2, matrix.T) * (1 + 1e-6)
        own = rounded * step.relative + TINY32 * (sizes + weights + 4 * terms)
        sure = centre - spread > 2 * (loss + own) if step.spread is not None else True
        loss = loss + np.where((rounded < LARGEST32) & sure, own, np.inf)
    loss = loss * (1 + 1e-6) + UNDERFLOW
    edge = spread + loss
    edge = edge + np.abs(centre) * (4 * UNIT) + edge * 1e-12
    return Tensor(centre - edge, centre + edge, loss)


def bend(step: Bend, operand: Tensor, deployed: bool) -> Tensor:
    """A convex function with a corner at zero: the chord above, one of its two lines below."""
    alpha, low, high = step.alpha, operand.low, operand.high
    right, left = low >= 0, high <= 0
    mixed = ~(right | left)
    width = np.where(mixed, high - low, 1.0)
    chord = (high - alpha * low) / width
    above = np.where(right, 1.0, np.where(left, alpha, chord))
    below = np.where(right | (mixed & (high > -low)), 1.0, alpha)
    slack = 8 * UNIT * (1 + abs(alpha)) * np.maximum(-low, high) + UNDERFLOW
    reached = np.maximum((alpha - chord) * low, (1 - chord) * high) + slack
    ceiling = np.where(mixed, reached, 0.0)
    loss = (operand.size + np.abs(ceiling)) * gamma(step.size) + UNDERFLOW  # for any slope below
    if deployed:
        loss = loss + operand.size * abs(alpha) * step.relative + 4 * TINY32
    ends = np.where(low < 0, alpha * low, low), np.where(high < 0, alpha * high, high)
    least = np.where(mixed & (alpha < 0), 0.0, np.minimum(*ends))
    least, most = least - loss, np.maximum(*ends) + loss
    if alpha == 0:  # a rectified number is not negative, whatever is rounded
        least = np.maximum(least, 0.0)
    return Tensor(
        least, most, loss, (Slopes(step.operand, below, above),), np.zeros_like(ceiling), ceiling
    )


def curve(step: Curve, operand: Tensor, strained: Tensor | None, deployed: bool) -> Tensor:
    """A smooth function.

    Args:
        step: the step.
        operand: what it is a function of.
        strained: the tensor that `strain` names.
        deployed: as in `mix`.
    """
    found = lines(step.form, operand.low, operand.high)
    slope = np.maximum(np.abs(found.below), np.abs(found.above))
    size = operand.size * slope + 2 * np.abs(found.floor) + np.abs(found.ceiling)
    loss = size * gamma(step.size) + UNDERFLOW
    values = np.maximum(np.abs(found.least), np.abs(found.most))
    own = np.zeros_like(values)
    if deployed and step.relative:
        share = np.full((len(values), 1), step.relative)
        if strained is not None:
            share = share + 8 * UNIT32 * strained.size.max(axis=1, keepdims=True)
        own = (values + step.form.level) * share * (1 + MOST_STRAIN) + TINY32 * (step.size + 4)
        own = np.where((values < LARGEST32) & (share < MOST_STRAIN), own, np.inf)
    slopes = (Slopes(step.operand, found.below, found.above),)
    least, most = found.least - own * (1 + 4 * UNIT), found.most + own * (1 + 4 * UNIT)
    least, most = np.nextafter(least, -np.inf), np.nextafter(most, np.inf)
    return Tensor(least, most, loss + own, slopes, found.floor, found.ceiling)


def times(step: Product, left: Tensor, right: Tensor, deployed: bool) -> Tensor:
    """x y = b x + a y - a b + (x - a) (y - b), with a and b in the middle of the ranges."""
    (a, r), (b, s) = _middle(left), _middle(right)
    spread = r * s * (1 + 8 * UNIT) + UNDERFLOW
    offset = -a * b
    square = step.left == step.right
    floor = offset if square else offset - spread
    ceiling = offset + spread
    size = np.abs(a) * right.size + np.abs(b) * left.size + 3 * (np.abs(offset) + spread)
    loss = size * gamma(step.size) + UNDERFLOW
    own = np.zeros_like(loss)
    if deployed and step.relative:
        values = left.size * right.size * (1 + 4 * UNIT)
        own = values * step.relative + TINY32 * (left.size + right.size + 4)
        own = np.where(values < LARGEST32, own, np.inf)
    corners = np.stack([x * y for x in (left.low, left.high) for y in (right.low, right.high)])
    least, most = corners.min(axis=0), corners.max(axis=0)
    if square:
        least = np.where(left.is_mixed, 0.0, least)
    edge = np.abs(corners).max(axis=0) * (4 * UNIT) + UNDERFLOW + own * (1 + 1e-6)
    slopes = (Slopes(step.left, b, b), Slopes(step.right, a, a))
    return Tensor(least - edge, most + edge, loss + own, slopes, floor, ceiling)


def _middle(tensor: Tensor) -> tuple[Reals, Reals]:
    """The middles of the ranges, and how far their ends are, at most."""
    middle = tensor.low / 2 + tensor.high / 2
    radius = np.maximum(tensor.high - middle, middle - tensor.low) * (1 + 4 * UNIT)
    return middle, radius
