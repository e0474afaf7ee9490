"""Rational intervals that contain a real number whose exact value is not rational.

An `Enclosure` takes part in arithmetic like a number. A comparison answers only when every pair of
members of the two intervals gives the same answer, and raises `Undecided` otherwise, so that code
written for rationals stays correct: it can fail to answer, never answer wrongly.

The elementary functions use mpmath's interval arithmetic at 160 bits and are widened by a relative
2^-140, far above its rounding, before they are handed out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from mpmath.ctx_iv import MPIntervalContext  # pyright: ignore[reportMissingTypeStubs]
from mpmath.libmp import to_rational  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType]

PRECISION_BITS = 160
WIDENING = Fraction(1, 2**140)


class Undecided(ArithmeticError):
    """A comparison between enclosures that overlap."""


@dataclass(frozen=True)
class Enclosure:
    """The closed interval [lower, upper] with rational end points; lower <= upper."""

    lower: Fraction
    upper: Fraction

    def __post_init__(self) -> None:
        if self.lower > self.upper:
            raise ValueError(f"an enclosure needs lower <= upper, got [{self.lower}, {self.upper}]")

    @property
    def width(self) -> Fraction:
        """upper - lower."""
        return self.upper - self.lower

    @property
    def middle(self) -> Fraction:
        """The mid-point."""
        return (self.lower + self.upper) / 2

    def __add__(self, other: Any) -> Enclosure:
        b = enclose(other)
        return Enclosure(self.lower + b.lower, self.upper + b.upper)

    __radd__ = __add__

    def __neg__(self) -> Enclosure:
        return Enclosure(-self.upper, -self.lower)

    def __sub__(self, other: Any) -> Enclosure:
        return self + (-enclose(other))

    def __rsub__(self, other: Any) -> Enclosure:
        return enclose(other) - self

    def __mul__(self, other: Any) -> Enclosure:
        b = enclose(other)
        ends = [x * y for x in (self.lower, self.upper) for y in (b.lower, b.upper)]
        return Enclosure(min(ends), max(ends))

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Enclosure:
        b = enclose(other)
        if b.lower <= 0 <= b.upper:
            raise Undecided("division by an enclosure that contains zero")
        return self * Enclosure(1 / b.upper, 1 / b.lower)

    def __rtruediv__(self, other: Any) -> Enclosure:
        return enclose(other) / self

    def __abs__(self) -> Enclosure:
        if self.lower >= 0:
            return self
        if self.upper <= 0:
            return -self
        return Enclosure(Fraction(0), max(-self.lower, self.upper))

    def __lt__(self, other: Any) -> bool:
        b = enclose(other)
        if self.upper < b.lower:
            return True
        if self.lower >= b.upper:
            return False
        raise Undecided(f"{self} < {b}")

    def __le__(self, other: Any) -> bool:
        b = enclose(other)
        if self.upper <= b.lower:
            return True
        if self.lower > b.upper:
            return False
        raise Undecided(f"{self} <= {b}")

    def __gt__(self, other: Any) -> bool:
        return enclose(other) < self

    def __ge__(self, other: Any) -> bool:
        return enclose(other) <= self

    def __float__(self) -> float:
        return float(self.middle)

    def __str__(self) -> str:
        return f"[{float(self.lower):.17g}, {float(self.upper):.17g}]"


def enclose(value: Any) -> Enclosure:
    """A rational (or int, or float, exactly) as an enclosure of width zero."""
    if isinstance(value, Enclosure):
        return value
    exact = Fraction(value)
    return Enclosure(exact, exact)


def same(a: Any, b: Any) -> bool:
    """Whether two numbers are equal; `Undecided` when enclosures overlap without being points."""
    x, y = enclose(a), enclose(b)
    if x.upper < y.lower or y.upper < x.lower:
        return False
    if x.width == 0 and y.width == 0:
        return True
    raise Undecided(f"{x} = {y}")


def largest(a: Any, b: Any) -> Any:
    """The maximum of two numbers; an enclosure where either is one."""
    if isinstance(a, Enclosure) or isinstance(b, Enclosure):
        x, y = enclose(a), enclose(b)
        return Enclosure(max(x.lower, y.lower), max(x.upper, y.upper))
    return max(a, b)


def smallest(a: Any, b: Any) -> Any:
    """The minimum of two numbers; an enclosure where either is one."""
    if isinstance(a, Enclosure) or isinstance(b, Enclosure):
        x, y = enclose(a), enclose(b)
        return Enclosure(min(x.lower, y.lower), min(x.upper, y.upper))
    return min(a, b)


def exp(x: Any) -> Enclosure:
    """e^x."""
    return _widen(_apply(lambda context, value: context.exp(value), x), floor=Fraction(0))


def log(x: Any) -> Enclosure:
    """Natural logarithm of a positive number."""
    if enclose(x).lower <= 0:
        raise Undecided("logarithm of a number not known to be positive")
    return _widen(_apply(lambda context, value: context.log(value), x))


def sqrt(x: Any) -> Enclosure:
    """Square root of a non-negative number."""
    if enclose(x).lower < 0:
        raise Undecided("square root of a number not known to be non-negative")
    return _widen(_apply(lambda context, value: context.sqrt(value), x), floor=Fraction(0))


def sigmoid(x: Any) -> Enclosure:
    """1 / (1 + e^-x), increasing, evaluated at both ends."""
    value = enclose(x)
    low, high = _sigmoid_point(value.lower), _sigmoid_point(value.upper)
    return Enclosure(low.lower, high.upper)


def tanh(x: Any) -> Enclosure:
    """2 sigmoid(2x) - 1, increasing."""
    return sigmoid(enclose(x) * 2) * 2 - 1


def _sigmoid_point(x: Fraction) -> Enclosure:
    if x >= 0:
        return 1 / (1 + exp(-x))
    small = exp(x)
    return _round_out(1 - 1 / (1 + small))


def _apply(function: Callable[[Any, Any], Any], x: Any) -> Enclosure:
    context: Any = MPIntervalContext()
    context.prec = PRECISION_BITS
    value = enclose(x)
    low = context.mpf(value.lower.numerator) / context.mpf(value.lower.denominator)
    high = context.mpf(value.upper.numerator) / context.mpf(value.upper.denominator)
    result = function(context, context.mpf([low.a, high.b]))
    return Enclosure(_rational(result, 0), _rational(result, 1))


def _rational(interval: Any, end: int) -> Fraction:
    numerator, denominator = to_rational(interval._mpi_[end])
    return Fraction(int(numerator), int(denominator))


def _widen(value: Enclosure, floor: Fraction | None = None) -> Enclosure:
    lower = value.lower - abs(value.lower) * WIDENING
    upper = value.upper + abs(value.upper) * WIDENING
    return Enclosure(lower if floor is None else max(floor, lower), upper)


def _round_out(value: Enclosure, bits: int = PRECISION_BITS) -> Enclosure:
    scale = 2**bits
    return Enclosure(
        Fraction((value.lower * scale).__floor__(), scale),
        Fraction((value.upper * scale).__ceil__(), scale),
    )
