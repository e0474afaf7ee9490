"""How problems with free parameters reach a network: features as functions of the parameters."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from theory.decision.encoding import Encoding
from theory.partition import Box, value_at
from verify.dilemma.volume import Polynomials

FLOAT32 = 2.0**-23
"""More than a rounding to float32 costs, relative to the number."""

ROUNDING = 1e-12
"""More than float64 loses in a polynomial, relative to the sum of its coefficients."""

Array = Any
_sympy: Any = sympy


class Chart:
    """How problems of a box of parameters are put to a network.

    Args:
        box: the ranges of the parameters; the unit cube stands for it.
        features: the network's, each a rational function of the parameters, in sympy's field.
    """

    def __init__(self, box: Box, features: Sequence[Any]) -> None:
        self.box = box
        field: Any = _sympy.QQ.frac_field(*box)
        shared: Any = field.one.denom
        for feature in features:
            shared = shared.lcm(feature.denom)
        self._middle = {name: (low + high) / 2 for name, (low, high) in box.items()}
        shared = self._upright(shared)
        numerators = [f.numer * shared.exquo(f.denom) for f in features]
        self._denominator = Polynomials([shared], box)
        self._numerators = Polynomials(numerators, box, self._denominator.units * len(features))
        # Of each feature by itself: of lower degree, and so with tighter ranges.
        below = [self._upright(f.denom) for f in features]
        above = [f.numer * low.exquo(f.denom) for f, low in zip(features, below, strict=True)]
        self._below = Polynomials(below, box)
        self._above = Polynomials(above, box, self._below.units)

    def _upright(self, polynomial: Any) -> Any:
        """A polynomial, or its negative: positive in the middle of the box."""
        return polynomial if value_at(polynomial, self._middle) > 0 else -polynomial

    def hull(self, low: Array, high: Array) -> tuple[Array, Array, Array]:
        """Ranges of the features over boxes (B, n): two (B, F); and where all denominators are
        known to be positive, (B,).
        """
        n = low.shape[1]
        ends = np.stack(np.meshgrid(*[[0.0, 1.0]] * n, indexing="ij"), axis=-1).reshape(-1, n)
        points = low[:, None] + (high - low)[:, None] * ends
        above, below = self._above.at(points), self._below.at(points)
        bend = (high - low) ** 2 / 8
        lost = bend @ self._below.curvature.T + ROUNDING
        least = below.min(axis=1) - lost
        common = self._denominator.at(points).min(axis=1) - bend @ self._denominator.curvature.T
        finite = (least > 0).all(axis=1) & (common[:, 0] > ROUNDING)
        least = np.where(finite[:, None], least, 1.0)
        ratio = above / np.where(finite[:, None, None], below, 1.0)
        first, last = ratio.min(axis=1), ratio.max(axis=1)
        reach = np.maximum(np.abs(first), np.abs(last))
        room = bend @ self._above.curvature.T + reach * lost + ROUNDING * (self._above.size + reach)
        room = room / least + ROUNDING * reach
        return first - room, last + room, finite

    def above(self, slope: Array, offset: Array, points: Array, widths: Array) -> Array:
        """Affine functions of the features, seen through the chart, where they are above zero.

        Args:
            slope, offset: (B, K, F) and (B, K).
            points, widths: (B, ..., n).

        Returns:
            (K, B, ...), at the corners of cells: what interpolates to less than a positive multiple
            of each function within, float32 features included.
        """
        count, rows, features = slope.shape
        extra = (1,) * (points.ndim - 2)
        slope = slope.reshape(count, *extra, rows, features)
        offset = offset.reshape(count, *extra, rows)
        tops, below = self._numerators.at(points), self._denominator.at(points)
        value = (slope @ tops[..., None])[..., 0] + offset * below
        bend = widths**2 / 8
        curves = (bend @ self._numerators.curvature.T)[..., None]
        lost = (np.abs(slope) @ curves)[..., 0]
        lost = lost + np.abs(offset) * (bend @ self._denominator.curvature.T)
        size = (np.abs(slope) @ self._numerators.size[:, None])[..., 0]
        size = size + np.abs(offset) * self._denominator.size
        return np.moveaxis(value - lost - size * FLOAT32, -1, 0)

    def change(self, low: Array, high: Array) -> Array:
        """By how much each feature changes across each parameter of boxes: (B, n, F), roughly."""
        middle, half = (low + high) / 2, (high - low) / 2
        step = half[:, None] * np.eye(low.shape[1])
        ends = [middle[:, None] + step * sign for sign in (1, -1)]
        with np.errstate(divide="ignore", invalid="ignore"):
            one, other = (self._numerators.at(p) / self._denominator.at(p) for p in ends)
            return np.nan_to_num(np.abs(one - other), posinf=0.0)


def case_chart(encoding: Encoding, case: str) -> Chart:
    """The problems of a case, whose parameters are features themselves."""
    box, fixed = encoding.box(case), encoding.cases[case].fixed
    field: Any = _sympy.QQ.frac_field(*box)
    at = list(box)
    return Chart(
        box,
        [
            field.gens[at.index(f.name)] if f.name in box else constant(field, fixed[f.name])
            for f in encoding.agent.features
        ],
    )


def constant(field: Any, value: Any) -> Any:
    """A number as an element of a field."""
    number = Fraction(value)
    return field(_sympy.QQ(number.numerator, number.denominator))
