"""Linear relaxations of functions of one variable.

Each function gives, from bounds low <= z <= high, two lines that enclose it for all real z there:
`slope_below * z + offset_below <= f(z) <= slope_above * z + offset_above`.
Offsets are moved outward by more than the rounding of their own computation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from verify.neural.bounds.bent import absolute, leaky_relu, relu
from verify.neural.bounds.curve import (
    Line,
    Lines,
    Relaxation,
    above,
    chord,
    convex_below,
    function_error,
    s_below,
    value_error,
)
from verify.neural.bounds.rounding import FUNCTION_ULPS, SINGLE, of


def tanh(low: Tensor, high: Tensor, attributes: Mapping[str, Any]) -> Lines:
    """tanh z."""
    return _s_shaped(low, high, torch.tanh, _tanh_slope)


def sigmoid(low: Tensor, high: Tensor, attributes: Mapping[str, Any]) -> Lines:
    """1 / (1 + e^-z)."""
    return _s_shaped(low, high, torch.sigmoid, _sigmoid_slope)


def _tanh_slope(z: Tensor) -> Tensor:
    return 1 - torch.tanh(z) ** 2


def _sigmoid_slope(z: Tensor) -> Tensor:
    return torch.sigmoid(z) * torch.sigmoid(-z)


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
    slack = function_error(low, high, value(low), value(high)) * (1 + alpha)
    least, most = value(low) - slack, value(high) + slack
    size = torch.maximum(least.abs(), most.abs())
    return Lines(zero, least, zero, most, least, most, size)


def erf(low: Tensor, high: Tensor, attributes: Mapping[str, Any]) -> Lines:
    """The error function."""
    return _s_shaped(low, high, torch.erf, _erf_slope)


def _erf_slope(z: Tensor) -> Tensor:
    return (2 / math.sqrt(math.pi)) * torch.exp(-z * z)


def softplus(low: Tensor, high: Tensor, attributes: Mapping[str, Any]) -> Lines:
    """log(1 + e^z), convex."""
    return _convex(low, high, lambda z: torch.logaddexp(z, torch.zeros_like(z)), torch.sigmoid)


def log(low: Tensor, high: Tensor, attributes: Mapping[str, Any]) -> Lines:
    """The natural logarithm of positive numbers, concave; unbounded where z may not be one, or may
    be flushed to zero.
    """
    safe = low > SINGLE.tiny
    a, b = (torch.where(safe, z, torch.ones_like(z)) for z in (low, high))
    at_low, at_high = torch.log(a), torch.log(b)
    middle = (a + b) / 2
    tangent = 1 / middle
    slope = chord(a, b, at_low, at_high, torch.reciprocal)
    # The tangent's slope times z is up to high / middle <= 2, so that the slack covers it.
    slack = function_error(a, b, at_low, at_high)
    below = torch.minimum(at_low - slope * a, at_high - slope * b) - slack
    over = torch.log(middle) - 1 + slack
    largest = torch.maximum(at_low.abs(), at_high.abs())
    return _safely(safe, slope, below, tangent, over, at_low - slack, at_high + slack,
                   3 + slope * b + below.abs() + largest)  # fmt: skip


def sqrt(low: Tensor, high: Tensor, attributes: Mapping[str, Any]) -> Lines:
    """The square root, concave: chord below, tangent at the middle above; errors are relative."""
    rounding = of(low.dtype)
    safe = low >= 0
    a, b = (torch.where(safe, z, torch.zeros_like(z)) for z in (low, high))
    at_low, at_high = torch.sqrt(a), torch.sqrt(b)
    middle = (a / 2 + b / 2).clamp(min=rounding.tiny)
    tangent = 1 / (2 * torch.sqrt(middle))
    slope = 1 / (at_low + at_high).clamp(min=rounding.tiny**0.5)
    # Slopes times z are at most 2 sqrt(high); all errors are relative to that.
    slack = at_high * (16 * FUNCTION_ULPS * rounding.unit) + rounding.tiny**0.5
    below = torch.minimum(at_low - slope * a, at_high - slope * b) - slack
    over = torch.sqrt(middle) / 2 + slack
    return _safely(safe, slope, below, tangent, over, (at_low - slack).clamp(min=0),
                   at_high + slack, 4 * at_high + below.abs() + over)  # fmt: skip


def _safely(
    safe: Tensor,
    slope_below: Tensor,
    below: Tensor,
    slope_above: Tensor,
    over: Tensor,
    least: Tensor,
    most: Tensor,
    size: Tensor,
) -> Lines:
    """Lines where the function is defined; elsewhere nothing is known."""
    zero, infinite = torch.zeros_like(below), torch.full_like(below, torch.inf)
    return Lines(
        torch.where(safe, slope_below, zero),
        torch.where(safe, below, -infinite),
        torch.where(safe, slope_above, zero),
        torch.where(safe, over, infinite),
        torch.where(safe, least, -infinite),
        torch.where(safe, most, infinite),
        torch.where(safe, size, infinite),
    )


def _s_shaped(
    low: Tensor,
    high: Tensor,
    value: Callable[[Tensor], Tensor],
    derivative: Callable[[Tensor], Tensor],
) -> Lines:
    """Increasing, convex left of 0 and concave right of it, derivative even and largest at 0."""
    at_low, at_high = value(low), value(high)
    below = s_below(low, high, value, derivative)
    # -f(-z) is of the same shape: a line below it is one above f.
    mirrored = s_below(-high, -low, lambda z: -value(-z), derivative)
    steepest = derivative(torch.minimum(torch.maximum(low, torch.zeros_like(low)), high))
    return _between(low, high, at_low, at_high, below, above(mirrored), steepest)


def _convex(
    low: Tensor,
    high: Tensor,
    value: Callable[[Tensor], Tensor],
    derivative: Callable[[Tensor], Tensor],
) -> Lines:
    """Increasing and convex: a tangent below, the chord above."""
    at_low, at_high = value(low), value(high)
    below = convex_below(low, high, value, derivative)
    slope = chord(low, high, at_low, at_high, derivative)
    offset = torch.maximum(at_low - slope * low, at_high - slope * high)
    return _between(low, high, at_low, at_high, below, Line(slope, offset), derivative(high))


def _between(
    low: Tensor,
    high: Tensor,
    at_low: Tensor,
    at_high: Tensor,
    below: Line,
    over: Line,
    steepest: Tensor,
) -> Lines:
    """Lines of an increasing function, moved outward."""
    slack, own = function_error(low, high, at_low, at_high), value_error(at_low, at_high)
    reach = torch.maximum(low.abs(), high.abs())
    largest = torch.maximum(at_low.abs(), at_high.abs())
    return Lines(
        below.slope,
        below.offset - slack,
        over.slope,
        over.offset + slack,
        at_low - own,
        at_high + own,
        (steepest.abs() * reach) * 2.01 + largest + slack,
    )


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
