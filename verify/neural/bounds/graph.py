"""Rigorous bounds on every tensor of a problem, for a batch of boxes at once.

Backward linear bounds (CROWN: Zhang et al., Efficient neural network robustness certification with
general activation functions, NeurIPS 2018), with backward passes for all intermediate bounds, on
any graph whose operators have a row in `line.LINES` or `rule.RULES` or are affine.

Every bound covers three things at once: the exact values of the graph, the engine's own rounding,
and, where `deployed` is set, every float32 evaluation of the deployed nodes in any order of
summation. All three come from one device. Passing an affine functional A backward through a node
costs at most `A . E`, with E a bound of the errors of the node: gamma times the same operator
applied to absolute values. So the computed coefficients may be any floats near the true ones, and
no error has to be propagated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod

import numpy as np
import torch
from torch import Tensor

from extract.network import Node
from extract.operator import OPERATORS, Kind
from theory.error import UnsupportedOperator
from verify.neural.bounds.line import LINES, Lines
from verify.neural.bounds.rounding import FUNCTION_ULPS, SAFETY, SINGLE, Rounding, of
from verify.neural.bounds.rule import RULES, UNBOUNDED, Bounds, Combination, is_affine
from verify.problem.problem import Problem

EXACT = frozenset({"reshape", "transpose", "slice"})
"""Operators that copy each entry at most once: no rounding, forward or backward."""

ROUNDLESS = frozenset(
    {"relu", "abs", "maximum", "minimum", "reduce_max", "max_pool", "neg", "concat", "gather"}
)
"""Operators that a deployed network computes without rounding."""


@dataclass
class Sweep:
    """Everything known about one batch of boxes.

    Attributes:
        bounds: of each varying tensor, flat (B, size).
        lines, combinations: the relaxations that were used.
        errors: E of each node, (B, size).
    """

    bounds: dict[str, Bounds] = field(default_factory=dict[str, Bounds])
    lines: dict[str, Lines] = field(default_factory=dict[str, Lines])
    combinations: dict[str, Combination] = field(default_factory=dict[str, Combination])
    errors: dict[str, Tensor] = field(default_factory=dict[str, Tensor])


class BoundGraph:
    """The bounds engine for one problem.

    Args:
        problem: the problem.
        dtype: float32 or float64, of the engine's own arithmetic.
        deployed: whether bounds must also hold for float32 evaluations of the deployed nodes.
        device: where to compute.

    Raises:
        UnsupportedOperator: a node has no rule.
    """

    def __init__(
        self,
        problem: Problem,
        *,
        dtype: torch.dtype = torch.float32,
        deployed: bool = True,
        device: str = "cpu",
    ) -> None:
        network = problem.network
        self.problem = problem
        self.dtype = dtype
        self.device = device
        self.rounding: Rounding = of(dtype)
        self.deployed = deployed
        self.nodes = [n for n in network.live if n.op != "parameter"]
        self.point = network.inputs[0]
        self.parameters = {
            name: torch.from_numpy(np.array(array, dtype=np.float64)).to(device=device, dtype=dtype)
            for name, array in network.parameters.items()
        }
        self.inexact = {
            name: bool((self.parameters[name].double().cpu().numpy() != array).any())
            for name, array in network.parameters.items()
        }
        self.coarse = {
            name: bool((array.astype(np.float32) != array).any())
            for name, array in network.parameters.items()
        }
        self.table = {n.name: n for n in network.nodes}
        self.affine = {
            n.name for n in self.nodes if n.op != "input" and is_affine(n, self._varying(n))
        }
        self.uses = {n.name: len(network.consumers(n.name)) for n in self.nodes}
        for node in self.nodes:
            known = (
                node.op == "input"
                or node.name in self.affine
                or node.op in LINES
                or node.op in RULES
            )
            if not known or (node.op in UNBOUNDED and node.name not in self.affine):
                raise UnsupportedOperator(node.op, node.name, "no bounds for it")
        self._plan()

    def sweep(self, low: Tensor, high: Tensor) -> Sweep:
        """Bounds on all tensors over boxes given by (B, n) lower and upper corners."""
        state = Sweep()
        state.bounds[self.point] = (low, high)
        state.errors[self.point] = torch.zeros_like(low)
        for node in self.nodes:
            if node.op != "input":
                self._forward(node, state)
                if node.name in self._refined:
                    self._refine(node, state)
        return state

    def lower(
        self, state: Sweep, start: dict[str, Tensor], constant: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Lower bounds of affine functionals of tensors, by one backward pass.

        Args:
            state: a sweep over the boxes.
            start: for some tensors, coefficients (B or 1, K, size); the functional is their sum.
            constant: (B or 1, K), added.

        Returns:
            The bounds (B, K), and the affine function of the input below the functional:
            coefficients (B, K, n) and constants (B, K), where the constants carry all errors.
        """
        low, high = state.bounds[self.point]
        batch = low.shape[0]
        pending = {name: value.expand(batch, -1, -1) for name, value in start.items()}
        total = constant.expand(batch, -1)
        unit = self.rounding.unit
        for node in reversed(self.nodes):
            if node.op == "input" or node.name not in pending:
                continue
            coefficients = pending.pop(node.name)
            contributions, added, lost = self._backward(node, coefficients, state)
            total = total + added
            total = total - (lost + total.abs() * (3 * unit))
            for name, value in contributions:
                pending[name] = pending[name] + value if name in pending else value
        slope = pending.get(self.point)
        if slope is None:
            slope = torch.zeros(
                batch, total.shape[1], low.shape[1], dtype=self.dtype, device=self.device
            )
        reach = torch.maximum(low.abs(), high.abs())
        gamma = self.rounding.gamma(low.shape[1] + 2 * self.uses[self.point] + 2)
        loss = (slope.abs() @ reach[..., None])[..., 0] * (gamma * SAFETY)
        total = total - loss - total.abs() * (4 * unit) - self.rounding.tiny
        least = slope.clamp(min=0) @ low[..., None] + slope.clamp(max=0) @ high[..., None]
        bound = least[..., 0] + total
        return bound - (least[..., 0].abs() + total.abs()) * (4 * unit), slope, total

    def _varying(self, node: Node) -> list[bool]:
        return [name not in self.parameters for name in node.inputs]

    def _plan(self) -> None:
        """Which tensors get backward bounds: operands of non-affine nodes that interval bounds miss."""
        depth: dict[str, tuple[int, bool]] = {self.point: (0, False)}
        self._refined: set[str] = set()
        for node in self.nodes:
            if node.op == "input":
                continue
            parents = [depth[name] for name in node.inputs if name not in self.parameters]
            bends = node.name not in self.affine
            mixes = node.op not in EXACT and not bends and not self._is_selection(node)
            steps = max(p[0] for p in parents) + int(mixes)
            depth[node.name] = (steps, bends or any(p[1] for p in parents))
        for node in self.nodes:
            if node.op != "input" and node.name not in self.affine:
                for name in node.inputs:
                    known = depth.get(name)
                    if known is not None and (known[1] or known[0] > 1):
                        self._refined.add(name)

    def _is_selection(self, node: Node) -> bool:
        """A linear node with at most one weight in each row: interval bounds lose nothing there."""
        if node.op != "linear":
            return node.op in {"concat", "gather", "neg"}
        return bool((self.problem.network.parameters[node.inputs[1]] != 0).sum(axis=1).max() <= 1)

    def _apply(self, node: Node, operands: Sequence[Tensor]) -> Tensor:
        return (
            OPERATORS[node.op].forward(node.attributes, operands).reshape(operands[0].shape[0], -1)
        )

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
            elif sign != "as is":
                parameter = parameter.abs()
            result.append(parameter if position in row.weights else parameter.unsqueeze(0))
        return result

    def _magnitude(self, node: Node, values: dict[str, Tensor], *, sign: str) -> Tensor:
        operands = self._operands(node, values, sign=sign)
        if node.op == "neg":
            return operands[0].flatten(1)
        if node.op == "sub":
            wide = torch.broadcast_tensors(*_ranked(operands))
            return (wide[0] + wide[1]).reshape(wide[0].shape[0], -1)
        return self._apply(node, operands)

    def _fan_in(self, node: Node) -> int:
        """An upper bound of the number of products that the deployed network adds for one entry."""
        match node.op:
            case "linear":
                return self.table[node.inputs[1]].shape[1] + 1
            case "conv2d":
                return prod(self.table[node.inputs[1]].shape[1:]) + 1
            case "add" | "sub" | "mul" | "div" | "neg" | "concat" | "gather":
                return 2
            case _:
                return max(self.table[n].size for n in node.inputs) + 1

    def _longest_sum(self, node: Node) -> int:
        """An upper bound of the length of any sum that the engine makes for the node."""
        sizes = [self.table[name].size for name in node.inputs if name not in self.parameters]
        window = 1
        if node.op in {"linear", "conv2d"}:
            window = prod(self.table[node.inputs[1]].shape[2:])
        return max(self._fan_in(node), node.size * window, *sizes) + 8

    def _errors(self, node: Node, magnitude: Tensor) -> Tensor:
        """E of a node from a bound of the magnitudes in its sums."""
        longest = self._longest_sum(node)
        gamma = 2 * self.rounding.gamma(longest)
        floor = self.rounding.underflow(longest)
        if any(self.inexact.get(name, False) for name in node.inputs):
            gamma += 2 * self.rounding.unit
        rounds = node.name in self.problem.casts or (
            node.name in self.problem.deployed and node.op not in ROUNDLESS | EXACT
        )
        if self.deployed and rounds:
            terms = self._fan_in(node) if node.name in self.affine else 2 * FUNCTION_ULPS
            gamma += SINGLE.gamma(terms)
            floor += SINGLE.underflow(terms)
            if any(self.coarse.get(name, False) for name in node.inputs):
                gamma += 2 * SINGLE.unit
        return (magnitude * gamma + floor) * SAFETY

    def _forward(self, node: Node, state: Sweep) -> None:
        bounds = {n: state.bounds[n] for n in node.inputs if n not in self.parameters}
        if node.name in self.affine:
            low, high, magnitude = self._forward_affine(node, bounds)
        elif node.op in LINES:
            low, high, magnitude = self._forward_line(node, bounds[node.inputs[0]], state)
        else:
            low, high, magnitude = self._forward_combination(node, bounds, state)
        own = self._errors(node, magnitude)
        reach = torch.maximum(low.abs(), high.abs())
        # Coefficients that arrive from several consumers are added in floats.
        accumulation = reach * (2 * (2 + self.uses[node.name]) * self.rounding.unit)
        keeps = node.op in EXACT and node.name not in self.problem.casts
        state.errors[node.name] = accumulation if keeps else own + accumulation
        state.bounds[node.name] = (low, high) if keeps else (low - own, high + own)

    def _forward_affine(
        self, node: Node, bounds: dict[str, Bounds]
    ) -> tuple[Tensor, Tensor, Tensor]:
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

    def _forward_line(
        self, node: Node, bound: Bounds, state: Sweep
    ) -> tuple[Tensor, Tensor, Tensor]:
        low, high = bound
        lines = LINES[node.op](low, high, node.attributes)
        state.lines[node.name] = lines
        at_low = torch.minimum(
            lines.slope_below * low + lines.offset_below,
            lines.slope_below * high + lines.offset_below,
        )
        at_high = torch.maximum(
            lines.slope_above * low + lines.offset_above,
            lines.slope_above * high + lines.offset_above,
        )
        if node.op in {"relu", "abs"}:
            at_low = at_low.clamp(min=0)
        if node.op == "relu":
            at_high = high.clamp(min=0)
        reach = torch.maximum(low.abs(), high.abs())
        slope = torch.maximum(lines.slope_below.abs(), lines.slope_above.abs())
        offset = torch.maximum(lines.offset_below.abs(), lines.offset_above.abs())
        magnitude = slope * reach + offset
        if OPERATORS[node.op].kind is Kind.SMOOTH:
            # A library may compute tanh, sigmoid and ELU from e^z, with an error relative to 1.
            magnitude = magnitude + 1 + abs(float(node.attributes.get("alpha", 0)))
        return at_low, at_high, magnitude

    def _forward_combination(
        self, node: Node, bounds: dict[str, Bounds], state: Sweep
    ) -> tuple[Tensor, Tensor, Tensor]:
        operands = [self.table[n] for n in node.inputs]
        batch = state.bounds[self.point][0].shape[0]
        pairs = [bounds[n] if n in bounds else self._constant(n, batch) for n in node.inputs]
        rule = RULES[node.op](node, operands, pairs)
        state.combinations[node.name] = rule
        low, high = rule.offset_below, rule.offset_above
        magnitude = torch.maximum(rule.offset_below.abs(), rule.offset_above.abs())
        for part in rule.parts:
            a, b = (_picked(t, part.index) for t in pairs[part.operand])
            low = low + torch.minimum(part.slope_below * a, part.slope_below * b)
            high = high + torch.maximum(part.slope_above * a, part.slope_above * b)
            slope = torch.maximum(part.slope_below.abs(), part.slope_above.abs())
            magnitude = magnitude + slope * torch.maximum(a.abs(), b.abs())
        if node.op == "softmax":
            # e^(z - max z) carries the rounding of the difference as a relative error.
            reach = torch.maximum(*(t.abs() for t in pairs[0])).amax(dim=1, keepdim=True)
            magnitude = magnitude * (1 + reach + node.size)
        return low, high, magnitude

    def _constant(self, name: str, batch: int) -> Bounds:
        value = self.parameters[name].reshape(1, -1).expand(batch, -1)
        if not self.inexact[name]:
            return value, value
        slack = value.abs() * (2 * self.rounding.unit)
        return value - slack, value + slack

    def _refine(self, node: Node, state: Sweep) -> None:
        """Intersect interval bounds with backward bounds, where the interval leaves a sign open."""
        low, high = state.bounds[node.name]
        open_rows = ((low < 0) & (high > 0)).any(dim=0)
        if any(
            c.op not in {"relu", "leaky_relu", "abs"}
            for c in self.problem.network.consumers(node.name)
        ):
            open_rows = torch.ones_like(open_rows)
        rows = open_rows.nonzero()[:, 0]
        if rows.numel() == 0:
            return
        eye = torch.zeros(1, 2 * rows.numel(), node.size, dtype=self.dtype, device=self.device)
        count = torch.arange(rows.numel(), device=self.device)
        eye[0, count, rows] = 1
        eye[0, rows.numel() + count, rows] = -1
        zero = torch.zeros(1, 2 * rows.numel(), dtype=self.dtype, device=self.device)
        bound, _, _ = self.lower(state, {node.name: eye}, zero)
        low, high = low.clone(), high.clone()
        low[:, rows] = torch.maximum(low[:, rows], bound[:, : rows.numel()])
        high[:, rows] = torch.minimum(high[:, rows], -bound[:, rows.numel() :])
        # Both bounds are valid; rounding alone can make them cross on a very thin box.
        state.bounds[node.name] = (torch.minimum(low, high), torch.maximum(low, high))

    def _backward(
        self, node: Node, coefficients: Tensor, state: Sweep
    ) -> tuple[list[tuple[str, Tensor]], Tensor, Tensor]:
        """Contributions to the operands, what is added to the constant, and what is lost to errors."""
        lost = (coefficients.abs() @ state.errors[node.name][..., None])[..., 0] * SAFETY
        if node.name in self.affine:
            contributions, added = self._backward_affine(node, coefficients)
            return contributions, added, lost
        plus, minus = coefficients.clamp(min=0), coefficients.clamp(max=0)
        if node.op in LINES:
            lines = state.lines[node.name]
            value = plus * lines.slope_below[:, None] + minus * lines.slope_above[:, None]
            added = plus @ lines.offset_below[..., None] + minus @ lines.offset_above[..., None]
            return [(node.inputs[0], value)], added[..., 0], lost
        rule = state.combinations[node.name]
        added = plus @ rule.offset_below[..., None] + minus @ rule.offset_above[..., None]
        added = added[..., 0]
        contributions: list[tuple[str, Tensor]] = []
        for part in rule.parts:
            value = plus * part.slope_below[:, None] + minus * part.slope_above[:, None]
            name = node.inputs[part.operand]
            index = part.index.expand(value.shape[0], -1)[:, None].expand_as(value)
            size = self.table[name].size
            target = torch.zeros(*value.shape[:2], size, dtype=self.dtype, device=self.device)
            target.scatter_add_(2, index, value)
            if name in self.parameters:
                added = added + target @ self.parameters[name].reshape(-1)
            else:
                contributions.append((name, target))
        return contributions, added, lost

    def _backward_affine(
        self, node: Node, coefficients: Tensor
    ) -> tuple[list[tuple[str, Tensor]], Tensor]:
        batch, rows, _ = coefficients.shape
        flat = coefficients.reshape(batch * rows, -1)
        if node.op == "linear":
            weight = self.parameters[node.inputs[1]]
            shaped = flat.reshape(flat.shape[0], -1, weight.shape[0])
            value = (shaped @ weight).reshape(batch, rows, -1)
            added = torch.zeros(batch, rows, dtype=self.dtype, device=self.device)
            if len(node.inputs) == 3:
                added = (shaped.sum(dim=1) @ self.parameters[node.inputs[2]]).reshape(batch, rows)
            return [(node.inputs[0], value)], added
        if node.op == "reshape":
            return [(node.inputs[0], coefficients)], torch.zeros(
                1, 1, dtype=self.dtype, device=self.device
            )
        return self._transposed(node, flat, batch, rows)

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
            gradients = torch.autograd.grad(result, list(zeros.values()), flat)
        added = (flat * result.detach()).sum(dim=1).reshape(batch, rows)
        return [
            (n, g.reshape(batch, rows, -1)) for n, g in zip(names, gradients, strict=True)
        ], added


def _ranked(tensors: Sequence[Tensor]) -> list[Tensor]:
    rank = max(t.dim() for t in tensors)
    return [t.reshape(t.shape[0], *(1,) * (rank - t.dim()), *t.shape[1:]) for t in tensors]


def _picked(values: Tensor, index: Tensor) -> Tensor:
    return torch.gather(values, 1, index.expand(values.shape[0], -1))
