"""On what share of small boxes functions are all positive: rigorous lower bounds.

A function is a polynomial of the parameters, on boxes in the unit cube. A box is cut into cells
along all parameters but the last. Within a cell, and along the last parameter, a function is at
least the interpolation of its values at the corners, less what its curvature allows. That is linear
in the last parameter, so that the values of it at which all functions are positive at all corners
of the cell are an interval. Rounding is covered by a slack far above it.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import sympy

from theory.partition import Box, value_at

SLACK = 1e-9
"""A function counts as positive from here on, relative to the sum of its coefficients."""

CELLS = {1: 1, 2: 16, 3: 12, 4: 6, 5: 3}
"""Cells along each parameter but the last, by how many parameters there are."""

ONE = Fraction(1)
Array = Any
_sympy: Any = sympy


class Polynomials:
    """Polynomials of a box's parameters, on the unit cube.

    Args:
        elements: of sympy's ring over the box's parameters.
        box: the ranges of the parameters; the unit cube stands for it.
        units: by what they are divided; by default each by the sum of its coefficients.

    Attributes:
        units: by what they are divided.
        size: no value exceeds this in magnitude, (K,).
        curvature: nor any second derivative in one parameter this, (K, n).
    """

    def __init__(
        self, elements: Sequence[Any], box: Box, units: Sequence[Fraction] | None = None
    ) -> None:
        rows = [_on_cube(element, box) for element in elements]
        powers = sorted({power for row in rows for power in row}) or [(0,) * len(box)]
        sums = [sum(map(abs, row.values()), Fraction(0)) or ONE for row in rows]
        self.units = list(units or sums)
        self._powers = np.array(powers, dtype=int).reshape(len(powers), len(box))
        self._coefficients = np.array(
            [
                [float(row.get(p, Fraction(0)) / scale) for p in powers]
                for row, scale in zip(rows, self.units, strict=True)
            ]
        ).reshape(len(rows), len(powers))
        sizes = np.abs(self._coefficients)
        self.size: Array = sizes.sum(axis=1)
        self.curvature: Array = sizes @ (self._powers * (self._powers - 1))

    def at(self, points: Array) -> Array:
        """The values (..., K) at points (..., n)."""
        terms: Array = 1.0
        for at, column in enumerate(self._powers.T):
            x = points[..., at]
            ladder = np.stack([x**power for power in range(int(column.max(initial=0)) + 1)], -1)
            terms = terms * ladder[..., column]
        return terms @ self._coefficients.T

    def below(self, points: Array, widths: Array) -> Array:
        """At the corners of cells of some widths (..., n), what interpolates to less than the
        values within: (..., K).
        """
        allowance = (widths**2 / 8) @ self.curvature.T
        return self.at(points) - allowance - SLACK * (1 + self.size)


def settled(element: Any, box: Box) -> bool:
    """Whether a polynomial is positive all over a box, but for a set without volume; as far as the
    corners tell.
    """
    if not element or any(max(power) > 1 for power, _ in element.terms()):
        return False
    names = list(box)
    corners_ = (dict(zip(names, at, strict=True)) for at in product(*box.values()))
    return all(value_at(element, corner) >= 0 for corner in corners_)


def _on_cube(element: Any, box: Box) -> dict[tuple[int, ...], Fraction]:
    """A polynomial's coefficients by powers, with the unit cube in the place of a box."""
    symbols = [_sympy.Symbol(name) for name in box]
    moved = {
        symbol: _rational(low) + _rational(high - low) * symbol
        for symbol, (low, high) in zip(symbols, box.values(), strict=True)
    }
    expression = element.as_expr().subs(moved, simultaneous=True)
    terms = _sympy.Poly(expression, *symbols, domain="QQ").terms()
    return {tuple(map(int, p)): Fraction(int(c.p), int(c.q)) for p, c in terms}


def _rational(value: Fraction) -> Any:
    return _sympy.Rational(value.numerator, value.denominator)


def corners(low: Array, high: Array, cells: int = 1) -> tuple[Array, Array]:
    """The corners of the cells of boxes (B, n), and the cells' widths.

    Args:
        low, high: the boxes.
        cells: how many there are along each parameter but the last.

    Returns:
        Points (B, cells + 1, ..., 2, n), the last parameter having its two ends alone; and widths,
        (B, 1, ..., 1, n).
    """
    count, n = low.shape
    steps = [np.linspace(0.0, 1.0, cells + 1)] * (n - 1) + [np.array([0.0, 1.0])]
    grid = np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1)
    shape = (count, *(1,) * n, n)
    span = (high - low).reshape(shape)
    points = low.reshape(shape) + span * grid
    return points, span / np.array([cells] * (n - 1) + [1]) * (1 + 1e-12)


def everywhere(values: Array) -> Array:
    """Which boxes have all functions positive at all corners of cells, from (K, B, ...): (B,)."""
    return (values > 0).all(axis=(0, *range(2, values.ndim)))


def somewhere(values: Array) -> Array:
    """Which boxes have each function positive at some corner, from (K, B, ...): (B,)."""
    return (values > 0).any(axis=tuple(range(2, values.ndim))).all(axis=0)


def positive(values: Array) -> Array:
    """At least this share of each box has all functions positive: (B,).

    Args:
        values: (K, B, cells + 1, ..., 2), at the corners of cells.
    """
    first, last = values[..., 0], values[..., 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        root = first / (first - last)
    from_ = np.where(first > 0, 0.0, np.where(last > 0, root, np.inf)).max(axis=0)
    until = np.where(last > 0, 1.0, np.where(first > 0, root, -np.inf)).min(axis=0)
    for axis in range(1, from_.ndim):
        from_ = np.maximum(*_neighbours(from_, axis))
        until = np.minimum(*_neighbours(until, axis))
    length = np.clip(until - from_, 0.0, None)
    return length.mean(axis=tuple(range(1, length.ndim))) * (1 - SLACK)


def _neighbours(values: Array, axis: int) -> tuple[Array, Array]:
    return np.delete(values, -1, axis), np.delete(values, 0, axis)
