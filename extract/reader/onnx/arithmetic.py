"""ONNX operators that act entry by entry or gather an axis."""

from __future__ import annotations

from collections.abc import Callable

from extract.reader import activation, idiom
from extract.reader.build import Builder, Value
from extract.reader.onnx.node import Handler, OnnxNode


def _unary(op: str) -> Handler:
    return lambda n: [n.builder.emit(op, [n.operand(0)], n.name)]


def _binary(op: str) -> Handler:
    return lambda n: [idiom.binary(n.builder, op, n.operand(0), n.operand(1), n.name)]


def _variadic(op: str) -> Handler:
    def handler(n: OnnxNode) -> list[Value]:
        values = [n.operand(i) for i in range(len(n.operands))]
        return [idiom.fold_left(n.builder, op, values, n.name)]

    return handler


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


def _clip(n: OnnxNode) -> list[Value]:
    b, x = n.builder, n.operand(0)
    if n.version < 11:
        low, high = n.attribute("min"), n.attribute("max")
        bounds = [None if v is None else b.scalar(v, x) for v in (low, high)]
    else:
        bounds = [n.optional(1), n.optional(2)]
    return [idiom.clip(b, x, bounds[0], bounds[1], n.name)]


def _reduce(op: str, axes_operand_since: int) -> Handler:
    def handler(n: OnnxNode) -> list[Value]:
        b, x = n.builder, n.operand(0)
        keep = bool(n.attribute("keepdims", 1))
        if n.version >= axes_operand_since:
            given = n.optional(1)
            axes = None if given is None else b.integers(given, "axes")
            if not axes:
                if n.attribute("noop_with_empty_axes", 0):
                    return [n.builder.alias(n.name, n.operand(0))]
                axes = None
            n.ignore("noop_with_empty_axes")
        else:
            axes = n.attribute("axes")
        return [idiom.reduce(b, op, x, axes, keep, n.name)]

    return handler


def _argmax(n: OnnxNode) -> list[Value]:
    n.must_be("select_last_index", 0)
    keep = bool(n.attribute("keepdims", 1))
    return [idiom.argmax(n.builder, n.operand(0), n.attribute("axis", 0), keep, n.name)]


def _power(n: OnnxNode) -> list[Value]:
    b, x = n.builder, n.operand(0)
    exponent = b.known(n.operand(1), "the exponent")
    if exponent.size != 1 or exponent.ndim > x.rank:
        raise b.unsupported("several exponents")
    return [activation.power(b, x, float(exponent.item()), n.name)]


def _composed(function: Callable[[Builder, Value, str], Value]) -> Handler:
    return lambda n: [function(n.builder, n.operand(0), n.name)]


def _gelu(n: OnnxNode) -> list[Value]:
    kind = n.attribute("approximate", "none")
    return [activation.gelu(n.builder, n.operand(0), kind, n.name)]


def _softplus(n: OnnxNode) -> list[Value]:
    return [activation.softplus(n.builder, n.operand(0), 1.0, n.name)]


def _hard_sigmoid(n: OnnxNode) -> list[Value]:
    slope, shift = n.attribute("alpha", 0.2), n.attribute("beta", 0.5)
    return [activation.hard_sigmoid(n.builder, n.operand(0), slope, shift, n.name)]


def _selu(n: OnnxNode) -> list[Value]:
    alpha = n.attribute("alpha", activation.SELU_ALPHA)
    if alpha < 0:
        raise n.builder.unsupported(f"alpha = {alpha!r} is negative")
    scale = n.attribute("gamma", activation.SELU_SCALE)
    return [activation.selu(n.builder, n.operand(0), alpha, scale, n.name)]


def _celu(n: OnnxNode) -> list[Value]:
    return [activation.celu(n.builder, n.operand(0), n.attribute("alpha", 1.0), n.name)]


def _prelu(n: OnnxNode) -> list[Value]:
    return [activation.prelu(n.builder, n.operand(0), n.operand(1), n.name)]


ROWS: dict[str, Handler] = {
    "Abs": _unary("abs"),
    "Add": _binary("add"),
    "ArgMax": _argmax,
    "Celu": _celu,
    "Clip": _clip,
    "Div": _binary("div"),
    "Elu": _elu,
    "Erf": _unary("erf"),
    "Exp": _unary("exp"),
    "Gelu": _gelu,
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": _composed(activation.hard_swish),
    "LeakyRelu": _leaky,
    "Log": _unary("log"),
    "Max": _variadic("maximum"),
    "Min": _variadic("minimum"),
    "Mish": _composed(activation.mish),
    "Mul": _binary("mul"),
    "Neg": _unary("neg"),
    "PRelu": _prelu,
    "Pow": _power,
    "Reciprocal": _composed(activation.reciprocal),
    "ReduceMax": _reduce("reduce_max", 18),
    "ReduceMean": _reduce("reduce_mean", 18),
    "ReduceMin": _reduce("reduce_min", 18),
    "ReduceSum": _reduce("reduce_sum", 13),
    "Relu": _unary("relu"),
    "Selu": _selu,
    "Sigmoid": _unary("sigmoid"),
    "Softplus": _softplus,
    "Sqrt": _unary("sqrt"),
    "Sub": _binary("sub"),
    "Sum": _variadic("add"),
    "Tanh": _unary("tanh"),
}
