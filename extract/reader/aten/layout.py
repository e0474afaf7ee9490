"""ATen operators that move entries about, and those that do nothing."""

from __future__ import annotations

from dataclasses import replace
from math import prod

import numpy as np

from extract.reader import idiom
from extract.reader.aten.call import AtenCall, Handler
from extract.reader.build import FLOATS, Builder, Value
from extract.reader.pt2 import ScalarType


def _identity(argument: str, *ignored: str) -> Handler:
    def handler(c: AtenCall) -> list[Value]:
        c.ignore(*ignored)
        return [c.builder.alias(c.name, c.tensor(argument))]

    return handler


def _flatten(c: AtenCall) -> list[Value]:
    b, x = c.builder, c.tensor("self")
    if x.rank == 0:
        return [idiom.reshape(b, x, (1,), c.name)]
    first, last = (idiom.axis_of(b, c.integer(name), x.rank) for name in ("start_dim", "end_dim"))
    middle = prod(x.shape[first : last + 1])
    return [idiom.reshape(b, x, (*x.shape[:first], middle, *x.shape[last + 1 :]), c.name)]


def _unflatten(c: AtenCall) -> list[Value]:
    b, x, sizes = c.builder, c.tensor("self"), c.integers("sizes")
    axis = idiom.axis_of(b, c.integer("dim"), x.rank)
    if -1 in sizes:
        rest = -prod(sizes)
        sizes[sizes.index(-1)] = x.shape[axis] // max(rest, 1)
    return [idiom.reshape(b, x, (*x.shape[:axis], *sizes, *x.shape[axis + 1 :]), c.name)]


def _reshape(argument: str) -> Handler:
    return lambda c: [idiom.reshape(c.builder, c.tensor("self"), c.integers(argument), c.name)]


def _reshape_as(c: AtenCall) -> list[Value]:
    return [idiom.reshape(c.builder, c.tensor("self"), c.tensor("other").shape, c.name)]


def _permute(c: AtenCall) -> list[Value]:
    return [idiom.transpose(c.builder, c.tensor("self"), c.integers("dims"), c.name)]


def _transpose(c: AtenCall) -> list[Value]:
    b, x = c.builder, c.tensor("self")
    order = list(range(x.rank))
    if c.operator in ("t.default", "numpy_T.default"):
        order.reverse()
    elif c.operator == "mT.default":
        order[-2:] = order[:-3:-1]
    else:
        i, j = (idiom.axis_of(b, c.integer(name), x.rank) for name in ("dim0", "dim1"))
        order[i], order[j] = order[j], order[i]
    return [idiom.transpose(b, x, order, c.name)]


def _squeeze(c: AtenCall) -> list[Value]:
    b, x = c.builder, c.tensor("self")
    if c.operator == "squeeze.default":
        return [idiom.squeeze(b, x, None, c.name)]
    axes = [idiom.axis_of(b, axis, x.rank) for axis in c.integers("dim")]
    return [idiom.squeeze(b, x, [axis for axis in axes if x.shape[axis] == 1], c.name)]


def _unsqueeze(c: AtenCall) -> list[Value]:
    return [idiom.unsqueeze(c.builder, c.tensor("self"), [c.integer("dim")], c.name)]


def _expand(c: AtenCall) -> list[Value]:
    x, sizes = c.tensor("self"), c.integers("size")
    lead = len(sizes) - x.rank
    shape = [x.shape[i - lead] if n == -1 else n for i, n in enumerate(sizes)]
    c.ignore("implicit")
    return [idiom.expand(c.builder, x, tuple(shape), c.name)]


def _expand_as(c: AtenCall) -> list[Value]:
    return [idiom.expand(c.builder, c.tensor("self"), c.tensor("other").shape, c.name)]


def _tensors(c: AtenCall) -> list[Value]:
    values = c.take("tensors")
    if (
        not isinstance(values, list)
        or not values
        or not all(isinstance(value, Value) for value in values)
    ):
        raise c.builder.wrong("its argument 'tensors' is no list of tensors")
    return [c.cast(value) for value in values]


def _cat(c: AtenCall) -> list[Value]:
    b, values = c.builder, _tensors(c)
    axis = idiom.axis_of(b, c.integer("dim"), values[0].rank)
    if len(values) == 1:
        return [b.alias(c.name, values[0])]
    return [b.emit("concat", values, c.name, axis=axis)]


def _stack(c: AtenCall) -> list[Value]:
    b, values = c.builder, _tensors(c)
    axis = idiom.axis_of(b, c.integer("dim"), values[0].rank + 1)
    wide: list[Value] = []
    for i, value in enumerate(values):
        if value.array is not None:
            shape = (*value.shape[:axis], 1, *value.shape[axis:])
            wide.append(idiom.reshape_constant(b, value, shape))
        else:
            wide.append(idiom.unsqueeze(b, value, [axis], b.fresh(f"{c.name}.{i}")))
    if len(wide) == 1:
        return [b.alias(c.name, wide[0])]
    return [b.emit("concat", wide, c.name, axis=axis)]


def _parts(c: AtenCall, x: Value, axis: int, sizes: list[int]) -> list[Value]:
    titles = [name or c.builder.fresh(f"{c.name}.{i}") for i, name in enumerate(c.call.outputs)]
    return idiom.split(c.builder, x, axis, sizes, titles)


def _split(c: AtenCall) -> list[Value]:
    x = c.tensor("self")
    axis = idiom.axis_of(c.builder, c.integer("dim"), x.rank)
    width = x.shape[axis]
    match c.operator:
        case "split.Tensor":
            size = c.integer("split_size")
        case "chunk.default":
            size = -(-width // max(c.integer("chunks"), 1))
        case _:
            name = "split_sizes" if "split_sizes" in c.schema() else "split_size"
            return _parts(c, x, axis, c.integers(name))
    if size < 1:
        raise c.builder.wrong(f"parts of size {size}")
    return _parts(c, x, axis, [min(size, width - start) for start in range(0, width, size)])


def _unbind(c: AtenCall) -> list[Value]:
    b, x = c.builder, c.tensor("self")
    axis = idiom.axis_of(b, c.integer("dim"), x.rank)
    return [
        _select_at(b, x, axis, i, name or b.fresh(f"{c.name}.{i}"))
        for i, name in enumerate(c.call.outputs)
    ]


def _select_at(b: Builder, x: Value, axis: int, index: int, name: str) -> Value:
    return idiom.gather(b, x, axis, np.array(index, dtype=np.int64), name)


def _select(c: AtenCall) -> list[Value]:
    return [_select_at(c.builder, c.tensor("self"), c.integer("dim"), c.integer("index"), c.name)]


def _slice(c: AtenCall) -> list[Value]:
    b, x = c.builder, c.tensor("self")
    start, end = c.take("start"), c.take("end")
    if any(n is not None and type(n) is not int for n in (start, end)):
        raise b.unsupported("bounds that are no integers")
    axis = c.integer("dim")
    size = x.shape[idiom.axis_of(b, axis, x.rank)]
    return [
        idiom.cut(b, x, axis, start or 0, size if end is None else end, c.integer("step"), c.name)
    ]


def _narrow(c: AtenCall) -> list[Value]:
    b, x, axis = c.builder, c.tensor("self"), c.integer("dim")
    start, length = c.integer("start"), c.integer("length")
    size = x.shape[idiom.axis_of(b, axis, x.rank)]
    begin = start + size if start < 0 else start
    return [idiom.cut(b, x, axis, begin, begin + length, 1, c.name)]


def _index_select(c: AtenCall) -> list[Value]:
    index = c.builder.known(c.tensor("index"), "the index")
    return [idiom.gather(c.builder, c.tensor("self"), c.integer("dim"), index, c.name)]


def _index(c: AtenCall) -> list[Value]:
    b, x, indices = c.builder, c.tensor("self"), c.take("indices")
    if not isinstance(indices, list):
        raise b.unsupported(f"indices = {indices!r}")
    places = [axis for axis, index in enumerate(indices) if index is not None]
    if len(places) != 1 or not isinstance(indices[places[0]], Value):
        raise b.unsupported("more than one index tensor")
    index = indices[places[0]]
    array = b.known(index, "the index")
    b.integers(index, "the index")
    return [idiom.gather(b, x, places[0], array, c.name)]


def _to(c: AtenCall) -> list[Value]:
    b, x = c.builder, c.tensor("self")
    target = c.take("dtype")
    c.ignore("layout", "device", "pin_memory", "non_blocking", "copy", "memory_format")
    if target is None:
        return [b.alias(c.name, x)]
    kind = target.dtype if isinstance(target, ScalarType) else str(target)
    wider = (x.dtype, kind) == ("float32", "float64")
    if kind == x.dtype or wider or (x.dtype == "int64" and kind in FLOATS):
        return [replace(b.alias(c.name, x), dtype=kind)]
    raise b.unsupported(f"from {x.dtype} to {kind}")


ROWS: dict[str, Handler] = {
    "_to_copy.default": _to,
    "_unsafe_view.default": _reshape("size"),
    "alias.default": _identity("self"),
    "cat.default": _cat,
    "chunk.default": _split,
    "clone.default": _identity("self", "memory_format"),
    "contiguous.default": _identity("self", "memory_format"),
    "detach.default": _identity("self"),
    "detach_.default": _identity("self"),
    "expand.default": _expand,
    "expand_as.default": _expand_as,
    "flatten.using_ints": _flatten,
    "index.Tensor": _index,
    "index_select.default": _index_select,
    "lift_fresh.default": _identity("self"),
    "lift_fresh_copy.default": _identity("self"),
    "mT.default": _transpose,
    "narrow.default": _narrow,
    "numpy_T.default": _transpose,
    "permute.default": _permute,
    "reshape.default": _reshape("shape"),
    "reshape_as.default": _reshape_as,
    "select.int": _select,
    "slice.Tensor": _slice,
    "split.Tensor": _split,
    "split.sizes": _split,
    "split_with_sizes.default": _split,
    "squeeze.default": _squeeze,
    "squeeze.dim": _squeeze,
    "squeeze.dims": _squeeze,
    "stack.default": _stack,
    "t.default": _transpose,
    "to.device": _to,
    "to.dtype": _to,
    "to.dtype_layout": _to,
    "transpose.int": _transpose,
    "unbind.int": _unbind,
    "unflatten.int": _unflatten,
    "unsqueeze.default": _unsqueeze,
    "view.default": _reshape("size"),
    "view_as.default": _reshape_as,
}
