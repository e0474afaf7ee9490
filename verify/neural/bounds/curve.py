"""Lines below curves: tangents at points of one's choice, and chords.

A line below an s-shaped function that rises, is convex left of 0 and concave right of it: with the
slope s = f'(p) of any p <= 0, f(z) - s z is least at p among all z <= 0, and at one of its ends on
the right, where it is concave. So the smaller of f(p) - s p and f(high) - s high is a valid offset,
whatever p is; errors of s count for no more than their product with |z|.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor

from verify.neural.bounds.rounding import FUNCTION_ULPS, of

Function = Callable[[Tensor], Tensor]

FLAT = 16.0
"""So far to the left e^z, tanh and their like are flat: tangents are chosen to the right of it."""

BISECTIONS = 12
SURELY = 1 - 1e-4
"""A slope has to be smaller by this factor to count as smaller."""


Turns = tuple[Tensor, Tensor]
"""Which of the valid lines below, and above: shares in [0, 1], of the shape of the bounds."""


@dataclass(frozen=True)
class Lines:
    """Two lines, each number of the shape of the bounds.

    Attributes:
        slope_below, offset_below, slope_above, offset_above: the lines.
        least, most: bounds of the values.
        size: bounds the magnitudes of slope * z and offset, whichever lines are chosen.
    """

    slope_below: Tensor
    offset_below: Tensor
    slope_above: Tensor
    offset_above: Tensor
    least: Tensor
    most: Tensor
    size: Tensor

    def select(self, index: Tensor) -> Lines:
        """Those of some boxes."""
        return Lines(*(getattr(self, f.name)[index] for f in fields(self)))

    @staticmethod
    def join(parts: Sequence[Lines]) -> Lines:
        """Those of some boxes, and of others."""
        return Lines(*(torch.cat([getattr(p, f.name) for p in parts]) for f in fields(Lines)))


Relaxation = Callable[[Tensor, Tensor, Mapping[str, Any]], Lines]
"""From bounds and attributes: lines that are good on average."""


@dataclass(frozen=True)
class Line:
    """slope * z + offset, each of the shape of the bounds."""

    slope: Tensor
    offset: Tensor


def above(mirrored: Line) -> Line:
    """The line above f from one below -f(-z)."""
    return Line(mirrored.slope, -mirrored.offset)


@dataclass(frozen=True)
class Side:
    """The lines below a function that touch it somewhere.

    Attributes:
        first, width: the line may touch from the first point on, over this width.
        end, at_end: the right end and the value there, which the line has to pass below as well, of
            s-shaped functions.
        straight: where there is one line only.
        slope, offset: that line.
    """

    first: Tensor
    width: Tensor
    end: Tensor | None
    at_end: Tensor
    straight: Tensor
    slope: Tensor
    offset: Tensor


def s_side(low: Tensor, high: Tensor, value: Function, derivative: Function) -> Side:
    """The lines below an s-shaped function, from the left end to the last convex point."""
    at_low, at_high = value(low), value(high)
    slope = chord(low, high, at_low, at_high, derivative)
    straight = (low >= 0) | ((high > 0) & (derivative(low) * SURELY >= slope))
    under = torch.minimum(at_low - slope * low, at_high - slope * high)
    last = high.clamp(max=0)
    first = torch.maximum(low, last.clamp(max=-FLAT))
    return Side(first, last - first, high, at_high, straight, slope, under)


def convex_side(low: Tensor, high: Tensor) -> Side:
    """The tangents of a convex function, from left to right."""
    first = torch.maximum(low, high - FLAT)
    zero = torch.zeros_like(first)
    return Side(first, high - first, None, zero, zero > 0, zero, zero)


def s_below(low: Tensor, high: Tensor, value: Function, derivative: Function) -> Line:
    """A line below an s-shaped function that meets it at the right end as well, or a tangent in the
    middle where all is convex.
    """
    side = s_side(low, high, value, derivative)
    common = _common(side.first, high, side.at_end, lambda z: (value(z), derivative(z)))
    touch = torch.where(high > 0, common, side.first + side.width / 2)
    steep = derivative(touch)
    offset = torch.minimum(value(touch) - steep * touch, side.at_end - steep * high)
    return Line(
        torch.where(side.straight, side.slope, steep),
        torch.where(side.straight, side.offset, offset),
    )


def _common(
    first: Tensor,
    high: Tensor,
    at_high: Tensor,
    both: Callable[[Tensor], tuple[Tensor, Tensor]],
    rounds: int = BISECTIONS,
) -> Tensor:
    """The point in [first, 0] whose tangent meets the function again nearest to high; `both` gives
    values and slopes.
    """
    left, right = first.clamp(max=0), torch.zeros_like(first)
    for _ in range(rounds):
        middle = (left + right) / 2
        value, slope = both(middle)
        over = value + slope * (high - middle) > at_high
        left, right = torch.where(over, left, middle), torch.where(over, middle, right)
    return left


def convex_below(low: Tensor, high: Tensor, value: Function, derivative: Function) -> Line:
    """A tangent of a convex function in the middle."""
    touch = (convex_side(low, high).first + high) / 2
    slope = derivative(touch)
    return Line(slope, value(touch) - slope * touch)


def s_turn(side: Side, both: Callable[[Tensor], tuple[Tensor, Tensor]]) -> Tensor:
    """Nearly the turn that `s_below` takes where nothing is chosen."""
    if side.end is None:
        return torch.full_like(side.first, 0.5)
    mixed = (side.first < 0) & (side.end > 0)
    touch = _common(side.first, side.end, side.at_end, both, BISECTIONS // 2)
    width = torch.where(mixed, side.width, torch.ones_like(side.width))
    return torch.where(mixed, (touch - side.first) / width, 0.5).clamp(0, 1)


def chord(
    low: Tensor, high: Tensor, at_low: Tensor, at_high: Tensor, derivative: Function
) -> Tensor:
    """The slope from end to end; of the tangent in the middle where the ends are close."""
    width = high - low
    narrow = width < 1e-3 * (1 + low.abs())
    rise = (at_high - at_low) / torch.where(narrow, torch.ones_like(width), width)
    return torch.where(narrow, derivative((low + high) / 2), rise)


def value_error(at_low: Tensor, at_high: Tensor) -> Tensor:
    """More than the error of the values of an elementary function at both ends."""
    rounding = of(at_low.dtype)
    largest = torch.maximum(at_low.abs(), at_high.abs())
    return largest * (4 * FUNCTION_ULPS * rounding.unit) + rounding.tiny


def function_error(low: Tensor, high: Tensor, at_low: Tensor, at_high: Tensor) -> Tensor:
    """More than the error of values, slopes and offsets of an elementary function over [low, high].

    A slope is off by at most 4 FUNCTION_ULPS units relative to the larger end value or derivative,
    which moves a line by that much times the larger |z|.
    """
    rounding = of(low.dtype)
    reach = torch.maximum(low.abs(), high.abs())
    size = torch.maximum(at_low.abs(), at_high.abs()) + 1
    return size * (1 + reach) * (8 * FUNCTION_ULPS * rounding.unit) + rounding.tiny
