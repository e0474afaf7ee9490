"""A problem's network as the auditor reads it: matrices and bends, in float64.

Every operator becomes steps of two kinds: a `Mix` (a constant plus matrices times earlier tensors)
and a `Bend` (one convex function with a corner at zero). A maximum is `b + relu(a - b)`. What a
network does beyond that (products of what varies, smooth functions) the auditor does not take.

Each step says by how much a float32 evaluation of it, in any order of summation, may be off
(Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 3.1): at most `relative`
times the sum of the magnitudes, plus 2^-126 for each term, factor and result that may underflow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
from verify.problem.problem import Problem

Reals = NDArray[np.float64]
Matrix = Any
"""A numpy array or a scipy sparse matrix, of float64."""

UNIT32 = 2.0**-24
COPIES = frozenset(
    {"relu", "abs", "maximum", "minimum", "reduce_max", "max_pool", "neg", "concat", "gather"}
    | {"reshape", "transpose", "slice"}
)
"""Operators of which a float32 evaluation rounds nothing."""

LARGEST_EVALUATION = 2**22
"""Matrices that are found by exact evaluation, column by column, have at most so many entries."""


@dataclass(frozen=True, eq=False)
class Mix:
    """constant + sum over operands of matrix @ operand.

    Attributes:
        name: of the tensor.
        matrices: by operand, (size, operand's size).
        constant: (size,).
        relative: how far a float32 evaluation may be off, in proportion to the magnitudes; 0 where
            the step is exact.
        inexact: float64 does not hold all entries; each is off by at most one rounding.
    """

    name: str
    matrices: Mapping[str, Matrix]
    constant: Reals
    relative: float = 0.0
    inexact: bool = False

    @property
    def size(self) -> int:
        """The number of entries."""
        return len(self.constant)


@dataclass(frozen=True)
class Bend:
    """x for x >= 0 and alpha * x for x <= 0, where -1 <= alpha <= 1; `relative` as in `Mix`."""

    name: str
    operand: str
    size: int
    alpha: float
    relative: float = 0.0


@dataclass
class Program:
    """The steps in order, and where each tensor of the problem's network is among them.

    Attributes:
        point: name of the flat input.
        width: its size.
        steps: in topological order.
        place: for a tensor of the network, the step's tensor that holds the same entries.
    """

    point: str
    width: int
    steps: list[Mix | Bend] = field(default_factory=list[Mix | Bend])
    place: dict[str, str] = field(default_factory=dict[str, str])


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
        self.program = Program(point, self.network.node(point).size, place={point: point})
        self.sizes = {point: self.program.width}
        for node in self.network.live:
            if node.op not in {"input", "parameter"}:
                self._read(node)

    def _read(self, node: Node) -> None:
        match node.op:
            case "reshape" if node.name not in self.problem.casts:
                self.program.place[node.name] = self._at(node.inputs[0])
            case "relu" | "abs" | "leaky_relu":
                alpha = {"relu": 0.0, "abs": -1.0}.get(node.op)
                self._bend(node, float(node.attributes["alpha"]) if alpha is None else alpha)
            case "maximum" | "minimum":
                self._larger(node, *(self._broadcast(name, node) for name in node.inputs))
            case "reduce_max" | "max_pool":
                self._largest(node)
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
            case "conv2d" | "matmul" | "reduce_sum" | "reduce_mean" | "avg_pool":
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
        return 1.01 * terms * UNIT32 + 2 * UNIT32 * coarse

    def _terms(self, node: Node) -> int:
        match node.op:
            case "linear":
                return self.network.node(node.inputs[1]).shape[1] + 1
            case "conv2d":
                return prod(self.network.node(node.inputs[1]).shape[1:]) + 1
            case "add" | "sub" | "mul" | "div" | "neg" | "concat" | "gather" | "leaky_relu":
                return 2
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
        relative = self._relative(node)
        self._put(Mix(node.name, joined, constant, relative, inexact))

    def _put(self, step: Mix | Bend) -> str:
        self.program.steps.append(step)
        self.program.place[step.name] = step.name
        self.sizes[step.name] = step.size
        return step.name

    def _bend(self, node: Node, alpha: float) -> None:
        if not -1 <= alpha <= 1:
            raise UnsupportedOperator(node.op, node.name, f"its slope {alpha} is above 1")
        operand = self._at(node.inputs[0])
        relative = self._relative(node) if node.op == "leaky_relu" else 0.0
        self._put(Bend(node.name, operand, node.size, alpha, relative))

    def _broadcast(self, name: str, node: Node) -> tuple[str | None, Matrix, Reals]:
        """An operand, as a matrix on its tensor and a constant, in the shape of the node."""
        source = self.network.node(name)
        index = np.broadcast_to(np.arange(source.size).reshape(source.shape), node.shape).ravel()
        if name in self._held:
            values = self.network.parameters[name].astype(np.float64).ravel()[index]
            return None, None, values
        return self._at(name), _selection(index, source.size), np.zeros(node.size)

    def _elementwise(self, node: Node) -> None:
        if node.op == "neg":
            size = node.size
            self._mix(node, {node.inputs[0]: -_selection(np.arange(size), size)}, np.zeros(size))
            return
        sides = [self._broadcast(name, node) for name in node.inputs]
        (_, left, a), (_, right, b) = sides
        match node.op:
            case "add" | "sub":
                sign = 1.0 if node.op == "add" else -1.0
                if node.inputs[0] == node.inputs[1]:
                    self._mix(node, {node.inputs[0]: left + sign * right}, np.zeros(node.size))
                    return
                pairs = zip(
                    node.inputs, (left, None if right is None else sign * right), strict=True
                )
                matrices = {name: m for name, m in pairs if m is not None}
                self._mix(node, matrices, a + sign * b)
            case "mul" if left is None or right is None:
                name, matrix, factor = (
                    (node.inputs[1], right, a) if left is None else (node.inputs[0], left, b)
                )
                self._mix(node, {name: _scaled(matrix, factor)}, np.zeros(node.size))
            case "div" if right is None and (b != 0).all():
                matrix = _scaled(left, 1 / b)
                self._mix(node, {node.inputs[0]: matrix}, np.zeros(node.size), inexact=True)
            case _:
                why = "the auditor has no bounds for products of what varies"
                raise UnsupportedOperator(node.op, node.name, why)

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

    def _larger(
        self,
        node: Node,
        a: tuple[str | None, Matrix, Reals],
        b: tuple[str | None, Matrix, Reals],
    ) -> None:
        """max(a, b) = b + relu(a - b), and min(a, b) = a - relu(a - b), exactly."""
        sign = 1.0 if node.op == "maximum" else -1.0
        gap = self._combined(f"{node.name}/gap", [(a, 1.0), (b, -1.0)])
        excess = self._put(Bend(f"{node.name}/excess", gap, node.size, 0.0))
        above = (excess, _selection(np.arange(node.size), node.size), np.zeros(node.size))
        base = b if sign > 0 else a
        self._combined(node.name, [(base, 1.0), (above, sign)], self._relative(node))

    def _combined(
        self,
        name: str,
        parts: Sequence[tuple[tuple[str | None, Matrix, Reals], float]],
        relative: float = 0.0,
    ) -> str:
        matrices: dict[str, Matrix] = {}
        constant: Any = 0.0
        inexact = False
        for (operand, matrix, values), sign in parts:
            inexact |= bool(np.any(constant != 0) and np.any(values != 0))
            constant = constant + sign * values
            if operand is not None:
                inexact |= operand in matrices
                term = sign * matrix
                matrices[operand] = matrices[operand] + term if operand in matrices else term
        return self._put(Mix(name, matrices, constant, relative, inexact))

    def _largest(self, node: Node) -> None:
        """The maximum over windows, halved until one entry of each is left."""
        windows = self._windows(node)
        operand = self._at(node.inputs[0])
        level = 0
        while windows.shape[1] > 1:
            half, odd = divmod(windows.shape[1], 2)
            left, right = windows[:, :half].ravel(), windows[:, half : 2 * half].ravel()
            size = self.sizes[operand]
            zero = np.zeros(len(left))
            a, b = (operand, _selection(left, size), zero), (operand, _selection(right, size), zero)
            stem = f"{node.name}/{level}"
            gap = self._combined(f"{stem}/gap", [(a, 1.0), (b, -1.0)])
            excess = self._put(Bend(f"{stem}/excess", gap, len(left), 0.0))
            rest = windows[:, 2 * half :].ravel()
            count = len(left) + len(rest)
            base = (operand, _selection(np.concatenate([right, rest]), size), np.zeros(count))
            rise = _selection(np.arange(len(left)), len(left), rows=count)
            operand = self._combined(stem, [(base, 1.0), ((excess, rise, np.zeros(count)), 1.0)])
            columns = np.arange(len(left)).reshape(len(windows), half)
            windows = np.hstack(
                [columns, len(left) + np.arange(len(rest)).reshape(len(windows), odd)]
            )
            level += 1
        last = (operand, _selection(windows[:, 0], self.sizes[operand]), np.zeros(len(windows)))
        self._combined(node.name, [(last, 1.0)])

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


def _selection(index: NDArray[np.int64], size: int, rows: int | None = None) -> Matrix:
    """The matrix that picks these entries of a vector of this size; rows beyond them are zero."""
    count = len(index)
    entries = (np.ones(count), (np.arange(count), index))
    return csr_matrix(entries, shape=(count if rows is None else rows, size))


def _scaled(matrix: Matrix, factors: Reals) -> Matrix:
    return csr_matrix(matrix.multiply(factors[:, None]))


def _whole(values: Sequence[int], shape: tuple[int, ...]) -> Exact:
    numbers = objects(list(values), shape)
    return Exact(numbers, numbers)


def magnitude(matrix: Matrix) -> Matrix:
    """The matrix of absolute values."""
    return abs(matrix)


def product(x: Reals, matrix: Matrix) -> Reals:
    """x (..., rows) times a matrix (rows, n): (..., n)."""
    flat = x.reshape(-1, x.shape[-1])
    return np.asarray(flat @ matrix).reshape(*x.shape[:-1], matrix.shape[1])
