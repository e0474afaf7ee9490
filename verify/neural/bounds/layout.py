"""Operators that move entries about: where each entry of a result comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from extract.network import Node
from extract.operator import OPERATORS

MOVING = frozenset({"transpose", "slice", "gather", "concat"})


@dataclass(frozen=True)
class Source:
    """What one operand gives to a result.

    Attributes:
        operand: its name.
        result, entry: flat positions in the result, and in the operand, pairwise.
    """

    operand: str
    result: Tensor
    entry: Tensor


def sources(node: Node, table: Mapping[str, Node], device: str) -> list[Source]:
    """The sources of the entries of a node that moves entries, found by moving their numbers."""
    numbers: list[Tensor] = []
    start = 0
    for name in node.inputs:
        shape, size = table[name].shape, table[name].size
        numbers.append(torch.arange(start, start + size).reshape(1, *shape))
        start += size
    moved = OPERATORS[node.op].forward(node.attributes, numbers).reshape(-1)
    found: list[Source] = []
    start = 0
    for name in node.inputs:
        size = table[name].size
        result = ((moved >= start) & (moved < start + size)).nonzero()[:, 0]
        found.append(Source(name, result.to(device), (moved[result] - start).to(device)))
        start += size
    return found
