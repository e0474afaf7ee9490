"""Problems of a few operators, boxes to bound them on, and evaluations that bounds must cover."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np
import torch
from numpy.random import Generator

from extract.network import Array, Network, Node
from extract.operator import OPERATORS, Shape
from extract.run import evaluate_exact
from theory.enclosure import Enclosure
from verify.problem import Problem, Variable
from verify.problem.goal import NEVER

POINT = "x"
Box = tuple[Array, Array]
"""Lower and upper corners (B, n), in float32."""


@dataclass
class Sketch:
    """Grows a network with one flat input; nodes of `put` are deployed, those of `lay` exact."""

    size: int
    nodes: list[Node] = field(default_factory=list[Node])
    parameters: dict[str, Array] = field(default_factory=dict[str, Array])
    deployed: set[str] = field(default_factory=set[str])

    def __post_init__(self) -> None:
        self.nodes.append(Node(POINT, "input", (), (self.size,)))

    def hold(self, values: Any) -> str:
        """A parameter, in its own float type; its name."""
        array = np.asarray(values)
        name = f"parameter{len(self.nodes)}"
        self.nodes.append(Node(name, "parameter", (), array.shape))
        self.parameters[name] = array
        return name

    def put(self, op: str, *inputs: str, **attributes: Any) -> str:
        """A deployed node; its name."""
        name = self.lay(op, *inputs, **attributes)
        self.deployed.add(name)
        return name

    def lay(self, op: str, *inputs: str, **attributes: Any) -> str:
        """A node of the formula; its name."""
        shapes = [next(n.shape for n in self.nodes if n.name == name) for name in inputs]
        name = f"{op}{len(self.nodes)}"
        shape = OPERATORS[op].shape(attributes, shapes)
        self.nodes.append(Node(name, op, inputs, shape, attributes))
        return name

    def problem(self, *outputs: str) -> Problem:
        """The problem; its goal is never reached, for its bounds are what counts."""
        network = Network(tuple(self.nodes), (POINT,), outputs, self.parameters, "sketch")
        zero, one = Fraction(0), Fraction(1)
        offsets: dict[str, int] = {}
        for name in outputs:
            offsets[name] = sum(network.node(n).size for n in offsets)
        return Problem(
            variables=tuple(Variable("x", str(i), zero, one) for i in range(self.size)),
            network=network,
            offsets=offsets,
            deployed=frozenset(self.deployed),
            casts=frozenset(),
            inequalities=(),
            goal=NEVER,
        )


def single(
    op: str, attributes: Mapping[str, Any], operands: Sequence[Shape | Array]
) -> tuple[Problem, str]:
    """A problem of one deployed operator, and its node; arrays are parameters, shapes vary."""
    shapes = [o for o in operands if isinstance(o, tuple)]
    sketch = Sketch(sum(prod(s) for s in shapes))
    names: list[str] = []
    start = 0
    for operand in operands:
        if not isinstance(operand, tuple):
            names.append(sketch.hold(operand))
            continue
        stop = start + prod(operand)
        flat = sketch.lay("slice", POINT, axis=0, start=start, stop=stop, step=1)
        names.append(sketch.lay("reshape", flat, shape=operand))
        start = stop
    node = sketch.put(op, *names, **attributes)
    return sketch.problem(node), node


BOXES = ("wide", "narrow", "point", "one ulp", "huge", "tiny", "mixed")


def draw_boxes(rng: Generator, size: int, kinds: Sequence[str] = BOXES) -> Box:
    """One box of each kind."""
    rows = [_row(rng, size, kind) for kind in kinds]
    low, high = (np.stack([row[side] for row in rows]) for side in (0, 1))
    return np.minimum(low, high), np.maximum(low, high)


def _row(rng: Generator, size: int, kind: str) -> Box:
    middle = rng.normal(size=size).astype(np.float32)
    match kind:
        case "wide":
            return middle - np.float32(1.5), middle + np.float32(1.5)
        case "narrow":
            return middle, middle + np.abs(middle) * np.float32(1e-4)
        case "point":
            middle[rng.random(size) < 0.3] = 0.0
            return middle, middle
        case "one ulp":
            return middle, np.nextafter(middle, np.float32(np.inf))
        case "huge":
            return middle * np.float32(1e6), (middle + np.float32(1)) * np.float32(1e6)
        case "tiny":
            return middle * np.float32(1e-40), np.abs(middle) * np.float32(1e-38)
        case _:
            scale = (10.0 ** rng.integers(-8, 6, size=size)).astype(np.float32)
            low = np.where(rng.random(size) < 0.3, np.float32(-0.0), middle * scale)
            width = np.where(rng.random(size) < 0.4, np.float32(0), np.abs(middle) * scale)
            return low.astype(np.float32), (low + width).astype(np.float32)


def draw_points(rng: Generator, low: Array, high: Array, count: int) -> Array:
    """Float32 points (count, n) of one box: its corners, ends of single axes, and any between."""
    share = rng.random((count, low.size)).astype(np.float32)
    corner = rng.random((count, 1)) < 0.5
    share = np.where(corner, np.round(share), share)
    return np.clip(low + share * (high - low), low, high).astype(np.float32)


def exact_values(problem: Problem, point: Array, tensors: Sequence[str]) -> dict[str, list[Any]]:
    """Exact values, or enclosures, of tensors at a float32 point."""
    flat = [Fraction(float(v)) for v in point]
    values = evaluate_exact(problem.network, flat, tensors)
    return {name: value.numbers() for name, value in values.items()}


def ends(value: Any) -> tuple[Fraction, Fraction]:
    """Both ends of an enclosure; a rational (or an infinite float) twice."""
    return (value.lower, value.upper) if isinstance(value, Enclosure) else (value, value)


# Float32 evaluation in any order of summation.


def in_float32(problem: Problem, point: Array, rng: Generator) -> dict[str, Array]:
    """Every tensor, flat, as a deployed network might compute it, each sum in its own order."""
    values: dict[str, Array] = {}
    for name, array in problem.network.parameters.items():
        values[name] = array.astype(np.float32)
    values[POINT] = point.astype(np.float32)
    for node in problem.network.nodes:
        if node.op in {"input", "parameter"}:
            continue
        operands = [values[name] for name in node.inputs]
        with np.errstate(over="ignore", invalid="ignore"):  # a deployed network overflows silently
            values[node.name] = _evaluate(node, operands, rng).reshape(node.shape)
    return {name: value.reshape(-1) for name, value in values.items()}


def _evaluate(node: Node, operands: Sequence[Array], rng: Generator) -> Array:
    match node.op:
        case "linear":
            x, weight = operands[0], operands[1]
            products = x[..., None, :] * weight
            bias = operands[2] if len(operands) == 3 else None
            return _sum(products, rng, bias)
        case "matmul":
            x, y = operands
            return _sum(x[..., :, None, :] * np.swapaxes(y, -1, -2)[..., None, :, :], rng)
        case "reduce_sum" | "reduce_mean":
            x, axes = operands[0], node.attributes["axes"]
            kept = [a for a in range(x.ndim) if a not in axes]
            terms = x.transpose(*kept, *axes).reshape(*(x.shape[a] for a in kept), -1)
            total = _sum(terms, rng)
            return total / np.float32(terms.shape[-1]) if node.op == "reduce_mean" else total
        case "conv2d" | "avg_pool":
            return _windowed(node, operands, rng)
        case _:
            rows = OPERATORS[node.op]
            tensors = [
                torch.tensor(v) if i in rows.weights else torch.tensor(v)[None]
                for i, v in enumerate(operands)
            ]
            return rows.forward(node.attributes, tensors)[0].numpy()


def _windowed(node: Node, operands: Sequence[Array], rng: Generator) -> Array:
    """Convolution and average pooling, by the products that meet in each entry."""
    x = operands[0]
    rows = OPERATORS[node.op]
    weights = [torch.tensor(w) for w in operands[1:2]]
    eye = torch.eye(x.size).reshape(x.size, *x.shape)
    columns = rows.forward(node.attributes, [eye, *weights]).reshape(x.size, -1).numpy()
    if node.op == "conv2d":
        bias = operands[2] if len(operands) == 3 else None
        spread = None if bias is None else np.broadcast_to(bias[:, None, None], node.shape[1:])
        full = None if spread is None else np.broadcast_to(spread, node.shape).reshape(-1)
        return _sum(columns.T * x.reshape(-1), rng, full)
    inside = columns.T > 0
    total = _sum(np.where(inside, x.reshape(-1), np.float32(0)), rng)
    kernel = np.float32(node.attributes["kernel"][0] * node.attributes["kernel"][1])
    count = kernel if node.attributes["count_padding"] else inside.sum(axis=-1).astype(np.float32)
    return total / count


def _sum(terms: Array, rng: Generator, bias: Array | None = None) -> Array:
    """Sum over the last axis in float32: one after the other, in blocks, or by size."""
    if bias is not None:
        shape = np.broadcast_shapes(terms.shape[:-1], bias.shape)
        wide = np.broadcast_to(terms, (*shape, terms.shape[-1]))
        terms = np.concatenate([wide, np.broadcast_to(bias, shape)[..., None]], axis=-1)
    terms = terms.astype(np.float32)
    order = rng.choice(["any", "rising", "falling", "signs", "blocks"])
    if order == "rising":
        terms = np.sort(terms, axis=-1)
    elif order == "falling":
        terms = np.flip(np.sort(terms, axis=-1), axis=-1)
    elif order == "signs":  # all that is positive, then all that is negative
        keys = np.argsort(terms < 0, axis=-1, kind="stable")
        terms = np.take_along_axis(terms, keys, axis=-1)
    else:
        terms = terms[..., rng.permutation(terms.shape[-1])]
    if order == "blocks" and terms.shape[-1] > 3:
        half = int(rng.integers(1, terms.shape[-1]))
        return _in_order(terms[..., :half]) + _in_order(terms[..., half:])
    return _in_order(terms)


def _in_order(terms: Array) -> Array:
    return np.add.accumulate(terms, axis=-1, dtype=np.float32)[..., -1]
