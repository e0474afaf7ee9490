"""From a problem to Z3, in exact rationals.

One row per operator. Floats never reach Z3: weights enter as the rationals they are. Bounds that a
rigorous engine has proved decide which ReLUs are fixed and give the triangle row of the others;
they are widened to short rationals, which makes Z3's arithmetic several times faster.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor, frexp
from typing import Any

import numpy as np
import z3

from extract.exact import Exact, objects
from extract.network import Node
from extract.operator import OPERATORS, Kind
from theory.error import UnsupportedOperator
from verify.problem.goal import Goal, combine
from verify.problem.problem import Problem

Expression = Any
FloatBounds = Mapping[str, tuple[Sequence[float], Sequence[float]]]
"""For tensors by name, proved lower and upper bounds of their flat entries."""

SHORT_BITS = 12


def rational(value: Fraction) -> Expression:
    """A Z3 constant of exactly this value: the single gate by which numbers enter Z3."""
    return z3.RealVal(f"{value.numerator}/{value.denominator}")


def short(value: float, direction: int) -> Fraction:
    """A rational with few bits just below (-1) or above (+1) a float."""
    exact = Fraction(value)
    if exact == 0:
        return exact
    scale = Fraction(2) ** (SHORT_BITS - frexp(value)[1])
    scaled = exact * scale
    return Fraction(floor(scaled) if direction < 0 else -floor(-scaled)) / scale


@dataclass
class Encoder:
    """Collects variables and constraints for one problem.

    Attributes:
        problem: the problem.
        bounds: proved bounds; a tensor without an entry is unbounded.
        constraints: what the network and the box demand.
        point: the Z3 variables of the flat input.
        values: the flat entries of each varying tensor.
        exact: the parameters.
    """

    problem: Problem
    bounds: FloatBounds
    constraints: list[Expression] = field(default_factory=list[Expression])
    point: list[Expression] = field(default_factory=list[Expression])
    values: dict[str, list[Expression]] = field(default_factory=dict[str, list[Expression]])
    exact: dict[str, Exact] = field(default_factory=dict[str, Exact])
    _fresh: int = 0

    def encode(self) -> None:
        """Build all constraints of the box and the network.

        Raises:
            UnsupportedOperator: an operator has no exact encoding.
        """
        for variable in self.problem.variables:
            x = self.fresh("x")
            self.point.append(x)
            if variable.values is None:
                self.constraints += [x >= rational(variable.lower), x <= rational(variable.upper)]
            else:
                self.constraints.append(z3.Or([x == rational(v) for v in variable.values]))
        network = self.problem.network
        self.exact = dict(network.exact_parameters)
        self.values[network.inputs[0]] = self.point
        for node in network.live:
            if node.op not in {"input", "parameter"}:
                row = ENCODINGS.get(node.op)
                if row is None:
                    raise UnsupportedOperator(
                        node.op, node.name, "no exact encoding in linear arithmetic"
                    )
                self.values[node.name] = row(self, node)

    def goal(self, margin: Fraction = Fraction(0)) -> Expression:
        """The goal, with every inequality to be exceeded by a margin."""

        def atom(index: int) -> Expression:
            inequality = self.problem.inequalities[index]
            total = rational(inequality.expression.constant)
            for (tensor, position), coefficient in inequality.expression.terms.items():
                total = total + rational(coefficient) * self.values[tensor][position]
            limit = rational(margin)
            return total > limit if inequality.strict and margin == 0 else total >= limit

        goal: Goal = self.problem.goal
        return combine(goal, atom, z3.And, z3.Or)

    def fresh(self, prefix: str = "v") -> Expression:
        """A new real variable."""
        self._fresh += 1
        return z3.Real(f"{prefix}{self._fresh}")

    def named(self, expression: Expression) -> Expression:
        """A variable equal to an expression, so that it is not copied."""
        if z3.is_const(expression):
            return expression
        variable = self.fresh()
        self.constraints.append(variable == expression)
        return variable

    def relu(self, x: Expression, low: float, high: float) -> Expression:
        """max(x, 0) for x known to lie in [low, high]."""
        if low >= 0:
            return x
        if high <= 0:
            return rational(Fraction(0))
        x, y = self.named(x), self.fresh("r")
        self.constraints += [y >= 0, y >= x, z3.Or(y <= 0, y <= x)]
        if np.isfinite(low) and np.isfinite(high):
            a, b = short(low, -1), short(high, +1)
            self.constraints += [x >= rational(a), x <= rational(b)]
            self.constraints.append(y * rational(b - a) <= rational(b) * x - rational(a * b))
        return y

    def entry_bounds(self, name: str, position: int) -> tuple[float, float]:
        """Proved bounds of one entry of a tensor; infinite where none are known."""
        if name in self.exact:
            number = self.exact[name].numbers()[position]
            value = float(number)  # a parameter; only its sign and rough size are used, outward
            return float(np.nextafter(value, -np.inf)), float(np.nextafter(value, np.inf))
        known = self.bounds.get(name)
        return (
            (-np.inf, np.inf)
            if known is None
            else (float(known[0][position]), float(known[1][position]))
        )

    def operand(self, name: str) -> list[Expression]:
        """The flat entries of an operand, parameters included."""
        if name in self.exact:
            return [rational(Fraction(number)) for number in self.exact[name].numbers()]  # type: ignore[arg-type]
        return self.values[name]


Encoding = Callable[[Encoder, Node], list[Expression]]


def _affine(encoder: Encoder, node: Node) -> list[Expression]:
    """Any affine operator, by its exact value at zero and at the unit vectors."""
    varying = list(dict.fromkeys(n for n in node.inputs if n in encoder.values))
    shapes = {n: encoder.problem.network.node(n).shape for n in varying}
    sizes = {n: encoder.problem.network.node(n).size for n in varying}
    zeros = {n: Exact(*[objects([0] * sizes[n], shapes[n])] * 2) for n in varying}

    def value(overrides: Mapping[str, Exact]) -> list[Fraction]:
        operands = [overrides[n] if n in overrides else encoder.exact[n] for n in node.inputs]
        return OPERATORS[node.op].exact(node.attributes, operands).numbers()  # type: ignore[return-value]

    constant = value(zeros)
    sums: list[list[Expression]] = [[] for _ in constant]
    for name in varying:
        for position, source in enumerate(encoder.values[name]):
            unit = [0] * sizes[name]
            unit[position] = 1
            at = objects(unit, shapes[name])
            for row, (a, b) in enumerate(
                zip(value({**zeros, name: Exact(at, at)}), constant, strict=True)
            ):
                if a != b:
                    sums[row].append(source if a - b == 1 else rational(a - b) * source)
    result: list[Expression] = []
    for terms, offset in zip(sums, constant, strict=True):
        parts = terms if offset == 0 and terms else [*terms, rational(offset)]
        result.append(parts[0] if len(parts) == 1 else encoder.named(z3.Sum(parts)))
    return result


def _layout(encoder: Encoder, node: Node) -> list[Expression]:
    """An operator that moves entries: run it on their positions."""
    pool: list[Expression] = []
    operands: list[Exact] = []
    for name in node.inputs:
        entries = encoder.operand(name)
        shape = encoder.problem.network.node(name).shape
        positions = objects(list(range(len(pool), len(pool) + len(entries))), shape)
        operands.append(Exact(positions, positions))
        pool += entries
    moved = OPERATORS[node.op].exact(node.attributes, operands)
    return [pool[int(i)] for i in moved.lower.ravel()]


def _product(encoder: Encoder, node: Node) -> list[Expression]:
    if any(name not in encoder.values for name in node.inputs):
        return _affine(encoder, node)
    if node.op == "matmul":
        network = encoder.problem.network
        x, y = (objects(encoder.values[n], network.node(n).shape) for n in node.inputs)
        return [encoder.named(total) for total in np.matmul(x, y).ravel()]
    return [encoder.named(a * b) for a, b, _ in _broadcast(encoder, node)]


def _quotient(encoder: Encoder, node: Node) -> list[Expression]:
    if node.inputs[1] in encoder.values:
        raise UnsupportedOperator(node.op, node.name, "division by a varying tensor")
    return _affine(encoder, node)


def _rectified(encoder: Encoder, node: Node) -> list[Expression]:
    name = node.inputs[0]
    return [
        encoder.relu(x, *encoder.entry_bounds(name, i)) for i, x in enumerate(encoder.values[name])
    ]


def _leaky(encoder: Encoder, node: Node) -> list[Expression]:
    """alpha x + (1 - alpha) max(x, 0)."""
    alpha = Fraction(node.attributes["alpha"])
    return [
        rational(alpha) * x + rational(1 - alpha) * y
        for x, y in zip(encoder.values[node.inputs[0]], _rectified(encoder, node), strict=True)
    ]


def _absolute(encoder: Encoder, node: Node) -> list[Expression]:
    """2 max(x, 0) - x."""
    return [
        2 * y - x
        for x, y in zip(encoder.values[node.inputs[0]], _rectified(encoder, node), strict=True)
    ]


Pair = tuple[Expression, Expression, tuple[float, float]]


def _broadcast(encoder: Encoder, node: Node) -> list[Pair]:
    """Pairs of entries, with bounds of their difference."""
    positions: list[list[int]] = []
    for name in node.inputs:
        operand = encoder.problem.network.node(name)
        flat = np.arange(operand.size).reshape(operand.shape)
        positions.append(np.broadcast_to(flat, node.shape).reshape(-1).tolist())
    left, right = node.inputs
    x, y = encoder.operand(left), encoder.operand(right)
    pairs: list[Pair] = []
    for i, j in zip(*positions, strict=True):
        (la, ua), (lb, ub) = encoder.entry_bounds(left, i), encoder.entry_bounds(right, j)
        gap = float(np.nextafter(la - ub, -np.inf)), float(np.nextafter(ua - lb, np.inf))
        pairs.append((x[i], y[j], gap))
    return pairs


def _maximum(encoder: Encoder, node: Node) -> list[Expression]:
    return [b + encoder.relu(a - b, *gap) for a, b, gap in _broadcast(encoder, node)]


def _minimum(encoder: Encoder, node: Node) -> list[Expression]:
    return [a - encoder.relu(a - b, *gap) for a, b, gap in _broadcast(encoder, node)]


def _window_maximum(encoder: Encoder, node: Node) -> list[Expression]:
    """y is at least every entry of its window and equal to one."""
    name = node.inputs[0]
    operand = encoder.problem.network.node(name)
    entries = encoder.values[name]
    result: list[Expression] = []
    for window in _windows(node, operand):
        y = encoder.fresh("m")
        encoder.constraints += [y >= entries[i] for i in window]
        encoder.constraints.append(z3.Or([y <= entries[i] for i in window]))
        result.append(y)
    return result


def _windows(node: Node, operand: Node) -> list[list[int]]:
    """For each result, the positions of its window."""
    flat = np.arange(operand.size).reshape(operand.shape)
    if node.op == "reduce_max":
        axes = node.attributes["axes"]
        kept = [a for a in range(flat.ndim) if a not in axes]
        return flat.transpose(*kept, *axes).reshape(node.size, -1).tolist()
    from extract.operator.pool import spread

    index, inside = spread(node.attributes, operand.shape[2:], node.attributes["kernel"])
    plane = operand.shape[2] * operand.shape[3]
    return [
        [start * plane + int(i) for i, ok in zip(row, here, strict=True) if ok]
        for start in range(operand.shape[0] * operand.shape[1])
        for row, here in zip(index, inside, strict=True)
    ]


ENCODINGS: Mapping[str, Encoding] = {
    **{
        key: _layout if row.kind is Kind.LAYOUT else _affine
        for key, row in OPERATORS.items()
        if row.kind in {Kind.LAYOUT, Kind.AFFINE}
    },
    "mul": _product,
    "matmul": _product,
    "div": _quotient,
    "relu": _rectified,
    "leaky_relu": _leaky,
    "abs": _absolute,
    "maximum": _maximum,
    "minimum": _minimum,
    "reduce_max": _window_maximum,
    "max_pool": _window_maximum,
}
"""Operator -> its exact encoding. Smooth operators and argmax have none."""
