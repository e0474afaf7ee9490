"""Linear maps: fully connected layers, matrix products and two-dimensional convolutions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from extract import exact as ex
from extract.exact import Exact
from extract.operator.base import (
    Attributes,
    Kind,
    Operator,
    Shape,
    broadcast,
    require,
)
from extract.operator.pool import WINDOW, spread, windows

if TYPE_CHECKING:
    from torch import Tensor


def _linear_shape(_: Attributes, shapes: Sequence[Shape]) -> Shape:
    x, weight = shapes[0], shapes[1]
    require(len(x) >= 1, "linear needs an operand with at least one axis")
    require(len(weight) == 2, f"a weight of linear has two axes, got shape {weight}")
    require(
        x[-1] == weight[1], f"linear: operand of shape {x} does not fit a weight of shape {weight}"
    )
    if len(shapes) == 3:
        require(shapes[2] == (weight[0],), f"a bias of shape {shapes[2]} does not fit {weight[0]}")
    return (*x[:-1], weight[0])


def _linear_forward(_: Attributes, xs: Sequence[Tensor]) -> Tensor:
    from torch.nn import functional

    return functional.linear(xs[0], xs[1], xs[2] if len(xs) == 3 else None)


def _linear_exact(_: Attributes, xs: Sequence[Exact]) -> Exact:
    product = ex.contract(xs[0], xs[1].layout(np.transpose))
    if len(xs) == 2:
        return product
    return ex.pairwise(np.add, product, xs[2])


def _matmul_shape(_: Attributes, shapes: Sequence[Shape]) -> Shape:
    x, y = shapes
    require(min(len(x), len(y)) >= 2, f"matmul needs matrices, got shapes {x} and {y}")
    (rows, inner), (other, columns) = x[-2:], y[-2:]
    require(inner == other, f"matmul: shapes {x} and {y} do not fit")
    return (*broadcast([x[:-2], y[:-2]]), rows, columns)


def _matmul_forward(_: Attributes, xs: Sequence[Tensor]) -> Tensor:
    rank = max(t.dim() for t in xs)
    x, y = (t.reshape(t.shape[0], *(1,) * (rank - t.dim()), *t.shape[1:]) for t in xs)
    return x @ y


def _conv_shape(attributes: Attributes, shapes: Sequence[Shape]) -> Shape:
    x, weight = shapes[0], shapes[1]
    groups = attributes["groups"]
    require(len(x) == 4, f"conv2d needs an operand of shape (N, C, H, W), got {x}")
    require(len(weight) == 4, f"conv2d needs a weight with four axes, got shape {weight}")
    require(isinstance(groups, int) and groups >= 1, f"groups is {groups!r}")
    require(
        x[1] == weight[1] * groups and weight[0] % groups == 0,
        f"conv2d: operand {x}, weight {weight} and groups {groups} do not fit",
    )
    if len(shapes) == 3:
        require(shapes[2] == (weight[0],), f"a bias of shape {shapes[2]} does not fit {weight[0]}")
    height, width = windows(attributes, x[2:], (weight[2], weight[3]))
    return (x[0], weight[0], height, width)


def _conv_forward(attributes: Attributes, xs: Sequence[Tensor]) -> Tensor:
    from torch.nn import functional

    top, left, bottom, right = attributes["padding"]
    x = xs[0].flatten(0, 1)
    if any(attributes["padding"]):
        x = functional.pad(x, (left, right, top, bottom))
    y = functional.conv2d(
        x,
        xs[1],
        xs[2] if len(xs) == 3 else None,
        stride=attributes["stride"],
        dilation=attributes["dilation"],
        groups=attributes["groups"],
    )
    return y.unflatten(0, (xs[0].shape[0], xs[0].shape[1]))


def _conv_exact(attributes: Attributes, xs: Sequence[Exact]) -> Exact:
    x, weight = xs[0], xs[1]
    count, groups = x.shape[0], attributes["groups"]
    out, inner, *kernel = weight.shape
    height, width = windows(attributes, x.shape[2:], (kernel[0], kernel[1]))
    index, inside = spread(attributes, x.shape[2:], (kernel[0], kernel[1]))

    def columns(v: ex.Integers) -> ex.Integers:
        flat = v.reshape(count, groups, inner, -1)[..., index] * inside
        return flat.swapaxes(2, 3).reshape(count, groups, height * width, -1)

    rows = weight.layout(lambda v: v.reshape(groups, out // groups, -1).swapaxes(1, 2))
    product = ex.contract(x.layout(columns), rows)
    y = product.layout(lambda v: v.swapaxes(2, 3).reshape(count, out, height, width))
    if len(xs) == 2:
        return y
    return ex.pairwise(np.add, y, xs[2].layout(lambda v: v.reshape(-1, 1, 1)))


ROWS: dict[str, Operator] = {
    "linear": Operator(
        _linear_shape,
        _linear_forward,
        _linear_exact,
        Kind.AFFINE,
        least=2,
        most=3,
        weights=frozenset({1, 2}),
    ),
    "matmul": Operator(
        _matmul_shape,
        _matmul_forward,
        lambda _, xs: ex.contract(xs[0], xs[1]),
        Kind.AFFINE,
        least=2,
        most=2,
    ),
    "conv2d": Operator(
        _conv_shape,
        _conv_forward,
        _conv_exact,
        Kind.AFFINE,
        least=2,
        most=3,
        attributes=(*(name for name in WINDOW if name != "kernel"), "groups"),
        weights=frozenset({1, 2}),
    ),
}
