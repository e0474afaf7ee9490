"""Columns of a row that belong to the entries of several tensors, one tensor after another."""

from __future__ import annotations

from collections.abc import Mapping


class Columns:
    """Which columns belong to which tensor.

    Args:
        sizes: of the tensors, by name, in order.

    Attributes:
        places: the columns of each tensor.
        width: how many columns there are.
    """

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self.places: dict[str, slice] = {}
        self.width = 0
        for name, size in sizes.items():
            self.places[name] = slice(self.width, self.width + size)
            self.width += size
