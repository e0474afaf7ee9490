"""Rules for what multiplies: products, matrix products, quotients, softmax.

Products are bounded by McCormick's planes (1976): with x in [a, b] and y in [c, d] both
`c x + a y - a c` and `d x + b y - b d` are below x y, and so is every mixture of the two; above it
are `d x + a y - a d` and `c x + b y - b c`. The mixture is what may be chosen.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from extract.network import Node
from verify.neural.bounds.combination import Bounds, Combination, Part, pair
from verify.neural.bounds.curve import Turns
from verify.neural.bounds.rounding import FUNCTION_ULPS, SINGLE, of

Planes = tuple[Tensor, Tensor, Tensor]
"""A plane `first * x + second * y + offset`."""

LARGEST_SHARE = 1e9
"""Where a softmax could be smaller than one over this, it is bounded by constants."""

MOST_SHARES = 64
"""A softmax over more entries is bounded by constants."""


def multiply(
    node: Node, operands: Sequence[Node], bounds: Sequence[Bounds], turns: Turns | None
) -> Combination:
    """x y; of a square, a tangent below and the chord above."""
    ix, iy, lx, ux, ly, uy = pair(node, operands, bounds)
    if node.inputs[0] == node.inputs[1]:
        return _square(ix, lx, ux, turns)
    mixture = _halves(lx) if turns is None else turns
    below, above, reach = _mccormick(lx, ux, ly, uy, mixture)
    slack = _slack(reach)
    least, most = _hull(lx, ux, ly, uy)
    parts = (Part(0, ix, below[0], above[0]), Part(1, iy, below[1], above[1]))
    return Combination(
        parts, below[2] - slack, above[2] + slack, least - slack, most + slack, 3 * reach + slack
    )


def multiply_matrices(
    node: Node, operands: Sequence[Node], bounds: Sequence[Bounds], turns: Turns | None
) -> Combination:
    """Sums of products, with a choice for each of them."""
    ix, iy = pairs(operands)
    (lx, ux), (ly, uy) = bounds
    lx, ux, ly, uy = lx[..., ix], ux[..., ix], ly[..., iy], uy[..., iy]
    mixture = _halves(lx)
    if turns is not None:
        below, above = (t.reshape(*t.shape[:-1], *ix.shape) for t in turns)
        mixture = below, above
    below, above, reach = _mccormick(lx, ux, ly, uy, mixture)
    reach = reach.sum(dim=-1) * 1.01
    slack = _slack(reach) * (1 + ix.shape[1] / 16)  # the rest is for the sums
    least, most = (side.sum(dim=-1) for side in _hull(lx, ux, ly, uy))
    parts = tuple(
        Part(operand, index[:, k], low[..., k], high[..., k])
        for operand, index, low, high in ((0, ix, below[0], above[0]), (1, iy, below[1], above[1]))
        for k in range(ix.shape[1])
    )
    return Combination(
        parts,
        below[2].sum(dim=-1) - slack,
        above[2].sum(dim=-1) + slack,
        least - slack,
        most + slack,
        3 * reach + slack,
    )


def pairs(operands: Sequence[Node]) -> tuple[Tensor, Tensor]:
    """The flat entries that are multiplied for each entry of a matrix product, (size, inner)."""
    x, y = (np.arange(o.size).reshape(o.shape) for o in operands)
    rows, columns = np.broadcast_arrays(x[..., :, None, :], np.swapaxes(y, -1, -2)[..., None, :, :])
    inner = x.shape[-1]
    return torch.tensor(rows.reshape(-1, inner)), torch.tensor(columns.reshape(-1, inner))


def choices(node: Node, operands: Sequence[Node]) -> int:
    """How many mixtures are chosen for a product, from below and from above; 0 of other rules."""
    if node.op == "mul":
        return node.size
    return node.size * operands[0].shape[-1] if node.op == "matmul" else 0


def divide(
    node: Node, operands: Sequence[Node], bounds: Sequence[Bounds], turns: Turns | None
) -> Combination:
    """x (1 / y), where y keeps its sign; unbounded where y may be zero, or flushed to it.

    1 / y lies above a tangent and below the chord, both of slope -1 / (low high) where y > 0;
    where that slope is no normal float, the quotient is bounded by constants.
    """
    ix, iy, lx, ux, ly, uy = pair(node, operands, bounds)
    sign = torch.where(uy < 0, -1.0, 1.0).to(lx.dtype)
    safe = (ly >= SINGLE.tiny) | (uy <= -SINGLE.tiny)
    one = torch.ones_like(ly)
    near = torch.where(safe, torch.minimum(ly.abs(), uy.abs()), one)
    far = torch.where(safe, torch.maximum(ly.abs(), uy.abs()), one)
    lx, ux = torch.where(sign > 0, lx, -ux), torch.where(sign > 0, ux, -lx)
    low, high = 1 / far, 1 / near
    below, above, _ = _mccormick(lx, ux, low, high, _halves(lx))
    slope = -low * high
    touching, crossing = 2 * (low * high).sqrt(), low + high
    reach = torch.maximum(lx.abs(), ux.abs()) * high
    slack = _slack(reach)
    underflow = far * of(far.dtype).tiny  # of slopes times the divisor
    least, most = _hull(lx, ux, low, high)
    infinite = torch.full_like(least, torch.inf)
    least, most = (
        torch.where(safe, least - slack, -infinite),
        torch.where(safe, most + slack, infinite),
    )
    tame = safe & slope.isfinite() & (slope <= -of(slope.dtype).tiny)

    def bound(plane: Planes, lower: bool) -> tuple[Tensor, Tensor, Tensor]:
        first, second, offset = plane
        tangent = (second >= 0) == lower
        return first, second * slope, offset + second * torch.where(tangent, touching, crossing)

    rows = (bound(below, lower=True), bound(above, lower=False))
    slopes = [[torch.where(tame, row[i] * sign, 0.0) for row in rows] for i in (0, 1)]
    return Combination(
        (Part(0, ix, *slopes[0]), Part(1, iy, *slopes[1])),
        torch.where(tame, rows[0][2] - slack - underflow, least),
        torch.where(tame, rows[1][2] + slack + underflow, most),
        least,
        most,
        torch.where(safe, 8 * reach + slack + torch.where(tame, underflow, 0.0), infinite),
    )


def softmax(
    node: Node, operands: Sequence[Node], bounds: Sequence[Bounds], turns: Turns | None
) -> Combination:
    """softmax_i = 1 / (1 + S), S the sum over j != i of e^(z_j - z_i).

    Each e^ lies above a tangent and below a chord, 1 / (1 + S) in turn. Where the values are so
    far apart that a share could vanish, both bounds are constants.
    """
    axis, shape = node.attributes["axis"], node.shape
    axis = axis - len(shape)

    def grouped(flat: Tensor) -> Tensor:
        return flat.reshape(*flat.shape[:-1], *shape).movedim(axis, -1)

    def flattened(values: Tensor) -> Tensor:
        return values.movedim(-1, axis).flatten(-len(shape))

    low, high = (grouped(t) for t in bounds[0])
    size = low.shape[-1]
    own = torch.eye(size, dtype=torch.bool, device=low.device)
    # Entry (i, j) speaks of z_j - z_i.
    near = (low[..., None, :] - high[..., :, None]).masked_fill(own, -torch.inf)
    far = (high[..., None, :] - low[..., :, None]).masked_fill(own, -torch.inf)
    reach = torch.maximum(low.abs(), high.abs()).amax(dim=-1, keepdim=True)
    unit = of(low.dtype).unit
    # A gap is rounded relative to its operands, which e^ turns into a relative error.
    error = (size + 4 * FUNCTION_ULPS + 4 * reach) * (4 * unit)
    fewest, most = 1 + near.exp().sum(dim=-1), 1 + far.exp().sum(dim=-1)
    least, largest = 1 / most, 1 / fewest
    tame = (most < LARGEST_SHARE) & (size <= MOST_SHARES)
    result = [
        (least * (1 - error) - of(low.dtype).tiny).clamp(min=0),
        (largest * (1 + error) + of(low.dtype).tiny).clamp(max=1),
    ]
    steep = torch.where(tame, 1 / (fewest * most), 0.0)
    middle = torch.where(own, 0.0, (near + far) / 2)
    tangent = torch.where(own, 0.0, torch.where(tame[..., None], middle, 0.0).exp())
    width = torch.where(own, 1.0, far - near)
    narrow = width < 1e-3
    rise = (far.exp() - near.exp()) / torch.where(narrow, torch.ones_like(width), width)
    chord = torch.where(narrow | ~tame[..., None], tangent, rise)
    over = torch.maximum(near.exp() - chord * near, far.exp() - chord * far)
    under = tangent * (1 - middle)
    over, under = (torch.where(own | ~tame[..., None], 0.0, o).sum(dim=-1) for o in (over, under))
    # 1 / T is below 1/t - (T - t)/t^2 = 2/t - T/t^2 with t^2 = fewest * most, and below its chord.
    floor = 2 * steep.sqrt() - steep * (1 + over)
    ceiling = steep * (fewest + most) - steep * (1 + under)
    extent = torch.where(own, 0.0, torch.maximum(chord, tangent) * (1 + near.abs() + far.abs()))
    spread = torch.where(tame, 2 + steep * (extent.sum(dim=-1) + most), 0.0)
    slack = spread * error * 2
    lower = torch.where(tame, floor - slack, result[0])
    upper = torch.where(tame, ceiling + slack, result[1])
    parts: list[Part] = []
    if size <= MOST_SHARES:
        below, above = (-steep[..., None] * torch.where(own, 0.0, s) for s in (chord, tangent))
        below = torch.where(own, -below.sum(dim=-1, keepdim=True), below)
        above = torch.where(own, -above.sum(dim=-1, keepdim=True), above)
        flat = np.arange(node.size).reshape(shape)
        for j in range(size):
            read = np.broadcast_to(np.take(flat, [j], axis), shape).reshape(-1)
            slopes = (flattened(s[..., j]) for s in (below, above))
            parts.append(Part(0, torch.tensor(read.copy()), *slopes))
    largest_term = (
        2 + spread + steep * (chord + tangent).masked_fill(own, 0).sum(dim=-1) * reach * 4
    )
    numbers = (lower, upper, *result, torch.where(tame, largest_term, 1.0))
    return Combination(tuple(parts), *(flattened(t) for t in numbers))


def _square(index: Tensor, low: Tensor, high: Tensor, turns: Turns | None) -> Combination:
    touch = (low + high) / 2 if turns is None else low + turns[0] * (high - low)
    largest = torch.maximum(low.abs(), high.abs())
    slack = _slack(largest * largest)
    inner = torch.where((low < 0) & (high > 0), 0.0, torch.minimum(low.abs(), high.abs()))
    parts = (Part(0, index, 2 * touch, low + high),)
    return Combination(
        parts,
        -touch * touch - slack,
        -low * high + slack,
        (inner * inner - slack).clamp(min=0),
        largest * largest + slack,
        3 * largest * largest + slack,
    )


def _mccormick(
    lx: Tensor, ux: Tensor, ly: Tensor, uy: Tensor, mixture: Turns
) -> tuple[Planes, Planes, Tensor]:
    """Planes below and above x y, and the largest |x y|."""
    s, t = (m.clamp(0, 1) for m in mixture)
    below = s * ly + (1 - s) * uy, s * lx + (1 - s) * ux, -(s * lx * ly + (1 - s) * ux * uy)
    above = t * uy + (1 - t) * ly, t * lx + (1 - t) * ux, -(t * lx * uy + (1 - t) * ux * ly)
    reach = torch.maximum(lx.abs(), ux.abs()) * torch.maximum(ly.abs(), uy.abs())
    return below, above, reach


def _hull(lx: Tensor, ux: Tensor, ly: Tensor, uy: Tensor) -> tuple[Tensor, Tensor]:
    products = torch.stack([lx * ly, lx * uy, ux * ly, ux * uy])
    return products.amin(dim=0), products.amax(dim=0)


def _halves(like: Tensor) -> Turns:
    half = torch.full_like(like, 0.5)
    return half, half


def _slack(reach: Tensor) -> Tensor:
    """More than the rounding of a few products of terms up to this size."""
    rounding = of(reach.dtype)
    return reach * (64 * rounding.unit) + rounding.tiny * 16
