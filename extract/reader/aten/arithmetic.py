"""ATen operators that act entry by entry or gather an axis."""

from __future__ import annotations

from collections.abc import Callable

from extract.reader import activation, idiom
from extract.reader.aten.call import AtenCall, Handler
from extract.reader.build import FLOATS, Builder, Value


def _unary(op: str) -> Handler:
    return lambda c: [c.builder.emit(op, [c.tensor("self")], c.name)]


def _binary(op: str, *, reverse: bool = False) -> Handler:
    def handler(c: AtenCall) -> list[Value]:
        b = c.builder
        x = c.cast(c.tensor("self"))
        y = c.number("other", c.tensor("self"))
        if y is None:
            raise b.wrong("its second operand is missing")
        if "alpha" in c.schema():
            alpha = c.real("alpha")
            scaled = x if reverse else y
            if alpha != 1:
                factor = b.scalar(alpha, x if x.dtype in FLOATS else y)
                scaled = idiom.binary(b, "mul", scaled, factor, b.fresh(f"{c.name}.alpha"))
            x, y = (scaled, y) if reverse else (x, scaled)
        if reverse:
            x, y = y, x
        return [idiom.binary(b, op, x, y, c.name)]

    return handler


def _leaky(c: AtenCall) -> list[Value]:
    x = c.tensor("self")
    alpha = c.builder.rounded(c.real("negative_slope"), x)
    if alpha < 0:
        raise c.builder.unsupported(f"negative_slope = {alpha!r} is negative")
    return [c.builder.emit("leaky_relu", [x], c.name, alpha=alpha)]


def _elu(c: AtenCall) -> list[Value]:
    x = c.tensor("self")
    c.must_be("input_scale", 1)
    alpha, scale = c.builder.rounded(c.real("alpha"), x), c.real("scale")
    if alpha < 0:
        raise c.builder.unsupported(f"alpha = {alpha!r} is negative")
    if scale == 1:
        return [c.builder.emit("elu", [x], c.name, alpha=alpha)]
    return [activation.selu(c.builder, x, alpha, scale, c.name)]


def _clamp(low: str | None, high: str | None) -> Handler:
    def handler(c: AtenCall) -> list[Value]:
        x = c.tensor("self")
        bounds = [None if name is None else c.number(name, x) for name in (low, high)]
        return [idiom.clip(c.builder, x, bounds[0], bounds[1], c.name)]

    return handler


def _relu6(c: AtenCall) -> list[Value]:
    b, x = c.builder, c.tensor("self")
    return [idiom.clip(b, x, b.scalar(0.0, x), b.scalar(6.0, x), c.name)]


def _composed(function: Callable[[Builder, Value, str], Value]) -> Handler:
    return lambda c: [function(c.builder, c.tensor("self"), c.name)]


def _gelu(c: AtenCall) -> list[Value]:
    return [activation.gelu(c.builder, c.tensor("self"), c.take("approximate"), c.name)]


def _softplus(c: AtenCall) -> list[Value]:
    x, beta, threshold = c.tensor("self"), c.real("beta"), c.real("threshold")
    if not 20 <= threshold <= 80 or x.dtype != "float32":  # up to there, torch takes e^(beta x)
        raise c.builder.unsupported(f"threshold = {threshold!r} in {x.dtype}")
    return [activation.softplus(c.builder, x, beta, c.name)]


def _hard_sigmoid(c: AtenCall) -> list[Value]:
    b, x = c.builder, c.tensor("self")
    raised = idiom.binary(b, "add", x, b.scalar(3.0, x), b.fresh(f"{c.name}.raised"))
    ends = b.scalar(0.0, x), b.scalar(6.0, x)
    clipped = idiom.clip(b, raised, *ends, b.fresh(f"{c.name}.clipped"))
    return [idiom.binary(b, "div", clipped, b.scalar(6.0, x), c.name)]


def _selu(c: AtenCall) -> list[Value]:
    x = c.tensor("self")
    return [activation.selu(c.builder, x, activation.SELU_ALPHA, activation.SELU_SCALE, c.name)]


def _celu(c: AtenCall) -> list[Value]:
    return [activation.celu(c.builder, c.tensor("self"), c.real("alpha"), c.name)]


def _prelu(c: AtenCall) -> list[Value]:
    b, x, slope = c.builder, c.tensor("self"), c.tensor("weight")
    if slope.rank == 1 and x.rank >= 2 and slope.shape[0] > 1:
        slope = idiom.reshape_constant(b, slope, (slope.shape[0], *(1,) * (x.rank - 2)))
    return [activation.prelu(b, x, slope, c.name)]


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


def _power(c: AtenCall) -> list[Value]:
    return [activation.power(c.builder, c.tensor("self"), c.real("exponent"), c.name)]


def _square(c: AtenCall) -> list[Value]:
    x = c.tensor("self")
    return [c.builder.emit("mul", [x, x], c.name)]


def _gated(c: AtenCall) -> list[Value]:
    """glu: the first half, times the sigmoid of the second."""
    b, x = c.builder, c.tensor("self")
    axis = idiom.axis_of(b, c.integer("dim"), x.rank)
    half, odd = divmod(x.shape[axis], 2)
    if odd:
        raise b.wrong(f"axis {axis} of shape {x.shape} has no halves")
    names = [b.fresh(f"{c.name}.{part}") for part in ("half", "gate")]
    first, second = idiom.split(b, x, axis, [half, half], names)
    gate = b.emit("sigmoid", [second], b.fresh(f"{c.name}.open"))
    return [b.emit("mul", [first, gate], c.name)]


def _log_sum_exp(c: AtenCall) -> list[Value]:
    """log of the sum of e^x, with the largest entry taken out of it first."""
    b, x, axes, keep = c.builder, c.tensor("self"), c.integers("dim"), c.flag("keepdim")
    most = idiom.reduce(b, "reduce_max", x, axes, True, b.fresh(f"{c.name}.most"))
    below = b.emit("sub", [x, most], b.fresh(f"{c.name}.below"))
    powers = b.emit("exp", [below], b.fresh(f"{c.name}.exp"))
    total = idiom.reduce(b, "reduce_sum", powers, axes, True, b.fresh(f"{c.name}.sum"))
    log = b.emit("log", [total], b.fresh(f"{c.name}.log"))
    value = b.emit("add", [log, most], b.fresh(f"{c.name}.whole"))
    shape = [n for at, n in enumerate(x.shape) if at not in {a % x.rank for a in axes}]
    return [idiom.reshape(b, value, value.shape if keep else shape, c.name)]


def _norm(c: AtenCall) -> list[Value]:
    """The Euclidean norm, or the sum or the largest of absolute values."""
    b, x, order = c.builder, c.tensor("self"), c.take("ord" if "ord" in c.schema() else "p")
    c.must_be("dtype", None)
    axes = None if c.take("dim") in (None, []) else c.integers("dim")
    keep = c.flag("keepdim")
    if order == 2:
        square = b.emit("mul", [x, x], b.fresh(f"{c.name}.square"))
        total = idiom.reduce(b, "reduce_sum", square, axes, keep, b.fresh(f"{c.name}.sum"))
        return [b.emit("sqrt", [total], c.name)]
    if order not in (1, float("inf")):
        raise b.unsupported(f"order = {order!r}")
    size = b.emit("abs", [x], b.fresh(f"{c.name}.abs"))
    return [idiom.reduce(b, "reduce_sum" if order == 1 else "reduce_max", size, axes, keep, c.name)]


ROWS: dict[str, Handler] = {
    "abs.default": _unary("abs"),
    "add.Scalar": _binary("add"),
    "add.Tensor": _binary("add"),
    "amax.default": _reduce("reduce_max"),
    "amin.default": _reduce("reduce_min"),
    "argmax.default": _argmax,
    "clamp.Tensor": _clamp("min", "max"),
    "clamp.default": _clamp("min", "max"),
    "clamp_max.default": _clamp(None, "max"),
    "clamp_min.default": _clamp("min", None),
    "celu.default": _celu,
    "div.Scalar": _binary("div"),
    "div.Tensor": _binary("div"),
    "elu.default": _elu,
    "erf.default": _unary("erf"),
    "exp.default": _unary("exp"),
    "gelu.default": _gelu,
    "glu.default": _gated,
    "hardsigmoid.default": _hard_sigmoid,
    "hardswish.default": _composed(activation.hard_swish),
    "hardtanh.default": _clamp("min_val", "max_val"),
    "leaky_relu.default": _leaky,
    "linalg_vector_norm.default": _norm,
    "log.default": _unary("log"),
    "log_sigmoid.default": _composed(activation.log_sigmoid),
    "logsumexp.default": _log_sum_exp,
    "max.default": _reduce("reduce_max"),
    "max.dim": _extreme("reduce_max"),
    "max.other": _binary("maximum"),
    "maximum.default": _binary("maximum"),
    "mean.default": _reduce("reduce_mean"),
    "mean.dim": _reduce("reduce_mean"),
    "min.default": _reduce("reduce_min"),
    "min.dim": _extreme("reduce_min"),
    "min.other": _binary("minimum"),
    "minimum.default": _binary("minimum"),
    "mish.default": _composed(activation.mish),
    "mul.Scalar": _binary("mul"),
    "mul.Tensor": _binary("mul"),
    "neg.default": _unary("neg"),
    "pow.Tensor_Scalar": _power,
    "prelu.default": _prelu,
    "reciprocal.default": _composed(activation.reciprocal),
    "relu.default": _unary("relu"),
    "relu6.default": _relu6,
    "rsqrt.default": _composed(lambda b, x, name: activation.power(b, x, -0.5, name)),
    "rsub.Scalar": _binary("sub", reverse=True),
    "rsub.Tensor": _binary("sub", reverse=True),
    "sigmoid.default": _unary("sigmoid"),
    "selu.default": _selu,
    "silu.default": _composed(activation.silu),
    "softplus.default": _softplus,
    "sqrt.default": _unary("sqrt"),
    "square.default": _square,
    "sub.Scalar": _binary("sub"),
    "sub.Tensor": _binary("sub"),
    "sum.default": _reduce("reduce_sum"),
    "sum.dim_IntList": _reduce("reduce_sum"),
    "tanh.default": _unary("tanh"),
}
