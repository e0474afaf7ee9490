"""The common question of all engines: is there an input in a box at which a goal is reached?

A property is violated where its negation is reached. The formula and every copy of the network
that it speaks of are joined into one graph with one flat input, so that an engine needs to know
nothing of agents, and any number of copies, compositions and quantified observations is one case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, partial
from typing import Any

from extract.network import Network
from extract.run import run_exact
from theory.enclosure import Undecided
from theory.error import InputError
from verify.problem.affine import Affine, float32_holds
from verify.problem.goal import Goal, Inequality, combine


@dataclass(frozen=True)
class Variable:
    """One free scalar of the problem.

    Attributes:
        owner: the quantified variable it belongs to, such as `o`.
        component: the feature, or "" where the quantified variable is itself a number.
        lower, upper: its range.
        values: its finite set of values instead, ascending.
    """

    owner: str
    component: str
    lower: Fraction
    upper: Fraction
    values: tuple[Fraction, ...] | None = None

    @property
    def name(self) -> str:
        """How messages call it."""
        return f"{self.owner}.{self.component}" if self.component else self.owner

    @property
    def is_float32(self) -> bool:
        """Whether its values are float32 numbers.

        A range stands for the float32 numbers in it, which is what a deployed network is given; a
        single number or a finite set stands for exactly those numbers, float32 or not.
        """
        if self.values is None and self.lower < self.upper:
            return True
        return all(float32_holds(v) for v in self.values or (self.lower,))


NOTHING = Variable("", "", Fraction(0), Fraction(0))
"""The variable of a problem that has none, because its network needs an input."""


@dataclass(frozen=True, eq=False)
class Problem:
    """Find an input in the box of the variables at which the goal is reached.

    Attributes:
        variables: the entries of the flat input, in order.
        network: from the flat input to all tensors that inequalities speak of, joined flat.
        offsets: position of each such tensor in the output of `network`.
        deployed: nodes that the deployed network computes in float32; the others belong to the
            formula and are exact.
        casts: formula nodes whose entries are rounded to float32 when they enter a deployed copy.
        inequalities: over entries of the tensors in `offsets`.
        goal: over the inequalities.
        empty: no point of the box satisfies what the goal demands of single variables.
    """

    variables: tuple[Variable, ...]
    network: Network
    offsets: Mapping[str, int]
    deployed: frozenset[str]
    casts: frozenset[str]
    inequalities: tuple[Inequality, ...]
    goal: Goal
    empty: bool = False

    def flat_terms(self, expression: Affine) -> dict[int, Fraction]:
        """Coefficients by position in the output of the network."""
        return {self.offsets[t] + i: c for (t, i), c in expression.terms.items()}

    def reached(self, point: Sequence[Fraction]) -> bool:
        """Whether the goal is reached at a point, in exact arithmetic.

        Raises:
            Undecided: the network is not rational and the enclosure too wide to tell, or it
                divides by zero there.
        """
        if self.empty or not self.inside(point):
            return False
        try:
            outputs = run_exact(self.network, point)
        except InputError as error:  # the network has no value there
            raise Undecided(str(error)) from None
        return combine(self.goal, cache(partial(self._satisfied, outputs)), all, any)

    def inside(self, point: Sequence[Fraction]) -> bool:
        """Whether a point lies in the box."""
        return all(
            value in v.values if v.values is not None else v.lower <= value <= v.upper
            for v, value in zip(self.variables, point, strict=True)
        )

    def _satisfied(self, outputs: Sequence[Any], index: int) -> bool:
        inequality = self.inequalities[index]
        total: Any = inequality.expression.constant
        for position, coefficient in self.flat_terms(inequality.expression).items():
            total = total + outputs[position] * coefficient
        return inequality.satisfied(total)
