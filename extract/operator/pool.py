"""Windows over the last two axes: max and average pooling, and the geometry of convolution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from extract import exact as ex
from extract.exact import Exact
from extract.operator.base import Attributes, Kind, Operator, Shape, require

if TYPE_CHECKING:
    from torch import Tensor

WINDOW = ("kernel", "stride", "padding", "dilation")
Pair = tuple[int, int]


def windows(attributes: Attributes, size: Sequence[int], kernel: Pair) -> Pair:
    """How many windows fit along height and width.

    Raises:
        ShapeError: an attribute is malformed, or no window fits.
    """
    for name, count, least in (("stride", 2, 1), ("dilation", 2, 1), ("padding", 4, 0)):
        value = attributes[name]
        require(
            isinstance(value, tuple)
            and len(value) == count
            and all(isinstance(n, int) and n >= least for n in value),
            f"{name} is {value!r}, but has to be {count} integers of at least {least}",
        )
    require(all(n >= 1 for n in kernel), f"the kernel {kernel} is empty")
    result: list[int] = []
    for axis in (0, 1):
        padded = size[axis] + attributes["padding"][axis] + attributes["padding"][axis + 2]
        reach = attributes["dilation"][axis] * (kernel[axis] - 1) + 1
        require(padded >= reach, f"a window of {reach} does not fit into {padded}")
        result.append((padded - reach) // attributes["stride"][axis] + 1)
    return result[0], result[1]


def spread(
    attributes: Attributes, size: Sequence[int], kernel: Pair
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """For every window (C order), the flat positions it reads, and whether they are inside.

    Returns:
        index: integers of shape (windows, kernel entries); 0 where outside.
        inside: 1 or 0 of the same shape, as Python integers.
    """
    counts = windows(attributes, size, kernel)
    positions = _positions(attributes, counts, kernel)
    row = positions[0][:, None, :, None]
    column = positions[1][None, :, None, :]
    inside = (row >= 0) & (row < size[0]) & (column >= 0) & (column < size[1])
    index = np.where(inside, row * size[1] + column, 0)
    shape = (counts[0] * counts[1], kernel[0] * kernel[1])
    return index.reshape(shape), inside.reshape(shape).astype(object) * 1


def _positions(
    attributes: Attributes, counts: Pair, kernel: Pair
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """The rows that windows read, and the columns, each (windows along the axis, kernel)."""

    def along(axis: int) -> np.ndarray[Any, Any]:
        start = np.arange(counts[axis]) * attributes["stride"][axis] - attributes["padding"][axis]
        return start[:, None] + np.arange(kernel[axis]) * attributes["dilation"][axis]

    return along(0), along(1)


def _pool_shape(attributes: Attributes, shapes: Sequence[Shape]) -> Shape:
    x = shapes[0]
    require(len(x) == 4, f"pooling needs an operand of shape (N, C, H, W), got {x}")
    kernel = attributes["kernel"]
    require(isinstance(kernel, tuple) and len(kernel) == 2, f"the kernel is {kernel!r}")
    counts = windows(attributes, x[2:], kernel)
    for size, read in zip(x[2:], _positions(attributes, counts, kernel), strict=True):
        filled = ((read >= 0) & (read < size)).any(axis=1).all()
        require(bool(filled), f"padding {attributes['padding']} leaves windows of padding only")
    return (*x[:2], *counts)


def _padded(attributes: Attributes, x: Tensor, fill: float) -> Tensor:
    from torch.nn import functional

    top, left, bottom, right = attributes["padding"]
    flat = x.flatten(0, 1)
    return (
        functional.pad(flat, (left, right, top, bottom), value=fill)
        if any(attributes["padding"])
        else flat
    )


def _max_forward(attributes: Attributes, xs: Sequence[Tensor]) -> Tensor:
    from torch.nn import functional

    y = functional.max_pool2d(
        _padded(attributes, xs[0], float("-inf")),
        attributes["kernel"],
        stride=attributes["stride"],
        dilation=attributes["dilation"],
    )
    return y.unflatten(0, (xs[0].shape[0], xs[0].shape[1]))


def _max_exact(attributes: Attributes, xs: Sequence[Exact]) -> Exact:
    x = xs[0]
    shape = _pool_shape(attributes, [x.shape])
    index, inside = spread(attributes, x.shape[2:], attributes["kernel"])

    def largest(v: ex.Integers) -> ex.Integers:
        flat = v.reshape(*x.shape[:2], -1)[..., index]
        lowest = v.min() if v.size else 0
        return np.where(inside == 1, flat, lowest).max(axis=-1).reshape(shape)

    return x.monotone(largest)


def _average_check(attributes: Attributes, shapes: Sequence[Shape]) -> Shape:
    require(attributes["dilation"] == (1, 1), "average pooling takes no dilation")
    require(attributes["count_padding"] in (0, 1), "count_padding is 0 or 1")
    return _pool_shape(attributes, shapes)


def _average_forward(attributes: Attributes, xs: Sequence[Tensor]) -> Tensor:
    import torch
    from torch.nn import functional

    kernel, stride = attributes["kernel"], attributes["stride"]
    y = functional.avg_pool2d(_padded(attributes, xs[0], 0.0), kernel, stride)
    if any(attributes["padding"]) and not attributes["count_padding"]:
        ones = torch.ones((1, 1, 1, *xs[0].shape[-2:]), dtype=y.dtype, device=y.device)
        y = y / functional.avg_pool2d(_padded(attributes, ones, 0.0), kernel, stride)
    return y.unflatten(0, (xs[0].shape[0], xs[0].shape[1]))


def _average_exact(attributes: Attributes, xs: Sequence[Exact]) -> Exact:
    x = xs[0]
    shape = _average_check(attributes, [x.shape])
    index, inside = spread(attributes, x.shape[2:], attributes["kernel"])
    kernel = attributes["kernel"]
    total = x.monotone(
        lambda v: (v.reshape(*x.shape[:2], -1)[..., index] * inside).sum(axis=-1).reshape(shape)
    )
    if attributes["count_padding"]:
        counts = [kernel[0] * kernel[1]] * (shape[2] * shape[3])
    else:
        counts = [int(n) for n in inside.sum(axis=-1)]
    return ex.divide(total, ex.from_numbers(counts, shape[2:]))


ROWS: dict[str, Operator] = {
    "max_pool": Operator(_pool_shape, _max_forward, _max_exact, Kind.PIECEWISE, attributes=WINDOW),
    "avg_pool": Operator(
        _average_check,
        _average_forward,
        _average_exact,
        Kind.AFFINE,
        attributes=(*WINDOW, "count_padding"),
    ),
}
