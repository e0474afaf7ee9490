"""What a decision theory answers, and the matrix of news that three of them read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from typing import Any, TypeAlias

from theory.causal.value import UNREACHABLE, Unreachable
from theory.decision.problem import POLICY, Problem


class Status(Enum):
    """How firm an answer is.

    DECIDED: the acts are the theory's best. UNSTABLE: deciding on any act is a reason against it.
    DEPENDS: on a credence that the theory leaves open. MIXED: deliberation comes to rest between
    several acts. UNREACHABLE: the question conditions on what has probability zero.
    """

    DECIDED = "decided"
    UNSTABLE = "unstable"
    DEPENDS = "depends"
    MIXED = "mixed"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True)
class Answer:
    """A theory's answer to a problem, after one observation.

    Attributes:
        theory: whose answer it is.
        status: how firm it is.
        acts: the recommended acts; several where they are equally good, or, for DEPENDS, where
            different credences recommend different ones; for MIXED, those that it rests between.
        values: what the theory takes each act to be worth.
        reason: why there is no firm answer.
    """

    theory: str
    status: Status
    acts: tuple[Any, ...]
    values: Mapping[Any, Fraction | Unreachable] = field(
        default_factory=dict[Any, Fraction | Unreachable], hash=False
    )
    reason: str = ""

    @property
    def value(self) -> Fraction | Unreachable:
        """What the recommended act is worth; UNREACHABLE where none is recommended."""
        if self.status is not Status.DECIDED:
            return UNREACHABLE
        return self.values[self.acts[0]]

    @property
    def idle(self) -> bool:
        """Whether there is nothing to answer, because what is observed cannot occur."""
        return all(isinstance(value, Unreachable) for value in self.values.values())

    def __str__(self) -> str:
        if self.status is Status.DECIDED:
            return " or ".join(map(str, self.acts))
        return self.status.value


def best(values: Mapping[Any, Fraction | Unreachable]) -> tuple[Any, ...]:
    """The acts of greatest value among those that have one."""
    known = {act: value for act, value in values.items() if not isinstance(value, Unreachable)}
    if not known:
        return ()
    top = max(known.values())
    return tuple(act for act, value in known.items() if value == top)


def decided(theory: str, values: Mapping[Any, Fraction | Unreachable]) -> Answer:
    """The answer that the acts of greatest value are; UNREACHABLE where an act has no value."""
    missing = [act for act, value in values.items() if isinstance(value, Unreachable)]
    if missing:
        return Answer(theory, Status.UNREACHABLE, (), values, f"{_list(missing)} cannot happen")
    return Answer(theory, Status.DECIDED, best(values), values)


News: TypeAlias = dict[Any, dict[Any, Fraction]]


@dataclass(frozen=True)
class Matrix:
    """What each act would bring about, for each act that the agent may turn out to be inclined to.

    Attributes:
        worth: inclined-to act, then act: E[U | do(act), the policy does `inclined` here, what is
            observed]. Acts that the agent is sure not to be inclined to have no row.
        credence: how likely each is, given what is observed.
    """

    worth: News
    credence: Mapping[Any, Fraction]

    def at(self, credence: Mapping[Any, Fraction], act: Any) -> Fraction:
        """The expected worth of an act under a credence over one's own inclination."""
        return sum((c * self.worth[d][act] for d, c in credence.items() if c), Fraction(0))


def matrix(problem: Problem) -> Matrix | Unreachable:
    """The matrix of news at the problem's observation; UNREACHABLE where that cannot occur."""
    worth: News = {}
    masses: dict[Any, Fraction] = {}
    for act in problem.acts:
        totals: dict[Any, Fraction] = dict.fromkeys(problem.acts, Fraction(0))
        masses = dict.fromkeys(problem.acts, Fraction(0))
        for world, weight in problem.worlds(act=act):
            if problem.seen(world) != problem.asked:
                continue
            inclined = world[POLICY](*problem.asked)
            totals[inclined] += weight * problem.utility(world)
            masses[inclined] += weight
        for inclined, mass in masses.items():
            if mass:
                worth.setdefault(inclined, {})[act] = totals[inclined] / mass
    total = sum(masses.values(), Fraction(0))
    if not total:
        return UNREACHABLE
    return Matrix(worth, {d: mass / total for d, mass in masses.items() if d in worth})


def unreachable(theory: str, acts: Iterable[Any]) -> Answer:
    """The answer where the observation has probability zero."""
    return Answer(
        theory,
        Status.UNREACHABLE,
        (),
        dict.fromkeys(acts, UNREACHABLE),
        "what is observed has probability zero",
    )


def _list(items: Iterable[Any]) -> str:
    return ", ".join(map(str, items))
