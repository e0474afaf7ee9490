"""A problem's network as the auditor reads it: the steps to which each operator is reduced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import prod
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from extract.exact import Exact, from_numbers, objects
from extract.network import Network, Node
from extract.operator import OPERATORS
from extract.operator.pool import spread
from theory.error import UnsupportedOperator
from verify.certificate import compound
from verify.certificate.compound import Operand, combined
from verify.certificate.curve import FORMS, elu
from verify.certificate.step import POINT, Bend, Curve, Matrix, Mix, Program, Reals, scaled
from verify.problem.problem import Problem

UNIT32 = 2.0**-24
COPIES = frozenset(
    {"relu", "abs", "maximum", "minimum", "reduce_max", "max_pool", "neg", "concat", "gather"}
    | {"reshape", "transpose", "slice"}
)
"""Operators of which a float32 evaluation rounds nothing."""

FUNCTION_TERMS = 20
"""Elementary functions within 8 units in the last place, or from such an e^x, are off by less than
a sum of so many terms."""

VARIANCE_SHARES, VARIANCE_TERMS = 7, 24
"""Whether a library takes the variance of n numbers in two passes, in one, or by updates: it is off
by less than a sum of so many more than n terms that are so many times their mean square.
"""

LARGEST_EVALUATION = 2**22
"""Matrices that are found by exact evaluation, column by column, have at most so many entries."""

LARGEST_CONTRACTION = 2**16
"""Products of two matrices that vary, and softmax, have at most so many terms."""


def read_program(problem: Problem) -> Program:
    """The program of a problem's network.

    Raises:
        UnsupportedOperator: the auditor has no bounds for an operator.
    """
    return _Reader(problem).program


class _Reader:
    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.network: Network = problem.network
        self._held: Mapping[str, Any] = self.network.parameters
        point = self.network.inputs[0]
        width = self.network.node(point).size
        self.program = Program(width, place={point: POINT}, sizes={POINT: width})
        for node in self.network.live:
            if node.op == "reshape" and node.name not in self.problem.casts:
                self.program.place[node.name] = self._at(node.inputs[0])
            elif node.op not in {"input", "parameter"}:
                self._read(node)
                self.program.place[node.name] = self.program.steps[-1].name

    def _read(self, node: Node) -> None:
        """Append the steps of an operator; the last of them is its result."""
        match node.op:
            case "relu" | "abs" | "leaky_relu":
                alpha = {"relu": 0.0, "abs": -1.0}.get(node.op)
                self._bend(node, float(node.attributes["alpha"]) if alpha is None else alpha)
            case "elu" | "sigmoid" | "softmax":
                self._curve(node, self._at(node.inputs[0]))
            case "maximum" | "minimum":
                a, b = (self._broadcast(name, node) for name in node.inputs)
                sign = 1.0 if node.op == "maximum" else -1.0
                compound.larger(self.program, a, b, sign, self._relative(node))
            case "reduce_max" | "max_pool":
                place, windows = self._at(node.inputs[0]), self._windows(node)
                compound.largest(self.program, place, windows)
            case op if op in FORMS:
                operand, relative = self._at(node.inputs[0]), self._relative(node)
                self.program.put(Curve(self.program.next, operand, node.size, FORMS[op], relative))
            case "matmul" if len(self._varying(node)) == 2 or node.inputs[0] == node.inputs[1]:
                self._contraction(node)
            case "linear":
                weight = self.network.parameters[node.inputs[1]].astype(np.float64)
                rows = self.network.node(node.inputs[0]).size // weight.shape[1]
                bias = self._bias(node, 2, (weight.shape[0],))
                whole = weight if rows == 1 else csr_matrix(np.kron(np.eye(rows), weight))
                self._mix(node, {node.inputs[0]: whole}, np.tile(bias, rows))
            case "add" | "sub" | "mul" | "div" | "neg":
                self._elementwise(node)
            case "transpose" | "slice" | "gather" | "concat" | "reshape":
                self._moved(node)
            case "conv2d" | "matmul" | "reduce_sum" | "reduce_mean" | "moment" | "avg_pool":
                self._evaluated(node)
            case _:
                raise UnsupportedOperator(node.op, node.name, "the auditor has no bounds for it")

    def _varying(self, node: Node) -> list[str]:
        return [n for n in dict.fromkeys(node.inputs) if n not in self.network.parameters]

    def _at(self, name: str) -> str:
        return self.program.place[name]

    def _bias(self, node: Node, position: int, shape: tuple[int, ...]) -> Reals:
        if len(node.inputs) <= position:
            return np.zeros(shape)
        return self.network.parameters[node.inputs[position]].astype(np.float64)

    def _relative(self, node: Node) -> float:
        """How far a float32 evaluation of a node may be off, for each unit of magnitude."""
        parameters = [self.network.parameters[n] for n in node.inputs if n in self._held]
        coarse = any((p.astype(np.float32) != p).any() for p in parameters)
        deployed = node.name in self.problem.deployed and (coarse or node.op not in COPIES)
        if not deployed and node.name not in self.problem.casts:
            return 0.0
        if any((np.abs(p[p != 0]) < 2.0**-126).any() for p in parameters) and node.op == "div":
            raise UnsupportedOperator(node.op, node.name, "a divisor may underflow")
        terms = self._terms(node) + 2
        if node.op == "moment":
            terms = VARIANCE_SHARES * (terms + VARIANCE_TERMS)
            if self._spread(node) is None:
                return float("inf")
        return 1.01 * terms * UNIT32 + 2 * UNIT32 * coarse

    def _spread(self, node: Node) -> str | None:
        """The tensor whose variances a `moment` is, if it is the mean of (x - mean x)^2."""
        square = self.network.node(node.inputs[0])
        if node.op != "moment" or square.op != "mul" or len(set(square.inputs)) > 1:
            return None
        difference = self.network.node(square.inputs[0])
        if difference.op != "sub":
            return None
        x, m = difference.inputs
        mean = self.network.node(m)
        wanted = {**node.attributes, "keepdims": 1}
        averages = mean.op == "reduce_mean" and mean.inputs == (x,)
        return self._at(x) if averages and dict(mean.attributes) == wanted else None

    def _terms(self, node: Node) -> int:
        match node.op:
            case "linear":
                return self.network.node(node.inputs[1]).shape[1] + 1
            case "conv2d":
                return prod(self.network.node(node.inputs[1]).shape[1:]) + 1
            case "add" | "sub" | "mul" | "div" | "neg" | "concat" | "gather" | "leaky_relu":
                return 2
            case op if op in FORMS or op in {"sigmoid", "elu"}:
                return FUNCTION_TERMS
            case "reduce_mean":  # by updates, rounding more often than once an entry
                size = self.network.node(node.inputs[0]).size
                return size + 5 + 2 * size.bit_length()
            case "moment":
                return self.network.node(node.inputs[0]).size // node.size
            case "softmax":
                return node.size + 2 * FUNCTION_TERMS
            case _:
                return max(self.network.node(n).size for n in node.inputs) + 1

    def _mix(
        self, node: Node, matrices: Mapping[str, Matrix], constant: Reals, inexact: bool = False
    ) -> None:
        if self._terms(node) > 100_000:
            raise UnsupportedOperator(node.op, node.name, "a sum is too long for the auditor")
        joined: dict[str, Matrix] = {}
        for name, matrix in matrices.items():
            place = self._at(name)
            joined[place] = joined[place] + matrix if place in joined else matrix
        inexact |= len(joined) < len(matrices)  # the sum of two matrices is rounded
        relative, spread = self._relative(node), self._spread(node)
        self.program.put(Mix(self.program.next, joined, constant, relative, inexact, spread))

    def _bend(self, node: Node, alpha: float) -> None:
        operand = self._at(node.inputs[0])
        relative = self._relative(node) if node.op == "leaky_relu" else 0.0
        if alpha > 1:
            compound.steep(self.program, operand, alpha, relative)
        else:
            self.program.put(Bend(self.program.next, operand, node.size, alpha, relative))

    def _curve(self, node: Node, operand: str) -> None:
        relative = self._relative(node)
        match node.op:
            case "elu":
                form = elu(float(node.attributes["alpha"]))
                self.program.put(Curve(self.program.next, operand, node.size, form, relative))
            case "sigmoid":
                compound.sigmoid(self.program, operand, relative)
            case _:
                flat = np.arange(node.size).reshape(node.shape)
                axis = int(node.attributes["axis"])
                rows = np.moveaxis(flat, axis, -1).reshape(-1, node.shape[axis])
                if rows.size * rows.shape[1] > LARGEST_CONTRACTION:
                    raise UnsupportedOperator(node.op, node.name, "it is too large for the auditor")
                compound.softmax(self.program, operand, rows, relative)

    def _contraction(self, node: Node) -> None:
        """The product of two matrices that vary, with numpy's rules for stacks."""
        sources = [self.network.node(name) for name in node.inputs]
        left, right = (np.arange(o.size).reshape(o.shape) for o in sources)
        terms = left.shape[-1]
        if node.size * terms > LARGEST_CONTRACTION:
            raise UnsupportedOperator(node.op, node.name, "it is too large for the auditor")
        wide = (*node.shape, terms)
        rows = np.broadcast_to(left[..., :, None, :], wide).reshape(-1, terms)
        columns = np.broadcast_to(right.swapaxes(-1, -2)[..., None, :, :], wide).reshape(-1, terms)
        places = self._at(node.inputs[0]), self._at(node.inputs[1])
        compound.contracted(self.program, places, (rows, columns), self._relative(node))

    def _broadcast(self, name: str, node: Node) -> Operand:
        """An operand in the shape of the node."""
        source = self.network.node(name)
        index = np.broadcast_to(np.arange(source.size).reshape(source.shape), node.shape).ravel()
        if name in self._held:
            values = self.network.parameters[name].astype(np.float64).ravel()[index]
            return Operand(None, None, values)
        return compound.picked(self.program, self._at(name), index)

    def _elementwise(self, node: Node) -> None:
        a, *rest = [self._broadcast(name, node) for name in node.inputs]
        relative = self._relative(node)
        if node.op == "neg":
            combined(self.program, [(a, -1.0)], relative)
            return
        (b,) = rest
        match node.op:
            case "add" | "sub":
                sign = 1.0 if node.op == "add" else -1.0
                combined(self.program, [(a, 1.0), (b, sign)], relative)
            case "mul" if a.place is None or b.place is None:
                name, varies, fixed = (
                    (node.inputs[1], b, a) if a.place is None else (node.inputs[0], a, b)
                )
                matrix = scaled(varies.matrix, fixed.constant)
                self._mix(node, {name: matrix}, np.zeros(node.size))
            case "mul":
                compound.multiplied(self.program, a, b, relative)
            case "div" if b.place is None and (b.constant != 0).all():
                matrix = scaled(a.matrix, 1 / b.constant)
                self._mix(node, {node.inputs[0]: matrix}, np.zeros(node.size), inexact=True)
            case "div" if b.place is not None:
                compound.divided(self.program, a, b, relative)
            case _:
                raise UnsupportedOperator(node.op, node.name, "it divides by zero")

    def _moved(self, node: Node) -> None:
        """Operators that move entries about: their exact meaning on the entries' numbers."""
        starts: list[int] = []
        total = 0
        for name in node.inputs:
            starts.append(total)
            total += self.network.node(name).size
        operands = [
            _whole(range(start, start + source.size), source.shape)
            for start, source in zip(starts, map(self.network.node, node.inputs), strict=True)
        ]
        moved = OPERATORS[node.op].exact(node.attributes, operands)
        index = np.array(moved.lower.ravel().tolist(), dtype=np.int64)
        matrices: dict[str, Matrix] = {}
        constant = np.zeros(node.size)
        for name, start in zip(node.inputs, starts, strict=True):
            size = self.network.node(name).size
            rows = ((index >= start) & (index < start + size)).nonzero()[0]
            if name in self._held:
                constant[rows] = self.network.parameters[name].ravel()[index[rows] - start]
                continue
            entries = (np.ones(len(rows)), (rows, index[rows] - start))
            matrix = csr_matrix(entries, shape=(node.size, size))
            matrices[name] = matrices[name] + matrix if name in matrices else matrix
        self._mix(node, matrices, constant)

    def _evaluated(self, node: Node) -> None:
        """An affine operator, column by column, by its exact meaning."""
        varying = self._varying(node)
        sizes = {name: self.network.node(name).size for name in varying}
        if len(varying) != 1 or list(node.inputs).count(varying[0]) != 1:
            why = "the auditor has no bounds for products of what varies"
            raise UnsupportedOperator(node.op, node.name, why)
        if sum(sizes.values()) * node.size > LARGEST_EVALUATION:
            raise UnsupportedOperator(node.op, node.name, "its matrix is too large for the auditor")

        def value(entries: Sequence[int]) -> list[Any]:
            shape = self.network.node(varying[0]).shape
            operands = [
                from_numbers(entries, shape)
                if name == varying[0]
                else self.network.exact_parameters[name]
                for name in node.inputs
            ]
            return OPERATORS[node.op].exact(node.attributes, operands).numbers()

        size = sizes[varying[0]]
        constant = value([0] * size)
        matrix = np.zeros((node.size, size))
        inexact = False
        for column in range(size):
            one = value([int(at == column) for at in range(size)])
            exact = [a - b for a, b in zip(one, constant, strict=True)]
            matrix[:, column] = [float(v) for v in exact]
            inexact |= any(Fraction(f) != v for f, v in zip(matrix[:, column], exact, strict=True))
        floats = np.array([float(v) for v in constant])
        inexact |= any(Fraction(f) != v for f, v in zip(floats, constant, strict=True))
        self._mix(node, {varying[0]: csr_matrix(matrix)}, floats, inexact)

    def _windows(self, node: Node) -> NDArray[np.int64]:
        """For each entry of the result, the entries that it is the largest of; some may repeat."""
        source = self.network.node(node.inputs[0])
        flat = np.arange(source.size).reshape(source.shape)
        if node.op == "reduce_max":
            axes = cast("tuple[int, ...]", node.attributes["axes"])
            moved = np.moveaxis(flat, axes, range(-len(axes), 0))
            return moved.reshape(node.size, -1)
        index, inside = spread(node.attributes, source.shape[2:], node.attributes["kernel"])
        # Padding never wins: its place is taken by an entry of the same window.
        some = np.take_along_axis(index, np.argmax(inside == 1, axis=1)[:, None], axis=1)
        index = np.where(inside == 1, index, some)
        planes = flat.reshape(source.shape[0] * source.shape[1], -1)
        return planes[:, index].reshape(node.size, -1)


def _whole(values: Sequence[int], shape: tuple[int, ...]) -> Exact:
    numbers = objects(list(values), shape)
    return Exact(numbers, numbers)
