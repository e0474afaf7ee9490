"""Rational intervals that contain a real number whose exact value is not rational.

An `Enclosure` takes part in arithmetic like a number. A comparison answers only when every pair of
members of the two intervals gives the same answer, and raises `Undecided` otherwise, so that code
written for rationals stays correct: it can fail to answer, never answer wrongly.

The elementary functions are mpmath's, in interval arithmetic at 160 bits; their results are widened
by a relative 2^-140, far above its rounding, before they are handed out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import mpmath.libmp

from theory.rational import exact

_libmp: Any = mpmath.libmp  # it has no type stubs

PRECISION_BITS = 160
WIDENING = Fraction(1, 2**140)

FAR = 2**16
"""e^x is not computed beyond this: its digits would fill the memory, and no float holds it."""


TINY = Fraction(1, 2**80)
"""Below this, log(1 + t) is bounded by its series."""


class Undecided(ArithmeticError):
    """A comparison between enclosures that overlap."""


@dataclass(frozen=True, eq=False)
class Enclosure:
    """The closed interval [lower, upper] with rational end points; lower <= upper.

    Equality is a comparison like the others: two enclosures are equal where both are the same
    point, differ where they are apart, and raise `Undecided` otherwise. Compare `lower` and `upper`
    to ask whether two enclosures are the same interval.
    """

    lower: Fraction
    upper: Fraction

    def __post_init__(self) -> None:
        object.__setattr__(self, "lower", exact(self.lower))  # an int's 1 / 3 would be a float
        object.__setattr__(self, "upper", exact(self.upper))
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

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Enclosure | Fraction | int | float):
            return NotImplemented
        return same(self, other)

    def __hash__(self) -> int:
        return hash(self.lower) if self.width == 0 else hash((self.lower, self.upper))

    def __bool__(self) -> bool:
        return not same(self, 0)

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
    """A number as an enclosure of width zero; floats count by their exact binary value."""
    if isinstance(value, Enclosure):
        return value
    point = exact(value)
    return Enclosure(point, point)


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
    """e^x; below -FAR only that it is positive and smaller than e^-FAR.

    Raises:
        Undecided: x may be above FAR.
    """
    value = enclose(x)
    if value.upper > FAR:
        raise Undecided(f"e^{value} is too large")
    low, high = max(value.lower, Fraction(-FAR)), max(value.upper, Fraction(-FAR))
    result = _elementary(_libmp.mpi_exp, Enclosure(low, high))
    return Enclosure(Fraction(0), result.upper) if value.lower < low else result


def log(x: Any) -> Enclosure:
    """Natural logarithm of a positive number; Undecided where it may not be positive."""
    if enclose(x).lower <= 0:
        raise Undecided("logarithm of a number not known to be positive")
    return _elementary(_libmp.mpi_log, enclose(x))


def sqrt(x: Any) -> Enclosure:
    """Square root of a non-negative number; Undecided where it may be negative."""
    if enclose(x).lower < 0:
        raise Undecided("square root of a number not known to be non-negative")
    return _elementary(_libmp.mpi_sqrt, enclose(x))


def sigmoid(x: Any) -> Enclosure:
    """1 / (1 + e^-x), increasing, evaluated at both ends."""
    value = enclose(x)
    low, high = _sigmoid_point(value.lower), _sigmoid_point(value.upper)
    return Enclosure(low.lower, high.upper)


def tanh(x: Any) -> Enclosure:
    """2 sigmoid(2x) - 1, increasing; exactly 0 at 0."""
    value = enclose(x)
    if value.lower == value.upper == 0:
        return value
    return sigmoid(value * 2) * 2 - 1


def erf(x: Any) -> Enclosure:
    """2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x, increasing; exactly 0 at 0."""
    value = enclose(x)
    if value.lower == value.upper == 0:
        return value
    low, high = _erf_point(value.lower), _erf_point(value.upper)
    return Enclosure(low.lower, high.upper)


def softplus(x: Any) -> Enclosure:
    """log(1 + e^x) = max(x, 0) + log(1 + e^-|x|), increasing, evaluated at both ends."""
    value = enclose(x)
    low, high = (max(end, Fraction(0)) + _log1p(exp(-abs(end))) for end in _ends(value))
    return Enclosure(low.lower, high.upper)


def _ends(value: Enclosure) -> tuple[Fraction, Fraction]:
    return value.lower, value.upper


def _log1p(small: Enclosure) -> Enclosure:
    """log(1 + t) for t in [0, 1]; for a small t by t - t^2 / 2 <= log(1 + t) <= t."""
    if small.upper < TINY:
        return Enclosure(small.lower - small.lower * small.lower / 2, small.upper)
    return log(small + 1)


def _erf_point(x: Fraction) -> Enclosure:
    """erf, mpmath's at 160 bits; beyond 12 within 1e-64 of -1 or 1 (erfc x <= e^(-x^2))."""
    if abs(x) > 12:
        share = Enclosure(1 - Fraction(1, 10**62), Fraction(1))
        return share if x > 0 else -share
    low, high = (
        _rational(_libmp.mpf_erf(_raw(x, rounding), PRECISION_BITS, rounding))
        for rounding in (_libmp.round_floor, _libmp.round_ceiling)
    )
    return Enclosure(low - abs(low) * WIDENING, high + abs(high) * WIDENING)


def _sigmoid_point(x: Fraction) -> Enclosure:
    small = exp(-abs(x))  # in (0, 1], so that t / (1 + t) and 1 / (1 + t) are both monotone in it
    if x < 0:
        return _shorten(small.lower / (1 + small.lower), small.upper / (1 + small.upper))
    return _shorten(1 / (1 + small.upper), 1 / (1 + small.lower))


def _elementary(function: Callable[..., Any], x: Enclosure) -> Enclosure:
    ends = (_raw(x.lower, _libmp.round_floor), _raw(x.upper, _libmp.round_ceiling))
    below, above = (_rational(end) for end in function(ends, PRECISION_BITS))
    return Enclosure(below - abs(below) * WIDENING, above + abs(above) * WIDENING)


def _raw(value: Fraction, rounding: Any) -> Any:
    return _libmp.from_rational(value.numerator, value.denominator, PRECISION_BITS, rounding)


def _rational(end: Any) -> Fraction:
    numerator, denominator = _libmp.to_rational(end)
    return Fraction(int(numerator), int(denominator))


def _shorten(lower: Fraction, upper: Fraction) -> Enclosure:
    """[lower, upper], both non-negative, widened to ends of PRECISION_BITS significant bits."""
    return Enclosure(_cut(lower), -_cut(-upper))


def _cut(value: Fraction) -> Fraction:
    """The next number of PRECISION_BITS significant bits at or below the value."""
    size = value.numerator.bit_length() - value.denominator.bit_length()
    scale = Fraction(2) ** (PRECISION_BITS - size)
    return Fraction((value * scale).__floor__()) / scale
