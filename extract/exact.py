"""Arrays of exact rationals, or of rational intervals, with one common denominator.

Every float is a dyadic rational, so a whole tensor fits the form `integers / denominator`, and
Python's integers do the arithmetic with no gcd per product: a 300-ReLU net takes a millisecond
where an array of `Fraction` takes seconds. A tensor whose values are irrational (after tanh, say)
is held as two integer arrays, lower and upper, that enclose it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any

import numpy as np

from theory.enclosure import Enclosure, Undecided
from theory.error import InputError
from theory.rational import exact

Number = Fraction | Enclosure
Integers = Any
"""A numpy object array of Python integers."""

SMOOTH_BITS = 256
"""Enclosures of irrational values are rounded outward to multiples of 2**-SMOOTH_BITS."""


@dataclass(frozen=True, eq=False)
class Exact:
    """A tensor of intervals [lower / denominator, upper / denominator].

    `lower` and `upper` are object arrays of Python integers of one shape; they are the same object
    when every value is a single rational. `denominator` is positive.
    """

    lower: Integers
    upper: Integers
    denominator: int = 1

    def __post_init__(self) -> None:
        if not isinstance(self.lower, np.ndarray):  # numpy unwraps arrays of rank 0
            rational = self.lower is self.upper
            object.__setattr__(self, "lower", objects([self.lower], ()))
            object.__setattr__(self, "upper", self.lower if rational else objects([self.upper], ()))

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the tensor."""
        return tuple(int(n) for n in self.lower.shape)

    @property
    def is_rational(self) -> bool:
        """Whether every entry is held as a single rational."""
        return self.lower is self.upper

    def layout(self, change: Callable[[Integers], Integers]) -> Exact:
        """Apply a change of layout (reshape, transpose, indexing) to both bounds."""
        lower = change(self.lower)
        return Exact(lower, lower if self.is_rational else change(self.upper), self.denominator)

    def monotone(self, rise: Callable[[Integers], Integers]) -> Exact:
        """Apply a function of integers that is increasing and commutes with positive scaling."""
        return self.layout(rise)

    def scaled(self, denominator: int) -> Exact:
        """The same values over a multiple of the present denominator."""
        factor = denominator // self.denominator
        return self if factor == 1 else Exact(*_both(self, lambda v: v * factor), denominator)

    def numbers(self) -> list[Number]:
        """The entries in C order: `Fraction` where known exactly, else `Enclosure`."""
        d = self.denominator
        if self.is_rational:
            return [Fraction(int(v), d) for v in self.lower.ravel()]
        return [
            Fraction(int(a), d) if a == b else Enclosure(Fraction(int(a), d), Fraction(int(b), d))
            for a, b in zip(self.lower.ravel(), self.upper.ravel(), strict=True)
        ]


def _both(value: Exact, function: Callable[[Integers], Integers]) -> tuple[Integers, Integers]:
    lower = function(value.lower)
    return lower, lower if value.is_rational else function(value.upper)


def objects(values: Sequence[Any], shape: tuple[int, ...]) -> Integers:
    """An object array of the given shape holding `values` in C order."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array.reshape(shape)


def from_floats(array: np.ndarray[Any, Any]) -> Exact:
    """The exact values of a finite float or integer array, over a power of two."""
    if array.dtype.kind in "iub":
        whole = objects([int(v) for v in array.ravel()], array.shape)
        return Exact(whole, whole)
    mantissa, exponent = np.frexp(array.astype(np.float64).ravel())
    whole = (mantissa * 2.0**53).astype(np.int64)
    used = exponent[whole != 0].astype(np.int64) - 53
    least = min(int(used.min()) if used.size else 0, 0)
    shift = [max(int(e) - 53 - least, 0) for e in exponent]
    values = [int(m) << s for m, s in zip(whole, shift, strict=True)]
    common = min((_trailing_zeros(v) for v in values if v), default=0)
    drop = min(common, -least)
    numerators = objects([v >> drop for v in values], array.shape)
    return Exact(numerators, numerators, 1 << (-least - drop))


def _trailing_zeros(value: int) -> int:
    return (value & -value).bit_length() - 1


def from_numbers(values: Sequence[Any], shape: tuple[int, ...]) -> Exact:
    """Rationals, integers, floats (exactly) or `Enclosure`s as one tensor of the given shape.

    Raises:
        InputError: a value is NaN or infinite.
    """
    pairs = [_ends(value) for value in values]
    denominator = lcm(1, *(end.denominator for pair in pairs for end in pair))
    lower = objects([a.numerator * (denominator // a.denominator) for a, _ in pairs], shape)
    if all(a == b for a, b in pairs):
        return Exact(lower, lower, denominator)
    upper = objects([b.numerator * (denominator // b.denominator) for _, b in pairs], shape)
    return Exact(lower, upper, denominator)


def _ends(value: Any) -> tuple[Fraction, Fraction]:
    if isinstance(value, Enclosure):
        return value.lower, value.upper
    number = exact(value, "an entry")
    return number, number


def aligned(*values: Exact) -> tuple[list[Exact], int]:
    """The tensors over one common denominator, and that denominator."""
    denominator = lcm(*(value.denominator for value in values))
    return [value.scaled(denominator) for value in values], denominator


def pairwise(function: Callable[[Integers, Integers], Integers], x: Exact, y: Exact) -> Exact:
    """A function of two numbers that rises in both and commutes with positive scaling."""
    (a, b), denominator = aligned(x, y)
    lower = function(a.lower, b.lower)
    if a.is_rational and b.is_rational:
        return Exact(lower, lower, denominator)
    return Exact(lower, function(a.upper, b.upper), denominator)


def negate(x: Exact) -> Exact:
    """-x."""
    if x.is_rational:
        flipped = -x.lower
        return Exact(flipped, flipped, x.denominator)
    return Exact(-x.upper, -x.lower, x.denominator)


def multiply(x: Exact, y: Exact) -> Exact:
    """The entrywise product, broadcasting as numpy does."""
    denominator = x.denominator * y.denominator
    if x.is_rational and y.is_rational:
        product = x.lower * y.lower
        return Exact(product, product, denominator)
    ends = [a * b for a in (x.lower, x.upper) for b in (y.lower, y.upper)]
    return Exact(_fold(np.minimum, ends), _fold(np.maximum, ends), denominator)


def divide(x: Exact, y: Exact) -> Exact:
    """The entrywise quotient.

    Raises:
        InputError: a divisor is zero.
        Undecided: a divisor is an interval that contains zero.
    """
    inverses: list[Any] = []
    for number in y.numbers():
        if isinstance(number, Enclosure):
            if number.lower <= 0 <= number.upper:
                raise Undecided(f"division by {number}, which contains zero")
            inverses.append(Enclosure(1 / number.upper, 1 / number.lower))
        elif number == 0:
            raise InputError("division by zero in an exact evaluation")
        else:
            inverses.append(1 / number)
    return multiply(x, from_numbers(inverses, y.shape))


def contract(x: Exact, y: Exact) -> Exact:
    """The matrix product `x @ y`, with numpy's rules for stacks of matrices."""
    denominator = x.denominator * y.denominator
    if x.is_rational and y.is_rational:
        product = np.matmul(x.lower, y.lower)
        return Exact(product, product, denominator)
    if y.is_rational:
        plus, minus = np.maximum(y.lower, 0), np.minimum(y.lower, 0)
        lower = np.matmul(x.lower, plus) + np.matmul(x.upper, minus)
        upper = np.matmul(x.upper, plus) + np.matmul(x.lower, minus)
        return Exact(lower, upper, denominator)
    if x.is_rational:
        plus, minus = np.maximum(x.lower, 0), np.minimum(x.lower, 0)
        lower = np.matmul(plus, y.lower) + np.matmul(minus, y.upper)
        upper = np.matmul(plus, y.upper) + np.matmul(minus, y.lower)
        return Exact(lower, upper, denominator)
    products = [
        a[..., :, :, None] * b[..., None, :, :]
        for a in (x.lower, x.upper)
        for b in (y.lower, y.upper)
    ]
    lower = _fold(np.minimum, products).sum(axis=-2)
    return Exact(lower, _fold(np.maximum, products).sum(axis=-2), denominator)


def _fold(function: Callable[..., Integers], arrays: Sequence[Integers]) -> Integers:
    result = arrays[0]
    for array in arrays[1:]:
        result = function(result, array)
    return result


def smooth(function: Callable[[Number], Enclosure], x: Exact) -> Exact:
    """Apply a real function with rigorous enclosures entry by entry, rounded outward."""
    results = [rounded_out(function(number)) for number in x.numbers()]
    return from_numbers(results, x.shape)


def rounded_out(value: Enclosure) -> Enclosure:
    """The least enclosure with ends that are multiples of 2**-SMOOTH_BITS; a point stays."""
    if value.lower == value.upper:
        return value
    scale = 1 << SMOOTH_BITS
    lower = (value.lower.numerator * scale) // value.lower.denominator
    upper = -((-value.upper.numerator * scale) // value.upper.denominator)
    return Enclosure(Fraction(lower, scale), Fraction(upper, scale))
