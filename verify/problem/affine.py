"""Affine expressions with exact rational coefficients over entries of tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

Entry = tuple[str, int]
"""A tensor of the problem's network by name, and a flat position in it."""


@dataclass(frozen=True)
class Affine:
    """constant + sum of coefficient * entry; no coefficient is zero."""

    terms: Mapping[Entry, Fraction]
    constant: Fraction = Fraction(0)

    def __add__(self, other: Affine) -> Affine:
        terms = dict(self.terms)
        for entry, coefficient in other.terms.items():
            total = terms.get(entry, Fraction(0)) + coefficient
            if total:
                terms[entry] = total
            else:
                del terms[entry]
        return Affine(terms, self.constant + other.constant)

    def __sub__(self, other: Affine) -> Affine:
        return self + other.scaled(Fraction(-1))

    def scaled(self, factor: Fraction) -> Affine:
        """factor times this."""
        if factor == 0:
            return Affine({})
        return Affine({e: c * factor for e, c in self.terms.items()}, self.constant * factor)

    @property
    def is_constant(self) -> bool:
        """Whether it has no variable part."""
        return not self.terms

    @property
    def key(self) -> tuple[frozenset[tuple[Entry, Fraction]], Fraction]:
        """A hashable form of its content."""
        return frozenset(self.terms.items()), self.constant


def constant(value: Fraction) -> Affine:
    """A constant expression."""
    return Affine({}, value)


def entry(tensor: str, position: int) -> Affine:
    """A single entry of a tensor."""
    return Affine({(tensor, position): Fraction(1)})


def float64_holds(value: Fraction) -> bool:
    """Whether a float64 has exactly this value."""
    try:
        return Fraction(float(value)) == value
    except OverflowError:
        return False


def float32_holds(value: Fraction) -> bool:
    """Whether a normal float32 (or zero) has exactly this value."""
    if value == 0:
        return True
    odd, power = abs(value.numerator), value.denominator
    if power & (power - 1):
        return False
    odd >>= (odd & -odd).bit_length() - 1
    return odd.bit_length() <= 24 and Fraction(1, 2**126) <= abs(value) < 2**127
