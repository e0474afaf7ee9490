"""Proofs over trajectories of any length: invariants, k-induction, ranking functions.

A set of states is invariant where the first states lie in it and every step leads from it into it.
It proves that a condition is always true where it is in the set. k-induction asks less: that the
condition is true after any k steps on which it was true; it proves the same where the condition is
true in the first k steps. All sets of states are cut to a box, which is part of what is proved.

What is always false in the end is shown by a ranking: a number that is at least 0 and falls by 1 at
each step until the goal is reached.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import torch

from extract.network import Network
from theory.scope import free_variables
from theory.sort import Feature, ObservationSort
from theory.substitution import substitute
from theory.term import Term, and_, not_, or_, variable
from verify.answer import Deadline
from verify.loop.attack import visited
from verify.loop.explore import Explorer
from verify.loop.policy import Policy
from verify.loop.question import Demand, Question, Temporal
from verify.loop.ranking import linear_ranking
from verify.loop.region import Box, around, closed, demanded, hull, inside, octagon, spread, union
from verify.loop.trial import Functions

LONGEST = 6
"""k-induction is tried for k up to this."""

DEEP = 2
"""So many sets of states, the cheapest, are tried for k-induction."""

ORIGIN = "origin"
"""The variable for the state in which an inductive step begins."""

HORIZON = 60
MARGINS = (0.02, 0.2)


@dataclass(frozen=True)
class Candidate:
    """A set of states that may be invariant, or in which k-induction may work.

    Attributes:
        name: what it is, for the report.
        box: the box.
        also: a formula over the state variable that is true in the set as well.
        kept: whether it is known to be invariant, so that it need not be proved.
    """

    name: str
    box: Box
    also: Term
    kept: bool = False


@dataclass(frozen=True)
class Prover:
    """What a proof needs.

    Attributes:
        temporal: the formula.
        policy: bounds on scores.
        functions: the exact meaning of the function symbols.
        deadline: when to stop.
    """

    temporal: Temporal
    policy: Policy | None
    functions: Functions
    deadline: Deadline

    def holds(self, question: Question, share: float = 0.25) -> bool:
        """Whether all trajectories of a question meet their demands, as far as can be proved."""
        limit = self.deadline.earlier(max(0.2, self.deadline.left * share))
        return Explorer(question, self.policy, self.functions).run(limit).proved is True

    def begins(self, *demands: Demand) -> bool:
        """The same for the first steps of the formula's own trajectories."""
        first = self.temporal.bounded(0)
        return self.holds(_asking(first, demands))

    def steps(self, box: Box, *demands: Demand) -> bool:
        """The same for trajectories that begin anywhere in a box."""
        span = self.temporal.span
        origin = variable(self.origin, box)
        given = ((self.origin, box),)
        condition = and_()
        if self._looks_back:
            given, condition = (*given, *self.temporal.variables), self.temporal.condition
        return self.holds(
            Question(span.world, given, condition, origin, span.state, tuple(demands))
        )

    @property
    def origin(self) -> str:
        """The name of the state in which an inductive step begins: none that the formula has."""
        taken = {self.temporal.span.state, *(name for name, _ in self.temporal.variables)}
        name = ORIGIN
        while name in taken:
            name += "'"
        return name

    @property
    def _looks_back(self) -> bool:
        """Whether the formula speaks, on the way, of what the trajectory began with."""
        span = self.temporal.span
        parts = (*self.temporal.formula.arguments[1:], span.invariant, span.ranking)
        names = {name for name, _ in self.temporal.variables}
        return any(part is not None and free_variables(part) & names for part in parts)


def prove(
    temporal: Temporal,
    policy: Policy | None,
    functions: Functions,
    network: Network | None,
    generator: torch.Generator,
    deadline: Deadline,
) -> str | None:
    """How a temporal formula is proved for trajectories of any length; None where it is not.

    Args:
        temporal: the formula.
        policy: bounds on scores.
        functions: the exact meaning of the function symbols.
        network: the policy's network, to run trajectories that suggest a set or a ranking.
        generator: of the random numbers.
        deadline: when to stop.
    """
    span = temporal.span
    if not isinstance(span.world.state_sort, ObservationSort):
        return None
    prover = Prover(temporal, policy, functions, deadline)
    first = hull(temporal.bounded(0))
    if first is None:
        return "no trajectory begins"
    if temporal.formula.operator == "always":
        return _always(prover, first, network, generator)
    if temporal.formula.operator == "eventually" and span.steps is None:
        return _eventually(prover, first, network, generator)
    return None


def _always(
    prover: Prover, first: Box, network: Network | None, generator: torch.Generator
) -> str | None:
    condition = prover.temporal.formula.arguments[1]
    bounded = prover.temporal.span.steps is not None
    tried: list[Candidate] = []
    for candidate in _candidates(prover, first, network, generator, quick=bounded):
        if prover.deadline.passed:
            return None
        kept = and_(inside(candidate.box, _state(prover)), candidate.also)
        outside = Demand(leaves=not_(candidate.also))
        invariant = candidate.kept or (
            prover.begins(Demand(kept)) and prover.steps(candidate.box, outside, Demand(kept))
        )
        if invariant and prover.steps(candidate.box, replace(outside, must=condition)):
            return f"invariant {candidate.name}"
        tried.append(candidate)
    if bounded:
        return None  # exploring is better than deeper and deeper induction
    for candidate in tried[:DEEP]:
        for k in range(1, LONGEST + 1):
            if prover.deadline.passed:
                return None
            kept = and_(inside(candidate.box, _state(prover)), candidate.also, condition)
            before = [Demand(leaves=not_(kept))] * k
            if prover.begins(*[Demand(kept)] * k) and prover.steps(
                candidate.box, *before, Demand(kept)
            ):
                return f"{k}-induction in {candidate.name}"
    return None


def _state(prover: Prover) -> Term:
    span = prover.temporal.span
    return variable(span.state, span.world.state_sort)


def _candidates(
    prover: Prover,
    first: Box,
    network: Network | None,
    generator: torch.Generator,
    *,
    quick: bool,
) -> Iterator[Candidate]:
    """Sets of states, those that cost least to find first; `quick` leaves it at the first one."""
    span = prover.temporal.span
    condition = prover.temporal.formula.arguments[1]
    offered = span.invariant
    also = and_() if offered is None else offered
    boxes: list[tuple[str, Box]] = []
    everywhere = closed(span.world, first)
    if everywhere is not None:
        boxes.append(("the box that any actions keep to", everywhere))
    if quick and offered is None:
        if everywhere is not None:
            yield Candidate(boxes[0][0], everywhere, also, kept=True)
        return
    finite = everywhere or spread(span.world, first)
    asked = demanded(span.world, and_(condition, also), span.state, finite)
    if asked is not None:
        boxes.append(("the box that the condition allows", _like(union(asked, first), finite)))
    declared = span.world.state_sort
    if isinstance(declared, ObservationSort) and everywhere is None:
        boxes.append(("the box of declared ranges", _like(union(declared, first), finite)))
    name = "" if offered is None else "the given formula, in "
    for title, box in boxes:
        kept = box is everywhere and offered is None
        yield Candidate(f"{name}{title}", box, also, kept)
    states = visited(prover.temporal.bounded(HORIZON), network, generator)[0]
    names = [feature.name for feature in first.features]
    free = [at for at, feature in enumerate(finite.features) if feature.values is None]
    if not len(states) or not free:
        return
    for margin in MARGINS:
        box = around(states, _like(first, finite), margin)
        yield Candidate(f"{name}a box around what was seen", box, also)
        if len(free) > 1:
            shape = octagon(states[:, free], [names[at] for at in free], _state(prover), margin)
            yield Candidate(f"{name}an octagon around what was seen", box, and_(also, shape))


def _like(box: Box, finite: Box) -> Box:
    """The box with the values of features that stay finite, and ranges for the others."""
    features = [
        one if one.values is not None else Feature(other.name, other.lower, other.upper)
        for one, other in zip(finite.features, box.features, strict=True)
    ]
    return ObservationSort("State", tuple(features))


def _eventually(
    prover: Prover, first: Box, network: Network | None, generator: torch.Generator
) -> str | None:
    span = prover.temporal.span
    goal = prover.temporal.formula.arguments[1]
    state = _state(prover)
    rankings: list[tuple[str, Term]] = []
    if span.ranking is not None:
        rankings.append(("the given ranking", span.ranking))
    else:
        before, after = visited(prover.temporal.bounded(HORIZON), network, generator)
        found = linear_ranking(before, after, [f.name for f in first.features], state)
        rankings += [] if found is None else [("a linear ranking", found)]
    everywhere = closed(span.world, first)
    asked = (
        None
        if everywhere
        else demanded(span.world, not_(goal), span.state, spread(span.world, first))
    )
    for name, rank in rankings:
        for box in (everywhere, asked and union(asked, first), first):
            if box is None:
                continue
            kept = or_(goal, inside(box, state))
            origin = variable(prover.origin, box)
            before_ = substitute(rank, {span.state: origin})
            falls = and_(rank <= before_ - Fraction(1), kept)
            if prover.begins(Demand(kept)) and prover.steps(
                box, Demand(rank >= 0, leaves=goal), Demand(falls, leaves=goal)
            ):
                return f"{name}: {rank}"
    return None


def _asking(question: Question, demands: tuple[Demand, ...]) -> Question:
    return Question(
        question.world,
        question.variables,
        question.condition,
        question.start,
        question.state,
        demands,
    )
