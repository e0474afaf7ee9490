"""From which starts a violated demand is violated, where a trajectory begins with one free number.

All trajectories are followed as cells, as `verify.loop.explore` does it. On a cell with one free
number every comparison of affine numbers changes at one point at most, so that a demand is true or
false on finitely many points and open intervals, and those are found exactly. Where it is false,
and nothing else could have come about on the way, every start violates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Any, cast

from theory.fold import fold
from theory.rational import number_text
from theory.term import Term
from theory.unroll import is_temporal
from verify.answer import Deadline
from verify.loop.cell import Cell
from verify.loop.explore import Explorer, Outcome
from verify.loop.place import Place
from verify.loop.policy import Policy
from verify.loop.question import Question, roots
from verify.loop.trial import Functions
from verify.loop.valuation import Valuation
from verify.problem.affine import Affine
from verify.verdict import Reason

MOST = 256
"""No more than so many cells are looked at."""

FINEST = 10
"""A cell that is not certain is not halved more often than this."""


@dataclass(frozen=True, order=True)
class Interval:
    """Numbers between two, which belong to it or not."""

    lower: Fraction
    leaves_lower: bool
    upper: Fraction
    has_upper: bool

    def __str__(self) -> str:
        if self.lower == self.upper:
            return f"{{{number_text(self.lower)}}}"
        first, last = "(" if self.leaves_lower else "[", "]" if self.has_upper else ")"
        return f"{first}{number_text(self.lower)}, {number_text(self.upper)}{last}"

    def __contains__(self, value: Fraction) -> bool:
        above = value > self.lower or (value == self.lower and not self.leaves_lower)
        return above and (value < self.upper or (value == self.upper and self.has_upper))


@dataclass(frozen=True)
class Extent:
    """Where trajectories begin that do not meet their demands.

    Attributes:
        name: of the one number that is free.
        intervals: in which it lies, in ascending order.
        complete: whether all others meet them.
    """

    name: str
    intervals: tuple[Interval, ...]
    complete: bool

    def __str__(self) -> str:
        where = " or ".join(map(str, self.intervals))
        return f"{'exactly' if self.complete else 'at least'} where {self.name} is in {where}"


def extent(
    question: Question, policy: Policy | None, functions: Functions, deadline: Deadline
) -> Extent | None:
    """Where trajectories begin that do not meet their demands.

    None where trajectories begin with other than one free number, where others choose numbers of
    a range, where what is asked ends at a goal, or where no such start was found in a short time.
    """
    if is_temporal(question.condition) or any(d.leaves is not None for d in question.demands):
        return None
    starts = list(roots(question))
    if len(starts) != 1 or len(starts[0].cell.lower) != 1:
        return None
    (start,) = starts
    if Valuation(start.cell, start.environment).truth(question.condition) is not True:
        return None
    mapper = _Mapper(question, policy, functions)
    complete = mapper.run(deadline).proved is True and not mapper.is_open
    if not mapper.found:
        return None
    return Extent(_name(start.environment), tuple(joined(mapper.found)), complete)


def joined(intervals: Sequence[Interval]) -> list[Interval]:
    """Intervals without those that touch: they are one."""
    found: list[Interval] = []
    for one in sorted(intervals):
        last = found[-1] if found else None
        touches = last is not None and (
            one.lower < last.upper
            or (one.lower == last.upper and (last.has_upper or not one.leaves_lower))
        )
        if last is None or not touches:
            found.append(one)
            continue
        upper, has = max((last.upper, last.has_upper), (one.upper, one.has_upper))
        found[-1] = Interval(last.lower, last.leaves_lower, upper, has)
    return found


class _Mapper(Explorer):
    """Follows the trajectories from one start cell with one free number, past violations.

    Attributes:
        found: starts from which a demand is not met.
        is_open: whether there are starts of which that is not known.
    """

    def __init__(self, question: Question, policy: Policy | None, functions: Functions) -> None:
        super().__init__(question, policy, functions)
        self.found: list[Interval] = []
        self.is_open = False

    def _kept(self, place: Place, here: Valuation, level: list[Place]) -> list[Cell] | Outcome:
        """Parts of a place where its demand is met; notes those where it is not."""
        if self._places > MOST or len(place.cell.lower) != 1:
            return self._unknown(Reason.MEMORY, "too many cells, or more than one free number")
        must = self._question.demands[place.step].must
        if must is None:
            return [place.cell]
        pieces = _pieces(here, must)
        truths = [replace(here, cell=cell).truth(must) for cell, _ in pieces or ()]
        if pieces is None or None in truths or (False in truths and not _certain(place)):
            (width,), (whole,) = place.cell.widths, place.whole
            if width * 2**FINEST <= whole or not self._halver.halved(place, here, level):
                self.is_open = True
            return []
        kept: list[Cell] = []
        for (_, interval), truth in zip(pieces, truths, strict=True):
            if truth is False:
                self.found.append(interval)
            elif kept and kept[-1].upper == (interval.lower,):
                kept[-1] = Cell(kept[-1].lower, (interval.upper,))
            else:
                kept.append(Cell((interval.lower,), (interval.upper,)))
        return kept


def _certain(place: Place) -> bool:
    """Whether a trajectory comes to a place from every start in its cell."""
    sole = [edge.parent for edge in place.edges if edge.sole]
    return not place.edges or any(map(_certain, sole))


def _pieces(here: Valuation, formula: Term) -> list[tuple[Cell, Interval]] | None:
    """Points and open intervals on which a formula is the same throughout, each with a point of
    it; None where it compares what is not affine on the cell.
    """
    (low,), (high,) = here.cell.lower, here.cell.upper
    points = {low, high}
    for comparison in _comparisons(formula):
        sides = here.difference(comparison)
        if not isinstance(sides, Affine):
            return None
        for factor in sides.terms.values():
            points.add(min(max(-sides.constant / factor, low), high))
    ordered = sorted(points)
    found = [(_point(ordered[0]), Interval(ordered[0], False, ordered[0], True))]
    for a, b in pairwise(ordered):
        found.append((_point((a + b) / 2), Interval(a, True, b, False)))
        found.append((_point(b), Interval(b, False, b, True)))
    return found


def _comparisons(formula: Term) -> Sequence[Term]:
    def step(node: Term, parts: Sequence[Sequence[Term]]) -> Sequence[Term]:
        own = [node] if node.operator in ("lt", "le", "eq") else []
        return [*own, *(one for part in parts for one in part)]

    return fold(formula, step)


def _point(value: Fraction) -> Cell:
    return Cell((value,), (value,))


def _name(environment: Mapping[str, Any]) -> str:
    """What the one free number is called."""

    def named() -> Iterator[str]:
        for name, value in environment.items():
            if isinstance(value, Affine) and value.terms:
                yield name
            if isinstance(value, Mapping):
                parts = cast(Mapping[str, Any], value)
                yield from (f"{name}.{k}" for k, n in parts.items() if not n.is_constant)

    return next(named())
