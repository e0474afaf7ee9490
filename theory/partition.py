"""For which values of several parameters a statement has which answer, exactly.

`partition(decide, box, feasible)` calls an ordinary exact decision with a parameter in the place of
some of its numbers, once for each way that its comparisons can turn out. Each way is a cell: the
signs of the polynomials that were asked for, and the answer. Which ways there are is asked of
`feasible`, which a solver for polynomial inequalities answers (`verify.dilemma.feasible`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Generic, TypeAlias, TypeVar

import sympy

from theory.error import InputError
from theory.parametric import Parametric
from theory.rational import number_text

_sympy: Any = sympy  # it has no type stubs

T = TypeVar("T")
Box: TypeAlias = Mapping[str, tuple[Fraction, Fraction]]
"""The least and the greatest value of each parameter, by name."""

MOST_CELLS = 10_000
RELATIONS: Mapping[frozenset[int], str] = {
    frozenset({1}): ">",
    frozenset({0}): "=",
    frozenset({-1}): "<",
    frozenset({0, 1}): "≥",
    frozenset({-1, 0}): "≤",
    frozenset({-1, 1}): "≠",
}


@dataclass(frozen=True)
class Condition:
    """A polynomial in the parameters has one of some signs.

    Attributes:
        polynomial: monic, irreducible, an element of sympy's ring over the rationals.
        signs: the signs that it may have, of -1, 0 and 1.
    """

    polynomial: Any
    signs: frozenset[int]

    def holds(self, values: Mapping[str, Fraction]) -> bool:
        """Whether it holds at a point."""
        return sign(value_at(self.polynomial, values)) in self.signs

    def __str__(self) -> str:
        return f"{_plain(self.polynomial.as_expr())} {RELATIONS[self.signs]} 0"


Conjunction: TypeAlias = tuple[Condition, ...]
Feasible: TypeAlias = Callable[[Box, Sequence[Condition]], bool]
"""Whether some point of the box satisfies all conditions; True where that cannot be told."""


@dataclass(frozen=True)
class Cell(Generic[T]):
    """Where the comparisons turn out in one way, and the answer there."""

    conditions: Conjunction
    answer: T


@dataclass(frozen=True)
class Partition(Generic[T]):
    """Every answer over a box of parameters.

    Attributes:
        box: the ranges of the parameters.
        cells: together they cover the box, and no two overlap.
        regions: for each answer that occurs, the conjunctions in whose union it is given, without
            what is redundant; an empty conjunction is the whole box.
        solved: for each condition of the regions, how it reads.
    """

    box: Box
    cells: tuple[Cell[T], ...]
    regions: Mapping[T, tuple[Conjunction, ...]] = field(hash=False)
    solved: Mapping[Condition, str] = field(hash=False)

    def at(self, values: Mapping[str, Fraction]) -> T:
        """The answer at a point of the box."""
        for cell in self.cells:
            if all(condition.holds(values) for condition in cell.conditions):
                return cell.answer
        raise InputError(f"partition: {dict(values)} is not in the box")

    def where(self, answer: T) -> str:
        """In words, where this is the answer: `always`, `never`, `p > 1/9`."""
        ways = self.regions.get(answer, ())
        if not ways:
            return "never"
        if () in ways:
            return "always"
        joined = [" and ".join(self.solved[c] for c in way) for way in ways]
        if len(joined) > 1:
            joined = [f"({text})" if " and " in text else text for text in joined]
        return " or ".join(joined)

    @property
    def boundaries(self) -> tuple[Any, ...]:
        """The polynomials at whose zeros answers change, each once."""
        found = [c.polynomial for ways in self.regions.values() for way in ways for c in way]
        return tuple(dict.fromkeys(found))

    def __str__(self) -> str:
        if len(self.regions) == 1:
            return f"{next(iter(self.regions))} always"
        return "; ".join(f"{answer} iff {self.where(answer)}" for answer in self.regions)


def partition(
    decide: Callable[[Mapping[str, Fraction]], T], box: Box, feasible: Feasible
) -> Partition[T]:
    """The exact regions of several parameters in a box; see `divided`."""
    return assembled(divided(decide, box, feasible), box, feasible)


def divided(
    decide: Callable[[Mapping[str, Fraction]], T], box: Box, feasible: Feasible
) -> list[Cell[T]]:
    """Every way that comparisons can turn out in a box of parameters, and the answer there.

    Args:
        decide: from the parameters by name to an answer, by exact arithmetic and comparisons on
            them alone.
        box: their ranges.
        feasible: who decides which ways comparisons can turn out.

    Raises:
        InputError: a range is empty, there are too many cells, or `decide` does with its numbers
            what has no answer for a whole region.
    """
    for name, (low, high) in box.items():
        if low > high:
            raise InputError(f"{name}: {low} is above {high}")
    cells: list[Cell[T]] = []
    waiting: list[Conjunction] = [()]
    rational = _sympy.QQ.frac_field(*box)
    while waiting:
        path = _Path(rational, waiting.pop(), box, feasible)
        parameters = {
            name: Parametric(generator, path)
            for name, generator in zip(box, rational.gens, strict=True)
        }
        answer = decide(parameters)
        cells.append(Cell(path.conditions, answer))
        waiting += path.others
        if len(cells) > MOST_CELLS:
            raise InputError("partition: the parameters have too many cells")
    return cells


def assembled(cells: Sequence[Cell[T]], box: Box, feasible: Feasible) -> Partition[T]:
    """The partition that cells make, with the regions of the answers."""
    regions = {
        answer: _simplified(answer, cells, box, feasible)
        for answer in dict.fromkeys(cell.answer for cell in cells)
    }
    used = {c for ways in regions.values() for way in ways for c in way}
    return Partition(box, tuple(cells), regions, {c: _solved(c, box, feasible) for c in used})


class _Path:
    """One way that the comparisons turn out: a prefix that is given, then the first that can be.

    Attributes:
        conditions: how they turned out, as far as that was open.
        others: the ways that branch off after the prefix.
    """

    def __init__(self, rational: Any, prefix: Conjunction, box: Box, feasible: Feasible) -> None:
        self.field = rational
        self.others: list[Conjunction] = []
        self._prefix = prefix
        self._taken: list[Condition] = []
        self._known: dict[Any, int] = {}
        self._box = box
        self._feasible = feasible

    @property
    def conditions(self) -> Conjunction:
        return tuple(self._taken)

    def sign(self, value: Any) -> int:
        """The sign of a rational function on this way."""
        return self._sign(value.numer) * self._sign(value.denom)

    def _sign(self, polynomial: Any) -> int:
        if not polynomial:
            return 0
        coefficient, factors = polynomial.factor_list()
        result = sign(coefficient)
        for factor, power in factors:
            result *= sign(factor.LC) ** power * self._asked(factor.monic()) ** power
        return result

    def _asked(self, polynomial: Any) -> int:
        if polynomial not in self._known:
            self._known[polynomial] = self._chosen(polynomial)
        return self._known[polynomial]

    def _chosen(self, polynomial: Any) -> int:
        at = len(self._taken)
        if at < len(self._prefix) and self._prefix[at].polynomial == polynomial:
            self._taken.append(self._prefix[at])
            (known,) = self._prefix[at].signs
            return known
        ways = [Condition(polynomial, frozenset({s})) for s in (1, -1, 0)]
        ways = [way for way in ways if self._feasible(self._box, [*self._taken, way])]
        if len(ways) > 1:
            self.others += [(*self._taken, way) for way in ways[1:]]
            self._taken.append(ways[0])
        (chosen,) = ways[0].signs
        return chosen


def _simplified(
    answer: Any, cells: Sequence[Cell[Any]], box: Box, feasible: Feasible
) -> tuple[Conjunction, ...]:
    """The cells of an answer, each widened as far as no other answer's cell is met."""
    against = [cell.conditions for cell in cells if cell.answer != answer]
    if not against:
        return ((),)

    def met(way: Sequence[Condition]) -> bool:
        return any(not _clash(way, o) and feasible(box, [*way, *o]) for o in against)

    polynomials = dict.fromkeys(c.polynomial for cell in cells for c in cell.conditions)
    wide: list[Conjunction] = []
    for cell in cells:
        if cell.answer == answer:
            way = [*cell.conditions, *_implied(cell.conditions, polynomials, box, feasible)]
            for condition in tuple(way):
                at = way.index(condition)
                for looser in _looser(condition):
                    rest = [*way[:at], *way[at + 1 :]]
                    tried = [*way[:at], *looser, *way[at + 1 :]]
                    gains = [Condition(c.polynomial, c.signs - condition.signs) for c in looser]
                    if not met(tried) and (not gains or feasible(box, [*rest, *gains])):
                        way = tried
                        break
            wide.append(tuple(way))
    kept = list(dict.fromkeys(wide))
    for way in sorted(kept, key=len, reverse=True):
        rest = [other for other in kept if other != way]
        if any(_within(way, other, box, feasible) for other in rest):
            kept = rest
    return tuple(kept)


def _clash(way: Sequence[Condition], other: Sequence[Condition]) -> bool:
    """Whether two conjunctions give one polynomial signs that exclude each other."""
    known = {condition.polynomial: condition.signs for condition in way}
    return any(c.signs.isdisjoint(known.get(c.polynomial, c.signs)) for c in other)


def _implied(
    way: Conjunction, polynomials: Iterable[Any], box: Box, feasible: Feasible
) -> list[Condition]:
    """What a cell says, without naming it, of the polynomials that other cells name."""
    found: list[Condition] = []
    for polynomial in polynomials:
        if all(polynomial != condition.polynomial for condition in way):
            each = [Condition(polynomial, frozenset({s})) for s in (1, -1, 0)]
            open_ = [condition for condition in each if feasible(box, [*way, condition])]
            found += open_ if len(open_) == 1 else []
    return found


def _looser(condition: Condition) -> list[list[Condition]]:
    """What may stand in the place of a condition, the loosest first: nothing, then weaker ones."""
    wider = [signs for signs in RELATIONS if condition.signs < signs and len(signs) == 2]
    return [[], *([Condition(condition.polynomial, signs)] for signs in wider)]


def _within(way: Conjunction, other: Conjunction, box: Box, feasible: Feasible) -> bool:
    """Whether every point of one conjunction satisfies another."""
    return not any(feasible(box, [*way, _negated(condition)]) for condition in other)


def _negated(condition: Condition) -> Condition:
    return Condition(condition.polynomial, frozenset({-1, 0, 1}) - condition.signs)


def _solved(condition: Condition, box: Box, feasible: Feasible) -> str:
    """A condition solved for a parameter in which it is linear, where there is such a one."""
    expression = condition.polynomial.as_expr()
    symbols = [s for s in condition.polynomial.ring.symbols if expression.has(s)]
    found: list[tuple[int, str]] = []
    for symbol in symbols:
        in_one = _sympy.Poly(expression, symbol)
        if in_one.degree() != 1:
            continue
        factor = condition.polynomial.ring.from_expr(in_one.nth(1))
        direction = _direction(factor, box, feasible)
        if direction:
            signs = frozenset(direction * s for s in condition.signs)
            limit = _sympy.factor(-in_one.nth(0) / in_one.nth(1))
            number = number_text(_fraction(limit)) if limit.is_Rational else _plain(limit)
            cost = 0 if factor.is_ground else 1
            found.append((cost, f"{symbol} {RELATIONS[signs]} {number}"))
    if found:
        return min(found, key=lambda pair: pair[0])[1]
    return f"{_plain(_sympy.factor(expression))} {RELATIONS[condition.signs]} 0"


def _direction(factor: Any, box: Box, feasible: Feasible) -> int:
    """The sign of a polynomial where it is the same all over the box; else 0."""
    if factor.is_ground:
        return sign(factor.LC)
    if not feasible(box, [Condition(factor, frozenset({-1, 0}))]):
        return 1
    return 0 if feasible(box, [Condition(factor, frozenset({0, 1}))]) else -1


def value_at(polynomial: Any, values: Mapping[str, Fraction]) -> Fraction:
    """A polynomial's value at a point: exact."""
    names = [str(symbol) for symbol in polynomial.ring.symbols]
    total = Fraction(0)
    for powers, coefficient in polynomial.terms():
        product = Fraction(int(coefficient.numerator), int(coefficient.denominator))
        for name, power in zip(names, powers, strict=True):
            product *= values[name] ** power if power else 1
        total += product
    return total


def _plain(expression: Any) -> str:
    return str(expression).replace("**", "^")


def _fraction(value: Any) -> Fraction:
    return Fraction(int(value.p), int(value.q))


def sign(value: Any) -> int:
    """-1, 0 or 1."""
    return int(bool(value > 0)) - int(bool(value < 0))
