"""Exact numbers: how they are read, and how they are shown."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from fractions import Fraction
from numbers import Rational

from theory.error import InputError

Exact = int | float | str | Fraction
"""What a person may write for a number."""

LARGEST_EXPONENT = 400
"""Powers of ten beyond this are refused in text: no double is that large or that small."""


def exact(value: Exact, where: str = "value") -> Fraction:
    """The rational that a number stands for.

    A float counts by its exact binary value, never by its digits: 0.1 is 1/10 plus 2^-54 / 10 or
    so. Text counts by its digits: "0.1" is 1/10, and "1/3" is a third.

    Args:
        value: the number; numpy's scalars count as the numbers they are.
        where: what the number is for, named in the error.

    Raises:
        InputError: not a finite number.
    """
    if isinstance(value, Fraction):
        return value
    try:
        if isinstance(value, str):
            return _from_text(value)
        if isinstance(value, Rational):  # numpy's integers among them, which overflow silently
            return Fraction(int(value.numerator), int(value.denominator))
        numerator, denominator = value.as_integer_ratio()
        return Fraction(int(numerator), int(denominator))
    except (ValueError, OverflowError, TypeError, AttributeError, ZeroDivisionError):
        raise InputError(f"{where}: {value!r} is not a finite number") from None


def nonnegative(value: Exact, where: str) -> Fraction:
    """The exact number, at least 0.

    Raises:
        InputError: it is no finite number, or negative.
    """
    number = exact(value, where)
    if number < 0:
        raise InputError(f"{where} {value} is negative")
    return number


def _from_text(text: str) -> Fraction:
    if "/" in text:
        return Fraction(text)
    try:
        decimal = Decimal(text)
    except InvalidOperation:
        raise ValueError(text) from None
    if not decimal.is_finite() or abs(decimal.adjusted()) > LARGEST_EXPONENT:
        raise ValueError(text)
    return Fraction(decimal)


def number_text(value: Fraction) -> str:
    """A rational as people write it: the digits of a float where they, or it, are this number.

    For reading, not for reading back: 1/10 and the float 0.1 both give "0.1". `str(value)` tells
    them apart.
    """
    if type(value) is not Fraction:
        return str(value)  # a parameter's: `theory.region`
    if value.denominator == 1:
        return str(value.numerator)
    try:
        nearest = float(value)
    except OverflowError:
        return str(value)
    if value in (Fraction(nearest), Fraction(repr(nearest))):
        return repr(nearest)
    return str(value)
