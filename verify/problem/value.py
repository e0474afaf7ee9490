"""Values of sorts as the compiler holds them: expressions, names, truths, and records of those."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from theory.sort import EnumSort, Feature, ObservationSort, Sort
from theory.term import Term
from theory.value import finite_domain
from verify.problem.affine import Affine, constant
from verify.problem.goal import ALWAYS, NEVER


def finite_features(node: Term) -> list[tuple[str, Feature]]:
    """The features with finitely many values of what a quantifier binds, by its names."""
    return [
        (name, feature)
        for name, sort in node.payload
        if isinstance(sort, ObservationSort)
        for feature in sort.features
        if feature.values is not None and len(feature.values) > 1
    ]


def members_of(sort: Sort) -> tuple[str, ...]:
    """The names of a sort of names; none of another."""
    return sort.members if isinstance(sort, EnumSort) else ()


def constant_of(payload: Any) -> Any:
    """What a constant term is: an expression, a name or a truth."""
    value = payload[0]
    if isinstance(value, bool):
        return (ALWAYS, NEVER) if value else (NEVER, ALWAYS)
    return constant(value) if isinstance(value, Fraction) else value


def flattened(sort: Sort, value: Any) -> list[Affine]:
    """A value as a network takes it: expressions in order, a name one-hot."""
    if isinstance(sort, ObservationSort):
        return [value[f.name] for f in sort.features]
    if isinstance(sort, EnumSort):
        return [constant(Fraction(int(m == value))) for m in sort.members]
    return [value] if isinstance(value, Affine) else list(value)


def points_of(sort: Sort) -> Sequence[Any] | None:
    """The values of a sort as the compiler holds them; None where there are infinitely many."""
    if isinstance(sort, EnumSort):
        return sort.members
    points = finite_domain(sort)
    if points is None:
        return None
    return [{k: constant(v) for k, v in point.items()} for point in points]
