"""Rules for operators with several operands or entries: bilinear, maxima, and constant bounds.

A `Combination` bounds each entry of the result by an affine expression in entries of the operands:
`offset + sum over operands k of slope[k] * operand_k[index[k]]`, from below and from above.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from extract.network import Node
from extract.operator import OPERATORS
from extract.operator.pool import spread
from verify.neural.bounds.rounding import FUNCTION_ULPS, of

Bounds = tuple[Tensor, Tensor]
"""Lower and upper bounds, each (B, size), flat."""


@dataclass(frozen=True)
class Part:
    """One operand's contribution: which flat entry each result reads, and the slopes (B, size)."""

    operand: int
    index: Tensor
    slope_below: Tensor
    slope_above: Tensor

    def select(self, boxes: Tensor) -> Part:
        """That of some boxes."""
        index = self.index[boxes] if self.index.dim() == 2 else self.index
        return Part(self.operand, index, self.slope_below[boxes], self.slope_above[boxes])


@dataclass(frozen=True)
class Combination:
    """Affine bounds of a result in entries of its operands."""

    parts: tuple[Part, ...]
    offset_below: Tensor
    offset_above: Tensor

    def select(self, boxes: Tensor) -> Combination:
        """Those of some boxes."""
        parts = tuple(part.select(boxes) for part in self.parts)
        return Combination(parts, self.offset_below[boxes], self.offset_above[boxes])

    @staticmethod
    def join(several: Sequence[Combination]) -> Combination:
        """Those of some boxes, and of others."""
        parts = tuple(
            Part(
                same[0].operand,
                torch.cat([p.index for p in same]) if same[0].index.dim() == 2 else same[0].index,
                torch.cat([p.slope_below for p in same]),
                torch.cat([p.slope_above for p in same]),
            )
            for same in zip(*(c.parts for c in several), strict=True)
        )
        return Combination(
            parts,
            torch.cat([c.offset_below for c in several]),
            torch.cat([c.offset_above for c in several]),
        )


Rule = Callable[[Node, Sequence[Node], Sequence[Bounds]], Combination]


def broadcast_index(source: Node, target: Node) -> Tensor:
    """For each flat entry of the target, the flat entry of a source that broadcasts to it."""
    flat = np.arange(source.size).reshape(source.shape)
    return torch.tensor(np.broadcast_to(flat, target.shape).reshape(-1))


def _pair(node: Node, operands: Sequence[Node], bounds: Sequence[Bounds]) -> tuple[Tensor, ...]:
    ix, iy = (broadcast_index(o, node) for o in operands)
    (lx, ux), (ly, uy) = bounds
    return ix, iy, lx[:, ix], ux[:, ix], ly[:, iy], uy[:, iy]


def maximum(node: Node, operands: Sequence[Node], bounds: Sequence[Bounds]) -> Combination:
    """max(x, y) = x + max(y - x, 0): chord above, the larger middle below."""
    ix, iy, lx, ux, ly, uy = _pair(node, operands, bounds)
    return _larger(ix, iy, lx, ux, ly, uy)


def minimum(node: Node, operands: Sequence[Node], bounds: Sequence[Bounds]) -> Combination:
    """min(x, y) = -max(-x, -y)."""
    ix, iy, lx, ux, ly, uy = _pair(node, operands, bounds)
    mirrored = _larger(ix, iy, -ux, -lx, -uy, -ly)
    parts = tuple(Part(p.operand, p.index, p.slope_above, p.slope_below) for p in mirrored.parts)
    return Combination(parts, -mirrored.offset_above, -mirrored.offset_below)


def _larger(ix: Tensor, iy: Tensor, lx: Tensor, ux: Tensor, ly: Tensor, uy: Tensor) -> Combination:
    low, high = ly - ux, uy - lx
    only_x, only_y = uy <= lx, ux <= ly
    zero, one = torch.zeros_like(low), torch.ones_like(low)
    mixed = ~(only_x | only_y)
    chord = torch.where(mixed, high / torch.where(mixed, high - low, one), zero).clamp(0, 1)
    above_y = torch.where(only_y, one, torch.where(only_x, zero, chord))
    below_y = torch.where(only_y | (mixed & (ly + uy > lx + ux)), one, zero)
    # With s = above_y: the offset covers max(d, 0) - s d at d = low and d = high.
    residue = torch.maximum(-above_y * low, (1 - above_y) * high)
    slack = (lx.abs() + ux.abs() + ly.abs() + uy.abs()) * (16 * of(low.dtype).unit)
    offset = torch.where(mixed, residue + slack, zero)
    slope_x = 1 - above_y
    parts = (Part(0, ix, 1 - below_y, slope_x), Part(1, iy, below_y, above_y))
    return Combination(parts, zero, offset)


def multiply(node: Node, operands: Sequence[Node], bounds: Sequence[Bounds]) -> Combination:
    """x y by McCormick's inequalities (1976), the pair of planes through opposite corners."""
    ix, iy, lx, ux, ly, uy = _pair(node, operands, bounds)
    reach = (lx.abs() + ux.abs()) * (ly.abs() + uy.abs())
    slack = reach * (16 * of(lx.dtype).unit) + of(lx.dtype).tiny
    if node.inputs[0] == node.inputs[1]:
        # x^2: the tangent at the middle below, the chord above.
        middle = lx / 2 + ux / 2
        parts = tuple(Part(k, ix, middle, middle) for k in (0, 1))
        return Combination(parts, -middle * middle - slack, -lx * ux + slack)
    parts = (Part(0, ix, ly, uy), Part(1, iy, lx, lx))
    return Combination(parts, -lx * ly - slack, -lx * uy + slack)


def window_maximum(node: Node, operands: Sequence[Node], bounds: Sequence[Bounds]) -> Combination:
    """The largest entry of a window: below, the entry with the largest lower bound; above, that
    entry where no other can exceed it, else the largest upper bound.
    """
    index, inside = (t.to(bounds[0][0].device) for t in _window(node, operands[0]))
    low, high = bounds[0]
    minus = torch.full_like(low[:, :1], -torch.inf)
    lows = torch.where(inside, low[:, index], minus[:, :, None])
    highs = torch.where(inside, high[:, index], minus[:, :, None])
    best = lows.argmax(dim=-1)
    chosen = torch.gather(index.expand(low.shape[0], -1, -1), 2, best[..., None])[..., 0]
    others = highs.scatter(2, best[..., None], -torch.inf).amax(dim=-1)
    sure = others <= lows.amax(dim=-1)
    zero, one = torch.zeros_like(others), torch.ones_like(others)
    parts = (Part(0, chosen, one, torch.where(sure, one, zero)),)
    return Combination(parts, zero, torch.where(sure, zero, highs.amax(dim=-1)))


def _window(node: Node, operand: Node) -> tuple[Tensor, Tensor]:
    """For each result, the flat entries of its window, and which of them are not padding."""
    flat = np.arange(operand.size).reshape(operand.shape)
    if node.op == "reduce_max":
        axes = node.attributes["axes"]
        kept = [a for a in range(flat.ndim) if a not in axes]
        index = flat.transpose(*kept, *axes).reshape(node.size, -1)
        inside = np.ones_like(index, dtype=bool)
    else:
        height, width = operand.shape[2:]
        index, inner = spread(node.attributes, (height, width), node.attributes["kernel"])
        planes = operand.shape[0] * operand.shape[1]
        starts = np.arange(planes)[:, None, None] * (height * width)
        index = (starts + index[None]).reshape(node.size, -1)
        inside = np.tile(inner.astype(bool), (planes, 1))
    return torch.tensor(index), torch.tensor(inside)


def divide(node: Node, operands: Sequence[Node], bounds: Sequence[Bounds]) -> Combination:
    """x / y by constants; unbounded where y may be zero."""
    _, _, lx, ux, ly, uy = _pair(node, operands, bounds)
    quotients = torch.stack([lx / ly, lx / uy, ux / ly, ux / uy])
    low, high = quotients.amin(dim=0), quotients.amax(dim=0)
    safe = (ly > 0) | (uy < 0)
    slack = (low.abs() + high.abs()) * (8 * of(lx.dtype).unit) + of(lx.dtype).tiny
    infinite = torch.full_like(low, torch.inf)
    return Combination(
        (), torch.where(safe, low - slack, -infinite), torch.where(safe, high + slack, infinite)
    )


def softmax(node: Node, operands: Sequence[Node], bounds: Sequence[Bounds]) -> Combination:
    """softmax_i = 1 / (1 + sum over j != i of e^(z_j - z_i)) by constants."""
    axis, shape = node.attributes["axis"] + 1, (-1, *node.shape)
    low, high = (t.reshape(shape).movedim(axis, -1) for t in bounds[0])
    size = low.shape[-1]
    own = torch.eye(size, dtype=torch.bool, device=low.device)

    def share(mine: Tensor, theirs: Tensor) -> Tensor:
        gaps = theirs[..., None, :] - mine[..., :, None]
        return 1 / (1 + torch.where(own, torch.zeros_like(gaps), gaps.exp()).sum(dim=-1))

    # A gap z_j - z_i is rounded relative to its operands, which e^ turns into a relative error.
    reach = torch.maximum(low.abs(), high.abs()).amax(dim=-1, keepdim=True)
    error = (size + 4 * FUNCTION_ULPS + 4 * reach) * (4 * of(low.dtype).unit)
    below, above = share(low, high), share(high, low)
    below = (below * (1 - error) - of(low.dtype).tiny).clamp(min=0)
    above = (above * (1 + error) + of(low.dtype).tiny).clamp(max=1)
    flat = [t.movedim(-1, axis).reshape(t.shape[0], -1) for t in (below, above)]
    return Combination((), flat[0], flat[1])


RULES: Mapping[str, Rule] = {
    "maximum": maximum,
    "minimum": minimum,
    "mul": multiply,
    "div": divide,
    "reduce_max": window_maximum,
    "max_pool": window_maximum,
    "softmax": softmax,
}


def is_affine(node: Node, operands: Sequence[Any]) -> bool:
    """Whether a node is an affine function of its one varying operand (or sum of several).

    Args:
        node: the node.
        operands: for each operand, whether it varies with the input.
    """
    if node.op in {"add", "sub", "concat"}:
        return True
    if node.op in {"mul", "matmul"}:
        return sum(map(bool, operands)) == 1
    if node.op == "div":
        return not operands[1]
    return OPERATORS[node.op].kind.name in {"AFFINE", "LAYOUT"}
