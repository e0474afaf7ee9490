"""Operators that act entry by entry, with numpy's broadcasting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from extract import exact as ex
from extract.exact import Exact, Number
from extract.operator.base import Attributes, Kind, Operator, Shape, ShapeError, broadcast
from theory import enclosure
from theory.enclosure import Enclosure

if TYPE_CHECKING:
    from torch import Tensor


def same_shape(_: Attributes, shapes: Sequence[Shape]) -> Shape:
    """The shape of the only operand."""
    return shapes[0]


def common_shape(_: Attributes, shapes: Sequence[Shape]) -> Shape:
    """The broadcast shape of the operands."""
    return broadcast(shapes)


def _unary(
    forward: Callable[[Tensor], Tensor], exact: Callable[[Exact], Exact], kind: Kind
) -> Operator:
    return Operator(
        shape=same_shape,
        forward=lambda _, xs: forward(xs[0]),
        exact=lambda _, xs: exact(xs[0]),
        kind=kind,
    )


def _binary(
    forward: Callable[[Tensor, Tensor], Tensor],
    exact: Callable[[Exact, Exact], Exact],
    kind: Kind = Kind.AFFINE,
) -> Operator:
    return Operator(
        shape=common_shape,
        forward=lambda _, xs: forward(*_ranked(xs)),
        exact=lambda _, xs: exact(xs[0], xs[1]),
        kind=kind,
        least=2,
        most=2,
    )


def _ranked(tensors: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Give both operands the same rank by ones after the leading axis."""
    rank = max(t.dim() for t in tensors)
    x, y = (t.reshape(t.shape[0], *(1,) * (rank - t.dim()), *t.shape[1:]) for t in tensors)
    return x, y


def _rectify(x: Exact) -> Exact:
    return x.monotone(lambda v: np.maximum(v, 0))


def _absolute(x: Exact) -> Exact:
    if x.is_rational:
        return x.monotone(np.abs)
    lower = np.maximum(np.maximum(x.lower, -x.upper), 0)
    return Exact(lower, np.maximum(-x.lower, x.upper), x.denominator)


def _leak(attributes: Attributes, xs: Sequence[Exact]) -> Exact:
    alpha = ex.from_numbers([attributes["alpha"]], ())
    scale = int(alpha.lower.item())
    if scale < 0:
        raise ShapeError(f"leaky_relu needs alpha >= 0, got {attributes['alpha']}")

    def bend(v: ex.Integers) -> ex.Integers:
        return np.maximum(v, 0) * alpha.denominator + np.minimum(v, 0) * scale

    bent = xs[0].layout(bend)
    return Exact(bent.lower, bent.upper, bent.denominator * alpha.denominator)


def _leak_shape(attributes: Attributes, shapes: Sequence[Shape]) -> Shape:
    if not attributes["alpha"] >= 0:
        raise ShapeError(f"alpha is {attributes['alpha']}, but has to be at least 0")
    return shapes[0]


def _smooth(forward: Callable[[Tensor], Tensor], real: Callable[[Any], Enclosure]) -> Operator:
    return _unary(forward, lambda x: ex.smooth(real, x), Kind.SMOOTH)


def _elu_point(x: Number, alpha: Fraction) -> Enclosure:
    """x for x >= 0, alpha (e^x - 1) below; it rises, so the ends of an interval give the ends."""
    ends = (x.lower, x.upper) if isinstance(x, Enclosure) else (x, x)
    low, high = (
        enclosure.enclose(end) if end >= 0 else (enclosure.exp(end) - 1) * alpha for end in ends
    )
    return Enclosure(low.lower, high.upper)


def _elu_forward(attributes: Attributes, xs: Sequence[Tensor]) -> Tensor:
    from torch.nn import functional

    return functional.elu(xs[0], alpha=attributes["alpha"])


def _elu_exact(attributes: Attributes, xs: Sequence[Exact]) -> Exact:
    alpha = Fraction(attributes["alpha"])
    x = xs[0]
    if x.is_rational and not (x.lower < 0).any():
        return x
    return ex.smooth(lambda value: _elu_point(value, alpha), x)


def _leak_forward(attributes: Attributes, xs: Sequence[Tensor]) -> Tensor:
    from torch.nn import functional

    return functional.leaky_relu(xs[0], negative_slope=attributes["alpha"])


def _softplus(x: Tensor) -> Tensor:
    import torch

    return torch.logaddexp(x, torch.zeros_like(x))


def _maximum(x: Tensor, y: Tensor) -> Tensor:
    import torch

    return torch.maximum(x, y)


def _minimum(x: Tensor, y: Tensor) -> Tensor:
    import torch

    return torch.minimum(x, y)


def _add(x: Any, y: Any) -> Any:
    return x + y


ROWS: dict[str, Operator] = {
    "add": _binary(_add, lambda x, y: ex.pairwise(_add, x, y)),
    "sub": _binary(lambda x, y: x - y, lambda x, y: ex.pairwise(_add, x, ex.negate(y))),
    "mul": _binary(lambda x, y: x * y, ex.multiply),
    "div": _binary(lambda x, y: x / y, ex.divide),
    "neg": _unary(lambda x: -x, ex.negate, Kind.AFFINE),
    "relu": _unary(lambda x: x.relu(), _rectify, Kind.PIECEWISE),
    "abs": _unary(lambda x: x.abs(), _absolute, Kind.PIECEWISE),
    "leaky_relu": Operator(
        _leak_shape, _leak_forward, _leak, Kind.PIECEWISE, attributes=("alpha",)
    ),
    "maximum": _binary(_maximum, lambda x, y: ex.pairwise(np.maximum, x, y), Kind.PIECEWISE),
    "minimum": _binary(_minimum, lambda x, y: ex.pairwise(np.minimum, x, y), Kind.PIECEWISE),
    "tanh": _smooth(lambda x: x.tanh(), enclosure.tanh),
    "sigmoid": _smooth(lambda x: x.sigmoid(), enclosure.sigmoid),
    "exp": _smooth(lambda x: x.exp(), enclosure.exp),
    "erf": _smooth(lambda x: x.erf(), enclosure.erf),
    "softplus": _smooth(_softplus, enclosure.softplus),
    "log": _smooth(lambda x: x.log(), enclosure.log),
    "sqrt": _smooth(lambda x: x.sqrt(), enclosure.sqrt),
    "elu": Operator(_leak_shape, _elu_forward, _elu_exact, Kind.SMOOTH, attributes=("alpha",)),
}
