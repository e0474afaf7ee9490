"""Splitting places, and dropping the halves to which no trajectory comes.

A half is held against the way that led to its place: where trajectories begin, whether what was
asked on the way had come to an end before, and whether the same actions and cases lead there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from math import log2
from typing import Any

import numpy as np

from theory.world import STATE
from verify.loop.cell import Cell
from verify.loop.fact import Facts, common, empty, facts, joined
from verify.loop.place import Edge, Place
from verify.loop.policy import Gaps
from verify.loop.question import Root
from verify.loop.valuation import Valuation
from verify.loop.view import View
from verify.problem.affine import Affine

FINEST = 30
"""A cell is not halved more often than this along one free number."""

EAGER_BITS = 6
"""Cells are split until one action is left, so often altogether; then all actions are followed."""


@dataclass(frozen=True)
class Halver:
    """Splits the places of a question.

    Attributes:
        view: what is known at its places.
    """

    view: View

    def is_wide(self, place: Place) -> bool:
        """Whether the place has not been halved so often that all actions are to be followed."""
        halvings = sum(
            log2(whole / part)
            for whole, part in zip(place.whole, place.cell.widths, strict=True)
            if whole and part
        )
        return halvings < EAGER_BITS * max(1, len(place.whole)) ** 0.5

    def pull(self, place: Place, here: Valuation, gaps: Gaps | None) -> tuple[float, ...]:
        """How much each free number decides what is not certain at a place."""
        pull = np.zeros(len(place.cell.lower))
        width = np.array([float(one) for one in place.cell.widths])
        for doubt in here.doubts:
            for (_, i), factor in doubt.terms.items():
                if i < len(pull):
                    pull[i] += abs(float(factor)) * width[i]
        if gaps is not None and here.observation is not None:
            for row in gaps.open_slopes(self.view.question.world.agent.ties):
                moves = np.zeros(len(pull))
                for slope, number in zip(row, here.observation.values(), strict=True):
                    if isinstance(number, Affine):
                        for (_, i), factor in number.terms.items():
                            moves[i] += slope * float(factor)
                pull += np.abs(moves) * width
        return tuple(float(x) for x in pull)

    def halved(self, place: Place, here: Valuation, level: list[Place]) -> bool:
        """Split a place on which a demand may fail; False where that cannot be."""
        pull = np.array(self.pull(place, here, here.gaps))
        if place.pull:
            before = np.array([*place.pull, *[0.0] * (len(pull) - len(place.pull))])
            pull = pull + before[: len(pull)]
        return self.split(place, tuple(pull), level, self.known(place))

    def split(
        self, place: Place, pull: Sequence[float], level: list[Place], known: Facts = ()
    ) -> bool:
        """Put the halves that can be come to on the level; False where the place is too small.

        Args:
            place: the place.
            pull: for each free number how much it matters.
            level: where the halves go.
            known: what all points of a half that are come to satisfy.
        """
        cell = place.cell
        present = cell.widths
        free = [
            at
            for at, (width, whole) in enumerate(zip(present, place.whole, strict=True))
            if width > whole / 2**FINEST
        ]
        if not free:
            return False
        strength = [pull[at] if at < len(pull) else 0.0 for at in range(len(present))]
        axis = max(free, key=lambda at: (strength[at], float(present[at])))
        for half in cell.halves(axis):
            edges = [edge for edge in place.edges if self._comes(edge, half)]
            comes = bool(edges) if place.edges else _begins(place.root, half)
            if comes and not empty(half, known):
                level.append(replace(place, cell=half, edges=edges, parts={}, facts=None))
        return True

    def known(self, place: Place) -> Facts:
        """What is known of the free numbers on all ways to a place, and where more is asked."""
        waiting = [place]  # the way may be longer than Python's stack is deep
        while place.facts is None:
            here = waiting.pop()
            before = [edge.parent for edge in here.edges if edge.parent.facts is None]
            if before:
                waiting += [here, *before]
            elif here.facts is None:
                here.facts = joined(self._come(here), here.going_on)
        return place.facts

    def _come(self, place: Place) -> Facts:
        """What is known on all ways to a place, where it is of the places before."""
        if place.edges:
            return reduce(common, [self._passing(edge, place.cell) for edge in place.edges])
        root = place.root
        return () if root.sure else facts(Valuation(place.cell, root.environment), root.given)

    def _passing(self, edge: Edge, cell: Cell) -> Facts:
        """What is known of the free numbers along one way."""
        environment = self._environment(edge)
        before = edge.parent.facts or ()
        return joined(before, facts(Valuation(cell, environment), edge.case.guard))

    def _environment(self, edge: Edge) -> dict[str, Any]:
        environment: dict[str, Any] = {STATE: edge.parent.state}
        choices = self.view.question.world.choice_sort
        if choices is not None:
            environment[choices.name] = edge.chosen
        return environment

    def _comes(self, edge: Edge, cell: Cell) -> bool:
        """Whether trajectories with these free numbers may come along an edge."""
        waiting = [(edge, cell)]
        seen: set[tuple[int, Cell]] = set()
        while waiting:
            edge, cell = waiting.pop()
            parent = edge.parent
            before = parent.cell.meet(cell)
            if before is None or (id(edge), before) in seen:
                continue
            seen.add((id(edge), before))
            if not edge.sole and not self._may(edge, before, cell):
                continue
            if self._ended(parent, before):
                continue
            if not parent.edges and _begins(parent.root, before):
                return True
            waiting += [(one, before) for one in reversed(parent.edges)]
        return False

    def _ended(self, parent: Place, before: Cell) -> bool:
        """Whether nothing more was asked from a part of a place on."""
        leaves = self.view.question.demands[parent.step].leaves
        if leaves is None or before == parent.cell:
            return False
        gaps = self.view.part(parent, before)
        there = Place(parent.root, before, parent.state)
        return self.view.valuation(there, gaps).truth(leaves) is True

    def _may(self, edge: Edge, before: Cell, cell: Cell) -> bool:
        """Whether an edge may be taken from a part of its parent."""
        world = self.view.question.world
        gaps = self.view.part(edge.parent, before)
        if gaps is not None:
            possible = gaps.possible(world.agent.ties)
            if not any(world.agent.actions.index(action) in possible for action in edge.actions):
                return False
        truth = Valuation(cell, self._environment(edge)).truth(edge.case.guard)
        return truth is not False


def _begins(root: Root, cell: Cell) -> bool:
    """Whether trajectories may begin with these free numbers."""
    if root.sure or cell == root.cell:
        return True
    return Valuation(cell, root.environment).truth(root.given) is not False
