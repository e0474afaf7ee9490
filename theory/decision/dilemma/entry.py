"""A dilemma of the literature: its problem, where it comes from, and what is said about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from inspect import signature
from typing import Any

from theory.decision.answer import Answer
from theory.decision.problem import Problem
from theory.decision.theory import THEORIES, theory
from theory.error import InputError
from theory.partition import Box
from theory.rational import Exact, exact
from theory.region import Region, region


@dataclass(frozen=True)
class Dilemma:
    """One entry of the library.

    Attributes:
        name: how commands and claims call it.
        story: what happens, with the payoffs.
        build: the problem; its keyword arguments are what may vary, with the usual values.
        source: who told it first, and whose payoffs these are.
        expected: theory to its answer, as printed.
        disputed: what the literature does not agree on; empty where it does.
    """

    name: str
    story: str
    build: Callable[..., Problem] = field(hash=False)
    source: str
    expected: Mapping[str, str] = field(hash=False)
    disputed: str = ""

    @property
    def parameters(self) -> dict[str, Fraction]:
        """The keywords of `build`, with their usual values."""
        found = signature(self.build).parameters.values()
        return {p.name: exact(p.default, p.name) for p in found}

    def box(self, names: Iterable[str]) -> Box:
        """Ranges for some parameters: 0 to 1 for a number from 0 to 1, which may be a probability;
        for a payoff, 0 to twice its usual value.

        Raises:
            InputError: there is no such parameter.
        """
        usual = self.parameters
        found: dict[str, tuple[Fraction, Fraction]] = {}
        for name in names:
            if name not in usual:
                free = ", ".join(usual) or "none"
                raise InputError(f"{self.name}: there is no parameter {name!r}; there are: {free}")
            least, most = sorted((Fraction(0), 2 * usual[name]))
            chance = 0 <= usual[name] <= 1
            found[name] = (Fraction(0), Fraction(1)) if chance else (least, most)
        return found

    def problem(self, **changed: Any) -> Problem:
        """The problem, with the usual values or others."""
        return self.build(**changed)

    def answers(self, **changed: Any) -> dict[str, Answer]:
        """What every theory answers."""
        problem = self.problem(**changed)
        return {name: decide(problem) for name, decide in THEORIES.items()}

    def region(
        self, by: str, parameter: str, lower: Exact, upper: Exact, **changed: Any
    ) -> Region[str]:
        """For which values of one parameter a theory gives which answer, exactly.

        Args:
            by: the theory's name.
            parameter: a keyword of `build`: a probability or a payoff.
            lower, upper: its range.
            changed: other values for the other parameters.
        """
        decide = theory(by)
        return region(
            lambda value: str(decide(self.problem(**{parameter: value}, **changed))),
            lower,
            upper,
            name=parameter,
        )
