"""Linear bounds of a two-hidden-layer ReLU net over boxes, differentiable, for training.

Interval bounds inside, one backward pass for the scores (CROWN-IBP: Zhang et al. 2020,
arXiv 1906.06316), in float32 and without rounding error: good for a penalty, not for a proof.
Proofs are the business of `verify`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Relaxation:
    """slope_low z <= relu(z) <= slope_high z + offset; all of shape (B, n)."""

    slope_low: Tensor
    slope_high: Tensor
    offset: Tensor


def layers(net: nn.Sequential) -> list[tuple[Tensor, Tensor]]:
    """Weight and bias of the linear layers, in order."""
    return [(m.weight, m.bias) for m in net if isinstance(m, nn.Linear)]


def relax(low: Tensor, high: Tensor) -> Relaxation:
    """The triangle's upper line and one lower line, given bounds (B, n) before the ReLU."""
    slope = high.clamp(min=0) / (high.clamp(min=0) - low.clamp(max=0)).clamp(min=1e-9)
    lower = torch.where(slope > 0.5, 1.0, 0.0)
    lower = torch.where(low >= 0, 1.0, torch.where(high <= 0, 0.0, lower))
    return Relaxation(lower, slope, -slope * low.clamp(max=0))


def lower_bound(net: nn.Sequential, low: Tensor, high: Tensor, rows: Tensor) -> Tensor:
    """Lower bounds of `rows @ net(o)` for o in the boxes.

    `low`, `high`: (B, inputs); `rows`: (R, outputs). Returns (B, R).
    """
    stack = layers(net)
    relaxations: list[Relaxation] = []
    centre, radius = (low + high) / 2, (high - low) / 2
    for weight, bias in stack[:-1]:
        middle, spread = centre @ weight.T + bias, radius @ weight.abs().T
        below, above = middle - spread, middle + spread
        relaxations.append(relax(below, above))
        centre = (below.clamp(min=0) + above.clamp(min=0)) / 2
        radius = (above.clamp(min=0) - below.clamp(min=0)) / 2
    weight, bias = stack[-1]
    return _backward(stack[:-1], relaxations, low, high, rows @ weight, rows @ bias)


def _backward(
    stack: list[tuple[Tensor, Tensor]],
    relaxations: list[Relaxation],
    low: Tensor,
    high: Tensor,
    weight: Tensor,
    bias: Tensor,
) -> Tensor:
    """Lower bounds of `weight @ h + bias`, h the last layer's output: (B, R)."""
    a = weight.expand(len(low), -1, -1)
    c = bias.expand(len(low), -1)
    for (w, b), line in zip(reversed(stack), reversed(relaxations), strict=True):
        positive, negative = a.clamp(min=0), a.clamp(max=0)
        c = c + (negative @ line.offset.unsqueeze(2)).squeeze(2)
        a = positive * line.slope_low.unsqueeze(1) + negative * line.slope_high.unsqueeze(1)
        c = c + a @ b
        a = a @ w
    centre, radius = (low + high) / 2, (high - low) / 2
    return c + (a @ centre.unsqueeze(2)).squeeze(2) - (a.abs() @ radius.unsqueeze(2)).squeeze(2)
