"""Operators that gather an axis: sums, means, maxima, softmax and argmax."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from extract import exact as ex
from extract.exact import Exact
from extract.operator.base import Attributes, Kind, Operator, Shape, require, require_axis
from theory.enclosure import Enclosure, exp

if TYPE_CHECKING:
    from torch import Tensor


FAR = Fraction(2048)
"""In softmax, e^x above this is taken as infinite below and as e^FAR above: both stay bounds."""


def _reduced(attributes: Attributes, shapes: Sequence[Shape]) -> Shape:
    axes, keepdims, x = attributes["axes"], attributes["keepdims"], shapes[0]
    require(isinstance(axes, tuple) and len(axes) > 0, f"axes is {axes!r}, not a tuple of axes")
    require(keepdims in (0, 1), f"keepdims is {keepdims!r}, not 0 or 1")
    for axis in axes:
        require_axis(axis, len(x))
        require(x[axis] > 0, f"axis {axis} of shape {x} is empty")
    require(len(set(axes)) == len(axes), f"axes {axes} repeat")
    if keepdims:
        return tuple(1 if i in axes else n for i, n in enumerate(x))
    return tuple(n for i, n in enumerate(x) if i not in axes)


def _axes(attributes: Attributes) -> tuple[int, ...]:
    return tuple(axis + 1 for axis in attributes["axes"])


def _max_forward(attributes: Attributes, xs: Sequence[Tensor]) -> Tensor:
    return xs[0].amax(dim=_axes(attributes), keepdim=bool(attributes["keepdims"]))


def _sum_forward(attributes: Attributes, xs: Sequence[Tensor]) -> Tensor:
    return xs[0].sum(dim=_axes(attributes), keepdim=bool(attributes["keepdims"]))


def _mean_forward(attributes: Attributes, xs: Sequence[Tensor]) -> Tensor:
    return xs[0].mean(dim=_axes(attributes), keepdim=bool(attributes["keepdims"]))


def _max_exact(attributes: Attributes, xs: Sequence[Exact]) -> Exact:
    keep = bool(attributes["keepdims"])
    return xs[0].monotone(lambda v: v.max(axis=attributes["axes"], keepdims=keep))


def _sum_exact(attributes: Attributes, xs: Sequence[Exact]) -> Exact:
    keep = bool(attributes["keepdims"])
    return xs[0].monotone(lambda v: v.sum(axis=attributes["axes"], keepdims=keep))


def _mean_exact(attributes: Attributes, xs: Sequence[Exact]) -> Exact:
    total = _sum_exact(attributes, xs)
    count = prod(xs[0].shape[axis] for axis in attributes["axes"])
    return Exact(total.lower, total.upper, total.denominator * count)


def _softmax_shape(attributes: Attributes, shapes: Sequence[Shape]) -> Shape:
    axis = require_axis(attributes["axis"], len(shapes[0]))
    require(shapes[0][axis] > 0, f"axis {axis} of shape {shapes[0]} is empty")
    return shapes[0]


def _softmax_forward(attributes: Attributes, xs: Sequence[Tensor]) -> Tensor:
    return xs[0].softmax(dim=attributes["axis"] + 1)


def _softmax_exact(attributes: Attributes, xs: Sequence[Exact]) -> Exact:
    """softmax_i = 1 / (1 + sum over j != i of e^(x_j - x_i)), which keeps enclosures tight."""
    x = xs[0].layout(lambda v: np.moveaxis(v, attributes["axis"], -1))
    size = x.shape[-1]
    lows = [Fraction(int(v), x.denominator) for v in x.lower.ravel()]
    highs = [Fraction(int(v), x.denominator) for v in x.upper.ravel()]
    results: list[Enclosure] = []
    for start in range(0, len(lows), size):
        low, high = lows[start : start + size], highs[start : start + size]
        for i in range(size):
            others = [j for j in range(size) if j != i]
            far = any(high[j] - low[i] > FAR for j in others)
            least = 0 if far else 1 / (1 + sum(exp(high[j] - low[i]).upper for j in others))
            most = 1 / (1 + sum(exp(min(low[j] - high[i], FAR)).lower for j in others))
            results.append(ex.rounded_out(Enclosure(Fraction(least), Fraction(most))))
    y = ex.from_numbers(results, x.shape)
    return y.layout(lambda v: np.moveaxis(v, -1, attributes["axis"]))


def _argmax_shape(attributes: Attributes, shapes: Sequence[Shape]) -> Shape:
    axis = require_axis(attributes["axis"], len(shapes[0]))
    return _reduced({"axes": (axis,), "keepdims": attributes["keepdims"]}, shapes)


def _argmax_forward(attributes: Attributes, xs: Sequence[Tensor]) -> Tensor:
    x = xs[0]
    index = x.argmax(dim=attributes["axis"] + 1, keepdim=bool(attributes["keepdims"]))
    return index.to(x.dtype)


def _argmax_exact(attributes: Attributes, xs: Sequence[Exact]) -> Exact:
    """The least index of a largest entry; over intervals, the range of indices that may be it."""
    axis = attributes["axis"]
    x = xs[0].layout(lambda v: np.moveaxis(v, axis, -1))
    first: list[int] = []
    last: list[int] = []
    rows = zip(x.lower.reshape(-1, x.shape[-1]), x.upper.reshape(-1, x.shape[-1]), strict=True)
    for low, high in rows:
        bar = max(low)
        able = [i for i, top in enumerate(high) if top >= bar]
        sure = [i for i in able if all(low[i] >= high[j] for j in range(len(high)) if j != i)]
        first.append(able[0])
        last.append(sure[0] if sure else able[-1])
    shape = _argmax_shape(attributes, [xs[0].shape])
    lower = ex.objects(first, shape)
    return Exact(lower, lower if first == last else ex.objects(last, shape))


_REDUCE = ("axes", "keepdims")

ROWS: dict[str, Operator] = {
    "reduce_max": Operator(_reduced, _max_forward, _max_exact, Kind.PIECEWISE, attributes=_REDUCE),
    "reduce_sum": Operator(_reduced, _sum_forward, _sum_exact, Kind.AFFINE, attributes=_REDUCE),
    "reduce_mean": Operator(_reduced, _mean_forward, _mean_exact, Kind.AFFINE, attributes=_REDUCE),
    # The mean that ends a variance, which libraries take in one pass or in two, rounding apart.
    "moment": Operator(_reduced, _mean_forward, _mean_exact, Kind.AFFINE, attributes=_REDUCE),
    "softmax": Operator(
        _softmax_shape, _softmax_forward, _softmax_exact, Kind.SMOOTH, attributes=("axis",)
    ),
    "argmax": Operator(
        _argmax_shape,
        _argmax_forward,
        _argmax_exact,
        Kind.DISCRETE,
        attributes=("axis", "keepdims"),
    ),
}
