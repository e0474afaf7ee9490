"""What each ATen operator means in the graph: one function per operator, one table.

Arguments that an exported call leaves out have the default of torch's own schema. A handler takes
the arguments it understands; one that it did not take has to have its default, or the call is
refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import numpy as np

from extract.operator import Shape
from extract.reader import idiom
from extract.reader.build import FLOATS, Builder, Value
from extract.reader.pt2 import Call, ScalarType

SILENT = frozenset({"aten._assert_tensor_metadata.default"})
"""Calls that only assert and produce nothing."""

NOT_IN_PLACE = frozenset({"detach_.default"})
"""Operators with a trailing underscore that change no entry."""

VIEWS = frozenset(
    {
        "alias",
        "chunk",
        "contiguous",
        "detach",
        "detach_",
        "dropout",
        "expand",
        "feature_dropout",
        "flatten",
        "lift_fresh",
        "narrow",
        "permute",
        "reshape",
        "select",
        "slice",
        "split",
        "split_with_sizes",
        "squeeze",
        "t",
        "to",
        "transpose",
        "unbind",
        "unflatten",
        "unsqueeze",
        "view",
    }
)
"""Operators whose results may share memory with their first operand."""

FOLDED = frozenset(
    {
        "arange.default",
        "arange.start",
        "arange.start_step",
        "eye.default",
        "full.default",
        "ones.default",
        "ones_like.default",
        "reciprocal.default",
        "rsqrt.default",
        "scalar_tensor.default",
        "sqrt.default",
        "zeros.default",
        "zeros_like.default",
    }
)
"""Operators that are read only where all their operands are known; torch computes them."""


@dataclass
class AtenCall:
    """One call while it is read; `operator` is its name without "aten."."""

    builder: Builder
    operator: str
    call: Call
    arguments: dict[str, Any]
    stated: Sequence[tuple[Shape | None, str]]
    _taken: set[str] = field(default_factory=set[str])

    @property
    def name(self) -> str:
        """Name of the first result."""
        return self.call.outputs[0] or self.call.name

    def schema(self) -> dict[str, Any]:
        """Argument name -> default (`None` where it has none), as torch declares the operator."""
        import torch

        packet, overload = self.operator.split(".")
        schema = getattr(getattr(torch.ops.aten, packet), overload)._schema
        return {a.name: a.default_value for a in schema.arguments}

    def take(self, name: str) -> Any:
        """An argument, or its default."""
        self._taken.add(name)
        if name in self.arguments:
            return self.arguments[name]
        return self.schema()[name]

    def tensor(self, name: str) -> Value:
        """An argument that has to be a tensor."""
        value = self.take(name)
        if not isinstance(value, Value):
            raise self.builder.wrong(f"its argument {name!r} is no tensor")
        return value

    def optional(self, name: str) -> Value | None:
        """An argument that is a tensor or left out."""
        return None if self.take(name) is None else self.tensor(name)

    def integer(self, name: str) -> int:
        """An argument that has to be an integer."""
        value = self.take(name)
        if type(value) is not int:
            raise self.builder.unsupported(f"{name} = {value!r}")
        return value

    def integers(self, name: str) -> list[int]:
        """An argument that has to be integers; one integer counts as a list."""
        value = self.take(name)
        items = list(value) if isinstance(value, list | tuple) else [value]
        if any(type(item) is not int for item in items):
            raise self.builder.unsupported(f"{name} = {value!r}")
        return items

    def flag(self, name: str) -> bool:
        """An argument that has to be true or false."""
        return bool(self.take(name))

    def number(self, name: str, like: Value) -> Value | None:
        """A number or tensor as an operand beside `like`; none where it is left out.

        Constants are converted to the type of the result, as torch does when it runs.
        """
        value = self.take(name)
        if value is None:
            return None
        if isinstance(value, bool | int | float):
            return self.builder.scalar(float(value), like)
        if not isinstance(value, Value):
            raise self.builder.unsupported(f"{name} = {value!r}")
        return self.cast(value)

    def cast(self, value: Value) -> Value:
        """A constant operand in the type of the result."""
        kind = self.stated[0][1] if self.stated else ""
        if value.array is None or kind not in FLOATS or value.dtype == kind:
            return value
        return self.builder.constant(f"{value.name}:{kind}", value.array.astype(kind))

    def must_be(self, name: str, *allowed: Any) -> None:
        """Refuse any other value of an argument than these."""
        value = self.take(name)
        if value not in allowed:
            raise self.builder.unsupported(f"{name} = {value!r}")

    def ignore(self, *names: str) -> None:
        """Arguments without influence on the result's values."""
        self._taken.update(names)

    def finish(self) -> None:
        """Refuse arguments that nobody took and that do not have their default."""
        rest = set(self.arguments) - self._taken
        defaults = self.schema() if rest else {}
        for name in sorted(rest):
            if name not in defaults or self.arguments[name] != defaults[name]:
                raise self.builder.unsupported(f"{name} = {self.arguments[name]!r}")


Handler = Callable[[AtenCall], list[Value]]


def _unary(op: str) -> Handler:
    return lambda c: [c.builder.emit(op, [c.tensor("self")], c.name)]


def _identity(argument: str, *ignored: str) -> Handler:
    def handler(c: AtenCall) -> list[Value]:
        c.ignore(*ignored)
        return [c.builder.alias(c.name, c.tensor(argument))]

    return handler


def _binary(op: str, *, reverse: bool = False) -> Handler:
    def handler(c: AtenCall) -> list[Value]:
        b = c.builder
        x = c.cast(c.tensor("self"))
        y = c.number("other", c.tensor("self"))
        if y is None:
            raise b.wrong("its second operand is missing")
        if "alpha" in c.schema():
            alpha = c.take("alpha")
            scaled = x if reverse else y
            if alpha != 1:
                factor = b.scalar(float(alpha), x if x.dtype in FLOATS else y)
                scaled = idiom.binary(b, "mul", scaled, factor, b.fresh(f"{c.name}.alpha"))
            x, y = (scaled, y) if reverse else (x, scaled)
        if reverse:
            x, y = y, x
        return [idiom.binary(b, op, x, y, c.name)]

    return handler


def _linear(c: AtenCall) -> list[Value]:
    b, x, weight, bias = c.builder, c.tensor("input"), c.tensor("weight"), c.optional("bias")
    if weight.array is None or weight.rank != 2:
        raise b.unsupported("a weight that is no constant matrix")
    return [idiom.linear(b, x, weight, bias, c.name)]


def _addmm(c: AtenCall) -> list[Value]:
    b, bias, x, y = c.builder, c.tensor("self"), c.tensor("mat1"), c.tensor("mat2")
    c.must_be("beta", 1)
    c.must_be("alpha", 1)
    if x.array is None and y.array is not None:
        return [idiom.linear(b, x, idiom.transposed(b, y), bias, c.name)]
    product = idiom.matmul(b, x, y, b.fresh(f"{c.name}.product"))
    return [b.emit("add", [product, bias], c.name)]


def _matmul(second: str) -> Handler:
    return lambda c: [idiom.matmul(c.builder, c.tensor("self"), c.tensor(second), c.name)]


def _pair(c: AtenCall, values: list[int], what: str) -> tuple[int, int]:
    if len(values) == 1:
        return values[0], values[0]
    if len(values) != 2:
        raise c.builder.unsupported(f"{what} = {values}")
    return values[0], values[1]


def _image(c: AtenCall, x: Value, run: Callable[[Value, str], Value]) -> list[Value]:
    """Apply a function of (N, C, H, W); a single image (C, H, W) gets the axis for the while."""
    if x.rank == 4:
        return [run(x, c.name)]
    if x.rank != 3:
        raise c.builder.unsupported(f"an operand of shape {x.shape}")
    b = c.builder
    wide = idiom.unsqueeze(b, x, [0], b.fresh(f"{c.name}.image"))
    return [idiom.squeeze(b, run(wide, b.fresh(f"{c.name}.batch")), [0], c.name)]


def _conv2d(c: AtenCall) -> list[Value]:
    b, x, weight, bias = c.builder, c.tensor("input"), c.tensor("weight"), c.optional("bias")
    operands = [weight] if bias is None else [weight, bias]
    for value in operands:
        b.known(value, "the kernel or bias")
    if weight.rank != 4:
        raise b.unsupported(f"a kernel of shape {weight.shape}; two axes are read")
    dilation = _pair(c, c.integers("dilation"), "dilation")
    if c.operator == "convolution.default":
        c.must_be("transposed", False)
        if any(c.integers("output_padding")):
            raise b.unsupported("output_padding")
    padding = c.take("padding")
    if padding == "valid":
        sides = (0, 0, 0, 0)
    elif padding == "same":
        total = [d * (k - 1) for d, k in zip(dilation, weight.shape[2:], strict=True)]
        before = [n // 2 for n in total]
        sides = (*before, *(n - half for n, half in zip(total, before, strict=True)))
    else:
        sides = _pair(c, c.integers("padding"), "padding") * 2
    attributes = {
        "stride": _pair(c, c.integers("stride"), "stride"),
        "padding": sides,
        "dilation": dilation,
        "groups": c.integer("groups"),
    }
    return _image(
        c, x, lambda value, name: b.emit("conv2d", [value, *operands], name, **attributes)
    )


def _max_pool(c: AtenCall) -> list[Value]:
    b = c.builder
    c.must_be("ceil_mode", False)
    kernel = _pair(c, c.integers("kernel_size"), "kernel_size")
    attributes = {
        "kernel": kernel,
        "stride": _pair(c, c.integers("stride") or list(kernel), "stride"),
        "padding": _pair(c, c.integers("padding"), "padding") * 2,
        "dilation": _pair(c, c.integers("dilation"), "dilation"),
    }
    return _image(
        c, c.tensor("self"), lambda value, name: b.emit("max_pool", [value], name, **attributes)
    )


def _average_pool(c: AtenCall) -> list[Value]:
    b = c.builder
    c.must_be("ceil_mode", False)
    c.must_be("divisor_override", None)
    kernel = _pair(c, c.integers("kernel_size"), "kernel_size")
    attributes = {
        "kernel": kernel,
        "stride": _pair(c, c.integers("stride") or list(kernel), "stride"),
        "padding": _pair(c, c.integers("padding"), "padding") * 2,
        "dilation": (1, 1),
        "count_padding": int(c.flag("count_include_pad")),
    }
    return _image(
        c, c.tensor("self"), lambda value, name: b.emit("avg_pool", [value], name, **attributes)
    )


def _adaptive_pool(c: AtenCall) -> list[Value]:
    b, x = c.builder, c.tensor("self")
    size = _pair(c, c.integers("output_size"), "output_size")
    if any(n % m for n, m in zip(x.shape[-2:], size, strict=True)):
        raise b.unsupported(f"output_size = {size}, which does not divide {x.shape[-2:]}")
    kernel = tuple(n // m for n, m in zip(x.shape[-2:], size, strict=True))
    attributes = {
        "kernel": kernel,
        "stride": kernel,
        "padding": (0, 0, 0, 0),
        "dilation": (1, 1),
        "count_padding": 1,
    }
    return _image(c, x, lambda value, name: b.emit("avg_pool", [value], name, **attributes))


def _batch_norm(c: AtenCall) -> list[Value]:
    b = c.builder
    if "training" in c.schema():
        c.must_be("training", False)
    c.ignore("momentum", "cudnn_enabled")
    mean, variance = c.optional("running_mean"), c.optional("running_var")
    if mean is None or variance is None:
        raise b.unsupported("no running statistics")
    scale, shift = c.optional("weight"), c.optional("bias")
    epsilon = float(c.take("eps"))
    return [idiom.batch_norm(b, c.tensor("input"), scale, shift, mean, variance, epsilon, c.name)]


def _dropout(c: AtenCall) -> list[Value]:
    if c.flag("train"):
        raise c.builder.unsupported("training mode: call eval() before exporting")
    c.ignore("p")
    return [c.builder.alias(c.name, c.tensor("input"))]


def _leaky(c: AtenCall) -> list[Value]:
    x = c.tensor("self")
    alpha = c.builder.rounded(float(c.take("negative_slope")), x)
    if alpha < 0:
        raise c.builder.unsupported(f"negative_slope = {alpha!r} is negative")
    return [c.builder.emit("leaky_relu", [x], c.name, alpha=alpha)]


def _elu(c: AtenCall) -> list[Value]:
    x = c.tensor("self")
    c.must_be("scale", 1)
    c.must_be("input_scale", 1)
    alpha = c.builder.rounded(float(c.take("alpha")), x)
    if alpha < 0:
        raise c.builder.unsupported(f"alpha = {alpha!r} is negative")
    return [c.builder.emit("elu", [x], c.name, alpha=alpha)]


def _clamp(low: str | None, high: str | None) -> Handler:
    def handler(c: AtenCall) -> list[Value]:
        x = c.tensor("self")
        bounds = [None if name is None else c.number(name, x) for name in (low, high)]
        return [idiom.clip(c.builder, x, bounds[0], bounds[1], c.name)]

    return handler


def _relu6(c: AtenCall) -> list[Value]:
    b, x = c.builder, c.tensor("self")
    return [idiom.clip(b, x, b.scalar(0.0, x), b.scalar(6.0, x), c.name)]


def _silu(c: AtenCall) -> list[Value]:
    b, x = c.builder, c.tensor("self")
    gate = b.emit("sigmoid", [x], b.fresh(f"{c.name}.sigmoid"))
    return [b.emit("mul", [x, gate], c.name)]


def _softmax(c: AtenCall) -> list[Value]:
    if "dtype" in c.schema():
        c.must_be("dtype", None)
    else:
        c.must_be("half_to_float", False)
    return [idiom.softmax(c.builder, c.tensor("self"), c.integer("dim"), c.name)]


def _reduce(op: str) -> Handler:
    def handler(c: AtenCall) -> list[Value]:
        names = c.schema()
        if "dtype" in names:
            c.must_be("dtype", None)
        axes = None
        if "dim" in names and c.take("dim") not in (None, []):
            axes = c.integers("dim")
        keep = c.flag("keepdim") if "keepdim" in names else False
        return [idiom.reduce(c.builder, op, c.tensor("self"), axes, keep, c.name)]

    return handler


def _extreme(op: str) -> Handler:
    """max.dim and min.dim: the values, and the least index that attains them."""

    def handler(c: AtenCall) -> list[Value]:
        b, x, axis, keep = c.builder, c.tensor("self"), c.integer("dim"), c.flag("keepdim")
        values = idiom.reduce(b, op, x, [axis], keep, c.name)
        if len(c.call.outputs) < 2 or c.call.outputs[1] is None:
            return [values]
        title = c.call.outputs[1]
        if op == "reduce_min":
            x = b.emit("neg", [x], b.fresh(f"{title}.neg"))
        return [values, idiom.argmax(b, x, axis, keep, title)]

    return handler


def _argmax(c: AtenCall) -> list[Value]:
    axis = c.take("dim")
    keep = c.flag("keepdim")
    return [idiom.argmax(c.builder, c.tensor("self"), axis, keep, c.name)]


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


def _permute(c: AtenCall) -> list[Value]:
    return [idiom.transpose(c.builder, c.tensor("self"), c.integers("dims"), c.name)]


def _transpose(c: AtenCall) -> list[Value]:
    b, x = c.builder, c.tensor("self")
    order = list(range(x.rank))
    if c.operator == "t.default":
        order.reverse()
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


def _tensors(c: AtenCall) -> list[Value]:
    values = c.take("tensors")
    if not values or not all(isinstance(value, Value) for value in values):
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
    places = [axis for axis, index in enumerate(indices) if index is not None]
    if len(places) != 1:
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


def _power(c: AtenCall) -> list[Value]:
    x = c.tensor("self")
    c.must_be("exponent", 2)
    return [c.builder.emit("mul", [x, x], c.name)]


def _square(c: AtenCall) -> list[Value]:
    x = c.tensor("self")
    return [c.builder.emit("mul", [x, x], c.name)]


HANDLERS: dict[str, Handler] = {
    "_softmax.default": _softmax,
    "_to_copy.default": _to,
    "_unsafe_view.default": _reshape("size"),
    "abs.default": _unary("abs"),
    "adaptive_avg_pool2d.default": _adaptive_pool,
    "add.Scalar": _binary("add"),
    "add.Tensor": _binary("add"),
    "addmm.default": _addmm,
    "alias.default": _identity("self"),
    "amax.default": _reduce("reduce_max"),
    "amin.default": _reduce("reduce_min"),
    "argmax.default": _argmax,
    "avg_pool2d.default": _average_pool,
    "batch_norm.default": _batch_norm,
    "bmm.default": _matmul("mat2"),
    "cat.default": _cat,
    "chunk.default": _split,
    "clamp.Tensor": _clamp("min", "max"),
    "clamp.default": _clamp("min", "max"),
    "clamp_max.default": _clamp(None, "max"),
    "clamp_min.default": _clamp("min", None),
    "clone.default": _identity("self", "memory_format"),
    "contiguous.default": _identity("self", "memory_format"),
    "conv2d.default": _conv2d,
    "conv2d.padding": _conv2d,
    "convolution.default": _conv2d,
    "detach.default": _identity("self"),
    "detach_.default": _identity("self"),
    "div.Scalar": _binary("div"),
    "div.Tensor": _binary("div"),
    "dropout.default": _dropout,
    "elu.default": _elu,
    "exp.default": _unary("exp"),
    "expand.default": _expand,
    "feature_dropout.default": _dropout,
    "flatten.using_ints": _flatten,
    "hardtanh.default": _clamp("min_val", "max_val"),
    "index.Tensor": _index,
    "index_select.default": _index_select,
    "leaky_relu.default": _leaky,
    "lift_fresh.default": _identity("self"),
    "lift_fresh_copy.default": _identity("self"),
    "linear.default": _linear,
    "matmul.default": _matmul("other"),
    "max.default": _reduce("reduce_max"),
    "max.dim": _extreme("reduce_max"),
    "max.other": _binary("maximum"),
    "max_pool2d.default": _max_pool,
    "max_pool2d_with_indices.default": _max_pool,
    "maximum.default": _binary("maximum"),
    "mean.default": _reduce("reduce_mean"),
    "mean.dim": _reduce("reduce_mean"),
    "min.default": _reduce("reduce_min"),
    "min.dim": _extreme("reduce_min"),
    "min.other": _binary("minimum"),
    "minimum.default": _binary("minimum"),
    "mm.default": _matmul("mat2"),
    "mul.Scalar": _binary("mul"),
    "mul.Tensor": _binary("mul"),
    "narrow.default": _narrow,
    "neg.default": _unary("neg"),
    "permute.default": _permute,
    "pow.Tensor_Scalar": _power,
    "relu.default": _unary("relu"),
    "relu6.default": _relu6,
    "reshape.default": _reshape("shape"),
    "rsub.Scalar": _binary("sub", reverse=True),
    "rsub.Tensor": _binary("sub", reverse=True),
    "select.int": _select,
    "sigmoid.default": _unary("sigmoid"),
    "silu.default": _silu,
    "slice.Tensor": _slice,
    "softmax.int": _softmax,
    "split.Tensor": _split,
    "split.sizes": _split,
    "split_with_sizes.default": _split,
    "square.default": _square,
    "squeeze.default": _squeeze,
    "squeeze.dim": _squeeze,
    "squeeze.dims": _squeeze,
    "stack.default": _stack,
    "sub.Scalar": _binary("sub"),
    "sub.Tensor": _binary("sub"),
    "sum.default": _reduce("reduce_sum"),
    "sum.dim_IntList": _reduce("reduce_sum"),
    "t.default": _transpose,
    "tanh.default": _unary("tanh"),
    "to.device": _to,
    "to.dtype": _to,
    "to.dtype_layout": _to,
    "transpose.int": _transpose,
    "unbind.int": _unbind,
    "unflatten.int": _unflatten,
    "unsqueeze.default": _unsqueeze,
    "view.default": _reshape("size"),
    "_native_batch_norm_legit_no_training.default": _batch_norm,
}
"""ATen operator and overload -> its meaning; each returns the values of its results, in order."""
