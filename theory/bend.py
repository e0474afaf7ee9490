"""Case distinctions taken out of terms: each case has a guard, and a value without any.

`if`, `max`, `min` and `abs` are where a piecewise-linear term bends, and a `lookup` is as many `if`
as its table is long. Of their cases the guards exclude each other, and one of them is always true.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from theory.error import MesascopeError
from theory.fold import fold
from theory.node import Term, brief, build
from theory.scope import binds
from theory.sort import BoolSort
from theory.substitution import rebuilt
from theory.table import Table
from theory.term import and_, not_, number, or_

DISTINCTIONS = frozenset({"if", "lookup"})
BENDS = DISTINCTIONS | {"max", "min", "abs"}
LARGEST = 1024
"""A term of more cases than this is refused."""


class TooManyCases(MesascopeError):
    """A term or formula falls into more cases than can be listed."""


@dataclass(frozen=True)
class Case:
    """One case of a term.

    Attributes:
        guard: when it applies.
        value: what the term is then.
    """

    guard: Term
    value: Term


def cases(term: Term, bends: frozenset[str] = BENDS) -> list[Case]:
    """The cases of a term that is not a formula.

    Args:
        term: the term.
        bends: the operators that are taken apart.

    Raises:
        TooManyCases: there are more than `LARGEST`.
    """
    found: list[Case] = []
    stack: list[tuple[tuple[Term, ...], Term]] = [((), term)]
    while stack:
        guards, value = stack.pop()
        bend = _innermost(value, bends)
        if bend is None:
            found.append(Case(and_(*guards), value))
        else:
            condition = _parts(bend)[0]
            for truth in (False, True):
                guard = condition if truth else not_(condition)
                stack.append(((*guards, guard), _assuming(value, condition, truth, bends)))
        if len(found) + len(stack) > LARGEST:
            raise TooManyCases(f"'{brief(term)}' falls into more than {LARGEST} cases")
    return found


def lifted(formula: Term) -> Term:
    """The formula with every `if` and `lookup` taken out of its comparisons, as alternatives
    between them.
    """

    def step(node: Term, parts: Sequence[Term]) -> Term:
        whole = rebuilt(node, parts)
        compares = isinstance(node.sort, BoolSort) and not binds(node)
        if not compares or all(isinstance(part.sort, BoolSort) for part in parts):
            return whole
        listed = cases(whole, DISTINCTIONS)
        if len(listed) == 1:
            return whole
        return or_(*(and_(case.guard, case.value) for case in listed))

    return fold(formula, step)


def _innermost(term: Term, bends: frozenset[str]) -> Term | None:
    """A bend in the term without others in it; None where there is none."""
    found: list[Term] = []

    def step(node: Term, parts: Sequence[bool]) -> bool:
        if node.operator in bends and not any(parts):
            found.append(node)
        return node.operator in bends or any(parts)

    fold(term, step)
    return found[0] if found else None


def _assuming(term: Term, condition: Term, truth: bool, bends: frozenset[str]) -> Term:
    """The term where a condition is true, or false: every bend with this condition is taken out."""

    def step(node: Term, parts: Sequence[Term]) -> Term:
        whole = rebuilt(node, parts)
        if whole.operator not in bends:
            return whole
        asked, then, otherwise = _parts(whole)
        if asked is not condition:
            return whole
        return then if truth else otherwise

    return fold(term, step)


def _halves(lookup: Term) -> tuple[Term, Term, Term]:
    """A lookup as one in the first half of its table or one in the second."""
    table: Table = lookup.payload
    (at,) = lookup.arguments
    middle = (len(table.entries) + 1) // 2

    def part(entries: tuple[Fraction, ...], start: int) -> Term:
        if len(entries) == 1:
            return number(entries[0])
        return build("lookup", (at - start if start else at,), Table(table.name, entries))

    first, second = table.entries[:middle], table.entries[middle:]
    if not second:
        return and_(), part(first, 0), part(first, 0)
    return at <= middle - 1, part(first, 0), part(second, middle)


def _parts(bend: Term) -> tuple[Term, Term, Term]:
    """Condition, value where it is true, value where it is false."""
    if bend.operator == "if":
        return bend.arguments[0], bend.arguments[1], bend.arguments[2]
    if bend.operator == "abs":
        (a,) = bend.arguments
        return a >= number(0), a, build("neg", (a,))
    if bend.operator == "lookup":
        return _halves(bend)
    a, b = bend.arguments
    return (a >= b, a, b) if bend.operator == "max" else (a <= b, a, b)
