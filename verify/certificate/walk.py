"""From a split tree to the boxes of its leaves: the auditor's check that nothing is left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import isfinite

import numpy as np

from theory.enclosure import Undecided
from verify.certificate.bound import Auditor, Boxes, Reach
from verify.certificate.box import Box, halves, phases, whole
from verify.certificate.file import Rejected
from verify.certificate.refute import refuted
from verify.certificate.step import Truth
from verify.certificate.tree import INPUT, LEAF, NEURON, Tree
from verify.problem.problem import Problem

ENTRIES = 2**18
"""Coefficients that one batch of boxes may have at once: what a processor's cache takes."""


def leaves(problem: Problem, tree: Tree) -> Iterator[Box]:
    """The boxes of the leaves, in the order of the tree; together they cover the problem's box.

    Raises:
        Rejected: the tree has too few nodes or too many, or a split is none.
    """
    sizes = {node.name: node.size for node in problem.network.nodes}
    kinds, places = tree.kind.tolist(), tree.place.tolist()
    tensors, cuts = tree.tensor.tolist(), tree.cut.tolist()
    names: tuple[str, ...] = tree.tensors
    splits = sum(kind != LEAF for kind in kinds)
    if {len(places), len(tensors), len(cuts)} != {splits}:
        raise Rejected("the tree's columns differ in length")
    stack = [whole(problem.variables)]
    split = 0
    for kind in kinds:
        if not stack:
            raise Rejected("the tree has nodes beyond its last leaf")
        box = stack.pop()
        if kind == LEAF:
            yield box
            continue
        place, tensor, cut = places[split], tensors[split], cuts[split]
        split += 1
        if kind == INPUT:
            if place >= len(problem.variables) or tensor != 0:
                raise Rejected(f"split {split} is along axis {place}, which is none")
            if not (isfinite(cut) and box.low[place] <= cut <= box.high[place]):
                raise Rejected(f"split {split} cuts outside its box")
            left, right = halves(box, problem.variables, place, cut)
        elif kind == NEURON:
            name = "".join(names[tensor : tensor + 1])
            if name not in sizes or name in problem.network.parameters or cut != 0:
                raise Rejected(f"split {split} is of a tensor that the network does not compute")
            if place >= sizes[name]:
                raise Rejected(f"split {split} is of entry {place} of {name}, which has none")
            left, right = phases(box, name, sizes[name], place)
        else:
            raise Rejected(f"a node of the tree is of the unknown kind {kind}")
        stack += (right, left)
    if stack:
        raise Rejected(f"the tree ends too early: {len(stack)} boxes have no leaf")


def stacked(boxes: Sequence[Box]) -> Boxes:
    """A batch of boxes."""
    sizes = {name: len(sign) for box in boxes for name, sign in box.signs.items()}
    signs = {
        name: np.stack([box.signs.get(name, np.zeros(size)) for box in boxes])
        for name, size in sizes.items()
    }
    return Boxes(np.stack([b.low for b in boxes]), np.stack([b.high for b in boxes]), signs)


def batch_size(problem: Problem) -> int:
    """How many boxes to bound at once."""
    widest = max(node.size for node in problem.network.live if node.op != "parameter")
    return max(1, min(256, ENTRIES // (2 * widest * widest)))


def closed(problem: Problem, auditor: Auditor, boxes: Boxes, reach: Reach) -> Truth:
    """On which of the boxes no run of the network reaches the goal.

    Bounds of the boxes tell; where they do not, exact evaluation of a box that is a single point,
    if the proof is about real arithmetic.
    """
    shut = refuted(problem.goal, problem.inequalities, boxes, reach)
    if not auditor.deployed:
        points = ~shut & (boxes.low == boxes.high).all(axis=1)
        for at in np.flatnonzero(points):
            shut[at] = _missed(problem, [Fraction(float(x)) for x in boxes.low[at]])
    return shut


def _missed(problem: Problem, point: Sequence[Fraction]) -> bool:
    """Whether exact evaluation says that the goal is not reached at a point of the box."""
    try:
        return problem.inside(point) and not problem.reached(point)
    except Undecided:
        return False
