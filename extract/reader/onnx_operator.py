"""What each ONNX operator means in the graph: one function per operator, one table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx

from extract.operator import Shape
from extract.reader import idiom
from extract.reader.build import FLOATS, Builder, Value
from theory.error import UnsupportedOperator


@dataclass
class OnnxNode:
    """One node of an ONNX graph while it is read.

    Attributes have to be asked for by name, with their default; `finish` refuses the node if it has
    one that nobody asked for.
    """

    builder: Builder
    proto: onnx.NodeProto
    operands: Sequence[Value | None]
    version: int
    _asked: set[str] = field(default_factory=set[str])

    @property
    def name(self) -> str:
        """Name of the first output."""
        return self.proto.output[0]

    def operand(self, position: int) -> Value:
        """An operand that has to be there."""
        value = self.optional(position)
        if value is None:
            raise self.builder.wrong(f"operand {position} is missing")
        return value

    def optional(self, position: int) -> Value | None:
        """An operand that may be left out."""
        return self.operands[position] if position < len(self.operands) else None

    def attribute(self, name: str, default: Any = None) -> Any:
        """An attribute as int, float, str, or a list of those."""
        self._asked.add(name)
        for entry in self.proto.attribute:
            if entry.name == name:
                value = onnx.helper.get_attribute_value(entry)
                if isinstance(value, bytes):
                    return value.decode(errors="replace")
                return list(value) if not isinstance(value, int | float) else value
        return default

    def must_be(self, name: str, *allowed: Any) -> None:
        """Refuse any other value of an attribute than these; the first is the default."""
        value = self.attribute(name, allowed[0])
        if value not in allowed:
            raise self.builder.unsupported(f"{name} = {value!r}")

    def ignore(self, *names: str) -> None:
        """Attributes without meaning in evaluation mode."""
        self._asked.update(names)

    def finish(self, results: int) -> None:
        """Refuse attributes and outputs that were not understood."""
        unknown = [a.name for a in self.proto.attribute if a.name not in self._asked]
        if unknown:
            raise self.builder.unsupported(f"attribute {unknown[0]!r}")
        extra = [name for name in self.proto.output[results:] if name]
        if extra:
            raise self.builder.unsupported(f"its output {extra[0]!r}")

    def shape_of(self) -> Value:
        """Shape and Size: known while reading, since every shape is."""
        value = self.operand(0)
        if self.proto.op_type == "Size":
            array = np.array(int(np.prod(value.shape, dtype=np.int64)), dtype=np.int64)
        else:
            start, end = self.attribute("start", 0), self.attribute("end", value.rank)
            array = np.array(value.shape[start:end], dtype=np.int64)
        self.finish(1)
        return self.builder.constant(self.name, array)


Handler = Callable[[OnnxNode], list[Value]]


def _unary(op: str) -> Handler:
    return lambda n: [n.builder.emit(op, [n.operand(0)], n.name)]


def _binary(op: str) -> Handler:
    return lambda n: [idiom.binary(n.builder, op, n.operand(0), n.operand(1), n.name)]


def _variadic(op: str) -> Handler:
    def handler(n: OnnxNode) -> list[Value]:
        values = [n.operand(i) for i in range(len(n.operands))]
        return [idiom.fold_left(n.builder, op, values, n.name)]

    return handler


def _identity(n: OnnxNode) -> list[Value]:
    return [n.builder.alias(n.name, n.operand(0))]


def _gemm(n: OnnxNode) -> list[Value]:
    b = n.builder
    alpha, beta = n.attribute("alpha", 1.0), n.attribute("beta", 1.0)
    x, y, bias = n.operand(0), n.operand(1), n.optional(2)
    if x.rank != 2 or y.rank != 2:
        raise b.wrong(f"needs matrices, got shapes {x.shape} and {y.shape}")
    if n.attribute("transA", 0):
        x = _turn(b, x, n.name, "A")
    if n.attribute("transB", 0):
        y = _turn(b, y, n.name, "B")
    if alpha == 1.0 and beta == 1.0 and y.array is not None and x.array is None:
        return [idiom.linear(b, x, idiom.transposed(b, y), bias, n.name)]
    steps: list[tuple[str, Value]] = []
    if alpha != 1.0:
        steps.append(("mul", b.scalar(alpha, x)))
    if bias is not None and beta != 0.0:
        if beta != 1.0:
            scale = b.scalar(beta, x)
            title = (
                b.fresh(f"{n.name}.beta") if bias.array is None else f"{bias.name}.times{beta!r}"
            )
            bias = idiom.binary(b, "mul", bias, scale, title)
        steps.append(("add", bias))
    value = idiom.matmul(b, x, y, b.fresh(f"{n.name}.product") if steps else n.name)
    for op, other in steps:
        title = n.name if op == steps[-1][0] else b.fresh(f"{n.name}.{op}")
        value = b.emit(op, [value, other], title)
    return [value]


def _turn(b: Builder, value: Value, name: str, side: str) -> Value:
    if value.array is not None:
        return idiom.transposed(b, value)
    return idiom.transpose(b, value, (1, 0), b.fresh(f"{name}.{side}"))


def _leaky(n: OnnxNode) -> list[Value]:
    x = n.operand(0)
    alpha = n.builder.rounded(n.attribute("alpha", 0.01), x)
    if alpha < 0:
        raise n.builder.unsupported(f"alpha = {alpha!r} is negative")
    return [n.builder.emit("leaky_relu", [x], n.name, alpha=alpha)]


def _elu(n: OnnxNode) -> list[Value]:
    x = n.operand(0)
    alpha = n.builder.rounded(n.attribute("alpha", 1.0), x)
    if alpha < 0:
        raise n.builder.unsupported(f"alpha = {alpha!r} is negative")
    return [n.builder.emit("elu", [x], n.name, alpha=alpha)]


def _softmax(n: OnnxNode) -> list[Value]:
    b, x = n.builder, n.operand(0)
    if n.version >= 13:
        return [idiom.softmax(b, x, n.attribute("axis", -1), n.name)]
    axis = idiom.axis_of(b, n.attribute("axis", 1), x.rank)
    if axis == x.rank - 1:
        return [idiom.softmax(b, x, axis, n.name)]
    rows = int(np.prod(x.shape[:axis], dtype=np.int64))
    flat = idiom.reshape(b, x, (rows, -1), b.fresh(f"{n.name}.rows"))
    soft = idiom.softmax(b, flat, 1, b.fresh(f"{n.name}.softmax"))
    return [idiom.reshape(b, soft, x.shape, n.name)]


def _clip(n: OnnxNode) -> list[Value]:
    b, x = n.builder, n.operand(0)
    if n.version < 11:
        low, high = n.attribute("min"), n.attribute("max")
        bounds = [None if v is None else b.scalar(v, x) for v in (low, high)]
    else:
        bounds = [n.optional(1), n.optional(2)]
    return [idiom.clip(b, x, bounds[0], bounds[1], n.name)]


def _window(n: OnnxNode, kernel: Sequence[int]) -> dict[str, Any]:
    b = n.builder
    auto = n.attribute("auto_pad", "NOTSET")
    if auto not in ("NOTSET", "VALID"):
        raise b.unsupported(f"auto_pad = {auto!r}")
    pads = n.attribute("pads", [0, 0, 0, 0])
    if auto == "VALID" and any(pads):
        raise b.wrong("auto_pad VALID together with pads")
    window = {
        "stride": tuple(n.attribute("strides", [1, 1])),
        "padding": tuple(pads),
        "dilation": tuple(n.attribute("dilations", [1, 1])),
    }
    if len(kernel) != 2 or [len(v) for v in window.values()] != [2, 4, 2]:
        raise b.unsupported("windows other than over height and width")
    return window


def _conv(n: OnnxNode) -> list[Value]:
    b, x, weight, bias = n.builder, n.operand(0), n.operand(1), n.optional(2)
    if x.rank != 4:
        raise b.unsupported(f"an operand of shape {x.shape}; only (N, C, H, W) is read")
    b.known(weight, "the kernel")
    kernel = n.attribute("kernel_shape", list(weight.shape[2:]))
    if tuple(kernel) != weight.shape[2:]:
        raise b.wrong(f"kernel_shape {kernel} is not that of the weight {weight.shape}")
    operands = [x, weight]
    if bias is not None:
        b.known(bias, "the bias")
        operands.append(bias)
    window = _window(n, kernel)
    return [b.emit("conv2d", operands, n.name, **window, groups=n.attribute("group", 1))]


def _max_pool(n: OnnxNode) -> list[Value]:
    b, x = n.builder, n.operand(0)
    if x.rank != 4:
        raise b.unsupported(f"an operand of shape {x.shape}; only (N, C, H, W) is read")
    n.must_be("ceil_mode", 0)
    n.ignore("storage_order")
    kernel = n.attribute("kernel_shape")
    return [b.emit("max_pool", [x], n.name, kernel=tuple(kernel), **_window(n, kernel))]


def _average_pool(n: OnnxNode) -> list[Value]:
    b, x = n.builder, n.operand(0)
    if x.rank != 4:
        raise b.unsupported(f"an operand of shape {x.shape}; only (N, C, H, W) is read")
    n.must_be("ceil_mode", 0)
    kernel = n.attribute("kernel_shape")
    window = _window(n, kernel)
    if window["dilation"] != (1, 1):
        raise b.unsupported(f"dilations = {window['dilation']}")
    count = int(n.attribute("count_include_pad", 0))
    return [b.emit("avg_pool", [x], n.name, kernel=tuple(kernel), **window, count_padding=count)]


def _global_pool(op: str) -> Handler:
    def handler(n: OnnxNode) -> list[Value]:
        x = n.operand(0)
        return [idiom.reduce(n.builder, op, x, range(2, x.rank), True, n.name)]

    return handler


def _reduce(op: str, axes_operand_since: int) -> Handler:
    def handler(n: OnnxNode) -> list[Value]:
        b, x = n.builder, n.operand(0)
        keep = bool(n.attribute("keepdims", 1))
        if n.version >= axes_operand_since:
            given = n.optional(1)
            axes = None if given is None else b.integers(given, "axes")
            if not axes:
                if n.attribute("noop_with_empty_axes", 0):
                    return _identity(n)
                axes = None
            n.ignore("noop_with_empty_axes")
        else:
            axes = n.attribute("axes")
        return [idiom.reduce(b, op, x, axes, keep, n.name)]

    return handler


def _batch_norm(n: OnnxNode) -> list[Value]:
    n.must_be("training_mode", 0)
    n.must_be("spatial", 1)
    n.ignore("momentum")
    epsilon = float(n.attribute("epsilon", 1e-5))
    scale, shift, mean, variance = (n.operand(i) for i in range(1, 5))
    return [
        idiom.batch_norm(n.builder, n.operand(0), scale, shift, mean, variance, epsilon, n.name)
    ]


def _flatten(n: OnnxNode) -> list[Value]:
    x, axis = n.operand(0), n.attribute("axis", 1)
    if not -x.rank <= axis <= x.rank:
        raise n.builder.wrong(f"axis {axis} is not an axis of shape {x.shape}")
    place = axis if axis >= 0 else axis + x.rank
    rows = int(np.prod(x.shape[:place], dtype=np.int64))
    return [idiom.reshape(n.builder, x, (rows, -1), n.name)]


def _reshape(n: OnnxNode) -> list[Value]:
    b, x = n.builder, n.operand(0)
    n.must_be("allowzero", 0)
    sizes = b.integers(n.operand(1), "the shape")
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


def _argmax(n: OnnxNode) -> list[Value]:
    n.must_be("select_last_index", 0)
    keep = bool(n.attribute("keepdims", 1))
    return [idiom.argmax(n.builder, n.operand(0), n.attribute("axis", 0), keep, n.name)]


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


def _dropout(n: OnnxNode) -> list[Value]:
    n.ignore("ratio", "seed")
    mode = n.optional(2)
    if mode is not None and n.builder.known(mode, "training_mode").any():
        raise n.builder.unsupported("training mode")
    return _identity(n)


def _expand(n: OnnxNode) -> list[Value]:
    b, x = n.builder, n.operand(0)
    shape: Shape = tuple(b.integers(n.operand(1), "the shape"))
    return [idiom.expand(b, x, idiom.common_shape(b, [x.shape, shape]), n.name)]


def _power(n: OnnxNode) -> list[Value]:
    b, x = n.builder, n.operand(0)
    exponent = b.known(n.operand(1), "the exponent")
    if exponent.size == 1 and exponent.item() == 2 and exponent.ndim <= x.rank:
        return [b.emit("mul", [x, x], n.name)]
    raise b.unsupported("an exponent other than 2")


HANDLERS: dict[str, Handler] = {
    "Abs": _unary("abs"),
    "Add": _binary("add"),
    "ArgMax": _argmax,
    "AveragePool": _average_pool,
    "BatchNormalization": _batch_norm,
    "Cast": _cast,
    "Clip": _clip,
    "Concat": _concat,
    "Conv": _conv,
    "Div": _binary("div"),
    "Dropout": _dropout,
    "Elu": _elu,
    "Exp": _unary("exp"),
    "Expand": _expand,
    "Flatten": _flatten,
    "Gather": _gather,
    "Gemm": _gemm,
    "GlobalAveragePool": _global_pool("reduce_mean"),
    "GlobalMaxPool": _global_pool("reduce_max"),
    "Identity": _identity,
    "LeakyRelu": _leaky,
    "MatMul": lambda n: [idiom.matmul(n.builder, n.operand(0), n.operand(1), n.name)],
    "Max": _variadic("maximum"),
    "MaxPool": _max_pool,
    "Min": _variadic("minimum"),
    "Mul": _binary("mul"),
    "Neg": _unary("neg"),
    "Pow": _power,
    "ReduceMax": _reduce("reduce_max", 18),
    "ReduceMean": _reduce("reduce_mean", 18),
    "ReduceMin": _reduce("reduce_min", 18),
    "ReduceSum": _reduce("reduce_sum", 13),
    "Relu": _unary("relu"),
    "Reshape": _reshape,
    "Sigmoid": _unary("sigmoid"),
    "Slice": _slice,
    "Softmax": _softmax,
    "Split": _split,
    "Squeeze": _squeeze,
    "Sub": _binary("sub"),
    "Sum": _variadic("add"),
    "Tanh": _unary("tanh"),
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
"""ONNX operator -> its meaning; each returns the values of its outputs, in order."""

__all__ = ["HANDLERS", "OnnxNode", "UnsupportedOperator"]
