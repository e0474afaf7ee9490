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
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from itertools import product
from typing import Any

from theory.bend import Case
from theory.enclosure import Undecided
from theory.error import InputError
from theory.term import not_
from theory.world import STATE
from verify.answer import Deadline, Progress
from verify.limit import OutOfTime, within
from verify.loop.cell import Cell, Number, Range, at
from verify.loop.fact import facts, follows
from verify.loop.halve import Halver
from verify.loop.place import Edge, Place
from verify.loop.policy import Gaps, Policy
from verify.loop.question import Question, cut_by, roots
from verify.loop.trial import Functions, Trail, follow
from verify.loop.valuation import Valuation
from verify.loop.view import View
from verify.problem.affine import constant
from verify.verdict import Reason

BATCH = 128
LARGEST_LEVEL = 200_000


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
        self._functions = functions
        self._view = View(question, policy)
        self._halver = Halver(self._view)
        self._places = 0
        self._open = False

    def run(self, deadline: Deadline, progress: Progress | None = None) -> Outcome:
        """Explore until an answer or the deadline."""
        level = [
            Place(root, root.cell, root.state, whole=root.cell.widths)
            for root in roots(self._question)
        ]
        shown = time.monotonic()
        for step in range(self._question.steps + 1):
            following: dict[tuple[Any, ...], Place] = {}
            while level:
                if len(level) + len(following) > LARGEST_LEVEL:
                    return self._unknown(Reason.MEMORY, f"too many cells at step {step}")
                batch, rest = level[-BATCH:], level[:-BATCH]
                try:
                    go = partial(self._advance, batch, step, rest, following)
                    outcome = within(deadline.left, go)
                except OutOfTime:
                    at = f"at step {step} of {self._question.steps}, with {len(level)} cells open"
                    return self._unknown(Reason.TIME, f"{at}; try a longer timeout")
                level = rest
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
        for place, gaps in zip(batch, self._view.gaps(batch), strict=True):
            here = self._view.valuation(place, gaps)
            kept = self._kept(place, here, level)
            if isinstance(kept, Outcome):
                return kept
            if step == self._question.steps:
                self._open |= self._question.goes_on and bool(kept)
                continue
            for cell in kept:
                part = place if cell is place.cell else replace(place, cell=cell)
                self._take_on(part, replace(here, cell=cell), gaps, level, following)
        return None

    def _kept(self, place: Place, here: Valuation, level: list[Place]) -> list[Cell] | Outcome:
        """Parts of a place where its demand is met and from which more is asked; an outcome where
        there is one.
        """
        demand = self._question.demands[place.step]
        if demand.leaves is not None:
            stays = cut_by(here, not_(demand.leaves))
            if stays is None:
                return []
            place.cell = stays
            here = replace(here, cell=stays)
            place.going_on = facts(here, not_(demand.leaves))
        if demand.must is None or here.truth(demand.must) is True:
            return [place.cell]
        points = [place.cell.middle]
        known = self._halver.known(place)
        if known:
            implied = follows(here, demand.must, known)
            if implied is True:
                return [place.cell]
            points = [implied, *points] if implied else points
        found = self._try(place, points)
        if found is not None:
            return Outcome(False, found, places=self._places)
        if not self._halver.halved(place, here, level):
            detail = f"cells at step {place.step} became too small to be told apart"
            return self._unknown(Reason.SOLVER_GAVE_UP, detail)
        return []

    def _take_on(
        self,
        place: Place,
        here: Valuation,
        gaps: Gaps | None,
        level: list[Place],
        following: dict[tuple[Any, ...], Place],
    ) -> None:
        here.doubts.clear()
        world, agent = self._world, self._world.agent
        possible = set(agent.actions)
        if gaps is not None:
            possible = {agent.actions[a] for a in gaps.possible(agent.ties)}
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
                whole = (*place.whole, *smaller.widths[len(place.whole) :])
                child = Place(place.root, smaller, state, place.step + 1, [edge], whole=whole)
                children.append((number, child))
        ambiguous = any(len(listed) > 1 for listed in ways.values())
        pull = self._halver.pull(place, here, gaps) if ambiguous else place.pull
        wide = ambiguous and self._halver.is_wide(place)
        if wide and self._halver.split(place, pull, level):
            return
        for number, child in children:
            sole = len(ways[number]) == 1
            child.edges = [replace(child.edges[0], sole=sole)]
            child.pull = pull
            same = following.setdefault(child.key, child)
            if same is not child:
                same.edges += child.edges
                same.facts = None

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

    def _try(self, place: Place, points: Sequence[tuple[Fraction, ...]]) -> Trail | None:
        """A trajectory through one of some points of a place that does not meet its demands."""
        for point in points:
            trail = self._followed(place, point)
            if trail is not None and trail.violates:
                return trail
        return None

    def _followed(self, place: Place, point: tuple[Fraction, ...]) -> Trail | None:
        """The trajectory with these free numbers, along the way to a place where it can choose."""
        path = place.path
        choices: list[Any] = []
        for edge in path:
            chosen = edge.chosen
            choices.append(None if chosen is None else {k: at(n, point) for k, n in chosen.items()})
        guide = [edge.actions[0] for edge in path]
        try:
            return follow(self._question, self._functions, place.root.values(point), choices, guide)
        except (Undecided, InputError):
            return None
