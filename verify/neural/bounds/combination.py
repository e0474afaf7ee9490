"""Affine bounds of the entries of a result in entries of its operands.

`offset + sum over operands k of slope[k] * operand_k[index[k]]`, from below and from above.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np
import torch
from torch import Tensor

from extract.network import Node
from extract.operator import OPERATORS

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
    """Affine bounds of a result in entries of its operands.

    Attributes:
        parts: what the operands contribute.
        offset_below, offset_above: what is added.
        least, most: bounds of the values.
        size: bounds the sum of the magnitudes of all terms, whatever is chosen.
    """

    parts: tuple[Part, ...]
    offset_below: Tensor
    offset_above: Tensor
    least: Tensor
    most: Tensor
    size: Tensor

    @property
    def on_device(self) -> Combination:
        """The same, with the indices where the numbers are."""
        device = self.least.device
        if all(part.index.device == device for part in self.parts):
            return self
        return replace(self, parts=tuple(replace(p, index=p.index.to(device)) for p in self.parts))

    @property
    def value(self) -> Tensor:
        """The largest magnitude of the values."""
        return torch.maximum(self.least.abs(), self.most.abs())

    @property
    def _numbers(self) -> tuple[Tensor, ...]:
        return self.offset_below, self.offset_above, self.least, self.most, self.size

    def select(self, boxes: Tensor) -> Combination:
        """Those of some boxes."""
        parts = tuple(part.select(boxes) for part in self.parts)
        return Combination(parts, *(numbers[boxes] for numbers in self._numbers))

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
        numbers = zip(*(c._numbers for c in several), strict=True)
        return Combination(parts, *(torch.cat(same) for same in numbers))


def broadcast_index(source: Node, target: Node) -> Tensor:
    """For each flat entry of the target, the flat entry of a source that broadcasts to it."""
    return _broadcast(source.shape, target.shape)


@lru_cache(maxsize=1024)
def _broadcast(source: tuple[int, ...], target: tuple[int, ...]) -> Tensor:
    flat = np.arange(prod(source)).reshape(source)
    return torch.tensor(np.broadcast_to(flat, target).reshape(-1))


def pair(node: Node, operands: Sequence[Node], bounds: Sequence[Bounds]) -> tuple[Tensor, ...]:
    """Of two operands that are broadcast, which entries meet in each result, and their bounds."""
    ix, iy = (broadcast_index(o, node) for o in operands)
    (lx, ux), (ly, uy) = bounds
    return ix, iy, lx[..., ix], ux[..., ix], ly[..., iy], uy[..., iy]


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
