"""ONNX operators that move entries about, and those that do nothing."""

from __future__ import annotations

import numpy as np

from extract.operator import Shape
from extract.reader import idiom
from extract.reader.build import FLOATS, Value
from extract.reader.onnx.node import Handler, OnnxNode


def _identity(n: OnnxNode) -> list[Value]:
    return [n.builder.alias(n.name, n.operand(0))]


def _flatten(n: OnnxNode) -> list[Value]:
    x, axis = n.operand(0), n.attribute("axis", 1)
    if not -x.rank <= axis <= x.rank:
        raise n.builder.wrong(f"axis {axis} is not an axis of shape {x.shape}")
    place = axis if axis >= 0 else axis + x.rank
    rows = int(np.prod(x.shape[:place], dtype=np.int64))
    return [idiom.reshape(n.builder, x, (rows, -1), n.name)]


def _reshape(n: OnnxNode) -> list[Value]:
    b, x = n.builder, n.operand(0)
    sizes = b.integers(n.operand(1), "the shape")
    if n.attribute("allowzero", 0) and 0 in sizes:
        raise b.wrong(f"the shape {sizes} is empty")
    if any(size == 0 and i >= x.rank for i, size in enumerate(sizes)):
        raise b.wrong(f"shape {sizes} copies an axis that {x.shape} has not")
    return [idiom.reshape(b, x, [size or x.shape[i] for i, size in enumerate(sizes)], n.name)]


def _transpose(n: OnnxNode) -> list[Value]:
    x = n.operand(0)
    return [idiom.transpose(n.builder, x, n.attribute("perm", range(x.rank)[::-1]), n.name)]


def _axes(n: OnnxNode) -> list[int] | None:
    if n.version >= 13:
        given = n.optional(1)
        return None if given is None else n.builder.integers(given, "axes")
    return n.attribute("axes")


def _squeeze(n: OnnxNode) -> list[Value]:
    return [idiom.squeeze(n.builder, n.operand(0), _axes(n), n.name)]


def _unsqueeze(n: OnnxNode) -> list[Value]:
    axes = _axes(n)
    if axes is None:
        raise n.builder.wrong("axes are missing")
    return [idiom.unsqueeze(n.builder, n.operand(0), axes, n.name)]


def _concat(n: OnnxNode) -> list[Value]:
    b = n.builder
    values = [n.operand(i) for i in range(len(n.operands))]
    axis = idiom.axis_of(b, n.attribute("axis"), values[0].rank)
    if len(values) == 1:
        return [b.alias(n.name, values[0])]
    return [b.emit("concat", values, n.name, axis=axis)]


def _split(n: OnnxNode) -> list[Value]:
    b, x = n.builder, n.operand(0)
    axis = idiom.axis_of(b, n.attribute("axis", 0), x.rank)
    names = list(n.proto.output)
    if not all(names):
        raise b.unsupported("outputs without a name")
    given = n.optional(1) if n.version >= 13 else None
    sizes = b.integers(given, "the sizes") if given else None
    if n.version < 13:
        sizes = n.attribute("split")
    count = n.attribute("num_outputs", len(names))
    if sizes is None:
        if count != len(names):
            raise b.wrong(f"num_outputs is {count}, but there are {len(names)} outputs")
        size = -(-x.shape[axis] // count)
        if n.version < 18 and x.shape[axis] % count:
            raise b.wrong(f"axis {axis} of shape {x.shape} does not split into {count}")
        sizes = [size] * (count - 1) + [x.shape[axis] - size * (count - 1)]
    return idiom.split(b, x, axis, sizes, names)


def _slice(n: OnnxNode) -> list[Value]:
    b, x = n.builder, n.operand(0)
    if n.version < 10:
        starts, ends = n.attribute("starts"), n.attribute("ends")
        axes, steps = n.attribute("axes"), None
    else:
        starts, ends = (b.integers(n.operand(i), "the bounds") for i in (1, 2))
        extra = [n.optional(i) for i in (3, 4)]
        axes, steps = (None if v is None else b.integers(v, "axes and steps") for v in extra)
    axes = list(range(len(starts))) if axes is None else axes
    steps = [1] * len(starts) if steps is None else steps
    places = [idiom.axis_of(b, axis, x.rank) for axis in axes]
    if not len(starts) == len(ends) == len(places) == len(steps) or len(set(places)) < len(places):
        raise b.wrong("starts, ends, axes and steps do not fit each other")
    value = x
    for i, (start, stop, axis, step) in enumerate(zip(starts, ends, places, steps, strict=True)):
        title = n.name if i == len(starts) - 1 else b.fresh(f"{n.name}.axis{axis}")
        if step == 0:
            raise b.wrong("a slice with step 0")
        chosen = _positions(value.shape[axis], start, stop, step)
        value = idiom.cut_range(b, value, axis, chosen, title)
    return [value]


def _positions(size: int, start: int, stop: int, step: int) -> range:
    """ONNX clamps as Python does, except that an end of -1 with a negative step is not special."""
    if step > 0:
        return range(size)[start:stop:step]
    begin = min(max(start + size if start < 0 else start, 0), size - 1)
    end = min(max(stop + size if stop < 0 else stop, -1), size - 1)
    return range(begin, end, step)


def _gather(n: OnnxNode) -> list[Value]:
    b = n.builder
    indices = n.operand(1)
    array = b.known(indices, "the index")
    b.integers(indices, "the index")
    x = n.operand(0)
    if x.array is not None:
        raise b.unsupported("a table looked up by a tensor")
    return [idiom.gather(b, x, n.attribute("axis", 0), array, n.name)]


def _cast(n: OnnxNode) -> list[Value]:
    x, target = n.operand(0), n.attribute("to")
    n.ignore("saturate", "round_mode")
    names = {1: "float32", 11: "float64", 6: "int32", 7: "int64"}
    kind = names.get(target, f"type {target}")
    wider = (x.dtype, kind) in (("float32", "float64"), ("int64", "int32"), ("int32", "int64"))
    if kind == x.dtype or wider or (x.dtype in ("int32", "int64") and kind in FLOATS):
        value = n.builder.alias(n.name, x)
        return [Value(value.name, value.shape, kind, value.array)]
    raise n.builder.unsupported(f"from {x.dtype} to {kind}")


def _expand(n: OnnxNode) -> list[Value]:
    b, x = n.builder, n.operand(0)
    shape: Shape = tuple(b.integers(n.operand(1), "the shape"))
    return [idiom.expand(b, x, idiom.common_shape(b, [x.shape, shape]), n.name)]


ROWS: dict[str, Handler] = {
    "Cast": _cast,
    "Concat": _concat,
    "Expand": _expand,
    "Flatten": _flatten,
    "Gather": _gather,
    "Identity": _identity,
    "Reshape": _reshape,
    "Slice": _slice,
    "Split": _split,
    "Squeeze": _squeeze,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
