"""Temporal formulas as first-order ones: a formula for every step of every path of actions.

That is what the engines for single observations can take. A path is a sequence of steps of the
world: who may act, and which case of its step applies. The choices of others become quantified
variables, one for each step. Formulas of more paths than can be listed are left to the engines
that follow trajectories themselves (`verify.loop`).
"""

from __future__ import annotations

from collections.abc import Sequence

from theory.bend import TooManyCases, lifted
from theory.course import asked
from theory.fold import fold
from theory.node import Term
from theory.scope import TEMPORAL
from theory.substitution import rebuilt, substitute
from theory.term import and_, forall, implies, or_
from theory.trajectory import Span

LARGEST = 4096
"""A temporal formula of more paths than this is refused."""

DEEPEST = 256
"""A temporal formula of more steps than this is refused, whatever its paths."""


def is_temporal(formula: Term) -> bool:
    """Whether a formula speaks of trajectories."""
    return fold(formula, lambda node, parts: node.operator in TEMPORAL or any(parts))


def can_be_unrolled(formula: Term) -> bool:
    """Whether a formula has an end, and no temporal operator more paths than can be listed."""

    def step(node: Term, parts: Sequence[bool]) -> bool:
        return all(parts) and (node.operator not in TEMPORAL or _has_end(node))

    return fold(formula, step)


def _has_end(node: Term) -> bool:
    span: Span = node.payload
    if span.steps is None or span.steps > DEEPEST or node.operator == "probably":
        return False
    try:
        return len(span.world.steps) ** span.steps <= LARGEST
    except TooManyCases:
        return False


def unrolled(formula: Term) -> Term:
    """The formula without temporal operators and without `if`; the same term where it has none.

    Raises:
        TooManyCases: it has too many paths, or speaks of trajectories without end.
    """

    def step(node: Term, parts: Sequence[Term]) -> Term:
        whole = rebuilt(node, parts)
        if node.operator not in TEMPORAL:
            return whole
        if node.payload.world.choice_sort is not None and any(map(is_temporal, node.arguments[1:])):
            raise TooManyCases("where others choose, a trajectory cannot begin on another one")
        return _unrolled(whole)

    return lifted(fold(formula, step))


def choices(span: Span, steps: int) -> list[Term]:
    """The variables for what others choose in a number of steps."""
    if span.world.choice_sort is None:
        return []
    return [span.world.choice(step) for step in range(steps)]


def _unrolled(node: Term) -> Term:
    span: Span = node.payload
    world = span.world
    if span.steps is None:
        raise TooManyCases("a trajectory without end has no last step")
    if node.operator == "probably":
        raise TooManyCases("probabilities are for worlds that come to finitely many states")
    if span.steps > DEEPEST:
        raise TooManyCases(f"{span.steps} steps in {world.name} are more than {DEEPEST}")
    paths = len(world.steps) ** span.steps
    if paths > LARGEST:
        raise TooManyCases(f"{span.steps} steps in {world.name} have {paths} paths")
    chosen = choices(span, span.steps)

    def after(state: Term, at: int) -> Term:
        hold, goal = (
            None if one is None else substitute(one, {span.state: state}) for one in asked(node, at)
        )
        if at == span.steps:
            return goal if goal is not None else and_() if hold is None else hold
        parts = [] if hold is None else [hold]
        for actions, case in world.steps:
            choice = chosen[at] if chosen else None
            leads = world.leads(state, actions, case, choice)
            parts.append(implies(leads, after(world.after(state, case, choice), at + 1)))
        return and_(*parts) if goal is None else or_(goal, and_(*parts))

    whole = after(node.arguments[0], 0)
    return forall(*chosen, whole) if chosen else whole
