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


Relaxation = Callable[[Tensor, Tensor, Mapping[str, Any], Turns | None], Lines]
"""From bounds, attributes and what is chosen; where nothing is chosen, lines good on average."""


@dataclass(frozen=True)
class Line:
    """slope * z + offset, each of the shape of the bounds."""

    slope: Tensor
    offset: Tensor


def above(mirrored: Line) -> Line:
    """The line above f from one below -f(-z)."""
    return Line(mirrored.slope, -mirrored.offset)


def s_below(
    low: Tensor, high: Tensor, value: Function, derivative: Function, turn: Tensor | None
) -> Line:
    """A line below an s-shaped function.

    Args:
        low, high: the bounds.
        value, derivative: the function.
        turn: where the tangent touches, from the left end (0) to the last convex point (1); where
            it is left out, such that the line meets the function at the right end as well, or in
            the middle where all is convex.
    """
    at_low, at_high = value(low), value(high)
    concave = low >= 0
    slope = chord(low, high, at_low, at_high, derivative)
    straight = concave | ((high > 0) & (derivative(low) * SURELY >= slope))
    under = torch.minimum(at_low - slope * low, at_high - slope * high)
    last = high.clamp(max=0)
    first = torch.maximum(low, last.clamp(max=-FLAT))
    if turn is None:
        touch = torch.where(high > 0, _common(first, high, value, derivative), (first + last) / 2)
    else:
        touch = first + turn * (last - first)
    steep = derivative(touch)
    offset = torch.minimum(value(touch) - steep * touch, at_high - steep * high)
    return Line(torch.where(straight, slope, steep), torch.where(straight, under, offset))


def _common(first: Tensor, high: Tensor, value: Function, derivative: Function) -> Tensor:
    """The point in [first, 0] whose tangent meets the function again nearest to high."""
    left, right = first.clamp(max=0), torch.zeros_like(first)
    at_high = value(high)
    for _ in range(BISECTIONS):
        middle = (left + right) / 2
        over = value(middle) + derivative(middle) * (high - middle) > at_high
        left, right = torch.where(over, left, middle), torch.where(over, middle, right)
    return left


def convex_below(
    low: Tensor, high: Tensor, value: Function, derivative: Function, turn: Tensor | None
) -> Line:
    """A tangent of a convex function; `turn` says where it touches, from left to right."""
    first = torch.maximum(low, high - FLAT)
    touch = (first + high) / 2 if turn is None else first + turn * (high - first)
    slope = derivative(touch)
    return Line(slope, value(touch) - slope * touch)


def s_turns(
    low: Tensor, high: Tensor, value: Function, derivative: Function
) -> tuple[Tensor, Tensor]:
    """The turns of the lines, below and above, that `s_below` takes where nothing is chosen."""
    half = torch.full_like(low, 0.5)

    def mirrored(z: Tensor) -> Tensor:
        return -value(-z)

    sides: list[Tensor] = []
    for a, b, function in ((low, high, value), (-high, -low, mirrored)):
        last = b.clamp(max=0)
        first = torch.maximum(a, last.clamp(max=-FLAT))
        mixed = (a < 0) & (b > 0)
        touch = _common(first, b, function, derivative)
        width = torch.where(mixed, last - first, torch.ones_like(first))
        sides.append(torch.where(mixed, (touch - first) / width, half).clamp(0, 1))
    return sides[0], sides[1]


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
