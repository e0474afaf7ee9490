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
    divided,
    value_at,
)
from verify.dilemma.feasible import feasible

THEORIES: tuple[str, ...] = ("EDT", "CDT", "FDT", "UDT 1.1")
"""Those that take every act to be worth something; CDT by the credence of the inclination."""

EQUAL = frozenset({0})


@dataclass(frozen=True)
class Worth:
    """The worths in one region.

    Attributes:
        functions: by act, in the order of the network's actions: rational functions of the
            parameters; empty where the theory is silent.
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
    return _merged(divided(worth, box, feasible), box)


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
    zero = [condition.polynomial for condition in cell.conditions if condition.signs == EQUAL]
    for one, other in zip(worth.functions, cell.answer.functions, strict=True):
        if not one.denom.is_ground and feasible(
            box, [*cell.conditions, Condition(one.denom, EQUAL)]
        ):
            return False
        rest = (one - other).numer.rem(zero)
        if rest and feasible(box, [*cell.conditions, Condition(rest, frozenset({-1, 1}))]):
            return False
    return True


def speaking(found: Stakes) -> Sequence[tuple[Conjunction, Worth]]:
    """Every region in which the theory is not silent."""
    return [(way, w) for w, ways in found.regions.items() if w.functions for way in ways]


def leading(found: Stakes) -> list[tuple[frozenset[int], list[Any]]]:
    """Where which acts are the best, edges aside: acts by number, and polynomials that are all
    positive there. No two places overlap.
    """
    places: list[tuple[frozenset[int], list[Any]]] = []
    for cell in found.cells:
        guards = guarding(cell.conditions)
        if guards is None:
            continue
        classes: dict[Any, set[int]] = {}
        for act, function in enumerate(cell.answer.functions):
            classes.setdefault(function, set()).add(act)
        for function, acts in classes.items():
            gains = [function - other for other in classes if other != function]
            ahead = [gain.numer * gain.denom for gain in gains]
            places.append((frozenset(acts), [*guards, *ahead]))
    return places


def guarding(way: Conjunction) -> list[Any] | None:
    """Polynomials that are positive where conditions hold, but for a set without volume; None
    where there is no more than such a set.
    """
    found: list[Any] = []
    for condition in way:
        strict = condition.signs - EQUAL
        if not strict:
            return None
        if len(strict) == 1:
            found.append(
                condition.polynomial if strict == frozenset({1}) else -condition.polynomial
            )
    return found


def _function(value: Any, parameters: Mapping[str, Fraction]) -> Any:
    """A worth as an element of the parameters' field."""
    some: Any = next(iter(parameters.values()))
    return (some - some + value).function
