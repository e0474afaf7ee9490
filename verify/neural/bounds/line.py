"""Linear relaxations of functions of one variable.

Each function gives, from bounds low <= z <= high, two lines that enclose it for all real z there:
`slope_below * z + offset_below <= f(z) <= slope_above * z + offset_above`.
Offsets are moved outward by more than the rounding of their own computation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from verify.neural.bounds.rounding import FUNCTION_ULPS, of


@dataclass(frozen=True)
class Lines:
    """Slopes and offsets below and above, each of the shape of the bounds."""

    slope_below: Tensor
    offset_below: Tensor
    slope_above: Tensor
    offset_above: Tensor

    def select(self, index: Tensor) -> Lines:
        """Those of some boxes."""
        return Lines(
            self.slope_below[index],
            self.offset_below[index],
            self.slope_above[index],
            self.offset_above[index],
        )

    @staticmethod
    def join(parts: Sequence[Lines]) -> Lines:
        """Those of some boxes, and of others."""
        return Lines(
            torch.cat([p.slope_below for p in parts]),
            torch.cat([p.offset_below for p in parts]),
            torch.cat([p.slope_above for p in parts]),
            torch.cat([p.offset_above for p in parts]),
        )


Relaxation = Callable[[Tensor, Tensor, Mapping[str, Any]], Lines]


def relu(low: Tensor, high: Tensor, attributes: Mapping[str, Any]) -> Lines:
    """max(z, 0): the chord above; below, 0 or z, whichever leaves the smaller area."""
    return _bent(low, high, 0.0)


def leaky_relu(low: Tensor, high: Tensor, attributes: Mapping[str, Any]) -> Lines:
    """z above 0, alpha z below, 0 <= alpha; concave for alpha > 1."""
    alpha = float(attributes["alpha"])
    if alpha <= 1:
        return _bent(low, high, alpha)
    flipped = _bent(-high, -low, 1 / alpha)
    scale = alpha
    slack = 4 * of(low.dtype).unit
    # f(z) = -alpha * g(-z) with g the leaky ReLU of slope 1 / alpha.
    return Lines(
        flipped.slope_above * scale,
        -(flipped.offset_above * scale) * (1 + slack) - _error(low, high) * scale,
        flipped.slope_below * scale,
        -(flipped.offset_below * scale) + _error(low, high) * scale,
    )


def absolute(low: Tensor, high: Tensor, attributes: Mapping[str, Any]) -> Lines:
    """|z|: the chord above; below, z or -z, whichever is larger at the middle."""
    return _bent(low, high, -1.0)


def _bent(low: Tensor, high: Tensor, alpha: float) -> Lines:
    """z above 0 and alpha z below, alpha <= 1: convex."""
    zero, one = torch.zeros_like(low), torch.ones_like(low)
    right, left = low >= 0, high <= 0
    mixed = ~(right | left)
    width = torch.where(mixed, high - low, one)
    chord = (high - alpha * low) / width
    slope_above = torch.where(right, one, torch.where(left, one * alpha, chord))
    # The line must reach alpha * low at low and high at high: both residues are bounded from above.
    at_low, at_high = (alpha - chord) * low, (1 - chord) * high
    residue = torch.maximum(at_low, at_high)
    offset_above = torch.where(mixed, residue + _error(low, high) * (1 + abs(alpha)), zero)
    slope_below = torch.where(right | (mixed & (high > -low)), one, one * alpha)
    # A slope that the format does not hold is off by one rounding.
    inexact = zero if alpha in (0.0, 1.0, -1.0) else _error(low, high) * abs(alpha)
    return Lines(slope_below, zero - inexact, slope_above, offset_above + inexact)


def tanh(low: Tensor, high: Tensor, attributes: Mapping[str, Any]) -> Lines:
    """tanh z."""
    return _s_shaped(low, high, torch.tanh, lambda z: 1 - torch.tanh(z) ** 2)


def sigmoid(low: Tensor, high: Tensor, attributes: Mapping[str, Any]) -> Lines:
    """1 / (1 + e^-z)."""
    return _s_shaped(low, high, torch.sigmoid, lambda z: torch.sigmoid(z) * torch.sigmoid(-z))


def exp(low: Tensor, high: Tensor, attributes: Mapping[str, Any]) -> Lines:
    """e^z, convex."""
    return _convex(low, high, torch.exp, torch.exp)


def elu(low: Tensor, high: Tensor, attributes: Mapping[str, Any]) -> Lines:
    """z above 0, alpha (e^z - 1) below; convex for alpha <= 1, bounded by constants otherwise."""
    alpha = float(attributes["alpha"])

    def value(z: Tensor) -> Tensor:
        return torch.where(z > 0, z, alpha * torch.expm1(torch.clamp(z, max=0)))

    def derivative(z: Tensor) -> Tensor:
        return torch.where(z > 0, torch.ones_like(z), alpha * torch.exp(torch.clamp(z, max=0)))

    if alpha <= 1:
        return _convex(low, high, value, derivative)
    zero = torch.zeros_like(low)
    slack = _function_error(low, high, value(low), value(high)) * (1 + alpha)
    return Lines(zero, value(low) - slack, zero, value(high) + slack)


def erf(low: Tensor, high: Tensor, attributes: Mapping[str, Any]) -> Lines:
    """The error function."""
    return _s_shaped(low, high, torch.erf, lambda z: (2 / math.sqrt(math.pi)) * torch.exp(-z * z))


def softplus(low: Tensor, high: Tensor, attributes: Mapping[str, Any]) -> Lines:
    """log(1 + e^z), convex."""
    return _convex(low, high, lambda z: torch.logaddexp(z, torch.zeros_like(z)), torch.sigmoid)


def log(low: Tensor, high: Tensor, attributes: Mapping[str, Any]) -> Lines:
    """The natural logarithm of positive numbers, concave; unbounded where z may not be one."""
    safe = low > of(low.dtype).tiny
    one, infinite = torch.ones_like(low), torch.full_like(low, torch.inf)
    inner_low, inner_high = torch.where(safe, low, one), torch.where(safe, high, one)
    mirrored = _convex(inner_low, inner_high, lambda z: -torch.log(z), lambda z: -1 / z)
    # The tangent's slope times z is up to high / middle <= 2, so that the slack covers it.
    return Lines(
        torch.where(safe, -mirrored.slope_above, 0 * one),
        torch.where(safe, -mirrored.offset_above, -infinite),
        torch.where(safe, -mirrored.slope_below, 0 * one),
        torch.where(safe, -mirrored.offset_below, infinite),
    )


def sqrt(low: Tensor, high: Tensor, attributes: Mapping[str, Any]) -> Lines:
    """The square root, concave: chord below, tangent at the middle above; errors are relative."""
    rounding = of(low.dtype)
    safe = low >= 0
    zero, infinite = torch.zeros_like(low), torch.full_like(low, torch.inf)
    inner_low, inner_high = torch.where(safe, low, zero), torch.where(safe, high, zero)
    at_low, at_high = torch.sqrt(inner_low), torch.sqrt(inner_high)
    middle = (inner_low / 2 + inner_high / 2).clamp(min=rounding.tiny)
    tangent = 1 / (2 * torch.sqrt(middle))
    chord = 1 / (at_low + at_high).clamp(min=rounding.tiny**0.5)
    below = torch.minimum(at_low - chord * inner_low, at_high - chord * inner_high)
    above = torch.sqrt(middle) / 2
    # Slopes times z are at most 2 sqrt(high); all errors are relative to that.
    slack = at_high * (16 * FUNCTION_ULPS * rounding.unit) + rounding.tiny**0.5
    return Lines(
        torch.where(safe, chord, zero),
        torch.where(safe, below - slack, -infinite),
        torch.where(safe, tangent, zero),
        torch.where(safe, above + slack, infinite),
    )


def _s_shaped(
    low: Tensor,
    high: Tensor,
    value: Callable[[Tensor], Tensor],
    derivative: Callable[[Tensor], Tensor],
) -> Lines:
    """Increasing, convex left of 0 and concave right of it, derivative largest at 0.

    Across 0, lines of the smaller end derivative through the ends; on one side, chord and tangent.
    """
    at_low, at_high = value(low), value(high)
    end = torch.minimum(derivative(low), derivative(high)) * (1 - 1e-4)
    slack = _function_error(low, high, at_low, at_high)
    chord, middle, tangent = _chord_and_tangent(low, high, at_low, at_high, value, derivative)
    concave, convex = low >= 0, high <= 0
    slope_below = torch.where(concave, chord, torch.where(convex, tangent, end))
    slope_above = torch.where(concave, tangent, torch.where(convex, chord, end))
    touch = value(middle) - tangent * middle
    offset_below = torch.where(
        concave, torch.minimum(at_low - chord * low, at_high - chord * high), at_low - end * low
    )
    offset_above = torch.where(
        convex, torch.maximum(at_low - chord * low, at_high - chord * high), at_high - end * high
    )
    return Lines(
        slope_below,
        torch.where(convex, touch, offset_below) - slack,
        slope_above,
        torch.where(concave, touch, offset_above) + slack,
    )


def _convex(
    low: Tensor,
    high: Tensor,
    value: Callable[[Tensor], Tensor],
    derivative: Callable[[Tensor], Tensor],
) -> Lines:
    at_low, at_high = value(low), value(high)
    slack = _function_error(low, high, at_low, at_high)
    chord, middle, tangent = _chord_and_tangent(low, high, at_low, at_high, value, derivative)
    above = torch.maximum(at_low - chord * low, at_high - chord * high)
    return Lines(tangent, value(middle) - tangent * middle - slack, chord, above + slack)


def _chord_and_tangent(
    low: Tensor,
    high: Tensor,
    at_low: Tensor,
    at_high: Tensor,
    value: Callable[[Tensor], Tensor],
    derivative: Callable[[Tensor], Tensor],
) -> tuple[Tensor, Tensor, Tensor]:
    width = high - low
    middle = (low + high) / 2
    tangent = derivative(middle)
    narrow = width < 1e-3 * (1 + low.abs())
    chord = torch.where(
        narrow, tangent, (at_high - at_low) / torch.where(narrow, torch.ones_like(width), width)
    )
    return chord, middle, tangent


def _error(low: Tensor, high: Tensor) -> Tensor:
    """More than the rounding of a few products of magnitudes up to the bounds."""
    rounding = of(low.dtype)
    return (low.abs() + high.abs()) * (8 * rounding.unit) + rounding.tiny


def _function_error(low: Tensor, high: Tensor, at_low: Tensor, at_high: Tensor) -> Tensor:
    """More than the error of values, slopes and offsets of an elementary function over [low, high].

    A slope is off by at most 4 FUNCTION_ULPS units relative to the larger end value or derivative,
    which moves a line by that much times the larger |z|.
    """
    rounding = of(low.dtype)
    reach = torch.maximum(low.abs(), high.abs())
    size = torch.maximum(at_low.abs(), at_high.abs()) + 1
    return size * (1 + reach) * (8 * FUNCTION_ULPS * rounding.unit) + rounding.tiny


LINES: Mapping[str, Relaxation] = {
    "relu": relu,
    "leaky_relu": leaky_relu,
    "abs": absolute,
    "tanh": tanh,
    "sigmoid": sigmoid,
    "exp": exp,
    "elu": elu,
    "erf": erf,
    "softplus": softplus,
    "log": log,
    "sqrt": sqrt,
}
