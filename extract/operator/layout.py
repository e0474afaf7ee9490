"""Operators that only move entries about: reshape, transpose, concat, slice and gather."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from extract import exact as ex
from extract.exact import Exact
from extract.operator.base import Attributes, Kind, Operator, Shape, require, require_axis

if TYPE_CHECKING:
    from torch import Tensor


def _reshape_shape(attributes: Attributes, shapes: Sequence[Shape]) -> Shape:
    shape = attributes["shape"]
    require(
        isinstance(shape, tuple) and all(isinstance(n, int) and n >= 0 for n in shape),
        f"shape is {shape!r}, not a tuple of sizes",
    )
    require(prod(shape) == prod(shapes[0]), f"shape {shapes[0]} cannot be read as {shape}")
    return shape


def _transpose_shape(attributes: Attributes, shapes: Sequence[Shape]) -> Shape:
    perm, x = attributes["perm"], shapes[0]
    require(
        isinstance(perm, tuple) and sorted(perm) == list(range(len(x))),
        f"perm {perm!r} is not an order of the {len(x)} axes",
    )
    return tuple(x[axis] for axis in perm)


def _concat_shape(attributes: Attributes, shapes: Sequence[Shape]) -> Shape:
    first = shapes[0]
    axis = require_axis(attributes["axis"], len(first))
    for shape in shapes[1:]:
        require(
            len(shape) == len(first)
            and all(a == b for i, (a, b) in enumerate(zip(shape, first, strict=True)) if i != axis),
            f"shapes {list(shapes)} cannot be joined along axis {axis}",
        )
    return (*first[:axis], sum(shape[axis] for shape in shapes), *first[axis + 1 :])


def _concat_forward(attributes: Attributes, xs: Sequence[Tensor]) -> Tensor:
    import torch

    count = max(x.shape[0] for x in xs)
    wide = [x.expand(count, *x.shape[1:]) for x in xs]
    return torch.cat(wide, dim=attributes["axis"] + 1)


def _concat_exact(attributes: Attributes, xs: Sequence[Exact]) -> Exact:
    parts, denominator = ex.aligned(*xs)
    lower = np.concatenate([part.lower for part in parts], axis=attributes["axis"])
    if all(part.is_rational for part in parts):
        return Exact(lower, lower, denominator)
    upper = np.concatenate([part.upper for part in parts], axis=attributes["axis"])
    return Exact(lower, upper, denominator)


def _slice_shape(attributes: Attributes, shapes: Sequence[Shape]) -> Shape:
    x = shapes[0]
    axis = require_axis(attributes["axis"], len(x))
    start, stop, step = attributes["start"], attributes["stop"], attributes["step"]
    require(
        all(isinstance(n, int) for n in (start, stop, step))
        and 0 <= start < stop <= x[axis]
        and step >= 1,
        f"slice {start!r}:{stop!r}:{step!r} does not fit axis {axis} of shape {x}",
    )
    return (*x[:axis], len(range(start, stop, step)), *x[axis + 1 :])


def _cut(attributes: Attributes, leading: int) -> tuple[slice, ...]:
    window = slice(attributes["start"], attributes["stop"], attributes["step"])
    return (slice(None),) * (attributes["axis"] + leading) + (window,)


def _gather_shape(attributes: Attributes, shapes: Sequence[Shape]) -> Shape:
    x, indices = shapes[0], attributes["indices"]
    axis = require_axis(attributes["axis"], len(x))
    require(
        isinstance(indices, tuple)
        and len(indices) > 0
        and all(isinstance(n, int) and 0 <= n < x[axis] for n in indices),
        f"indices {indices!r} do not fit axis {axis} of shape {x}",
    )
    return (*x[:axis], len(indices), *x[axis + 1 :])


def _gather_forward(attributes: Attributes, xs: Sequence[Tensor]) -> Tensor:
    import torch

    index = torch.tensor(attributes["indices"], device=xs[0].device)
    return xs[0].index_select(attributes["axis"] + 1, index)


ROWS: dict[str, Operator] = {
    "reshape": Operator(
        _reshape_shape,
        lambda attributes, xs: xs[0].reshape(xs[0].shape[0], *attributes["shape"]),
        lambda attributes, xs: xs[0].layout(lambda v: v.reshape(attributes["shape"])),
        Kind.LAYOUT,
        attributes=("shape",),
    ),
    "transpose": Operator(
        _transpose_shape,
        lambda attributes, xs: xs[0].permute(0, *(axis + 1 for axis in attributes["perm"])),
        lambda attributes, xs: xs[0].layout(lambda v: v.transpose(attributes["perm"])),
        Kind.LAYOUT,
        attributes=("perm",),
    ),
    "concat": Operator(
        _concat_shape,
        _concat_forward,
        _concat_exact,
        Kind.LAYOUT,
        most=1024,
        attributes=("axis",),
    ),
    "slice": Operator(
        _slice_shape,
        lambda attributes, xs: xs[0][_cut(attributes, 1)],
        lambda attributes, xs: xs[0].layout(lambda v: v[_cut(attributes, 0)]),
        Kind.LAYOUT,
        attributes=("axis", "start", "stop", "step"),
    ),
    "gather": Operator(
        _gather_shape,
        _gather_forward,
        lambda attributes, xs: xs[0].layout(
            lambda v: np.take(v, attributes["indices"], axis=attributes["axis"])
        ),
        Kind.LAYOUT,
        attributes=("axis", "indices"),
    ),
}
