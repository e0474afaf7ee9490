"""Proofs over trajectories of any length: invariants, k-induction, ranking functions.

A set of states is invariant where the first states lie in it and every step leads from it into it.
It proves that a condition is always true where it is in the set. k-induction asks less: that the
condition is true after any k steps on which it was true; it proves the same where the condition is
true in the first k steps. All sets of states are cut to a box, which is part of what is proved.

What is always false in the end is shown by a ranking: a number that is at least 0 and falls by 1 at
each step until the goal is reached.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import torch

from extract.network import Network
from theory.course import asked
from theory.fold import fold
from theory.scope import free_variables
from theory.sort import ObservationSort
from theory.substitution import substitute
from theory.term import Term, and_, not_, or_, variable
from verify.answer import Deadline
from verify.loop.attack import visited
from verify.loop.candidate import HORIZON, Candidate, Searcher
from verify.loop.explore import Explorer
from verify.loop.policy import Policy
from verify.loop.question import Demand, Question, Temporal
from verify.loop.ranking import linear_ranking
from verify.loop.region import Box, closed, demanded, hull, inside, spread, union
from verify.loop.trial import Functions

LONGEST = 6
"""k-induction is tried for k up to this."""

DEEP = 2
"""So many sets of states, the cheapest, are tried for k-induction."""

ORIGIN = "origin"
"""The variable for the state in which an inductive step begins."""


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

    def holds(self, question: Question, share: float = 0.4) -> bool:
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
    networks: Mapping[str, Network],
    generator: torch.Generator,
    deadline: Deadline,
) -> str | None:
    """How a temporal formula is proved for trajectories of any length; None where it is not.

    Args:
        temporal: the formula.
        policy: bounds on scores.
        functions: the exact meaning of the function symbols.
        networks: by symbol: the policy, to run trajectories that suggest a set or a ranking, and
            the evaluator, where there is one.
        generator: of the random numbers.
        deadline: when to stop.
    """
    span = temporal.span
    if not isinstance(span.world.state_sort, ObservationSort):
        return None
    network = None if span.world.observation is None else networks["score"]
    evaluator = networks.get("value")
    valued = None if policy is None or evaluator is None else policy.valued(evaluator)
    offers = [one for one in (span.invariant, span.ranking) if one is not None]
    prover = Prover(temporal, valued if any(map(_values, offers)) else policy, functions, deadline)
    first = hull(temporal.bounded(0))
    if first is None:
        return "no trajectory begins"
    if temporal.formula.operator == "always":
        search = Searcher(temporal, first, network, evaluator, generator)
        return _always(prover, replace(prover, policy=valued), search)
    if span.steps is None:
        return _reaching(prover, first, network, generator)
    return None


def _values(term: Term) -> bool:
    """Whether a term asks for the evaluator's value."""

    def step(node: Term, parts: Sequence[bool]) -> bool:
        return any(parts) or (node.operator == "apply" and node.payload.name == "value")

    return fold(term, step)


def _always(plain: Prover, valued: Prover, search: Searcher) -> str | None:
    """How an `always` is proved; `valued` knows bounds on the evaluator's value."""
    condition = search.condition
    bounded = plain.temporal.span.steps is not None
    tried: list[Candidate] = []
    for candidate in search.candidates(quick=bounded):
        prover = valued if _values(candidate.also) else plain
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
            if plain.deadline.passed:
                return None
            kept = and_(inside(candidate.box, _state(plain)), candidate.also, condition)
            before = [Demand(leaves=not_(kept))] * k
            prover = valued if _values(kept) else plain
            if prover.begins(*[Demand(kept)] * k) and prover.steps(
                candidate.box, *before, Demand(kept)
            ):
                return f"{k}-induction in {candidate.name}"
    return None


def _state(prover: Prover) -> Term:
    span = prover.temporal.span
    return variable(span.state, span.world.state_sort)


def _reaching(
    prover: Prover, first: Box, network: Network | None, generator: torch.Generator
) -> str | None:
    """How it is proved that a goal is reached, and until then `hold` is true."""
    span = prover.temporal.span
    hold, goal = asked(prover.temporal.formula, 0)
    if goal is None:
        return None
    state = _state(prover)
    rankings: list[tuple[str, Term]] = []
    if span.ranking is not None:
        rankings.append(("the given ranking", span.ranking))
    else:
        before, after = visited(prover.temporal.bounded(HORIZON), network, generator)
        found = linear_ranking(before, after, [f.name for f in first.features], state)
        rankings += [] if found is None else [("a linear ranking", found)]
    everywhere = closed(span.world, first)
    open_ = and_(not_(goal), *([] if hold is None else [hold]))
    allowed = (
        None if everywhere else demanded(span.world, open_, span.state, spread(span.world, first))
    )
    for name, rank in rankings:
        for box in (everywhere, allowed and union(allowed, first), first):
            if box is None:
                continue
            kept = or_(goal, and_(inside(box, state), *([] if hold is None else [hold])))
            origin = variable(prover.origin, box)
            before_ = substitute(rank, {span.state: origin})
            falls = and_(rank <= before_ - Fraction(1), kept)
            stays = Demand(leaves=or_(goal, not_(kept)), must=rank >= 0)
            if prover.begins(Demand(kept)) and prover.steps(box, stays, Demand(falls, leaves=goal)):
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
