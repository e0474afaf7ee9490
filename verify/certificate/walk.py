"""From a split tree to the boxes of its leaves: the auditor's check that nothing is left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from math import isfinite

import numpy as np

from theory.enclosure import Undecided
from verify.certificate.argument import MOST_ROWS, Argument, follows, joined
from verify.certificate.bound import Auditor, Reach, Sweep
from verify.certificate.box import Box, halves, parts, stacked, whole
from verify.certificate.file import Rejected
from verify.certificate.refute import refuted
from verify.certificate.step import Truth
from verify.certificate.tree import ARGUED, INPUT, LEAVES, NEURON, Tree
from verify.problem.problem import Problem

ENTRIES = 2**18
"""Coefficients that one batch of boxes may have at once: what a processor's cache takes."""


def leaves(problem: Problem, tree: Tree, auditor: Auditor) -> Iterator[Box]:
    """The boxes of the leaves, in the order of the tree; together they cover the problem's box.

    Raises:
        Rejected: the tree has too few nodes or too many, or a split or an argument is none.
    """
    arguments = _Arguments(tree, len(problem.inequalities), auditor)
    sizes = {node.name: node.size for node in problem.network.nodes}
    kinds, places = tree.kind.tolist(), tree.place.tolist()
    tensors, cuts = tree.tensor.tolist(), tree.cut.tolist()
    names: tuple[str, ...] = tree.tensors
    splits = sum(kind not in LEAVES for kind in kinds)
    if {len(places), len(tensors), len(cuts)} != {splits}:
        raise Rejected("the tree's columns differ in length")
    stack = [whole(problem.variables)]
    split = 0
    for kind in kinds:
        if not stack:
            raise Rejected("the tree has nodes beyond its last leaf")
        box = stack.pop()
        if kind in LEAVES:
            yield replace(box, argument=arguments.next(box)) if kind == ARGUED else box
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
            known = name in sizes and name not in problem.network.parameters
            if not known or not isfinite(cut):
                raise Rejected(f"split {split} is of a tensor that the network does not compute")
            if place >= sizes[name]:
                raise Rejected(f"split {split} is of entry {place} of {name}, which has none")
            left, right = parts(box, name, sizes[name], place, cut)
        else:
            raise Rejected(f"a node of the tree is of the unknown kind {kind}")
        stack += (right, left)
    if stack:
        raise Rejected(f"the tree ends too early: {len(stack)} boxes have no leaf")
    arguments.end()


class _Arguments:
    """Takes the arguments of a tree one after the other from its columns."""

    def __init__(self, tree: Tree, inequalities: int, auditor: Auditor) -> None:
        self._tree = tree
        self._inequalities = inequalities
        self._slopes = sum(step.size for step in auditor.bends)
        self._taken = 0
        self._weight = self._slope = self._price = 0

    def next(self, box: Box) -> Argument:
        """That of a leaf.

        Raises:
            Rejected: there is none, it is cut off, or a number is none.
        """
        tree, at = self._tree, self._taken
        if at >= len(tree.rows):
            raise Rejected("a leaf has no argument")
        rows = int(tree.rows[at])
        if not 0 < rows <= MOST_ROWS:
            raise Rejected(f"an argument has {rows} rows, not 1 to {MOST_ROWS}")
        known = sum(int(np.count_nonzero(sign)) for sign in box.signs.values())
        weight = self._weight + rows * self._inequalities
        slope = self._slope + rows * self._slopes
        price = self._price + rows * known
        if weight > len(tree.weight) or slope > len(tree.slope) or price > len(tree.price):
            raise Rejected("the argument of a leaf is cut off")
        found = Argument(
            tree.weight[self._weight : weight].reshape(rows, self._inequalities),
            tree.slope[self._slope : slope].reshape(rows, self._slopes),
            tree.price[self._price : price].reshape(rows, known),
        )
        if not found.is_sound:
            raise Rejected("an argument has a weight or a price that is negative or no number")
        self._taken, self._weight, self._slope, self._price = at + 1, weight, slope, price
        return found

    def end(self) -> None:
        """Check that nothing is left.

        Raises:
            Rejected: something is.
        """
        tree = self._tree
        left = (
            len(tree.rows) - self._taken
            + len(tree.weight) - self._weight
            + len(tree.slope) - self._slope
            + len(tree.price) - self._price
        )  # fmt: skip
        if left:
            raise Rejected("the tree has arguments that belong to no leaf")


def batch_size(problem: Problem) -> int:
    """How many boxes to bound at once."""
    widest = max(node.size for node in problem.network.live if node.op != "parameter")
    return max(1, min(256, ENTRIES // (2 * widest * widest)))


def closed(problem: Problem, auditor: Auditor, boxes: Sequence[Box]) -> Truth:
    """On which of the leaves no run of the network reaches the goal: by their arguments, where they
    have them, and by plain bounds elsewhere.
    """
    shut = np.zeros(len(boxes), dtype=bool)
    argued = np.array([box.argument is not None for box in boxes])
    if argued.any():
        shut[argued] = _argued(problem, auditor, [box for box in boxes if box.argument is not None])
    if not argued.all():
        state = auditor.sweep(stacked([box for box in boxes if box.argument is None]))
        shut[~argued] = bounded(problem, auditor, state, auditor.reach(state))
    return shut


def _argued(problem: Problem, auditor: Auditor, boxes: Sequence[Box]) -> Truth:
    state = auditor.sweep(stacked(boxes))
    given = joined([b.argument for b in boxes if b.argument is not None], [b.signs for b in boxes])
    upper = auditor.summed(state, given)
    return state.empty | follows(problem.goal, given.weights, upper < 0)


def bounded(
    problem: Problem, auditor: Auditor, state: Sweep, reach: Reach, *, thorough: bool = True
) -> Truth:
    """On which boxes plain bounds refute the goal. Where they do not, exact evaluation of a box
    that is a single point, if the proof is about real arithmetic.
    """
    shut = refuted(
        problem.goal, problem.inequalities, auditor.pairs, state, reach, thorough=thorough
    )
    boxes = state.boxes
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
