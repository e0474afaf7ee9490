"""How much of a box is settled: a rigorous lower bound of the volume with something at stake.

The gains of one act over another are mostly linear in each parameter by itself. On a small cell of
all parameters but one, such a polynomial is least at a corner of the cell, whatever the value of
the one; so the values of the one at which it exceeds a limit all over the cell are an interval that
the corners give. Rounding is covered by a slack far above it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from theory.partition import Box, Condition
from verify.dilemma.stake import Stakes, Worth, speaking

POINTS = 48
"""Cells along each parameter but one."""

SLACK = 1e-9
_sympy: Any = sympy
Array = Any


def settled(found: Stakes, box: Box, loss: Fraction, act: int) -> float:
    """At least this share of a box has an act worth more than all others by over `loss`.

    Polynomials in which a parameter has a power above one count for nothing.
    """
    total = 0.0
    for way, worth in speaking(found):
        if any(condition.signs == frozenset({0}) for condition in way):
            continue
        needed = [_positive(condition) for condition in way if len(condition.signs) < 3]
        guards = [p for p in needed if p is not None]
        total += _share([*guards, *_ahead(worth, act, loss)], box)
    return min(total, 1.0)


def _positive(condition: Condition) -> Any:
    """A polynomial that is positive where a condition holds, but for a set without volume."""
    if condition.signs <= {0, 1}:
        return condition.polynomial
    return -condition.polynomial if condition.signs <= {0, -1} else None


def _ahead(worth: Worth, act: int, loss: Fraction) -> list[Any]:
    """Polynomials that are all positive where an act is ahead of all others."""
    found: list[Any] = []
    for other in range(len(worth.functions)):
        if other != act:
            gain = worth.gain(act, other)
            limit = _sympy.QQ(loss.numerator, loss.denominator)
            found.append(gain.numer - gain.denom * limit)
    return found


def _share(polynomials: Sequence[Any], box: Box) -> float:
    """At least this share of the box has all polynomials positive."""
    if any(max(powers) > 1 for p in polynomials for powers, _ in p.terms()):
        return 0.0
    *others, last = box
    low, high = (float(end) for end in box[last])
    axes = [np.linspace(float(a), float(b), POINTS + 1) for a, b in (box[n] for n in others)]
    grid = dict(zip(others, np.meshgrid(*axes, indexing="ij"), strict=True))
    shape = (POINTS + 1,) * len(others)
    lower, upper = np.full(shape, low), np.full(shape, high)
    for polynomial in polynomials:
        constant, slope = _in_last(polynomial, grid, last, shape)
        with np.errstate(divide="ignore", invalid="ignore"):
            root = -constant / slope
        lower = np.where(slope > 0, np.maximum(lower, root + SLACK), lower)
        upper = np.where(slope < 0, np.minimum(upper, root - SLACK), upper)
        upper = np.where((slope == 0) & (constant <= SLACK), -np.inf, upper)
    for axis in range(len(others)):
        lower = np.maximum(*_neighbours(lower, axis))
        upper = np.minimum(*_neighbours(upper, axis))
    length = np.clip(upper - lower, 0.0, None)
    if high <= low:
        return 0.0
    return float(length.mean()) / (high - low) * (1 - SLACK)


def _in_last(
    polynomial: Any, grid: dict[str, Array], last: str, shape: tuple[int, ...]
) -> tuple[Array, Array]:
    """A polynomial's constant and slope in the last parameter, at the points of a grid."""
    names = [str(symbol) for symbol in polynomial.ring.symbols]
    parts = (np.zeros(shape), np.zeros(shape))
    for powers, coefficient in polynomial.terms():
        used = [name for name, power in zip(names, powers, strict=True) if power]
        columns = [grid[name] for name in used if name != last]
        parts[last in used][...] += math.prod(columns, start=np.full(shape, float(coefficient)))
    return parts


def _neighbours(values: Array, axis: int) -> tuple[Array, Array]:
    return np.delete(values, -1, axis), np.delete(values, 0, axis)
