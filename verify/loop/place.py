"""A cell of states at one step of all trajectories, and how it was come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from theory.bend import Case
from verify.loop.cell import Cell, Number
from verify.loop.fact import Facts
from verify.loop.policy import Gaps
from verify.loop.question import Root
from verify.problem.affine import Affine


@dataclass(frozen=True)
class Edge:
    """How a cell of states was come to.

    Attributes:
        parent: from which.
        actions: one of these was taken.
        case: the case of the world's step.
        chosen: what others chose.
        sole: whether nothing else was possible there.
    """

    parent: Place
    actions: tuple[str, ...]
    case: Case
    chosen: Mapping[str, Number] | None
    sole: bool


@dataclass(eq=False)
class Place:
    """A cell of states at one step.

    Attributes:
        root: where its trajectories begin.
        cell: the free numbers.
        state: the state as functions of them.
        step: after how many steps.
        edges: how it was come to; none at the beginning.
        pull: for each free number how much it decided what was not certain on the way here.
        whole: for each free number the width it had when it came in.
        going_on: what is known of the free numbers where more is asked from here on.
        facts: the same, with all that is known from the way here; None until it is asked for.
        parts: bounds on scores on parts of the cell, where those were asked for.
    """

    root: Root
    cell: Cell
    state: Mapping[str, Number]
    step: int = 0
    edges: list[Edge] = field(default_factory=list[Edge])
    pull: tuple[float, ...] = ()
    whole: tuple[Fraction, ...] = ()
    going_on: Facts = ()
    facts: Facts | None = None
    parts: dict[Cell, Gaps] = field(default_factory=dict[Cell, Gaps])

    @property
    def key(self) -> tuple[Any, ...]:
        """What has the same future has the same key."""
        parts = tuple(
            number.key if isinstance(number, Affine) else (number.lower, number.upper)
            for number in self.state.values()
        )
        return id(self.root), self.cell, parts

    @property
    def path(self) -> list[Edge]:
        """One way from the beginning to here."""
        found: list[Edge] = []
        place = self
        while place.edges:
            edge = place.edges[0]
            found.append(edge)
            place = edge.parent
        return found[::-1]
