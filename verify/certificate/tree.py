"""The split tree of a proof: how a search records it, and how a certificate holds it.

Every box is the root, or one half of another box: the half with `x[axis] <= cut` (left) or the one
with `x[axis] >= cut` (right); or the half in which one entry of a tensor is at most (left) or at
least (right) as large as the cut. A box that is not split is a leaf, and may have an argument.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from verify.certificate.argument import Argument

Ids = NDArray[np.int64]
ROOT = 0
LEAF, INPUT, NEURON, ARGUED = 0, 1, 2, 3
"""Kinds of node; the last is a leaf with an argument."""

LEAVES = (LEAF, ARGUED)
NO_FLOATS, NO_BYTES = np.zeros(0, dtype=np.float32), np.zeros(0, dtype=np.uint8)


@dataclass(frozen=True, eq=False)
class Tree:
    """A binary tree in preorder: a node, then its left subtree, then its right one.

    Attributes:
        kind: of each node: `LEAF`, `INPUT`, `NEURON` or `ARGUED`; uint8.
        place: for each split in order, the axis, or the flat position in its tensor; uint32.
        tensor: for each split in order, the number of its tensor in `tensors`, 0 for `INPUT`;
            uint16.
        cut: for each split in order, where the axis or the entry is cut; float64.
        tensors: names of the tensors in the problem's network.
        rows: for each argument in order, how many rows it has; uint8.
        weight, slope, price: entries of the arguments, one after the other.
    """

    kind: NDArray[np.uint8]
    place: NDArray[np.uint32]
    tensor: NDArray[np.uint16]
    cut: NDArray[np.float64]
    tensors: tuple[str, ...] = ()
    rows: NDArray[np.uint8] = field(default_factory=lambda: NO_BYTES)
    weight: NDArray[np.float32] = field(default_factory=lambda: NO_FLOATS)
    slope: NDArray[np.uint8] = field(default_factory=lambda: NO_BYTES)
    price: NDArray[np.float32] = field(default_factory=lambda: NO_FLOATS)

    @property
    def leaves(self) -> int:
        """The number of leaves."""
        return int(np.isin(self.kind, LEAVES).sum())


@dataclass(frozen=True)
class _Split:
    """Boxes (B,) that were split in one step; their left halves are numbered from `first` on, and
    then their right halves.
    """

    kind: int
    tensor: int
    boxes: Ids
    places: Ids
    cuts: NDArray[np.float64]
    first: int


@dataclass(frozen=True)
class Growth:
    """What was added to a copy of a record: splits, and the numbers of boxes from start to end."""

    start: int
    end: int
    splits: list[_Split]
    tensors: tuple[str, ...]


@dataclass
class Record:
    """Written by a search while it goes; boxes are numbered, the root is 0.

    A box that is never split counts as a leaf, whether the search closed it or not.
    """

    _count: int = 1
    _splits: list[_Split] = field(default_factory=list[_Split])
    _tensors: dict[str, int] = field(default_factory=dict[str, int])
    _arguments: dict[int, Argument] = field(default_factory=dict[int, Argument])

    def argue(self, box: int, argument: Argument) -> None:
        """A box that is not split is closed by an argument."""
        self._arguments[box] = argument

    @property
    def count(self) -> int:
        """The number of boxes so far."""
        return self._count

    def since(self, count: int) -> Growth:
        """What was added to a record that had so many boxes."""
        splits = [split for split in self._splits if split.first >= count]
        return Growth(count, self._count, splits, tuple(self._tensors))

    def grow(self, growth: Growth, boxes: Ids) -> Ids:
        """Add what a copy of this record has had added to it; this one may have grown itself.

        Args:
            growth: what was added.
            boxes: some numbers in the copy.

        Returns:
            The numbers that those boxes have here.
        """
        shift = self._count - growth.start

        def here(numbers: Ids) -> Ids:
            return np.where(numbers < growth.start, numbers, numbers + shift)

        for split in growth.splits:
            name = growth.tensors[split.tensor] if split.kind == NEURON else ""
            tensor = self._tensors.setdefault(name, len(self._tensors)) if name else 0
            first = split.first + shift
            places, cuts = split.places, split.cuts
            self._splits.append(_Split(split.kind, tensor, here(split.boxes), places, cuts, first))
        self._count += growth.end - growth.start
        return here(boxes)

    def split_inputs(self, boxes: Ids, axes: Ids, cuts: NDArray[np.float64]) -> Ids:
        """Boxes (B,) are cut, each along its axis (B,) at its cut (B,).

        Returns:
            The numbers of the left halves, then those of the right halves (2B,).
        """
        return self._split(INPUT, 0, boxes, axes, cuts)

    def split_neurons(
        self, boxes: Ids, tensor: str, positions: Ids, cuts: NDArray[np.float64] | None = None
    ) -> Ids:
        """Boxes (B,) are divided by an entry (flat positions (B,)) of a tensor, at its cut (B,), by
        its sign where none is given.

        Returns:
            The numbers of the halves with the entry at most there, then of those with it at least
            there.
        """
        number = self._tensors.setdefault(tensor, len(self._tensors))
        cuts = np.zeros(len(boxes)) if cuts is None else cuts
        return self._split(NEURON, number, boxes, positions, cuts)

    def _split(
        self, kind: int, tensor: int, boxes: Ids, places: Ids, cuts: NDArray[np.float64]
    ) -> Ids:
        first = self._count
        self._count += 2 * len(boxes)
        self._splits.append(_Split(kind, tensor, boxes, places, cuts, first))
        return np.arange(first, self._count, dtype=np.int64)

    def leaves(self) -> Ids:
        """The numbers of the boxes that were not split, in the order of the tree."""
        kind, left, right = self._linked()
        order = _preorder(kind, left, right)
        return order[np.isin(kind[order], LEAVES)]

    def tree(self) -> Tree:
        """The tree as it is now."""
        kind, left, right = self._linked()
        place = np.zeros(self._count, dtype=np.uint32)
        tensor = np.zeros(self._count, dtype=np.uint16)
        cut = np.zeros(self._count)
        for split in self._splits:
            tensor[split.boxes] = split.tensor
            place[split.boxes], cut[split.boxes] = split.places, split.cuts
        order = _preorder(kind, left, right)
        splits = order[~np.isin(kind[order], LEAVES)]
        argued = [self._arguments[at] for at in order[kind[order] == ARGUED].tolist()]
        return Tree(
            kind[order],
            place[splits],
            tensor[splits],
            cut[splits],
            tuple(self._tensors),
            np.array([len(one.weights) for one in argued], dtype=np.uint8),
            np.concatenate([NO_FLOATS, *[one.weights.ravel() for one in argued]]),
            np.concatenate([NO_BYTES, *[one.slopes.ravel() for one in argued]]),
            np.concatenate([NO_FLOATS, *[one.prices.ravel() for one in argued]]),
        )

    def _linked(self) -> tuple[NDArray[np.uint8], Ids, Ids]:
        """Kind, left half and right half of every box."""
        kind = np.zeros(self._count, dtype=np.uint8)
        kind[np.array(list(self._arguments), dtype=np.int64)] = ARGUED
        left, right = np.zeros((2, self._count), dtype=np.int64)
        for split in self._splits:
            kind[split.boxes] = split.kind
            left[split.boxes] = split.first + np.arange(len(split.boxes))
            right[split.boxes] = left[split.boxes] + len(split.boxes)
        return kind, left, right


def _preorder(kind: NDArray[np.uint8], left: Ids, right: Ids) -> Ids:
    order: list[int] = []
    stack = [ROOT]
    while stack:
        node = stack.pop()
        order.append(node)
        if kind[node] not in LEAVES:
            stack += (int(right[node]), int(left[node]))
    return np.array(order, dtype=np.int64)
