"""What a theory takes each act to be worth, as a function of a case's parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

from theory.causal.value import Unreachable
from theory.decision.answer import Status
from theory.decision.encoding import Encoding
from theory.decision.theory import theory as theory_of
from theory.error import InputError
from theory.partition import (
    Box,
    Cell,
    Condition,
    Conjunction,
    Partition,
    assembled,
    partition,
    value_at,
)
from verify.dilemma.feasible import feasible

THEORIES = ("EDT", "CDT", "FDT", "UDT 1.1")
"""Those that take every act to be worth something; CDT by the credence of the inclination."""

EQUAL = frozenset({0})


@dataclass(frozen=True)
class Worth:
    """The worths in one region.

    Attributes:
        functions: by act, in the order of the network's actions: rational functions of the
            parameters with a positive denominator; empty where the theory is silent.
    """

    functions: tuple[Any, ...]

    def gain(self, of: int, over: int) -> Any:
        """By how much one act is worth more than another."""
        return self.functions[of] - self.functions[over]

    def at(self, values: Mapping[str, Fraction]) -> tuple[Fraction, ...]:
        """The worths at a point."""
        return tuple(value_at(f.numer, values) / value_at(f.denom, values) for f in self.functions)


Stakes: TypeAlias = Partition[Worth]


def stakes(encoding: Encoding, case: str, theory: str) -> Stakes:
    """The worths of the acts by a theory, over the whole box of a case.

    Raises:
        InputError: the theory does not say what acts are worth, or their worth does not depend on
            the parameters alone.
    """
    if theory not in THEORIES:
        raise InputError(f"{theory} does not value acts; those that do: {', '.join(THEORIES)}")
    decide, problem = theory_of(theory), encoding.case(case)
    acts = [problem.act(action) for action in encoding.agent.actions]

    def worth(values: Mapping[str, Fraction]) -> Worth:
        answer = decide(problem.build(**values))
        known = [answer.values[act] for act in acts]
        if answer.status is Status.UNREACHABLE or any(isinstance(v, Unreachable) for v in known):
            return Worth(())
        return Worth(tuple(_function(value, values) for value in known))

    box = encoding.box(case)
    return _merged(partition(worth, box, feasible).cells, box)


def _merged(cells: Sequence[Cell[Worth]], box: Box) -> Stakes:
    """Cells at the edges of others take the others' functions, where these say the same there."""
    found: list[Cell[Worth]] = []
    for cell in sorted(cells, key=lambda c: sum(x.signs == EQUAL for x in c.conditions)):
        known = dict.fromkeys(other.answer for other in found)
        same = (w for w in known if _agree(w, cell, box))
        found.append(Cell(cell.conditions, next(same, cell.answer)))
    return assembled(found, box, feasible)


def _agree(worth: Worth, cell: Cell[Worth], box: Box) -> bool:
    """Whether functions give the values of a cell all over it."""
    if len(worth.functions) != len(cell.answer.functions):
        return False
    for one, other in zip(worth.functions, cell.answer.functions, strict=True):
        undefined = Condition(one.denom, EQUAL)
        differs = Condition((one - other).numer, frozenset({-1, 1}))
        if any(feasible(box, [*cell.conditions, wrong]) for wrong in (undefined, differs)):
            return False
    return True


def speaking(found: Stakes) -> Sequence[tuple[Conjunction, Worth]]:
    """Every region in which the theory is not silent."""
    return [(way, w) for w, ways in found.regions.items() if w.functions for way in ways]


def _function(value: Any, parameters: Mapping[str, Fraction]) -> Any:
    """A worth as an element of the parameters' field."""
    some: Any = next(iter(parameters.values()))
    return (some - some + value).function
