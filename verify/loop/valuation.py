"""What a term is on a whole cell of states: a number, or true, false or neither throughout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor
from typing import Any

from theory.fold import fold
from theory.scope import QUANTIFIERS, TEMPORAL
from theory.table import Table
from theory.term import Term
from verify.loop.cell import Cell, Number, Range, larger, plus, scaled, times
from verify.loop.leaf import PLAIN, place, put_together
from verify.loop.policy import Gaps
from verify.problem.affine import Affine, constant

MINUS = Fraction(-1)

Record = Mapping[str, Number]
"""An observation, a state or a choice: a number for each feature."""

Kleene = bool | None
"""True or false at every point of the cell, or None where that is not certain."""


@dataclass(frozen=True)
class Score:
    """The score of an action somewhere where `gaps` bounds it; known only next to other scores.

    Attributes:
        action: which.
        where: at which observation: two scores can be compared where it is the same.
    """

    action: int
    where: Any


@dataclass
class Valuation:
    """The values of terms on a cell.

    Attributes:
        cell: the cell.
        environment: values of the variables; of others nothing is known.
        observation: what the agent observes now, whose scores `gaps` bounds; None where nothing is
            known of scores.
        gaps: how far scores may be apart there.
        doubts: affine numbers whose sign would have decided something, and did not.
    """

    cell: Cell
    environment: Mapping[str, Any]
    observation: Record | None = None
    gaps: Gaps | None = None
    doubts: list[Affine] = field(default_factory=list[Affine])

    def truth(self, formula: Term) -> Kleene:
        """The truth of a formula on the cell."""
        return self.value(formula)

    def difference(self, comparison: Term) -> Number | None:
        """Right side less left side of a comparison of numbers."""
        left, right = (self.value(side) for side in comparison.arguments)
        if not isinstance(left, Affine | Range) or not isinstance(right, Affine | Range):
            return None
        return plus(self.cell, right, scaled(left, MINUS))

    def record(self, term: Term) -> dict[str, Number]:
        """The features of a term that is an observation, a state or a choice."""
        return dict(self.value(term))

    def value(self, term: Term) -> Any:
        """A Number, a Score, a Record, a name, a truth value, or None for what is not known."""
        leaves = QUANTIFIERS | TEMPORAL
        return fold(term, self._step, enter=lambda node: node.operator not in leaves)

    def _step(self, node: Term, values: Sequence[Any]) -> Any:
        match node.operator:
            case key if key in PLAIN:
                return put_together(node, values, self.environment, constant)
            case "apply":
                return self._applied(node, values)
            case "select":
                known = values[0] is not None
                return Score(place(node.arguments[1].sort, values[1]), values[0]) if known else None
            case "acts":
                return self._acts(node, values)
            case "and":
                return conjunction(values)
            case "or":
                return disjunction(values)
            case "not":
                return negation(values[0])
            case "implies":
                return disjunction([negation(values[0]), values[1]])
            case "iff":
                return None if None in values else values[0] == values[1]
            case "if":
                return self._if(values)
            case "lookup":
                return self._looked_up(node.payload, values[0])
            case "lt":
                return negation(self._at_most(values[1], values[0]))
            case "le":
                return self._at_most(values[0], values[1])
            case "eq":
                return self._equal(values[0], values[1])
            case key:
                return self._arithmetic(key, values)

    def _applied(self, node: Term, values: Sequence[Any]) -> Any:
        """Of the value its range; of scores the observation of which they are asked, where it has
        the present one's ranges, on which they are bounded. Of two observations whose features are
        known by ranges only, it is the terms that tell whether they are the same.
        """
        given: Record | None = values[0]
        if self.gaps is None or self.observation is None or not isinstance(given, Mapping):
            return None
        if list(given.items()) != list(self.observation.items()):
            return None
        match node.payload.name:
            case "value":
                worth = self.gaps.worth
                return None if worth is None else Range(worth.lower, worth.upper)
            case "score":
                certain = all(isinstance(number, Affine) for number in given.values())
                return "here" if certain else node.arguments[0]
            case _:
                return None

    def _acts(self, node: Term, values: Sequence[Any]) -> Kleene:
        if values[0] is None or self.gaps is None:
            return None
        return self.gaps.acts(place(node.arguments[1].sort, values[1]), node.payload)

    def _at_most(self, a: Any, b: Any) -> Kleene:
        """Whether a <= b."""
        if isinstance(a, Score) and isinstance(b, Score) and self.gaps is not None:
            return self.gaps.at_most(a.action, b.action) if a.where == b.where else None
        if not isinstance(a, Affine | Range) or not isinstance(b, Affine | Range):
            return None
        if isinstance(a, Affine) and isinstance(b, Affine) and not a.terms and not b.terms:
            return a.constant <= b.constant
        difference = plus(self.cell, b, scaled(a, MINUS))
        reach = self.cell.range(difference)
        if reach.lower >= 0:
            return True
        if reach.upper < 0:
            return False
        if isinstance(difference, Affine):
            self.doubts.append(difference)
        return None

    def _equal(self, a: Any, b: Any) -> Kleene:
        if a is None or b is None:
            return None
        if isinstance(a, str | bool) or isinstance(b, str | bool):
            return a == b
        if isinstance(a, Affine) and isinstance(b, Affine) and not a.terms and not b.terms:
            return a.constant == b.constant
        return conjunction([self._at_most(a, b), self._at_most(b, a)])

    def _if(self, values: Sequence[Any]) -> Any:
        condition, then, otherwise = values
        if condition is not None:
            return then if condition else otherwise
        if not isinstance(then, Affine | Range) or not isinstance(otherwise, Affine | Range):
            return None
        if then == otherwise:
            return then
        x, y = self.cell.range(then), self.cell.range(otherwise)
        return Range(min(x.lower, y.lower), max(x.upper, y.upper))

    def _looked_up(self, table: Table, at: Any) -> Number | None:
        """The entry of a table, or the range of those that it may be."""
        if not isinstance(at, Affine | Range):
            return None
        reach = self.cell.range(at)
        listed = table.entries[max(ceil(reach.lower), 0) : max(floor(reach.upper), -1) + 1]
        if len(listed) == 1 and reach.lower == reach.upper:
            return constant(listed[0])
        return Range(min(listed), max(listed)) if listed else None

    def _arithmetic(self, key: str, values: Sequence[Any]) -> Number | None:
        if not all(isinstance(value, Affine | Range) for value in values):
            return None
        cell = self.cell
        match key, values:
            case "add", (a, b):
                return plus(cell, a, b)
            case "sub", (a, b):
                return plus(cell, a, scaled(b, MINUS))
            case "neg", (a,):
                return scaled(a, MINUS)
            case "mul", (a, b):
                return times(cell, a, b)
            case "max", (a, b):
                return larger(cell, a, b)
            case "min", (a, b):
                return scaled(larger(cell, scaled(a, MINUS), scaled(b, MINUS)), MINUS)
            case "abs", (a,):
                return larger(cell, a, scaled(a, MINUS))
            case _:
                return None


def conjunction(values: Sequence[Kleene]) -> Kleene:
    """All of them."""
    if False in values:
        return False
    return None if None in values else True


def disjunction(values: Sequence[Kleene]) -> Kleene:
    """Some of them."""
    if True in values:
        return True
    return None if None in values else False


def negation(value: Kleene) -> Kleene:
    """Not that."""
    return None if value is None else not value
