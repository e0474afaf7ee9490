"""Formulas over trajectories: always, eventually, until, next, probably, bounded or for ever.

A temporal formula speaks of every trajectory from its start: of every choice of others, and of
every best action where several score best. It is a term like others, and may stand inside another
one: `always(lambda s: implies(asked(s), world.trajectory(s, 3).eventually(stopped)))`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from theory.error import InputError, SortError
from theory.fold import fold
from theory.node import Term, build, variable
from theory.rational import Exact, exact, number_text
from theory.scope import QUANTIFIERS, free_variables
from theory.term import and_

if TYPE_CHECKING:
    from theory.world import World

Condition = Callable[[Term], Term]
"""From a state to a formula about it."""


PROBE = "s\u200b"
"""A name that no variable of a user's has, as part of it does not print."""


@dataclass(frozen=True)
class Bound:
    """What is asked of a probability.

    Attributes:
        least: whether it is to be at least the limit; otherwise at most.
        limit: the number, from 0 to 1.
    """

    least: bool
    limit: Fraction

    def __str__(self) -> str:
        return f"{'>=' if self.least else '<='} {number_text(self.limit)}"

    @property
    def latex(self) -> str:
        """The bound in LaTeX."""
        return (r"\geq " if self.least else r"\leq ") + str(self.limit)

    def met(self, probability: Fraction) -> bool:
        """Whether a probability is within the bound."""
        return probability >= self.limit if self.least else probability <= self.limit


@dataclass(frozen=True)
class Span:
    """What a temporal operator ranges over: the payload of its term.

    Attributes:
        world: the world.
        steps: how many; None is for ever.
        state: the variable for the present state in the operator's formulas.
        invariant: a formula over that variable that is offered for a proof; it is checked.
        ranking: a number over that variable that is offered for a proof that something happens: it
            is checked that it falls by 1 at least, and is never below 0, as long as it has not.
        bound: for `probably`, what is asked of the probability.
    """

    world: World
    steps: int | None
    state: str
    invariant: Term | None = None
    ranking: Term | None = None
    bound: Bound | None = None

    @property
    def length(self) -> str:
        """`, 10` for ten steps; nothing for ever."""
        return "" if self.steps is None else f", {self.steps}"


@dataclass(frozen=True)
class Trajectory:
    """The states that an agent runs through.

    Attributes:
        world: in which world.
        start: where it begins.
        steps: how many steps it takes; None is for ever.

    Raises:
        SortError: the start is no state of the world.
        InputError: the number of steps is negative.
    """

    world: World
    start: Term
    steps: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.start, Term) or self.start.sort != self.world.state_sort:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise SortError(
                f"a trajectory of {self.world.name} starts at one of its states, got {self.start!r}"
            )
        whole = isinstance(self.steps, int) and not isinstance(self.steps, bool)
        if self.steps is not None and not (whole and self.steps >= 0):
            raise InputError(f"the steps of a trajectory are a number from 0, not {self.steps!r}")

    def always(self, condition: Condition, *, invariant: Condition | None = None) -> Term:
        """The condition is true at the start and after every step.

        Args:
            condition: from a state to a formula.
            invariant: a formula that may help a proof: true at the start, kept by every step, and
                stronger than the condition.
        """
        return self._over("always", (condition,), invariant=invariant)

    def eventually(self, condition: Condition, *, ranking: Condition | None = None) -> Term:
        """The condition is true at the start or after some step.

        Args:
            condition: from a state to a formula.
            ranking: from a state to a number, which may help a proof over trajectories without end:
                at least 0, and smaller by 1 after each step, as long as the condition is not true.
        """
        return self._over("eventually", (condition,), ranking=ranking)

    def until(self, hold: Condition, goal: Condition) -> Term:
        """The goal is true at some time, and `hold` at every time before."""
        return self._over("until", (hold, goal))

    def probably(
        self,
        goal: Condition,
        *,
        hold: Condition | None = None,
        at_least: Exact | None = None,
        at_most: Exact | None = None,
    ) -> Term:
        """The probability that the goal is true at some time, and `hold` at every time before.

        It is that of the choices for which the world has odds. Whatever is not left to chance
        (other choices, and which of several best actions is taken) is what is worst for the bound.

        Args:
            goal: from a state to a formula.
            hold: what has to be true before; by default nothing.
            at_least: the bound; give this or `at_most`.
            at_most: the bound.

        Raises:
            InputError: there is not exactly one bound, or it is no probability.
        """
        if (at_least is None) == (at_most is None):
            raise InputError("probably: give at_least or at_most")
        given = at_least if at_least is not None else at_most
        limit = exact(given if given is not None else 0, "probably: the bound")
        if not 0 <= limit <= 1:
            raise InputError(f"probably: the bound {number_text(limit)} is not between 0 and 1")

        def before(state: Term) -> Term:
            return and_() if hold is None else hold(state)

        return self._over("probably", (before, goal), bound=Bound(at_least is not None, limit))

    def next(self, condition: Condition) -> Term:
        """The condition is true after one step."""
        return Trajectory(self.world, self.start, 1)._over("next", (condition,))

    def _over(
        self,
        operator: str,
        conditions: tuple[Condition, ...],
        *,
        invariant: Condition | None = None,
        ranking: Condition | None = None,
        bound: Bound | None = None,
    ) -> Term:
        offered = [one for one in (*conditions, invariant, ranking) if one is not None]
        probe = variable(PROBE, self.world.state_sort)
        taken = free_variables(self.start).union(*(_names(one(probe)) for one in offered))
        name = "s"
        while name in taken:
            name += "'"
        state = variable(name, self.world.state_sort)
        span = Span(
            self.world,
            self.steps,
            name,
            None if invariant is None else invariant(state),
            None if ranking is None else ranking(state),
            bound,
        )
        return build(operator, (self.start, *(one(state) for one in conditions)), span)


def _names(condition: Term) -> frozenset[str]:
    """The variables of a condition that are free in it, or bound by a quantifier."""
    bound: set[str] = set()

    def step(node: Term, _: Sequence[None]) -> None:
        if node.operator in QUANTIFIERS:
            bound.update(name for name, _ in node.payload)

    fold(condition, step)
    return free_variables(condition) | bound
