"""Linear relaxations of functions that are z right of zero and a multiple of z left of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from verify.neural.bounds.curve import Lines
from verify.neural.bounds.rounding import of


def relu(low: Tensor, high: Tensor, attributes: Mapping[str, Any]) -> Lines:
    """max(z, 0): the chord above; below, 0 or z, whichever leaves the smaller area."""
    return _bent(low, high, 0.0)


def leaky_relu(low: Tensor, high: Tensor, attributes: Mapping[str, Any]) -> Lines:
    """z above 0, alpha z below, 0 <= alpha; concave for alpha > 1."""
    alpha = float(attributes["alpha"])
    if alpha <= 1:
        return _bent(low, high, alpha)
    flipped = _bent(-high, -low, 1 / alpha)
    slack = 4 * of(low.dtype).unit
    error = _error(low, high) * alpha
    # f(z) = -alpha * g(-z) with g the leaky ReLU of slope 1 / alpha.
    return Lines(
        flipped.slope_above * alpha,
        -(flipped.offset_above * alpha) * (1 + slack) - error,
        flipped.slope_below * alpha,
        -(flipped.offset_below * alpha) + error,
        -(flipped.most * alpha) - error,
        -(flipped.least * alpha) + error,
        flipped.size * alpha + error,
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
    ends = [torch.where(z > 0, z, alpha * z) for z in (low, high)]
    least = torch.minimum(*ends)
    if alpha < 0:
        least = torch.where(mixed, zero, least)
    return Lines(
        slope_below,
        zero - inexact,
        slope_above,
        offset_above + inexact,
        least - inexact,
        torch.maximum(*ends) + inexact,
        torch.maximum(low.abs(), high.abs()) + offset_above + inexact,  # no slope exceeds 1
    )


def _error(low: Tensor, high: Tensor) -> Tensor:
    """More than the rounding of a few products of magnitudes up to the bounds."""
    rounding = of(low.dtype)
    return (low.abs() + high.abs()) * (8 * rounding.unit) + rounding.tiny
