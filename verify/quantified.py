"""The variables that a formula quantifies over, and whether values lie in their domains."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from fractions import Fraction

from theory.error import InputError
from theory.fold import fold
from theory.scope import QUANTIFIERS, TEMPORAL
from theory.sort import ObservationSort, RealSort, Sort
from theory.term import Term
from theory.trajectory import Span
from theory.unroll import choices

LONGEST = 1000
"""A trajectory that violates a property without a last step may have this many steps."""

NUMBER = "value"
"""The key under which a quantified number, which has no features, has its value."""


def quantified(formula: Term) -> list[tuple[str, Sort]]:
    """Name and sort of every variable that a formula binds.

    A temporal operator binds what others choose, at each of its steps; where it has no last step,
    the choices of the first `LONGEST` are listed.
    """
    found: dict[tuple[str, Sort], None] = {}

    def step(node: Term, parts: Sequence[None]) -> None:
        if node.operator in QUANTIFIERS:
            found.update(dict.fromkeys(node.payload))
        elif node.operator in TEMPORAL:
            found.update(dict.fromkeys((v.payload[0], v.sort) for v in chosen(node)))

    fold(formula, step)
    return list(found)


def chosen(node: Term) -> list[Term]:
    """What others choose along the trajectories of a temporal operator, step by step."""
    span: Span = node.payload
    if node.operator == "probably":  # what is left to chance is not chosen, nor is the worst
        return []
    return choices(span, LONGEST if span.steps is None else span.steps)


def base(owner: str, names: Container[str]) -> str:
    """The variable's name: `x#2` belongs to the second quantifier over the name `x`, unless `x#2`
    is itself among the names.
    """
    return owner if owner in names else owner.rpartition("#")[0] or owner


def inside(formula: Term, values: Mapping[str, Mapping[str, Fraction]], where: str) -> bool:
    """Whether every value lies in the domain of its variable.

    Raises:
        InputError: a value belongs to no variable or feature of the formula, or a feature has none.
    """
    sorts = dict(quantified(formula))
    unknown = [owner for owner in values if base(owner, sorts) not in sorts]
    if unknown:
        raise InputError(f"{where}: the property has no variable {unknown[0]!r}")
    return all(
        _inside(sorts[base(owner, sorts)], entries, f"{where}: {owner}")
        for owner, entries in values.items()
    )


def _inside(sort: Sort, entries: Mapping[str, Fraction], where: str) -> bool:
    if isinstance(sort, ObservationSort):
        names = {f.name for f in sort.features}
        if odd := sorted(names ^ set(entries)):
            raise InputError(f"{where}: {odd[0]!r} is not both a feature and given a value")
        return all(f.contains(entries[f.name]) for f in sort.features)
    if set(entries) != {NUMBER} or not isinstance(sort, RealSort):
        raise InputError(f"{where}: not the value of a number")
    value = entries[NUMBER]
    return (sort.lower is None or sort.lower <= value) and (
        sort.upper is None or value <= sort.upper
    )
