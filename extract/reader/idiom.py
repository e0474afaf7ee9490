"""Operators of the sources, spelled in the operators of the table.

Each function adds nodes to a builder and returns the value; the last node bears `name`. Operands
that are all known while reading never come here: readers fold those.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod

import numpy as np

from extract.network import Array, check_size
from extract.operator import Shape, ShapeError, broadcast
from extract.reader.build import Builder, Value

MOST_REPEATS = 2**16
"""An axis that is repeated more often by broadcasting is refused; its index would be as long."""


def reshape(b: Builder, x: Value, shape: Sequence[int], name: str) -> Value:
    """Read the entries in order under another shape, one of whose sizes may be -1."""
    sizes = list(shape)
    if sizes.count(-1) > 1 or any(n < -1 for n in sizes):
        raise b.wrong(f"the shape {sizes} is not a shape")
    if -1 in sizes:
        rest = prod(n for n in sizes if n != -1)
        if rest == 0 or prod(x.shape) % rest:
            raise b.wrong(f"shape {x.shape} cannot be read as {sizes}")
        sizes[sizes.index(-1)] = prod(x.shape) // rest
    if tuple(sizes) == x.shape:
        return b.alias(name, x)
    return b.emit("reshape", [x], name, shape=tuple(sizes))


def axis_of(b: Builder, axis: int, rank: int) -> int:
    """An axis counted from either end, counted from the front."""
    if not -rank <= axis < rank:
        raise b.wrong(f"axis {axis} is not an axis of a tensor of rank {rank}")
    return axis % rank


def squeeze(b: Builder, x: Value, axes: Sequence[int] | None, name: str) -> Value:
    """Drop axes of size 1; `None` drops all of them."""
    if axes is None:
        return reshape(b, x, [n for n in x.shape if n != 1], name)
    drop = {axis_of(b, axis, x.rank) for axis in axes}
    wide = [axis for axis in drop if x.shape[axis] != 1]
    if wide:
        raise b.wrong(f"axis {wide[0]} of shape {x.shape} is not of size 1")
    return reshape(b, x, [n for i, n in enumerate(x.shape) if i not in drop], name)


def unsqueeze(b: Builder, x: Value, axes: Sequence[int], name: str) -> Value:
    """Insert axes of size 1 at positions of the result."""
    rank = x.rank + len(axes)
    places = {axis_of(b, axis, rank) for axis in axes}
    if len(places) != len(axes):
        raise b.wrong(f"axes {list(axes)} repeat")
    sizes = iter(x.shape)
    return reshape(b, x, [1 if i in places else next(sizes) for i in range(rank)], name)


def transpose(b: Builder, x: Value, perm: Sequence[int], name: str) -> Value:
    """Reorder the axes."""
    order = tuple(axis_of(b, axis, x.rank) for axis in perm)
    if order == tuple(range(x.rank)):
        return b.alias(name, x)
    return b.emit("transpose", [x], name, perm=order)


def expand(b: Builder, x: Value, shape: Shape, name: str) -> Value:
    """Repeat axes of size 1, as broadcasting to `shape` does."""
    check_size(f"{b.title}: node {b.place!r}", shape)
    padded = (1,) * (len(shape) - x.rank) + x.shape
    if len(padded) != len(shape) or any(
        n not in (1, m) for n, m in zip(padded, shape, strict=True)
    ):
        raise b.wrong(f"shape {x.shape} does not broadcast to {shape}")
    repeats = [axis for axis, n in enumerate(padded) if n != shape[axis]]
    if any(shape[axis] > MOST_REPEATS for axis in repeats):
        raise b.unsupported(f"an axis repeated more than {MOST_REPEATS} times")
    value = reshape(b, x, padded, b.fresh(f"{name}.lead") if repeats else name)
    for axis in repeats:
        title = name if axis == repeats[-1] else b.fresh(f"{name}.axis{axis}")
        value = b.emit("gather", [value], title, axis=axis, indices=(0,) * shape[axis])
    return value


def gather(b: Builder, x: Value, axis: int, indices: Array, name: str) -> Value:
    """Select entries along an axis; the index array's axes replace it."""
    place = axis_of(b, axis, x.rank)
    size = x.shape[place]
    flat = [int(n) for n in indices.ravel()]
    outside = [n for n in flat if not -size <= n < size]
    if outside:
        raise b.wrong(f"index {outside[0]} is outside axis {axis} of shape {x.shape}")
    picked = tuple(n % size for n in flat)
    shape = (*x.shape[:place], *indices.shape, *x.shape[place + 1 :])
    straight = len(indices.shape) == 1
    title = name if straight else b.fresh(f"{name}.gather")
    return reshape(b, b.emit("gather", [x], title, axis=place, indices=picked), shape, name)


def cut(b: Builder, x: Value, axis: int, start: int, stop: int, step: int, name: str) -> Value:
    """Python's slice along one axis."""
    place = axis_of(b, axis, x.rank)
    if step == 0:
        raise b.wrong("a slice with step 0")
    chosen = range(x.shape[place])[slice(start, stop, step)]
    return cut_range(b, x, place, chosen, name)


def cut_range(b: Builder, x: Value, axis: int, chosen: range, name: str) -> Value:
    """The entries at the positions of a range along one axis."""
    if len(chosen) == 0:
        raise b.wrong(f"the slice of axis {axis} of shape {x.shape} is empty")
    if chosen == range(x.shape[axis]):
        return b.alias(name, x)
    if chosen.step < 0:
        return b.emit("gather", [x], name, axis=axis, indices=tuple(chosen))
    stop = chosen[-1] + 1
    return b.emit("slice", [x], name, axis=axis, start=chosen[0], stop=stop, step=chosen.step)


def split(
    b: Builder, x: Value, axis: int, sizes: Sequence[int], names: Sequence[str]
) -> list[Value]:
    """Consecutive slices along one axis."""
    place = axis_of(b, axis, x.rank)
    if len(sizes) != len(names) or sum(sizes) != x.shape[place] or min(sizes, default=0) < 0:
        raise b.wrong(f"sizes {list(sizes)} do not split axis {axis} of shape {x.shape}")
    results: list[Value] = []
    start = 0
    for size, name in zip(sizes, names, strict=True):
        results.append(cut_range(b, x, place, range(start, start + size), name))
        start += size
    return results


def reduce(
    b: Builder, op: str, x: Value, axes: Sequence[int] | None, keepdims: bool, name: str
) -> Value:
    """reduce_max, reduce_sum, reduce_mean, or reduce_min as the negative maximum of negatives."""
    chosen = range(x.rank) if axes is None else axes
    places = tuple(sorted({axis_of(b, axis, x.rank) for axis in chosen}))
    if not places:
        return b.alias(name, x)
    attributes = {"axes": places, "keepdims": int(keepdims)}
    if op != "reduce_min":
        return b.emit(op, [x], name, **attributes)
    flipped = b.emit("neg", [x], b.fresh(f"{name}.neg"))
    most = b.emit("reduce_max", [flipped], b.fresh(f"{name}.max"), **attributes)
    return b.emit("neg", [most], name)


def argmax(b: Builder, x: Value, axis: int | None, keepdims: bool, name: str) -> Value:
    """The least index of a largest entry."""
    if axis is None:
        flat = reshape(b, x, (-1,), b.fresh(f"{name}.flat"))
        value = b.emit("argmax", [flat], b.fresh(f"{name}.index"), axis=0, keepdims=0)
        return reshape(b, value, (1,) * x.rank if keepdims else (), name)
    place = axis_of(b, axis, x.rank)
    return b.emit("argmax", [x], name, axis=place, keepdims=int(keepdims))


def fold_left(b: Builder, op: str, values: Sequence[Value], name: str) -> Value:
    """A binary operator over any number of operands, from the left."""
    result = values[0]
    for position, value in enumerate(values[1:], start=2):
        last = position == len(values)
        title = name if last else b.fresh(f"{name}.{position}")
        result = binary(b, op, result, value, title)
    return result if len(values) > 1 else b.alias(name, result)


def binary(b: Builder, op: str, x: Value, y: Value, name: str) -> Value:
    """An entrywise operator of two operands; of two constants it is computed now."""
    if x.array is not None and y.array is not None:
        function = {
            "add": np.add,
            "sub": np.subtract,
            "mul": np.multiply,
            "maximum": np.maximum,
            "minimum": np.minimum,
        }[op]
        return b.constant(name, np.asarray(function(x.array, y.array)))
    if op == "div" and y.array is not None and not y.array.all():
        raise b.wrong("division by zero")
    return b.emit(op, [x, y], name)


def clip(b: Builder, x: Value, low: Value | None, high: Value | None, name: str) -> Value:
    """min(max(x, low), high); an infinite bound is no bound."""
    bounds = [("maximum", low, -np.inf), ("minimum", high, np.inf)]
    steps = [
        (op, bound)
        for op, bound, none in bounds
        if bound is not None and not (bound.array is not None and (bound.array == none).all())
    ]
    value = x
    for op, bound in steps:
        title = name if op == steps[-1][0] else b.fresh(f"{name}.{op}")
        value = b.emit(op, [value, bound], title)
    return value if steps else b.alias(name, x)


def linear(b: Builder, x: Value, weight: Value, bias: Value | None, name: str) -> Value:
    """x weight^T + bias, with a constant weight of shape (out, in)."""
    width = weight.shape[0]
    if bias is None:
        return b.emit("linear", [x, weight], name)
    row = bias.array is not None and bias.shape[-1:] == (width,) and prod(bias.shape) == width
    if row and bias.rank <= x.rank:
        return b.emit("linear", [x, weight, reshape_constant(b, bias, (width,))], name)
    product = b.emit("linear", [x, weight], b.fresh(f"{name}.product"))
    return b.emit("add", [product, bias], name)


def reshape_constant(b: Builder, value: Value, shape: Sequence[int]) -> Value:
    """A constant under another shape; the same constant gives the same parameter."""
    array = b.known(value, value.name).reshape(tuple(shape))
    if array.shape == value.shape:
        return value
    label = "x".join(str(n) for n in array.shape)
    return b.constant(f"{value.name}.as{label}", array)


def transposed(b: Builder, value: Value) -> Value:
    """A constant matrix, transposed."""
    array = np.ascontiguousarray(b.known(value, value.name).T)
    return b.constant(f"{value.name}.T", array)


def matmul(b: Builder, x: Value, y: Value, name: str) -> Value:
    """numpy's `x @ y`; a constant matrix on the right makes it a `linear`."""
    if x.rank == 0 or y.rank == 0:
        raise b.wrong(f"shapes {x.shape} and {y.shape} have no matrix product")
    if y.array is not None and y.rank <= 2:
        if y.rank == 2:
            return linear(b, x, transposed(b, y), None, name)
        row = reshape_constant(b, y, (1, -1))
        column = linear(b, x, row, None, b.fresh(f"{name}.column"))
        return reshape(b, column, x.shape[:-1], name)
    if x.rank >= 2 and y.rank >= 2:
        return b.emit("matmul", [x, y], name)
    left = unsqueeze(b, x, [0], b.fresh(f"{name}.row")) if x.rank == 1 else x
    right = unsqueeze(b, y, [1], b.fresh(f"{name}.column")) if y.rank == 1 else y
    product = b.emit("matmul", [left, right], b.fresh(f"{name}.product"))
    drop = ([-2] if x.rank == 1 else []) + ([-1] if y.rank == 1 else [])
    return squeeze(b, product, drop, name)


def batch_norm(
    b: Builder,
    x: Value,
    scale: Value | None,
    shift: Value | None,
    mean: Value,
    variance: Value,
    epsilon: float,
    name: str,
) -> Value:
    """Batch normalisation in evaluation mode: (x - mean) a + shift along axis 1.

    a = scale / sqrt(variance + epsilon) is computed in float64 and kept so. The mean stands apart,
    though it could be joined with the shift: rounding is proportional to it, not to their sum.
    """
    if x.rank < 2:
        raise b.wrong(f"batch normalisation needs an operand (N, C, ...), got shape {x.shape}")
    channels = x.shape[1]
    centre = _channel(b, mean, channels, "the mean")
    spread = _channel(b, variance, channels, "the variance")
    gain = np.ones(channels) if scale is None else _channel(b, scale, channels, "the scale")
    offset = np.zeros(channels) if shift is None else _channel(b, shift, channels, "the bias")
    if (spread + epsilon <= 0).any():
        raise b.wrong("variance + epsilon has to be positive")
    factor = gain / np.sqrt(spread + epsilon)
    wide = (channels,) + (1,) * (x.rank - 2)
    names = [f"{name}.{part}" for part in ("mean", "scale", "shift")]
    m, a, c = (
        b.constant(b.fresh(part), array.reshape(wide))
        for part, array in zip(names, (centre, factor, offset), strict=True)
    )
    centred = b.emit("sub", [x, m], b.fresh(f"{name}.sub"))
    scaled = b.emit("mul", [centred, a], b.fresh(f"{name}.mul"))
    return replace(b.emit("add", [scaled, c], name), dtype=x.dtype)


def _channel(b: Builder, value: Value, channels: int, what: str) -> Array:
    array = b.known(value, what)
    if array.shape != (channels,):
        raise b.wrong(f"{what} has shape {array.shape}, not ({channels},)")
    if not np.isfinite(array).all():
        raise b.wrong(f"{what} ({value.name!r}) holds infinite values")
    return array.astype(np.float64)


def softmax(b: Builder, x: Value, axis: int, name: str) -> Value:
    """Softmax along one axis."""
    return b.emit("softmax", [x], name, axis=axis_of(b, axis, x.rank))


def common_shape(b: Builder, shapes: Sequence[Shape]) -> Shape:
    """The broadcast shape, or an input error at the present node."""
    try:
        return broadcast(shapes)
    except ShapeError as error:
        raise b.wrong(str(error)) from None
