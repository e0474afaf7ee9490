"""What it would gain to cut the operand of a curve in two: how much closer its lines would be.

The gap between a function and its lines is taken at a few points, on the whole interval and on
both parts, at some candidates for the cut (in the manner of Shi et al., Neural Network Verification
with Branch-and-Bound for General Nonlinearities, 2024). It only guides a search: nothing here is a
bound.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from extract.network import Node
from extract.operator import OPERATORS
from verify.neural.bounds.combination import Bounds
from verify.neural.bounds.line import LINES

POINTS = (0.1, 0.5, 0.9)
BENDS = (-1.0, 0.0, 1.0)
"""About where curves bend, and where s-shaped ones turn: cuts that are tried beside the middle."""

LEAST = 0.05
"""Of the interval, that a cut leaves on either side."""


@dataclass(frozen=True)
class Gain:
    """Of the entries of one function, each (B, size).

    Attributes:
        below, above: by how much the mean gap to the lines shrinks.
        cut: where.
    """

    below: Tensor
    above: Tensor
    cut: Tensor


def gain(node: Node, bounds: Bounds) -> Gain:
    """The best cut of each entry's interval (B, size)."""
    low, high = bounds
    width = high - low
    found: list[Gain] = []
    before = _gaps(node, low, high)
    for bend in (None, *BENDS):
        cut = (low + high) / 2 if bend is None else torch.full_like(low, bend)
        cut = torch.maximum(torch.minimum(cut, high - LEAST * width), low + LEAST * width)
        share = torch.where(width > 0, (cut - low) / width, 0.5)
        left, right = _gaps(node, low, cut), _gaps(node, cut, high)
        after = [share * a + (1 - share) * b for a, b in zip(left, right, strict=True)]
        below, above = (torch.nan_to_num(a - b) for a, b in zip(before, after, strict=True))
        found.append(Gain(below, above, cut))
    best = torch.stack([g.below + g.above for g in found]).argmax(dim=0, keepdim=True)
    picked = (
        torch.stack([getattr(g, name) for g in found]).gather(0, best)[0]
        for name in ("below", "above", "cut")
    )
    below, above, cut = picked
    inside = (low < cut) & (cut < high)
    return Gain(below.clamp(min=0) * inside, above.clamp(min=0) * inside, cut)


def _gaps(node: Node, low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
    """Mean distances from the function to the lines below and above it."""
    lines = LINES[node.op](low, high, node.attributes)
    under, over = torch.zeros_like(low), torch.zeros_like(low)
    for share in POINTS:
        z = low + share * (high - low)
        value = OPERATORS[node.op].forward(node.attributes, [z])
        under = under + (value - lines.slope_below * z - lines.offset_below)
        over = over + (lines.slope_above * z + lines.offset_above - value)
    return under / len(POINTS), over / len(POINTS)
