"""Following all trajectories at once, as cells of states, step by step.

At each step a cell is held against the demands, and then taken on: by every action that bounds do
not exclude and every case of the world's step. Where several are left, the cell is split, down to a
width; below it all of them are followed, which is more than can happen and so is safe for a proof.

Where a demand may not be met, the middle of the cell is tried exactly. If that is no violation, the
cell is halved, and each half is held against the paths that led here: what cannot have come here is
dropped. The cells of one step are finished before those of the next, and cells that are the same
are one, with several paths.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import product
from math import log2
from typing import Any

import numpy as np

from theory.bend import Case
from theory.enclosure import Undecided
from theory.error import InputError
from theory.term import not_
from theory.world import STATE
from verify.answer import Deadline, Progress
from verify.loop.cell import Cell, Number, Range, at
from verify.loop.policy import Gaps, Policy
from verify.loop.question import Question, Root, cut_by, roots
from verify.loop.trial import Functions, Trail, follow
from verify.loop.valuation import Valuation
from verify.problem.affine import Affine, constant
from verify.verdict import Reason

BATCH = 128
FINEST = 30
"""A cell is not halved more often than this along one free number."""

EAGER_BITS = 6
"""Cells are split until one action is left, so often altogether; then all actions are followed."""

LARGEST_LEVEL = 200_000


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
        edges: how it was come to; none at the beginning.
        pull: for each free number how much it decided what was not certain on the way here.
        whole: for each free number the width it had when it came in.
        parts: bounds on scores on parts of the cell, where those were asked for.
    """

    root: Root
    cell: Cell
    state: Mapping[str, Number]
    edges: list[Edge] = field(default_factory=list[Edge])
    pull: tuple[float, ...] = ()
    whole: tuple[Fraction, ...] = ()
    parts: dict[Cell, Gaps] = field(default_factory=dict[Cell, Gaps])

    @property
    def key(self) -> tuple[Any, ...]:
        """What has the same future has the same key."""
        parts = tuple(
            number.key if isinstance(number, Affine) else (number.lower, number.upper)
            for number in self.state.values()
        )
        return id(self.root), self.cell, parts


@dataclass(frozen=True)
class Outcome:
    """What exploring found.

    Attributes:
        proved: True where every trajectory meets its demands, False where `trail` does not, None
            where neither is known.
        trail: a trajectory that does not.
        reason, detail: for None, why.
        places: how many cells were looked at.
    """

    proved: bool | None
    trail: Trail | None = None
    reason: Reason | None = None
    detail: str = ""
    places: int = 0


class Explorer:
    """Follows the trajectories of a question.

    Args:
        question: the question.
        policy: bounds on the agent's scores; None where the world asks no policy.
        functions: the exact meaning of the function symbols.
    """

    def __init__(self, question: Question, policy: Policy | None, functions: Functions) -> None:
        self._question = question
        self._world = question.world
        self._policy = policy
        self._functions = functions
        self._agent = question.world.agent
        self._places = 0
        self._open = False

    def run(self, deadline: Deadline, progress: Progress | None = None) -> Outcome:
        """Explore until an answer or the deadline."""
        level = [
            Place(root, root.cell, root.state, whole=widths(root.cell))
            for root in roots(self._question)
        ]
        shown = time.monotonic()
        for step in range(self._question.steps + 1):
            following: dict[tuple[Any, ...], Place] = {}
            while level:
                if deadline.passed:
                    at = f"at step {step} of {self._question.steps}, with {len(level)} cells open"
                    return self._unknown(Reason.TIME, f"{at}; try a longer timeout")
                if len(level) + len(following) > LARGEST_LEVEL:
                    return self._unknown(Reason.MEMORY, f"too many cells at step {step}")
                batch, level = level[-BATCH:], level[:-BATCH]
                outcome = self._advance(batch, step, level, following)
                if outcome is not None:
                    return outcome
                if progress is not None and time.monotonic() - shown > 0.2:
                    shown = time.monotonic()
                    progress(step / (self._question.steps + 1), len(level))
            level = list(following.values())
        if self._open:
            return self._unknown(Reason.SOLVER_GAVE_UP, f"open after {self._question.steps} steps")
        return Outcome(True, places=self._places)

    def _unknown(self, reason: Reason, detail: str) -> Outcome:
        return Outcome(None, reason=reason, detail=detail, places=self._places)

    def _advance(
        self,
        batch: Sequence[Place],
        step: int,
        level: list[Place],
        following: dict[tuple[Any, ...], Place],
    ) -> Outcome | None:
        """Hold places against the demands of their step and take them on."""
        self._places += len(batch)
        demand = self._question.demands[step]
        last = step == self._question.steps
        for place, gaps in zip(batch, self._gaps(batch), strict=True):
            here = self._valuation(place, gaps)
            if demand.leaves is not None:
                stays = cut_by(here, not_(demand.leaves))
                if stays is None:
                    continue
                place.cell = stays
                here = replace(here, cell=stays)
            if demand.must is not None and here.truth(demand.must) is not True:
                found = self._try(place, step)
                if found is not None:
                    return Outcome(False, found, places=self._places)
                parts = self._halved(place, here, level)
                if not parts:
                    detail = f"cells at step {step} became too small to be told apart"
                    return self._unknown(Reason.SOLVER_GAVE_UP, detail)
                continue
            if last:
                self._open |= self._question.goes_on
                continue
            self._take_on(place, here, gaps, step, level, following)
        return None

    def _take_on(
        self,
        place: Place,
        here: Valuation,
        gaps: Gaps | None,
        step: int,
        level: list[Place],
        following: dict[tuple[Any, ...], Place],
    ) -> None:
        here.doubts.clear()
        world = self._world
        possible = set(self._agent.actions)
        if gaps is not None:
            possible = {self._agent.actions[a] for a in gaps.possible(self._agent.ties)}
        ways: dict[Any, list[tuple[tuple[str, ...], Case]]] = {}
        choices = list(self._choices(place.cell))
        children: list[tuple[Any, Place]] = []
        for number, (cell, chosen) in enumerate(choices):
            for actions, case in world.steps:
                taken = tuple(action for action in actions if action in possible)
                if not taken:
                    continue
                environment: dict[str, Any] = {STATE: place.state}
                if world.choice_sort is not None:
                    environment[world.choice_sort.name] = chosen
                there = Valuation(cell, environment, here.observation, gaps)
                smaller = cut_by(there, case.guard)
                here.doubts += there.doubts
                if smaller is None:
                    continue
                ways.setdefault(number, []).append((taken, case))
                there = replace(there, cell=smaller)
                smaller, state = self._settled(smaller, there.record(case.value))
                edge = Edge(place, taken, case, chosen, sole=False)
                whole = (*place.whole, *widths(smaller)[len(place.whole) :])
                child = Place(place.root, smaller, state, [edge], whole=whole)
                children.append((number, child))
        ambiguous = any(len(listed) > 1 for listed in ways.values())
        pull = self._pull(place, here, gaps) if ambiguous else place.pull
        if ambiguous and self._is_wide(place) and self._split(place, pull, level):
            return
        for number, child in children:
            sole = len(ways[number]) == 1
            child.edges = [replace(child.edges[0], sole=sole)]
            child.pull = pull
            same = following.setdefault(child.key, child)
            if same is not child:
                same.edges += child.edges

    def _settled(self, cell: Cell, state: Mapping[str, Number]) -> tuple[Cell, dict[str, Number]]:
        """The state with a free number of its own for every feature known only by its range."""
        settled: dict[str, Number] = {}
        for name, number in state.items():
            if isinstance(number, Range):
                cell, number = cell.grown(number.lower, number.upper)
            settled[name] = number
        return cell, settled

    def _choices(self, cell: Cell) -> Iterator[tuple[Cell, Mapping[str, Number] | None]]:
        """What others may choose: every combination of finite values, the others free."""
        sort = self._world.choice_sort
        if sort is None:
            yield cell, None
            return
        options = [f.values or ((f.lower,) if f.lower == f.upper else None) for f in sort.features]
        finite = [values for values in options if values is not None]
        for values in product(*finite):
            left = iter(values)
            grown, chosen = cell, dict[str, Number]()
            for feature, listed in zip(sort.features, options, strict=True):
                if listed is None:
                    grown, number = grown.grown(feature.lower, feature.upper)
                    chosen[feature.name] = number
                else:
                    chosen[feature.name] = constant(next(left))
            yield grown, chosen

    # What the agent may do.

    def _gaps(self, places: Sequence[Place]) -> Sequence[Gaps | None]:
        if self._policy is None:
            return [None] * len(places)
        boxes: list[list[tuple[Fraction, Fraction]]] = []
        for place in places:
            ranges = map(place.cell.range, self._observed(place.cell, place.state).values())
            boxes.append([(one.lower, one.upper) for one in ranges])
        return self._policy.gaps(boxes)

    def _observed(self, cell: Cell, state: Mapping[str, Number]) -> dict[str, Number]:
        if self._world.observation is None:
            return {}
        seen = Valuation(cell, {STATE: state}).record(self._world.observation)
        return {f.name: seen[f.name] for f in self._agent.features}

    def _valuation(self, place: Place, gaps: Gaps | None) -> Valuation:
        observation = None if gaps is None else self._observed(place.cell, place.state)
        environment = {**place.root.environment, self._question.state: place.state}
        return Valuation(place.cell, environment, observation, gaps)

    # Splitting.

    def _is_wide(self, place: Place) -> bool:
        """Whether the place has not been halved so often that all actions are to be followed."""
        halvings = sum(
            log2(whole / part)
            for whole, part in zip(place.whole, widths(place.cell), strict=True)
            if whole and part
        )
        return halvings < EAGER_BITS * max(1, len(place.whole)) ** 0.5

    def _pull(self, place: Place, here: Valuation, gaps: Gaps | None) -> tuple[float, ...]:
        """How much each free number decides what is not certain at a place."""
        pull = np.zeros(len(place.cell.lower))
        width = np.array([float(one) for one in widths(place.cell)])
        for doubt in here.doubts:
            for (_, i), factor in doubt.terms.items():
                if i < len(pull):
                    pull[i] += abs(float(factor)) * width[i]
        if gaps is not None and here.observation is not None:
            possible = gaps.possible(self._agent.ties)
            open_ = gaps.slope[np.ix_(possible, possible)]
            for row in open_.reshape(-1, open_.shape[2]):
                moves = np.zeros(len(pull))
                for slope, number in zip(row, here.observation.values(), strict=True):
                    if isinstance(number, Affine):
                        for (_, i), factor in number.terms.items():
                            moves[i] += slope * float(factor)
                pull += np.abs(moves) * width
        return tuple(float(x) for x in pull)

    def _halved(self, place: Place, here: Valuation, level: list[Place]) -> bool:
        """Split a place on which a demand may fail; False where that cannot be."""
        pull = np.array(self._pull(place, here, here.gaps))
        if place.pull:
            before = np.array([*place.pull, *[0.0] * (len(pull) - len(place.pull))])
            pull = pull + before[: len(pull)]
        return self._split(place, tuple(pull), level)

    def _split(self, place: Place, pull: Sequence[float], level: list[Place]) -> bool:
        """Put the halves that can be come to on the level; False where the place is too small."""
        cell = place.cell
        present = widths(cell)
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
            edges = [e for e in place.edges if self._comes(e, half)]
            if edges or not place.edges:
                level.append(Place(place.root, half, place.state, edges, place.pull, place.whole))
        return True

    def _comes(self, edge: Edge, cell: Cell) -> bool:
        """Whether trajectories with these free numbers may come along an edge."""
        parent = edge.parent
        count = len(parent.cell.lower)
        lower = tuple(map(max, parent.cell.lower, cell.lower[:count]))
        upper = tuple(map(min, parent.cell.upper, cell.upper[:count]))
        if any(a > b for a, b in zip(lower, upper, strict=True)):
            return False
        before = Cell(lower, upper)
        if not edge.sole and not self._may(edge, before, cell):
            return False
        return not parent.edges or any(self._comes(one, before) for one in parent.edges)

    def _may(self, edge: Edge, before: Cell, cell: Cell) -> bool:
        state = edge.parent.state
        if self._policy is not None:
            known = edge.parent.parts
            if before not in known:
                place = Place(edge.parent.root, before, state)
                (gaps,) = self._gaps([place])
                if gaps is None:
                    return True
                known[before] = gaps
            possible = known[before].possible(self._agent.ties)
            if not any(self._agent.actions.index(action) in possible for action in edge.actions):
                return False
        environment: dict[str, Any] = {STATE: state}
        if self._world.choice_sort is not None:
            environment[self._world.choice_sort.name] = edge.chosen
        return Valuation(cell, environment).truth(edge.case.guard) is not False

    # Trying a point exactly.

    def _try(self, place: Place, step: int) -> Trail | None:
        """A trajectory through the middle of a place that does not meet its demands."""
        path = self._path(place)
        point = place.cell.middle
        values = place.root.values(point)
        choices: list[Any] = []
        for edge in path:
            chosen = edge.chosen
            choices.append(None if chosen is None else {k: at(n, point) for k, n in chosen.items()})
        guide = [edge.actions[0] for edge in path]
        try:
            trail = follow(self._question, self._functions, values, choices, guide)
        except (Undecided, InputError):
            return None
        return trail if trail is not None and trail.violates else None

    def _path(self, place: Place) -> list[Edge]:
        path: list[Edge] = []
        while place.edges:
            edge = place.edges[0]
            path.append(edge)
            place = edge.parent
        return path[::-1]


def widths(cell: Cell) -> tuple[Fraction, ...]:
    """How far each free number ranges."""
    return tuple(b - a for a, b in zip(cell.lower, cell.upper, strict=True))
