"""Exact algebraic numbers in print."""

from __future__ import annotations

from fractions import Fraction

from theory.rational import number_text
from theory.region import Root

DIGITS = 12
SHORT = 8


def decimal(number: Root) -> str:
    """A number in a few digits; exact where it has no more, else rounded."""
    if number.lower == number.upper:
        text = number_text(number.lower)
        if len(text) <= SHORT:
            return text
    return f"{float(_near(number)):.5g}"


def exactly(number: Root) -> str | list[str]:
    """A rational number as it is, any other by two rational numbers that it lies between."""
    if number.lower == number.upper:
        return str(number.lower)
    near = number
    while near.upper - near.lower > Fraction(1, 10**DIGITS) * (1 + abs(near.lower)):
        near = near.refined()
    return [str(near.lower), str(near.upper)]


def _near(number: Root) -> Fraction:
    near = number
    while near.upper - near.lower > Fraction(1, 10**SHORT) * max(abs(near.lower), abs(near.upper)):
        near = near.refined()
    return (near.lower + near.upper) / 2
