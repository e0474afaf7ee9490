"""Boxes of free numbers, exact, and what affine functions of them range over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from operator import gt
from typing import Any, cast

from verify.problem.affine import Affine, entry

FREE = "v"
"""The name under which affine functions know the free numbers."""

ZERO = Fraction(0)


@dataclass(frozen=True)
class Range:
    """A number between two others, of which nothing else is known."""

    lower: Fraction
    upper: Fraction


Number = Affine | Range


@dataclass(frozen=True)
class Cell:
    """A box: free number i lies in [lower[i], upper[i]]."""

    lower: tuple[Fraction, ...]
    upper: tuple[Fraction, ...]

    def grown(self, lower: Fraction, upper: Fraction) -> tuple[Cell, Affine]:
        """The cell with one free number more, and that number."""
        at = len(self.lower)
        return Cell((*self.lower, lower), (*self.upper, upper)), entry(FREE, at)

    def range(self, number: Number) -> Range:
        """What a number ranges over; exact for an affine one."""
        if isinstance(number, Range):
            return number
        low = high = number.constant
        for (_, at), factor in number.terms.items():
            a, b = factor * self.lower[at], factor * self.upper[at]
            low, high = (low + a, high + b) if factor > 0 else (low + b, high + a)
        return Range(low, high)

    def cut(self, number: Number) -> Cell | None:
        """A smaller cell with all points at which the number is at least 0; None where it is not
        anywhere. With one free number it is exactly those points.
        """
        reach = self.range(number)
        if reach.upper < 0:
            return None
        if reach.lower >= 0 or isinstance(number, Range):
            return self
        lower, upper = list(self.lower), list(self.upper)
        for (_, at), factor in number.terms.items():
            # The others at their best leave this much to x: factor * x >= -rest.
            best = factor * (self.upper[at] if factor > 0 else self.lower[at])
            limit = (best - reach.upper) / factor
            if factor > 0:
                lower[at] = max(lower[at], limit)
            else:
                upper[at] = min(upper[at], limit)
        return Cell(tuple(lower), tuple(upper))

    def halves(self, at: int) -> tuple[Cell, Cell]:
        """The cell cut in two along one free number."""
        middle = (self.lower[at] + self.upper[at]) / 2
        left = (*self.upper[:at], middle, *self.upper[at + 1 :])
        right = (*self.lower[:at], middle, *self.lower[at + 1 :])
        return Cell(self.lower, left), Cell(right, self.upper)

    def meet(self, other: Cell) -> Cell | None:
        """What of this cell lies in another, which may have more free numbers; None if nothing."""
        count = len(self.lower)
        lower = tuple(map(max, self.lower, other.lower[:count]))
        upper = tuple(map(min, self.upper, other.upper[:count]))
        return None if any(map(gt, lower, upper)) else Cell(lower, upper)

    def join(self, other: Cell) -> Cell:
        """The smallest cell around this one and another."""
        return Cell(
            tuple(map(min, self.lower, other.lower)), tuple(map(max, self.upper, other.upper))
        )

    @property
    def widths(self) -> tuple[Fraction, ...]:
        """How far each free number ranges."""
        return tuple(b - a for a, b in zip(self.lower, self.upper, strict=True))

    @property
    def middle(self) -> tuple[Fraction, ...]:
        """The point in the middle."""
        return tuple((a + b) / 2 for a, b in zip(self.lower, self.upper, strict=True))


def at(value: Any, point: tuple[Fraction, ...]) -> Any:
    """The value of an affine number at a point; other values are what they are."""
    if not isinstance(value, Affine):
        return value
    return sum((c * point[i] for (_, i), c in value.terms.items()), value.constant)


def by_part(value: Any, change: Callable[[Any], Any]) -> Any:
    """A value with its features changed, or a single number."""
    if isinstance(value, Mapping):
        parts = cast(Mapping[str, Any], value)
        return {name: change(part) for name, part in parts.items()}
    return change(value)


def plus(cell: Cell, a: Number, b: Number) -> Number:
    """a + b."""
    if isinstance(a, Affine) and isinstance(b, Affine):
        return a + b
    x, y = cell.range(a), cell.range(b)
    return Range(x.lower + y.lower, x.upper + y.upper)


def times(cell: Cell, a: Number, b: Number) -> Number:
    """a * b."""
    for factor, other in ((a, b), (b, a)):
        if isinstance(factor, Affine) and factor.is_constant:
            return scaled(other, factor.constant)
    x, y = cell.range(a), cell.range(b)
    corners = [p * q for p in (x.lower, x.upper) for q in (y.lower, y.upper)]
    return Range(min(corners), max(corners))


def scaled(number: Number, factor: Fraction) -> Number:
    """factor * number."""
    if isinstance(number, Affine):
        return number.scaled(factor)
    ends = sorted((number.lower * factor, number.upper * factor))
    return Range(ends[0], ends[1])


def larger(cell: Cell, a: Number, b: Number) -> Number:
    """The larger of two numbers: one of them where that is certain on the whole cell."""
    difference = cell.range(plus(cell, a, scaled(b, Fraction(-1))))
    if difference.lower >= 0:
        return a
    if difference.upper <= 0:
        return b
    x, y = cell.range(a), cell.range(b)
    return Range(max(x.lower, y.lower), max(x.upper, y.upper))
