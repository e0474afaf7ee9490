"""Activations and normalisations of the sources that are several operators of the table.

Each function adds nodes to a builder and returns the value; the last node bears `name`. Numbers are
rounded to the arithmetic of the operand, as libraries do.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import pi, sqrt

from extract.reader import idiom
from extract.reader.build import Builder, Value

SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946


def _times(b: Builder, x: Value, factor: float, name: str) -> Value:
    return b.emit("mul", [x, b.scalar(factor, x)], name)


def _plus(b: Builder, x: Value, shift: float, name: str) -> Value:
    return b.emit("add", [x, b.scalar(shift, x)], name)


def gelu(b: Builder, x: Value, approximate: str, name: str) -> Value:
    """x Phi(x), Phi by erf, or by tanh (Hendrycks and Gimpel, arXiv:1606.08415)."""

    def part(title: str) -> str:
        return b.fresh(f"{name}.{title}")

    if approximate == "none":
        share = b.emit("erf", [_times(b, x, sqrt(0.5), part("scaled"))], part("erf"))
    elif approximate == "tanh":
        square = b.emit("mul", [x, x], part("square"))
        cube = _times(b, b.emit("mul", [square, x], part("cube")), 0.044715, part("term"))
        bent = _times(b, b.emit("add", [x, cube], part("sum")), sqrt(2 / pi), part("scaled"))
        share = b.emit("tanh", [bent], part("tanh"))
    else:
        raise b.unsupported(f"approximate = {approximate!r}")
    half = _times(b, x, 0.5, part("half"))
    return b.emit("mul", [half, _plus(b, share, 1.0, part("share"))], name)


def softplus(b: Builder, x: Value, beta: float, name: str) -> Value:
    """log(1 + e^(beta x)) / beta.

    Beyond a threshold libraries return x, which from 20 on no float32 tells apart. A threshold
    where e^(beta x) is more than any float32 is for the caller to refuse.
    """
    if beta <= 0:
        raise b.unsupported(f"beta = {beta!r} is not positive")
    if beta == 1:
        return b.emit("softplus", [x], name)
    scaled = _times(b, x, beta, b.fresh(f"{name}.scaled"))
    bent = b.emit("softplus", [scaled], b.fresh(f"{name}.softplus"))
    return b.emit("div", [bent, b.scalar(beta, x)], name)


def log_sigmoid(b: Builder, x: Value, name: str) -> Value:
    """-log(1 + e^-x)."""
    flipped = b.emit("neg", [x], b.fresh(f"{name}.neg"))
    return b.emit("neg", [b.emit("softplus", [flipped], b.fresh(f"{name}.softplus"))], name)


def silu(b: Builder, x: Value, name: str) -> Value:
    """x sigmoid(x)."""
    return b.emit("mul", [x, b.emit("sigmoid", [x], b.fresh(f"{name}.sigmoid"))], name)


def mish(b: Builder, x: Value, name: str) -> Value:
    """x tanh(log(1 + e^x)) (Misra, arXiv:1908.08681)."""
    bent = b.emit("softplus", [x], b.fresh(f"{name}.softplus"))
    return b.emit("mul", [x, b.emit("tanh", [bent], b.fresh(f"{name}.tanh"))], name)


def hard_sigmoid(b: Builder, x: Value, slope: float, shift: float, name: str) -> Value:
    """min(max(slope x + shift, 0), 1)."""
    scaled = _times(b, x, slope, b.fresh(f"{name}.scaled"))
    line = _plus(b, scaled, shift, b.fresh(f"{name}.line"))
    return idiom.clip(b, line, b.scalar(0.0, x), b.scalar(1.0, x), name)


def hard_swish(b: Builder, x: Value, name: str) -> Value:
    """x min(max(x + 3, 0), 6) / 6 (Howard et al., arXiv:1905.02244)."""
    raised = _plus(b, x, 3.0, b.fresh(f"{name}.raised"))
    gate = idiom.clip(b, raised, b.scalar(0.0, x), b.scalar(6.0, x), b.fresh(f"{name}.gate"))
    product = b.emit("mul", [x, gate], b.fresh(f"{name}.product"))
    return b.emit("div", [product, b.scalar(6.0, x)], name)


def selu(b: Builder, x: Value, alpha: float, scale: float, name: str) -> Value:
    """scale elu(x) (Klambauer et al., arXiv:1706.02515)."""
    bent = b.emit("elu", [x], b.fresh(f"{name}.elu"), alpha=b.rounded(alpha, x))
    return _times(b, bent, scale, name)


def celu(b: Builder, x: Value, alpha: float, name: str) -> Value:
    """max(x, 0) + min(alpha (e^(x / alpha) - 1), 0) = alpha elu(x / alpha), alpha > 0."""
    if alpha <= 0:
        raise b.unsupported(f"alpha = {alpha!r} is not positive")
    if alpha == 1:
        return b.emit("elu", [x], name, alpha=1.0)
    shrunk = b.emit("div", [x, b.scalar(alpha, x)], b.fresh(f"{name}.shrunk"))
    bent = b.emit("elu", [shrunk], b.fresh(f"{name}.elu"), alpha=1.0)
    return _times(b, bent, alpha, name)


def prelu(b: Builder, x: Value, slope: Value, name: str) -> Value:
    """max(x, 0) + slope min(x, 0), with a slope that broadcasts."""
    right = b.emit("relu", [x], b.fresh(f"{name}.right"))
    left = b.emit("sub", [x, right], b.fresh(f"{name}.left"))
    return b.emit("add", [right, b.emit("mul", [left, slope], b.fresh(f"{name}.leak"))], name)


def power(b: Builder, x: Value, exponent: float, name: str) -> Value:
    """x to a whole power from 1 to 8 by products, to 1/2 or -1/2 by a square root, or 1 / x."""
    if exponent == 0.5:
        return b.emit("sqrt", [x], name)
    if exponent == -0.5:
        return reciprocal(b, b.emit("sqrt", [x], b.fresh(f"{name}.sqrt")), name)
    if exponent == -1:
        return reciprocal(b, x, name)
    if exponent not in range(1, 9):
        raise b.unsupported(f"the exponent {exponent!r}")
    return idiom.fold_left(b, "mul", [x] * int(exponent), name)


def reciprocal(b: Builder, x: Value, name: str) -> Value:
    """1 / x."""
    return b.emit("div", [b.scalar(1.0, x), x], name)


def log_softmax(b: Builder, x: Value, axis: int, name: str) -> Value:
    """x - max x - log of the sum of e^(x - max x).

    That a difference is at most 0, and the sum at least e^0, is said again for whoever bounds them.
    """
    keep = {"axes": (idiom.axis_of(b, axis, x.rank),), "keepdims": 1}
    most = b.emit("reduce_max", [x], b.fresh(f"{name}.max"), **keep)
    gap = b.emit("sub", [x, most], b.fresh(f"{name}.gap"))
    most_zero = b.emit("minimum", [gap, b.scalar(0.0, x)], b.fresh(f"{name}.most_zero"))
    shares = b.emit("exp", [most_zero], b.fresh(f"{name}.exp"))
    total = b.emit("reduce_sum", [shares], b.fresh(f"{name}.sum"), **keep)
    least = b.emit("maximum", [total, b.scalar(1.0, x)], b.fresh(f"{name}.least"))
    return b.emit("sub", [gap, b.emit("log", [least], b.fresh(f"{name}.log"))], name)


def _root(b: Builder, square: Value, epsilon: float, name: str) -> Value:
    """sqrt(square + epsilon) of what is no less than 0; so the sum is no less than epsilon."""
    raised = _plus(b, square, epsilon, b.fresh(f"{name}.raised"))
    least = b.emit("maximum", [raised, b.scalar(epsilon, raised)], b.fresh(f"{name}.least"))
    return b.emit("sqrt", [least], name)


def layer_norm(
    b: Builder,
    x: Value,
    axes: Sequence[int],
    scale: Value | None,
    shift: Value | None,
    epsilon: float,
    name: str,
) -> Value:
    """(x - mean) / sqrt(variance + epsilon) scale + shift (Ba et al., arXiv:1607.06450)."""

    def part(title: str) -> str:
        return b.fresh(f"{name}.{title}")

    keep = {"axes": tuple(sorted(idiom.axis_of(b, axis, x.rank) for axis in axes)), "keepdims": 1}
    mean = b.emit("reduce_mean", [x], part("mean"), **keep)
    centred = b.emit("sub", [x, mean], part("centred"))
    square = b.emit("mul", [centred, centred], part("square"))
    variance = b.emit("moment", [square], part("variance"), **keep)
    steps = [("mul", scale, "scaled"), ("add", shift, "shifted")]
    last = [(op, value, title) for op, value, title in steps if value is not None]
    spread = _root(b, variance, epsilon, part("spread"))
    result = b.emit("div", [centred, spread], part("normalised") if last else name)
    for op, value, title in last:
        result = b.emit(op, [result, value], name if title == last[-1][2] else part(title))
    return result


def rms_norm(
    b: Builder, x: Value, axes: Sequence[int], scale: Value | None, epsilon: float, name: str
) -> Value:
    """x / sqrt(mean of x^2 + epsilon) scale (Zhang and Sennrich, arXiv:1910.07467)."""

    def part(title: str) -> str:
        return b.fresh(f"{name}.{title}")

    keep = {"axes": tuple(sorted(idiom.axis_of(b, axis, x.rank) for axis in axes)), "keepdims": 1}
    square = b.emit("mul", [x, x], part("square"))
    mean = b.emit("reduce_mean", [square], part("mean"), **keep)
    size = _root(b, mean, epsilon, part("size"))
    result = b.emit("div", [x, size], name if scale is None else part("normalised"))
    return result if scale is None else b.emit("mul", [result, scale], name)
