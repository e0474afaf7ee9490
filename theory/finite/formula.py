"""Formulas of PCTL with rewards: statements about the states of a finite process.

Hansson and Jonsson, A logic for reasoning about time and reliability, 1994; with schedulers: Bianco
and de Alfaro, Model checking of probabilistic and nondeterministic systems, 1995. A state formula
is true or false in a state; `Bounded` compares the optimal probability of a path, or an optimal
expected reward, with a number, for every scheduler or for some.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from theory.error import InputError
from theory.finite.value import Best, Relation, relation
from theory.rational import Exact, exact, number_text

Schedulers = Literal["all", "some"]
"""Whether a bound is to hold whatever everybody does, or for some strategy of the agent, against
every strategy of an opponent where there is one."""


@dataclass(frozen=True)
class Atom:
    """A named set of states; without a set, every state."""

    name: str
    states: frozenset[str] | None = None

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Not:
    """The formula is false."""

    formula: StateFormula

    def __str__(self) -> str:
        return f"not {_inner(self.formula)}"


@dataclass(frozen=True)
class And:
    """Every formula is true."""

    formulas: tuple[StateFormula, ...]

    def __str__(self) -> str:
        return " and ".join(map(_inner, self.formulas))


@dataclass(frozen=True)
class Or:
    """Some formula is true."""

    formulas: tuple[StateFormula, ...]

    def __str__(self) -> str:
        return " or ".join(map(_inner, self.formulas))


@dataclass(frozen=True)
class Next:
    """The next state satisfies the formula."""

    formula: StateFormula

    def __str__(self) -> str:
        return f"next {_inner(self.formula)}"


@dataclass(frozen=True)
class Until:
    """A state satisfies `goal`, within so many steps where a number is given, and `stay` before."""

    stay: StateFormula
    goal: StateFormula
    within: int | None = None

    def __str__(self) -> str:
        return f"{_inner(self.stay)} until{_bound(self.within)} {_inner(self.goal)}"


@dataclass(frozen=True)
class Always:
    """Every state satisfies the formula, for so many steps where a number is given."""

    formula: StateFormula
    within: int | None = None

    def __str__(self) -> str:
        return f"always{_bound(self.within)} {_inner(self.formula)}"


@dataclass(frozen=True)
class RewardTo:
    """The reward until a state satisfies the formula."""

    goal: StateFormula

    def __str__(self) -> str:
        return f"reward until {_inner(self.goal)}"


@dataclass(frozen=True)
class RewardWithin:
    """The reward of the next so many steps."""

    steps: int

    def __str__(self) -> str:
        return f"reward in {self.steps} steps"


@dataclass(frozen=True)
class Discounted:
    """The discounted reward, with the discount of the process."""

    def __str__(self) -> str:
        return "discounted reward"


@dataclass(frozen=True)
class Average:
    """The reward per step in the long run."""

    def __str__(self) -> str:
        return "average reward"


@dataclass(frozen=True)
class Bounded:
    """An optimal quantity stands in a relation to a number.

    Attributes:
        quantity: a path, whose probability is meant, or a reward, whose expectation is.
        relation: the comparison.
        limit: the number.
        schedulers: for which strategies.
    """

    quantity: Path | Reward
    relation: Relation
    limit: Fraction
    schedulers: Schedulers = "all"

    @property
    def best(self) -> Best:
        """The optimum that decides the bound."""
        low = self.relation in (">=", ">")
        return "min" if low == (self.schedulers == "all") else "max"

    def __str__(self) -> str:
        kind = "P" if isinstance(self.quantity, Next | Until | Always) else "E"
        bound = f"{kind} {self.relation} {number_text(self.limit)}"
        return f"{bound} for {self.schedulers} [{self.quantity}]"


Path = Next | Until | Always
Reward = RewardTo | RewardWithin | Discounted | Average
StateFormula = Atom | Not | And | Or | Bounded

EVERYWHERE = Atom("true")


def at(name: str, states: Iterable[str]) -> Atom:
    """The formula that is true in these states, under a name."""
    return Atom(name, frozenset(states))


def eventually(goal: StateFormula, within: int | None = None) -> Until:
    """A state satisfies the formula, within so many steps where a number is given."""
    return Until(EVERYWHERE, goal, within)


def bounded(
    quantity: Path | Reward, sign: str, limit: Exact, schedulers: Schedulers = "all"
) -> Bounded:
    """The formula that an optimal quantity is bounded.

    Args:
        quantity: a path or a reward.
        sign: >=, >, <= or <.
        limit: the number.
        schedulers: whether the bound holds for all strategies, or for some of the agent's.

    Raises:
        InputError: there is no such comparison, the limit is no number, or not a probability.
    """
    number = exact(limit, "limit")
    if isinstance(quantity, Next | Until | Always) and not 0 <= number <= 1:
        raise InputError(f"limit: {number} is not a probability")
    if schedulers not in ("all", "some"):
        raise InputError(f"schedulers: {schedulers!r} is neither 'all' nor 'some'")
    return Bounded(quantity, relation(sign), number, schedulers)


def _inner(formula: StateFormula) -> str:
    return f"({formula})" if isinstance(formula, And | Or) else str(formula)


def _bound(within: int | None) -> str:
    return "" if within is None else f" within {within}"
