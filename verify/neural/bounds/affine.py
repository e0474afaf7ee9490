"""Affine operators: interval bounds forward, coefficients backward, and how much rounding costs.

One rule serves them all: the torch meaning of the operator, its value on magnitudes (parameters
made positive), and its gradient.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

import numpy as np
import torch
from torch import Tensor

from extract.network import Node
from extract.operator import OPERATORS
from verify.neural.bounds.combination import Bounds, is_affine
from verify.neural.bounds.layout import MOVING, Source, sources
from verify.neural.bounds.rounding import FUNCTION_ULPS, SAFETY, SINGLE, Rounding, of
from verify.neural.bounds.variance import MORE_TERMS, SHARES, spread_of
from verify.problem.problem import Problem

EXACT = frozenset({"reshape", "transpose", "slice"})
"""Operators that copy each entry at most once: no rounding, forward or backward."""

SELECTIONS = frozenset({"concat", "gather", "neg"})
"""Affine operators each of whose entries reads one entry: interval bounds lose nothing there."""

ROUNDLESS = frozenset(
    {"relu", "abs", "maximum", "minimum", "reduce_max", "max_pool", "neg", "concat", "gather"}
)
"""Operators that a deployed network computes without rounding."""

LARGEST_SINGLE = 2.0**127
"""Sums of float32 numbers up to this size do not overflow, whatever their order."""


def bounds_rounding(problem: Problem) -> bool:
    """Whether the rounding of the deployed network has bounds."""
    table = {n.name: n for n in problem.network.nodes}
    return all(
        n.op != "moment" or n.name not in problem.deployed or spread_of(n, table) is not None
        for n in problem.network.live
    )


class AffineNodes:
    """The nodes of a problem in one float format.

    Args:
        problem: the problem.
        dtype: float32 or float64, of the engine's own arithmetic.
        deployed: whether errors must also cover float32 evaluations of the deployed nodes.
        device: where to compute.

    Attributes:
        parameters: in the format.
        inexact: parameters that the format does not hold exactly.
        small: which entries of parameters are below the normal float32 numbers, but not zero.
        table: the nodes by name.
        affine: names of the nodes that are affine in what varies.
    """

    def __init__(
        self, problem: Problem, dtype: torch.dtype, *, deployed: bool, device: str
    ) -> None:
        network = problem.network
        self.problem = problem
        self.dtype = dtype
        self.device = device
        self.deployed = deployed
        self.rounding: Rounding = of(dtype)
        self.parameters = {
            name: torch.tensor(np.array(array, dtype=np.float64)).to(device=device, dtype=dtype)
            for name, array in network.parameters.items()
        }
        self.inexact = {
            name: bool((self.parameters[name].double().cpu().numpy() != array).any())
            for name, array in network.parameters.items()
        }
        self._coarse = {
            name: bool((array.astype(np.float32) != array).any())
            for name, array in network.parameters.items()
        }
        sizes = {name: np.abs(array) for name, array in network.parameters.items()}
        self._largest = {name: float(size.max()) for name, size in sizes.items()}
        self.small = {
            name: torch.tensor((size > 0) & (size < SINGLE.tiny)).to(device)
            for name, size in sizes.items()
            if ((size > 0) & (size < SINGLE.tiny)).any()
        }
        self.table = {n.name: n for n in network.nodes}
        self._sources: dict[str, list[Source]] = {}
        self.affine = {
            n.name
            for n in network.live
            if n.op not in {"input", "parameter"}
            and is_affine(n, [name not in self.parameters for name in n.inputs])
        }

    def forward(self, node: Node, bounds: dict[str, Bounds]) -> tuple[Tensor, Tensor, Tensor]:
        if node.op in EXACT:
            pair = [
                self._apply(
                    node, self._operands(node, {n: b[i] for n, b in bounds.items()}, sign="as is")
                )
                for i in (0, 1)
            ]
            return pair[0], pair[1], pair[0].abs()
        middle = {n: (a + b) / 2 for n, (a, b) in bounds.items()}
        # The half-width is rounded up so that it reaches both ends from the rounded middle.
        unit = self.rounding.unit
        radius = {
            n: torch.maximum(b - middle[n], middle[n] - a) * (1 + 4 * unit) + self.rounding.tiny
            for n, (a, b) in bounds.items()
        }
        reach = {n: torch.maximum(a.abs(), b.abs()) for n, (a, b) in bounds.items()}
        centre = self._apply(node, self._operands(node, middle, sign="as is"))
        spread = self._magnitude(node, radius, sign="radius")
        magnitude = self._magnitude(node, reach, sign="absolute")
        return centre - spread, centre + spread, magnitude

    def backward(self, node: Node, coefficients: Tensor) -> tuple[list[tuple[str, Tensor]], Tensor]:
        batch, rows, _ = coefficients.shape
        flat = coefficients.reshape(batch * rows, -1)
        if node.op == "linear":
            weight = self.parameters[node.inputs[1]]
            shaped = flat.reshape(-1, weight.shape[0])
            value = (shaped @ weight).reshape(batch, rows, -1)
            added = torch.zeros(1, 1, dtype=self.dtype, device=self.device)
            if len(node.inputs) == 3:
                products = shaped @ self.parameters[node.inputs[2]]
                added = products.reshape(batch, rows, -1).sum(dim=2)
            return [(node.inputs[0], value)], added
        if node.op == "reshape":
            return [(node.inputs[0], coefficients)], torch.zeros(
                1, 1, dtype=self.dtype, device=self.device
            )
        if node.op in MOVING:
            return self._moved(node, coefficients)
        if node.op in {"add", "sub"} and self._is_plain(node):
            return self._summed(node, coefficients)
        if node.op in {"mul", "div"} and self._is_plain(node):
            return self._scaled(node, coefficients)
        return self._transposed(node, flat, batch, rows)

    def _moved(self, node: Node, coefficients: Tensor) -> tuple[list[tuple[str, Tensor]], Tensor]:
        """Through an operator that moves entries about."""
        if node.name not in self._sources:
            self._sources[node.name] = sources(node, self.table, self.device)
        added = torch.zeros(1, 1, dtype=self.dtype, device=self.device)
        contributions: list[tuple[str, Tensor]] = []
        for source in self._sources[node.name]:
            taken = coefficients[..., source.result]
            if source.operand in self.parameters:
                added = added + taken @ self.parameters[source.operand].reshape(-1)[source.entry]
                continue
            shape = (*coefficients.shape[:2], self.table[source.operand].size)
            target = torch.zeros(shape, dtype=self.dtype, device=self.device)
            contributions.append((source.operand, target.index_add(2, source.entry, taken)))
        return contributions, added

    def _is_plain(self, node: Node) -> bool:
        """Whether no varying operand of a sum or difference is broadcast."""
        varying = [n for n in node.inputs if n not in self.parameters]
        return all(self.table[name].shape == node.shape for name in varying)

    def _summed(self, node: Node, coefficients: Tensor) -> tuple[list[tuple[str, Tensor]], Tensor]:
        """Through a sum or difference of operands of one shape, or constants."""
        signs = (1, 1 if node.op == "add" else -1)
        added = torch.zeros(1, 1, dtype=self.dtype, device=self.device)
        contributions: list[tuple[str, Tensor]] = []
        for name, sign in zip(node.inputs, signs, strict=True):
            signed = coefficients if sign > 0 else -coefficients
            if name in self.parameters:
                added = added + signed @ self.parameters[name].expand(node.shape).reshape(-1)
            else:
                contributions.append((name, signed))
        return contributions, added

    def _scaled(self, node: Node, coefficients: Tensor) -> tuple[list[tuple[str, Tensor]], Tensor]:
        """Through a product or quotient of one operand of this shape with constants."""
        added = torch.zeros(1, 1, dtype=self.dtype, device=self.device)
        (varying,) = (n for n in node.inputs if n not in self.parameters)
        (fixed,) = (n for n in node.inputs if n in self.parameters)
        factor = self.parameters[fixed].expand(node.shape).reshape(-1)
        value = coefficients / factor if node.op == "div" else coefficients * factor
        return [(varying, value)], added

    def is_selection(self, node: Node) -> bool:
        """Whether each entry of an affine node reads at most one: then intervals lose nothing."""
        if node.op == "linear":
            weight = self.problem.network.parameters[node.inputs[1]]
            return bool((weight != 0).sum(axis=1).max() <= 1)
        return node.op in EXACT | SELECTIONS

    def errors(self, node: Node, magnitude: Tensor, deployed: Tensor) -> Tensor:
        """E of a node.

        Args:
            node: the node.
            magnitude: bounds the magnitudes in the sums that the engine makes for it.
            deployed: bounds those in the sums that the deployed network makes.
        """
        longest = self.longest_sum(node)
        gamma = 2 * self.rounding.gamma(longest)
        floor = self.rounding.underflow(longest)
        if any(self.inexact.get(name, False) for name in node.inputs):
            gamma += 2 * self.rounding.unit
        coarse = any(self._coarse.get(name, False) for name in node.inputs)
        rounds = node.name in self.problem.casts or (
            node.name in self.problem.deployed and (coarse or node.op not in ROUNDLESS | EXACT)
        )
        if not self.deployed or not rounds:
            return (magnitude * gamma + floor) * SAFETY
        terms = self._fan_in(node)
        if node.name not in self.affine:
            terms = 2 * FUNCTION_ULPS + (terms if node.op == "matmul" else 0)
        floor += SINGLE.underflow(terms) * self._scale(node)
        rounded = deployed * (SINGLE.gamma(terms) + 2 * SINGLE.unit * coarse)
        own = (magnitude * gamma + rounded + floor) * SAFETY
        if node.op == "moment" and spread_of(node, self.table) is None:
            return torch.full_like(own, torch.inf)
        # Beyond the largest float32 a deployed sum is infinite, and what follows is anything.
        fits = deployed < LARGEST_SINGLE / self._fan_in(node)
        return torch.where(fits, own, torch.full_like(own, torch.inf))

    def variance_errors(
        self, node: Node, low: Tensor, magnitude: Tensor, bounds: Mapping[str, Bounds]
    ) -> Tensor:
        """E of a `moment`.

        Args:
            node: the node.
            low: lower bounds of it in real arithmetic (B, size).
            magnitude: as in `errors`.
            bounds: of the tensors before it.
        """
        whole = spread_of(node, self.table)
        covered = self.deployed and node.name in self.problem.deployed
        if not covered or whole is None:
            return self.errors(node, magnitude, magnitude)
        given = self.parameters[whole].reshape(1, -1) if whole in self.parameters else None
        sides = bounds[whole] if given is None else (given, given)
        square = torch.maximum(*(side.abs() for side in sides)).square()
        mean_square = self._magnitude(node, {node.inputs[0]: square}, sign="absolute")
        own = self.errors(node, magnitude, mean_square * SHARES)
        return torch.where(low > own, own, torch.full_like(own, torch.inf))

    def _scale(self, node: Node) -> float:
        """How far the largest parameter of a node exceeds 2^24, which `underflow` allows for."""
        return max([self._largest[n] * 2.0**-24 for n in node.inputs if n in self._largest] + [1.0])

    @property
    def products(self) -> int:
        """How many multiplications of varying numbers with parameters one evaluation takes."""
        windows = (
            self.table[n.inputs[1]].size * prod(n.shape[2:] if n.op == "conv2d" else ())
            for n in self.problem.network.live
            if n.op in {"linear", "conv2d"}
        )
        return sum(windows) + sum(n.size for n in self.problem.network.live)

    def longest_sum(self, node: Node) -> int:
        """An upper bound of the length of any sum that the engine makes for the node."""
        sizes = [self.table[name].size for name in node.inputs if name not in self.parameters]
        window = 1
        if node.op in {"linear", "conv2d"}:
            window = prod(self.table[node.inputs[1]].shape[2:])
        return max(self._fan_in(node), node.size * window, *sizes) + 8

    def _fan_in(self, node: Node) -> int:
        """An upper bound of the number of products that the deployed network adds for one entry."""
        match node.op:
            case "linear":
                return self.table[node.inputs[1]].shape[1] + 1
            case "conv2d":
                return prod(self.table[node.inputs[1]].shape[1:]) + 1
            case "matmul":
                return self.table[node.inputs[0]].shape[-1]
            case "add" | "sub" | "mul" | "div" | "neg" | "concat" | "gather":
                return 2
            case "reduce_mean":  # means by updates add twice as many terms as the logarithm of n
                size = self.table[node.inputs[0]].size
                return size + 5 + 2 * size.bit_length()
            case "moment":
                return self.table[node.inputs[0]].size // node.size + MORE_TERMS
            case _:
                return max(self.table[n].size for n in node.inputs) + 1

    def _transposed(
        self, node: Node, flat: Tensor, batch: int, rows: int
    ) -> tuple[list[tuple[str, Tensor]], Tensor]:
        """The transpose of any affine operator, as the gradient of its torch meaning at zero."""
        names = list(dict.fromkeys(n for n in node.inputs if n not in self.parameters))
        with torch.enable_grad():
            zeros = {
                n: torch.zeros(
                    flat.shape[0],
                    self.table[n].size,
                    dtype=self.dtype,
                    device=self.device,
                    requires_grad=True,
                )
                for n in names
            }
            result = self._apply(node, self._operands(node, dict(zeros), sign="as is"))
            result = result.expand(flat.shape[0], -1)
            gradients = torch.autograd.grad(
                result, list(zeros.values()), flat, create_graph=flat.requires_grad
            )
        added = (flat * result.detach()).sum(dim=1).reshape(batch, rows)
        return [
            (n, g.reshape(batch, rows, -1)) for n, g in zip(names, gradients, strict=True)
        ], added

    def _operands(self, node: Node, values: dict[str, Tensor], *, sign: str) -> list[Tensor]:
        """Operands for the torch meaning: varying ones shaped (B, *shape), parameters as they are.

        Args:
            node: an affine node.
            values: flat values of its varying operands.
            sign: "as is"; "absolute" for the operator on magnitudes, parameters included; "radius"
                for that without its additive constants.
        """
        row = OPERATORS[node.op]
        result: list[Tensor] = []
        for position, name in enumerate(node.inputs):
            if name in values:
                result.append(values[name].reshape(-1, *self.table[name].shape))
                continue
            parameter = self.parameters[name]
            additive = node.op in {"add", "sub", "concat"} or (
                node.op in {"linear", "conv2d"} and position == 2
            )
            if sign == "radius" and additive:
                parameter = torch.zeros_like(parameter)
            elif sign == "absolute" and name in self.small:
                # Below the normal float32 numbers a weight may count as zero, and a divisor too:
                # after multiplication with a unit of rounding the whole of it is left.
                whole = 0.0 if node.op == "div" else SINGLE.tiny / self.rounding.unit
                parameter = parameter.abs().masked_fill(self.small[name], whole)
            elif sign != "as is":
                parameter = parameter.abs()
            result.append(parameter if position in row.weights else parameter.unsqueeze(0))
        return result

    def _magnitude(self, node: Node, values: dict[str, Tensor], *, sign: str) -> Tensor:
        operands = self._operands(node, values, sign=sign)
        if node.op == "neg":
            return operands[0].flatten(1)
        if node.op == "sub":
            x, y = _ranked(operands)
            return (x + y).flatten(1)
        return self._apply(node, operands)

    def _apply(self, node: Node, operands: Sequence[Tensor]) -> Tensor:
        result = OPERATORS[node.op].forward(node.attributes, operands)
        return result.reshape(result.shape[0], -1)


def _ranked(tensors: Sequence[Tensor]) -> list[Tensor]:
    rank = max(t.dim() for t in tensors)
    return [t.reshape(t.shape[0], *(1,) * (rank - t.dim()), *t.shape[1:]) for t in tensors]
