"""Rules for operators with several operands or entries."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from extract.network import Node
from extract.operator.pool import spread
from verify.neural.bounds.combination import Bounds, Combination, Part, pair
from verify.neural.bounds.curve import Turns
from verify.neural.bounds.product import divide, multiply, multiply_matrices, softmax
from verify.neural.bounds.rounding import of

Rule = Callable[[Node, Sequence[Node], Sequence[Bounds], Turns | None], Combination]
"""From the node, its operands, their bounds, and which of the valid bounds are chosen."""


def maximum(
    node: Node, operands: Sequence[Node], bounds: Sequence[Bounds], turns: Turns | None
) -> Combination:
    """max(x, y) = x + max(y - x, 0): chord above, the larger middle below."""
    ix, iy, lx, ux, ly, uy = pair(node, operands, bounds)
    return _larger(ix, iy, lx, ux, ly, uy)


def minimum(
    node: Node, operands: Sequence[Node], bounds: Sequence[Bounds], turns: Turns | None
) -> Combination:
    """min(x, y) = -max(-x, -y)."""
    ix, iy, lx, ux, ly, uy = pair(node, operands, bounds)
    turned = _larger(ix, iy, -ux, -lx, -uy, -ly)
    parts = tuple(Part(p.operand, p.index, p.slope_above, p.slope_below) for p in turned.parts)
    return Combination(
        parts, -turned.offset_above, -turned.offset_below, -turned.most, -turned.least, turned.size
    )


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
    size = torch.maximum(lx.abs(), ux.abs()) + torch.maximum(ly.abs(), uy.abs()) + offset
    return Combination(parts, zero, offset, torch.maximum(lx, ly), torch.maximum(ux, uy), size)


def window_maximum(
    node: Node, operands: Sequence[Node], bounds: Sequence[Bounds], turns: Turns | None
) -> Combination:
    """The largest entry of a window: below, the entry with the largest lower bound; above, the
    chord of max(z, m), with z the entry that can be largest and m the most that any other can be.
    """
    index, inside = (t.to(bounds[0][0].device) for t in _window(node, operands[0]))
    low, high = bounds[0]
    minus = torch.full_like(low[:, :1], -torch.inf)
    lows = torch.where(inside, low[:, index], minus[:, :, None])
    highs = torch.where(inside, high[:, index], minus[:, :, None])
    least, most = lows.amax(dim=-1), highs.amax(dim=-1)
    entries = index.expand(low.shape[0], -1, -1)
    surest, highest = (
        torch.gather(entries, 2, values.argmax(dim=-1)[..., None])[..., 0]
        for values in (lows, highs)
    )
    others = highs.scatter(2, highs.argmax(dim=-1)[..., None], -torch.inf).amax(dim=-1)
    a, b = low.gather(1, highest), high.gather(1, highest)
    zero, one = torch.zeros_like(most), torch.ones_like(most)
    bends = (others > a) & (a < b)
    slope = torch.where(bends, (b - others) / torch.where(bends, b - a, one), one)
    residue = torch.maximum(others - slope * a, (1 - slope) * b)
    reach = torch.maximum(least.abs(), most.abs()) + torch.maximum(a.abs(), b.abs())
    offset = torch.where(bends, residue + reach * (16 * of(low.dtype).unit), zero)
    parts = (Part(0, surest, one, zero), Part(0, highest, zero, slope))
    return Combination(parts, zero, offset, least, most, 2 * reach + offset.abs())


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


RULES: Mapping[str, Rule] = {
    "maximum": maximum,
    "minimum": minimum,
    "mul": multiply,
    "matmul": multiply_matrices,
    "div": divide,
    "reduce_max": window_maximum,
    "max_pool": window_maximum,
    "softmax": softmax,
}


READ_TWICE = frozenset({"reduce_max", "max_pool"})
"""Operators that read one operand in two parts."""
