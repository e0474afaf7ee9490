"""Random instances of every operator, and random networks made of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.random import Generator

from extract.exact import Exact, Number
from extract.network import Array, Network, Node
from extract.operator import OPERATORS, Shape
from theory.enclosure import Enclosure

Instance = tuple[dict[str, Any], list[Shape]]
"""Attributes and operand shapes."""


def _any_shape(rng: Generator, least: int = 0, most: int = 4) -> Shape:
    rank = int(rng.integers(least, most + 1))
    return tuple(int(n) for n in rng.integers(1, 4, size=rank))


def _binary(rng: Generator) -> Instance:
    full = _any_shape(rng)
    thin = tuple(n if rng.random() < 0.6 else 1 for n in full)
    thin = thin[int(rng.integers(0, len(thin) + 1)) :]
    pair: list[Shape] = [full, thin]
    return {}, pair if rng.random() < 0.5 else pair[::-1]


def _reduce(rng: Generator) -> Instance:
    shape = _any_shape(rng, 1)
    count = int(rng.integers(1, len(shape) + 1))
    axes = tuple(sorted(int(n) for n in rng.choice(len(shape), size=count, replace=False)))
    return {"axes": axes, "keepdims": int(rng.integers(0, 2))}, [shape]


def _axis(rng: Generator) -> Instance:
    shape = _any_shape(rng, 1)
    return {"axis": int(rng.integers(0, len(shape)))}, [shape]


def _argmax(rng: Generator) -> Instance:
    attributes, shapes = _axis(rng)
    return {**attributes, "keepdims": int(rng.integers(0, 2))}, shapes


def _pair(rng: Generator, low: int, high: int) -> tuple[int, int]:
    return int(rng.integers(low, high + 1)), int(rng.integers(low, high + 1))


def _image(rng: Generator) -> Shape:
    return (int(rng.integers(1, 3)), 2, int(rng.integers(5, 8)), int(rng.integers(5, 8)))


def _conv(rng: Generator) -> Instance:
    groups = int(rng.integers(1, 3))
    kernel = _pair(rng, 1, 3)
    shapes: list[Shape] = [_image(rng), (2 * groups, 2 // groups, *kernel)]
    if rng.random() < 0.5:
        shapes.append((2 * groups,))
    padding = (*_pair(rng, 0, 2), *_pair(rng, 0, 2))
    window = {"stride": _pair(rng, 1, 2), "padding": padding, "dilation": _pair(rng, 1, 2)}
    return {**window, "groups": groups}, shapes


def _pool(rng: Generator) -> Instance:
    kernel = _pair(rng, 2, 3)
    padding = (*_pair(rng, 0, 1), *_pair(rng, 0, 1))
    window = {"stride": _pair(rng, 1, 3), "padding": padding, "dilation": _pair(rng, 1, 2)}
    return {"kernel": kernel, **window}, [_image(rng)]


def _average(rng: Generator) -> Instance:
    attributes, shapes = _pool(rng)
    count = int(rng.integers(0, 2))
    return {**attributes, "dilation": (1, 1), "count_padding": count}, shapes


def _linear(rng: Generator) -> Instance:
    shape = _any_shape(rng, 1, 3)
    out = int(rng.integers(1, 4))
    shapes: list[Shape] = [shape, (out, shape[-1])]
    return {}, [*shapes, (out,)] if rng.random() < 0.5 else shapes


def _matmul(rng: Generator) -> Instance:
    rows, inner, columns = (int(n) for n in rng.integers(1, 4, size=3))
    lead = _any_shape(rng, 0, 2)
    other = lead if rng.random() < 0.5 else ()
    return {}, [(*lead, rows, inner), (*other, inner, columns)]


def _reshape(rng: Generator) -> Instance:
    shape = _any_shape(rng)
    flat = int(np.prod(shape))
    return {"shape": (flat,) if rng.random() < 0.5 else (1, *shape[::-1])}, [shape]


def _transpose(rng: Generator) -> Instance:
    shape = _any_shape(rng)
    return {"perm": tuple(int(n) for n in rng.permutation(len(shape)))}, [shape]


def _concat(rng: Generator) -> Instance:
    attributes, (shape,) = _axis(rng)
    axis = attributes["axis"]
    widths = [int(n) for n in rng.integers(1, 4, size=int(rng.integers(1, 4)))]
    return attributes, [(*shape[:axis], width, *shape[axis + 1 :]) for width in widths]


def _slice(rng: Generator) -> Instance:
    attributes, (shape,) = _axis(rng)
    size = shape[attributes["axis"]]
    start = int(rng.integers(0, size))
    stop = int(rng.integers(start + 1, size + 1))
    return {**attributes, "start": start, "stop": stop, "step": int(rng.integers(1, 3))}, [shape]


def _gather(rng: Generator) -> Instance:
    attributes, (shape,) = _axis(rng)
    size = shape[attributes["axis"]]
    indices = tuple(int(n) for n in rng.integers(0, size, size=int(rng.integers(1, 5))))
    return {**attributes, "indices": indices}, [shape]


def _plain(rng: Generator) -> Instance:
    return {}, [_any_shape(rng)]


def _alpha(rng: Generator) -> Instance:
    return {"alpha": float(rng.choice([0.0, 0.01, 0.3, 1.0, 2.5]))}, [_any_shape(rng)]


INSTANCES: dict[str, Callable[[Generator], Instance]] = {
    **dict.fromkeys(["add", "sub", "mul", "div", "maximum", "minimum"], _binary),
    **dict.fromkeys(
        ["neg", "relu", "abs", "tanh", "sigmoid", "exp", "erf", "softplus", "log", "sqrt"], _plain
    ),
    **dict.fromkeys(["leaky_relu", "elu"], _alpha),
    **dict.fromkeys(["reduce_max", "reduce_sum", "reduce_mean", "moment"], _reduce),
    "softmax": _axis,
    "argmax": _argmax,
    "linear": _linear,
    "matmul": _matmul,
    "conv2d": _conv,
    "max_pool": _pool,
    "avg_pool": _average,
    "reshape": _reshape,
    "transpose": _transpose,
    "concat": _concat,
    "slice": _slice,
    "gather": _gather,
}
"""Operator -> a random instance of it; attributes may turn out not to fit the shapes."""


def draw_entries(rng: Generator, shape: Shape, op: str = "") -> Array:
    """Doubles with few digits, so that ties and zeros occur, in the domain of an operator."""
    values = rng.integers(-24, 25, size=shape).astype(np.float64) / 8
    if op in {"log", "sqrt"}:
        return np.abs(values) + 0.5
    return np.where(np.abs(values) < 0.5, 1.5, values) if op == "div" else values


def single(op: str, attributes: dict[str, Any], shapes: Sequence[Shape], held: set[int]) -> Network:
    """A network of one operator; operands at the positions `held` are parameters of zeros."""
    nodes: list[Node] = []
    parameters: dict[str, Array] = {}
    names = [f"x{i}" for i in range(len(shapes))]
    for position, (name, shape) in enumerate(zip(names, shapes, strict=True)):
        kind = "parameter" if position in held else "input"
        nodes.append(Node(name, kind, (), shape))
        if position in held:
            parameters[name] = np.zeros(shape)
    result = OPERATORS[op].shape(attributes, shapes)
    nodes.append(Node("y", op, tuple(names), result, attributes))
    inputs = tuple(n for i, n in enumerate(names) if i not in held)
    return Network(tuple(nodes), inputs, ("y",), parameters)


def middle(number: Number) -> float:
    """A number as a float; the middle of an enclosure."""
    return float(number)


def contains(outer: Number, inner: Number, slack: Fraction = Fraction(0)) -> bool:
    """Whether every value of `inner` lies in `outer`, widened by the slack."""
    (a, b), (c, d) = ends(outer), ends(inner)
    return a - slack <= c and d <= b + slack


def ends(number: Number) -> tuple[Fraction, Fraction]:
    """Both ends of an enclosure; a rational twice."""
    return (number.lower, number.upper) if isinstance(number, Enclosure) else (number, number)


def floats(value: Exact) -> Array:
    """An exact tensor as doubles."""
    return np.array([middle(n) for n in value.numbers()]).reshape(value.shape)
