"""The lines below and above curves, by how they are turned; what no turn changes is found once.

A turn says where the line touches: from the left end (0) to the last convex point (1), or the right
end of a convex function. Derivatives by the turns are written down, since a descent takes them many
times.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from extract.network import Node
from verify.neural.bounds.combination import Bounds
from verify.neural.bounds.curve import (
    Line,
    Lines,
    Side,
    Turns,
    above,
    convex_side,
    function_error,
    s_side,
    s_turn,
)

Shape = Callable[[Tensor], tuple[Tensor, Tensor, Tensor]]
"""The values of a function, its slopes, and how fast these change."""


def _tanh(z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    value = torch.tanh(z)
    slope = 1 - value * value
    return value, slope, -2 * value * slope


def _sigmoid(z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    value = torch.sigmoid(z)
    slope = value * torch.sigmoid(-z)
    return value, slope, slope * (1 - 2 * value)


def _erf(z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    slope = (2 / math.sqrt(math.pi)) * torch.exp(-z * z)
    return torch.erf(z), slope, -2 * z * slope


def _exp(z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    value = torch.exp(z)
    return value, value, value


def _softplus(z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    slope = torch.sigmoid(z)
    return torch.logaddexp(z, torch.zeros_like(z)), slope, slope * (1 - slope)


def _elu(alpha: float) -> Shape:
    def shape(z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        left = torch.clamp(z, max=0)
        right, bend = z > 0, alpha * torch.exp(left)
        value = torch.where(right, z, alpha * torch.expm1(left))
        return value, bend.masked_fill(right, 1.0), bend.masked_fill(right, 0.0)

    return shape


S_SHAPED: dict[str, Shape] = {"tanh": _tanh, "sigmoid": _sigmoid, "erf": _erf}
CONVEX: dict[str, Shape] = {"exp": _exp, "softplus": _softplus}


def turns(node: Node) -> bool:
    """Whether the lines of a function of one variable may be chosen by turns."""
    convex = node.op == "elu" and float(node.attributes["alpha"]) <= 1
    return convex or node.op in S_SHAPED or node.op in CONVEX


@dataclass(frozen=True)
class Fan:
    """The lines of one node.

    Attributes:
        shape, below: of the lines below.
        mirrored, above: of those below -f(-z), which are the lines above; None where there is one
            line above.
        plain: the lines where nothing is chosen.
        slack: by which lines are moved outward.
    """

    shape: Shape
    below: Side
    mirrored: Shape
    above: Side | None
    plain: Lines
    slack: Tensor

    def lines(self, chosen: Turns) -> tuple[Line, Line]:
        """The lines below and above, each number (B, K, size)."""
        under, over = (turn.clamp(0, 1) for turn in chosen)
        below = Line(*_tangent(under, self.below, self.shape))
        lower = Line(below.slope, below.offset - self.slack)
        if self.above is None:
            plain = self.plain
            return lower, Line(plain.slope_above[:, None], plain.offset_above[:, None])
        upper = above(Line(*_tangent(over, self.above, self.mirrored)))
        return lower, Line(upper.slope, upper.offset + self.slack)

    def first(self) -> Turns:
        """Turns to begin a search for better lines with, each (B, size)."""
        half = torch.full_like(self.below.first[:, 0], 0.5)
        if self.above is None:
            return half, half
        pairs = ((self.below, self.shape), (self.above, self.mirrored))
        below, above = (s_turn(side, lambda z, s=shape: s(z)[:2])[:, 0] for side, shape in pairs)
        return below, above


def fan(node: Node, bounds: Bounds, plain: Lines) -> Fan:
    """The lines of a node that turns.

    Args:
        node: the node.
        bounds: of its operand (B, size).
        plain: its lines where nothing is chosen.
    """
    low, high = (end[:, None] for end in bounds)
    alpha = float(node.attributes.get("alpha", 1.0))
    shape = S_SHAPED.get(node.op) or CONVEX.get(node.op) or _elu(alpha)

    def value(z: Tensor) -> Tensor:
        return shape(z)[0]

    def slope(z: Tensor) -> Tensor:
        return shape(z)[1]

    def mirrored(z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        one, two, three = shape(-z)
        return -one, two, -three

    slack = function_error(low, high, value(low), value(high))
    if node.op not in S_SHAPED:
        return Fan(shape, convex_side(low, high), mirrored, None, plain, slack)
    below = s_side(low, high, value, slope)
    over = s_side(-high, -low, lambda z: -value(-z), slope)
    return Fan(shape, below, mirrored, over, plain, slack)


class _Tangent(torch.autograd.Function):
    """Slope and offset of the line below, from the turn."""

    @staticmethod
    def forward(ctx: Any, turn: Tensor, side: Side, shape: Shape) -> tuple[Tensor, Tensor]:
        touch = side.first + turn * side.width
        value, slope, bend = shape(touch)
        offset, hinge = value - slope * touch, touch
        if side.end is not None:
            at_end = side.at_end - slope * side.end
            if ctx.needs_input_grad[0]:
                hinge = torch.where(at_end < offset, side.end, touch)
            offset = torch.minimum(offset, at_end)
            slope = torch.where(side.straight, side.slope, slope)
            offset = torch.where(side.straight, side.offset, offset)
        if ctx.needs_input_grad[0]:
            change = bend * side.width
            if side.end is not None:
                change = change.masked_fill(side.straight, 0.0)
            ctx.save_for_backward(change, -change * hinge)
        return slope, offset

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        slopes, offsets = ctx.saved_tensors
        return grads[0] * slopes + grads[1] * offsets, None, None


_apply: Any = vars(torch.autograd.Function)["apply"].__get__(None, _Tangent)  # without types


def _tangent(turn: Tensor, side: Side, shape: Shape) -> tuple[Tensor, Tensor]:
    return _apply(turn, side, shape)
