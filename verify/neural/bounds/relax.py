"""Nodes that are not affine: bounds forward, coefficients backward through their relaxations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from extract.network import Node
from extract.operator import OPERATORS, Kind
from verify.neural.bounds.affine import AffineNodes
from verify.neural.bounds.choice import Choice, is_bent
from verify.neural.bounds.combination import Bounds, Combination
from verify.neural.bounds.curve import Line, Lines
from verify.neural.bounds.fan import fan
from verify.neural.bounds.line import LINES
from verify.neural.bounds.rounding import SAFETY, SINGLE
from verify.neural.bounds.rule import RULES
from verify.neural.bounds.sweep import Sweep

FLUSHED = 2.0**-100
"""Times the relative error of a function, what flushing a factor to zero may cost for each unit of
the other.
"""


@dataclass(frozen=True)
class Passed:
    """What a functional of a node becomes, a functional of its operands.

    Attributes:
        contributions: coefficients (B or 1, K, size) on operands, by name.
        added: to the constant, (B or 1, K).
        lost: what errors cost, (B or 1, K).
    """

    contributions: list[tuple[str, Tensor]]
    added: Tensor
    lost: Tensor


@dataclass(frozen=True)
class Range:
    """Bounds of a node before errors are added.

    Attributes:
        low, high: the bounds.
        size: the magnitudes of the terms that the engine adds up.
        value: those that a deployed network adds up.
    """

    low: Tensor
    high: Tensor
    size: Tensor
    value: Tensor


class Relaxer:
    """Relaxes the nodes of a problem that are not affine.

    Args:
        nodes: all of them, in one float format.
    """

    def __init__(self, nodes: AffineNodes) -> None:
        self._nodes = nodes

    def forward(self, node: Node, state: Sweep) -> Range:
        """Relax a node, note how, and bound its values."""
        if node.op in LINES:
            return _line(node, state)
        return self._combination(node, state)

    def _combination(self, node: Node, state: Sweep) -> Range:
        pairs = self._bounds(node, state)
        rule = self._rule(node, pairs, None)
        state.combinations[node.name] = rule
        low, high = rule.offset_below, rule.offset_above
        reach = torch.zeros_like(low)
        for part in rule.parts:
            a, b = (_picked(t, part.index) for t in pairs[part.operand])
            reach = reach + torch.maximum(a.abs(), b.abs())
            low = low + torch.minimum(part.slope_below * a, part.slope_below * b)
            high = high + torch.maximum(part.slope_above * a, part.slope_above * b)
        value = rule.value
        if node.op == "softmax":
            # e^(z - max z) carries the rounding of the difference as a relative error.
            largest = torch.maximum(*(t.abs() for t in pairs[0])).amax(dim=1, keepdim=True)
            value = value * (1 + largest + node.size)
        elif node.op == "mul":
            value = value + reach * FLUSHED
        elif node.op == "matmul":
            value = torch.maximum(value, rule.size) + reach * FLUSHED
        elif node.op == "div":
            a, b = (_picked(t, rule.parts[1].index) for t in pairs[1])
            value = value + FLUSHED / torch.minimum(a.abs(), b.abs())
        # The engine's sum of the parts is off by its own rounding, which `size` will pay for.
        return Range(
            torch.maximum(low, rule.least), torch.minimum(high, rule.most), rule.size, value
        )

    def _bounds(self, node: Node, state: Sweep) -> list[Bounds]:
        batch = state.empty.shape[0]
        return [
            state.bounds[n] if n in state.bounds else self._constant(n, batch) for n in node.inputs
        ]

    def _rule(
        self, node: Node, pairs: Sequence[Bounds], turns: tuple[Tensor, Tensor] | None
    ) -> Combination:
        operands = [self._nodes.table[n] for n in node.inputs]
        return RULES[node.op](node, operands, pairs, turns).on_device

    def _constant(self, name: str, batch: int) -> Bounds:
        value = self._nodes.parameters[name].reshape(1, -1).expand(batch, -1)
        if not self._nodes.inexact[name] and name not in self._nodes.small:
            return value, value
        slack = value.abs() * (2 * self._nodes.rounding.unit) + SINGLE.tiny
        return value - slack, value + slack

    def backward(self, node: Node, coefficients: Tensor, state: Sweep, choice: Choice) -> Passed:
        """Replace a node by its relaxation, from below where its coefficient is positive."""
        plus = coefficients.clamp(min=0)
        minus = coefficients - plus
        if node.op in LINES:
            return self._through_line(node, plus, minus, state, choice)
        errors = state.errors[node.name]
        lost = weighted(coefficients.abs(), errors) * SAFETY
        turns = choice.turns.get(node.name)
        rule = state.combinations[node.name]
        if turns is not None:
            pairs = [(a[:, None], b[:, None]) for a, b in self._bounds(node, state)]
            rule = self._rule(node, pairs, turns)
        added = weighted(plus, rule.offset_below) + weighted(minus, rule.offset_above)
        contributions: list[tuple[str, Tensor]] = []
        for part in rule.parts:
            value = plus * _rows(part.slope_below) + minus * _rows(part.slope_above)
            name = node.inputs[part.operand]
            index = part.index.expand(value.shape[0], -1)[:, None].expand_as(value)
            size = self._nodes.table[name].size
            target = torch.zeros(*value.shape[:2], size, dtype=value.dtype, device=value.device)
            target = target.scatter_add(2, index, value)
            if name in self._nodes.parameters:
                added = added + target @ self._nodes.parameters[name].reshape(-1)
            else:
                contributions.append((name, target))
        return Passed(contributions, added, lost)

    def _through_line(
        self, node: Node, plus: Tensor, minus: Tensor, state: Sweep, choice: Choice
    ) -> Passed:
        lines = state.lines[node.name]
        low, high = state.bounds[node.inputs[0]]
        turns = choice.turns.get(node.name)
        if turns is not None:
            if node.name not in state.fans:
                state.fans[node.name] = fan(node, (low, high), lines)
            under, over = state.fans[node.name].lines(turns)
        else:
            under = Line(lines.slope_below, lines.offset_below)
            over = Line(lines.slope_above, lines.offset_above)
        below = _rows(under.slope)
        if is_bent(node):
            below = choice.slope_below(node, lines.slope_below, (low < 0) & (high > 0))
        value = plus * below
        value = value.addcmul(minus, _rows(over.slope))
        # The errors are folded into the offsets; half a unit of each is the folding's own.
        fold = under.offset.abs() + over.offset.abs()
        errors = state.errors[node.name]
        errors = errors if fold.dim() == errors.dim() else errors[:, None]
        slack = errors * SAFETY + fold * (2 * self._nodes.rounding.unit)
        added = weighted(plus, under.offset - slack)
        added = added + weighted(minus, over.offset + slack)
        return Passed([(node.inputs[0], value)], added, torch.zeros_like(added))


def _line(node: Node, state: Sweep) -> Range:
    low, high = state.bounds[node.inputs[0]]
    lines: Lines = LINES[node.op](low, high, node.attributes)
    state.lines[node.name] = lines
    value = lines.size
    if node.op == "sqrt":
        value = value + 2.0**-40  # what flushing its operand to zero may cost
    elif OPERATORS[node.op].kind is Kind.SMOOTH:
        # A library may compute tanh, sigmoid and ELU from e^z, with an error relative to 1.
        value = torch.maximum(lines.least.abs(), lines.most.abs()) + 1
        value = value + abs(float(node.attributes.get("alpha", 0)))
    return Range(lines.least, lines.most, lines.size, value)


def weighted(coefficients: Tensor, values: Tensor) -> Tensor:
    """Sums of coefficients (B or 1, K, n) times values (B, n) or (B, K, n): (B, K)."""
    if values.dim() == 3:
        return (coefficients * values).sum(dim=2)
    if coefficients.shape[0] == 1:
        return values @ coefficients[0].T
    return torch.bmm(coefficients, values[..., None])[..., 0]


def _rows(values: Tensor) -> Tensor:
    """Numbers (B, n) common to all functionals, or (B, K, n), as (B, 1 or K, n)."""
    return values if values.dim() == 3 else values[:, None]


def _picked(values: Tensor, index: Tensor) -> Tensor:
    return torch.gather(values, 1, index.expand(values.shape[0], -1))
