"""What may be chosen freely in a backward pass: every choice gives a valid bound.

Slopes below a bent function (ReLU and its like) are any between its two slopes: optimised, they are
the alpha of Xu et al., Fast and Complete (ICLR 2021). Multipliers are prices of what is known of
signs: where z >= 0, subtracting beta z with beta >= 0 from a functional keeps a lower bound one.
They are the beta of Wang et al., Beta-CROWN (NeurIPS 2021). Where z <= c, adding beta (z - c) does
the same, and where z >= c subtracting it (Shi et al., GenBaB, 2024).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from extract.network import Node
from verify.neural.bounds.combination import Bounds
from verify.neural.bounds.rounding import SAFETY, of


@dataclass(frozen=True)
class Choice:
    """Parameters of one backward pass for K functionals over B boxes.

    Attributes:
        slopes: of bent nodes by name, (B, K, size) in [0, 1]: how far the line below turns from the
            left slope to the right one.
        turns: of curves and products by name, below and above, (B, K, number of choices) in [0, 1]:
            where the tangent touches, or how McCormick's planes are mixed.
        multipliers: by tensor, (B, K, size): what is added to the coefficients, in units of the
            largest coefficient on the tensor. Where an entry is known to be >= 0 it is <= 0, where
            it is known to be <= 0 it is >= 0, elsewhere zero.
        prices: the same in units of one, where they are known beforehand.
        limits: of some of the tensors that have multipliers, ends (B, size) within which entries
            are known to be, infinite where nothing is known: there multipliers have either sign.
    """

    slopes: dict[str, Tensor] = field(default_factory=dict[str, Tensor])
    turns: dict[str, tuple[Tensor, Tensor]] = field(
        default_factory=dict[str, tuple[Tensor, Tensor]]
    )
    multipliers: dict[str, Tensor] = field(default_factory=dict[str, Tensor])
    prices: dict[str, Tensor] = field(default_factory=dict[str, Tensor])
    limits: dict[str, Bounds] = field(default_factory=dict[str, Bounds])

    def priced(self, name: str, coefficients: Tensor) -> tuple[Tensor, Tensor | None]:
        """Coefficients (B or 1, K, size) on a tensor, with the prices of what is known of it, and
        what that adds to the constant (B, K), errors taken off; None for nothing.
        """
        if name in self.prices:
            return coefficients + self.prices[name], None
        multipliers = self.multipliers.get(name)
        if multipliers is None:
            return coefficients, None
        price = multipliers * coefficients.detach().abs().amax(dim=2, keepdim=True)
        limits = self.limits.get(name)
        if limits is None:
            return coefficients + price, None
        floor, ceiling = (end[:, None] for end in limits)
        price = torch.where(ceiling.isinf(), price.clamp(max=0), price)
        price = torch.where(floor.isinf(), price.clamp(min=0), price)
        # Below zero a price is of the floor; at zero the ends' middle says which way to go.
        one = torch.where(floor.isinf(), ceiling, floor)
        middle = torch.where(floor.isinf() | ceiling.isinf(), one, (floor + ceiling) / 2)
        end = torch.where(price > 0, ceiling, torch.where(price < 0, floor, middle))
        terms = price * torch.where(end.isinf(), 0.0, end)
        rounding = of(price.dtype)
        lost = terms.detach().abs().sum(dim=2) * (rounding.gamma(price.shape[2]) * SAFETY)
        floor_lost = rounding.tiny * (price.shape[2] + 2)
        return coefficients + price, -terms.sum(dim=2) - lost - floor_lost

    def slope_below(self, node: Node, default: Tensor, mixed: Tensor) -> Tensor:
        """Slopes (B, K or 1, size) of the lines below a node.

        Args:
            node: the node.
            default: (B, size), taken where nothing is chosen.
            mixed: (B, size), where the operand may have either sign.
        """
        turn = self.slopes.get(node.name)
        if turn is None:
            return default[:, None]
        left = left_slope(node)
        chosen = (turn if left == 0 else left + turn * (1 - left)).clamp(left, 1)
        return torch.where(mixed[:, None], chosen, default[:, None])


def left_slope(node: Node) -> float:
    """The slope of a bent function left of zero; right of it the slope is 1."""
    match node.op:
        case "relu":
            return 0.0
        case "abs":
            return -1.0
        case _:
            return float(node.attributes["alpha"])


def is_bent(node: Node) -> bool:
    """Whether a node is z right of zero, a smaller multiple of z left of it, entry by entry."""
    return node.op in {"relu", "abs"} or (
        node.op == "leaky_relu" and float(node.attributes["alpha"]) <= 1
    )
